//! The key that does not lie in the database, and what is sealed with it: the secrets of second factors.
//!
//! Where the key is, in this order: the 64 hexadecimal digits in `ACCESSION_KEY`, the file named by `ACCESSION_KEY_FILE`,
//! and for a SQLite registry the file beside it with the ending `.key`, which is made when the first secret is kept. A
//! PostgreSQL registry without one of the first two keeps these secrets readable, and the server says so when it starts.
//!
//! ```text
//!   sealed:1:KKKKKKKK:NONCE+TEXT   K = the first 8 digits of the key's SHA-256; XChaCha20-Poly1305, bound to the person
//! ```

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use sha2::{Digest, Sha256};

use super::{DatabaseUrl, StoreError, hex, random, unhex};

const MARK: &str = "sealed:1:";

/// Where a registry's key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyPlace {
    /// Given as digits.
    Given(String),
    /// A file somebody put there.
    File(PathBuf),
    /// The file beside a SQLite registry, made when it is first needed.
    Beside(PathBuf),
    /// Nowhere: what would be sealed stays readable.
    None,
}

impl KeyPlace {
    /// The place for this registry, by the settings of the machine.
    pub fn of(url: &DatabaseUrl) -> KeyPlace {
        let set = |name: &str| std::env::var(name).ok().filter(|text| !text.trim().is_empty());
        match (set("ACCESSION_KEY"), set("ACCESSION_KEY_FILE"), url.sqlite_path()) {
            (Some(digits), ..) => KeyPlace::Given(digits),
            (None, Some(file), _) => KeyPlace::File(file.into()),
            (None, None, Some(path)) => KeyPlace::Beside(with_ending(path, ".key")),
            (None, None, None) => KeyPlace::None,
        }
    }

    /// The place in words, without the key.
    pub fn shown(&self) -> String {
        match self {
            KeyPlace::Given(_) => "ACCESSION_KEY".into(),
            KeyPlace::File(path) | KeyPlace::Beside(path) => path.display().to_string(),
            KeyPlace::None => "no place: set ACCESSION_KEY_FILE".into(),
        }
    }

    /// The file that holds the key, if it is in one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            KeyPlace::File(path) | KeyPlace::Beside(path) => Some(path),
            KeyPlace::Given(_) | KeyPlace::None => None,
        }
    }
}

/// A key of 32 bytes; never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretsKey([u8; 32]);

impl std::fmt::Debug for SecretsKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SecretsKey({})", self.name())
    }
}

impl SecretsKey {
    /// A new key.
    ///
    /// # Errors
    /// The operating system gives no random numbers.
    pub fn random() -> Result<SecretsKey, StoreError> {
        let mut bytes = [0u8; 32];
        random(&mut bytes)?;
        Ok(SecretsKey(bytes))
    }

    /// The key of 64 hexadecimal digits.
    pub fn of_digits(text: &str) -> Option<SecretsKey> {
        unhex(text.trim()).and_then(|bytes| bytes.try_into().ok()).map(SecretsKey)
    }

    /// The key in a file.
    ///
    /// # Errors
    /// The file cannot be read, everybody may read it, or it holds no key.
    pub fn of_file(file: &Path) -> Result<SecretsKey, StoreError> {
        let shown = file.display().to_string();
        let io = |e: std::io::Error| StoreError::NotOpened(format!("the key file {shown}"), e.to_string());
        let mode = std::fs::metadata(file).map_err(io)?.permissions().mode();
        if mode & 0o007 != 0 {
            return Err(StoreError::Refused(format!(
                "everybody on this machine may read the key file {shown}: set its mode to 0600"
            )));
        }
        SecretsKey::of_digits(&std::fs::read_to_string(file).map_err(io)?)
            .ok_or_else(|| StoreError::Refused(format!("{shown} is no key file: it holds not 64 hexadecimal digits")))
    }

    /// Writes the key to a new file that only its owner reads, down to the disk.
    ///
    /// # Errors
    /// There is a file of this name, or it cannot be written.
    pub fn write_to(&self, file: &Path) -> Result<(), StoreError> {
        let io = |e| StoreError::Io(format!("the key cannot be written to {}", file.display()), e);
        let mut place = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file).map_err(io)?;
        writeln!(place, "{}", hex(&self.0)).and_then(|()| place.sync_all()).map_err(io)
    }

    /// What tells this key from others; tells nothing about the key.
    pub fn name(&self) -> String {
        hex(&Sha256::digest(self.0)).chars().take(8).collect()
    }

    /// Seals a text that belongs to this owner.
    ///
    /// # Errors
    /// The operating system gives no random numbers.
    pub fn seal(&self, text: &str, owner: &str) -> Result<String, StoreError> {
        let mut nonce = [0u8; 24];
        random(&mut nonce)?;
        let payload = Payload { msg: text.as_bytes(), aad: owner.as_bytes() };
        let sealed = XChaCha20Poly1305::new(&self.0.into())
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| StoreError::Refused("a secret could not be sealed".into()))?;
        Ok(format!("{MARK}{}:{}{}", self.name(), hex(&nonce), hex(&sealed)))
    }

    fn open(&self, sealed: &str, owner: &str) -> Option<String> {
        let (name, digits) = sealed.strip_prefix(MARK)?.split_once(':')?;
        let bytes = unhex(digits).filter(|b| name == self.name() && b.len() > 24)?;
        let (nonce, sealed) = bytes.split_at(24);
        let nonce: [u8; 24] = nonce.try_into().ok()?;
        let payload = Payload { msg: sealed, aad: owner.as_bytes() };
        let text = XChaCha20Poly1305::new(&self.0.into()).decrypt(&XNonce::from(nonce), payload).ok()?;
        String::from_utf8(text).ok()
    }
}

/// The name of the key a text is sealed with; none for a readable text.
pub fn sealed_with(text: &str) -> Option<&str> {
    text.strip_prefix(MARK)?.split_once(':').map(|(name, _)| name)
}

/// The key at hand, read when it is first needed and again when it does not open what it should.
#[derive(Clone)]
pub struct Vault {
    place: KeyPlace,
    key: Arc<Mutex<Option<SecretsKey>>>,
}

impl Vault {
    /// The vault whose key is at this place.
    pub fn at(place: KeyPlace) -> Vault {
        Vault { place, key: Arc::default() }
    }

    /// Where its key is.
    pub fn place(&self) -> &KeyPlace {
        &self.place
    }

    /// The key as it is at its place now; none where there is none.
    ///
    /// # Errors
    /// What is there is no key, or cannot be read.
    pub fn key(&self) -> Result<Option<SecretsKey>, StoreError> {
        let found = match &self.place {
            KeyPlace::Given(digits) => Some(
                SecretsKey::of_digits(digits)
                    .ok_or_else(|| StoreError::Refused("ACCESSION_KEY holds not 64 hexadecimal digits".into()))?,
            ),
            KeyPlace::File(file) => Some(SecretsKey::of_file(file)?),
            KeyPlace::Beside(file) if file.exists() => Some(SecretsKey::of_file(file)?),
            KeyPlace::Beside(_) | KeyPlace::None => None,
        };
        self.key.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&found);
        Ok(found)
    }

    fn remembered(&self) -> Option<SecretsKey> {
        self.key.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The key to seal with; beside a SQLite registry it is made the first time.
    ///
    /// # Errors
    /// As [`Vault::key`].
    pub fn key_to_seal(&self) -> Result<Option<SecretsKey>, StoreError> {
        if let Some(key) = self.remembered() {
            return Ok(Some(key));
        }
        if let (KeyPlace::Beside(file), None) = (&self.place, self.key()?) {
            SecretsKey::random()?.write_to(file)?;
        }
        self.key()
    }

    /// Seals a person's secret; where there is no place for a key it stays readable.
    ///
    /// # Errors
    /// As [`Vault::key`].
    pub fn seal(&self, text: &str, owner: &str) -> Result<String, StoreError> {
        match self.key_to_seal()? {
            Some(key) => key.seal(text, owner),
            None => Ok(text.to_string()),
        }
    }

    /// Opens what is kept of a person; a text that was never sealed is the secret itself.
    ///
    /// # Errors
    /// The key is not at its place, is another one, or the text was changed.
    pub fn open(&self, kept: &str, owner: &str) -> Result<String, StoreError> {
        let Some(name) = sealed_with(kept) else { return Ok(kept.to_string()) };
        let opened = self.remembered().and_then(|key| key.open(kept, owner));
        let opened = match opened {
            Some(text) => Some(text),
            // Somebody may have changed the key since.
            None => self.key()?.and_then(|key| key.open(kept, owner)),
        };
        opened.ok_or_else(|| {
            StoreError::Refused(format!("a secret is sealed with key {name}, which is not at {}", self.place.shown()))
        })
    }

    /// After a change of key that was broken off: puts the new key, which lies beside the old, in its place.
    ///
    /// # Errors
    /// The file cannot be renamed.
    pub fn take_up_new(&self, wanted: &str) -> Result<bool, StoreError> {
        let Some(file) = self.place.file() else { return Ok(false) };
        let new = with_ending(file, ".new");
        if !new.exists() || SecretsKey::of_file(&new)?.name() != wanted {
            return Ok(false);
        }
        std::fs::rename(&new, file).map_err(|e| StoreError::Io(format!("renaming {}", new.display()), e))?;
        self.key().map(|_| true)
    }
}

/// A path with more at its end.
pub fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_is_sealed_opens_for_its_owner_and_key_alone() {
        let (key, other) = (SecretsKey::random().unwrap(), SecretsKey::random().unwrap());
        let sealed = key.seal("GEZDGNBV", "person 7").unwrap();
        assert!(!sealed.contains("GEZDGNBV"));
        assert_eq!(sealed_with(&sealed), Some(key.name().as_str()));
        assert_eq!(key.open(&sealed, "person 7").as_deref(), Some("GEZDGNBV"));
        assert_eq!(key.open(&sealed, "person 8"), None);
        assert_eq!(other.open(&sealed, "person 7"), None);
        let mut changed = sealed.clone();
        changed.replace_range(sealed.len() - 1.., if sealed.ends_with('0') { "1" } else { "0" });
        assert_eq!(key.open(&changed, "person 7"), None);
        for odd in ["", "sealed:1:", "sealed:1:ab:", "sealed:1:ab:zz", "sealed:1:ab:é"] {
            assert_eq!(key.open(odd, "person 7"), None, "{odd}");
        }
    }

    #[test]
    fn the_key_beside_a_file_is_made_once_and_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let place = KeyPlace::Beside(folder.path().join("r.sqlite.key"));
        let vault = Vault::at(place.clone());
        assert_eq!(vault.key().unwrap(), None);
        let sealed = vault.seal("secret", "a").unwrap();
        let file = place.file().unwrap();
        assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(Vault::at(place.clone()).open(&sealed, "a").unwrap(), "secret");
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(Vault::at(place.clone()).open(&sealed, "a").unwrap_err().to_string().contains("0600"));
        std::fs::remove_file(file).unwrap();
        let error = Vault::at(place).open(&sealed, "a").unwrap_err().to_string();
        assert!(error.contains("r.sqlite.key"), "{error}");
    }

    #[test]
    fn a_vault_sees_that_its_key_was_changed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        SecretsKey::random().unwrap().write_to(&file).unwrap();
        let vault = Vault::at(KeyPlace::File(file.clone()));
        let before = vault.seal("secret", "a").unwrap();
        assert_eq!(vault.open(&before, "a").unwrap(), "secret");
        let next = SecretsKey::random().unwrap();
        std::fs::remove_file(&file).unwrap();
        next.write_to(&file).unwrap();
        assert_eq!(vault.open(&next.seal("secret", "a").unwrap(), "a").unwrap(), "secret");
        assert!(vault.open(&before, "a").is_err());
    }

    #[test]
    fn without_a_place_a_secret_stays_readable() {
        let vault = Vault::at(KeyPlace::None);
        assert_eq!(vault.seal("secret", "a").unwrap(), "secret");
        assert_eq!(vault.open("secret", "a").unwrap(), "secret");
    }
}

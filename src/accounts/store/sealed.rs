//! Secrets of second factors, sealed with the key outside the database: looked at when a server starts, sealed anew under
//! another key, taken away when the key is lost.

use diesel::sql_types::{BigInt, Nullable, Text};

use super::user::end_all_sessions;
use crate::accounts::totp::TotpSecret;
use crate::asker::UserId;
use crate::binds;
use crate::registry::store::vault::{SecretsKey, Vault, sealed_with};
use crate::registry::store::{By, Conn, Store, StoreError, Tx};

/// What a person's secrets are bound to.
pub(super) fn owner(user: i64) -> String {
    format!("second factor of user {user}")
}

/// The secret that is kept of a person.
///
/// # Errors
/// The key it is sealed with is not at hand.
pub(super) fn secret_of(vault: &Vault, user: i64, kept: Option<&str>) -> Result<Option<TotpSecret>, StoreError> {
    let Some(kept) = kept else { return Ok(None) };
    Ok(TotpSecret::of_base32(&vault.open(kept, &owner(user))?))
}

#[derive(Debug, Clone, diesel::QueryableByName)]
struct Kept {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Nullable<Text>)]
    totp: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    totp_new: Option<String>,
}

impl Kept {
    fn texts(&self) -> impl Iterator<Item = &str> {
        [&self.totp, &self.totp_new].into_iter().filter_map(|text| text.as_deref())
    }
}

fn all(conn: &mut Conn) -> Result<Vec<Kept>, StoreError> {
    Ok(conn
        .rows("SELECT id, totp, totp_new FROM user_ WHERE totp IS NOT NULL OR totp_new IS NOT NULL ORDER BY id", &[])?)
}

/// How the secrets of a registry stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sealing {
    /// Sealed with the key at hand, or there are none.
    Sealed,
    /// Readable: there is no place for a key.
    Readable,
}

/// Looks whether the second factors can be judged with the key at hand, and seals those that are still readable.
///
/// # Errors
/// Some are sealed with a key that is not at hand; the sentence says which, where it is looked for and what to do.
pub fn seal_second_factors(store: &Store) -> Result<Sealing, StoreError> {
    let kept = all(&mut *store.reading()?)?;
    let vault = store.vault().clone();
    let mut key = vault.key()?;
    for name in sealed_names(&kept) {
        if key.as_ref().is_some_and(|key| key.name() == name) {
            continue;
        }
        match vault.take_up_new(&name)? {
            true => key = vault.key()?,
            false => return Err(not_at_hand(&vault, &kept, &name)),
        }
    }
    if kept.iter().all(|k| k.texts().all(|text| sealed_with(text).is_some())) {
        return Ok(Sealing::Sealed);
    }
    let Some(key) = vault.key_to_seal()? else { return Ok(Sealing::Readable) };
    let by = By::system("accession serve");
    store.write(move |tx| seal_all(tx, &by, &vault, &key))?;
    Ok(Sealing::Sealed)
}

/// What somebody must do before the second factors of this registry can be used here; none when nothing stands in the way.
///
/// # Errors
/// The database does not answer.
pub fn second_factors_lack(store: &Store) -> Result<Option<String>, StoreError> {
    let kept = all(&mut *store.reading()?)?;
    let vault = store.vault();
    let at_hand = vault.key().ok().flatten().map(|key| key.name());
    let lacking = sealed_names(&kept).into_iter().find(|name| Some(name) != at_hand.as_ref());
    Ok(lacking.map(|name| not_at_hand(vault, &kept, &name).to_string()))
}

fn sealed_names(kept: &[Kept]) -> Vec<String> {
    let mut names: Vec<String> =
        kept.iter().flat_map(Kept::texts).filter_map(sealed_with).map(str::to_string).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn not_at_hand(vault: &Vault, kept: &[Kept], name: &str) -> StoreError {
    let people = kept.iter().filter(|k| k.texts().any(|text| sealed_with(text) == Some(name))).count();
    let place = vault.place().shown();
    StoreError::Refused(format!(
        "the second factors of {people} of the people are sealed with key {name}, which is not at {place}: put the key file \
         of the server they were set up on there (mode 0600), or take those second factors away with `accession key lost`"
    ))
}

/// Seals everything with this key; answers how many people it was.
fn seal_all(tx: &mut Tx<'_>, by: &By, vault: &Vault, key: &SecretsKey) -> Result<usize, StoreError> {
    let kept = all(tx.conn)?;
    for row in &kept {
        let seal = |text: &Option<String>| -> Result<Option<String>, StoreError> {
            let Some(text) = text else { return Ok(None) };
            let owner = owner(row.id);
            Ok(Some(key.seal(&vault.open(text, &owner)?, &owner)?))
        };
        let (totp, totp_new) = (seal(&row.totp)?, seal(&row.totp_new)?);
        tx.conn.run("UPDATE user_ SET totp = ?, totp_new = ? WHERE id = ?", binds![&totp, &totp_new, row.id])?;
    }
    let note = format!("second factors of {} people sealed with key {}", kept.len(), key.name());
    tx.audit(by.line("key", tx.now).note(note));
    Ok(kept.len())
}

/// Seals all second factors anew with another key; answers how many people it was. The caller puts the key in its place.
///
/// # Errors
/// The key they are sealed with now is not at hand; nothing is changed then.
pub fn change_key(store: &Store, by: &By, key: SecretsKey) -> Result<usize, StoreError> {
    let (by, vault) = (by.clone(), store.vault().clone());
    store.write(move |tx| seal_all(tx, &by, &vault, &key))
}

/// Takes away the second factors that no key at hand opens, and ends the sessions of those people: they set up a new one
/// the next time they sign in. Answers how many people it was.
///
/// # Errors
/// A reason that says nothing.
pub fn lose_key(store: &Store, by: &By, reason: &str) -> Result<usize, StoreError> {
    let reason = reason.trim().to_string();
    if reason.chars().count() < 10 {
        return Err(StoreError::Refused("give the reason in 10 characters or more".into()));
    }
    let at_hand = store.vault().key().ok().flatten().map(|key| key.name());
    let by = by.clone();
    store.write(move |tx| {
        let lost = |text: &&str| sealed_with(text).is_some_and(|name| Some(name) != at_hand.as_deref());
        let rows: Vec<Kept> = all(tx.conn)?.into_iter().filter(|k| k.texts().any(|text| lost(&text))).collect();
        for row in &rows {
            tx.conn.run(
                "UPDATE user_ SET totp = NULL, totp_new = NULL, totp_step = NULL, version = version + 1 WHERE id = ?",
                binds![row.id],
            )?;
            tx.conn.run("DELETE FROM recovery_code WHERE user_id = ?", binds![row.id])?;
            end_all_sessions(tx, UserId(row.id))?;
            tx.audit(by.line("key", tx.now).note(format!("second factor of user {} taken away: {reason}", row.id)));
        }
        Ok(rows.len())
    })
}

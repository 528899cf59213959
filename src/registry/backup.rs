//! Backups: all tables of one moment in one packed file, encrypted when a key is given, restored into either database.
//!
//! ```text
//!   "ACCESSION BACKUP 1\n"  clear | sealed(nonce)     then zstd of the dump
//!   sealed: pieces of 64 KiB, each with XChaCha20-Poly1305; the nonce counts the pieces, the last one is marked
//! ```

use std::io::{BufReader, Read, Write};

use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

use crate::registry::clock::Clock;
use crate::registry::store::{DatabaseUrl, Store, StoreError, dump, random};

const MAGIC_CLEAR: &[u8; 20] = b"ACCESSION BACKUP 1C\n";
const MAGIC_SEALED: &[u8; 20] = b"ACCESSION BACKUP 1S\n";
const PIECE: usize = 64 << 10;

/// A key for backups: 32 bytes.
pub type Key = [u8; 32];

/// Makes a new key.
pub fn new_key() -> Result<Key, StoreError> {
    let mut key = [0u8; 32];
    random(&mut key)?;
    Ok(key)
}

fn io(error: std::io::Error) -> StoreError {
    StoreError::Io("the backup could not be written".into(), error)
}

fn unreadable(why: impl std::fmt::Display) -> StoreError {
    StoreError::Refused(format!("The backup cannot be read: {why}. Nothing was changed."))
}

/// Writes a backup of one moment; answers the rows in it. Works while the registry is served.
pub fn backup<W: Write>(store: &Store, key: Option<&Key>, mut out: W) -> Result<(u64, W), StoreError> {
    match key {
        None => {
            out.write_all(MAGIC_CLEAR).map_err(io)?;
            let mut packed = zstd::stream::write::Encoder::new(out, 3).map_err(io)?;
            let rows = dump::dump(store, &mut packed)?;
            Ok((rows, packed.finish().map_err(io)?))
        }
        Some(key) => {
            let mut nonce = [0u8; 16];
            random(&mut nonce)?;
            out.write_all(MAGIC_SEALED).and_then(|()| out.write_all(&nonce)).map_err(io)?;
            let sealer = Sealer {
                out,
                cipher: XChaCha20Poly1305::new(key.into()),
                nonce,
                count: 0,
                piece: Vec::with_capacity(PIECE),
            };
            let mut packed = zstd::stream::write::Encoder::new(sealer, 3).map_err(io)?;
            let rows = dump::dump(store, &mut packed)?;
            let sealer = packed.finish().map_err(io)?;
            Ok((rows, sealer.finish().map_err(io)?))
        }
    }
}

/// Restores a backup into a place where no registry is.
///
/// # Errors
/// A place that holds one, a wrong or missing key, a file that was changed or ends early. Nothing is left behind then.
pub fn restore(url: &DatabaseUrl, key: Option<&Key>, mut from: impl Read) -> Result<u64, StoreError> {
    let mut magic = [0u8; 20];
    from.read_exact(&mut magic).map_err(|_| unreadable("it is too short"))?;
    let mut clear: Box<dyn Read> = match (&magic, key) {
        (m, _) if m == MAGIC_CLEAR => Box::new(from),
        (m, None) if m == MAGIC_SEALED => return Err(unreadable("it is encrypted; give the key with --key-file")),
        (m, Some(key)) if m == MAGIC_SEALED => {
            let mut nonce = [0u8; 16];
            from.read_exact(&mut nonce).map_err(|_| unreadable("it is too short"))?;
            let mut opener = Opener {
                from,
                cipher: XChaCha20Poly1305::new(key.into()),
                nonce,
                count: 0,
                piece: vec![],
                at: 0,
                ended: false,
            };
            opener.next().map_err(|_| unreadable("the key is not the one it was written with, or it was changed"))?;
            Box::new(opener)
        }
        _ => return Err(unreadable("it is no Accession backup")),
    };
    let unpacked = zstd::stream::read::Decoder::new(&mut clear).map_err(unreadable)?;
    let store = Store::create(url, Clock::system())?;
    let mut reader = BufReader::with_capacity(1 << 18, unpacked);
    match store.refill(&mut reader) {
        Ok(rows) => Ok(rows),
        Err(error) => {
            store.discard();
            Err(error)
        }
    }
}

struct Sealer<W: Write> {
    out: W,
    cipher: XChaCha20Poly1305,
    nonce: [u8; 16],
    count: u64,
    piece: Vec<u8>,
}

/// The nonce of a piece: random, its number, and whether it is the last in the number's highest bit.
fn nonce_of(nonce: &[u8; 16], count: u64, last: bool) -> XNonce {
    let mut bytes = [0u8; 24];
    bytes[..16].copy_from_slice(nonce);
    bytes[16..].copy_from_slice(&(count | (u64::from(last) << 63)).to_be_bytes());
    bytes.into()
}

impl<W: Write> Sealer<W> {
    fn seal(&mut self, last: bool) -> std::io::Result<()> {
        let sealed = self
            .cipher
            .encrypt(&nonce_of(&self.nonce, self.count, last), self.piece.as_slice())
            .map_err(|_| std::io::Error::other("a piece could not be sealed"))?;
        let length = u32::try_from(sealed.len()).unwrap_or(u32::MAX) | (u32::from(last) << 31);
        self.out.write_all(&length.to_be_bytes())?;
        self.out.write_all(&sealed)?;
        self.count += 1;
        self.piece.clear();
        Ok(())
    }

    fn finish(mut self) -> std::io::Result<W> {
        self.seal(true)?;
        Ok(self.out)
    }
}

impl<W: Write> Write for Sealer<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let take = bytes.len().min(PIECE - self.piece.len());
        self.piece.extend_from_slice(&bytes[..take]);
        if self.piece.len() == PIECE {
            self.seal(false)?;
        }
        Ok(take)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}

struct Opener<R: Read> {
    from: R,
    cipher: XChaCha20Poly1305,
    nonce: [u8; 16],
    count: u64,
    piece: Vec<u8>,
    at: usize,
    ended: bool,
}

impl<R: Read> Opener<R> {
    fn next(&mut self) -> std::io::Result<()> {
        let mut length = [0u8; 4];
        self.from.read_exact(&mut length)?;
        let length = u32::from_be_bytes(length);
        let (last, length) = (length >> 31 == 1, (length & 0x7fff_ffff) as usize);
        if length > PIECE + 64 {
            return Err(std::io::Error::other("a piece is too long"));
        }
        let mut sealed = vec![0u8; length];
        self.from.read_exact(&mut sealed)?;
        self.piece = self
            .cipher
            .decrypt(&nonce_of(&self.nonce, self.count, last), sealed.as_slice())
            .map_err(|_| std::io::Error::other("a piece was changed, or the key is not the one it was written with"))?;
        self.count += 1;
        self.at = 0;
        self.ended = last;
        Ok(())
    }
}

impl<R: Read> Read for Opener<R> {
    fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
        while self.at == self.piece.len() {
            if self.ended {
                return Ok(0);
            }
            self.next()?;
        }
        let take = bytes.len().min(self.piece.len() - self.at);
        bytes[..take].copy_from_slice(&self.piece[self.at..self.at + take]);
        self.at += take;
        Ok(take)
    }
}

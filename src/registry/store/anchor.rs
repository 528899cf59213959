//! The audit chain's head in a second place, so that a chain with its tail cut off is found out.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The head of the audit chain: number and hash of its last line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Number of the last line; 0 before the first.
    pub seq: i64,
    /// Its hash.
    pub hash: [u8; 32],
}

impl Head {
    fn line(&self) -> String {
        format!("{:020} {}\n", self.seq, super::hex(&self.hash))
    }

    fn parse(text: &str) -> Option<Head> {
        let (seq, hash) = text.trim().split_once(' ')?;
        Some(Head { seq: seq.parse().ok()?, hash: super::unhex(hash)?.try_into().ok()? })
    }
}

/// The file that holds the head; it is rewritten in place after each commit.
pub struct Anchor {
    file: Option<File>,
}

impl Anchor {
    /// No second place.
    pub fn none() -> Anchor {
        Anchor { file: None }
    }

    /// The file `path`, made if it is not there, readable by its owner only.
    pub fn at(path: &Path) -> std::io::Result<Anchor> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
        Ok(Anchor { file: Some(file) })
    }

    /// The anchor file of a SQLite registry.
    pub fn beside(database: &Path) -> PathBuf {
        let mut name = database.as_os_str().to_owned();
        name.push(".audit-head");
        PathBuf::from(name)
    }

    /// Writes the head. A failure is logged: the chain itself is safe in the database.
    pub fn set(&mut self, head: &Head) {
        let Some(file) = &mut self.file else { return };
        let written = file.seek(SeekFrom::Start(0)).and_then(|_| file.write_all(head.line().as_bytes()));
        if let Err(error) = written {
            log::warn!("the audit chain's head could not be written to its second place: {error}");
        }
    }

    /// The head that a file holds, if it holds one.
    pub fn read(path: &Path) -> Option<Head> {
        let mut text = String::new();
        File::open(path).ok()?.take(200).read_to_string(&mut text).ok()?;
        Head::parse(&text)
    }
}

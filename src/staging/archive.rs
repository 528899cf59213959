//! Opens an official archive: a zip of JSON files, taken with suspicion.
//!
//! The limits are those of the reference engine (10,000 entries, 10 MB an entry, 100 MB in all, ratio 50); beside
//! them names that leave the archive, repeat, or differ from the object's own id are refused, and so are objects of
//! another algorithm or version. Sizes are measured while unpacking, never believed from the headers.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use serde::de::DeserializeOwned;

use super::model::{SchemaText, TableText, TermText};

/// Most entries an archive may have.
const MOST_ENTRIES: usize = 10_000;
/// Most bytes of one entry, unpacked.
const MOST_ENTRY: u64 = 10 * 1024 * 1024;
/// Most bytes of all entries, unpacked.
const MOST_TOTAL: u64 = 100 * 1024 * 1024;
/// Most an archive may grow by unpacking.
const MOST_RATIO: u64 = 50;

/// Why an archive was not taken. Nothing of it is kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Not a zip, or a damaged one.
    #[error("the archive cannot be opened: {0}; fetch the file again")]
    Damaged(String),
    /// More entries than an algorithm has.
    #[error("the archive has {0} entries, more than the {MOST_ENTRIES} allowed")]
    TooMany(usize),
    /// An entry or the whole is too large when unpacked.
    #[error("{0} is larger than allowed when unpacked")]
    TooLarge(String),
    /// An entry unpacks to many times its size.
    #[error("{0} grows more than {MOST_RATIO} times when unpacked")]
    Ratio(String),
    /// An entry's name leaves the archive's folders.
    #[error("the archive has an entry with an unsafe name: {0}")]
    UnsafeName(String),
    /// Entries that share a name.
    #[error("the archive lists {listed} entries under {names} names; every entry needs its own")]
    Repeated {
        /// Entries listed.
        listed: usize,
        /// Names they have.
        names: usize,
    },
    /// An entry is not what it should be.
    #[error("{entry}: {reason}")]
    Entry {
        /// The entry's name in the archive.
        entry: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The archive as a whole does not fit together.
    #[error("{0}")]
    Inconsistent(String),
    /// A compiled table file is not one of ours, or damaged.
    #[error("the compiled tables cannot be read: {0}; make them again with `accession reference build`")]
    Compiled(&'static str),
}

/// An archive, opened: its objects by id.
#[derive(Debug, Clone)]
pub(crate) struct Archive {
    pub algorithm: String,
    pub version: String,
    pub schemas: BTreeMap<String, SchemaText>,
    pub tables: BTreeMap<String, TableText>,
    pub glossary: Vec<TermText>,
}

impl Archive {
    /// Opens an archive from its bytes.
    pub fn open(bytes: &[u8]) -> Result<Archive, Refused> {
        let damaged = |error: zip::result::ZipError| Refused::Damaged(error.to_string());
        let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).map_err(damaged)?;
        if zip.len() > MOST_ENTRIES {
            return Err(Refused::TooMany(zip.len()));
        }
        if let Some(listed) = listed(bytes).filter(|listed| *listed != zip.len()) {
            return Err(Refused::Repeated { listed, names: zip.len() });
        }
        let mut archive = Archive {
            algorithm: String::new(),
            version: String::new(),
            schemas: BTreeMap::new(),
            tables: BTreeMap::new(),
            glossary: Vec::new(),
        };
        let (mut total, mut packed) = (0u64, 0u64);
        let mut text = Vec::new();
        for index in 0..zip.len() {
            let file = zip.by_index(index).map_err(damaged)?;
            let name = checked_name(&file)?;
            if file.is_dir() {
                continue;
            }
            let size = file.compressed_size();
            text.clear();
            file.take(MOST_ENTRY + 1)
                .read_to_end(&mut text)
                .map_err(|error| Refused::Entry { entry: name.clone(), reason: error.to_string() })?;
            let length = text.len() as u64;
            total += length;
            packed += size;
            if length > MOST_ENTRY {
                return Err(Refused::TooLarge(name));
            }
            if total > MOST_TOTAL {
                return Err(Refused::TooLarge("the archive".into()));
            }
            if length > MOST_RATIO * size.max(1) {
                return Err(Refused::Ratio(name));
            }
            archive.take(&name, &text)?;
        }
        if total > MOST_RATIO * packed.max(bytes.len() as u64).max(1) {
            return Err(Refused::Ratio("the archive".into()));
        }
        if archive.schemas.is_empty() || archive.tables.is_empty() {
            return Err(Refused::Inconsistent(
                "the archive has no schemas or no tables: it is not a staging algorithm".into(),
            ));
        }
        Ok(archive)
    }

    /// Takes one entry, if it is of a kind we know.
    fn take(&mut self, name: &str, text: &[u8]) -> Result<(), Refused> {
        let Some((folder, stem)) = name.strip_suffix(".json").and_then(|stem| stem.split_once('/')) else {
            return Ok(());
        };
        match folder {
            "schemas" => {
                let schema: SchemaText = read(name, text)?;
                self.belongs(name, stem, &schema.id, &schema.algorithm, &schema.version)?;
                self.schemas.insert(schema.id.clone(), schema);
            }
            "tables" => {
                let table: TableText = read(name, text)?;
                self.belongs(name, stem, &table.id, &table.algorithm, &table.version)?;
                self.tables.insert(table.id.clone(), table);
            }
            "glossary" => self.glossary.push(read(name, text)?),
            _ => {}
        }
        Ok(())
    }

    /// Checks that an object is of this algorithm and version and is named as its file is.
    fn belongs(
        &mut self,
        entry: &str,
        stem: &str,
        id: &str,
        algorithm: &Option<String>,
        version: &Option<String>,
    ) -> Result<(), Refused> {
        let wrong = |reason: String| Err(Refused::Entry { entry: entry.into(), reason });
        if id != stem {
            return wrong(format!("its id is {id}, which is not the file's name"));
        }
        let (Some(algorithm), Some(version)) = (algorithm, version) else {
            return wrong("names no algorithm or no version".into());
        };
        if self.algorithm.is_empty() {
            self.algorithm.clone_from(algorithm);
            self.version.clone_from(version);
        } else if *algorithm != self.algorithm || *version != self.version {
            return wrong(format!(
                "is of {algorithm} {version}, while the archive is of {} {}",
                self.algorithm, self.version
            ));
        }
        Ok(())
    }
}

/// The entry's name, if it stays inside the archive.
fn checked_name<R: Read>(file: &zip::read::ZipFile<'_, R>) -> Result<String, Refused> {
    let name = std::str::from_utf8(file.name_raw())
        .map_err(|_| Refused::UnsafeName(file.name().escape_default().to_string()))?;
    let safe = !name.is_empty()
        && !name.starts_with('/')
        && !name.contains(['\\', '\0', ':'])
        && name.trim_end_matches('/').split('/').all(|part| !matches!(part, "" | "." | ".."))
        && !file.is_symlink();
    if safe { Ok(name.into()) } else { Err(Refused::UnsafeName(name.escape_default().to_string())) }
}

/// How many entries the archive's directory says it has; none where only the larger form of zip can say it. The
/// reader keeps one entry of a name, so that a second would pass unseen.
fn listed(bytes: &[u8]) -> Option<usize> {
    let end = memchr::memmem::rfind(bytes, b"PK\x05\x06")?;
    let count = bytes.get(end + 10..end + 12)?;
    let count = u16::from_le_bytes([*count.first()?, *count.last()?]);
    (count != u16::MAX).then_some(usize::from(count))
}

fn read<T: DeserializeOwned>(entry: &str, text: &[u8]) -> Result<T, Refused> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    serde_json::from_slice(text)
        .map_err(|error| Refused::Entry { entry: entry.into(), reason: format!("cannot be read: {error}") })
}

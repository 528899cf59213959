//! One edition of one algorithm, ready to run.

use std::sync::OnceLock;

use super::archive::{Archive, Refused};
use super::bytes;
use super::compile::{Checks, Keep, compile};
use super::index::TableIndex;
use super::lookup::Lookup;
use super::rules::{KeyId, Rules, TextId};

/// The year that stands for "now" in the tables. Never the machine's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AsOf {
    year: u16,
    digits: [u8; 4],
}

impl AsOf {
    /// The current year is this one; years beyond four digits count as 9999.
    pub fn year(year: u16) -> AsOf {
        let year = year.min(9999);
        let digit = |by: u16| b'0' + (year / by % 10) as u8;
        AsOf { year, digits: [digit(1000), digit(100), digit(10), digit(1)] }
    }

    /// The year as a number.
    pub fn number(&self) -> u16 {
        self.year
    }

    /// The year as the tables read it.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.digits).unwrap_or("9999")
    }
}

/// An edition of an algorithm: its rules, with the tables indexed as they are first used.
#[derive(Debug)]
pub struct Edition {
    pub(crate) rules: Rules,
    pub(crate) index: Vec<OnceLock<TableIndex>>,
    pub(crate) lookup: Lookup,
    pub(crate) year: Option<KeyId>,
    /// The keys a schema is looked up by with the NAACCR ids of their items.
    pub(crate) selecting: Vec<(KeyId, TextId)>,
    /// The NAACCR ids of the items its schemas derive.
    pub(crate) derivable: Vec<TextId>,
    /// The NAACCR ids of the items that some schemas ask for and others do not.
    pub(crate) specific: OnceLock<Vec<TextId>>,
}

impl Edition {
    /// Opens an official archive, with everything it says.
    ///
    /// Refuses a damaged or hostile archive and one that does not fit together, with the reason.
    pub fn from_archive(zip: &[u8]) -> Result<Edition, Refused> {
        Edition::from_archive_with(zip, Checks::Full)
    }

    /// Opens an archive examined as closely as asked.
    pub fn from_archive_with(zip: &[u8], checks: Checks) -> Result<Edition, Refused> {
        Edition::new(compile(&Archive::open(zip)?, Keep::Everything, checks)?)
    }

    /// Opens compiled tables.
    pub fn from_compiled(compiled: &[u8]) -> Result<Edition, Refused> {
        Edition::new(bytes::read(compiled)?)
    }

    fn new(rules: Rules) -> Result<Edition, Refused> {
        let lookup = Lookup::new(&rules)?;
        let year = rules.key_index.find(&rules, "year_dx");
        let index = std::iter::repeat_with(OnceLock::new).take(rules.tables.len()).collect();
        let keys = lookup.site.iter().chain(&lookup.hist).chain(&lookup.others);
        let selecting = keys
            .filter_map(|key| {
                let mut inputs = rules.schemas.iter().filter_map(|schema| schema.input(*key));
                Some((*key, inputs.find(|input| input.xml_id.0 != 0)?.xml_id))
            })
            .collect();
        let mut derivable: Vec<TextId> = Vec::new();
        for output in rules.schemas.iter().flat_map(|schema| &schema.outputs) {
            if output.xml_id.0 != 0 && !derivable.contains(&output.xml_id) {
                derivable.push(output.xml_id);
            }
        }
        Ok(Edition { rules, index, lookup, year, selecting, derivable, specific: OnceLock::new() })
    }

    /// The algorithm's id, such as `eod_public`.
    pub fn algorithm(&self) -> &str {
        self.rules.text(self.rules.algorithm)
    }

    /// The edition, such as `3.3`.
    pub fn version(&self) -> &str {
        self.rules.text(self.rules.version)
    }
}

/// Makes the compact tables of an archive. The same archive gives the same bytes.
pub fn compile_archive(zip: &[u8], keep: Keep) -> Result<Vec<u8>, Refused> {
    Ok(bytes::write(&compile(&Archive::open(zip)?, keep, Checks::Full)?))
}

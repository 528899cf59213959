//! Dictionaries as files: loading, checking, comparing, and the same as CSV.
//!
//! In: a dictionary in XML, a user dictionary of a state or an official one. Out: the items in a form the reader
//! and writer use, and every rule it breaks with the line. Published user dictionaries break rules often, so a
//! dictionary with problems is still given, with all items that could be understood; who loads it decides.
//! Rules: NAACCR XML Data Exchange Standard, specification 1.0 to 1.8, chapters on dictionaries.

mod check;
mod read;
mod table;

use crate::naaccr::dictionary::Dictionary;
use crate::naaccr::item::ItemNumber;
use crate::naaccr::versions::Specification;

pub use check::{conflicts, merged};
pub use read::load_dictionary;
pub use table::{Difference, dictionary_csv, dictionary_from_csv, dictionary_xml, differences};

/// A dictionary that was loaded.
#[derive(Clone, Debug)]
pub struct LoadedDictionary {
    /// The items that could be understood.
    pub dictionary: Dictionary,
    /// What it is, in the words of who made it.
    pub description: String,
    /// The specification it is written to.
    pub specification: Specification,
    /// When it was changed last, as written.
    pub date_last_modified: Option<String>,
    /// Whether it is an official base dictionary.
    pub is_base: bool,
    /// Every rule it breaks, in the order of lines.
    pub problems: Vec<DictionaryProblem>,
}

/// A rule a dictionary breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct DictionaryProblem {
    /// Which rule, as scripts see it; begins with `dict_`.
    pub kind: &'static str,
    /// Line in the file, from 1.
    pub line: u64,
    /// Id of the item it is about.
    pub item: Option<String>,
    /// Number of the item it is about.
    pub number: Option<ItemNumber>,
    /// The rule in plain words.
    pub message: String,
}

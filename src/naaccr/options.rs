//! How a file is read and written.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::naaccr::dictionary::Dictionary;
use crate::naaccr::versions::Specification;

/// How forgiving reading is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// As the standard says.
    Strict,
    /// Takes what real files hold, and says so.
    Practical,
    /// The same, and goes on with the next patient after a broken one.
    Salvage,
}

/// What becomes of items no dictionary knows, and of those of another record type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// Reported and left out.
    Error,
    /// Left out.
    Ignore,
    /// Kept.
    Keep,
    /// Kept and reported.
    Report,
}

/// The form of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Told by the first bytes.
    Auto,
    /// NAACCR XML.
    Xml,
    /// Fixed columns.
    Fixed,
}

/// Bounds that keep a hostile file from using up the machine.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How deep elements may stand in each other inside an extension.
    pub depth: usize,
    /// Longest value, in bytes.
    pub value: usize,
    /// Largest patient, and largest header before the first patient, in bytes.
    pub patient: usize,
    /// Most attributes of one element.
    pub attributes: usize,
    /// Longest file, unpacked, in bytes.
    pub total: u64,
    /// Most bytes a compressed byte may unpack to, once 16 MB were unpacked.
    pub ratio: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { depth: 100, value: 1 << 20, patient: 16 << 20, attributes: 100, total: 1 << 42, ratio: 200 }
    }
}

/// How a file is read.
#[derive(Clone, Debug)]
pub struct ReadOptions {
    /// How forgiving.
    pub mode: Mode,
    /// The form of the file.
    pub format: Format,
    /// The encoding to use whatever the file says.
    pub encoding: Option<String>,
    /// What becomes of items that are not known.
    pub unknown: Unknown,
    /// Whether types and blanks are checked; lengths always are.
    pub check_values: bool,
    /// Whether value sets, the calendar and required root items are checked.
    pub check_codes: bool,
    /// Whether a missing namespace and foreign root attributes are taken.
    pub relaxed_namespaces: bool,
    /// Whether extensions are left out.
    pub ignore_extensions: bool,
    /// Whether ids of an earlier edition are translated.
    pub translate_renamed: bool,
    /// Whether every user dictionary the file names must be supplied.
    pub require_dictionaries: bool,
    /// Whether differences between the lines of a patient are reported (fixed columns).
    pub level_mismatch: bool,
    /// Whether neighbouring lines of one patient are joined (fixed columns).
    pub grouping: bool,
    /// Only these items, if any are given.
    pub include: BTreeSet<String>,
    /// All but these items.
    pub exclude: BTreeSet<String>,
    /// User dictionaries at hand; those the file names are used.
    pub user_dictionaries: Vec<Arc<Dictionary>>,
    /// How many problems are kept whole; all are counted.
    pub max_problems: usize,
    /// Whether zero padding is about to be applied, so that a value it repairs is not too short.
    pub zero_pad: bool,
    /// Whether characters XML does not allow stay in the values; they are reported in any case.
    pub keep_control_characters: bool,
    /// How many threads read the patients of an XML file; the outcome is the same for any number.
    pub threads: usize,
    /// Bounds.
    pub limits: Limits,
}

impl ReadOptions {
    /// As the standard says: what the reference library does with no option.
    pub fn strict() -> ReadOptions {
        ReadOptions {
            mode: Mode::Strict,
            format: Format::Auto,
            encoding: None,
            unknown: Unknown::Error,
            check_values: true,
            check_codes: false,
            relaxed_namespaces: false,
            ignore_extensions: false,
            translate_renamed: false,
            require_dictionaries: false,
            level_mismatch: false,
            grouping: true,
            include: BTreeSet::new(),
            exclude: BTreeSet::new(),
            user_dictionaries: Vec::new(),
            max_problems: 10_000,
            zero_pad: false,
            keep_control_characters: false,
            threads: 1,
            limits: Limits::default(),
        }
    }

    /// What people want: takes what real files hold, keeps all of it and says what is wrong.
    pub fn practical() -> ReadOptions {
        ReadOptions {
            mode: Mode::Practical,
            unknown: Unknown::Report,
            check_codes: true,
            relaxed_namespaces: true,
            translate_renamed: true,
            level_mismatch: true,
            ..ReadOptions::strict()
        }
    }

    /// Practical, and goes on after a broken patient.
    pub fn salvage() -> ReadOptions {
        ReadOptions { mode: Mode::Salvage, ..ReadOptions::practical() }
    }

    /// What the registry's import uses: everything is kept under the id it came with, everything is reported.
    pub fn import() -> ReadOptions {
        ReadOptions { translate_renamed: false, ..ReadOptions::practical() }
    }

    pub(crate) fn is_strict(&self) -> bool {
        self.mode == Mode::Strict
    }

    /// Whether the include and exclude lists let an item through.
    pub fn wants(&self, id: &str) -> bool {
        (self.include.is_empty() || self.include.contains(id)) && !self.exclude.contains(id)
    }
}

impl Default for ReadOptions {
    fn default() -> Self {
        ReadOptions::practical()
    }
}

/// What becomes of characters XML does not allow when a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ControlCharacters {
    /// Left out, and listed.
    Drop,
    /// Writing stops.
    Error,
}

/// How a file is written.
#[derive(Clone, Debug)]
pub struct WriteOptions {
    /// Whether `naaccrNum` is written beside each id.
    pub item_numbers: bool,
    /// Whether items are sorted by id.
    pub alphabetical: bool,
    /// Whether all-digit values are padded with zeros where the dictionary says so.
    pub zero_pad: bool,
    /// Whether values are cut at their item's length; each cut is listed.
    pub cut_too_long: bool,
    /// Whether each cut is also a problem.
    pub report_too_long: bool,
    /// What becomes of characters XML does not allow.
    pub control_characters: ControlCharacters,
    /// Whether lines end with CR LF.
    pub crlf: bool,
    /// The specification written in the root.
    pub specification: Specification,
    /// What becomes of items no dictionary knows.
    pub unknown: Unknown,
    /// All but these items.
    pub exclude: BTreeSet<String>,
    /// User dictionaries the root names.
    pub user_dictionaries: Vec<Arc<Dictionary>>,
}

impl Default for WriteOptions {
    fn default() -> Self {
        WriteOptions {
            item_numbers: false,
            alphabetical: false,
            zero_pad: false,
            cut_too_long: false,
            report_too_long: false,
            control_characters: ControlCharacters::Drop,
            crlf: false,
            specification: Specification::NEWEST,
            unknown: Unknown::Keep,
            exclude: BTreeSet::new(),
            user_dictionaries: Vec::new(),
        }
    }
}

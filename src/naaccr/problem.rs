//! What can be wrong with a file: problems, after which reading goes on, and stops.

use std::borrow::Cow;
use std::fmt;

use crate::naaccr::item::ItemNumber;

macro_rules! kinds {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $kind:ident = $text:literal,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$doc])* $kind,)* }

        impl $name {
            /// Every kind.
            pub const ALL: &'static [$name] = &[$($name::$kind,)*];

            /// The name scripts see.
            pub fn name(self) -> &'static str {
                match self { $($name::$kind => $text,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

kinds! {
    /// The kinds of problems. Reading goes on after each.
    ProblemKind {
        /// No dictionary in use knows the item, or it does not belong to the file's record type.
        UnknownId = "unknown_id",
        /// The number written beside the id is that of another item.
        WrongNumber = "wrong_number",
        /// The item stands under the wrong element.
        WrongLevel = "wrong_level",
        /// The value has more characters than the item allows.
        TooLong = "too_long",
        /// The value must fill the item's length and does not.
        TooShort = "too_short",
        /// The value has characters or a shape its type does not allow.
        BadType = "bad_type",
        /// A blank before the text.
        LeadingSpace = "leading_space",
        /// A blank after the text.
        TrailingSpace = "trailing_space",
        /// The file's time is not a date and time.
        BadTimeGenerated = "bad_time_generated",
        /// A fixed-column line does not have the length of its record type.
        BadLineLength = "bad_line_length",
        /// Two lines of one patient differ in an item of the patient.
        PatientLevelMismatch = "patient_level_mismatch",
        /// Two lines of one file differ in an item of the file.
        RootLevelMismatch = "root_level_mismatch",
        /// A fixed-column line is of another version or record type than the file.
        RecordMismatch = "record_mismatch",
        /// The same item twice under one element.
        DuplicateItem = "duplicate_item",
        /// An item without an id.
        ItemIdMissing = "item_id_missing",
        /// The number written beside the id is not a number.
        ItemNumberNotNumeric = "item_number_not_numeric",
        /// An attribute an item does not have.
        UnknownAttribute = "unknown_attribute",
        /// An item after an extension, or after a tumor.
        ItemOutOfOrder = "item_out_of_order",
        /// An element that does not belong where it stands.
        UnexpectedTag = "unexpected_tag",
        /// Text outside of items.
        StrayText = "stray_text",
        /// Something after the end of the file's root element.
        AfterTheEnd = "after_the_end",
        /// A character that XML does not allow.
        ControlCharacter = "control_character",
        /// Bytes that are not in the file's encoding.
        InvalidUtf8 = "invalid_utf8",
        /// The file names an encoding that is not known, or not its real one.
        Encoding = "encoding",
        /// The root has no NAACCR namespace.
        NamespaceMissing = "namespace_missing",
        /// An element or attribute uses a prefix that is not declared.
        NamespaceUndeclared = "namespace_undeclared",
        /// A root attribute that is not NAACCR's and in no namespace.
        RootAttributeNoPrefix = "root_attribute_no_prefix",
        /// The specification is absent or not known.
        SpecificationVersion = "specification_version",
        /// A user dictionary the file names was not supplied.
        UserDictionaryMissing = "user_dictionary_missing",
        /// An id of an earlier edition was translated.
        RenamedId = "renamed_id",
        /// A broken patient was passed over.
        PatientSkipped = "patient_skipped",
        /// A code that is not in the item's value set.
        BadCode = "bad_code",
        /// A number outside the item's range.
        OutOfRange = "out_of_range",
        /// A date that no calendar has.
        BadDate = "bad_date",
        /// An item every file must carry is absent.
        RootItemMissing = "root_item_missing",
    }
}

kinds! {
    /// The kinds of stops.
    FatalKind {
        /// The bytes could not be read.
        Io = "io",
        /// Not well-formed XML, or with a document type declaration.
        XmlSyntax = "xml_syntax",
        /// The root element is not `NaaccrData` of the NAACCR namespace.
        RootTag = "root_tag",
        /// The base dictionary is absent or not an official one.
        BaseDictionaryUri = "base_dictionary_uri",
        /// No record type.
        RecordTypeMissing = "record_type_missing",
        /// A record type that is not A, M, C or I.
        RecordTypeInvalid = "record_type_invalid",
        /// A specification that does not exist.
        SpecificationVersion = "specification_version",
        /// A root attribute that is not NAACCR's and in no namespace.
        RootAttributeNoPrefix = "root_attribute_no_prefix",
        /// A root attribute whose prefix is not declared.
        RootAttributeNamespace = "root_attribute_namespace",
        /// A named user dictionary was not supplied.
        UserDictionaryMissing = "user_dictionary_missing",
        /// A user dictionary is made for another version.
        UserDictionaryVersion = "user_dictionary_version",
        /// User dictionaries contradict each other or the base dictionary.
        UserDictionaryConflict = "user_dictionary_conflict",
        /// An element that does not belong where it stands.
        UnexpectedTag = "unexpected_tag",
        /// An element whose prefix is not declared.
        TagNotInNamespace = "tag_not_in_namespace",
        /// An attribute an element does not have.
        UnexpectedAttribute = "unexpected_attribute",
        /// An item without an id.
        ItemIdMissing = "item_id_missing",
        /// An item's number is not a number.
        ItemNumberNotNumeric = "item_number_not_numeric",
        /// The same item twice under one element.
        DuplicateItem = "duplicate_item",
        /// An encoding that is not supported.
        Encoding = "encoding",
        /// Nothing in the file.
        Empty = "empty",
        /// Elements stand too deep in each other.
        TooDeep = "too_deep",
        /// A value is longer than the limit.
        ValueTooLarge = "value_too_large",
        /// A patient is longer than the limit.
        PatientTooLarge = "patient_too_large",
        /// The file is longer than the limit.
        FileTooLarge = "file_too_large",
        /// A compressed file unpacks to more than the limit allows.
        CompressionRatio = "compression_ratio",
        /// More attributes than the limit.
        TooManyAttributes = "too_many_attributes",
        /// The first line of a fixed-column file is empty.
        FlatEmpty = "flat_empty",
        /// The first line does not have the length of its record type.
        FlatLineLength = "flat_line_length",
        /// The first column is not A, M, C or I.
        FlatTypeInvalid = "flat_type_invalid",
        /// Columns 17 to 19 are no version that has fixed columns.
        FlatVersionUnsupported = "flat_version_unsupported",
        /// Fixed columns were asked for a version that has none.
        FlatNotSupportedForVersion = "flat_not_supported_for_version",
        /// An item to be written that no dictionary in use knows.
        WriteUnknownItem = "write_unknown_item",
        /// A value to be written holds a character XML does not allow.
        WriteControlCharacter = "write_control_character",
    }
}

/// How much a problem matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; the content is whole.
    Note,
    /// Ought to be looked at.
    Warning,
    /// Against the standard.
    Error,
}

impl Severity {
    /// The name scripts see.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// One problem: where, what, and the rule in plain words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What kind.
    pub kind: ProblemKind,
    /// How much it matters.
    pub severity: Severity,
    /// Line in the file, from 1.
    pub line: u64,
    /// Column in the line, in bytes from 1.
    pub column: u64,
    /// Ordinal of the patient, from 1; none before the first.
    pub patient: Option<u64>,
    /// Ordinal of the tumor in the patient, from 1; none at the patient itself.
    pub tumor: Option<u32>,
    /// The item's id as written.
    pub item: Option<String>,
    /// The item's number.
    pub number: Option<ItemNumber>,
    /// The item's name in English.
    pub name: Option<Cow<'static, str>>,
    /// The value as found, cut at 200 characters.
    pub value: Option<String>,
    /// What is wrong, and what the rule is.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if let Some(patient) = self.patient {
            write!(f, ", patient {patient}")?;
        }
        if let Some(tumor) = self.tumor {
            write!(f, ", tumor {tumor}")?;
        }
        if let Some(item) = &self.item {
            write!(f, ", {item}")?;
        }
        write!(f, ": {}", self.message)
    }
}

/// Why reading or writing stopped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", self.place())]
pub struct Fatal {
    /// What kind.
    pub kind: FatalKind,
    /// Line in the file, from 1, where one is known.
    pub line: Option<u64>,
    /// Column in the line, in bytes from 1.
    pub column: Option<u64>,
    /// The patient that was being read; none before the first.
    pub patient: Option<u64>,
    /// What is wrong, and what to do.
    pub message: String,
}

impl Fatal {
    /// A stop without a position.
    pub(crate) fn new(kind: FatalKind, message: impl Into<String>) -> Fatal {
        Fatal { kind, line: None, column: None, patient: None, message: message.into() }
    }

    /// A file that could not be opened or read.
    pub fn unreadable(message: impl Into<String>) -> Fatal {
        Fatal::new(FatalKind::Io, message)
    }

    fn place(&self) -> String {
        let mut place = String::new();
        if let Some(line) = self.line {
            place = format!("line {line}");
        }
        if let Some(column) = self.column {
            place.push_str(&format!(", column {column}"));
        }
        if let Some(patient) = self.patient {
            place.push_str(&format!("{}patient {patient}", if place.is_empty() { "" } else { ", " }));
        }
        if !place.is_empty() {
            place.push_str(": ");
        }
        place
    }
}

/// The problems found so far: the first ones whole, all of them counted.
#[derive(Clone, Debug)]
pub struct Problems {
    kept: Vec<Problem>,
    most: usize,
    taken: usize,
    counts: Vec<u64>,
    errors: u64,
    warnings: u64,
}

impl Problems {
    /// Keeps at most that many whole.
    pub(crate) fn new(most: usize) -> Problems {
        Problems { kept: Vec::new(), most, taken: 0, counts: vec![0; ProblemKind::ALL.len()], errors: 0, warnings: 0 }
    }

    /// Counts a problem; `whole` is asked for it only if it is to be kept.
    pub(crate) fn add(&mut self, kind: ProblemKind, severity: Severity, whole: impl FnOnce() -> Problem) {
        self.counts[kind as usize] += 1;
        self.errors += u64::from(severity == Severity::Error);
        self.warnings += u64::from(severity == Severity::Warning);
        if !self.is_full() {
            self.kept.push(whole());
        }
    }

    /// Whether no more problems are kept whole.
    pub(crate) fn is_full(&self) -> bool {
        self.kept.len() + self.taken >= self.most
    }

    /// Takes in what was found in a later part of the file, whose patients are counted from after `before`.
    pub(crate) fn absorb(&mut self, later: Problems, before: u64) {
        for (sum, n) in std::iter::zip(&mut self.counts, later.counts) {
            *sum += n;
        }
        self.errors += later.errors;
        self.warnings += later.warnings;
        for mut problem in later.kept {
            if self.is_full() {
                break;
            }
            problem.patient = problem.patient.map(|n| n + before);
            self.kept.push(problem);
        }
    }

    /// The problems kept and not yet taken.
    pub fn kept(&self) -> &[Problem] {
        &self.kept
    }

    /// Takes the problems kept so far.
    pub fn drain(&mut self) -> Vec<Problem> {
        self.taken += self.kept.len();
        std::mem::take(&mut self.kept)
    }

    /// Kinds that occurred, and how often; complete.
    pub fn counts(&self) -> impl Iterator<Item = (ProblemKind, u64)> + '_ {
        std::iter::zip(ProblemKind::ALL, &self.counts).filter(|(_, n)| **n > 0).map(|(k, n)| (*k, *n))
    }

    /// How often a kind occurred.
    pub fn count(&self, kind: ProblemKind) -> u64 {
        self.counts[kind as usize]
    }

    /// How many problems are errors.
    pub fn errors(&self) -> u64 {
        self.errors
    }

    /// Whether there is nothing but notes.
    pub fn is_clean(&self) -> bool {
        self.errors == 0 && self.warnings == 0
    }

    /// How many there were altogether.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }
}

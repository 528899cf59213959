//! What a dictionary says about one item.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// The number of an item, such as 400 for the primary site. Items of user dictionaries have numbers too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemNumber(pub u32);

impl fmt::Display for ItemNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a file carries: the record type of its root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecordType {
    /// Full abstract: every item.
    A,
    /// Modified record: every item, sent as a correction.
    M,
    /// Confidential: no text, with names and addresses.
    C,
    /// Incidence: neither text nor names.
    I,
}

impl RecordType {
    /// All record types, the widest first.
    pub const ALL: [RecordType; 4] = [RecordType::A, RecordType::M, RecordType::C, RecordType::I];

    /// The letter written in a file.
    pub fn letter(self) -> char {
        match self {
            RecordType::A => 'A',
            RecordType::M => 'M',
            RecordType::C => 'C',
            RecordType::I => 'I',
        }
    }

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl FromStr for RecordType {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        RecordType::ALL.into_iter().find(|t| text.len() == 1 && text.starts_with(t.letter())).ok_or(())
    }
}

impl fmt::Display for RecordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.letter())
    }
}

/// The record types an item belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RecordTypes(u8);

impl RecordTypes {
    /// Every record type.
    pub const ALL: RecordTypes = RecordTypes(0b1111);
    /// No record type yet.
    pub const NONE: RecordTypes = RecordTypes(0);

    /// Whether an item may stand in a file of that type.
    pub fn contains(self, record_type: RecordType) -> bool {
        self.0 & record_type.bit() != 0
    }

    /// The same with one more.
    pub fn with(self, record_type: RecordType) -> RecordTypes {
        RecordTypes(self.0 | record_type.bit())
    }

    /// Reads letters, with or without commas: `AMCI` or `A,M,C,I`.
    pub fn parse(text: &str) -> Option<RecordTypes> {
        let mut types = RecordTypes::NONE;
        for letter in text.chars().filter(|c| *c != ',' && !c.is_whitespace()) {
            types = types.with(letter.to_string().parse().ok()?);
        }
        (types != RecordTypes::NONE).then_some(types)
    }
}

impl fmt::Display for RecordTypes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        RecordType::ALL.into_iter().filter(|t| self.contains(*t)).try_for_each(|t| write!(f, "{t}"))
    }
}

/// Where in a file an item stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Once in the file, directly under `NaaccrData`.
    Root,
    /// Once for a patient.
    Patient,
    /// Once for a tumor.
    Tumor,
}

impl Level {
    /// The XML element that holds items of this level.
    pub fn element(self) -> &'static str {
        match self {
            Level::Root => "NaaccrData",
            Level::Patient => "Patient",
            Level::Tumor => "Tumor",
        }
    }

    /// The level of an element's name.
    pub fn from_element(name: &str) -> Option<Level> {
        [Level::Root, Level::Patient, Level::Tumor].into_iter().find(|l| l.element() == name)
    }
}

/// The shape a value must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DataType {
    /// Digits, exactly the full length.
    Digits,
    /// Capital letters, exactly the full length.
    Alpha,
    /// Digits and capital letters, exactly the full length.
    Mixed,
    /// A number with an optional decimal part, up to the length.
    Numeric,
    /// Year, year and month, or year, month and day, without separators.
    Date,
    /// ISO 8601 date, with an optional time and offset.
    DateTime,
    /// Anything up to the length without blanks at the ends.
    Text,
}

impl DataType {
    /// All types.
    pub const ALL: [DataType; 7] = [
        DataType::Digits,
        DataType::Alpha,
        DataType::Mixed,
        DataType::Numeric,
        DataType::Date,
        DataType::DateTime,
        DataType::Text,
    ];

    /// The name a dictionary uses.
    pub fn name(self) -> &'static str {
        match self {
            DataType::Digits => "digits",
            DataType::Alpha => "alpha",
            DataType::Mixed => "mixed",
            DataType::Numeric => "numeric",
            DataType::Date => "date",
            DataType::DateTime => "dateTime",
            DataType::Text => "text",
        }
    }

    /// The type of that name.
    pub fn from_name(name: &str) -> Option<DataType> {
        DataType::ALL.into_iter().find(|t| t.name() == name)
    }

    /// Types whose values must fill the whole length.
    pub fn fills_its_length(self) -> bool {
        matches!(self, DataType::Digits | DataType::Alpha | DataType::Mixed)
    }
}

/// How a value is brought to its full length when that is asked for, and aligned in fixed columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Padding {
    /// Left alone.
    None,
    /// Zeros in front.
    LeftZero,
    /// Zeros behind.
    RightZero,
    /// Blanks in front.
    LeftBlank,
    /// Blanks behind.
    RightBlank,
}

impl Padding {
    const ALL: [Padding; 5] =
        [Padding::None, Padding::LeftZero, Padding::RightZero, Padding::LeftBlank, Padding::RightBlank];

    /// The name a dictionary uses.
    pub fn name(self) -> &'static str {
        match self {
            Padding::None => "none",
            Padding::LeftZero => "leftZero",
            Padding::RightZero => "rightZero",
            Padding::LeftBlank => "leftBlank",
            Padding::RightBlank => "rightBlank",
        }
    }

    /// The padding of that name.
    pub fn from_name(name: &str) -> Option<Padding> {
        Padding::ALL.into_iter().find(|p| p.name() == name)
    }
}

/// One item as one dictionary defines it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its number; user dictionaries of old may leave it out.
    pub number: Option<ItemNumber>,
    /// Its NAACCR XML id, the name used everywhere.
    pub id: Cow<'static, str>,
    /// Its name in English.
    pub name: Cow<'static, str>,
    /// How many characters a value may have.
    pub length: u32,
    /// Where it stands.
    pub level: Level,
    /// The shape of its values.
    pub data_type: DataType,
    /// The record types it belongs to.
    pub record_types: RecordTypes,
    /// How it is padded on demand.
    pub padding: Padding,
    /// Whether a text may be longer than `length`.
    pub unlimited_text: bool,
    /// Whether blanks at the ends are kept when read from fixed columns.
    pub keeps_blanks: bool,
    /// First of its columns in a fixed-column record, counted from 1.
    pub start_column: Option<u32>,
    /// Section of the abstract, empty for items of user dictionaries.
    pub section: &'static str,
    /// Place of the id among all ids of the compiled-in dictionaries, in the order of the alphabet.
    pub(crate) rank: u32,
}

/// The rank of an item that is in no compiled-in dictionary.
pub(crate) const UNRANKED: u32 = u32::MAX;

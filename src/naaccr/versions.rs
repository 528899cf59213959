//! NAACCR versions, and everything that depends on one.
//!
//! A version is three digits (140 to 260). No other file of the program compares version numbers: what differs
//! between versions is a question answered here.

use std::fmt;

/// A NAACCR version that has a base dictionary (140 to 260), or a fixed-column layout only (120 and 130).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(u16);

const BASE_START: &str = "http://naaccr.org/naaccrxml/naaccr-dictionary-";
const USER_START: &str = "http://naaccr.org/naaccrxml/user-defined-naaccr-dictionary-";
const URI_END: &str = ".xml";

impl Version {
    /// Versions with an XML base dictionary, oldest first.
    pub const ALL: [Version; 10] = [
        Version(140),
        Version(150),
        Version(160),
        Version(180),
        Version(210),
        Version(220),
        Version(230),
        Version(240),
        Version(250),
        Version(260),
    ];
    /// Versions that have a layout of fixed columns, oldest first.
    pub const FIXED: [Version; 6] =
        [Version(120), Version(130), Version(140), Version(150), Version(160), Version(180)];
    /// Version 14.
    pub const V140: Version = Version(140);
    /// Version 18.
    pub const V180: Version = Version(180);
    /// Version 25.
    pub const V250: Version = Version(250);
    /// Version 26.
    pub const V260: Version = Version(260);
    /// The newest version the program knows.
    pub const NEWEST: Version = Version(260);

    /// The version of that number, if it has an XML base dictionary.
    pub fn new(number: u16) -> Option<Version> {
        Version::ALL.into_iter().find(|v| v.0 == number)
    }

    /// The version of that text, such as `250`, if it has an XML base dictionary.
    pub fn parse(text: &str) -> Option<Version> {
        if text.len() != 3 {
            return None;
        }
        Version::new(text.parse().ok()?)
    }

    /// The version of that text, if it has a layout of fixed columns.
    pub fn parse_fixed(text: &str) -> Option<Version> {
        let number: u16 = text.parse().ok()?;
        Version::FIXED.into_iter().find(|v| v.0 == number)
    }

    /// The version a base dictionary's URI names. Only the exact official form is taken.
    pub fn from_base_uri(uri: &str) -> Option<Version> {
        Version::parse(uri.strip_prefix(BASE_START)?.strip_suffix(URI_END)?)
    }

    /// The version a default user dictionary's URI names.
    pub fn from_default_user_uri(uri: &str) -> Option<Version> {
        let version = Version::parse(uri.strip_prefix(USER_START)?.strip_suffix(URI_END)?)?;
        version.has_default_user_dictionary().then_some(version)
    }

    /// The three digits as a number.
    pub fn number(self) -> u16 {
        self.0
    }

    /// The position among [`Version::ALL`].
    pub(crate) fn index(self) -> usize {
        Version::ALL.iter().position(|v| *v == self).unwrap_or(0)
    }

    /// URI of the base dictionary.
    pub fn base_uri(self) -> String {
        format!("{BASE_START}{}{URI_END}", self.0)
    }

    /// URI of the default user dictionary, for the versions that had one.
    pub fn default_user_uri(self) -> Option<String> {
        self.has_default_user_dictionary().then(|| format!("{USER_START}{}{URI_END}", self.0))
    }

    /// Versions up to 21 came with a default user dictionary for the reserved areas.
    pub fn has_default_user_dictionary(self) -> bool {
        self.0 <= 210
    }

    /// Versions up to 18 exist as fixed columns.
    pub fn has_fixed_columns(self) -> bool {
        self.0 <= 180
    }

    /// Characters of a fixed-column line of type I, of type C, and of types A and M.
    pub(crate) fn fixed_line_lengths(self) -> (usize, usize, usize) {
        if self < Version::V180 { (3339, 5564, 22824) } else { (4048, 6154, 24194) }
    }

    /// Whether exports are made in this version: the two in use.
    pub fn may_be_exported(self) -> bool {
        matches!(self.0, 250 | 260)
    }

    /// From version 26 on the patient's sex is `sexAssignedAtBirth` (225); before, it is `sex` (220).
    pub fn has_sex_assigned_at_birth(self) -> bool {
        self.0 >= 260
    }

    /// Up to version 22 a date item had a companion that said why it is blank.
    pub fn has_date_flags(self) -> bool {
        self.0 <= 220
    }

    /// Whether this version is later than the one of that number.
    pub(crate) fn is_after(self, number: u16) -> bool {
        self.0 > number
    }

    /// Whether this version is earlier than the one of that number.
    pub(crate) fn is_before(self, number: u16) -> bool {
        self.0 < number
    }

    /// The last year of diagnosis the version of that number was made for: 24 for diagnoses of 2024.
    pub(crate) fn last_year_of(number: u16) -> u16 {
        2000 + number / 10
    }

    /// The dictionary whose definitions are used for this version: its own, or the oldest there is.
    pub fn dictionary_version(self) -> Version {
        if self < Version::V140 { Version::V140 } else { self }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A version of the NAACCR XML specification, 1.0 to 1.8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Specification(u8);

impl Specification {
    /// What an absent attribute means.
    pub const OLDEST: Specification = Specification(0);
    /// What is written unless asked otherwise.
    pub const NEWEST: Specification = Specification(8);

    /// The specification of that text, such as `1.8`.
    pub fn parse(text: &str) -> Option<Specification> {
        match text.as_bytes() {
            [b'1', b'.', minor @ b'0'..=b'8'] => Some(Specification(minor - b'0')),
            _ => None,
        }
    }

    /// Several user dictionaries may be named from 1.2 on.
    pub fn allows_several_user_dictionaries(self) -> bool {
        self.0 >= 2
    }

    /// Start columns and the version may be absent from a user dictionary from 1.1 on.
    pub fn start_columns_are_optional(self) -> bool {
        self.0 >= 1
    }

    /// `allowUnlimitedText` exists from 1.1 to 1.5.
    pub fn allows_unlimited_text(self) -> bool {
        (1..=5).contains(&self.0)
    }

    /// `regexValidation` was given up with 1.2.
    pub fn allows_regex(self) -> bool {
        self.0 < 2
    }

    /// User items had to be numbered 9500 to 99999 before 1.3.
    pub fn restricts_user_numbers(self) -> bool {
        self.0 < 3
    }

    /// Ids are at most 32 characters from 1.4 on.
    pub fn restricts_id_length(self) -> bool {
        self.0 >= 4
    }

    /// `specificationVersion` must be written in a dictionary from 1.5 on.
    pub fn must_be_written(self) -> bool {
        self.0 >= 5
    }

    /// `trim` and the paddings other than `leftZero` were given up with 1.7.
    pub fn has_only_left_zero_padding(self) -> bool {
        self.0 >= 7
    }

    /// The type `dateTime` exists from 1.8 on.
    pub fn has_date_time(self) -> bool {
        self.0 >= 8
    }
}

impl fmt::Display for Specification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_base_uri_names_a_version() {
        assert_eq!(Version::from_base_uri(&Version::V250.base_uri()), Some(Version::V250));
        assert_eq!(Version::from_base_uri("http://naaccr.org/naaccrxml/naaccr-dictionary-250.xml "), None);
        assert_eq!(Version::from_base_uri("http://naaccr.org/naaccrxml/naaccr-dictionary-170.xml"), None);
        assert_eq!(Version::from_base_uri("http://naaccr.org/naaccrxml/user-defined-naaccr-dictionary-210.xml"), None);
    }

    #[test]
    fn default_user_dictionaries_end_with_21() {
        assert!(Version::from_default_user_uri(&Version(210).default_user_uri().unwrap_or_default()).is_some());
        assert_eq!(Version(220).default_user_uri(), None);
    }
}

//! The questions that functions answer: what a table of the code room, a check digit or the staging rules know.
//!
//! Each function has a name and a fixed number of arguments. A blank argument makes the answer unknown. No others are
//! called: a rule can do nothing but ask.

use super::code_set::Value;
use super::eval::Frame;
use super::expression::Text;
use crate::codes;
use crate::dates::PartialDate;

/// A function that answers yes, no or unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// `site_type(site, histology, behavior)`: on the site/type list.
    SiteType,
    /// `morphology(histology, behavior)`: a code of ICD-O-3, in whatever year.
    Morphology,
    /// `morphology_in_year(histology, behavior)`: a code of ICD-O-3 in the year of diagnosis.
    MorphologyInYear,
    /// `only_benign(histology)`: listed, but with no behavior above 1.
    OnlyBenign,
    /// `paired(site)`: laterality is coded in the year of diagnosis.
    Paired,
    /// `iarc_site(site, histology)`: the site is one the histology's families accept.
    IarcSite,
    /// `surgery_code(site, histology, code)`: in the surgery table of the year of diagnosis.
    SurgeryCode,
    /// `county(state, county)`: a county of the state.
    County,
    /// `npi(number)`: the check digit is right.
    Npi,
    /// `mbi(number)`: a Medicare beneficiary identifier's form.
    Mbi,
    /// `ssn(number)`: an area, group and serial that can be issued.
    Ssn,
    /// `name_characters(text)`: letters, blanks, hyphens and apostrophes only.
    NameCharacters,
    /// `plain_characters(text)`: letters and digits only.
    PlainCharacters,
    /// `listed_in(list, text)`: the text is one of a list parted by commas or blanks.
    ListedIn,
    /// `real_date(date)`: a day that the calendar has.
    RealDate,
    /// `repeated(item, …, 'except', …)`: a code stands in two of the items.
    Repeated,
    /// `schema_allows(item)`: the value is in the item's table of the schema.
    SchemaAllows,
    /// `schema_has(item)`: the item belongs to the schema.
    SchemaHas,
    /// `schema_requires(item)`: the rules of the schema read the item.
    SchemaRequires,
    /// `schema_open()`: several schemas fit until a discriminator is coded.
    SchemaOpen,
}

/// Name, function, least and most arguments, and what it says in words.
const CHECKS: [(&str, Check, usize, usize, &str); 20] = [
    ("site_type", Check::SiteType, 3, 3, "the site/type list accepts"),
    ("morphology", Check::Morphology, 2, 2, "ICD-O-3 lists"),
    ("morphology_in_year", Check::MorphologyInYear, 2, 2, "ICD-O-3 lists for the year of diagnosis"),
    ("only_benign", Check::OnlyBenign, 1, 1, "ICD-O-3 lists only as benign or borderline"),
    ("paired", Check::Paired, 1, 1, "is a paired site"),
    ("iarc_site", Check::IarcSite, 2, 2, "the IARC families accept"),
    ("surgery_code", Check::SurgeryCode, 3, 3, "the surgery table of the site and year has"),
    ("county", Check::County, 2, 2, "is a county of the state"),
    ("npi", Check::Npi, 1, 1, "has a correct check digit"),
    ("mbi", Check::Mbi, 1, 1, "has the form of a Medicare identifier"),
    ("ssn", Check::Ssn, 1, 1, "can be an issued number"),
    ("name_characters", Check::NameCharacters, 1, 1, "has only letters, blanks, hyphens and apostrophes"),
    ("plain_characters", Check::PlainCharacters, 1, 1, "has only letters and digits"),
    ("listed_in", Check::ListedIn, 2, 2, "the list holds"),
    ("real_date", Check::RealDate, 1, 1, "is a day of the calendar"),
    ("repeated", Check::Repeated, 2, 24, "hold one code twice"),
    ("schema_allows", Check::SchemaAllows, 1, 1, "is a code of the schema's table"),
    ("schema_has", Check::SchemaHas, 1, 1, "belongs to the schema"),
    ("schema_requires", Check::SchemaRequires, 1, 1, "is read by the schema's rules"),
    ("schema_open", Check::SchemaOpen, 0, 0, "several schemas fit until a discriminator is coded"),
];

/// A function that gives a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// `site_group(site)`: the name of the site's group in the site/type list.
    SiteGroup,
    /// `digits(text)`: only the digits.
    Digits,
}

impl Source {
    /// The function of that name.
    pub fn named(name: &str) -> Option<Source> {
        match name {
            "site_group" => Some(Source::SiteGroup),
            "digits" => Some(Source::Digits),
            _ => None,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Source::SiteGroup => "site_group",
            Source::Digits => "digits",
        }
    }

    /// The text it gives.
    pub(crate) fn of(self, text: &str) -> &str {
        match self {
            Source::SiteGroup => codes::group_name(text).unwrap_or(""),
            Source::Digits => text.trim_matches(|c: char| !c.is_ascii_digit()),
        }
    }
}

impl Check {
    /// The function of that name, with the number of arguments it takes.
    pub fn named(name: &str) -> Option<(Check, std::ops::RangeInclusive<usize>)> {
        CHECKS.iter().find(|row| row.0 == name).map(|row| (row.1, row.2..=row.3))
    }

    /// All names.
    pub fn names() -> impl Iterator<Item = &'static str> {
        CHECKS.iter().map(|row| row.0)
    }

    fn row(self) -> &'static (&'static str, Check, usize, usize, &'static str) {
        CHECKS.iter().find(|row| row.1 == self).unwrap_or(&CHECKS[0])
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.row().0
    }

    /// What a yes says.
    pub fn in_words(self) -> &'static str {
        self.row().4
    }

    /// Its argument must be an item itself.
    pub(crate) fn wants_item(self) -> bool {
        matches!(self, Check::SchemaAllows | Check::SchemaHas | Check::SchemaRequires)
    }

    /// Whether the tumor's schema must be found.
    pub(crate) fn needs_schema(self) -> bool {
        self.wants_item() || self == Check::SchemaOpen
    }

    /// Items it reads besides its arguments.
    pub(crate) fn also_reads(self) -> &'static [&'static str] {
        match self {
            Check::MorphologyInYear | Check::Paired | Check::SurgeryCode | Check::County => &["dateOfDiagnosis"],
            _ => &[],
        }
    }

    pub(crate) fn ask<'c>(self, of: &'c [Text], frame: &Frame<'c, '_>) -> Option<bool> {
        match self {
            Check::Repeated => return Some(repeated(of, frame)),
            Check::SchemaOpen => return Some(frame.own.schema(frame.with).is_open()),
            Check::SchemaHas | Check::SchemaRequires => {
                let Some(Text::Item(item)) = of.first() else { return None };
                let input = frame.own.schema(frame.with).input(item.slot.id())?;
                return Some(input.is_some_and(|input| self == Check::SchemaHas || input.used_for_staging()));
            }
            _ => {}
        }
        let mut texts = [""; 4];
        for (to, from) in texts.iter_mut().zip(of) {
            *to = frame.text(from)?.text;
        }
        let [a, b, c, _] = texts;
        let year = || frame.own.dx_year;
        match self {
            Check::SiteType => Some(codes::is_accepted(a, b, c)),
            Check::Morphology => Some(codes::morphology(a, b).is_some()),
            Check::MorphologyInYear => Some(codes::morphology(a, b).is_some_and(|m| m.is_valid_in(year()))),
            Check::OnlyBenign => {
                let all = codes::behaviors_of(a);
                (!all.is_empty()).then(|| all.iter().all(|m| matches!(m.behavior, "0" | "1")))
            }
            Check::Paired => codes::site(a).map(|site| site.is_paired(year())),
            Check::IarcSite => codes::is_likely(a, b),
            Check::SurgeryCode => {
                let table = codes::surgery_table(a, b, year()?)?;
                Some(table.operation(c).is_some())
            }
            Check::County => (!codes::counties(a).is_empty()).then(|| codes::county(a, b).is_some()),
            Check::Npi => Some(is_npi(a)),
            Check::Mbi => Some(is_mbi(a)),
            Check::Ssn => Some(is_ssn(a)),
            Check::NameCharacters => Some(a.chars().all(|c| c.is_alphabetic() || matches!(c, ' ' | '-' | '\'' | '’'))),
            Check::ListedIn => Some(a.split([',', ' ']).any(|one| one == b)),
            Check::PlainCharacters => Some(a.chars().all(|c| c.is_ascii_alphanumeric())),
            Check::RealDate => Some(PartialDate::parse(a).is_ok()),
            Check::SchemaAllows => {
                let Some(Text::Item(item)) = of.first() else { return None };
                frame.own.schema(frame.with).allows(item.slot, frame)
            }
            Check::Repeated | Check::SchemaOpen | Check::SchemaHas | Check::SchemaRequires => None,
        }
    }
}

/// Items come first, exceptions as literal texts after them.
fn repeated<'c>(of: &'c [Text], frame: &Frame<'c, '_>) -> bool {
    let except = |value: &str| of.iter().any(|text| matches!(text, Text::Literal(code) if &**code == value));
    let items = of.iter().filter(|text| !matches!(text, Text::Literal(_)));
    let values: Vec<&str> = items.filter_map(|t| frame.text(t)).map(|v| v.text).filter(|v| !except(v)).collect();
    values.iter().enumerate().any(|(n, value)| values[..n].contains(value))
}

/// The check digit of 80840 and the ten digits (Luhn).
fn is_npi(number: &str) -> bool {
    if number.len() != 10 || !number.bytes().all(|b| b.is_ascii_digit()) {
        return false;
    }
    let digits = "80840".bytes().chain(number.bytes()).rev().map(|b| u32::from(b - b'0'));
    let sum: u32 = digits
        .enumerate()
        .map(|(n, digit)| match (n % 2 == 1, digit * 2) {
            (true, twice) if twice > 9 => twice - 9,
            (true, twice) => twice,
            (false, _) => digit,
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Eleven characters: digit 1-9, letter, letter or digit, digit, letter, letter or digit, digit, two letters, two
/// digits; no S, L, O, I, B, Z.
fn is_mbi(number: &str) -> bool {
    let letter = |b: u8| b.is_ascii_uppercase() && !b"SLOIBZ".contains(&b);
    let bytes = number.as_bytes();
    bytes.len() == 11
        && bytes.iter().zip(*b"CANNANNAANN").enumerate().all(|(n, (b, kind))| match (n, kind) {
            (_, b'C') => matches!(b, b'1'..=b'9'),
            (2 | 5, _) => b.is_ascii_digit() || letter(*b),
            (_, b'A') => letter(*b),
            _ => b.is_ascii_digit(),
        })
}

/// No area 000, 666 or 900 and above, no group 00, no serial 0000, not one digit nine times.
fn is_ssn(number: &str) -> bool {
    let bytes = number.as_bytes();
    bytes.len() == 9
        && bytes.iter().all(u8::is_ascii_digit)
        && !matches!(&number[..3], "000" | "666")
        && bytes[0] != b'9'
        && &number[3..5] != "00"
        && &number[5..] != "0000"
        && !bytes.iter().all(|b| *b == bytes[0])
}

/// A value of a text that is not blank.
pub(crate) fn filled(value: Value<'_>) -> Option<Value<'_>> {
    (!value.is_blank()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_and_forms_of_identifiers() {
        assert!(is_npi("1234567893") && !is_npi("1234567890") && !is_npi("123456789"));
        assert!(is_mbi("1EG4TE5MK73") && !is_mbi("1SG4TE5MK73") && !is_mbi("0EG4TE5MK73") && !is_mbi("1EG4TE5MK7"));
        assert!(is_ssn("123456789") && !is_ssn("666123456") && !is_ssn("111111111") && !is_ssn("123006789"));
        assert!(!is_ssn("000123456") && !is_ssn("900123456") && !is_ssn("123450000") && !is_ssn("12345678x"));
    }
}

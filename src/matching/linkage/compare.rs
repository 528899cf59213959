//! How two accounts agree, field by field, as a list of features for the weights.
//!
//! A field agrees on one of a few levels (exact, a slip, a nickname, an initial …). Levels of fields that lean on each other
//! (first name and birth date, number and first name, surname and address) are features together, so that twins,
//! spouses, and parent and child of one name are not taken for one person.

use std::collections::HashMap;

use super::person::{Name, Person};
use crate::matching::nicknames::are_related;
use crate::matching::similarity::{jaro_winkler, slips};

/// How often names occur, to tell a rare agreement from a common one.
#[derive(Debug, Default)]
pub(super) struct Rarity {
    counts: HashMap<String, u32>,
    total: f64,
}

impl Rarity {
    pub(super) fn of<'n>(names: impl Iterator<Item = &'n str>) -> Rarity {
        let mut rarity = Rarity::default();
        for name in names.filter(|name| !name.is_empty()) {
            match rarity.counts.get_mut(name) {
                Some(count) => *count += 1,
                None => {
                    rarity.counts.insert(name.to_owned(), 1);
                }
            }
            rarity.total += 1.0;
        }
        rarity
    }

    /// Doublings of rarity beyond one in a thousand, from -5 to 5, as a share of five.
    fn beyond(&self, name: &str) -> f64 {
        let count = self.counts.get(name).copied().map_or(0.5, f64::from);
        (((self.total + 1.0) / count).log2() - 10.0).clamp(-5.0, 5.0) / 5.0
    }
}

/// A feature: its name as the weights know it, and how much of it there is.
pub(super) type Features = Vec<(u32, f64)>;

/// Fields with the number of their levels; the place of a level is its feature's number.
const FIELDS: [(&str, u32); 17] = [
    ("bias", 1),
    ("last", 8),
    ("first", 9),
    ("middle", 6),
    ("birth", 12),
    ("ssn", 9),
    ("sex", 3),
    ("suffix", 4),
    ("street", 5),
    ("zip", 4),
    ("phone", 4),
    ("race", 3),
    ("first-birth", 9 * 12),
    ("ssn-first", 9 * 9),
    ("last-sex", 8 * 3),
    ("last-street", 8 * 5),
    ("rarity", 2),
];

/// How many features there are.
pub(super) const FEATURES: usize = {
    let (mut sum, mut at) = (0, 0);
    while at < FIELDS.len() {
        sum += FIELDS[at].1 as usize;
        at += 1;
    }
    sum
};

fn offset(field: usize) -> u32 {
    FIELDS.iter().take(field).map(|(_, levels)| levels).sum()
}

/// The name of a feature, as `first 3`.
pub(super) fn name_of(feature: usize) -> String {
    let mut at = u32::try_from(feature).unwrap_or(u32::MAX);
    for (field, levels) in FIELDS {
        if at < levels {
            return format!("{field} {at}");
        }
        at -= levels;
    }
    "none".into()
}

/// The features of a pair of accounts.
pub(super) fn features(one: &Person, other: &Person, lasts: &Rarity, firsts: &Rarity) -> Features {
    let swapped = is_swapped(one, other);
    let last = last_level(one, other, swapped);
    let first = first_level(one, other, swapped);
    let birth = birth_level(one, other);
    let ssn = ssn_level(&one.ssn, &other.ssn);
    let sex = match (one.sex, other.sex) {
        (1 | 2, 1 | 2) if one.sex == other.sex => 1,
        (1 | 2, 1 | 2) => 2,
        _ => 0,
    };
    let street = street_level(one, other);
    let levels = [
        (0, 0),
        (1, last),
        (2, first),
        (3, middle_level(one, other)),
        (4, birth),
        (5, ssn),
        (6, sex),
        (7, suffix_level(one, other)),
        (8, street),
        (9, zip_level(one, other)),
        (10, phone_level(&one.phone, &other.phone)),
        (11, race_level(one, other)),
        (12, first * 12 + birth),
        (13, ssn * 9 + first),
        (14, last * 3 + if one.sex == 2 || other.sex == 2 { 2 } else { sex.min(1) }),
        (15, last * 5 + street),
    ];
    let mut features: Features = levels.iter().map(|(field, level)| (offset(*field) + level, 1.0)).collect();
    if last == 1 {
        features.push((offset(16), lasts.beyond(&one.last.text)));
    }
    if first == 1 {
        features.push((offset(16) + 1, firsts.beyond(&one.first.text)));
    }
    features
}

fn is_close(one: &Name, other: &Name) -> bool {
    let length = one.letters.len().min(other.letters.len());
    (length >= 4 && slips(&one.letters, &other.letters) <= 1)
        || (length >= 3 && one.sound == other.sound && jaro_winkler(&one.letters, &other.letters) > 0.8)
        || (length >= 5 && jaro_winkler(&one.letters, &other.letters) > 0.93)
}

fn is_swapped(one: &Person, other: &Person) -> bool {
    let alike = |a: &Name, b: &Name| !a.is_empty() && (a.text == b.text || is_close(a, b));
    alike(&one.last, &other.first) && alike(&one.first, &other.last)
}

/// 0 missing, 1 equal, 2 close, 3 one of several surnames equal, 4 in the other's place, 5 different, 6 cut short, 7 one of
/// several close.
fn last_level(one: &Person, other: &Person, swapped: bool) -> u32 {
    let (a, b) = (&one.last, &other.last);
    if a.is_empty() || b.is_empty() {
        return 0;
    }
    if a.text == b.text {
        return 1;
    }
    if swapped {
        return 4;
    }
    let several = one.other_lasts.len() + other.other_lasts.len() > 0;
    if several && one.lasts().any(|a| other.lasts().any(|b| a.text == b.text)) {
        return 3;
    }
    if is_close(a, b) {
        return 2;
    }
    let (short, long) = if a.text.len() < b.text.len() { (a, b) } else { (b, a) };
    if short.letters.len() >= 4 && long.text.starts_with(&short.text) {
        return 6;
    }
    if several && one.lasts().any(|a| other.lasts().any(|b| is_close(a, b))) { 7 } else { 5 }
}

/// 0 missing, 1 equal, 2 nickname, 3 close, 4 initial, 5 the other's middle name, 6 in the surname's place, 7 different,
/// 8 cut short.
fn first_level(one: &Person, other: &Person, swapped: bool) -> u32 {
    let (a, b) = (&one.first, &other.first);
    if a.is_empty() || b.is_empty() {
        return 0;
    }
    if a.text == b.text {
        return 1;
    }
    if swapped {
        return 6;
    }
    if are_related(&a.text, &b.text) {
        return 2;
    }
    let (short, long) = if a.letters.len() < b.letters.len() { (a, b) } else { (b, a) };
    if short.letters.len() == 1 {
        return if long.letters.first() == short.letters.first() { 4 } else { 7 };
    }
    if is_close(a, b) {
        return 3;
    }
    if long.text.starts_with(&short.text) {
        return 8;
    }
    let middle = |name: &Name, of: &Person| of.middle.letters.len() > 1 && name.text == of.middle.text;
    if middle(a, other) || middle(b, one) { 5 } else { 7 }
}

/// 0 missing, 1 equal, 2 initial, 3 close, 4 the other's first name, 5 different.
fn middle_level(one: &Person, other: &Person) -> u32 {
    let (a, b) = (&one.middle, &other.middle);
    if a.is_empty() || b.is_empty() {
        return 0;
    }
    if a.text == b.text && a.letters.len() > 1 {
        return 1;
    }
    if a.letters.first() == b.letters.first() && (a.letters.len() == 1 || b.letters.len() == 1) {
        return 2;
    }
    if is_close(a, b) {
        return 3;
    }
    if a.text == other.first.text || b.text == one.first.text { 4 } else { 5 }
}

/// 0 missing, 1 equal, 2 equal as far as known, 3 day and month changed places, 4 one digit, 5 the same year and one is the
/// first of January, 6 the same day of another year, a year or ten off, 7 of any year, 8 the same month, 9 the same year,
/// 10 a few days off, 11 different.
fn birth_level(one: &Person, other: &Person) -> u32 {
    let ([y1, m1, d1], [y2, m2, d2]) = (one.birth, other.birth);
    if y1 == 0 || y2 == 0 {
        return 0;
    }
    if one.birth == other.birth {
        return if d1 > 0 { 1 } else { 2 };
    }
    let known = |a: u16, b: u16| a == 0 || b == 0 || a == b;
    if y1 == y2 && known(m1, m2) && known(d1, d2) {
        return 2;
    }
    if y1 == y2 && m1 == d2 && m2 == d1 {
        return 3;
    }
    if y1 == y2 && ((m1, d1) == (1, 1) || (m2, d2) == (1, 1)) {
        return 5;
    }
    if (m1, d1) == (m2, d2) && d1 > 0 {
        return if matches!(y1.abs_diff(y2), 1 | 10) || one_digit(y1, y2, 4) { 6 } else { 7 };
    }
    if y1 == y2 && m1 == m2 && d1.abs_diff(d2) <= 3 {
        return 10;
    }
    if y1 == y2 && ((m1 == m2 && one_digit(d1, d2, 2)) || (d1 == d2 && one_digit(m1, m2, 2))) {
        return 4;
    }
    match (y1 == y2, m1 == m2) {
        (true, true) => 8,
        (true, false) => 9,
        _ => 11,
    }
}

/// Numbers that differ in one digit or by two that changed places.
fn one_digit(a: u16, b: u16, width: usize) -> bool {
    one_slip(format!("{a:0width$}").as_bytes(), format!("{b:0width$}").as_bytes()).is_some()
}

#[derive(PartialEq, Eq)]
enum Slip {
    Digit,
    Places,
}

fn one_slip(a: &[u8], b: &[u8]) -> Option<Slip> {
    if a.len() != b.len() {
        return None;
    }
    let off: Vec<usize> = a.iter().zip(b).enumerate().filter(|(_, (x, y))| x != y).map(|(at, _)| at).collect();
    match off.as_slice() {
        [_] => Some(Slip::Digit),
        [i, j] if j - i == 1 && a.get(*i) == b.get(*j) && a.get(*j) == b.get(*i) => Some(Slip::Places),
        _ => None,
    }
}

/// 0 missing, 1 equal, 2 last four equal, 3 two digits changed places, 4 the last digit one off, 5 another digit off,
/// 6 last four differ, 7 nearly nothing equal, 8 several digits equal.
fn ssn_level(a: &[u8], b: &[u8]) -> u32 {
    if a.is_empty() || b.is_empty() {
        return 0;
    }
    if a.len() != b.len() {
        let tail = |number: &[u8]| number.get(number.len().saturating_sub(4)..).map(<[u8]>::to_vec);
        return if tail(a) == tail(b) { 2 } else { 6 };
    }
    if a == b {
        return if a.len() == 9 { 1 } else { 2 };
    }
    if a.len() == 4 {
        return 6;
    }
    match one_slip(a, b) {
        Some(Slip::Places) => 3,
        Some(Slip::Digit) => match (a.last(), b.last()) {
            (Some(x), Some(y)) if x != y && x.abs_diff(*y) == 1 => 4,
            _ => 5,
        },
        None => {
            let number = |digits: &[u8]| digits.iter().fold(0u64, |sum, digit| sum * 10 + u64::from(digit - b'0'));
            if number(a).abs_diff(number(b)) == 1 {
                return 4;
            }
            let equal = a.iter().zip(b).filter(|(x, y)| x == y).count();
            if equal >= 7 { 8 } else { 7 }
        }
    }
}

/// 0 neither has one, 1 equal, 2 one has one, 3 they contradict each other.
fn suffix_level(one: &Person, other: &Person) -> u32 {
    match (one.suffix.is_empty(), other.suffix.is_empty()) {
        (true, true) => 0,
        (false, false) if one.suffix == other.suffix => 1,
        (false, false) => 3,
        _ => 2,
    }
}

/// 0 missing, 1 equal, 2 the same number, 3 the same street, 4 different.
fn street_level(one: &Person, other: &Person) -> u32 {
    if one.street_name.is_empty() || other.street_name.is_empty() {
        return 0;
    }
    let number = !one.street_number.is_empty() && one.street_number == other.street_number;
    let letters = |text: &str| text.chars().collect::<Vec<char>>();
    let street = one.street_name == other.street_name
        || jaro_winkler(&letters(&one.street_name), &letters(&other.street_name)) > 0.92;
    match (number, street) {
        (true, true) => 1,
        (true, false) => 2,
        (false, true) => 3,
        (false, false) => 4,
    }
}

/// 0 missing, 1 equal, 2 the same city, 3 different.
fn zip_level(one: &Person, other: &Person) -> u32 {
    if one.zip.is_empty() || other.zip.is_empty() {
        0
    } else if one.zip == other.zip {
        1
    } else if !one.city.is_empty() && one.city == other.city {
        2
    } else {
        3
    }
}

/// 0 missing, 1 equal, 2 one slip, 3 different.
fn phone_level(a: &[u8], b: &[u8]) -> u32 {
    if a.is_empty() || b.is_empty() {
        0
    } else if a == b {
        1
    } else if one_slip(a, b).is_some() {
        2
    } else {
        3
    }
}

/// 0 unknown, 1 equal, 2 different.
fn race_level(one: &Person, other: &Person) -> u32 {
    let unknown = |race: &str| matches!(race, "" | "99" | "98" | "88");
    if unknown(&one.race) || unknown(&other.race) {
        0
    } else if one.race == other.race {
        1
    } else {
        2
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matching::linkage::person::Account;

    fn person(first: &str, last: &str, birth: &str, ssn: &str) -> Person {
        Person::of(&Account { first, last, birth, ssn, ..Account::default() })
    }

    #[test]
    fn every_feature_has_its_own_number_and_name() {
        let names: std::collections::HashSet<String> = (0..FEATURES).map(name_of).collect();
        assert_eq!(names.len(), FEATURES);
        assert_eq!(name_of(FEATURES), "none");
    }

    #[test]
    fn levels_tell_the_kinds_of_slips_apart() {
        let bill = person("BILL", "SMITH", "19500304", "123456789");
        let will = person("WILLIAM", "SMYTH", "19500403", "123456798");
        assert_eq!(first_level(&bill, &will, false), 2);
        assert_eq!(last_level(&bill, &will, false), 2);
        assert_eq!(birth_level(&bill, &will), 3);
        assert_eq!(ssn_level(&bill.ssn, &will.ssn), 3);
        assert_eq!(ssn_level(b"123456789", b"123456790"), 4);
        assert_eq!(ssn_level(b"6789", b"123456789"), 2);
        let swapped = person("SMITH", "BILL", "19600304", "");
        assert!(is_swapped(&bill, &swapped));
        assert_eq!(birth_level(&bill, &swapped), 6);
    }

    #[test]
    fn empty_accounts_have_features_too() {
        let nobody = person("", "", "", "");
        assert!(features(&nobody, &nobody, &Rarity::default(), &Rarity::default()).len() >= 16);
    }
}

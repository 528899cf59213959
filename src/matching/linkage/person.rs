//! An account of a person as it is compared: folded, sounded, taken apart.

use crate::matching::names::{fold, joined, surname_parts, surname_words};
use crate::matching::sounds::sound_key;

/// An account of a person, as the columns of a file give it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Account<'a> {
    /// Last name.
    pub last: &'a str,
    /// First name.
    pub first: &'a str,
    /// Middle name or initial.
    pub middle: &'a str,
    /// Generation, `JR`.
    pub suffix: &'a str,
    /// Surname at birth.
    pub birth_surname: &'a str,
    /// 1 male, 2 female, else unknown.
    pub sex: &'a str,
    /// Race.
    pub race: &'a str,
    /// `YYYYMMDD`, `YYYYMM` or less.
    pub birth: &'a str,
    /// Social Security number: nine digits, or the last four.
    pub ssn: &'a str,
    /// Street.
    pub street: &'a str,
    /// City.
    pub city: &'a str,
    /// ZIP.
    pub zip: &'a str,
    /// Telephone.
    pub phone: &'a str,
}

/// A name in the forms in which it is compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) text: String,
    pub(super) letters: Vec<char>,
    pub(super) sound: String,
}

impl Name {
    fn of(folded: &str) -> Name {
        Name { text: folded.to_owned(), letters: folded.chars().collect(), sound: sound_key(folded) }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }
}

/// An account made ready.
#[derive(Debug, Clone, Default)]
pub(super) struct Person {
    pub(super) last: Name,
    /// Parts of a double surname and the surname at birth.
    pub(super) other_lasts: Vec<Name>,
    pub(super) first: Name,
    pub(super) middle: Name,
    pub(super) suffix: String,
    pub(super) sex: u8,
    pub(super) race: String,
    /// Year, month, day; 0 when unknown.
    pub(super) birth: [u16; 3],
    /// Digits of the number: nine, four, or none.
    pub(super) ssn: Vec<u8>,
    pub(super) street_number: String,
    pub(super) street_name: String,
    pub(super) city: String,
    pub(super) zip: String,
    pub(super) phone: Vec<u8>,
}

fn digits(text: &str) -> Vec<u8> {
    text.bytes().filter(u8::is_ascii_digit).collect()
}

/// A number that stands for no number is none.
fn real_ssn(text: &str) -> Vec<u8> {
    let number = digits(text);
    let all_alike = number.windows(2).all(|pair| matches!(pair, [one, other] if one == other));
    match number.len() {
        9 if !all_alike && !number.starts_with(b"000") => number,
        4 if &number != b"0000" && &number != b"9999" => number,
        _ => Vec::new(),
    }
}

impl Person {
    pub(super) fn of(account: &Account<'_>) -> Person {
        let folded = fold(account.last);
        let words = surname_words(&folded);
        let last = Name::of(&joined(&words));
        let mut other_lasts: Vec<Name> = surname_parts(&words).into_iter().map(Name::of).collect();
        let birth_folded = fold(account.birth_surname);
        let birth_surname = joined(&surname_words(&birth_folded));
        if !birth_surname.is_empty() && birth_surname != last.text {
            other_lasts.push(Name::of(&birth_surname));
        }
        let part = |from: usize, to: usize| -> u16 {
            account.birth.get(from..to).and_then(|digits| digits.parse().ok()).unwrap_or(0)
        };
        let birth = [part(0, 4), part(4, 6), part(6, 8)].map(|part| if part == 99 || part == 9999 { 0 } else { part });
        let street = fold_street(account.street);
        let (street_number, street_name) = street.split_once(' ').unwrap_or(("", &street));
        let numbered = street_number.starts_with(|c: char| c.is_ascii_digit());
        Person {
            last,
            other_lasts,
            first: Name::of(&joined(&fold(account.first).split(' ').collect::<Vec<_>>())),
            middle: Name::of(&joined(&fold(account.middle).split(' ').collect::<Vec<_>>())),
            suffix: fold(account.suffix),
            sex: account.sex.parse().unwrap_or(9),
            race: account.race.trim().to_owned(),
            birth,
            ssn: real_ssn(account.ssn),
            street_number: if numbered { street_number.to_owned() } else { String::new() },
            street_name: if numbered { street_name.to_owned() } else { street.clone() },
            city: fold(account.city),
            zip: account.zip.trim().chars().take(5).collect(),
            phone: Some(digits(account.phone)).filter(|number| number.len() >= 7).unwrap_or_default(),
        }
    }

    pub(super) fn has_birth_day(&self) -> bool {
        self.birth.iter().all(|part| *part > 0)
    }

    /// Every surname the person goes by.
    pub(super) fn lasts(&self) -> impl Iterator<Item = &Name> {
        std::iter::once(&self.last).chain(&self.other_lasts).filter(|name| !name.is_empty())
    }
}

/// A street without its kind, direction and apartment: `5314 E ARTERBURN AVENUE APT 2` is `5314 ARTERBURN`.
fn fold_street(street: &str) -> String {
    const SKIPPED: &str = " N S E W NE NW SE SW NORTH SOUTH EAST WEST STREET ST AVENUE AVE ROAD RD DRIVE DR LANE LN COURT CT CIRCLE CIR \
         BOULEVARD BLVD WAY PLACE PL TERRACE TER PARKWAY PKWY HIGHWAY HWY TRAIL TRL ";
    let upper = street.to_uppercase();
    let words = upper.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let kept: Vec<&str> = words
        .take_while(|word| !matches!(*word, "APT" | "UNIT" | "STE" | "SUITE"))
        .filter(|word| !SKIPPED.contains(&format!(" {word} ")))
        .collect();
    kept.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streets_are_compared_without_kind_and_apartment() {
        assert_eq!(fold_street("5314 E Arterburn Avenue Apt 2"), "5314 ARTERBURN");
        assert_eq!(fold_street("5314 ARTERBURN AVE"), "5314 ARTERBURN");
    }

    #[test]
    fn numbers_that_stand_for_none_are_none() {
        assert!(real_ssn("999999999").is_empty() && real_ssn("").is_empty() && real_ssn("000121234").is_empty());
        assert_eq!(real_ssn("123-45-6789").len(), 9);
        assert_eq!(real_ssn("6789").len(), 4);
    }

    #[test]
    fn a_double_surname_is_also_its_parts() {
        let person = Person::of(&Account { last: "García-López", birth_surname: "Ruiz", ..Account::default() });
        let names: Vec<&str> = person.lasts().map(|name| name.text.as_str()).collect();
        assert_eq!(names, ["GARCIALOPEZ", "GARCIA", "LOPEZ", "RUIZ"]);
    }
}

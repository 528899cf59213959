//! NAPIIA: Asian and Pacific Islander race from coded races, birthplace and surnames. NAACCR algorithm as of August 2025,
//! which no longer looks at first names.

use std::borrow::Cow;

use super::nhia::hispanic_birthplace;
use super::surnames::{asian_race, pacific_race};

/// What NAPIIA looks at.
#[derive(Debug, Clone, Copy, Default)]
pub struct Races<'a> {
    /// `race1` to `race5`.
    pub coded: [&'a str; 5],
    /// `spanishHispanicOrigin`.
    pub hispanic: &'a str,
    /// `birthplaceCountry`.
    pub birthplace: &'a str,
    /// Sex: 1 male, 2 female.
    pub sex: &'a str,
    /// `nameLast`.
    pub name_last: &'a str,
    /// `nameBirthSurname`.
    pub name_birth_surname: &'a str,
}

/// What NAPIIA finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Napiia {
    /// `raceNapiia`.
    pub race: String,
    /// Why a person must look at it.
    pub review: Option<&'static str>,
}

#[derive(Default)]
struct Counted<'a> {
    none: usize,
    unknown: usize,
    other: usize,
    pacific: usize,
    asian: usize,
    specific: usize,
    hawaiian: usize,
    black_or_indian: usize,
    white: usize,
    first_specific: &'a str,
    first_black_or_indian: &'a str,
}

fn counted<'a>(races: &[&'a str; 5]) -> Counted<'a> {
    let mut count = Counted::default();
    for race in races {
        match *race {
            "" | "88" => count.none += 1,
            "99" => count.unknown += 1,
            "98" => count.other += 1,
            "97" => count.pacific += 1,
            "96" => count.asian += 1,
            "01" => count.white += 1,
            "02" | "03" => {
                if count.black_or_indian == 0 {
                    count.first_black_or_indian = race;
                }
                count.black_or_indian += 1;
            }
            race if race.len() == 2 && race.parse::<u8>().is_ok_and(|code| (4..=32).contains(&code)) => {
                if count.specific == 0 {
                    count.first_specific = race;
                }
                count.specific += 1;
                count.hawaiian += usize::from(race == "07");
            }
            _ => {}
        }
    }
    count
}

const SEVERAL_SPECIFIC: &str = "More than one race 04-32 and one race 96 or 97 (step 1.3.3).";
const WITH_OTHER: &str = "One or more races 02-03 and one race 96 (step 1.3.5).";
const BOTH_UNSPECIFIC: &str = "One race 96 and one race 97 (step 1.3.6).";
const MIXED_UNSPECIFIC: &str = "Multiple combination of races involving race 96 (step 1.3.7).";
const MIXED: &str = "Multiple combination of races (step 2.2.3).";

/// Race of Asians and Pacific Islanders, item 193.
pub fn napiia(races: &Races<'_>) -> Napiia {
    let first = races.coded[0];
    let count = counted(&races.coded);
    let is = |race: &str| Napiia { race: race.to_owned(), review: None };
    let review = |why: &'static str| Napiia { race: first.to_owned(), review: Some(why) };
    if count.asian + count.pacific == 0 {
        return if count.none == 4 || count.unknown == 5 {
            is(first)
        } else if count.white == 1 && count.none == 3 && count.black_or_indian + count.specific == 1 {
            is(if count.specific == 1 { count.first_specific } else { count.first_black_or_indian })
        } else if count.hawaiian == 1 && count.none < 4 {
            is("07")
        } else if count.none < 4 || count.none == 5 {
            review(MIXED)
        } else {
            is("")
        };
    }
    let one_unspecific = count.asian + count.pacific == 1;
    let unspecific = if count.asian > 0 { "96" } else { "97" };
    if one_unspecific && matches!(first, "96" | "97") && count.none == 4 {
        let coded_hispanic = matches!(races.hispanic, "1" | "2" | "3" | "4" | "5" | "6" | "8");
        let found = if coded_hispanic { None } else { by_birthplace(races, &count) };
        return is(found.unwrap_or(unspecific));
    }
    if count.specific == 1 && one_unspecific && count.none == 3 {
        return is(count.first_specific);
    }
    if count.hawaiian > 0 && one_unspecific {
        return is("07");
    }
    if count.specific > 1 && one_unspecific && count.specific + count.none == 4 {
        return review(SEVERAL_SPECIFIC);
    }
    if count.white == 1 && one_unspecific && count.none == 3 {
        return is(by_birthplace(races, &count).unwrap_or(unspecific));
    }
    if count.black_or_indian > 0 && one_unspecific && count.black_or_indian + count.none == 4 {
        return review(WITH_OTHER);
    }
    if count.asian == 1 && count.pacific == 1 {
        return review(BOTH_UNSPECIFIC);
    }
    review(MIXED_UNSPECIFIC)
}

fn by_birthplace(races: &Races<'_>, count: &Counted<'_>) -> Option<&'static str> {
    let asian = match races.birthplace {
        "XCH" | "CHN" | "HKG" | "TWN" | "MAC" => Some("04"),
        "JPN" => Some("05"),
        "PHL" => Some("06"),
        "KOR" | "PRK" => Some("08"),
        "VNM" => Some("10"),
        "KHM" => Some("13"),
        "THA" => Some("14"),
        "IND" => Some("16"),
        "PAK" => Some("17"),
        _ => None,
    };
    let pacific = match races.birthplace {
        "ASM" => Some("27"),
        "KIR" | "FSM" | "MHL" | "PLW" | "XMC" | "NRU" => Some("20"),
        "COK" | "TUV" | "TKL" | "XPL" | "PYF" | "NFK" | "PCN" | "WSM" | "TON" => Some("25"),
        _ => None,
    };
    if count.asian > 0 && asian.is_some() {
        return asian;
    }
    if count.pacific > 0 && pacific.is_some() {
        return pacific;
    }
    let elsewhere = matches!(
        races.birthplace,
        "MDV" | "NPL" | "BTN" | "BGD" | "LKA" | "MMR" | "XMS" | "MYS" | "SGP" | "BND" | "IDN" | "TLS" | "MNG"
    );
    if elsewhere || hispanic_birthplace(races.birthplace).is_some() {
        return None;
    }
    by_name(races, count)
}

fn by_name(races: &Races<'_>, count: &Counted<'_>) -> Option<&'static str> {
    let listed = |name: &str| {
        let asian = if count.asian > 0 { asian_race(name) } else { None };
        asian.or_else(|| if count.pacific > 0 { pacific_race(name) } else { None })
    };
    let sexed = matches!(races.sex, "1" | "2");
    let last: Cow<'_, str> = if sexed { races.name_last.trim().into() } else { races.name_last.into() };
    let birth = races.name_birth_surname.trim();
    if races.sex == "2" && !birth.is_empty() {
        return listed(birth).or_else(|| listed(&last));
    }
    listed(&last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(coded: [&str; 5], birthplace: &str) -> Napiia {
        napiia(&Races { coded, birthplace, sex: "1", ..Races::default() })
    }

    #[test]
    fn a_birthplace_makes_an_unspecific_race_specific() {
        assert_eq!(of(["96", "88", "88", "88", "88"], "PAK").race, "17");
        assert_eq!(of(["96", "88", "88", "88", "88"], "ASM").race, "96");
        assert_eq!(of(["97", "88", "88", "88", "88"], "ASM").race, "27");
    }

    #[test]
    fn a_specific_race_beside_an_unspecific_one_stands() {
        assert_eq!(of(["96", "05", "88", "88", "88"], "").race, "05");
        assert_eq!(of(["96", "97", "88", "88", "88"], "").review, Some(BOTH_UNSPECIFIC));
    }
}

//! NHIA: Hispanic origin from coded origin, birthplace, race and surnames. NAACCR Hispanic Identification Algorithm,
//! version 2.2.1 with the changes of August 2024.

use super::areas::is_low_hispanic;
use super::surnames::{is_heavily_hispanic, is_rarely_hispanic};

/// What NHIA looks at.
#[derive(Debug, Clone, Copy, Default)]
pub struct Origin<'a> {
    /// `spanishHispanicOrigin`.
    pub coded: &'a str,
    /// `birthplaceCountry`.
    pub birthplace: &'a str,
    /// `race1`.
    pub race: &'a str,
    /// `ihsLink`.
    pub ihs_link: &'a str,
    /// Sex: 1 male, 2 female.
    pub sex: &'a str,
    /// `nameLast`.
    pub name_last: &'a str,
    /// `nameBirthSurname`.
    pub name_birth_surname: &'a str,
}

/// The origin that a country of birth stands for.
pub(super) fn hispanic_birthplace(country: &str) -> Option<&'static str> {
    Some(match country {
        "MEX" => "1",
        "PRI" => "2",
        "CUB" => "3",
        "ZZC" | "GTM" | "HND" | "SLV" | "NIC" | "CRI" | "PAN" | "ZZS" | "COL" | "VEN" | "ECU" | "PER" | "BOL"
        | "CHL" | "ARG" | "PRY" | "URY" => "4",
        "ESP" | "AND" => "5",
        "DOM" => "8",
        _ => return None,
    })
}

/// Hispanic origin, item 191. `counties` are state and county at diagnosis of each tumor.
pub fn nhia<'a>(origin: &Origin<'_>, counties: impl Iterator<Item = (&'a str, &'a str)>, option: u8) -> &'static str {
    let specific_race = !matches!(origin.race, "96" | "97");
    let by_code = match origin.coded {
        "1" => Some("1"),
        "2" => Some("2"),
        "3" => Some("3"),
        "4" => Some("4"),
        "5" => Some("5"),
        "6" => Some("6"),
        "8" => Some("8"),
        _ => None,
    };
    if (matches!(origin.coded, "0" | "6" | "7" | "9") || !specific_race)
        && let Some(born) = hispanic_birthplace(origin.birthplace)
    {
        return born;
    }
    if origin.coded != "6" && specific_race && matches!(origin.coded, "0" | "7" | "9") {
        if matches!(origin.race, "03" | "06" | "07") || origin.ihs_link == "1" {
            return "0";
        }
        let mut counties = counties.peekable();
        let low = counties.peek().is_none() || counties.all(|(state, county)| is_low_hispanic(state, county));
        let names_count = match origin.coded {
            "0" => !low || option == 0,
            "9" => !low || option != 2,
            _ => true,
        };
        return if names_count && has_hispanic_name(origin) { "7" } else { "0" };
    }
    by_code.unwrap_or("0")
}

fn has_hispanic_name(origin: &Origin<'_>) -> bool {
    match origin.sex {
        "1" => is_heavily_hispanic(origin.name_last),
        "2" if is_heavily_hispanic(origin.name_birth_surname) => true,
        "2" if is_rarely_hispanic(origin.name_birth_surname) => false,
        "2" => is_heavily_hispanic(origin.name_last),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(origin: Origin<'_>, option: u8) -> &'static str {
        nhia(&origin, [("CA", "037")].into_iter(), option)
    }

    #[test]
    fn a_birth_surname_counts_more_than_the_married_name() {
        let woman = Origin { coded: "9", race: "01", sex: "2", name_last: "GARCIA", ..Origin::default() };
        assert_eq!(asked(woman, 0), "7");
        assert_eq!(asked(Origin { name_birth_surname: "AABERG", ..woman }, 0), "0");
        assert_eq!(asked(Origin { name_birth_surname: "GARCIA", name_last: "AABERG", ..woman }, 0), "7");
    }

    #[test]
    fn a_coded_origin_stands_and_a_birthplace_settles_an_unknown_one() {
        let coded = Origin { coded: "2", birthplace: "MEX", race: "01", ..Origin::default() };
        assert_eq!(asked(coded, 0), "2");
        assert_eq!(asked(Origin { coded: "9", ..coded }, 0), "1");
    }

    #[test]
    fn in_a_low_county_the_option_decides_about_names() {
        let man = Origin { coded: "9", race: "01", sex: "1", name_last: "GARCIA", ..Origin::default() };
        let low = |option| nhia(&man, [("AK", "050")].into_iter(), option);
        assert_eq!((low(0), low(1), low(2)), ("7", "7", "0"));
    }
}

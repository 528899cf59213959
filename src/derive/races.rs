//! Race recode for analysis, days to treatment, age groups.

use super::day::DateParts;

/// A tumor as the race recode needs it.
#[derive(Debug, Clone, Copy, Default)]
pub struct RaceTumor<'a> {
    /// `dateOfDiagnosis`.
    pub diagnosis: &'a str,
    /// `addrAtDxState`.
    pub state: &'a str,
}

/// `race1Recode` from the first two races, the link with the Indian Health Service and the tumors.
pub fn race_1_recode(race1: &str, race2: &str, ihs_link: &str, tumors: &[RaceTumor<'_>]) -> String {
    let number = |race: &str| race.parse::<u16>().ok();
    let second = number(race2).filter(|code| *code != 88);
    let coded = if number(race1).is_some() { race1 } else { "99" };
    if tumors.iter().any(|tumor| tumor.state.trim().eq_ignore_ascii_case("AK")) {
        return coded.to_owned();
    }
    let before_1991 = tumors.iter().any(|tumor| DateParts::read(tumor.diagnosis).year.is_some_and(|year| year < 1991));
    let from_second = (race1 == "01" && second.is_some_and(|code| (2..=97).contains(&code)))
        || (race1 == "98" && !before_1991 && second.is_some_and(|code| (1..=97).contains(&code)));
    match (ihs_link, if from_second { race2 } else { coded }) {
        ("9", _) => "99".to_owned(),
        ("1", "01" | "98" | "99") => "03".to_owned(),
        (_, race) => race.to_owned(),
    }
}

/// Days from diagnosis to first treatment, 000 to 998; 999 when either date is not a full one.
pub fn days_to_treatment(diagnosis: &str, treatment: &str) -> String {
    let full = |text: &str| DateParts::read(text).in_calendar().number();
    match (full(diagnosis), full(treatment)) {
        (Some(from), Some(to)) => format!("{:03}", (to - from).clamp(0, 998)),
        _ => "999".to_owned(),
    }
}

/// The age group of an age in years: 0, 1-4, then by five years; the last is 85+ with 19 groups, 90+ with 20.
pub fn age_group(age: u16, groups: u16) -> u16 {
    match age {
        0 => 1,
        1..=4 => 2,
        _ => (age / 5 + 2).min(groups),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn age_groups_end_where_the_standard_ends() {
        assert_eq!(
            [0, 1, 4, 5, 9, 10, 84, 85, 89, 90, 120].map(|age| age_group(age, 19)),
            [1, 2, 2, 3, 3, 4, 18, 19, 19, 19, 19]
        );
        assert_eq!([84, 85, 89, 90, 120].map(|age| age_group(age, 20)), [18, 19, 19, 20, 20]);
    }

    #[test]
    fn days_are_kept_within_three_digits() {
        assert_eq!(days_to_treatment("20061016", "20061011"), "000");
        assert_eq!(days_to_treatment("20021015", "20100214"), "998");
        assert_eq!(days_to_treatment("20021015", "201002"), "999");
        assert_eq!(days_to_treatment("20230229", "20230301"), "999");
    }

    #[test]
    fn the_second_race_counts_beside_white_but_not_in_alaska() {
        assert_eq!(race_1_recode("01", "02", "", &[]), "02");
        assert_eq!(race_1_recode("01", "02", "", &[RaceTumor { diagnosis: "2020", state: "ak" }]), "01");
        assert_eq!(race_1_recode("98", "02", "1", &[RaceTumor { diagnosis: "1990", state: "" }]), "03");
    }
}

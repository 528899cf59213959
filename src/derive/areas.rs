//! Counties and what is known of them: valid pairs, low-Hispanic counties, IHS purchased/referred care areas, urban Indian
//! health organizations, rural-urban continuum, county at diagnosis for analysis.
//!
//! States are compared in capitals without blanks; registries of a part of a state stand for the state.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::parts::year;
use crate::codes::table::{cells, lines};

const TABLE: &str = include_str!("../../reference/derive/counties.tsv");

#[derive(Debug, Clone, Copy, Default)]
struct County {
    exists: bool,
    low_hispanic: bool,
    prcda_2017: bool,
    prcda_2020: bool,
    uiho_facility: &'static str,
    continuum: [&'static str; 3],
}

static COUNTIES: LazyLock<HashMap<(&'static str, &'static str), County>> = LazyLock::new(|| {
    lines(TABLE)
        .map(|line| {
            let [state, county, marks, uiho_facility, y1993, y2003, y2013] = cells::<7>(line);
            let marked = |mark| marks.contains(mark);
            let facts = County {
                exists: marked('c'),
                low_hispanic: marked('h'),
                prcda_2017: marked('7'),
                prcda_2020: marked('0'),
                uiho_facility,
                continuum: [y1993, y2003, y2013],
            };
            ((state, county), facts)
        })
        .collect()
});

/// A state as it is compared.
fn state_of(text: &str) -> String {
    let state = text.trim().to_uppercase();
    match &*state {
        "AT" => "GA".into(),
        "DT" => "MI".into(),
        "GB" | "LO" => "CA".into(),
        "SE" => "WA".into(),
        _ => state,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Validity {
    Valid,
    Unknown,
    Invalid,
}

const STATES: &str = " AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND \
     OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY ";
const TERRITORIES: &str = " AS GU MP PW PR UM VI FM MH TT ";
const PROVINCES: &str = " AB BC MB NB NL NS NT NU ON PE QC SK YT ";
const MILITARY: &str = " AA AE AP ";

fn listed(list: &str, state: &str) -> bool {
    state.len() == 2 && list.contains(&format!(" {state} "))
}

fn state_validity(state: &str) -> Validity {
    if matches!(state, "" | "CD" | "US" | "XX" | "YY" | "ZZ") {
        Validity::Unknown
    } else if [STATES, TERRITORIES, PROVINCES, MILITARY].iter().any(|list| listed(list, state)) {
        Validity::Valid
    } else {
        Validity::Invalid
    }
}

fn county_validity(county: &str) -> Validity {
    match county {
        "" | "999" => Validity::Unknown,
        _ if county.len() == 3 && county.bytes().all(|byte| byte.is_ascii_digit()) => Validity::Valid,
        _ => Validity::Invalid,
    }
}

/// NHIA does not look at surnames of origin-unknown people here, if the option says so.
pub(super) fn is_low_hispanic(state: &str, county: &str) -> bool {
    matches!(county, "" | "998" | "999")
        || COUNTIES.get(&(&*state_of(state), county)).is_some_and(|facts| facts.low_hispanic)
}

const WHOLE_STATES_IN: &str = " AK CT NV OK SC ";
const WHOLE_STATES_OUT: &str = " AR DE DC GA HI IL KY MD MO NH NJ OH TN VT WV ";

/// IHS purchased/referred care delivery area by the boundaries of 2020 and of 2017: 1 in, 0 out, 9 unknown.
pub fn prcda(state: &str, county: &str) -> [&'static str; 2] {
    let state = state_of(state);
    if listed(WHOLE_STATES_IN, &state) {
        return ["1", "1"];
    }
    if [WHOLE_STATES_OUT, TERRITORIES, PROVINCES, MILITARY].iter().any(|list| listed(list, &state)) {
        return ["0", "0"];
    }
    let county = county.trim();
    if !both_valid(&state, county) || county == "000" {
        return ["9", "9"];
    }
    let facts = COUNTIES.get(&(&*state, county)).copied().unwrap_or_default();
    let code = |inside: bool| if inside { "1" } else { "0" };
    [code(facts.prcda_2020), code(facts.prcda_2017)]
}

fn both_valid(state: &str, county: &str) -> bool {
    state_validity(state) == Validity::Valid && county_validity(county) == Validity::Valid
}

/// Urban Indian health organization: 1 in its area, 0 not, 9 unknown; and the organization's number.
pub fn uiho(state: &str, county: &str) -> [&'static str; 2] {
    let (state, county) = (state_of(state), county.trim());
    if !both_valid(&state, county) || county == "000" {
        return ["9", "99"];
    }
    match COUNTIES.get(&(&*state, county)).map(|facts| facts.uiho_facility) {
        Some(facility) if !facility.is_empty() => ["1", facility],
        _ => ["0", "00"],
    }
}

/// Rural-urban continuum of 1993, 2003 and 2013.
pub fn rural_urban_continuum(state: &str, county: &str) -> [&'static str; 3] {
    let (state, county) = (state_of(state), county.trim());
    let (of_state, of_county) = (state_validity(&state), county_validity(county));
    if of_state == Validity::Invalid || of_county == Validity::Invalid {
        ["96"; 3]
    } else if of_state == Validity::Unknown || of_county == Validity::Unknown {
        ["99"; 3]
    } else if county == "000" {
        ["97"; 3]
    } else {
        let codes = COUNTIES.get(&(&*state, county)).map_or([""; 3], |facts| facts.continuum);
        codes.map(|code| if code.is_empty() { "98" } else { code })
    }
}

/// Where a tumor was diagnosed, by report and by geocoding.
#[derive(Debug, Clone, Copy, Default)]
pub struct AtDiagnosis<'a> {
    /// `dateOfDiagnosis`.
    pub diagnosis: &'a str,
    /// `addrAtDxState`.
    pub state: &'a str,
    /// `countyAtDx`.
    pub reported: &'a str,
    /// `countyAtDxGeocode1990`, `…2000`, `…2010`, `…2020`.
    pub geocoded: [&'a str; 4],
    /// `censusTrCert19708090`, `censusTrCertainty2000`, `…2010`, `censusTractCertainty2020`.
    pub certainty: [&'a str; 4],
}

/// County at diagnosis for analysis (item 89) and the rule that chose it.
pub fn county_for_analysis(at: &AtDiagnosis<'_>) -> (String, &'static str) {
    let state = state_of(at.state);
    let Some(year) = year(at.diagnosis).filter(|_| !state.is_empty()) else { return ("999".into(), "10") };
    if listed(PROVINCES, &state) {
        return ("998".into(), "9");
    }
    let decade = match year {
        ..2000 => 0,
        2000..2010 => 1,
        2010..2020 => 2,
        2020.. => 3,
    };
    let pick = |of: &[&'_ str; 4]| of.get(decade).map_or_else(String::new, |text| text.trim().to_owned());
    let (geocoded, certainty) = (pick(&at.geocoded), pick(&at.certainty));
    let reported = at.reported.trim().to_owned();
    if reported.is_empty() && geocoded.is_empty() {
        return ("999".into(), "10.1");
    }
    let blank = |county: &str| county.bytes().all(|byte| byte == b'9');
    if blank(&geocoded) {
        return (reported, "2.1");
    }
    if geocoded == reported {
        return (reported, "2");
    }
    if !COUNTIES.get(&(&*state, &*geocoded)).is_some_and(|facts| facts.exists) {
        return (reported, "2.2");
    }
    let known = matches!(&*certainty, "1" | "2" | "3" | "4" | "5" | "6");
    match &*certainty {
        _ if known && blank(&reported) => (geocoded, "3"),
        "1" | "6" => (geocoded, "4"),
        "2" | "3" | "4" => (reported, "7"),
        "5" => (reported, "5"),
        _ if blank(&reported) => (geocoded, "6.1"),
        _ => (reported, "6"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registries_of_a_part_of_a_state_stand_for_the_state() {
        assert_eq!(rural_urban_continuum("LO", "037"), rural_urban_continuum("CA", "037"));
        assert_eq!(rural_urban_continuum("QQ", "037"), ["96"; 3]);
        assert_eq!(rural_urban_continuum("CA", "000"), ["97"; 3]);
        assert_eq!(rural_urban_continuum("CA", ""), ["99"; 3]);
    }

    #[test]
    fn whole_states_are_in_even_without_a_county() {
        assert_eq!(prcda("AK", ""), ["1", "1"]);
        assert_eq!(prcda("OH", "999"), ["0", "0"]);
        assert_eq!(prcda("AL", ""), ["9", "9"]);
    }

    #[test]
    fn a_sure_geocode_wins_over_the_report() {
        let at = AtDiagnosis {
            diagnosis: "2015",
            state: "GA",
            reported: "089",
            geocoded: ["", "", "121", ""],
            certainty: ["", "", "1", ""],
        };
        assert_eq!(county_for_analysis(&at), ("121".into(), "4"));
        assert_eq!(county_for_analysis(&AtDiagnosis { certainty: ["", "", "5", ""], ..at }), ("089".into(), "5"));
        assert_eq!(county_for_analysis(&AtDiagnosis { state: "ON", ..at }), ("998".into(), "9"));
    }
}

//! Who asks for an item in a case: the union over those the registry reports to.
//!
//! In go the rows of `reference/required.tsv` and the case's year, class, vital status and schema; out comes for each item
//! which of the four places N S C St ask for it, how firmly, and the rows that say so. A row that nobody could confirm
//! stays marked: its item is shown and asked for, and never holds a completion back by itself. A hospital that is not
//! accredited drops what only the CoC asks for.

use std::collections::HashMap;

use crate::edits::{ClassGroup, Requirement, Status, requirements};

/// The places of the row, in order: NPCR, SEER, CoC, state.
pub const PLACES: [(&str, &str); 4] = [("N", "NPCR"), ("S", "SEER"), ("C", "CoC"), ("St", "State")];

/// Whom a registry reports to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recipients(pub [bool; 4]);

impl Recipients {
    /// Reads the setting `abstract.recipients`; the CoC counts for accredited facilities only.
    pub fn read(setting: &str, accredited: bool) -> Recipients {
        let named = |name: &str| setting.split([',', ' ', ';']).any(|word| word.eq_ignore_ascii_case(name));
        Recipients([named("NPCR"), named("SEER"), named("CoC") && accredited, named("State")])
    }
}

/// What of a case decides who asks.
#[derive(Debug, Clone, Copy, Default)]
pub struct Of<'a> {
    /// Year of diagnosis.
    pub year: Option<u16>,
    /// Class of case; empty while it is not known, which counts as analytic.
    pub class: &'a str,
    /// Vital status.
    pub vital_status: &'a str,
    /// Schema of the case.
    pub schema: &'a str,
}

/// Who asks for one item.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Need {
    /// By place.
    pub asks: [bool; 4],
    /// Must be filled, by at least one of them; otherwise only if it is known.
    pub required: bool,
    /// Filled by the program.
    pub derived: bool,
    /// At least one row that asks was confirmed in a document.
    pub verified: bool,
    /// The rows.
    pub rows: Vec<&'static Requirement>,
}

/// Who asks for what in a case.
#[derive(Debug, Clone, Default)]
pub struct Needs(HashMap<&'static str, Need>);

impl Needs {
    /// Of a case.
    pub fn of(recipients: Recipients, of: Of<'_>) -> Needs {
        let mut needs: HashMap<&'static str, Need> = HashMap::new();
        for row in requirements() {
            let applies = row.years.hold(of.year)
                && holds(row.class, of)
                && (row.schema.is_empty() || row.schema == of.schema)
                && row.status != Status::Historical;
            let places = places(row.standard);
            if !applies || !places.iter().zip(recipients.0).any(|(place, wanted)| *place && wanted) {
                continue;
            }
            let need = needs.entry(row.item.id()).or_default();
            for ((asks, place), wanted) in need.asks.iter_mut().zip(places).zip(recipients.0) {
                *asks |= place && wanted;
            }
            need.required |= row.status == Status::Required;
            need.derived |= row.status == Status::Derived;
            need.verified |= row.verified;
            need.rows.push(row);
        }
        Needs(needs)
    }

    /// Of one item; none when nobody asks for it.
    pub fn item(&self, id: &str) -> Option<&Need> {
        self.0.get(id)
    }
}

/// A state registry takes what NAACCR certifies and what NPCR asks it for.
fn places(standard: &str) -> [bool; 4] {
    match standard {
        "NPCR" => [true, false, false, true],
        "SEER" => [false, true, false, false],
        "CoC" => [false, false, true, false],
        _ => [false, false, false, true],
    }
}

fn holds(group: ClassGroup, of: Of<'_>) -> bool {
    match group {
        ClassGroup::All => true,
        ClassGroup::Analytic => of.class.is_empty() || matches!(of.class.parse::<u8>(), Ok(0..=22)),
        ClassGroup::Treated => of.class.is_empty() || matches!(of.class.parse::<u8>(), Ok(10..=22)),
        ClassGroup::Dead => of.vital_status == "0",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Recipients = Recipients([true; 4]);

    #[test]
    fn a_facility_that_is_not_accredited_drops_what_only_the_coc_asks_for() {
        let of = Of { year: Some(2024), class: "14", ..Of::default() };
        let with = Needs::of(Recipients::read("NPCR, SEER, CoC, State", true), of);
        let without = Needs::of(Recipients::read("NPCR, SEER, CoC, State", false), of);
        let only_coc = with.0.iter().filter(|(_, need)| need.asks == [false, false, true, false]).count();
        assert!(only_coc > 5);
        assert_eq!(with.0.len() - only_coc, without.0.len());
        assert!(without.0.values().all(|need| !need.asks[2]));
        assert_eq!(without.item("primarySite").map(|need| need.asks), Some([true, true, false, true]));
    }

    #[test]
    fn year_class_and_vital_status_decide() {
        let asked = |of: Of<'_>, id: &str| Needs::of(ALL, of).item(id).is_some_and(|need| need.required);
        let of = Of { year: Some(2024), class: "14", vital_status: "1", ..Of::default() };
        assert!(asked(of, "dateOfLastCancerStatus"));
        assert!(!asked(Of { class: "43", ..of }, "dateOfLastCancerStatus"));
        assert!(!asked(Of { year: Some(2015), ..of }, "dateOfLastCancerStatus"));
        assert!(!asked(of, "causeOfDeath") && asked(Of { vital_status: "0", ..of }, "causeOfDeath"));
    }

    #[test]
    fn unconfirmed_rows_stay_marked() {
        let needs = Needs::of(ALL, Of { year: Some(2024), class: "14", ..Of::default() });
        assert!(needs.item("dateOfLastCancerStatus").is_some_and(|need| need.verified));
        assert!(needs.item("primarySite").is_some_and(|need| !need.verified));
    }
}

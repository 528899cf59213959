//! Derived variables: what registries compute from the items of a case.
//!
//! In: items of a patient and of each tumor ([`Case`]) and [`Params`] (the year that counts as now, the last year of a
//! study). Out: values of derived items. Each [`Derivation`] is registered with its name, edition, inputs and outputs
//! ([`DERIVATIONS`]); the rules behind them can be called with plain codes (`site_recode("C619", "8140")`).
//!
//! No rule reads a clock and nothing is refused: codes that are not well formed have the rule's code for unknown. Tables
//! are compiled in from `reference/derive` (`accession reference build`). Rules: the SEER and NAACCR algorithms named
//! in each file; `docs/derived.md` says which editions and what is not shipped.

mod areas;
mod breast;
mod case;
mod day;
mod death;
mod grade;
mod historic_stage;
mod iarc;
mod icdo2;
mod napiia;
mod nhia;
mod parts;
mod races;
mod recode;
mod registered;
mod sites;
mod surnames;
mod survival;
mod tumor_size;

pub use areas::{AtDiagnosis, county_for_analysis, prcda, rural_urban_continuum, uiho};
pub use breast::{BreastCategory, Markers, breast_category};
pub use case::{Case, Derived, Items, Outputs, Params, Value};
pub use day::DateParts;
pub use death::{CauseOfDeath, Death, DeathEdition, cause_of_death};
pub use grade::summary_grade;
pub use historic_stage::{ExtentOfDisease, historic_stage};
pub use iarc::{IarcTumor, iarc_multiple_primary};
pub use icdo2::{Conversion, Icdo2, to_icdo2};
pub use napiia::{Napiia, Races, napiia};
pub use nhia::{Origin, nhia};
pub use races::{RaceTumor, age_group, days_to_treatment, race_1_recode};
pub use recode::{Group, Recode};
pub use registered::{DERIVATIONS, Derivation, named};
pub use sites::{
    aya_2008, aya_2020, behavior_recode, brain_2020, iccc, iccc_3, iccc_major_category, iccc_who_2008, lymphoid_2021,
    site_recode, site_recode_2003, site_recode_2023,
};
pub use survival::{DAYS_A_MONTH, Followed, Measure, Survival, TimedTumor, TumorSurvival, survival};
pub use tumor_size::{Sizes, tumor_size_over_time};

//! Code tables: what a code means, which codes there are, how to find one by words.
//!
//! In: an item's NAACCR XML id, a value, and the [`Context`] of the case (site, histology, behavior, year, sex, state,
//! schema). Out: [`meaning`], the words beside a code; [`choices`], the list for a lookup; [`search`], codes by number or
//! words, ranked, those that fit the case first. Below them the tables themselves: ICD-O-3.2 topography and morphology,
//! the site/type list, surgery by site and year, counties, ICD to and from ICD-O-3, IARC families, causes of death.
//!
//! A code that is not in a table has no meaning and is not refused here: judging values is the business of edits.
//! Tables are compiled in from `reference/codes` (made by `accession reference build`) and read on first use; each
//! names its edition and origin (`docs/reference.md`). Labels of AJCC and Collaborative Stage codes are not compiled in.

mod causes;
mod choices;
mod context;
mod editions;
mod geography;
mod iarc;
mod icd;
mod items;
mod meaning;
mod morphology;
mod search;
mod site_type;
mod surgery;
pub(crate) mod table;
mod topography;

pub use causes::{cause, causes_under, long_causes, short_causes};
pub use choices::{Choice, choices};
pub use context::Context;
pub use editions::{Edition, editions};
pub use geography::{County, counties, county, real_state};
pub use iarc::{Bearing, Family, Rule, family, family_name, is_likely, rules as iarc_rules};
pub use icd::{Classification, Start, to_icd10, to_icdo3};
pub use items::is_coded;
pub use meaning::{Meaning, Retired, meaning};
pub use morphology::{Morphology, Standing, Term, behaviors_of, morphologies, morphology};
pub use search::{Hit, search};
pub use site_type::{group_name, is_accepted, is_accepted_histology};
pub use surgery::{Operation, SurgeryTable, all_surgery_tables, surgery_table, surgery_tables};
pub use table::Head;
pub use topography::{Side, Site, site, sites};

/// The folder of official files, for tests that compare with them.
#[cfg(test)]
fn shared() -> std::path::PathBuf {
    std::env::var_os("ACCESSION_SHARED")
        .map_or_else(|| std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), std::path::PathBuf::from)
}

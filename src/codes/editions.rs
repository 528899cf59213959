//! Every table of this room with its edition, origin and size.

use super::{causes, geography, iarc, icd, items, morphology, site_type, surgery, topography};
use crate::naaccr::value_sets;

/// A table that is compiled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edition {
    /// Its name, as `topography`.
    pub name: &'static str,
    /// Edition.
    pub edition: &'static str,
    /// Origin.
    pub origin: &'static str,
    /// How many codes (pairs, rows) it holds.
    pub size: usize,
}

/// The tables, for `standards list` and the page of standards.
pub fn editions() -> Vec<Edition> {
    let of = |name, head: super::Head, size| Edition { name, edition: head.edition, origin: head.origin, size };
    let [to_icdo3, to_icd10] = icd::editions();
    let [units, added] = items::editions();
    let icd = [icd::Classification::Icd10Cm, icd::Classification::Icd10, icd::Classification::Icd9Cm];
    let values = value_sets::items().filter_map(value_sets::value_set).map(|s| s.codes().len()).sum();
    vec![
        Edition {
            name: "value-sets",
            edition: value_sets::edition(),
            origin: "NAACCR item lookups and data dictionary",
            size: values,
        },
        of("topography", topography::edition(), topography::sites().len()),
        of("morphology", morphology::edition(), morphology::morphologies().len()),
        of("site-type", site_type::edition(), site_type::size()),
        of("surgery", surgery::edition(), surgery::all_surgery_tables().iter().map(|t| t.operations.len()).sum()),
        of("counties", geography::edition(), geography::size()),
        of("icd-to-icdo3", to_icdo3, icd.into_iter().map(icd::size).sum()),
        of("icdo3-to-icd10", to_icd10, icd::size_back()),
        of("iarc", iarc::edition(), iarc::size().0),
        of("causes", causes::edition(), causes::size()),
        of("units", units, items::sizes()[0]),
        of("added", added, items::sizes()[1]),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_names_edition_and_origin_and_is_not_empty() {
        for table in editions() {
            assert!(!table.edition.is_empty() && !table.origin.is_empty() && table.size > 0, "{table:?}");
        }
    }
}

//! Solid Tumor Rules from 2018: malignant and non-malignant tumors of the central nervous system.

use super::Verdict::{Multiple, Questionable, Single};
use super::sets::{Rows, Set, Sites, codes, sets};
use super::step::{END, NOTHING, Said, answer, answer_if, different_subtypes, potential, same_row};
use super::tumor::{Later, Pair, Tumor, m};

sets! {
    GLIAL: Set = "glial_tumor_2018";
    MALIGNANT_SUBTYPES: Rows = "malignant_cns_2018_table3_subtypes";
    MALIGNANT_ROWS: Rows = "malignant_cns_2018_table3_rows";
    BENIGN_SUBTYPES: Set = "non_malignant_cns_2018_table6_subtypes";
    BENIGN_ROWS_2018: Rows = "non_malignant_cns_2018_table6_rows";
    BENIGN_ROWS_2023: Rows = "non_malignant_cns_2023_table6_rows";
    MENINGIOMAS: Set = "cns_2018_meningiomas";
}
codes! {
    OF_GLIOMA: Set = "9430,9400,9401,9411,9385,9391,9392,9396,9393,9450,9451,9424";
    OF_LOW_GRADE_GLIOMA: Set =
        "9383/1,9394/1,9444/1,9384/1,9412/1,9413/0,9505/1,9506/1,9492/0,9493/0,9509/1,8693/1";
    BOTH_SIDES_ONE: Sites = "C700,C710-C714,C722-C725";
}

fn is_brain(tumor: &Tumor) -> bool {
    (710..=719).contains(&tumor.site)
}

/// Parts of the nervous system of which exactly one site lies in one.
fn in_other_part(pair: &Pair, nerve_meninges: u16) -> bool {
    let part = |low: u16, high: u16| (low..=high).contains(&pair.a.site) != (low..=high).contains(&pair.b.site);
    part(710, 719)
        || part(721, 721)
        || part(700, 700)
        || part(722, 725)
        || part(nerve_meninges, nerve_meninges)
        || part(720, 720)
        || part(701, 701)
}

/// Rows differ; a row of unspecified tumors decides nothing.
fn different_specified_rows(pair: &Pair, one: Option<&str>, other: Option<&str>) -> Said {
    if pair.same_specified_morphology() {
        return NOTHING;
    }
    match (one, other) {
        (Some(one), Some(other)) if !one.starts_with("8000") && !other.starts_with("8000") => {
            answer_if(one != other, Multiple)
        }
        _ => answer(Questionable),
    }
}

pub(super) fn malignant(step: &str, pair: &Pair) -> Said {
    let rows = || (MALIGNANT_ROWS.row(&pair.a), MALIGNANT_ROWS.row(&pair.b));
    let glioblastoma = |tumor: &Tumor| tumor.histology == 9440;
    match step {
        "M7" if !pair.same_histology() && pair.split(glioblastoma, |tumor| GLIAL.holds(tumor)) => match pair.later() {
            Later::Unknown => potential(Multiple),
            Later::A => answer_if(glioblastoma(&pair.a), Multiple),
            Later::B => answer_if(glioblastoma(&pair.b), Multiple),
            Later::Same => NOTHING,
        },
        "M8" => answer_if(pair.same_histology() && pair.both(is_brain), Single),
        "M9" => {
            let nerve = |tumor: &Tumor| (722..=725).contains(&tumor.site);
            answer_if(in_other_part(pair, 709) || (pair.both(nerve) && !pair.same_site()), Multiple)
        }
        "M10" => {
            let subtypes = (MALIGNANT_SUBTYPES.row(&pair.a), MALIGNANT_SUBTYPES.row(&pair.b));
            answer_if(different_subtypes(subtypes.0, subtypes.1), Multiple)
        }
        "M11" => {
            let of_glioma = pair.split(|tumor| tumor.histology == 9380, |tumor| OF_GLIOMA.holds(tumor));
            answer_if(of_glioma, Single)
        }
        "M12" => same_row(pair, rows().0, rows().1),
        "M13" => different_specified_rows(pair, rows().0, rows().1),
        "M14" => END,
        _ => NOTHING,
    }
}

fn benign_row(tumor: &Tumor) -> Option<&'static str> {
    if tumor.year >= 2023 { BENIGN_ROWS_2023.row(tumor) } else { BENIGN_ROWS_2018.row(tumor) }
}

/// One primary, but for two kinds that a person must look at.
fn same_kind(pair: &Pair) -> Said {
    let only = |histology: u16| pair.both(|tumor| tumor.histology == histology);
    let unsure = only(9413) || (only(9509) && pair.a.behavior != pair.b.behavior);
    answer(if unsure { Questionable } else { Single })
}

pub(super) fn non_malignant(step: &str, pair: &Pair) -> Said {
    let rows = || (benign_row(&pair.a), benign_row(&pair.b));
    match step {
        "M7" => {
            let morphology = pair.a.morphology();
            let bilateral = pair.same_site()
                && BOTH_SIDES_ONE.holds(pair.a.site)
                && pair.opposite_sides()
                && morphology == pair.b.morphology()
                && (morphology == m(9560, 0) || morphology == m(9421, 1));
            answer_if(bilateral, Single)
        }
        "M8" => answer_if(in_other_part(pair, 700), Multiple),
        "M9" => answer_if(!pair.same_histology() && pair.both(|tumor| BENIGN_SUBTYPES.holds(tumor)), Multiple),
        "M10" => answer_if(pair.both(|tumor| tumor.site == 700 && MENINGIOMAS.holds(tumor)), Single),
        "M11" if pair.same_histology() && pair.both(is_brain) => same_kind(pair),
        "M12" => match rows() {
            _ if pair.same_specified_morphology() => same_kind(pair),
            (Some(one), Some(other)) if one == other => same_kind(pair),
            (Some(_), Some(_)) => NOTHING,
            _ => answer(Questionable),
        },
        "M13" => {
            let of_glioma =
                pair.split(|tumor| tumor.morphology() == m(9380, 1), |tumor| OF_LOW_GRADE_GLIOMA.holds(tumor));
            answer_if(of_glioma, Single)
        }
        "M14" => different_specified_rows(pair, rows().0, rows().1),
        "M15" => END,
        _ => NOTHING,
    }
}

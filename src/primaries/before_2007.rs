//! General rules for diagnoses to 2006: benign brain tumors, and solid malignant tumors.

use std::sync::LazyLock;

use super::Verdict::{Multiple, Single};
use super::sets::{Rows, Set, Sites, codes, sets};
use super::step::{END, NOTHING, Said, answer, answer_if, potential};
use super::tumor::{Pair, Time, Tumor};

sets! {
    GROUPING: Rows = "benign_brain_2004_histology_grouping";
    PAIRED: Sites = "all_paired_sites";
    EXACT: Sites = "exact_match_sites";
    SMALL_CELL: Set = "small_cell_carcinoma";
    NON_SMALL_CELL: Set = "non_small_cell_carcinoma";
    RETINOBLASTOMA: Set = "retino_blastoma";
    TRANSITIONAL: Set = "transitional_cell_carcinoma";
    PAPILLARY_TRANSITIONAL: Set = "papillary_transitional_cell_carcinoma";
    CARCINOMA: Set = "carcinoma_nos";
    SPECIFIC_CARCINOMA: Set = "carcinoma_specific";
    ADENOCARCINOMA: Set = "adenocarcinoma_nos";
    SPECIFIC_ADENOCARCINOMA: Set = "adenocarcinoma_specific";
    MELANOMA: Set = "melanoma_nos";
    SPECIFIC_MELANOMA: Set = "melanoma_specific";
    SARCOMA: Set = "sarcoma_nos";
    SPECIFIC_SARCOMA: Set = "sarcoma_specific";
    POLYPOSIS: Set = "famillial_polyposis";
    FOLLICULAR: Set = "follicular";
    PAPILLARY: Set = "papillary";
    DUCT: Set = "duct_carcinoma";
    LOBULAR: Set = "lobular_carcinoma";
    PAGET: Set = "paget_disease";
    INTRADUCTAL: Set = "intraductal_carcinoma";
}
codes! {
    BLADDER_PAPILLARY: Set = "8050";
}

/// Organs within which sites count as one.
static ORGANS: LazyLock<[Sites; 14]> = LazyLock::new(|| {
    [
        Sites::named("tongue"),
        Sites::named("mouth"),
        Sites::named("salivary"),
        Sites::named("oropharynx"),
        Sites::named("hypopharynx"),
        Sites::named("biliary"),
        Sites::named("sinus"),
        Sites::named("lung"),
        Sites::named("mediastinum"),
        Sites::named("female_genital"),
        Sites::named("ovary_or_female_genital"),
        Sites::named("male_genital"),
        Sites::named("kidney_or_urinary"),
        Sites::named("endocrine"),
    ]
});

pub(super) fn benign_brain(step: &str, pair: &Pair) -> Said {
    let site = pair.same_category();
    let histology = match (GROUPING.row(&pair.a), GROUPING.row(&pair.b)) {
        (Some(one), Some(other)) => one == other,
        _ => pair.a.histology / 10 == pair.b.histology / 10,
    };
    match step {
        "M1" => answer_if(site && histology && pair.same_side(), Single),
        "M2" => answer_if(site && histology && !pair.sides_known(), Single),
        "M3" => answer_if(!site && histology, Multiple),
        "M4" => answer_if(histology && pair.opposite_sides(), Multiple),
        _ if !histology => answer(Multiple),
        _ => END,
    }
}

fn same_organ(pair: &Pair) -> bool {
    pair.same_site()
        || (pair.same_category() && !EXACT.holds(pair.a.site))
        || ORGANS.iter().any(|organ| pair.both(|tumor| organ.holds(tumor.site)))
}

fn is_bladder_papillary(tumor: &Tumor) -> bool {
    tumor.category() == 67 && (TRANSITIONAL.holds(tumor) || PAPILLARY_TRANSITIONAL.holds(tumor))
}

/// The single primaries among tumors of one organ and one kind.
fn special_single(pair: &Pair) -> bool {
    pair.both(|tumor| tumor.site == 569)
        || pair.both(|tumor| RETINOBLASTOMA.holds(tumor))
        || pair.both(|tumor| tumor.histology == 8960)
}

/// The single primaries among tumors of one organ and different kinds.
fn kinds_of_one(pair: &Pair) -> bool {
    let of = |one: &Set, other: &Set| pair.split(|tumor| one.holds(tumor), |tumor| other.holds(tumor));
    let breast = pair.both(|tumor| tumor.category() == 50);
    let bladder =
        pair.both(|tumor| tumor.category() == 67 && (is_bladder_papillary(tumor) || BLADDER_PAPILLARY.holds(tumor)));
    let bowel = pair.both(|tumor| tumor.category() == 18 || matches!(tumor.site, 199 | 209));
    of(&CARCINOMA, &SPECIFIC_CARCINOMA)
        || of(&ADENOCARCINOMA, &SPECIFIC_ADENOCARCINOMA)
        || of(&MELANOMA, &SPECIFIC_MELANOMA)
        || of(&SARCOMA, &SPECIFIC_SARCOMA)
        || (bowel && pair.both(|tumor| POLYPOSIS.holds(tumor)))
        || pair.both(|tumor| tumor.site == 739 && (FOLLICULAR.holds(tumor) || PAPILLARY.holds(tumor)))
        || bladder
        || (breast && pair.both(|tumor| DUCT.holds(tumor) || LOBULAR.holds(tumor)))
        || (breast && pair.both(|tumor| PAGET.holds(tumor) || DUCT.holds(tumor) || INTRADUCTAL.holds(tumor)))
}

pub(super) fn solid_malignant(step: &str, pair: &Pair) -> Said {
    if matches!(step, "M1" | "M2") {
        return NOTHING;
    }
    let organ = same_organ(pair);
    let kind = pair.a.histology / 10 == pair.b.histology / 10
        && !pair.split(|tumor| SMALL_CELL.holds(tumor), |tumor| NON_SMALL_CELL.holds(tumor));
    let paired = pair.both(|tumor| PAIRED.holds(tumor.site));
    let time = pair.days(60);
    let unsure_or = |verdict| if time == Time::Unknown { potential(verdict) } else { answer(verdict) };
    match step {
        "M3" if organ && kind && time != Time::Apart => {
            if paired && pair.opposite_sides() {
                NOTHING
            } else if paired && !pair.sides_known() {
                potential(Single)
            } else {
                unsure_or(Single)
            }
        }
        "M4" if organ && kind && paired && time != Time::Apart => {
            let verdict = if special_single(pair) { Single } else { Multiple };
            if !pair.sides_known() {
                potential(verdict)
            } else if pair.opposite_sides() {
                unsure_or(verdict)
            } else {
                NOTHING
            }
        }
        "M5" => {
            let prostate = pair.both(|tumor| {
                tumor.site == 619
                    && tumor.behavior == 3
                    && (ADENOCARCINOMA.holds(tumor) || SPECIFIC_ADENOCARCINOMA.holds(tumor))
            });
            let bladder = pair.both(|tumor| tumor.behavior == 3 && is_bladder_papillary(tumor));
            if prostate || bladder || pair.both(|tumor| tumor.histology == 9140) {
                answer(Single)
            } else if organ && kind && time != Time::Within {
                unsure_or(Multiple)
            } else {
                NOTHING
            }
        }
        "M6" if organ && !kind && time != Time::Apart => {
            let verdict = if kinds_of_one(pair) { Single } else { Multiple };
            if paired && pair.opposite_sides() {
                NOTHING
            } else if paired && !pair.sides_known() {
                potential(verdict)
            } else {
                unsure_or(verdict)
            }
        }
        "M7" if organ && !kind && paired && time != Time::Apart => {
            if !pair.sides_known() || time == Time::Unknown {
                potential(Multiple)
            } else {
                answer_if(pair.opposite_sides(), Multiple)
            }
        }
        "M8" if organ && !kind && time != Time::Within => unsure_or(Multiple),
        "M9" => answer_if(!organ && !kind, Multiple),
        "M10" => answer(if !organ && kind { Multiple } else { Single }),
        _ => NOTHING,
    }
}

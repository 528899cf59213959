//! Multiple Primary and Histology rules, diagnoses 2007-2017 (melanoma to 2020, other sites to 2022).

use std::sync::LazyLock;

use super::Verdict::{self, Multiple, Single};
use super::sets::{Rows, Set, Sites, codes, sets};
use super::solid_2023::{ADENOCARCINOMA, both_polyps, in_other_subsite, with_polyp};
use super::step::{
    END, NOTHING, Said, answer_if, hist3, invasive_after_60, potential, sides, sides_of, site3, site4,
    unspecified_and_specific, within, years,
};
use super::tumor::{Later, Pair, Time, Tumor, m};

sets! {
    PAGET: Set = "paget_disease";
    POLYPOSIS: Set = "famillial_polyposis";
    ADENOMATOUS_POLYPOSIS: Set = "familial_adenomatous_polyposis";
    POLYP: Set = "polyp";
    NON_SMALL_CELL: Set = "non_small_cell_carcinoma";
    SMALL_CELL: Set = "small_cell_carcinoma";
    BRONCHIOLOALVEOLAR: Set = "bronchioalveolar";
    SPECIFIC_NON_SMALL_CELL: Set = "specific_non_small_cell_carcinoma";
    SPECIFIC_RENAL_CELL: Set = "specific_renal_cell_histologies";
    UROTHELIAL: Set = "urothelial";
    GLIAL: Set = "glial_tumor";
    CHART_1: Rows = "malignant_brain_2007_chart1";
    CHART_2: Rows = "malignant_brain_2007_chart2";
    BENIGN_CHART: Rows = "benign_brain_2007_chart1";
    RETINOBLASTOMA: Set = "retino_blastoma";
    FOLLICULAR: Set = "follicular_nos";
    PAPILLARY: Set = "papillary_nos";
    OF_8000: Set = "nos_vs_specific/8000";
    OF_8010: Set = "nos_vs_specific/8010";
    OF_8070: Set = "nos_vs_specific/8070";
    OF_8140: Set = "nos_vs_specific/8140";
    OF_8312: Set = "nos_vs_specific/8312";
    OF_8720: Set = "nos_vs_specific/8720";
    OF_8800: Set = "nos_vs_specific/8800";
}
codes! {
    OVARIAN_SEROUS: Set = "8460,8461";
    OVARIAN_OTHER_SEROUS: Set = "8441";
    BRAIN_SIDES: Sites = "C700,C710,C711,C712,C713,C714,C722,C723,C724,C725";
    UROTHELIAL_SITES: Sites = "C659,C669,C67,C680";
    PAIRED: Sites = "C384,C400,C401,C402,C403,C413,C414,C441,C442,C443,C445,C446,C447,C471,C472,C491,C492,C569,C570,\
        C620-C629,C630,C631,C690-C699,C740-C749,C754";
}

/// Duct and intraductal carcinoma.
static DUCT: LazyLock<Set> = LazyLock::new(|| Set::named("intraductal_carcinoma").and(&Set::named("duct_carcinoma")));
static BLADDER_PAPILLARY: LazyLock<Set> = LazyLock::new(|| {
    Set::of("8050")
        .and(&Set::named("transitional_cell_carcinoma"))
        .and(&Set::named("papillary_transitional_cell_carcinoma"))
});

/// A later tumor of one kind after the other kind.
fn later_of(pair: &Pair, is_it: impl Fn(&Tumor) -> bool, verdict: Verdict) -> Said {
    match pair.later() {
        Later::Unknown => potential(verdict),
        Later::A => answer_if(is_it(&pair.a), verdict),
        Later::B => answer_if(is_it(&pair.b), verdict),
        Later::Same => NOTHING,
    }
}

pub(super) fn breast(step: &str, pair: &Pair) -> Said {
    let duct = |tumor: &Tumor| DUCT.holds(tumor);
    match step {
        "M4" => site3(pair),
        "M5" => years(pair, 5),
        "M6" => answer_if(pair.both(|tumor| tumor.morphology() == m(8530, 3)), Single),
        "M7" => sides(pair),
        "M8" => invasive_after_60(pair),
        "M9" => answer_if(pair.split(|tumor| PAGET.holds(tumor), duct), Single),
        "M10" => answer_if(pair.split(|tumor| tumor.histology == 8520, duct), Single),
        "M11" => answer_if(pair.both(duct), Single),
        "M12" => hist3(pair),
        _ => END,
    }
}

pub(super) fn colon(step: &str, pair: &Pair) -> Said {
    match step {
        "M3" => {
            let polyposis = pair.split(|tumor| POLYPOSIS.holds(tumor), |tumor| POLYP.holds(tumor));
            answer_if(polyposis && pair.either(|tumor| tumor.behavior == 3), Single)
        }
        "M4" => site4(pair),
        "M5" => years(pair, 1),
        "M6" => invasive_after_60(pair),
        "M7" => answer_if(pair.split(|tumor| ADENOCARCINOMA.holds(tumor), |tumor| POLYP.holds(tumor)), Single),
        "M8" => {
            unspecified_and_specific(pair, &[(8000, &OF_8000), (8010, &OF_8010), (8140, &OF_8140), (8800, &OF_8800)])
        }
        "M9" => answer_if(pair.both(|tumor| POLYP.holds(tumor)), Single),
        "M10" => hist3(pair),
        _ => END,
    }
}

const PAIRED_HEAD: [&[u16]; 6] = [&[79], &[80, 81], &[90, 91, 98, 99], &[300], &[310, 312], &[301]];

pub(super) fn head_and_neck(step: &str, pair: &Pair) -> Said {
    let apart = |one: &[u16], other: &[u16]| {
        answer_if(pair.split(|tumor| one.contains(&tumor.site), |tumor| other.contains(&tumor.site)), Multiple)
    };
    match step {
        "M3" => {
            let paired = PAIRED_HEAD.iter().any(|sites| pair.both(|tumor| sites.contains(&tumor.site)));
            if paired { sides(pair) } else { NOTHING }
        }
        "M4" => apart(&[0, 3], &[1, 4]),
        "M5" => apart(&[30], &[31]),
        "M6" => apart(&[300], &[301]),
        "M7" => site3(pair),
        "M8" => invasive_after_60(pair),
        "M9" => years(pair, 5),
        "M10" => unspecified_and_specific(
            pair,
            &[
                (8000, &OF_8000),
                (8010, &OF_8010),
                (8140, &OF_8140),
                (8070, &OF_8070),
                (8720, &OF_8720),
                (8800, &OF_8800),
            ],
        ),
        "M11" => hist3(pair),
        _ => END,
    }
}

pub(super) fn kidney(step: &str, pair: &Pair) -> Said {
    match step {
        "M3" => answer_if(pair.both(|tumor| tumor.morphology() == m(8960, 3)), Single),
        "M4" => site3(pair),
        "M5" => sides(pair),
        "M6" => years(pair, 3),
        "M7" => invasive_after_60(pair),
        "M8" => {
            let specific = pair.both(|tumor| SPECIFIC_RENAL_CELL.holds(tumor));
            answer_if(specific && !pair.same_histology(), Multiple)
        }
        "M9" => {
            unspecified_and_specific(pair, &[(8000, &OF_8000), (8010, &OF_8010), (8140, &OF_8140), (8312, &OF_8312)])
        }
        "M10" => hist3(pair),
        _ => END,
    }
}

pub(super) fn lung(step: &str, pair: &Pair) -> Said {
    match step {
        "M3" => site3(pair),
        "M4" => answer_if(pair.split(|tumor| NON_SMALL_CELL.holds(tumor), |tumor| SMALL_CELL.holds(tumor)), Multiple),
        "M5" => {
            let mixed = |tumor: &Tumor| tumor.histology == 8255;
            answer_if(pair.split(mixed, |tumor| BRONCHIOLOALVEOLAR.holds(tumor)), Multiple)
        }
        "M6" if pair.either(|tumor| !matches!(tumor.laterality, Some(1 | 2 | 4))) => potential(Multiple),
        "M6" => answer_if(pair.opposite_sides(), Multiple),
        "M7" if pair.either(|tumor| tumor.laterality == Some(4)) => hist3(pair),
        "M8" => years(pair, 3),
        "M9" => invasive_after_60(pair),
        "M10" => {
            let specific = |tumor: &Tumor| SPECIFIC_NON_SMALL_CELL.holds(tumor);
            answer_if(pair.split(|tumor| tumor.histology == 8046, specific), Single)
        }
        "M11" => hist3(pair),
        "M12" => END,
        _ => NOTHING,
    }
}

pub(super) fn urinary(step: &str, pair: &Pair) -> Said {
    match step {
        "M3" if pair.both(|tumor| tumor.site == 659) => sides(pair),
        "M4" if pair.both(|tumor| tumor.site == 669) => sides(pair),
        "M5" => invasive_after_60(pair),
        "M6" => answer_if(pair.both(|tumor| tumor.category() == 67 && BLADDER_PAPILLARY.holds(tumor)), Single),
        "M7" => years(pair, 3),
        "M8" => {
            let urothelial = |tumor: &Tumor| UROTHELIAL.holds(tumor) && UROTHELIAL_SITES.holds(tumor.site);
            answer_if(pair.both(urothelial), Single)
        }
        "M9" => hist3(pair),
        "M10" => site3(pair),
        "M11" => END,
        _ => NOTHING,
    }
}

/// Whether a branch of the chart has both, when both are on it.
fn on_one_branch(pair: &Pair, chart: &Rows) -> Option<bool> {
    let (one, other) = (chart.row(&pair.a)?, chart.row(&pair.b)?);
    Some(one.split('|').any(|branch| other.split('|').any(|same| same == branch)))
}

pub(super) fn malignant_brain(step: &str, pair: &Pair) -> Said {
    let charted = || on_one_branch(pair, &CHART_1).or_else(|| on_one_branch(pair, &CHART_2));
    match step {
        "M5" => site3(pair),
        "M6" => {
            let glioblastoma = |tumor: &Tumor| tumor.histology == 9440;
            if !pair.same_histology() && pair.split(glioblastoma, |tumor| GLIAL.holds(tumor)) {
                later_of(pair, glioblastoma, Single)
            } else {
                NOTHING
            }
        }
        "M7" => answer_if(charted() == Some(true), Single),
        "M8" => answer_if(charted() == Some(false), Multiple),
        "M9" => hist3(pair),
        "M10" => END,
        _ => NOTHING,
    }
}

pub(super) fn benign_brain(step: &str, pair: &Pair) -> Said {
    let turned = |histology: u16| {
        let malignant = |tumor: &Tumor| tumor.morphology() == m(histology, 1);
        if pair.split(malignant, |tumor| tumor.morphology() == m(histology, 0)) {
            later_of(pair, malignant, Single)
        } else {
            NOTHING
        }
    };
    let branches = || (BENIGN_CHART.row_by_morphology(&pair.a), BENIGN_CHART.row_by_morphology(&pair.b));
    match step {
        "M4" => site4(pair),
        "M5" => sides_of(pair, &BRAIN_SIDES),
        "M6" => turned(9390),
        "M7" => turned(9540),
        "M8" => answer_if(matches!(branches(), (Some(one), Some(other)) if one == other), Single),
        "M9" => answer_if(matches!(branches(), (Some(one), Some(other)) if one != other), Multiple),
        "M10" => answer_if(matches!(branches(), (Some(_), None) | (None, Some(_))), Multiple),
        "M11" => hist3(pair),
        "M12" => END,
        _ => NOTHING,
    }
}

pub(super) fn melanoma(step: &str, pair: &Pair) -> Said {
    match step {
        "M3" => site4(pair),
        "M4" if pair.either(|tumor| !matches!(tumor.laterality, Some(1 | 2 | 5))) => potential(Multiple),
        "M4" => answer_if(pair.a.laterality != pair.b.laterality, Multiple),
        "M5" => hist3(pair),
        "M6" => invasive_after_60(pair),
        "M7" => match pair.days(60) {
            Time::Unknown => potential(Multiple),
            Time::Apart => answer_if(true, Multiple),
            Time::Within => NOTHING,
        },
        _ => END,
    }
}

fn is_large_bowel(tumor: &Tumor) -> bool {
    tumor.category() == 18 || matches!(tumor.site, 199 | 209)
}

pub(super) fn other_sites(step: &str, pair: &Pair) -> Said {
    let only = |site: u16| pair.both(|tumor| tumor.site == site);
    match step {
        "M3" => answer_if(only(619) && pair.both(|tumor| tumor.histology == 8140), Single),
        "M4" => answer_if(pair.both(|tumor| RETINOBLASTOMA.holds(tumor)), Single),
        "M5" => answer_if(pair.both(|tumor| tumor.histology == 9140), Single),
        "M6" if only(739) && pair.both(|tumor| FOLLICULAR.holds(tumor) || PAPILLARY.holds(tumor)) => within(pair, 60),
        "M7" if only(569) && pair.both(|tumor| tumor.histology <= 8799) => {
            let unspecified = pair.either(|tumor| matches!(tumor.histology, 8000 | 8010));
            let serous = pair.split(|tumor| OVARIAN_SEROUS.holds(tumor), |tumor| OVARIAN_OTHER_SEROUS.holds(tumor));
            if pair.same_histology() || unspecified || serous { within(pair, 60) } else { NOTHING }
        }
        "M8" => sides_of(pair, &PAIRED),
        "M9" => {
            let polyposis = pair.split(|tumor| ADENOMATOUS_POLYPOSIS.holds(tumor), |tumor| POLYP.holds(tumor));
            let bowel = pair.both(is_large_bowel) && pair.either(|tumor| tumor.behavior == 3);
            answer_if(bowel && polyposis, Single)
        }
        "M10" => years(pair, 1),
        "M11" => site3(pair),
        "M12" => in_other_subsite(pair, &[21, 40, 41, 49, 44, 47]),
        "M13" => with_polyp(pair),
        "M14" => both_polyps(pair),
        "M15" => invasive_after_60(pair),
        "M16" => unspecified_and_specific(
            pair,
            &[
                (8000, &OF_8000),
                (8010, &OF_8010),
                (8070, &OF_8070),
                (8140, &OF_8140),
                (8720, &OF_8720),
                (8800, &OF_8800),
            ],
        ),
        "M17" => hist3(pair),
        "M18" => END,
        _ => NOTHING,
    }
}

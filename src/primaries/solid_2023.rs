//! Cutaneous melanoma from 2021 and other sites from 2023.

use std::sync::LazyLock;

use super::Verdict::{Multiple, Questionable, Single};
use super::sets::{Rows, RowsOfSites, Set, Sites, codes, sets};
use super::step::{
    END, NOTHING, Said, answer, answer_if, different_subtypes, invasive_after_60, potential, sides_of, site3, site4,
    within, years,
};
use super::tumor::{Later, Pair, Time, Tumor};

sets! {
    MELANOMA_SUBTYPES: Rows = "cutaneous_melanoma_2021_table2_subtypes";
    MELANOMA_LISTED: Set = "cutaneous_melanoma_2021_table2_rows";
    PROSTATE_ADENOCARCINOMA: Set = "prostate_adenocarcinoma_types";
    RETINOBLASTOMA: Set = "retino_blastoma";
    FOLLICULAR: Set = "follicular";
    PAPILLARY: Set = "papillary";
    ANAPLASTIC: Set = "anaplastic_carcinoma";
    OTHER_THYROID: Set = "other_thyroid_histologies";
    FAMILIAL_POLYPOSIS: Set = "familial_adenomatous_polyposis";
    POLYP: Set = "polyp";
    ROWS: RowsOfSites = "other_sites_2023_table_rows_for_site";
    SUBTYPES: RowsOfSites = "other_sites_2023_table_subtypes_for_site";
    TABLE_2: Set = "other_sites_2023_table_2";
}
codes! {
    OF_PROSTATE: Set = "8140/2,8140/3,8201/3,8260/3,8230/3,8500/3,8572/3,8574/3,8480/3,8490/3";
    PAIRED: Sites = "C384,C400,C401,C402,C403,C441,C442,C443,C444,C445,C446,C447,C471,C472,C491,C492,C569,C570,\
        C620-C629,C630,C631,C690-C699,C740-C749,C754";
}

/// Adenocarcinoma, specific or not.
pub(super) static ADENOCARCINOMA: LazyLock<Set> =
    LazyLock::new(|| Set::named("adenocarcinoma_specific").and(&Set::named("adenocarcinoma_nos")));

pub(super) fn melanoma(step: &str, pair: &Pair) -> Said {
    let without_side = matches!(pair.a.site, 440 | 448 | 449);
    let no_known_side = pair.either(|tumor| !matches!(tumor.laterality, Some(1 | 2 | 5)));
    match step {
        "M3" if pair.either(|tumor| tumor.site == 449) => potential(Multiple),
        "M3" => site4(pair),
        "M4" if without_side || pair.either(|tumor| matches!(tumor.laterality, None | Some(9))) => NOTHING,
        "M4" if no_known_side => potential(Multiple),
        "M4" => answer_if(pair.a.laterality != pair.b.laterality, Multiple),
        "M5" => match (MELANOMA_SUBTYPES.row(&pair.a), MELANOMA_SUBTYPES.row(&pair.b)) {
            (Some(one), Some(other)) => answer_if(one != other, Multiple),
            _ => NOTHING,
        },
        "M6" if !pair.both(|tumor| MELANOMA_LISTED.holds(tumor)) => answer(Questionable),
        "M6" if !without_side && no_known_side => answer(Questionable),
        "M6" if without_side || pair.a.laterality == pair.b.laterality => match pair.days(60) {
            Time::Unknown => answer(Questionable),
            Time::Within => answer(Single),
            Time::Apart => NOTHING,
        },
        "M7" => match pair.days(60) {
            Time::Unknown => answer(Questionable),
            Time::Apart => answer(Multiple),
            Time::Within => NOTHING,
        },
        "M8" => END,
        _ => NOTHING,
    }
}

/// The first site is of those whose fourth character tells parts of the body apart.
pub(super) fn in_other_subsite(pair: &Pair, categories: &[u16]) -> Said {
    answer_if(categories.contains(&pair.a.category()) && pair.a.site % 10 != pair.b.site % 10, Multiple)
}

/// Adenocarcinoma in or with a polyp.
pub(super) fn with_polyp(pair: &Pair) -> Said {
    let malignant = pair.both(|tumor| matches!(tumor.behavior, 2 | 3));
    let both_polyps = pair.both(|tumor| POLYP.holds(tumor));
    let one_polyp = pair.split(|tumor| ADENOCARCINOMA.holds(tumor), |tumor| POLYP.holds(tumor));
    answer_if(malignant && !both_polyps && one_polyp, Single)
}

/// Both are polyps.
pub(super) fn both_polyps(pair: &Pair) -> Said {
    answer_if(pair.both(|tumor| matches!(tumor.behavior, 2 | 3) && POLYP.holds(tumor)), Single)
}

fn are_different_subtypes(pair: &Pair) -> bool {
    different_subtypes(SUBTYPES.row(&pair.a), SUBTYPES.row(&pair.b))
}

/// The row of a tumor; a code of table 2 without a row is a row of its own.
fn row_or_own(tumor: &Tumor) -> Option<String> {
    let own = || TABLE_2.holds(tumor).then(|| tumor.histology.to_string());
    ROWS.row(tumor).map(str::to_owned).or_else(own)
}

pub(super) fn other_sites(step: &str, pair: &Pair) -> Said {
    let only = |site: u16| pair.both(|tumor| tumor.site == site);
    let rows = || (ROWS.row(&pair.a), ROWS.row(&pair.b));
    match step {
        "M3" => answer_if(only(619) && pair.both(|tumor| PROSTATE_ADENOCARCINOMA.holds(tumor)), Single),
        "M4" => {
            let small_cell = |tumor: &Tumor| tumor.morphology() == super::tumor::m(8041, 3);
            if !only(619) || !pair.split(small_cell, |tumor| OF_PROSTATE.holds(tumor)) {
                return NOTHING;
            }
            match pair.later() {
                Later::Unknown => potential(Multiple),
                Later::A => answer_if(small_cell(&pair.a), Multiple),
                Later::B => answer_if(small_cell(&pair.b), Multiple),
                Later::Same => NOTHING,
            }
        }
        "M5" => answer_if(pair.both(|tumor| RETINOBLASTOMA.holds(tumor)), Single),
        "M6" => answer_if(pair.both(|tumor| tumor.histology == 9140), Single),
        "M7" if only(739) && pair.both(|tumor| FOLLICULAR.holds(tumor) || PAPILLARY.holds(tumor)) => within(pair, 60),
        "M8" => {
            let apart = pair.split(|tumor| ANAPLASTIC.holds(tumor), |tumor| OTHER_THYROID.holds(tumor));
            answer_if(only(739) && apart, Multiple)
        }
        "M9" if only(569) && pair.both(|tumor| tumor.histology <= 8799) => {
            let same_row = matches!(rows(), (Some(one), Some(other)) if one == other);
            let alike = pair.same_histology() || (!are_different_subtypes(pair) && same_row);
            if alike { within(pair, 60) } else { NOTHING }
        }
        "M10" => sides_of(pair, &PAIRED),
        "M11" => {
            let small_bowel = pair.both(|tumor| tumor.category() == 17) && pair.either(|tumor| tumor.behavior == 3);
            let polyposis = pair.split(|tumor| FAMILIAL_POLYPOSIS.holds(tumor), |tumor| POLYP.holds(tumor));
            answer_if(small_bowel && polyposis, Single)
        }
        "M12" => years(pair, 1),
        "M13" => site3(pair),
        "M14" => in_other_subsite(pair, &[21, 40, 41, 49, 44]),
        "M15" => with_polyp(pair),
        "M16" => both_polyps(pair),
        "M17" => answer_if(are_different_subtypes(pair), Multiple),
        "M18" => {
            let same_table = ROWS.table(pair.a.site).is_some() && ROWS.table(pair.a.site) == ROWS.table(pair.b.site);
            let same_row = matches!(rows(), (Some(one), Some(other)) if one == other);
            if same_table && (pair.same_specified_morphology() || same_row) { within(pair, 60) } else { NOTHING }
        }
        "M19" if pair.same_specified_morphology() => NOTHING,
        "M19" => match (row_or_own(&pair.a), row_or_own(&pair.b)) {
            (Some(one), Some(other)) => answer_if(one != other, Multiple),
            _ => answer(Questionable),
        },
        "M20" => invasive_after_60(pair),
        "M21" => END,
        _ => NOTHING,
    }
}

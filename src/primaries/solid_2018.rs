//! Solid Tumor Rules from 2018: breast, colon, kidney, lung, urinary.

use std::sync::LazyLock;

use super::Verdict::{Multiple, Questionable, Single};
use super::sets::{Rows, Set, Sites, codes, sets};
use super::step::{
    END, NOTHING, Said, answer, answer_if, different_rows, different_rows_of, different_subtypes, in_situ_after,
    in_situ_after_same_side, invasive_after_60, invasive_within_60, invasive_within_60_same_side, potential,
    same_row_within_60, sides, site3, site4, within, years,
};
use super::tumor::{Later, Pair, Time, Tumor, m};

sets! {
    BREAST_SUBTYPES: Rows = "breast_2018_table3_subtypes";
    BREAST_ROWS: Rows = "breast_2018_table3_rows";
    BREAST_TABLE_2: Set = "breast_2018_table2";
    COLON_SUBTYPES: Set = "colon_2018_table1_subtypes";
    COLON_ROWS: Rows = "colon_2018_table1_rows";
    KIDNEY_SUBTYPES: Rows = "kidney_2018_table1_subtypes";
    KIDNEY_ROWS: Rows = "kidney_2018_table1_rows";
    LUNG_SUBTYPES: Rows = "lung_2018_table3_subtypes";
    LUNG_ROWS: Rows = "lung_2018_table3_rows";
    LUNG_TABLE_2: Set = "lung_2018_table2";
    UROTHELIAL: Set = "urinary_2018_urothelial_carcinomas";
    UROTHELIAL_BUT_MICROPAPILLARY: Set = "urinary_2018_urothelial_carcinomas_exclude_micropapillary";
    URINARY_SITES: Sites = "urinary_2018_urinary_sites";
    URINARY_SUBTYPES: Rows = "urinary_2018_table2_subtypes";
    URINARY_ROWS: Rows = "urinary_2018_table2_rows";
}
codes! {
    WITH_DUCT_IN_SITU: Set = "8522/2,8543/2,8543/3,8523/2";
    WITH_DUCT: Set = "8522/3,8541/3,8523/3";
    LUNG_APART: Set = "8246,8045,8041,8240,8249";
    LUNG_NEVER_APART: Set = "8246,8045,8041,8240,8249,8800,9043,9042,9137,8842,9041,9040";
    NON_SMALL_CELL: Set = "8046";
}

/// What small cell and carcinoid tumors of the lung are apart from.
static LUNG_OTHERS: LazyLock<Set> = LazyLock::new(|| {
    let listed = Set::named("lung_2018_table2").whatever_behavior().and(&LUNG_ROWS.codes()).and(&NON_SMALL_CELL);
    listed.without(&LUNG_NEVER_APART)
});

/// The row of a tumor; a code of another table counts as one row of its own.
fn row_or_table(tumor: &Tumor, rows: &Rows, table: &Set) -> Option<&'static str> {
    rows.row(tumor).or_else(|| table.holds(tumor).then_some("table2"))
}

pub(super) fn breast(step: &str, pair: &Pair) -> Said {
    let subtype = |tumor| BREAST_SUBTYPES.row(tumor);
    match step {
        "M4" => site3(pair),
        "M5" => years(pair, 5),
        "M6" => answer_if(pair.both(|tumor| tumor.morphology() == m(8530, 3)), Single),
        "M7" => sides(pair),
        "M10" => duct_then_mixed(pair),
        "M11" => answer_if(different_subtypes(subtype(&pair.a), subtype(&pair.b)), Multiple),
        "M12" => {
            let rows = (BREAST_ROWS.row(&pair.a), BREAST_ROWS.row(&pair.b));
            let equal = matches!(rows, (Some(one), Some(other)) if one == other);
            if pair.same_specified_morphology() || equal { within(pair, 60) } else { NOTHING }
        }
        "M13" => {
            let row = |tumor| row_or_table(tumor, &BREAST_ROWS, &BREAST_TABLE_2);
            different_rows(pair, row(&pair.a), row(&pair.b))
        }
        "M14" => in_situ_after_same_side(pair),
        "M15" => invasive_within_60_same_side(pair),
        "M16" => invasive_after_60(pair),
        _ => END,
    }
}

/// Duct carcinoma after, or with, a mixed or Paget form of it.
fn duct_then_mixed(pair: &Pair) -> Said {
    for (duct, mixed) in [(m(8500, 2), &*WITH_DUCT_IN_SITU), (m(8500, 3), &*WITH_DUCT)] {
        let is_duct = |tumor: &Tumor| tumor.morphology() == duct;
        if pair.split(is_duct, |tumor| mixed.holds(tumor)) {
            return match pair.later() {
                Later::Unknown => potential(Single),
                Later::Same => answer(Single),
                Later::A => answer_if(is_duct(&pair.a), Single),
                Later::B => answer_if(is_duct(&pair.b), Single),
            };
        }
    }
    NOTHING
}

pub(super) fn colon(step: &str, pair: &Pair) -> Said {
    match step {
        "M3" => answer_if(pair.both(|tumor| tumor.histology == 8220), Single),
        "M4" => site3(pair),
        "M5" => answer_if(!pair.same_histology() && pair.both(|tumor| COLON_SUBTYPES.holds(tumor)), Multiple),
        "M6" => different_rows_of(pair, &COLON_ROWS),
        "M9" if pair.either(|tumor| tumor.site == 189) => potential(Multiple),
        "M9" => site4(pair),
        "M10" => years(pair, 1),
        "M11" => same_row_within_60(pair, &COLON_ROWS),
        "M12" => in_situ_after(pair),
        "M13" => invasive_within_60(pair),
        "M14" => invasive_after_60(pair),
        _ => END,
    }
}

pub(super) fn kidney(step: &str, pair: &Pair) -> Said {
    match step {
        "M3" => site4(pair),
        "M4" => answer_if(pair.both(|tumor| tumor.morphology() == m(8960, 3)), Single),
        "M5" => sides(pair),
        "M6" => years(pair, 3),
        "M7" => answer_if(different_subtypes(KIDNEY_SUBTYPES.row(&pair.a), KIDNEY_SUBTYPES.row(&pair.b)), Multiple),
        "M8" => same_kidney_row(pair),
        "M9" => different_rows_of(pair, &KIDNEY_ROWS),
        "M10" => in_situ_after_same_side(pair),
        "M11" => invasive_within_60_same_side(pair),
        "M12" => invasive_after_60(pair),
        _ => END,
    }
}

fn same_kidney_row(pair: &Pair) -> Said {
    if !pair.same_specified_morphology() {
        match (KIDNEY_ROWS.row(&pair.a), KIDNEY_ROWS.row(&pair.b)) {
            (Some(one), Some(other)) if one == other => {}
            (Some(_), Some(_)) => return NOTHING,
            _ => return answer(Questionable),
        }
    }
    let hereditary = pair.both(|tumor| tumor.histology == 8311);
    match pair.days(60) {
        Time::Apart => NOTHING,
        _ if !pair.sides_known() => potential(Single),
        Time::Unknown => potential(Single),
        Time::Within if pair.same_side() => answer(if hereditary { Questionable } else { Single }),
        Time::Within => NOTHING,
    }
}

pub(super) fn lung(step: &str, pair: &Pair) -> Said {
    let row = |tumor| row_or_table(tumor, &LUNG_ROWS, &LUNG_TABLE_2);
    match step {
        "M3" => site3(pair),
        "M4" => years(pair, 3),
        "M5" => {
            let apart = pair.split(|tumor| LUNG_APART.holds(tumor), |tumor| LUNG_OTHERS.holds(tumor));
            answer_if(apart, Multiple)
        }
        "M6" => match (LUNG_SUBTYPES.row(&pair.a), LUNG_SUBTYPES.row(&pair.b)) {
            (Some(one), Some(other)) => answer_if(one != other, Multiple),
            _ => NOTHING,
        },
        "M7" => same_lung_row(pair, row(&pair.a), row(&pair.b)),
        "M8" => different_rows(pair, row(&pair.a), row(&pair.b)),
        "M9" => {
            let one_is_both_sides = pair.either(|tumor| tumor.laterality == Some(4));
            match pair.days(60) {
                Time::Apart => NOTHING,
                _ if !one_is_both_sides && !pair.sides_known() => potential(Single),
                Time::Unknown => potential(Single),
                Time::Within if one_is_both_sides || pair.same_side() => answer(Single),
                Time::Within => answer(Questionable),
            }
        }
        "M10" => in_situ_after_same_side(pair),
        "M11" => sides(pair),
        "M12" => invasive_within_60(pair),
        "M13" => invasive_after_60(pair),
        _ => END,
    }
}

fn same_lung_row(pair: &Pair, one: Option<&str>, other: Option<&str>) -> Said {
    if !pair.same_specified_morphology() {
        match (one, other) {
            (Some(one), Some(other)) if one == other && one != "table2" => {}
            (Some(_), Some(_)) => return NOTHING,
            _ => return answer(Questionable),
        }
    }
    match pair.days(60) {
        Time::Apart => NOTHING,
        _ if !pair.sides_known() => potential(Single),
        Time::Unknown => potential(Single),
        Time::Within => answer_if(pair.same_side(), Single),
    }
}

fn is_bladder(tumor: &Tumor) -> bool {
    tumor.category() == 67
}

pub(super) fn urinary(step: &str, pair: &Pair) -> Said {
    let both_bladder = pair.both(is_bladder);
    match step {
        "M3" if pair.both(|tumor| tumor.site == 659) => sides(pair),
        "M4" if pair.both(|tumor| tumor.site == 669) => sides(pair),
        "M5" => {
            let in_situ = pair.both(|tumor| tumor.morphology() == m(8120, 2));
            if in_situ && pair.split(is_bladder, |tumor| tumor.site == 669) { within(pair, 60) } else { NOTHING }
        }
        "M6" => invasive_after_60(pair),
        "M7" => {
            let in_situ = pair.both(|tumor| tumor.behavior == 2 && UROTHELIAL_BUT_MICROPAPILLARY.holds(tumor));
            answer_if(both_bladder && in_situ, Single)
        }
        "M8" => {
            let apart = pair.split(|tumor| tumor.histology == 8131, |tumor| UROTHELIAL_BUT_MICROPAPILLARY.holds(tumor));
            answer_if(apart, Multiple)
        }
        "M9" => {
            let invasive = pair.both(|tumor| tumor.behavior == 3 && UROTHELIAL.holds(tumor));
            answer_if(both_bladder && invasive, Single)
        }
        "M10" if both_bladder && pair.both(|tumor| UROTHELIAL_BUT_MICROPAPILLARY.holds(tumor)) => NOTHING,
        "M10" => years(pair, 3),
        "M11" => {
            let listed = pair.both(|tumor| URINARY_SITES.holds(tumor.site) && UROTHELIAL.holds(tumor));
            answer_if(listed && !pair.same_category(), Single)
        }
        "M12" => match (URINARY_SUBTYPES.row(&pair.a), URINARY_SUBTYPES.row(&pair.b)) {
            (Some(one), Some(other)) => answer_if(one != other, Multiple),
            _ => NOTHING,
        },
        "M13" => different_rows_of(pair, &URINARY_ROWS),
        "M14" => site3(pair),
        "M15" => same_row_within_60(pair, &URINARY_ROWS),
        "M16" => in_situ_after(pair),
        "M17" => invasive_within_60(pair),
        "M18" => END,
        _ => NOTHING,
    }
}

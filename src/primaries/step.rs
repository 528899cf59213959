//! What a step says, and the steps that several groups of rules have in common.

use super::Verdict::{self, Multiple, Questionable, Single};
use super::sets::{Rows, Set, Sites};
use super::tumor::{Later, Pair, Time, Tumor};

/// What a step says: perhaps that it would hold if a date or side were known, perhaps an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) potential: Option<Verdict>,
    pub(super) answer: Option<Verdict>,
}

/// The step does not apply.
pub(super) const NOTHING: Said = Said { potential: None, answer: None };

/// The answer.
pub(super) const fn answer(verdict: Verdict) -> Said {
    Said { potential: None, answer: Some(verdict) }
}

/// The answer if what is unknown were so.
pub(super) const fn potential(verdict: Verdict) -> Said {
    Said { potential: Some(verdict), answer: None }
}

/// The answer if the condition holds.
pub(super) fn answer_if(holds: bool, verdict: Verdict) -> Said {
    if holds { answer(verdict) } else { NOTHING }
}

/// Last step of most groups.
pub(super) const END: Said = answer(Single);

/// Sites of different categories.
pub(super) fn site3(pair: &Pair) -> Said {
    answer_if(!pair.same_category(), Multiple)
}

/// Different sites.
pub(super) fn site4(pair: &Pair) -> Said {
    answer_if(!pair.same_site(), Multiple)
}

/// Histologies that differ in their first three digits.
pub(super) fn hist3(pair: &Pair) -> Said {
    answer_if(pair.a.histology / 10 != pair.b.histology / 10, Multiple)
}

/// Years apart.
pub(super) fn years(pair: &Pair, limit: i32) -> Said {
    match pair.years(limit) {
        Time::Unknown => potential(Multiple),
        Time::Apart => answer(Multiple),
        Time::Within => NOTHING,
    }
}

/// Opposite sides.
pub(super) fn sides(pair: &Pair) -> Said {
    if !pair.sides_known() { potential(Multiple) } else { answer_if(pair.opposite_sides(), Multiple) }
}

/// Opposite sides of a paired organ: both sites in one entry of the list.
pub(super) fn sides_of(pair: &Pair, paired: &Sites) -> Said {
    if paired.one_entry_holds(pair.a.site, pair.b.site) { sides(pair) } else { NOTHING }
}

/// Within the days: one primary.
pub(super) fn within(pair: &Pair, limit: i32) -> Said {
    match pair.days(limit) {
        Time::Unknown => potential(Single),
        Time::Within => answer(Single),
        Time::Apart => NOTHING,
    }
}

/// The one that is in situ and the invasive one.
fn in_situ_and_invasive(pair: &Pair) -> Option<(&Tumor, &Tumor)> {
    match (pair.a.behavior, pair.b.behavior) {
        (2, 3) => Some((&pair.a, &pair.b)),
        (3, 2) => Some((&pair.b, &pair.a)),
        _ => None,
    }
}

fn is_later(pair: &Pair, tumor: &Tumor) -> bool {
    match pair.later() {
        Later::A => std::ptr::eq(tumor, &pair.a),
        Later::B => std::ptr::eq(tumor, &pair.b),
        _ => false,
    }
}

/// An invasive tumor more than 60 days after an in situ one is another.
pub(super) fn invasive_after_60(pair: &Pair) -> Said {
    let Some((in_situ, _)) = in_situ_and_invasive(pair) else { return NOTHING };
    if pair.later() == Later::Same || is_later(pair, in_situ) {
        return NOTHING;
    }
    match pair.days(60) {
        Time::Unknown => potential(Multiple),
        Time::Apart => answer(Multiple),
        Time::Within => NOTHING,
    }
}

/// An invasive tumor within 60 days of an in situ one is the same.
pub(super) fn invasive_within_60(pair: &Pair) -> Said {
    let Some((in_situ, _)) = in_situ_and_invasive(pair) else { return NOTHING };
    if is_later(pair, in_situ) { NOTHING } else { within(pair, 60) }
}

/// The same on the same side.
pub(super) fn invasive_within_60_same_side(pair: &Pair) -> Said {
    if pair.opposite_sides() {
        return NOTHING;
    }
    let said = invasive_within_60(pair);
    if said == NOTHING || pair.sides_known() { said } else { Said { potential: Some(Single), ..said } }
}

/// An in situ tumor after an invasive one is the same.
pub(super) fn in_situ_after(pair: &Pair) -> Said {
    let Some((in_situ, _)) = in_situ_and_invasive(pair) else { return NOTHING };
    match pair.later() {
        Later::Unknown => potential(Single),
        _ => answer_if(is_later(pair, in_situ), Single),
    }
}

/// The same on the same side.
pub(super) fn in_situ_after_same_side(pair: &Pair) -> Said {
    let Some((_, invasive)) = in_situ_and_invasive(pair) else { return NOTHING };
    if pair.opposite_sides() || is_later(pair, invasive) {
        NOTHING
    } else if !pair.sides_known() {
        potential(Single)
    } else {
        in_situ_after(pair)
    }
}

/// Subtypes that both are listed and none contains the other.
pub(super) fn different_subtypes(one: Option<&str>, other: Option<&str>) -> bool {
    matches!((one, other), (Some(one), Some(other)) if !one.contains(other) && !other.contains(one))
}

/// On different rows of a table.
pub(super) fn different_rows(pair: &Pair, one: Option<&str>, other: Option<&str>) -> Said {
    if pair.same_specified_morphology() {
        return NOTHING;
    }
    match (one, other) {
        (Some(one), Some(other)) => answer_if(one != other, Multiple),
        _ => answer(Questionable),
    }
}

pub(super) fn different_rows_of(pair: &Pair, table: &Rows) -> Said {
    different_rows(pair, table.row(&pair.a), table.row(&pair.b))
}

/// On the same row of a table, whenever.
pub(super) fn same_row(pair: &Pair, one: Option<&str>, other: Option<&str>) -> Said {
    if pair.same_specified_morphology() {
        return answer(Single);
    }
    match (one, other) {
        (Some(one), Some(other)) => answer_if(one == other, Single),
        _ => answer(Questionable),
    }
}

/// On the same row of a table within 60 days.
pub(super) fn same_row_within_60(pair: &Pair, table: &Rows) -> Said {
    let said = same_row(pair, table.row(&pair.a), table.row(&pair.b));
    if said.answer == Some(Single) { within(pair, 60) } else { said }
}

/// An unspecified and a specific form of it.
pub(super) fn unspecified_and_specific(pair: &Pair, of: &[(u16, &Set)]) -> Said {
    let found = of.iter().any(|(unspecified, specific)| {
        pair.split(|tumor| tumor.histology == *unspecified, |tumor| specific.holds(tumor))
    });
    answer_if(found, Single)
}

//! Items that are collected for some years of diagnosis only: `reference/edits/tables/item-years.tsv`.

use std::sync::LazyLock;

use super::{Made, failure};
use crate::edits::frame::Years;
use crate::edits::run::Failure;
use crate::edits::slots::Slot;

const TABLE: &str = include_str!("../../../reference/item-years.tsv");

/// By slot: the years an item is collected for.
static YEARS: LazyLock<Vec<Option<Years>>> = LazyLock::new(|| {
    let mut years = vec![None; Slot::count()];
    for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
        let mut cells = line.split('\t');
        let (item, span) = (cells.next().unwrap_or(""), cells.next().unwrap_or(""));
        if let (Some(slot), Some(span)) = (Slot::of(item), Years::parse(span)) {
            years[slot.at()] = Some(span);
        }
    }
    years
});

/// The years an item is collected for, where they are limited.
fn years_of(slot: Slot) -> Option<Years> {
    YEARS.get(slot.at()).copied().flatten()
}

pub(super) fn check(made: &Made<'_, '_>, out: &mut Vec<Failure>) {
    let Some(year) = made.own.dx_year else { return };
    for (slot, _) in &made.own.filled {
        let Some(years) = years_of(*slot).filter(|years| !years.hold(Some(year))) else { continue };
        let message = format!(
            "{} is collected for diagnoses of {}; this one is of {year}, so it should be blank.",
            slot.label(),
            in_words(years)
        );
        let mut one = failure(format!("year-range-{}", slot.id()), "year-range", made, *slot, message);
        one.kind = "inter-field".into();
        one.items.push(Slot::date_of_diagnosis());
        out.push(one);
    }
}

fn in_words(years: Years) -> String {
    match (years.first, years.last) {
        (Some(first), None) => format!("{first} and later"),
        (None, Some(last)) => format!("{last} and earlier"),
        (Some(first), Some(last)) => format!("{first} to {last}"),
        (None, None) => "all years".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_row_names_an_item_and_years() {
        for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
            let cells: Vec<&str> = line.split('\t').collect();
            assert!(Slot::of(cells[0]).is_some(), "{line}");
            assert!(Years::parse(cells[1]).is_some() && cells.len() == 3, "{line}");
        }
        assert!(years_of(Slot::of("eodPrimaryTumor").unwrap()).is_none(), "that item has an edit of its own");
    }
}

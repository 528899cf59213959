//! Every filled item by itself: known item, item of the record type, length and type, date, code list, over-ride value.

use super::{Made, Maker, failure};
use crate::dates::PartialDate;
use crate::edits::eval::set_of;
use crate::edits::frame::Severity;
use crate::edits::run::Failure;
use crate::edits::slots::Slot;
use crate::naaccr::value_sets::Completeness;
use crate::naaccr::{DataType, ProblemKind, faults, rule};

pub(super) fn check(maker: &Maker, made: &Made<'_, '_>, out: &mut Vec<Failure>) {
    for stranger in &made.own.strangers {
        out.push(Failure {
            edit: "unknown-item".into(),
            family: "unknown-item".into(),
            kind: "field format".into(),
            severity: Severity::Error,
            items: Vec::new(),
            stranger: Some(stranger.id.to_owned()),
            tumor: made.tumor,
            other: None,
            message: format!(
                "{} is an item of no NAACCR dictionary known here; load its dictionary or correct the id.",
                stranger.id
            ),
            overrides: Vec::new(),
            over_ridden: false,
        });
    }
    let mut too_much: Vec<Slot> = Vec::new();
    for (slot, value) in &made.own.filled {
        one(maker, made, *slot, value, out);
        let standard = slot.standard();
        if !standard.record_types.contains(maker.record_type) && !standard.reserved && slot.id() != "recordType" {
            too_much.push(*slot);
        }
    }
    if !too_much.is_empty() && maker.runs("record-type") {
        let names: Vec<&str> = too_much.iter().take(5).map(|slot| slot.label()).collect();
        let message = format!(
            "A record of type {} does not carry {} ({} in all).",
            maker.record_type,
            names.join(", "),
            too_much.len()
        );
        let mut one = failure("sys-record-type-items".into(), "coding-system", made, too_much[0], message);
        one.kind = "inter-field".into();
        one.items = too_much;
        out.push(one);
    }
}

fn one(maker: &Maker, made: &Made<'_, '_>, slot: Slot, value: &str, out: &mut Vec<Failure>) {
    let item = slot.item();
    if matches!(item.data_type, DataType::Date | DataType::DateTime) {
        if maker.runs("date-shape") {
            date(made, slot, value, out);
        }
        return;
    }
    let wrong = faults(item, value, true);
    if !wrong.none() {
        if maker.runs("length-type") {
            let kinds: Vec<ProblemKind> = wrong.kinds().collect();
            let words: Vec<String> = kinds.iter().map(|kind| rule(*kind, item, value)).collect();
            let mut one = failure(
                format!("length-type-{}", slot.id()),
                "length-type",
                made,
                slot,
                format!("{}: {}.", slot.label(), words.join("; ")),
            );
            if kinds == [ProblemKind::TrailingSpace] || kinds == [ProblemKind::LeadingSpace] {
                one.severity = Severity::Warning;
            }
            out.push(one);
        }
        if wrong.bad_type || wrong.too_long || wrong.too_short {
            return;
        }
    }
    let Some(set) = set_of(slot) else { return };
    let value = value.trim();
    if set.completeness() == Completeness::Closed && !value.is_empty() && !set.lists(value) {
        let flag = slot.id().starts_with("overRide");
        let (family, edit) = match flag {
            true => ("override-misuse", "ovr-flag-value".to_owned()),
            false => ("code-list", format!("code-list-{}", slot.id())),
        };
        if maker.runs(if flag { "override-value" } else { family }) {
            let mut one = failure(
                edit,
                family,
                made,
                slot,
                format!("{}: {value} is not one of its codes ({}).", slot.label(), few_codes(slot)),
            );
            one.kind = "code list".into();
            out.push(one);
        }
    }
}

/// The first codes of an item, to be told what is expected.
fn few_codes(slot: Slot) -> String {
    let Some(set) = set_of(slot) else { return String::new() };
    let codes = set.codes().iter().filter(|code| code.retired.is_none()).map(|code| code.code.to_owned());
    let ranges = set.ranges().iter().map(|range| format!("{}-{}", range.low, range.high));
    let all: Vec<String> = codes.chain(ranges).collect();
    match all.len() {
        0..=12 => all.join(", "),
        many => format!("{}, and {} more", all[..10].join(", "), many - 10),
    }
}

fn date(made: &Made<'_, '_>, slot: Slot, value: &str, out: &mut Vec<Failure>) {
    let why = match slot.item().data_type {
        DataType::Date => match PartialDate::parse(value) {
            Ok(_) => return,
            Err(why) => why.to_string(),
        },
        _ if faults(slot.item(), value, true).none() => return,
        _ => "a date with time is written 2024-05-14 or 2024-05-14T10:30:00".to_owned(),
    };
    let kebab = kebab(slot.id());
    let (family, edit) = match listed_date(slot) {
        true => ("date-format", format!("date-format-{kebab}")),
        false => ("date-shape", format!("date-shape-{kebab}")),
    };
    out.push(failure(edit, family, made, slot, format!("{}: {value} is not a date: {why}.", slot.label())));
}

/// The dates of version 26, whose edits bear the ids of the catalogue.
fn listed_date(slot: Slot) -> bool {
    slot.item().data_type == DataType::Date && slot.standard().retired_after.is_none()
}

/// `dateOf1stContact` as `date-of1st-contact`.
fn kebab(id: &str) -> String {
    let mut out = String::new();
    for c in id.chars() {
        if c.is_ascii_uppercase() {
            out.push('-');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

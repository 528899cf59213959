//! Items a standard asks for that are blank, by the table of required items.

use super::{Made, Maker};
use crate::edits::frame::{Severity, Years};
use crate::edits::required::{ClassGroup, Requirement};
use crate::edits::run::Failure;

pub(super) fn check(maker: &Maker, made: &Made<'_, '_>, out: &mut Vec<Failure>) {
    let of_patient = made.tumor.is_none();
    let class = made.own.get("classOfCase");
    let analytic = matches!(class, "00" | "10" | "11" | "12" | "13" | "14" | "20" | "21" | "22");
    let mut at = 0;
    while let Some(first) = maker.required.get(at) {
        let rows = maker.required[at..].iter().take_while(|row| row.item == first.item).count();
        let of_item = &maker.required[at..at + rows];
        at += rows;
        if first.item.is_of_patient() != of_patient || !made.own.value(first.item).is_blank() {
            continue;
        }
        let applies = |row: &&Requirement| {
            (row.years.hold(made.own.dx_year) || of_patient && row.years == Years::default())
                && match row.class {
                    ClassGroup::All => true,
                    ClassGroup::Analytic => analytic,
                    ClassGroup::Treated => analytic && class != "00",
                    ClassGroup::Dead => made.own.get("vitalStatus") == "0",
                }
                && (row.schema.is_empty() || made.own.schema(made.with).id() == Some(row.schema))
        };
        let asking: Vec<&Requirement> = of_item.iter().filter(applies).collect();
        if asking.is_empty() {
            continue;
        }
        let mut names: Vec<&str> = asking.iter().map(|row| row.standard).collect();
        names.dedup();
        let verified = asking.iter().any(|row| row.verified);
        let slot = first.item;
        let doubt = if verified { "" } else { " (not confirmed in a document at hand)" };
        out.push(Failure {
            edit: format!("required-{}", slot.id()).into(),
            family: "required".into(),
            kind: "required".into(),
            severity: if verified { Severity::Error } else { Severity::Warning },
            items: vec![slot],
            stranger: None,
            tumor: made.tumor,
            other: None,
            message: format!("{} is blank; asked for by {}{doubt}.", slot.label(), names.join(", ")),
            overrides: Vec::new(),
            over_ridden: false,
        });
    }
}

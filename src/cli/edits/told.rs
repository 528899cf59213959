//! Failures told to a person: one line a cause, then why, where it comes from, what would do.

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::edits::{Case, Cause, Failure, Fix, Plan, Severity, Surroundings, causes, rule_in_words, value_in_words};

/// A cause with all that is said of it.
pub(super) struct Told {
    severity: Severity,
    tumor: Option<usize>,
    agencies: Vec<String>,
    edits: Vec<String>,
    message: String,
    /// Id, name and value with meaning of each item.
    items: Vec<(&'static str, &'static str, String)>,
    rule: String,
    source: String,
    help: String,
    fixes: Vec<Fix>,
    flags: Vec<(&'static str, &'static str)>,
}

/// What is to be said of the failures of a patient, errors first.
pub(super) fn explain<'a>(
    plan: &Plan<'_>,
    case: &Case<'a>,
    with: &Surroundings<'a>,
    failures: &[Failure],
) -> Vec<Told> {
    let mut all: Vec<Told> = causes(failures, plan.library())
        .into_iter()
        .filter_map(|cause| one(plan, case, with, failures, cause))
        .collect();
    all.sort_by_key(|told| (told.tumor, told.severity));
    all
}

fn one<'a>(
    plan: &Plan<'_>,
    case: &Case<'a>,
    with: &Surroundings<'a>,
    failures: &[Failure],
    cause: Cause,
) -> Option<Told> {
    let failure = failures.get(cause.shown)?;
    let edit = plan.library().edit(&failure.edit);
    let own = failure.tumor.and_then(|at| case.tumors().get(at)).unwrap_or(case.patient());
    let mut edits = vec![failure.edit.to_string()];
    edits.extend(cause.same.iter().filter_map(|n| failures.get(*n)).map(|f| f.edit.to_string()));
    let shown = failure.items.iter().filter(|slot| !failure.overrides.contains(slot));
    Some(Told {
        severity: failure.severity,
        tumor: failure.tumor,
        agencies: cause.agencies,
        edits,
        message: failure.message.clone(),
        items: shown.map(|slot| (slot.id(), slot.label(), value_in_words(own, *slot))).collect(),
        rule: edit.map(rule_in_words).unwrap_or_default(),
        source: edit.map(|edit| edit.source.clone()).unwrap_or_else(|| made_source(&failure.family).to_owned()),
        help: edit.map(|edit| edit.help.clone()).unwrap_or_default(),
        fixes: plan.fixes(case, with, failure),
        flags: failure.overrides.iter().map(|slot| (slot.id(), slot.label())).collect(),
    })
}

/// Where a rule that the program makes comes from.
fn made_source(family: &str) -> &'static str {
    match family {
        "ssdi" | "eod" | "grade" => "SEER EOD tables of the schema",
        "required" => "table of required items, or the standard's mark in the schema",
        "year-range" => "years of collection of the item",
        "override-misuse" => "the over-ride's own rule",
        "patient-equal" => "one patient, one value",
        _ => "NAACCR data dictionary",
    }
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    }
}

pub(super) fn as_json(all: &[Told]) -> Value {
    let one = |told: &Told| {
        let items: Vec<Value> =
            told.items.iter().map(|(id, name, value)| json!({"item": id, "name": name, "value": value})).collect();
        let fixes: Vec<Value> = told
            .fixes
            .iter()
            .map(|fix| {
                let values: Vec<Value> =
                    fix.values.iter().map(|c| json!({"value": c.value, "meaning": c.meaning})).collect();
                json!({"item": fix.item.id(), "values": values, "more": fix.more})
            })
            .collect();
        let flags: Vec<&str> = told.flags.iter().map(|(id, _)| *id).collect();
        json!({
            "severity": told.severity, "tumor": told.tumor, "agencies": told.agencies, "edits": told.edits,
            "message": told.message, "items": items, "rule": told.rule, "source": told.source, "help": told.help,
            "fixes": fixes, "override": flags,
        })
    };
    all.iter().map(one).collect::<Vec<Value>>().into()
}

/// The causes of a patient as text.
pub(super) fn write(out: &mut impl Write, patient: u64, all: &[Told]) -> io::Result<()> {
    let mut heading = None;
    for told in all {
        if heading != Some(told.tumor) {
            heading = Some(told.tumor);
            match told.tumor {
                Some(at) => writeln!(out, "patient {patient}, tumor {}", at + 1)?,
                None => writeln!(out, "patient {patient}")?,
            }
        }
        writeln!(out, "  {:8} {} [{}]", word(told.severity), told.message, told.agencies.join(" "))?;
        let items: Vec<String> = told.items.iter().map(|(_, name, value)| format!("{name}: {value}")).collect();
        writeln!(out, "           items      {}", items.join("; "))?;
        if !told.rule.is_empty() {
            writeln!(out, "           rule       {}", told.rule)?;
        }
        writeln!(out, "           source     {}", told.source)?;
        if !told.help.is_empty() {
            writeln!(out, "           help       {}", told.help)?;
        }
        for fix in &told.fixes {
            let values: Vec<String> = fix
                .values
                .iter()
                .map(|c| match (&*c.value, &*c.meaning) {
                    ("", _) => "blank".to_owned(),
                    (value, "") => value.to_owned(),
                    (value, meaning) => format!("{value} ({meaning})"),
                })
                .collect();
            let more = if fix.more == 0 { String::new() } else { format!(" and {} more", fix.more) };
            writeln!(out, "           choose     {}: {}{more}", fix.item.label(), values.join(", "))?;
        }
        let flags: Vec<&str> = told.flags.iter().map(|(_, name)| *name).collect();
        if !flags.is_empty() {
            writeln!(out, "           over-ride  {}", flags.join(", "))?;
        }
        writeln!(out, "           edits      {}", told.edits.join(", "))?;
    }
    Ok(())
}

//! The library of edits: search, one rule in words with its tests, and trying a rule on pasted items.

use serde::Serialize;

use super::case_edit::source_of;
use crate::dates::PartialDate;
use crate::edits::{Case, Edit, EditFile, Library, Severity, Surroundings, Trials, rule_in_words, try_edit};
use crate::edits::{Plan, PlanFor};
use crate::naaccr::{Level, RecordType, Version, super_dictionary};
use crate::web::frame::Sheet;
use crate::web::{Ask, Refused, Reply, show};

#[derive(Serialize)]
struct List {
    q: String,
    found: i64,
    all: i64,
    rows: Vec<Row>,
    more: bool,
}

#[derive(Serialize)]
struct Row {
    id: String,
    name: String,
    family: String,
    agency: String,
    severity: &'static str,
    years: String,
}

/// Rows on the page; more words find fewer.
const MOST: usize = 200;

fn severity(edit: &Edit) -> &'static str {
    match edit.severity() {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "documentation",
    }
}

/// All words stand in id, name, family, agency, message, or an item it reads.
fn fits(edit: &Edit, words: &[String]) -> bool {
    let items: Vec<&str> = edit.reads().iter().flat_map(|slot| [slot.id(), slot.label()]).collect();
    let text = [&edit.id, &edit.name, &edit.family, &edit.agency, &edit.message].map(String::as_str).join(" ");
    let text = format!("{text} {}", items.join(" ")).to_lowercase();
    words.iter().all(|word| text.contains(word.as_str()))
}

/// The list.
pub fn show(ask: &Ask) -> Result<Reply, Refused> {
    let bound = ask.store().standards().edits().bound(None);
    let q = ask.query.trimmed("q").to_owned();
    let words: Vec<String> = q.to_lowercase().split_whitespace().map(str::to_owned).collect();
    let found: Vec<&Edit> = bound.library().edits().iter().filter(|edit| fits(edit, &words)).collect();
    let rows = found.iter().take(MOST).map(|edit| Row {
        id: edit.id.clone(),
        name: edit.name.clone(),
        family: edit.family.replace('-', " "),
        agency: edit.agency.clone(),
        severity: severity(edit),
        years: edit.years.to_string(),
    });
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let page = List {
        rows: rows.collect(),
        more: found.len() > MOST,
        found: count(found.len()),
        all: count(bound.library().edits().len()),
        q,
    };
    ask.page("pages/edit-library", &Sheet::of("Library of edits", "/quality"), &page)
}

#[derive(Serialize)]
struct One {
    id: String,
    name: String,
    family: String,
    severity: &'static str,
    confidence: String,
    years: String,
    rule: String,
    message: String,
    help: String,
    source: String,
    written: (String, String),
    items: Vec<(u32, String)>,
    flags: Vec<String>,
    sets: Vec<String>,
    file: String,
    line: usize,
}

/// One edit.
pub fn one(ask: &Ask) -> Result<Reply, Refused> {
    let bound = ask.store().standards().edits().bound(None);
    let library = bound.library();
    let edit = library.edit(ask.path.get("edit")).ok_or(Refused::NotFound)?;
    let number = |slot: &crate::edits::Slot| slot.standard().number.map_or(0, |n| n.0);
    let page = One {
        id: edit.id.clone(),
        name: edit.name.clone(),
        family: edit.family.replace('-', " "),
        severity: severity(edit),
        confidence: format!("{:?}", edit.confidence),
        years: edit.years.to_string(),
        rule: rule_in_words(edit),
        message: edit.message.clone(),
        help: edit.help.clone(),
        source: source_of(edit),
        written: edit.written.clone(),
        items: edit.items.iter().map(|slot| (number(slot), show::item_name(slot.label()))).collect(),
        flags: edit.overrides.iter().map(|over| format!("{} {}", number(&over.flag), over.flag.label())).collect(),
        sets: library.sets().filter(|set| library.runs_in(edit, set)).map(|set| set.name.clone()).collect(),
        file: edit.file.clone(),
        line: edit.line,
    };
    ask.page("pages/edit-rule", &Sheet::of(&page.name, "/quality"), &page)
}

#[derive(Serialize, Default)]
struct Tried {
    rule: String,
    items: String,
    faults: Vec<String>,
    words: Vec<String>,
    failures: Vec<String>,
    tried: bool,
}

const RULE: &str = "[standard]\nname = \"ours\"\nedition = \"1\"\n\n[file]\nfamily = \"laterality\"\nagency = \"ours\"\nsets = [\"all\"]\n\
    source = \"our rule\"\n\n[[edit]]\nid = \"ours-lung-side\"\nwhen = \"primarySite starts with C34\"\nfail = \"laterality = 0\"\n\
    message = \"The lung has two sides: {laterality} is not possible.\"\n\
    fails = [{ primarySite = \"C341\", laterality = \"0\" }]\npasses = [{ primarySite = \"C341\", laterality = \"1\" }]\n";

/// The editor as it is first shown.
pub fn editor(ask: &Ask) -> Result<Reply, Refused> {
    let page = Tried { rule: RULE.into(), items: "primarySite = C341\nlaterality = 0\n".into(), ..Tried::default() };
    ask.page("pages/edit-try", &Sheet::of("Try a rule", "/quality"), &page)
}

/// Reads a rule, tries its tests, and runs it on pasted records; nothing is kept.
pub fn try_rule(ask: &Ask) -> Result<Reply, Refused> {
    let (rule, items) = (ask.form.get("rule").replace("\r\n", "\n"), ask.form.get("items").replace("\r\n", "\n"));
    let mut page = Tried { rule, items, tried: true, ..Tried::default() };
    let mut library = Library::shipped().clone();
    let faults = library.add(&[EditFile { name: "rule.toml", text: &page.rule }], Trials::Kept);
    page.faults = faults.iter().map(ToString::to_string).collect();
    let own: Vec<&Edit> = library.edits().iter().filter(|edit| edit.file == "rule.toml").collect();
    for edit in &own {
        page.words.push(format!("{}: {}", edit.id, rule_in_words(edit)));
        for trialed in try_edit(edit).into_iter().filter(|trialed| !trialed.agrees) {
            page.faults.push(format!(
                "rule.toml:{}: edit {} test {}: {}",
                trialed.line, edit.id, trialed.number, trialed.message
            ));
        }
    }
    let today = PartialDate::from_naive(ask.now().date_naive()).map_err(|e| Refused::Broken(e.to_string()))?;
    let (with, all) = (Surroundings::shipped(today), library.set("all"));
    if let Some(set) = all {
        let plan = Plan::new(&library, PlanFor { set, record_type: RecordType::A, version: Version::V260 });
        // Records are parted by an empty line.
        for (record, number) in page.items.split("\n\n").filter(|record| !record.trim().is_empty()).zip(1..) {
            let (mut patient, mut tumor) = (Vec::new(), Vec::new());
            for line in record.lines().map(str::trim).filter(|line| !line.is_empty()) {
                let Some((id, value)) = line.split_once('=').map(|(id, value)| (id.trim(), value.trim())) else {
                    page.faults.push(format!("record {number}: {line}: write ITEM = VALUE, an item a line"));
                    continue;
                };
                match super_dictionary().by_id(id) {
                    Some(item) if item.level == Level::Patient => patient.push((id, value)),
                    Some(_) => tumor.push((id, value)),
                    None => page.faults.push(format!("record {number}: {id} is no item; the others are read")),
                }
            }
            let failures = plan.check_all(&Case::new(patient, [tumor]), &with);
            let mine: Vec<_> = failures.iter().filter(|f| own.iter().any(|edit| edit.id == f.edit)).collect();
            if mine.is_empty() {
                page.failures.push(format!("Record {number}: passes"));
            }
            for failure in mine {
                let passed = if failure.over_ridden { ", over-ridden" } else { "" };
                page.failures.push(format!("Record {number}: {} fails{passed}. {}", failure.edit, failure.message));
            }
        }
    }
    ask.page("pages/edit-try", &Sheet::of("Try a rule", "/quality"), &page)
}

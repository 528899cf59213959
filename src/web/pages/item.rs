//! One item of an abstract: saved on leaving it, its life, its codes.

use serde::Serialize;

use super::banner::Banner;
use super::case_stage::CaseStage;
use super::demands::{Demands, is_accredited};
use super::dock::{DockPart, dock};
use super::fields::{context_of, problem_of, words_of};
use super::workbench::{Case, form_of};
use crate::dates::PartialDate;
use crate::edits::{ClassGroup, Requirement, Status};
use crate::naaccr::{DataType, ItemNumber, Level, Padding, StandardItem, super_dictionary};
use crate::registry::change::{Because, Change, NotAmended, Since, amend_abstract, amend_patient};
use crate::registry::follows::follows;
use crate::registry::life::{Stage, life};
use crate::registry::sections::{section, section_of};
use crate::registry::status::{Move, move_abstract};
use crate::registry::store::{By, Kind, Origin, StoreError, Tx, records};
use crate::web::frame::Sheet;
use crate::web::{Ask, Refused, Reply, show};

/// The item of the path's `{no}`.
pub(super) fn item_of(ask: &Ask) -> Result<&'static StandardItem, Refused> {
    let number = u32::try_from(ask.id("no")?).map_err(|_| Refused::NotFound)?;
    super_dictionary().by_number(ItemNumber(number)).ok_or(Refused::NotFound)
}

/// A value as it is kept: a date may be typed as people write it, a code without its leading zeros; typographic signs
/// of texts become plain ones.
fn as_stored(item: &StandardItem, typed: &str, today: chrono::NaiveDate) -> String {
    let typed = typed.replace("\r\n", "\n");
    let typed = typed.trim();
    if item.data_type == DataType::Date
        && let Ok(date) = PartialDate::parse_typed_on(typed, today)
    {
        return date.naaccr();
    }
    let length = item.length as usize;
    let digits = !typed.is_empty() && typed.bytes().all(|b| b.is_ascii_digit());
    if item.data_type == DataType::Digits && item.padding == Padding::LeftZero && digits && typed.len() < length {
        return format!("{typed:0>length$}");
    }
    if item.data_type == DataType::Text { plain(typed) } else { typed.to_string() }
}

/// Typographic quotes, dashes and blanks as plain ones; characters that no file may hold are left out.
fn plain(text: &str) -> String {
    let mut made = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{2032}' => made.push('\''),
            '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{2033}' => made.push('"'),
            '\u{2010}'..='\u{2015}' => made.push('-'),
            '\u{2026}' => made.push_str("..."),
            '\u{2022}' => made.push('*'),
            '\t' | '\u{a0}' | '\u{2002}'..='\u{200a}' | '\u{202f}' => made.push(' '),
            '\n' => made.push('\n'),
            '\u{200b}'..='\u{200f}' | '\u{feff}' => {}
            c if c.is_control() => {}
            c => made.push(c),
        }
    }
    made
}

/// The changes that one typed value makes: `8500/3` is a histology with its behavior.
fn changes_of(item: &StandardItem, typed: &str, today: chrono::NaiveDate) -> Vec<Change> {
    if *item.id == *"histologicTypeIcdO3"
        && let Some((histology, behavior)) = typed.trim().split_once('/')
        && !histology.is_empty()
        && behavior.len() == 1
    {
        return vec![Change::new(&item.id, histology), Change::new("behaviorCodeIcdO3", behavior)];
    }
    vec![Change::new(&item.id, &as_stored(item, typed, today))]
}

#[derive(Serialize)]
struct Saved {
    version: i64,
    patient_version: i64,
    value: String,
    meaning: String,
    problem: Option<String>,
    /// What the form depends on; when it differs from the page's the page is made again.
    form: String,
    /// What there is to look at now, as the page shows it; for a page that says which section it shows.
    dock: Option<String>,
    saved: String,
    /// Who else changed other items since the page was made; their values stand beside this one.
    merged: Vec<String>,
}

/// Saves one item. A script gets JSON, a form goes back to its section.
pub fn save(ask: &Ask) -> Result<Reply, Refused> {
    let item = item_of(ask)?;
    let case = Case::read(ask)?;
    let today = today(ask)?;
    let Written { version, patient_version, merged } =
        write(ask, &case, changes_of(item, ask.form.get("value"), today))?;
    if !ask.wants_json {
        let back = section(ask.form.trimmed("back")).or_else(|| section_of(&item.id)).map_or("accession", |s| s.key);
        return Ok(Reply::see(format!("/cases/{}/{back}#i{}", case.abstract_.id, item.number.map_or(0, |n| n.0))));
    }
    let case = Case::read(ask)?;
    let context = context_of(&case);
    let stage = CaseStage::of(&ask.store().standards(), &case, ask.now());
    Reply::json(&Saved {
        version,
        patient_version,
        meaning: words_of(item, case.value(&item.id), &context, &stage),
        problem: problem_of(item, case.value(&item.id), &context, &stage),
        form: form_of(&case, &stage),
        dock: dock_of(ask, &case, &stage)?,
        value: case.value(&item.id).to_string(),
        saved: show::time_to_second(&case.abstract_.changed_at, ask.app.front()?.zone),
        merged,
    })
}

/// The day it is where the registry works.
fn today(ask: &Ask) -> Result<chrono::NaiveDate, Refused> {
    Ok(ask.now().with_timezone(&ask.app.front()?.zone).date_naive())
}

/// The dock of the section that the page shows.
pub(super) fn dock_of(ask: &Ask, case: &Case, stage: &CaseStage) -> Result<Option<String>, Refused> {
    let Some(current) = section(ask.form.trimmed("section")) else { return Ok(None) };
    let dock = dock(ask, case, stage, current)?;
    let part = DockPart { case: case.abstract_.id, may_edit: case.may_edit(ask)?, dock };
    Ok(Some(ask.app.templates().render("parts/dock", &part)?))
}

/// Saves a section's form: what differs from what is stored.
pub fn save_section(ask: &Ask) -> Result<Reply, Refused> {
    let found = section(ask.path.get("section")).ok_or(Refused::NotFound)?;
    let case = Case::read(ask)?;
    let today = today(ask)?;
    // The stage section also holds items of the schema that stand in no section.
    let elsewhere = super_dictionary().items().iter().filter(|i| found.key == "stage" && section_of(&i.id).is_none());
    let changes = found
        .items()
        .chain(elsewhere)
        .filter_map(|item| {
            let field = format!("i{}", item.number.map_or(0, |n| n.0));
            let value = ask.form.has(&field).then(|| ask.form.get(&field))?;
            (as_stored(item, value, today) != case.value(&item.id)).then(|| changes_of(item, value, today))
        })
        .flatten()
        .collect();
    write(ask, &case, changes)?;
    Ok(Reply::see(format!("/cases/{}/{}", case.abstract_.id, found.key)))
}

/// What a save made of it.
struct Written {
    version: i64,
    patient_version: i64,
    merged: Vec<String>,
}

/// Writes changes to the patient and to the abstract, in one piece. What others changed meanwhile at other items stays
/// beside ours; at the same item it is a conflict. What follows from the change is written with it.
fn write(ask: &Ask, case: &Case, changes: Vec<Change>) -> Result<Written, Refused> {
    let (seen, seen_patient) = (ask.number("seen")?, ask.number("seen_patient")?);
    let by = ask.by()?.clone();
    let why = ask.form.trimmed("why").to_string();
    let (abstract_id, patient_id) = (case.abstract_.id, case.patient.id);
    let accredited = is_accredited(&mut *ask.reading()?, "")?;
    let before = case.abstract_.items.clone();
    let (patient, tumor): (Vec<Change>, Vec<Change>) =
        changes.into_iter().partition(|c| super_dictionary().by_id(&c.item).is_some_and(|i| i.level == Level::Patient));
    let answer = ask.store().write(move |tx| {
        let because = Because::typed(&why);
        let mut written = Written { version: seen, patient_version: seen_patient, merged: vec![] };
        if !tumor.is_empty() {
            written.version = merged(tx, &mut written.merged, &by, seen, &tumor, |tx, seen| {
                amend_abstract(tx, &by, abstract_id, seen, &tumor, &because)
            })?;
        }
        if !patient.is_empty() {
            written.patient_version = merged(tx, &mut written.merged, &by, seen_patient, &patient, |tx, seen| {
                amend_patient(tx, &by, patient_id, seen, &patient, &because)
            })?;
        }
        let now = records::abstract_(tx.conn, &by, abstract_id)?;
        let of_patient = records::patient(tx.conn, &by, patient_id)?;
        // What the rules derive may have followed the patient.
        written.version = now.version;
        if now.status == "accessioned" {
            written.version = move_abstract(tx, &by, abstract_id, written.version, &Move::GoOn, "work began")?;
        }
        for following in follows(&of_patient.items, &before, &now.items, accredited) {
            let because = Because { why: following.why.into(), origin: Origin::Rule, source: None };
            written.version = amend_abstract(tx, &by, abstract_id, written.version, &[following.change], &because)?;
        }
        Ok::<_, StoreError>(written)
    });
    Ok(answer?)
}

/// Tries a change against the version its page was made from; when only other items changed since, against the newest.
fn merged(
    tx: &mut Tx<'_>,
    others: &mut Vec<String>,
    by: &By,
    seen: i64,
    changes: &[Change],
    amend: impl Fn(&mut Tx<'_>, i64) -> Result<i64, StoreError>,
) -> Result<i64, StoreError> {
    match amend(tx, seen) {
        Err(StoreError::Stale(stale)) if !touches(&stale, changes) => {
            for since in stale.since.iter().filter(|since| since.login != by.asker.login) {
                others.push(said(since));
            }
            amend(tx, stale.version)
        }
        answer => answer,
    }
}

/// Whether somebody changed one of these items to another value than the one typed.
fn touches(stale: &NotAmended, changes: &[Change]) -> bool {
    let same = |item: &str| stale.since.iter().any(|since| since.changes.iter().any(|changed| changed.item == item));
    changes.iter().any(|change| {
        let stored = stale.yours.iter().find(|side| side.item == change.item).map_or("", |side| &side.stored);
        same(&change.item) && stored != change.value
    })
}

fn said(since: &Since) -> String {
    let names: Vec<String> = since
        .changes
        .iter()
        .filter_map(|changed| super_dictionary().by_id(&changed.item))
        .map(|item| format!("{} {}", item.number.map_or(0, |n| n.0), show::item_name(&item.name)))
        .collect();
    format!("{} changed {}", since.login, names.join(", "))
}

#[derive(Serialize)]
struct LifePage {
    banner: Banner,
    case: i64,
    section: Option<SectionLink>,
    number: u32,
    id: String,
    name: String,
    value: String,
    meaning: String,
    stages: Vec<StageShown>,
    length: u32,
    kind: &'static str,
    level: &'static str,
    source_of_standard: &'static str,
    first: u16,
    retired: Option<u16>,
    coded: bool,
    asked_by: Vec<AskedBy>,
    asked_by_schema: String,
}

/// A row that asks for the item.
#[derive(Serialize)]
struct AskedBy {
    standard: &'static str,
    years: String,
    class: &'static str,
    status: &'static str,
    source: &'static str,
    verified: bool,
}

#[derive(Serialize)]
struct SectionLink {
    key: &'static str,
    title: &'static str,
}

#[derive(Serialize)]
struct StageShown {
    day: String,
    time: String,
    value: String,
    meaning: String,
    login: String,
    how: String,
    why: String,
    file: Option<String>,
    source: bool,
}

/// The life of an item.
pub fn history(ask: &Ask) -> Result<Reply, Refused> {
    let item = item_of(ask)?;
    let case = Case::read(ask)?;
    let of_patient = item.level == Level::Patient;
    let (kind, record) =
        if of_patient { (Kind::Patient, case.patient.id) } else { (Kind::Abstract, case.abstract_.id) };
    let value = case.value(&item.id).to_string();
    let stages = life(&mut *ask.reading()?, kind, record, &item.id, &value)?;
    let context = context_of(&case);
    let (by_rules, no_rules) = (CaseStage::of(&ask.store().standards(), &case, ask.now()), CaseStage::default());
    let zone = ask.app.front()?.zone;
    let demands = Demands::of(&mut *ask.reading()?, &case, &by_rules)?;
    let today = PartialDate::from_naive(ask.now().date_naive()).map_err(|e| Refused::Broken(e.to_string()))?;
    let page = LifePage {
        banner: Banner::of(&case.patient, &case.all, today),
        case: case.abstract_.id,
        section: section_of(&item.id).map(|s| SectionLink { key: s.key, title: s.title }),
        number: item.number.map_or(0, |n| n.0),
        id: item.id.to_string(),
        name: show::item_name(&item.name),
        meaning: words_of(item, &value, &context, &by_rules),
        stages: stages
            .into_iter()
            .map(|stage| {
                // The schema of today says what the value of today means, not what earlier ones did.
                let rules = if stage.value == value { &by_rules } else { &no_rules };
                stage_shown(item, stage, (&context, rules), zone)
            })
            .collect(),
        value,
        length: item.length,
        kind: item.data_type.name(),
        level: if of_patient { "patient" } else { "tumor" },
        source_of_standard: item.source,
        first: item.first.number(),
        retired: item.retired_after.map(|v| v.number()),
        coded: crate::codes::is_coded(&item.id),
        asked_by: demands.need(&item.id).map_or(Vec::new(), |need| need.rows.iter().map(|row| asked_by(row)).collect()),
        asked_by_schema: match by_rules.item(&item.id).filter(|of_schema| of_schema.required.contains(&true)) {
            Some(_) => by_rules.rules.iter().map(|rules| rules.schema_title.clone()).next().unwrap_or_default(),
            None => String::new(),
        },
    };
    let reply = ask.page(
        "pages/item",
        &Sheet::of(&format!("{} {}, life of the item", page.number, page.name), "/patients"),
        &page,
    )?;
    Ok(reply.about_patient(case.patient.id).about_abstract(case.abstract_.id).noting(format!("item {}", page.number)))
}

fn asked_by(row: &Requirement) -> AskedBy {
    let years = match (row.years.first, row.years.last) {
        (None, None) => "all years".into(),
        (Some(first), None) => format!("from {first}"),
        (None, Some(last)) => format!("to {last}"),
        (Some(first), Some(last)) => format!("{first} to {last}"),
    };
    AskedBy {
        standard: row.standard,
        years,
        class: match row.class {
            ClassGroup::All => "all classes",
            ClassGroup::Analytic => "analytic, 00 to 22",
            ClassGroup::Treated => "10 to 22",
            ClassGroup::Dead => "who has died",
        },
        status: match row.status {
            Status::Required => "required",
            Status::IfAvailable => "if it is known",
            Status::Recommended => "recommended",
            Status::Derived => "filled by the program",
            Status::Historical => "earlier years",
        },
        source: row.source,
        verified: row.verified,
    }
}

fn stage_shown(
    item: &StandardItem,
    stage: Stage,
    (context, rules): (&crate::codes::Context<'_>, &CaseStage),
    zone: chrono_tz::Tz,
) -> StageShown {
    let how = match stage.origin.as_str() {
        "typed" => "Typed",
        "source" => "As received",
        "rule" => "Derived by a rule",
        "contact" => "A posted contact",
        _ => "By hand",
    };
    let at = show::time_to_second(&stage.at, zone);
    let (day, time) = at.split_once(' ').map_or((at.clone(), String::new()), |(d, t)| (d.to_string(), t.to_string()));
    StageShown {
        day,
        time,
        meaning: words_of(item, &stage.value, context, rules),
        value: stage.value,
        login: stage.login,
        how: how.into(),
        why: stage.why,
        source: stage.source.is_some(),
        file: stage.source.map(|s| format!("{}, lines {}–{}", s.file_name, s.line_from, s.line_to)),
    }
}

#[derive(Serialize)]
struct Repeated {
    value: String,
}

/// The item's value in the abstract before this one of the same patient, for Ctrl '.
pub fn repeat(ask: &Ask) -> Result<Reply, Refused> {
    let item = item_of(ask)?;
    let case = Case::read(ask)?;
    let before = case
        .all
        .iter()
        .filter(|a| a.id != case.abstract_.id && !a.items.value(&item.id).is_empty())
        .max_by_key(|a| (a.id < case.abstract_.id, a.id));
    let value = before.map(|a| a.items.value(&item.id).to_string()).ok_or(Refused::NotFound)?;
    let reply = Reply::json(&Repeated { value })?;
    Ok(reply.about_patient(case.patient.id).about_abstract(case.abstract_.id))
}

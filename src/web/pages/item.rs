//! One item of an abstract: saved on leaving it, its life, its codes.

use serde::Serialize;

use super::banner::Banner;
use super::case_stage::{CaseStage, Pick, picklist};
use super::dock::{DockPart, dock};
use super::fields::{context_of, problem_of, words_of};
use super::workbench::{Case, form_of};
use crate::codes::{Choice, Hit, choices, search};
use crate::dates::PartialDate;
use crate::naaccr::{DataType, ItemNumber, Level, StandardItem, super_dictionary};
use crate::registry::change::{Because, Change, amend_abstract, amend_patient};
use crate::registry::life::{Stage, life};
use crate::registry::sections::{section, section_of, sections};
use crate::registry::store::{Kind, StoreError, records};
use crate::web::frame::Sheet;
use crate::web::{Ask, Refused, Reply, show};

/// The item of the path's `{no}`.
fn item_of(ask: &Ask) -> Result<&'static StandardItem, Refused> {
    let number = u32::try_from(ask.id("no")?).map_err(|_| Refused::NotFound)?;
    super_dictionary().by_number(ItemNumber(number)).ok_or(Refused::NotFound)
}

/// A date may be typed as people write it; all else stays as it was typed.
fn as_stored(item: &StandardItem, typed: &str) -> String {
    let typed = typed.replace("\r\n", "\n");
    if item.data_type == DataType::Date
        && let Ok(date) = PartialDate::parse_typed(&typed)
    {
        return date.naaccr();
    }
    typed.trim().to_string()
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
}

/// Saves one item. A script gets JSON, a form goes back to its section.
pub fn save(ask: &Ask) -> Result<Reply, Refused> {
    let item = item_of(ask)?;
    let case = Case::read(ask)?;
    let value = as_stored(item, ask.form.get("value"));
    let (version, patient_version) = write(ask, &case, vec![Change::new(&item.id, &value)])?;
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
    })
}

/// The dock of the section that the page shows.
fn dock_of(ask: &Ask, case: &Case, stage: &CaseStage) -> Result<Option<String>, Refused> {
    let Some(current) = section(ask.form.trimmed("section")) else { return Ok(None) };
    let today = PartialDate::from_naive(ask.now().date_naive()).map_err(|e| Refused::Broken(e.to_string()))?;
    let dock = dock(&mut *ask.reading()?, case, stage, current, today)?;
    let part = DockPart { case: case.abstract_.id, may_edit: case.may_edit(ask)?, dock };
    Ok(Some(ask.app.templates().render("parts/dock", &part)?))
}

/// Saves a section's form: what differs from what is stored.
pub fn save_section(ask: &Ask) -> Result<Reply, Refused> {
    let found = section(ask.path.get("section")).ok_or(Refused::NotFound)?;
    let case = Case::read(ask)?;
    // The stage section also holds items of the schema that stand in no section.
    let elsewhere = super_dictionary().items().iter().filter(|i| found.key == "stage" && section_of(&i.id).is_none());
    let changes = found
        .items()
        .chain(elsewhere)
        .filter_map(|item| {
            let field = format!("i{}", item.number.map_or(0, |n| n.0));
            let value = ask.form.has(&field).then(|| as_stored(item, ask.form.get(&field)))?;
            (value != case.value(&item.id)).then(|| Change::new(&item.id, &value))
        })
        .collect();
    write(ask, &case, changes)?;
    Ok(Reply::see(format!("/cases/{}/{}", case.abstract_.id, found.key)))
}

/// Writes changes to the patient and to the abstract, in one piece, each against the version its page was made from.
fn write(ask: &Ask, case: &Case, changes: Vec<Change>) -> Result<(i64, i64), Refused> {
    let (seen, seen_patient) = (ask.number("seen")?, ask.number("seen_patient")?);
    let by = ask.by()?.clone();
    let why = ask.form.trimmed("why").to_string();
    let (abstract_id, patient_id) = (case.abstract_.id, case.patient.id);
    let (patient, tumor): (Vec<Change>, Vec<Change>) =
        changes.into_iter().partition(|c| super_dictionary().by_id(&c.item).is_some_and(|i| i.level == Level::Patient));
    let answer = ask.store().write(move |tx| {
        let because = Because::typed(&why);
        let mut versions = (seen, seen_patient);
        if !tumor.is_empty() {
            versions.0 = amend_abstract(tx, &by, abstract_id, seen, &tumor, &because)?;
        }
        if !patient.is_empty() {
            versions.1 = amend_patient(tx, &by, patient_id, seen_patient, &patient, &because)?;
            // What the rules derive may have followed the patient.
            versions.0 = records::abstract_(tx.conn, &by, abstract_id)?.version;
        }
        Ok::<_, StoreError>(versions)
    });
    Ok(answer?)
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
    };
    let reply = ask.page(
        "pages/item",
        &Sheet::of(&format!("{} {}, life of the item", page.number, page.name), "/patients"),
        &page,
    )?;
    Ok(reply.about_patient(case.patient.id).about_abstract(case.abstract_.id).noting(format!("item {}", page.number)))
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
struct CodesPage<'a> {
    case: i64,
    version: i64,
    patient_version: i64,
    number: u32,
    name: String,
    value: &'a str,
    section: &'static str,
    q: &'a str,
    choices: Vec<ChoiceShown>,
    cut: bool,
}

#[derive(Serialize)]
struct ChoiceShown {
    /// The value to write; empty where a number has to be entered.
    code: String,
    /// The code as it is shown.
    shown: String,
    label: String,
    chosen: bool,
    fits: bool,
    note: String,
}

impl From<Choice> for ChoiceShown {
    fn from(choice: Choice) -> ChoiceShown {
        ChoiceShown {
            code: choice.code.into(),
            shown: choice.code.into(),
            label: choice.label.into(),
            chosen: false,
            fits: choice.fits && choice.retired.is_none(),
            note: standing(choice.fits, choice.retired.is_some()).into(),
        }
    }
}

impl From<Hit> for ChoiceShown {
    fn from(hit: Hit) -> ChoiceShown {
        let note = standing(hit.fits, hit.retired.is_some());
        let met = hit.term.map_or(String::new(), |term| format!("found as {term}"));
        ChoiceShown {
            code: hit.code.into(),
            shown: hit.shown(),
            label: hit.label.into(),
            chosen: false,
            fits: hit.fits && hit.retired.is_none(),
            note: [met.as_str(), note].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; "),
        }
    }
}

impl From<Pick> for ChoiceShown {
    fn from(pick: Pick) -> ChoiceShown {
        ChoiceShown {
            code: if pick.whole { pick.code.clone() } else { String::new() },
            shown: pick.code,
            label: pick.label,
            chosen: false,
            fits: true,
            note: pick.derives,
        }
    }
}

fn standing(fits: bool, retired: bool) -> &'static str {
    match (fits, retired) {
        (_, true) => "retired",
        (true, false) => "",
        (false, false) => "not usual here",
    }
}

/// How many codes are shown at once.
const MOST_CODES: usize = 200;

/// The codes of an item in this case: for F4 as JSON, without script as a page.
pub fn codes(ask: &Ask) -> Result<Reply, Refused> {
    let item = item_of(ask)?;
    let case = Case::read(ask)?;
    let context = context_of(&case);
    let value = case.value(&item.id);
    let q = ask.query.trimmed("q");
    let words: Vec<String> = q.to_lowercase().split_whitespace().map(str::to_string).collect();
    let fits_words = |pick: &Pick| {
        let (label, code) = (pick.label.to_lowercase(), pick.code.to_lowercase());
        words.iter().all(|w| code.starts_with(w.as_str()) || label.contains(w.as_str()))
    };
    let mut found: Vec<ChoiceShown> = match picklist(&ask.store().standards(), &case, ask.now(), &item.id) {
        Some(picks) => picks.into_iter().filter(fits_words).map(ChoiceShown::from).collect(),
        None if words.is_empty() => choices(&item.id, &context).into_iter().map(ChoiceShown::from).collect(),
        None => search(q, Some(&item.id), &context, MOST_CODES + 1).into_iter().map(ChoiceShown::from).collect(),
    };
    let cut = found.len() > MOST_CODES;
    found.iter_mut().for_each(|choice| choice.chosen = choice.code == value && !value.is_empty());
    let page = CodesPage {
        case: case.abstract_.id,
        version: case.abstract_.version,
        patient_version: case.patient.version,
        number: item.number.map_or(0, |n| n.0),
        name: show::item_name(&item.name),
        value,
        section: section_of(&item.id).map_or(sections()[0].key, |s| s.key),
        q,
        choices: found.into_iter().take(MOST_CODES).collect(),
        cut,
    };
    let reply = match ask.wants_json {
        true => Reply::json(&page)?,
        false => {
            ask.page("pages/codes", &Sheet::of(&format!("Codes of {} {}", page.number, page.name), "/patients"), &page)?
        }
    };
    Ok(reply
        .about_patient(case.patient.id)
        .about_abstract(case.abstract_.id)
        .noting(format!("codes of item {}", page.number)))
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

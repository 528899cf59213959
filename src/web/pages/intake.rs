//! Imports: sending a file in, what became of each, the problems found, in groups, one by one and as CSV.

use serde::{Deserialize, Serialize};

use super::differs::Listed;
use super::words;
use crate::asker::{May, Scope};
use crate::intake::import_job::{OnChange, Options};
use crate::naaccr::super_dictionary;
use crate::registry::store::facility;
use crate::registry::store::imports::{self, Import};
use crate::registry::store::jobs;
use crate::registry::store::reviews;
use crate::registry::store::scope::{ScopeBinds, must_hold};
use crate::registry::store::settings::setting;
use crate::registry::store::{Conn, StoreError};
use crate::registry::withdraw::{self, Asked, Came};
use crate::web::form::Field;
use crate::web::frame::Sheet;
use crate::web::templates::Chip;
use crate::web::{Ask, Refused, Reply, show};

#[derive(Serialize)]
struct List {
    rows: Vec<Row>,
    waiting: Vec<Listed>,
    fields: Vec<Field>,
    every_facility: bool,
}

#[derive(Serialize)]
struct Row {
    id: i64,
    file: String,
    sender: String,
    by: String,
    when: String,
    state: Chip,
    counts: Counted,
}

/// Counts of an import, read leniently: a job that has just begun has none.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Counted {
    patients: i64,
    tumors: i64,
    added: i64,
    changed: i64,
    unchanged: i64,
    review: i64,
    refused: i64,
    problems: i64,
}

impl Counted {
    fn of(import: &Import) -> Counted {
        serde_json::from_str(&import.counts).unwrap_or_default()
    }
}

const NEWEST: i64 = 100;
const PAGE: i64 = 100;

/// The list, with the form for a new file beside it.
pub fn show(ask: &Ask) -> Result<Reply, Refused> {
    let front = ask.app.front()?;
    let (by, conn) = (ask.by()?, &mut *ask.reading()?);
    let every_facility = matches!(by.asker.scope, Scope::Registry);
    let rows = imports::imports(conn, by, NEWEST)?;
    let scope = ScopeBinds::of(by);
    let places = facility::facilities(conn)?;
    let central = setting(conn, "registry.kind")? == "central";
    let named: Vec<(String, String)> = places
        .iter()
        .filter(|f| f.retired == 0 && scope.holds(f.id, by))
        .map(|f| (f.number.clone(), format!("{} {}", f.number, f.name)))
        .collect();
    let otherwise = if every_facility { "The home facility" } else { "My only facility; without one, to none" };
    let choices = std::iter::once(("", otherwise)).chain(named.iter().map(|(n, t)| (n.as_str(), t.as_str())));
    let waiting = reviews::waiting(conn, by, NEWEST)?;
    let data = List {
        waiting: waiting.iter().map(Listed::of).collect(),
        rows: rows
            .iter()
            .map(|import| Row {
                id: import.id,
                file: import.file_name.clone(),
                sender: import.sender.clone(),
                by: import.login.clone(),
                when: show::time_near(&import.created_at, ask.now(), front.zone),
                state: words::job_state(&import.state),
                counts: Counted::of(import),
            })
            .collect(),
        fields: vec![
            Field::text("sender", "Sender", "")
                .hint("Names the space of its patient numbers; empty: the file's own registry id"),
            Field::choose("facility", "Tumors without a facility belong to", "", choices),
            Field::choose(
                "on_change",
                "A record that differs from a known abstract",
                if central { "replace" } else { "review" },
                [
                    ("review", "waits for review, item by item"),
                    ("replace", "becomes the new report, the old is kept"),
                    ("ignore", "is left alone"),
                ],
            ),
            Field::tick("partial", "Take what can be taken, also when records are refused", false),
        ],
        every_facility,
    };
    ask.page("pages/intake", &Sheet::of("Intake", "/intake"), &data)
}

/// Takes a file and begins its import.
pub fn take(ask: &Ask) -> Result<Reply, Refused> {
    let file = ask.file()?.clone();
    let text = |name: &str| Some(ask.form.trimmed(name).to_string()).filter(|text| !text.is_empty());
    let options = Options {
        sender: text("sender"),
        facility: text("facility"),
        on_change: match ask.form.trimmed("on_change") {
            "replace" => OnChange::Replace,
            "ignore" => OnChange::Ignore,
            _ => OnChange::Review,
        },
        partial: ask.form.has("partial"),
    };
    let facility = match &options.facility {
        Some(number) => {
            let found = facility::facility_by_number(&mut *ask.reading()?, number)?.ok_or(Refused::NotFound)?;
            must_hold(ask.by()?, found.id)?;
            Some(found.id)
        }
        None => None,
    };
    let options = serde_json::to_string(&options).map_err(|e| Refused::Broken(e.to_string()))?;
    let by = ask.by()?.clone();
    let (import, _) =
        ask.store().write(move |tx| imports::begin(tx, &by, file.file, &file.name, facility, &options))?;
    Ok(Reply::see(format!("/intake/{import}")))
}

#[derive(Serialize)]
struct Report {
    id: i64,
    file: String,
    sender: String,
    by: String,
    when: String,
    state: Chip,
    message: String,
    counts: Counted,
    running: Option<Running>,
    groups: Vec<Group>,
    kind: String,
    rows: Vec<Problem>,
    next: Option<i64>,
    version: String,
    /// What was taken back or brought back, newest first.
    taken_back: Vec<TakenBack>,
    may_withdraw: bool,
    error: String,
}

#[derive(Serialize)]
struct TakenBack {
    when: String,
    by: String,
    words: String,
    reason: String,
    kept: i64,
    listed: Vec<i64>,
}

#[derive(Serialize)]
struct Running {
    step: String,
    done: i64,
    total: i64,
    text: String,
}

#[derive(Serialize)]
struct Group {
    kind: String,
    words: String,
    severity: Chip,
    item: String,
    number: String,
    times: i64,
    first_line: Option<i64>,
}

#[derive(Serialize)]
struct Problem {
    line: Option<i64>,
    patient: Option<i64>,
    tumor: Option<i64>,
    item: String,
    number: String,
    value: String,
    message: String,
    severity: Chip,
}

/// One import.
pub fn report(ask: &Ask) -> Result<Reply, Refused> {
    report_page(ask, String::new())
}

/// Asks for an import to be taken back.
pub fn withdraw(ask: &Ask) -> Result<Reply, Refused> {
    let (by, import) = (ask.by()?.clone(), ask.id("i")?);
    let reason = ask.form.trimmed("reason").to_string();
    match ask.store().write(move |tx| withdraw::ask(tx, &by, import, &reason)) {
        Ok(_) => Ok(Reply::see(format!("/intake/{import}"))),
        Err(StoreError::Refused(why)) => report_page(ask, why),
        Err(other) => Err(other.into()),
    }
}

/// The times an import was taken back and brought back.
fn taken_back(ask: &Ask, conn: &mut Conn, import: i64) -> Result<Vec<TakenBack>, Refused> {
    let zone = ask.app.front()?.zone;
    let mut found = Vec::new();
    for job in jobs::jobs_of_kind(conn, ask.by()?, "withdraw", NEWEST)? {
        let Ok(asked) = serde_json::from_str::<Asked>(&job.params) else { continue };
        if asked.import != import {
            continue;
        }
        let came: Came = job.result.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let what = if asked.undo { "brought back" } else { "taken back" };
        let (abstracts, patients) = (
            show::counted(came.abstracts, "abstract", "abstracts"),
            show::counted(came.patients, "patient", "patients"),
        );
        found.push(TakenBack {
            when: show::time(&job.created_at, zone),
            by: job.login,
            words: match job.state.as_str() {
                "done" => format!("{abstracts} and {patients} {what}"),
                "failed" => job.message.unwrap_or_default(),
                _ => format!("Being {what}: {abstracts} so far"),
            },
            reason: asked.reason,
            kept: came.kept,
            listed: came.listed,
        });
    }
    Ok(found)
}

fn report_page(ask: &Ask, error: String) -> Result<Reply, Refused> {
    let front = ask.app.front()?;
    let by = ask.by()?;
    let conn = &mut *ask.reading()?;
    let import = imports::import(conn, by, ask.id("i")?)?;
    let running = match import.job_id {
        Some(job) => {
            let job = jobs::job(conn, by, job)?;
            matches!(job.state.as_str(), "waiting" | "running").then(|| running_of(&job.step, job.done, job.total))
        }
        None => None,
    };
    let taken_back = taken_back(ask, conn, import.id)?;
    let kind = ask.query.trimmed("kind").to_string();
    let after = ask.query.trimmed("after").parse().unwrap_or(0);
    let chosen = (!kind.is_empty()).then_some(kind.as_str());
    let found = match running {
        None => imports::problems(conn, import.id, chosen, after, PAGE)?,
        Some(_) => vec![],
    };
    let full = found.len() == usize::try_from(PAGE).unwrap_or(usize::MAX);
    let data = Report {
        id: import.id,
        file: import.file_name.clone(),
        sender: import.sender.clone(),
        by: import.login.clone(),
        when: show::time(&import.created_at, front.zone),
        state: words::job_state(&import.state),
        message: import.message.clone().unwrap_or_default(),
        counts: Counted::of(&import),
        groups: imports::problem_groups(conn, import.id)?.into_iter().map(group).collect(),
        kind: kind.clone(),
        next: found.last().filter(|_| full).map(|p| p.id),
        rows: found
            .into_iter()
            .map(|p| Problem {
                line: p.line,
                patient: p.patient,
                tumor: p.tumor,
                number: p.number.map(|n| n.to_string()).unwrap_or_default(),
                item: item_name(p.item.as_deref()),
                value: p.value.unwrap_or_default(),
                message: p.message,
                severity: severity(&p.severity),
            })
            .collect(),
        version: serde_json::from_str::<serde_json::Value>(&import.root)
            .ok()
            .and_then(|root| root.get("version").map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_string)))
            .unwrap_or_default(),
        taken_back,
        may_withdraw: import.state == "done" && ask.who()?.may(May::Delete),
        error,
        running,
    };
    let again = data.running.is_some() || matches!(import.state.as_str(), "withdrawing" | "restoring");
    let wrong = !data.error.is_empty();
    let page = ask
        .page("pages/import", &Sheet::of("Import", "/intake").refused_if(wrong), &data)?
        .noting(format!("import {}", import.id));
    Ok(if again { page.with_header("refresh", "2") } else { page })
}

fn running_of(step: &str, done: i64, total: i64) -> Running {
    let doing = match step {
        "" => "Waiting for its turn",
        "read" => "Reading and judging; nothing is changed yet",
        "apply" => "Writing new records; nobody sees them yet",
        "edits" => "Running the edits over the new records",
        "change" => "Changing what is known",
        other => other,
    };
    let text = match total {
        0 if done == 0 => doing.to_string(),
        0 => format!("{doing}: {}", show::thousands(done)),
        _ => format!("{doing}: {} of {}", show::thousands(done), show::thousands(total)),
    };
    Running { step: step.to_string(), done, total, text }
}

fn severity(word: &str) -> Chip {
    match word {
        "error" => Chip::new("bad", "bad", "Error"),
        "warning" => Chip::new("warn", "warn", "Warning"),
        _ => Chip::new("", "dot", "Note"),
    }
}

fn item_name(id: Option<&str>) -> String {
    let Some(id) = id else { return String::new() };
    super_dictionary().by_id(id).map_or_else(|| id.to_string(), |item| item.name.to_string())
}

fn group(g: imports::ProblemGroup) -> Group {
    let item = g.item.as_deref().and_then(|id| super_dictionary().by_id(id));
    Group {
        words: g.kind.replace('_', " "),
        kind: g.kind,
        severity: severity(&g.severity),
        number: item.and_then(|i| i.number).map(|n| n.0.to_string()).unwrap_or_default(),
        item: item_name(g.item.as_deref()),
        times: g.times,
        first_line: g.first_line,
    }
}

/// Every problem as CSV.
pub fn csv(ask: &Ask) -> Result<Reply, Refused> {
    let conn = &mut *ask.reading()?;
    let import = imports::import(conn, ask.by()?, ask.id("i")?)?;
    let mut table = show::Csv::new(&[
        "line", "column", "patient", "tumor", "item", "number", "kind", "severity", "value", "message",
    ]);
    let (mut after, mut count) = (0, 0usize);
    loop {
        let page = imports::problems(conn, import.id, None, after, 1_000)?;
        let Some(last) = page.last() else { break };
        after = last.id;
        count += page.len();
        let number = |n: Option<i64>| n.map(|n| n.to_string()).unwrap_or_default();
        for p in &page {
            table.row(&[
                &number(p.line),
                &number(p.col),
                &number(p.patient),
                &number(p.tumor),
                p.item.as_deref().unwrap_or_default(),
                &number(p.number),
                &p.kind,
                &p.severity,
                p.value.as_deref().unwrap_or_default(),
                &p.message,
            ]);
        }
    }
    let name = format!("import-{}-problems.csv", import.id);
    Ok(Reply::download(&name, "text/csv; charset=utf-8", table.bytes())
        .noting(format!("import {}, {count} problems", import.id)))
}

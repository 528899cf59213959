//! Looking at a file: dropped here it is read and judged, and may be written in another form; nothing of the registry is
//! read or changed. Only who sent it in sees it, and after some hours it is gone.

use serde::{Deserialize, Serialize};

use super::words;
use crate::intake::look_job::{Asked, AskedConversion, Example, Report};
use crate::naaccr::{Form, RecordType, RepairKind, Version, super_dictionary};
use crate::registry::store::files::{self, FileReader};
use crate::registry::store::jobs::{self, Job};
use crate::registry::store::settings::setting_number;
use crate::web::form::Field;
use crate::web::frame::Sheet;
use crate::web::templates::Chip;
use crate::web::{Ask, Refused, Reply, show};

const LOOK: &str = "look";
const CONVERT: &str = "convert";
/// Conversions of one file that are shown.
const NEWEST: i64 = 50;

#[derive(Serialize)]
struct Start {
    fields: Vec<Field>,
    hours: i64,
    rows: Vec<Earlier>,
}

#[derive(Serialize)]
struct Earlier {
    id: i64,
    when: String,
    state: Chip,
    says: String,
}

/// The form, and what the person looked at lately.
pub fn show(ask: &Ask) -> Result<Reply, Refused> {
    let zone = ask.app.front()?.zone;
    let conn = &mut *ask.reading()?;
    let mut rows = Vec::new();
    for job in jobs::jobs_of_kind(conn, ask.by()?, LOOK, NEWEST)? {
        if is_own(ask, &job)? {
            rows.push(Earlier {
                id: job.id,
                when: show::time_near(&job.created_at, ask.now(), zone),
                state: words::job_state(&job.state),
                says: counts(&job),
            });
        }
    }
    let start = Start { fields: vec![mode_field("practical")], hours: setting_number(conn, "files.look_hours")?, rows };
    ask.page("pages/look", &Sheet::of("Look at a file", "/look").with_script("drop.js"), &start)
}

fn mode_field(mode: &str) -> Field {
    Field::choose(
        "mode",
        "How it is read",
        mode,
        [
            ("practical", "As people need it: takes what real files hold, and says so"),
            ("strict", "As the standard says"),
            ("salvage", "Also after a broken patient, with the next one"),
        ],
    )
}

fn is_own(ask: &Ask, job: &Job) -> Result<bool, Refused> {
    Ok(job.user_id.is_some() && job.user_id == ask.by()?.asker.user.map(|user| user.0))
}

fn counts(job: &Job) -> String {
    let result: serde_json::Value =
        job.result.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    match (result["patients"].as_i64(), result["tumors"].as_i64()) {
        (Some(patients), Some(tumors)) => {
            format!("{}, {}", show::counted(patients, "patient", "patients"), show::counted(tumors, "tumor", "tumors"))
        }
        _ => String::new(),
    }
}

/// A job of that kind that the person asked for; nobody else sees it.
fn own_job(ask: &Ask, kind: &str) -> Result<Job, Refused> {
    let name = if kind == LOOK { "look" } else { "made" };
    let job = jobs::job(&mut *ask.reading()?, ask.by()?, ask.id(name)?)?;
    match job.kind == kind && is_own(ask, &job)? {
        true => Ok(job),
        false => Err(Refused::NotFound),
    }
}

/// Takes a file and begins to read it.
pub fn take(ask: &Ask) -> Result<Reply, Refused> {
    let file = ask.file()?.file;
    let mode = match ask.form.trimmed("mode") {
        mode @ ("strict" | "salvage") => mode,
        _ => "practical",
    };
    let params = json(&Asked { file, mode: mode.to_string() })?;
    let by = ask.by()?.clone();
    let job = ask.store().write(move |tx| {
        let hours = setting_number(tx.conn, "files.look_hours")?;
        files::keep_hours(tx, file, hours)?;
        jobs::enqueue(tx, &by, LOOK, &params, None)
    })?;
    Ok(Reply::see(format!("/look/{job}")))
}

fn json(value: &impl Serialize) -> Result<String, Refused> {
    serde_json::to_string(value).map_err(|e| Refused::Broken(e.to_string()))
}

#[derive(Serialize)]
struct Page {
    id: i64,
    when: String,
    state: Chip,
    running: bool,
    read: i64,
    message: String,
    gone: bool,
    has_problems: bool,
    report: Option<Shown>,
    made: Vec<Made>,
    fields: Vec<Field>,
    repairs: Vec<Choice>,
}

#[derive(Serialize)]
struct Shown {
    stopped: String,
    header: Vec<Line>,
    patients: u64,
    tumors: u64,
    items: u64,
    extensions: u64,
    problems: u64,
    groups: Vec<Row>,
    /// The group that is opened, if one is.
    chosen: Vec<Chosen>,
}

#[derive(Serialize)]
struct Line {
    name: String,
    value: String,
}

#[derive(Serialize)]
struct Row {
    at: usize,
    kind: String,
    item: String,
    number: String,
    times: u64,
    first_line: u64,
    severity: Chip,
    first: String,
    repair: String,
}

#[derive(Serialize)]
struct Chosen {
    kind: String,
    item: String,
    times: u64,
    rest: u64,
    rows: Vec<Example>,
}

#[derive(Serialize)]
struct Choice {
    name: &'static str,
    text: &'static str,
    times: u64,
}

#[derive(Serialize)]
struct Made {
    id: i64,
    state: Chip,
    what: String,
    says: String,
    message: String,
    running: bool,
    file: bool,
    repaired: bool,
    lost: Vec<Loss>,
    repairs: Vec<Repaired>,
}

#[derive(Serialize)]
struct Loss {
    item: String,
    why: &'static str,
    times: u64,
}

#[derive(Serialize)]
struct Repaired {
    kind: String,
    done: u64,
    not_done: u64,
}

/// What a conversion's job left, read leniently: one that has just begun has nothing.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Outcome {
    file: Option<i64>,
    bytes: i64,
    lost: Vec<(String, String, u64)>,
    repairs: Vec<(String, u64, u64)>,
    repaired: Option<i64>,
}

/// What was found; with `?group=N` the problems of one group.
pub fn report(ask: &Ask) -> Result<Reply, Refused> {
    let job = own_job(ask, LOOK)?;
    let running = is_running(&job);
    let report = result_file(&job, "report").map(|file| stored_report(ask, file)).transpose()?;
    let gone = matches!(report, Some(None));
    let report = report.flatten();
    let made = conversions(ask, job.id)?;
    let again = running || made.iter().any(|m| m.running);
    let (version, is_fixed) = report.as_ref().map_or(("260".to_string(), false), |r| (r.version.clone(), r.is_fixed));
    let offered = |kind: RepairKind| {
        let groups = report.iter().flat_map(|r| &r.groups);
        groups.filter(|g| g.repair.as_deref() == Some(kind.name())).map(|g| g.times).sum()
    };
    let repairs = RepairKind::ALL
        .into_iter()
        .map(|kind| Choice { name: kind.name(), text: repair_words(kind), times: offered(kind) })
        .collect();
    let chosen = ask.query.trimmed("group").parse().ok();
    let page = Page {
        id: job.id,
        when: show::time(&job.created_at, ask.app.front()?.zone),
        state: words::job_state(&job.state),
        running,
        read: job.done,
        message: job.message.clone().unwrap_or_default(),
        gone,
        has_problems: report.as_ref().is_some_and(|r| r.problems > 0),
        fields: fields(&version, is_fixed),
        report: report.map(|r| shown(r, chosen)),
        repairs,
        made,
    };
    let reply = ask.page("pages/look-report", &Sheet::of("Look at a file", "/look"), &page)?;
    let reply = reply.noting(format!("look {}", job.id));
    Ok(if again { reply.with_header("refresh", "2") } else { reply })
}

fn is_running(job: &Job) -> bool {
    matches!(job.state.as_str(), "waiting" | "running")
}

fn result_file(job: &Job, name: &str) -> Option<i64> {
    let result: serde_json::Value = serde_json::from_str(job.result.as_deref()?).ok()?;
    result.get(name)?.as_i64()
}

/// The report; none once its hours are over.
fn stored_report(ask: &Ask, file: i64) -> Result<Option<Report>, Refused> {
    let mut reader = FileReader::open(ask.store(), file);
    let mut bytes = Vec::new();
    while let Some(piece) = reader.next_piece()? {
        bytes.extend_from_slice(&piece);
    }
    if bytes.is_empty() {
        return Ok(None);
    }
    serde_json::from_slice(&bytes).map(Some).map_err(|e| Refused::Broken(format!("a report: {e}")))
}

fn shown(report: Report, chosen: Option<usize>) -> Shown {
    let rows = report.groups.iter().enumerate().map(|(at, group)| {
        let item = group.item.as_deref().and_then(|id| super_dictionary().by_id(id));
        Row {
            at,
            kind: group.kind.replace('_', " "),
            item: item.map_or_else(|| group.item.clone().unwrap_or_default(), |item| item.name.to_string()),
            number: item.and_then(|item| item.number).map(|n| n.to_string()).unwrap_or_default(),
            times: group.times,
            first_line: group.first_line,
            severity: severity(&group.severity),
            first: group.examples.first().map(|e| e.message.clone()).unwrap_or_default(),
            repair: group.repair.clone().unwrap_or_default(),
        }
    });
    let rows: Vec<Row> = rows.collect();
    let chosen = chosen.and_then(|at| Some((rows.get(at)?, report.groups.get(at)?))).map(|(row, group)| Chosen {
        kind: row.kind.clone(),
        item: row.item.clone(),
        times: group.times,
        rest: group.times - group.examples.len() as u64,
        rows: group.examples.clone(),
    });
    Shown {
        stopped: report.stopped.unwrap_or_default(),
        header: report.header.into_iter().map(|(name, value)| Line { name, value }).collect(),
        patients: report.patients,
        tumors: report.tumors,
        items: report.items,
        extensions: report.extensions,
        problems: report.problems,
        groups: rows,
        chosen: chosen.into_iter().collect(),
    }
}

fn severity(word: &str) -> Chip {
    match word {
        "error" => Chip::new("bad", "bad", "Error"),
        "warning" => Chip::new("warn", "warn", "Warning"),
        _ => Chip::new("", "dot", "Note"),
    }
}

fn fields(version: &str, is_fixed: bool) -> Vec<Field> {
    let versions: Vec<(String, String)> = Version::ALL.iter().rev().map(|v| (v.to_string(), v.to_string())).collect();
    let same = format!("As it is: {version}");
    let versions = std::iter::once(("", same.as_str())).chain(versions.iter().map(|(v, t)| (v.as_str(), t.as_str())));
    vec![
        Field::choose(
            "form",
            "Form",
            if is_fixed { "fixed" } else { "xml" },
            [
                ("xml", "NAACCR XML"),
                ("fixed", "Fixed columns (14 to 18)"),
                ("csv", "CSV, a row a tumor"),
                ("jsonl", "JSON lines, a line a patient"),
                ("parquet", "Parquet, a row a tumor"),
            ],
        ),
        Field::choose("version", "Version", "", versions),
        Field::choose(
            "type",
            "Record type",
            "",
            [
                ("", "As it is"),
                ("A", "A, full abstract"),
                ("M", "M, modified"),
                ("C", "C, confidential without text"),
                ("I", "I, incidence without names"),
            ],
        ),
    ]
}

fn repair_words(kind: RepairKind) -> &'static str {
    match kind {
        RepairKind::Control => "Take out characters that XML does not allow",
        RepairKind::Rename => "Give ids of other editions the id of this version",
        RepairKind::Trim => "Take away blanks at the ends of values",
        RepairKind::Pad => "Pad short numbers with zeros",
        RepairKind::Cut => "Cut values that are too long",
        RepairKind::Level => "Move items to where they belong",
    }
}

fn loss_words(reason: &str) -> &'static str {
    match reason {
        "too_long" => "cut",
        "control_character" => "a character was left out",
        "unknown_item" => "no dictionary knows it",
        "duplicate_item" => "stands twice",
        "record_type" => "not in the record type",
        "not_in_version" => "not in the version",
        "date_flag" => "date flags are no more",
        "date_code" => "a date that was a code",
        "code_to_review" => "the code has no equal",
        "tumors_differ" => "the tumors differ",
        "no_tumor_to_move_to" => "the patient has no tumor",
        "no_column" => "has no column",
        "wrong_level" => "stands in the wrong place",
        "extension" => "an extension",
        _ => "not carried over",
    }
}

fn conversions(ask: &Ask, look: i64) -> Result<Vec<Made>, Refused> {
    let mut made = Vec::new();
    for job in jobs::jobs_of_kind(&mut *ask.reading()?, ask.by()?, CONVERT, NEWEST)? {
        let Ok(asked) = serde_json::from_str::<AskedConversion>(&job.params) else { continue };
        if asked.look != look || !is_own(ask, &job)? {
            continue;
        }
        let outcome: Outcome =
            job.result.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let version = asked.version.map(|v| format!(", version {v}")).unwrap_or_default();
        let record_type = asked.record_type.map(|t| format!(", type {t}")).unwrap_or_default();
        made.push(Made {
            id: job.id,
            state: words::job_state(&job.state),
            what: format!("{}{version}{record_type}", asked.form),
            says: match outcome.file {
                Some(_) => format!("{}, {}", counts(&job), show::size(outcome.bytes)),
                None => String::new(),
            },
            message: job.message.clone().unwrap_or_default(),
            running: is_running(&job),
            file: outcome.file.is_some(),
            repaired: outcome.repaired.is_some(),
            lost: outcome
                .lost
                .into_iter()
                .map(|(item, reason, times)| Loss { item, why: loss_words(&reason), times })
                .collect(),
            repairs: outcome
                .repairs
                .into_iter()
                .map(|(kind, done, not_done)| Repaired { kind, done, not_done })
                .collect(),
        });
    }
    Ok(made)
}

/// Every problem as CSV.
pub fn csv(ask: &Ask) -> Result<Reply, Refused> {
    let job = own_job(ask, LOOK)?;
    let file = result_file(&job, "csv").ok_or(Refused::NotFound)?;
    download(ask, file, "problems.csv", &job)
}

/// Begins a conversion.
pub fn convert(ask: &Ask) -> Result<Reply, Refused> {
    let job = own_job(ask, LOOK)?;
    let source: Asked = serde_json::from_str(&job.params).map_err(|e| Refused::Broken(e.to_string()))?;
    let form = Form::named(ask.form.trimmed("form"))
        .ok_or_else(|| Refused::Because("Choose the form of the new file.".into()))?;
    let record_type = ask.form.trimmed("type").parse::<RecordType>().ok();
    let repairs: Vec<String> = RepairKind::ALL
        .into_iter()
        .filter(|kind| ask.form.has(&format!("repair_{kind}")))
        .map(|kind| kind.name().to_string())
        .collect();
    let params = json(&AskedConversion {
        look: job.id,
        source,
        form: form.name().to_string(),
        version: Version::parse(ask.form.trimmed("version")).map(Version::number),
        record_type: record_type.map(|t| t.to_string()),
        repairs,
    })?;
    let by = ask.by()?.clone();
    ask.store().write(move |tx| jobs::enqueue(tx, &by, CONVERT, &params, None))?;
    // Without a fragment: a browser does not load a page again whose address has one.
    Ok(Reply::see(format!("/look/{}", job.id)))
}

/// A file that a conversion made, or with `?list=repairs` the repairs one by one.
pub fn made(ask: &Ask) -> Result<Reply, Refused> {
    let job = own_job(ask, CONVERT)?;
    let name = if ask.query.trimmed("list") == "repairs" { "repaired" } else { "file" };
    let file = result_file(&job, name).ok_or(Refused::NotFound)?;
    let stored = files::file_of_job(ask.store(), job.id, file)?;
    download(ask, file, &stored.name, &job)
}

fn download(ask: &Ask, file: i64, name: &str, job: &Job) -> Result<Reply, Refused> {
    let stored = files::file_of_job(ask.store(), job.id, file)?;
    let mut reader = FileReader::open(ask.store(), file);
    let pieces = std::iter::from_fn(move || reader.next_piece().map_err(Refused::from).transpose());
    let kind = match name.rsplit('.').next() {
        Some("csv") => "text/csv; charset=utf-8",
        Some("xml") => "application/xml",
        _ => "application/octet-stream",
    };
    let reply = Reply::download_pieces(name, kind, Some(stored.bytes), Box::new(pieces));
    Ok(reply.noting(format!("{} {}, file {file}", job.kind, job.id)))
}

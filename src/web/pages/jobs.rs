//! Jobs: what runs, how far it is, what came of it; and the files that jobs made.

use serde::Serialize;

use super::words;
use crate::registry::store::files::{self, FileReader};
use crate::registry::store::jobs::{self, Job};
use crate::web::frame::Sheet;
use crate::web::templates::Chip;
use crate::web::{Ask, Refused, Reply, show};

#[derive(Serialize)]
struct List {
    rows: Vec<Row>,
    running: bool,
}

#[derive(Serialize)]
struct Row {
    id: i64,
    kind: &'static str,
    by: String,
    when: String,
    ended: String,
    state: Chip,
    step: String,
    done: i64,
    total: i64,
    running: bool,
    message: String,
    link: String,
    file: Option<i64>,
    says: String,
}

const NEWEST: i64 = 100;

/// The list.
pub fn show(ask: &Ask) -> Result<Reply, Refused> {
    let rows: Vec<Row> = jobs::jobs(&mut *ask.reading()?, ask.by()?, NEWEST)?
        .iter()
        .map(|job| row(ask, job))
        .collect::<Result<_, Refused>>()?;
    let running = rows.iter().any(|row| row.running);
    let page = ask.page("pages/jobs", &Sheet::of("Jobs", "/jobs"), &List { rows, running })?;
    Ok(if running { page.with_header("refresh", "5") } else { page })
}

/// One job.
pub fn one(ask: &Ask) -> Result<Reply, Refused> {
    #[derive(Serialize)]
    struct One {
        job: Row,
    }
    let job = jobs::job(&mut *ask.reading()?, ask.by()?, ask.id("j")?)?;
    let data = One { job: row(ask, &job)? };
    let running = data.job.running;
    let page = ask.page("pages/job", &Sheet::of("Job", "/jobs"), &data)?;
    Ok(if running { page.with_header("refresh", "2") } else { page })
}

fn row(ask: &Ask, job: &Job) -> Result<Row, Refused> {
    let front = ask.app.front()?;
    let result: serde_json::Value =
        job.result.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let number = |name: &str| result.get(name).and_then(serde_json::Value::as_i64);
    let params: serde_json::Value = serde_json::from_str(&job.params).unwrap_or_default();
    let import = params.get("import").and_then(serde_json::Value::as_i64);
    let receipt = params.get("receipt").and_then(serde_json::Value::as_i64);
    let batch = params.get("batch").and_then(serde_json::Value::as_i64);
    Ok(Row {
        id: job.id,
        kind: match job.kind.as_str() {
            "import" => "Import",
            "export" => "Export",
            "extract" => "Extract",
            "look" => "Look at a file",
            "convert" => "File written anew",
            "restage" => "Staging again",
            "withdraw" => "Taking an import back",
            "edits" => "Edits run",
            "submit" => "Submission",
            "receive" => "File of a facility",
            _ => "Work",
        },
        by: job.login.clone(),
        when: show::time_near(&job.created_at, ask.now(), front.zone),
        ended: job.finished_at.as_deref().map(|at| show::time_near(at, ask.now(), front.zone)).unwrap_or_default(),
        state: words::job_state(&job.state),
        step: job.step.clone(),
        done: job.done,
        total: job.total,
        running: matches!(job.state.as_str(), "waiting" | "running"),
        message: job.message.clone().unwrap_or_default(),
        link: match (import, job.kind.as_str()) {
            (Some(id), _) => format!("/intake/{id}"),
            (None, "receive") => format!("/received/{}", receipt.unwrap_or_default()),
            (None, "submit") => format!("/submissions/batches/{}", batch.unwrap_or_default()),
            (None, "extract") => format!("/research/extracts/{}", job.id),
            (None, "edits") if params.get("try_edition").is_some_and(|id| !id.is_null()) => {
                format!("/admin/standards/tried/{}", job.id)
            }
            (None, "edits") => "/edits".into(),
            (None, "restage") => format!("/admin/standards/restaged/{}", job.id),
            _ => format!("/jobs/{}", job.id),
        },
        // An extract's files have a page of their own, with rules of their own.
        file: number("file").filter(|_| job.kind != "extract"),
        says: match (number("patients"), number("tumors")) {
            (Some(patients), Some(tumors)) => {
                let bytes = number("bytes").map(|bytes| format!(", {}", show::size(bytes))).unwrap_or_default();
                format!(
                    "{}, {}{bytes}",
                    show::counted(patients, "patient", "patients"),
                    show::counted(tumors, "tumor", "tumors")
                )
            }
            _ => match (number("cases"), number("listed"), number("written")) {
                (Some(cases), Some(listed), Some(written)) => format!(
                    "{} staged again, {} in the report, {} changed",
                    show::counted(cases, "case", "cases"),
                    show::counted(listed, "case", "cases"),
                    show::counted(written, "case", "cases")
                ),
                _ => String::new(),
            },
        },
    })
}

/// A file that a job made, to keep.
pub fn file(ask: &Ask) -> Result<Reply, Refused> {
    let job = jobs::job(&mut *ask.reading()?, ask.by()?, ask.id("j")?)?;
    let made = job
        .result
        .as_deref()
        .filter(|_| job.kind != "extract")
        .and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok())
        .and_then(|result| result.get("file").and_then(serde_json::Value::as_i64))
        .ok_or(Refused::NotFound)?;
    let file = files::file(ask.store(), ask.by()?, made)?;
    let mut reader = FileReader::open(ask.store(), file.id);
    let pieces = std::iter::from_fn(move || reader.next_piece().map_err(Refused::from).transpose());
    let kind = match file.name.rsplit('.').next() {
        Some("csv") => "text/csv; charset=utf-8",
        Some("gz") => "application/gzip",
        _ => "application/octet-stream",
    };
    let reply = Reply::download_pieces(&file.name, kind, Some(file.bytes), Box::new(pieces));
    Ok(reply.noting(format!("job {}, file {}", job.id, file.id)))
}

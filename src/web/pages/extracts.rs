//! Extracts that were made: the list, one with its files, and the files themselves.
//!
//! A person sees his own; who may make identified extracts sees those of others too.

use serde::Serialize;

use super::words;
use crate::asker::May;
use crate::registry::store::files::{self, FileReader};
use crate::registry::store::jobs::{self, Job};
use crate::research::definition::Definition;
use crate::research::extract_job::{Asked, Outcome};
use crate::research::levels::Level;
use crate::web::frame::Sheet;
use crate::web::templates::Chip;
use crate::web::{Ask, Refused, Reply, show};

#[derive(Serialize)]
struct List {
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    id: i64,
    study: String,
    level: &'static str,
    recipient: String,
    purpose: String,
    filters: String,
    items: usize,
    by: String,
    when: String,
    state: Chip,
    running: bool,
    step: String,
    done: i64,
    total: i64,
    message: String,
    tumors: String,
    patients: String,
    bytes: String,
    sha256: String,
    withheld: String,
    is_made: bool,
}

const NEWEST: i64 = 200;

/// The list.
pub fn show(ask: &Ask) -> Result<Reply, Refused> {
    let jobs = jobs::jobs_of_kind(&mut *ask.reading()?, ask.by()?, "extract", NEWEST)?;
    let rows = jobs.iter().filter(|job| is_for(ask, job)).map(|job| row(ask, job)).collect::<Result<_, _>>()?;
    ask.page("pages/research", &Sheet::of("Research", "/research"), &List { rows })
}

/// One extract.
pub fn one(ask: &Ask) -> Result<Reply, Refused> {
    #[derive(Serialize)]
    struct One {
        extract: Row,
    }
    let extract = row(ask, &job_of(ask, ask.id("x")?)?)?;
    let running = extract.running;
    let page = ask.page("pages/extract-made", &Sheet::of("Extract", "/research"), &One { extract })?;
    Ok(if running { page.with_header("refresh", "2") } else { page })
}

/// One of its files: `table`, `codebook` or `read-me`.
pub fn file(ask: &Ask) -> Result<Reply, Refused> {
    let job = job_of(ask, ask.id("x")?)?;
    let outcome = outcome(&job).ok_or(Refused::NotFound)?;
    if outcome.level == Level::Identified.key() && !ask.who()?.may(May::ExtractIdentified) {
        return Err(Refused::NotFound);
    }
    let (id, kind) = match ask.path.get("part") {
        "table" => (outcome.file, "text/csv; charset=utf-8"),
        "codebook" => (outcome.codebook, "text/csv; charset=utf-8"),
        "read-me" => (outcome.read_me, "text/plain; charset=utf-8"),
        _ => return Err(Refused::NotFound),
    };
    // The job was looked for within the asker's reach; its files carry no facility of their own.
    let file = files::file_of_job(ask.store(), job.id, id)?;
    let mut reader = FileReader::open(ask.store(), file.id);
    let pieces = std::iter::from_fn(move || reader.next_piece().map_err(Refused::from).transpose());
    let reply = Reply::download_pieces(&file.name, kind, Some(file.bytes), Box::new(pieces));
    Ok(reply.noting(format!("extract {}, file {}", job.id, file.id)))
}

/// The definition of an extract the asker may see, for making it again.
pub(super) fn definition_of(ask: &Ask, id: i64) -> Result<Definition, Refused> {
    let job = job_of(ask, id)?;
    Ok(asked(&job)?.definition)
}

fn job_of(ask: &Ask, id: i64) -> Result<Job, Refused> {
    let job = jobs::job(&mut *ask.reading()?, ask.by()?, id)?;
    match job.kind == "extract" && is_for(ask, &job) {
        true => Ok(job),
        false => Err(Refused::NotFound),
    }
}

fn is_for(ask: &Ask, job: &Job) -> bool {
    let own = ask.who().is_ok_and(|who| Some(who.user.0) == job.user_id);
    own || ask.who().is_ok_and(|who| who.may(May::ExtractIdentified))
}

fn asked(job: &Job) -> Result<Asked, Refused> {
    serde_json::from_str(&job.params).map_err(|e| Refused::Broken(format!("job {}: {e}", job.id)))
}

fn outcome(job: &Job) -> Option<Outcome> {
    serde_json::from_str(job.result.as_deref()?).ok()
}

fn row(ask: &Ask, job: &Job) -> Result<Row, Refused> {
    let definition = asked(job)?.definition;
    let (front, made) = (ask.app.front()?, outcome(job));
    let number = |n: u64| show::thousands(i64::try_from(n).unwrap_or(i64::MAX));
    Ok(Row {
        id: job.id,
        level: definition.level.text(),
        filters: definition.filters.typed(),
        items: definition.items.len(),
        study: definition.study,
        recipient: definition.recipient,
        purpose: definition.purpose,
        by: job.login.clone(),
        when: show::time_near(&job.created_at, ask.now(), front.zone),
        state: words::job_state(&job.state),
        running: matches!(job.state.as_str(), "waiting" | "running"),
        step: job.step.clone(),
        done: job.done,
        total: job.total,
        message: job.message.clone().unwrap_or_default(),
        tumors: made.as_ref().map(|m| number(m.tumors)).unwrap_or_default(),
        patients: made.as_ref().map(|m| number(m.patients)).unwrap_or_default(),
        bytes: made.as_ref().map(|m| show::size(m.bytes)).unwrap_or_default(),
        sha256: made.as_ref().map(|m| m.sha256.clone()).unwrap_or_default(),
        withheld: made.as_ref().filter(|m| m.withheld > 0).map(|m| number(m.withheld)).unwrap_or_default(),
        is_made: made.is_some(),
    })
}

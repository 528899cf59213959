//! One batch: the ten checks, the cases behind each, signing, files, the recipient's answer.

use serde::Serialize;

use super::submissions::state_chip;
use crate::registry::recipients::Profile;
use crate::registry::store::files::FileReader;
use crate::registry::store::settings::setting_number;
use crate::registry::store::submissions::{self as rows, Batch, Shown};
use crate::registry::store::{StoreError, jobs, records};
use crate::submission::answer::{self, NotLoaded, Rest};
use crate::submission::gate::{Check, Ended, Tally, checks};
use crate::submission::look::Found;
use crate::submission::submit_job::{go_on, look_again};
use crate::web::frame::Sheet;
use crate::web::templates::Chip;
use crate::web::{Ask, Refused, Reply, show};

#[derive(Serialize)]
struct Page {
    batch: Batch,
    chip: Chip,
    when: String,
    corrects: Option<i64>,
    running: bool,
    step: String,
    done: i64,
    total: i64,
    looked: bool,
    to_sign: bool,
    own: bool,
    sent: bool,
    checks: Vec<Row>,
    counts: Vec<(String, i64)>,
    files: Vec<File>,
    rows: Vec<LineShown>,
    list: &'static str,
    next: Option<i64>,
    mark: String,
    verdict: String,
    rejected: i64,
    can_make: bool,
    goes: i64,
}

#[derive(Serialize)]
struct Row {
    check: Check,
    tone: &'static str,
    icon: &'static str,
    word: &'static str,
    opens: bool,
}

#[derive(Serialize)]
struct File {
    ordinal: i64,
    name: String,
    record_type: String,
    tumors: i64,
    patients: i64,
    size: String,
    sha256: String,
    kept: bool,
    lost: Vec<String>,
}

#[derive(Serialize)]
struct LineShown {
    name: String,
    href: String,
    accession: String,
    sequence: String,
    kind: String,
    blocked: String,
    verdict: Chip,
    has_verdict: bool,
    reason: String,
    found: Vec<Jump>,
}

#[derive(Serialize)]
struct Jump {
    href: String,
    item: Option<u32>,
    message: String,
    bad: bool,
}

const PAGE: i64 = 50;

/// The page.
pub fn show(ask: &Ask) -> Result<Reply, Refused> {
    let front = ask.app.front()?;
    let by = ask.by()?;
    let conn = &mut *ask.reading()?;
    let batch = rows::batch(conn, by, ask.id("b")?)?;
    let profile: Profile = serde_json::from_str(&batch.profile).map_err(|e| Refused::Broken(e.to_string()))?;
    let tally: Tally = serde_json::from_str(&batch.tally).unwrap_or_default();
    let due_days = setting_number(conn, "abstract.due_days")?;
    let working = matches!(batch.state.as_str(), "gate" | "making" | "entering");
    let job = match batch.job_id.filter(|_| working) {
        Some(job) => Some(jobs::job_of_batch(conn, job)?),
        None => None,
    };
    let running = job.as_ref().is_some_and(|j| matches!(j.state.as_str(), "waiting" | "running"));
    let mark = ask.query.trimmed("mark").to_string();
    let verdict = ask.query.trimmed("verdict").to_string();
    let chosen = !mark.is_empty() || !verdict.is_empty();
    let skip = ask.query.trimmed("skip").parse::<i64>().unwrap_or(0).max(0);
    let shown = Shown {
        mark: mark.clone(),
        verdict: verdict.clone(),
        blocked: !chosen && ask.query.trimmed("all").is_empty(),
        ..Shown::default()
    };
    let found = if batch.state == "gate" { vec![] } else { rows::lines(conn, batch.id, &shown, skip, PAGE)? };
    let full = i64::try_from(found.len()).unwrap_or(0) == PAGE;
    let lines = found.iter().map(|line| line_shown(ask, line)).collect::<Result<Vec<_>, Refused>>()?;
    let sent = matches!(batch.state.as_str(), "sent" | "answered");
    let mut counts: Vec<(String, i64)> = Vec::new();
    let mut rejected = 0;
    for counted in rows::counted(conn, batch.id)? {
        if counted.verdict == "rejected" {
            rejected += counted.n;
        }
        let key = if counted.blocked == 1 { "stay behind".to_string() } else { counted.kind.replace('-', " ") };
        match counts.iter_mut().find(|(k, _)| *k == key) {
            Some((_, n)) => *n += counted.n,
            None => counts.push((key, counted.n)),
        }
    }
    let all = checks(&profile, &tally, due_days);
    let goes: i64 = tally.goes.values().sum();
    let holds = all.iter().any(|c| c.key == "identifiers" && c.ended == Ended::Bad);
    let data = Page {
        chip: state_chip(&batch.state),
        when: show::time(&batch.made_at, front.zone),
        corrects: batch.corrects,
        running,
        step: job.as_ref().map(|j| j.step.clone()).unwrap_or_default(),
        done: job.as_ref().map_or(0, |j| j.done),
        total: job.as_ref().map_or(0, |j| j.total),
        looked: batch.state == "looked",
        to_sign: batch.state == "to-sign",
        own: batch.user_id.is_some() && batch.user_id == by.asker.user.map(|u| u.0),
        sent,
        checks: if batch.state == "gate" { vec![] } else { all.into_iter().map(row).collect() },
        counts,
        files: match sent || batch.state == "to-sign" {
            true => rows::files(conn, batch.id)?.into_iter().map(file).collect(),
            false => vec![],
        },
        rows: lines,
        list: match (mark.as_str(), verdict.as_str()) {
            ("", "") if shown.blocked => "Cases that stay behind",
            ("", "") => "All cases of the batch",
            ("", _) => "Cases by the answer",
            _ => "Cases of this check",
        },
        next: full.then_some(skip + PAGE),
        mark,
        verdict,
        rejected,
        can_make: goes > 0 && !holds,
        goes,
        batch,
    };
    let title = format!("Batch {}", data.batch.id);
    let page = ask.page("pages/batch", &Sheet::of(&title, "/submissions"), &data)?;
    let page = page.noting(format!("batch {}", data.batch.id));
    Ok(if running { page.with_header("refresh", "2") } else { page })
}

fn row(check: Check) -> Row {
    let (tone, icon, word) = match check.ended {
        Ended::Good => ("good", "ok", "Passes"),
        Ended::Look => ("warn", "warn", "Look"),
        Ended::Bad => ("bad", "bad", "Held"),
    };
    Row { opens: !check.mark.is_empty() && check.n > 0, check, tone, icon, word }
}

fn file(file: rows::BatchFile) -> File {
    let lost: Vec<serde_json::Value> = serde_json::from_str(&file.lost).unwrap_or_default();
    let told = |loss: &serde_json::Value| {
        format!(
            "{} {}: {}",
            loss["item"].as_str().unwrap_or_default(),
            loss["reason"].as_str().unwrap_or_default(),
            loss["count"].as_i64().unwrap_or_default()
        )
    };
    File {
        ordinal: file.ordinal,
        size: show::size(file.bytes),
        kept: file.file_id.is_some(),
        lost: lost.iter().filter(|l| l["reason"] != "not in this record type").take(20).map(told).collect(),
        name: file.name,
        record_type: file.record_type,
        tumors: file.tumors,
        patients: file.patients,
        sha256: file.sha256,
    }
}

fn line_shown(ask: &Ask, line: &rows::LineRow) -> Result<LineShown, Refused> {
    let conn = &mut *ask.reading()?;
    let name = match records::patient(conn, ask.by()?, line.patient_id) {
        Ok(patient) => show::person(
            patient.items.value("nameLast"),
            patient.items.value("nameFirst"),
            patient.items.value("nameMiddle"),
        ),
        // Deleted since, or moved: its number stands for it.
        Err(StoreError::NotFound) => format!("Patient {}", line.patient_id),
        Err(error) => return Err(error.into()),
    };
    let known = rows::known_by(conn, line)?;
    let [accession, sequence, ..] = known;
    let href = match line.abstract_id {
        0 => format!("/patients/{}", line.patient_id),
        id => format!("/cases/{id}/identification"),
    };
    let found: Vec<Found> = serde_json::from_str(&line.found).unwrap_or_default();
    Ok(LineShown {
        found: found
            .into_iter()
            .map(|f| Jump {
                href: match f.item {
                    // The item's own page: a section shows only the items its case needs.
                    Some(item) if line.abstract_id > 0 => format!("/cases/{}/items/{item}", line.abstract_id),
                    _ => href.clone(),
                },
                item: f.item,
                bad: f.what != "warning",
                message: f.message,
            })
            .collect(),
        name,
        accession,
        sequence,
        kind: line.kind.replace('-', " "),
        blocked: line.blocked.clone().unwrap_or_default(),
        has_verdict: !line.verdict.is_empty(),
        verdict: match line.verdict.as_str() {
            "rejected" => Chip::new("bad", "back", "Rejected"),
            _ => Chip::new("good", "ok", "Accepted"),
        },
        reason: line.reason.clone(),
        href,
    })
}

/// What is done with a batch: look again, make, sign, discard, handed over.
pub fn act(ask: &Ask) -> Result<Reply, Refused> {
    let by = ask.by()?.clone();
    let batch = rows::batch(&mut *ask.reading()?, &by, ask.id("b")?)?;
    let id = batch.id;
    match ask.form.trimmed("what") {
        "again" => {
            look_again(ask.store(), &by, id)?;
        }
        "make" => {
            go_on(ask.store(), &by, &batch, "looked")?;
        }
        "sign" => {
            if batch.user_id.is_some() && batch.user_id == by.asker.user.map(|u| u.0) {
                return Err(Refused::Because("Who made a batch cannot sign it; ask a second person.".into()));
            }
            go_on(ask.store(), &by, &batch, "to-sign")?;
        }
        "discard" => ask.store().write(move |tx| rows::discard(tx, &by, id))?,
        "channel" => {
            let channel = ask.form.trimmed("channel").chars().take(200).collect::<String>();
            if channel.is_empty() || !matches!(batch.state.as_str(), "sent" | "answered") {
                return Err(Refused::Because("Say how the files went, once the batch is made.".into()));
            }
            ask.store().write(move |tx| rows::set_channel(tx, &by, id, &channel))?;
        }
        _ => return Err(Refused::NotUnderstood("it names nothing that is done with a batch".into())),
    }
    Ok(Reply::see(format!("/submissions/batches/{id}")))
}

/// Loads the recipient's answer.
pub fn answer(ask: &Ask) -> Result<Reply, Refused> {
    let by = ask.by()?;
    let batch = rows::batch(&mut *ask.reading()?, by, ask.id("b")?)?;
    let file = ask.file()?.clone();
    let mapping = answer::mapping(ask.form.trimmed("columns")).map_err(Refused::Because)?;
    let rest = if ask.form.has("rest") { Rest::Accepted } else { Rest::Unanswered };
    let table = FileReader::open(ask.store(), file.file);
    match answer::load(ask.store(), by, batch.id, table, &mapping, rest) {
        Ok(_) => Ok(Reply::see(format!("/submissions/batches/{}?verdict=rejected", batch.id))),
        Err(NotLoaded::Table(why)) => Err(Refused::Because(why)),
        Err(NotLoaded::Store(error)) => Err(error.into()),
    }
}

/// A file of a batch, once it stands in the ledger.
pub fn download(ask: &Ask) -> Result<Reply, Refused> {
    let conn = &mut *ask.reading()?;
    let batch = rows::batch(conn, ask.by()?, ask.id("b")?)?;
    let ordinal = ask.id("n")?;
    if !matches!(batch.state.as_str(), "sent" | "answered") {
        return Err(Refused::NotFound);
    }
    let files = rows::files(conn, batch.id)?;
    let file = files.into_iter().find(|f| f.ordinal == ordinal).ok_or(Refused::NotFound)?;
    let stored = file.file_id.ok_or(Refused::NotFound)?;
    let mut reader = FileReader::open(ask.store(), stored);
    let pieces = std::iter::from_fn(move || reader.next_piece().map_err(Refused::from).transpose());
    let kind = if file.name.ends_with(".csv") { "text/csv; charset=utf-8" } else { "application/gzip" };
    let reply = Reply::download_pieces(&file.name, kind, Some(file.bytes), Box::new(pieces));
    Ok(reply.noting(format!("batch {}, file {ordinal}", batch.id)))
}

//! The audit trail, newest first, as a page and as CSV: who did what by which door, on which record.

use serde::Serialize;

use crate::accounts::store::user_by_login;
use crate::asker::UserId;
use crate::registry::store::trail::{Trail, trail};
use crate::registry::store::{Written, hex};
use crate::web::frame::Sheet;
use crate::web::{Ask, Refused, Reply, show};

#[derive(Serialize)]
struct Page {
    rows: Vec<Row>,
    kinds: Vec<Kind>,
    login: String,
    patient: String,
    action: String,
    older: Option<i64>,
    head: String,
    newest: i64,
    filtered: bool,
}

#[derive(Serialize)]
struct Kind {
    key: &'static str,
    text: &'static str,
    current: bool,
}

#[derive(Serialize)]
struct Row {
    seq: i64,
    at: String,
    login: String,
    address: String,
    action: String,
    route: String,
    outcome: String,
    went_well: bool,
    record: String,
    note: String,
    glass: Option<i64>,
}

const PAGE: i64 = 100;
const MOST_IN_CSV: i64 = 100_000;
const KINDS: &[(&str, &str)] = &[
    ("", "All"),
    ("view", "Views"),
    ("search", "Searches"),
    ("change", "Changes"),
    ("export", "Exports"),
    ("sign-in", "Sign-ins"),
    ("refused", "Refusals"),
];

/// The page.
pub fn show(ask: &Ask) -> Result<Reply, Refused> {
    let front = ask.app.front()?;
    let conn = &mut *ask.reading()?;
    let which = which(ask, conn)?;
    let before = ask.query.trimmed("before").parse::<i64>().unwrap_or(i64::MAX);
    let lines = match &which {
        Some(which) => trail(conn, which, before, PAGE)?,
        None => vec![],
    };
    let newest = trail(conn, &Trail::All, i64::MAX, 1)?;
    let action = ask.query.trimmed("action").to_string();
    let full = lines.len() == usize::try_from(PAGE).unwrap_or(usize::MAX);
    let data = Page {
        older: lines.last().filter(|line| full && line.seq > 1).map(|line| line.seq),
        rows: lines.iter().map(|line| row(line, front.zone)).collect(),
        kinds: KINDS
            .iter()
            .map(|(key, text)| Kind { key, text, current: *key == action && ask.query.trimmed("login").is_empty() })
            .collect(),
        login: ask.query.trimmed("login").to_string(),
        patient: ask.query.trimmed("patient").to_string(),
        head: newest.first().map(|line| hex(&line.hash)).unwrap_or_default().chars().take(16).collect(),
        newest: newest.first().map_or(0, |line| line.seq),
        filtered: !matches!(which, Some(Trail::All)),
        action,
    };
    ask.page("pages/audit", &Sheet::of("Audit", "/admin/audit"), &data)
}

/// Which lines are asked for; `None` for a user who is not there.
fn which(ask: &Ask, conn: &mut crate::registry::store::Conn) -> Result<Option<Trail>, Refused> {
    let (login, patient, action) =
        (ask.query.trimmed("login"), ask.query.trimmed("patient"), ask.query.trimmed("action"));
    if !login.is_empty() {
        return Ok(user_by_login(conn, login)?.map(|user| Trail::OfUser(UserId(user.id))));
    }
    if !patient.is_empty() {
        return Ok(patient.parse().ok().map(Trail::OfPatient));
    }
    Ok(Some(match action {
        "" => Trail::All,
        action => Trail::OfAction(action.to_string()),
    }))
}

fn row(line: &Written, zone: chrono_tz::Tz) -> Row {
    Row {
        seq: line.seq,
        at: show::time_to_second(&line.at, zone),
        login: line.login.clone(),
        address: line.address.clone(),
        action: line.action.clone(),
        route: line.route.clone(),
        outcome: line.outcome.clone(),
        went_well: line.outcome == "done",
        record: record(line),
        note: line.note.clone(),
        glass: line.break_glass,
    }
}

fn record(line: &Written) -> String {
    let parts = [
        ("patient", line.patient_id),
        ("tumor", line.tumor_id),
        ("abstract", line.abstract_id),
        ("facility", line.facility_id),
    ];
    let named: Vec<String> = parts.iter().filter_map(|(what, id)| id.map(|id| format!("{what} {id}"))).collect();
    named.join(", ")
}

/// The same lines as CSV, at most 100,000.
pub fn csv(ask: &Ask) -> Result<Reply, Refused> {
    let conn = &mut *ask.reading()?;
    let lines = match which(ask, conn)? {
        Some(which) => trail(conn, &which, i64::MAX, MOST_IN_CSV)?,
        None => vec![],
    };
    let mut table = show::Csv::new(&[
        "number",
        "at (UTC)",
        "user",
        "address",
        "action",
        "route",
        "outcome",
        "record",
        "note",
        "break-glass",
        "hash",
    ]);
    for line in &lines {
        table.row(&[
            &line.seq.to_string(),
            &line.at,
            &line.login,
            &line.address,
            &line.action,
            &line.route,
            &line.outcome,
            &record(line),
            &line.note,
            &line.break_glass.map(|n| n.to_string()).unwrap_or_default(),
            &hex(&line.hash),
        ]);
    }
    let note = format!("{} lines", lines.len());
    Ok(Reply::download("audit.csv", "text/csv; charset=utf-8", table.bytes()).noting(note))
}

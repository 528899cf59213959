//! One recipient: where every case stands, its rules, its batches, why one case goes or not.

use serde::Serialize;

use super::submissions::{BatchRow, batch_rows, next_due};
use crate::asker::Scope;
use crate::registry::recipients::{Profile, Residence, Unit};
use crate::registry::store::submissions as rows;
use crate::submission::sending::{Sending, recipient};
use crate::submission::submit_job::{Wanted, begin};
use crate::submission::waiting::{Waiting, waiting, why};
use crate::web::frame::Sheet;
use crate::web::{Ask, Refused, Reply};

#[derive(Serialize)]
struct Page {
    name: String,
    title: String,
    head: String,
    due: String,
    w: Waiting,
    to_send: i64,
    rules: Vec<(&'static str, String, String)>,
    batches: Vec<BatchRow>,
    open: Option<i64>,
    case: String,
    case_kind: &'static str,
    why: String,
    type_i: bool,
}

/// The page.
pub fn show(ask: &Ask) -> Result<Reply, Refused> {
    let today = ask.now().date_naive();
    let conn = &mut *ask.reading()?;
    let profile = recipient(conn, ask.path.get("r")).map_err(|_| Refused::NotFound)?;
    let sending = Sending::prepare(conn, profile, today)?;
    let by = ask.by()?;
    let w = waiting(conn, by, &sending, None)?;
    let profile = &sending.profile;
    let case = ask.query.trimmed("case").to_string();
    let why = match case.parse::<i64>() {
        Ok(id) => why(conn, by, &sending, id)?,
        Err(_) if case.is_empty() => String::new(),
        Err(_) => "That is no number of a case.".into(),
    };
    let mut open = None;
    for batch in rows::batches(conn, by, &profile.name, 20)? {
        if matches!(batch.state.as_str(), "gate" | "looked" | "making" | "to-sign" | "entering") {
            open = Some(batch.id);
        }
    }
    let types = match profile.changes_type {
        Some(changes) if changes != profile.record_type => format!("type {} and {changes}", profile.record_type),
        _ => format!("type {}", profile.record_type),
    };
    let data = Page {
        head: format!("{}, NAACCR XML {}, {types}", profile.schedule.every, sending.version.number() / 10),
        due: next_due(&profile.schedule, today).map(|d| d.to_string()).unwrap_or_default(),
        to_send: w.to_send(),
        w,
        rules: rules(profile),
        batches: batch_rows(ask, &profile.name, 12)?,
        open,
        case,
        case_kind: if profile.unit == Unit::Abstract { "case" } else { "tumor" },
        why,
        type_i: profile.record_type == 'I',
        name: profile.name.clone(),
        title: profile.title.clone(),
    };
    ask.page("pages/recipient", &Sheet::of(&profile.title, "/submissions"), &data)
}

/// The rules in words, each with its note when it is not confirmed.
fn rules(profile: &Profile) -> Vec<(&'static str, String, String)> {
    let select = &profile.select;
    let or_all = |list: &[String]| if list.is_empty() { "all".to_string() } else { list.join(", ") };
    let mut selection =
        vec![format!("classes {}", or_all(&select.classes)), format!("status {}", or_all(&select.statuses))];
    selection.push(match &select.residence {
        Residence::Any => "any residence".into(),
        Residence::Own => "residents of the state".into(),
        Residence::Others => "residents of other states".into(),
        Residence::In(states) => format!("residents of {}", states.join(", ")),
    });
    let year = |n: i64| match n {
        n if n.abs() < 100 => format!("the year of submission {n:+}"),
        n => n.to_string(),
    };
    if let Some(from) = select.from {
        selection.push(format!("diagnosed from {}", year(from.0)));
    }
    if let Some(to) = select.to {
        selection.push(format!("diagnosed to {}", year(to.0)));
    }
    if select.since_reference_date {
        selection.push("since the reference date".into());
    }
    // As the recipient's file writes it.
    fn word(value: &impl serde::Serialize) -> String {
        let written = serde_json::to_value(value).unwrap_or_default();
        written.as_str().unwrap_or_default().replace('-', " ")
    }
    let note = |field: &str| profile.note(field).unwrap_or_default().to_string();
    vec![
        ("Selection", selection.join("; "), note("select")),
        ("Edits", format!("{}, {} % free of errors", profile.edit_set, profile.error_free), note("edit_set")),
        ("Changes", word(&profile.changes), note("changes")),
        ("Rejected cases", word(&profile.resend_rejected), note("resend_rejected")),
        (
            "Withdrawals",
            if profile.deletion_notices { "a list goes with the file" } else { "told in no file" }.into(),
            note("deletion_notices"),
        ),
        ("Record type", profile.record_type.to_string(), note("record_type")),
        ("Encryption", word(&profile.encryption), note("encryption")),
        ("File name", profile.file_name.clone(), note("file_name")),
        ("Schedule", format!("{}, day {}", profile.schedule.every, profile.schedule.day), note("schedule")),
        ("Edition", profile.edition.clone(), String::new()),
    ]
}

/// Begins a batch: its gate.
pub fn make(ask: &Ask) -> Result<Reply, Refused> {
    let by = ask.by()?;
    let facility = match &by.asker.scope {
        Scope::Facilities(ids) => match ids.as_slice() {
            [only] => Some(only.0),
            _ => None,
        },
        Scope::Registry => None,
    };
    let name = ask.path.get("r").to_string();
    recipient(&mut *ask.reading()?, &name).map_err(|_| Refused::NotFound)?;
    let corrects = ask.form.trimmed("corrects").parse().ok();
    let wanted = Wanted { recipient: name, facility, corrects, ..Wanted::default() };
    let (batch, _) = begin(ask.store(), by, &wanted)?;
    Ok(Reply::see(format!("/submissions/batches/{batch}")))
}

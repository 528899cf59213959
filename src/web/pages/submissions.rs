//! Recipients with what is waiting for each and when it is due.

use chrono::{Datelike, Days, Months, NaiveDate};
use serde::Serialize;

use crate::registry::recipients::{Profile, Schedule};
use crate::registry::store::submissions as rows;
use crate::submission::sending::{Sending, recipients};
use crate::submission::waiting::{Waiting, waiting};
use crate::web::frame::Sheet;
use crate::web::templates::Chip;
use crate::web::{Ask, Refused, Reply, show};

#[derive(Serialize)]
struct List {
    rows: Vec<Row>,
    batches: Vec<BatchRow>,
}

#[derive(Serialize)]
struct Row {
    name: String,
    title: String,
    due: String,
    due_note: &'static str,
    soon: bool,
    w: Waiting,
    to_send: i64,
}

/// A batch in a list.
#[derive(Serialize)]
pub struct BatchRow {
    id: i64,
    title: String,
    when: String,
    by: String,
    state: Chip,
    tone: &'static str,
    says: String,
}

/// The word and look of a batch's state.
pub fn state_chip(state: &str) -> Chip {
    match state {
        "gate" => Chip::new("now", "clock", "At the gate"),
        "looked" => Chip::new("warn", "pen", "To look over"),
        "making" | "entering" => Chip::new("now", "clock", "Being made"),
        "to-sign" => Chip::new("warn", "pen", "To sign"),
        "sent" => Chip::new("note", "file", "Sent, no answer yet"),
        "answered" => Chip::new("good", "ok", "Answered"),
        "discarded" => Chip::new("", "none", "Discarded"),
        "empty" => Chip::new("", "none", "Nothing to send"),
        other => Chip::new("", "dot", other.to_string()),
    }
}

/// The newest batches of a recipient, or of all.
pub fn batch_rows(ask: &Ask, recipient: &str, limit: i64) -> Result<Vec<BatchRow>, Refused> {
    let front = ask.app.front()?;
    let conn = &mut *ask.reading()?;
    let mut found = Vec::new();
    for batch in rows::batches(conn, ask.by()?, recipient, limit)? {
        let (mut cases, mut accepted, mut rejected) = (0, 0, 0);
        for counted in rows::counted(conn, batch.id)?.iter().filter(|c| c.blocked == 0) {
            cases += counted.n;
            match counted.verdict.as_str() {
                "accepted" => accepted += counted.n,
                "rejected" => rejected += counted.n,
                _ => {}
            }
        }
        let says = match batch.state.as_str() {
            "answered" => {
                format!("{}, {accepted} accepted, {rejected} rejected", show::counted(cases, "case", "cases"))
            }
            _ => show::counted(cases, "case", "cases"),
        };
        found.push(BatchRow {
            id: batch.id,
            title: batch.title.clone(),
            when: show::time_near(&batch.made_at, ask.now(), front.zone),
            by: batch.made_by.clone(),
            tone: match (batch.state.as_str(), rejected) {
                ("answered", 0) => "good",
                ("answered", _) => "bad",
                _ => "",
            },
            state: state_chip(&batch.state),
            says,
        });
    }
    Ok(found)
}

/// The next day on or after `today` on which files are due; none where they go on request.
pub fn next_due(schedule: &Schedule, today: NaiveDate) -> Option<NaiveDate> {
    let step = match schedule.every.as_str() {
        "month" => 1,
        "quarter" => 3,
        "half-year" => 6,
        "year" => 12,
        _ => return None,
    };
    let on = |year: i32, month: u32| {
        let first = NaiveDate::from_ymd_opt(year, month, 1)?;
        let last = first.checked_add_months(Months::new(1))?.checked_sub_days(Days::new(1))?;
        last.with_day(schedule.day.min(last.day()))
    };
    let mut month = match (step, schedule.month) {
        (12, 1..=12) => NaiveDate::from_ymd_opt(today.year(), schedule.month, 1)?,
        (1, _) => today.with_day(1)?,
        (step, _) => NaiveDate::from_ymd_opt(today.year(), (today.month0() / step + 1) * step, 1)?,
    };
    for _ in 0..3 {
        let due = on(month.year(), month.month())?;
        if due >= today {
            return Some(due);
        }
        month = month.checked_add_months(Months::new(step))?;
    }
    None
}

/// Whether a due day is near enough for the reminder.
pub fn is_soon(profile: &Profile, due: NaiveDate, today: NaiveDate) -> bool {
    (due - today).num_days() <= profile.schedule.remind_days
}

/// The list.
pub fn show(ask: &Ask) -> Result<Reply, Refused> {
    let today = ask.now().date_naive();
    let conn = &mut *ask.reading()?;
    let mut rows = Vec::new();
    for profile in recipients(conn)? {
        let due = next_due(&profile.schedule, today);
        let soon = due.is_some_and(|due| is_soon(&profile, due, today));
        let unconfirmed = profile.note("schedule").is_some();
        let sending = Sending::prepare(conn, profile, today)?;
        let w = waiting(conn, ask.by()?, &sending, None)?;
        rows.push((
            due,
            Row {
                name: sending.profile.name.clone(),
                title: sending.profile.title.clone(),
                due: due.map_or_else(|| "on request".into(), |d| d.to_string()),
                due_note: if unconfirmed { "unconfirmed" } else { "" },
                soon: soon && w.to_send() > 0,
                to_send: w.to_send(),
                w,
            },
        ));
    }
    rows.sort_by(|a, b| (a.0.is_none(), a.0).cmp(&(b.0.is_none(), b.0)).then_with(|| a.1.title.cmp(&b.1.title)));
    let data = List { rows: rows.into_iter().map(|(_, row)| row).collect(), batches: batch_rows(ask, "", 12)? };
    ask.page("pages/submissions", &Sheet::of("Submissions", "/submissions"), &data)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_next_due_day_is_found() {
        let of = |every: &str, day, month| Schedule { every: every.into(), day, month, remind_days: 7, year_begins: 1 };
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        assert_eq!(next_due(&of("month", 31, 0), day("2026-02-03")), Some(day("2026-02-28")));
        assert_eq!(next_due(&of("month", 10, 0), day("2026-12-11")), Some(day("2027-01-10")));
        assert_eq!(next_due(&of("year", 1, 11), day("2026-11-02")), Some(day("2027-11-01")));
        assert_eq!(next_due(&of("quarter", 31, 0), day("2026-05-02")), Some(day("2026-06-30")));
        assert_eq!(next_due(&of("half-year", 30, 0), day("2026-06-30")), Some(day("2026-06-30")));
        assert_eq!(next_due(&of("request", 1, 0), day("2026-06-30")), None);
    }
}

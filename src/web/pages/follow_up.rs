//! The work list of follow-up: who is due, who is about to be lost, who is lost; a page at a time by last contact.

use chrono::{Datelike, NaiveDate};
use serde::Serialize;

use crate::asker::May;
use crate::dates::{self, PartialDate};
use crate::followup::measures::facts;
use crate::followup::policy::Policy;
use crate::followup::rules::{Bounds, Exclusion, Months, State, Window, exclusion_of_patient, months_since};
use crate::registry::store::Conn;
use crate::registry::store::followup::marks::{ASSIGNED, BAD_ADDRESS, DO_NOT_CONTACT};
use crate::registry::store::followup::{
    AttemptRow, Contacted, DuePatient, DueTumor, Order, conflict_ids, count_conflicts, count_due, count_undated,
    due_ids, marked_ids, shown, traced, undated_ids, waiting_ids,
};
use crate::registry::store::lists::MOST;
use crate::web::frame::{self, Sheet};
use crate::web::templates::Chip;
use crate::web::{Ask, Refused, Reply, show};

#[derive(Serialize)]
struct Page {
    as_of: String,
    tabs: Vec<Tab>,
    list: String,
    month: String,
    rows: Vec<Row>,
    more: Option<String>,
    may_post: bool,
}

#[derive(Serialize)]
struct Tab {
    key: &'static str,
    text: String,
    count: String,
    current: bool,
}

#[derive(Serialize)]
struct Row {
    id: i64,
    falls_out: String,
    soon: bool,
    name: String,
    born: String,
    record_number: String,
    primaries: Vec<String>,
    contact: String,
    partial: bool,
    months: String,
    state: Chip,
    attempt: String,
}

const PAGE: i64 = 50;
/// Earlier than any contact.
const BEGINNING: i64 = 0;

/// The settings and the day that hold.
pub struct Standing {
    /// The settings of follow-up.
    pub policy: Policy,
    /// Today in the registry's time zone.
    pub today: NaiveDate,
}

impl Standing {
    /// Reads it.
    pub fn of(ask: &Ask, conn: &mut Conn) -> Result<Standing, Refused> {
        let today = ask.now().with_timezone(&ask.app.front()?.zone).date_naive();
        Ok(Standing { policy: Policy::read(conn)?, today })
    }
}

/// The spans of last contact behind the tabs.
fn span(list: &str, bounds: Bounds, month: (i32, i32), every_class: bool) -> Option<Contacted> {
    let (from, before) = match list {
        "soonest" => (bounds.lost_before.into(), bounds.due_before.into()),
        "month" => (month.0.into(), month.1.into()),
        "lost" => (BEGINNING, bounds.lost_before.into()),
        "all" => (BEGINNING, bounds.due_before.into()),
        _ => return None,
    };
    Some(Contacted { from, before, every_class })
}

/// The page.
pub fn show(ask: &Ask) -> Result<Reply, Refused> {
    let (by, conn) = (ask.by()?, &mut *ask.reading()?);
    let standing = Standing::of(ask, conn)?;
    let bounds = standing.policy.months.bounds(standing.today);
    let asked_month = format!("{}-01", ask.query.trimmed("month")).parse::<NaiveDate>().ok();
    let month = asked_month.filter(|m| (1900..2100).contains(&m.year())).unwrap_or(standing.today);
    let spans = standing.policy.months.due_month(month);
    let list = match ask.query.trimmed("list") {
        "" => "soonest",
        "soonest" | "month" | "lost" | "all" | "undated" | "conflicts" | "waiting" | "bad-address"
        | "do-not-contact" | "mine" => ask.query.trimmed("list"),
        _ => return Err(Refused::NotFound),
    };
    let after = after(ask.query.trimmed("after"));
    let chosen = span(list, bounds, spans, standing.policy.every_class);
    let ids = match (list, chosen) {
        (_, Some(which)) => due_ids(conn, by, which, Order::Oldest, after, PAGE + 1)?,
        ("undated", None) => undated_ids(conn, by, standing.policy.every_class, after.1, PAGE + 1)?,
        ("waiting", None) => waiting_ids(conn, by, after.1, PAGE + 1)?,
        ("mine", None) => marked_ids(conn, by, ASSIGNED, &by.asker.login, after.1, PAGE + 1)?,
        ("bad-address" | "do-not-contact", None) => marked_ids(conn, by, list, "", after.1, PAGE + 1)?,
        _ => conflict_ids(conn, by, after.1, PAGE + 1)?,
    };
    let found = traced(conn, by, &ids)?;
    let patients = shown(conn, by, found)?;
    let page = usize::try_from(PAGE).unwrap_or(usize::MAX);
    let more = (patients.len() > page)
        .then(|| patients.get(page - 1).map(|p| format!("{}-{}", p.traced.contact_low.unwrap_or(0), p.traced.id)))
        .flatten();
    let ids: Vec<String> = patients.iter().take(page).map(|p| p.traced.id.to_string()).collect();
    let rows = patients.iter().take(page).map(|p| row(p, list, &standing)).collect::<Vec<_>>();
    let mut tabs = Vec::new();
    for (key, text) in [
        ("soonest", "Falls out soonest".to_string()),
        ("month", format!("Due in {}", month.format("%B"))),
        ("lost", "Lost".into()),
        ("all", "All due".into()),
        ("undated", "No date".into()),
        ("conflicts", "Conflicts".into()),
        ("waiting", "Answer awaited".into()),
        ("bad-address", "Bad address".into()),
        ("do-not-contact", "Do not contact".into()),
        ("mine", "Mine".into()),
    ] {
        let count = match span(key, bounds, spans, standing.policy.every_class) {
            Some(which) => count_due(conn, by, which)?,
            None if key == "undated" => count_undated(conn, by, standing.policy.every_class)?,
            None if key == "conflicts" => count_conflicts(conn, by)?,
            None => {
                tabs.push(Tab { key, text, count: String::new(), current: key == list });
                continue;
            }
        };
        let count = if count >= MOST { format!("{}+", show::thousands(MOST)) } else { show::thousands(count) };
        tabs.push(Tab { key, text, count, current: key == list });
    }
    let data = Page {
        as_of: standing.today.format("%Y-%m-%d").to_string(),
        tabs,
        list: list.into(),
        month: month.format("%Y-%m").to_string(),
        rows,
        more,
        may_post: frame::may(ask, May::PostFollowUp),
    };
    let reply = ask.page("pages/follow-up", &Sheet::of("Follow-up", "/follow-up"), &data)?;
    Ok(reply.noting(format!("{list}, patients {}", ids.join(" "))))
}

/// `20250829-17` as a contact day and a patient.
fn after(text: &str) -> (i64, i64) {
    let (day, id) = text.split_once('-').unwrap_or_default();
    (day.parse().unwrap_or(0), id.parse().unwrap_or(0))
}

fn row(patient: &DuePatient, list: &str, standing: &Standing) -> Row {
    let items = &patient.items;
    let contact = PartialDate::parse(items.value("dateOfLastContact")).ok();
    let dead = items.value("vitalStatus") == "0";
    let state = standing.policy.months.state(contact, dead, standing.today);
    let left = contact
        .and_then(|date| standing.policy.months.falls_out_after(date))
        .map(|day| (day - standing.today).num_days())
        .filter(|days| *days >= 0 && !dead);
    Row {
        id: patient.traced.id,
        falls_out: left.map(|days| show::counted(days, "day", "days")).unwrap_or_default(),
        soon: left.is_some_and(|days| days <= 15),
        name: show::person(items.value("nameLast"), items.value("nameFirst"), items.value("nameMiddle")),
        born: show::naaccr_date(items.value("dateOfBirth")),
        record_number: patient.record_number.clone(),
        primaries: patient.traced.tumors.iter().map(primary).collect(),
        contact: contact.map(PartialDate::screen).unwrap_or_default(),
        partial: contact.is_some_and(|date| !date.is_full()),
        months: contact.map(|date| months_since(date, standing.today).to_string()).unwrap_or_default(),
        state: chip(patient, list, state, standing),
        attempt: patient.last_attempt.as_ref().map(attempt_in_short).unwrap_or_default(),
    }
}

fn primary(tumor: &DueTumor) -> String {
    let code = tumor.site.as_deref().unwrap_or_default();
    let name = crate::codes::site(code).map_or("", |s| s.name);
    let side = match tumor.laterality.as_deref() {
        Some("1") => ", right",
        Some("2") => ", left",
        _ => "",
    };
    let year = tumor.dx_low.map(|day| format!(", {}", day / 10_000)).unwrap_or_default();
    format!("{name}{side} {code}{year}").trim().to_string()
}

fn chip(patient: &DuePatient, list: &str, state: State, standing: &Standing) -> Chip {
    if list == "conflicts" {
        return Chip::new("bad", "swap", "Conflict");
    }
    if patient.traced.traced_elsewhere {
        return Chip::new("", "link", "Traced by another facility");
    }
    if let Some(exclusion) = excluded(patient, standing) {
        return Chip::new("", "none", format!("Not followed, {} {}", exclusion.code(), exclusion.words()));
    }
    let marked = |kind: &str| patient.marks.iter().any(|mark| mark.kind == kind);
    if marked(BAD_ADDRESS) {
        return Chip::new("warn", "warn", "Bad address");
    }
    if patient.items.value("noPatientContactFlag") == "1" || marked(DO_NOT_CONTACT) {
        return Chip::new("", "none", "Do not contact");
    }
    if patient.last_attempt.as_ref().is_some_and(|a| a.result == "pending") {
        return Chip::new("now", "mail", "Answer awaited");
    }
    match state {
        State::Lost => Chip::new("bad", "bad", "Lost"),
        State::Grace => Chip::new("warn", "clock", "Due, in grace"),
        State::Due => Chip::new("", "clock", "Due"),
        State::Current => Chip::new("good", "ok", "Current"),
        State::Closed => Chip::new("", "none", "Closed"),
    }
}

/// Why nobody traces this patient, if so.
pub fn excluded(patient: &DuePatient, standing: &Standing) -> Option<Exclusion> {
    let (of_patient, tumors) = facts(&patient.traced);
    exclusion_of_patient(&of_patient, &tumors, Window::default(), standing.policy.switches, standing.today)
}

/// A kind of attempt in words.
pub fn attempt_kind(kind: &str) -> &str {
    super::posting::ATTEMPT_KINDS.iter().find(|(key, _)| *key == kind).map_or(kind, |(_, text)| text)
}

/// A result of an attempt in words.
pub fn attempt_result(result: &str) -> &str {
    super::posting::ATTEMPT_RESULTS.iter().find(|(key, _)| *key == result).map_or(result, |(_, text)| text)
}

fn attempt_in_short(attempt: &AttemptRow) -> String {
    let day = attempt.at.get(5..10).unwrap_or_default();
    format!("{} {day}, {}", attempt_kind(&attempt.kind), attempt_result(&attempt.result).to_lowercase())
}

/// The day on which a patient comes due next, and the last on which he counts as current.
pub fn next_due(months: Months, contact: PartialDate) -> (String, String) {
    let month = months.due_on(contact).map(|day| day.format("%B %Y").to_string()).unwrap_or_default();
    let last = dates::add_months(contact.first(), months.lost).map(|d| d.to_string()).unwrap_or_default();
    (month, last)
}

//! My work: counts that are filters, and the cases by when their completion is due.

use chrono::{Datelike, Duration, NaiveDate};
use serde::Serialize;

use super::words;
use crate::asker::May;
use crate::registry::store::By;
use crate::registry::store::lists::{
    MOST, OPEN, Whose, WorkRow, count_completed_since, count_due_before, count_status, work_list, work_undated,
};
use crate::registry::store::settings::setting_number;
use crate::web::frame::{Link, Sheet, pages_for};
use crate::web::templates::Chip;
use crate::web::{Ask, Refused, Reply, show};

#[derive(Serialize)]
struct Page {
    today: String,
    team: bool,
    list: String,
    stats: Vec<Stat>,
    rows: Vec<Row>,
    open: String,
    shown: usize,
    /// Where the next page begins.
    next: Option<String>,
    /// Whether this is not the first page.
    later: bool,
    due_days: i64,
    first: Option<i64>,
    limits: Vec<Limit>,
    may_import: bool,
}

#[derive(Serialize)]
struct Stat {
    key: &'static str,
    text: &'static str,
    icon: &'static str,
    tone: &'static str,
    count: String,
    hint: &'static str,
    current: bool,
    link: bool,
}

#[derive(Serialize)]
struct Row {
    id: i64,
    name: String,
    accession: String,
    sequence: String,
    primary: String,
    class: String,
    todo: String,
    state: Chip,
    limit: String,
    left: String,
    tone: &'static str,
    share: i64,
}

#[derive(Serialize)]
struct Limit {
    text: &'static str,
    count: String,
    some: bool,
    tone: &'static str,
}

const PAGE: i64 = 25;

/// Where abstracts without a limit stand: after all that have one.
const UNDATED: i64 = 99_991_231;

/// The limit and id of the last row of the page before, as the link says it.
fn place(text: &str) -> (i64, i64) {
    text.split_once('-').and_then(|(due, id)| Some((due.parse().ok()?, id.parse().ok()?))).unwrap_or((0, 0))
}

/// The page.
pub fn show(ask: &Ask) -> Result<Reply, Refused> {
    let who = ask.who()?;
    let Ok(asker) = who.asker_for(May::SeePatients) else { return without_names(ask) };
    let front = ask.app.front()?;
    let by = By { asker, ..ask.by()?.clone() };
    let today = ask.now().with_timezone(&front.zone).date_naive();
    let team = ask.query.get("whose") == "team";
    let whose = if team { Whose::Team } else { Whose::Mine };
    let conn = &mut *ask.reading()?;
    let list = OPEN.into_iter().find(|status| *status == ask.query.get("list")).unwrap_or_default();
    let chosen: Vec<&str> = OPEN.into_iter().filter(|status| list.is_empty() || *status == list).collect();
    let after = place(ask.query.get("after"));
    let mut rows: Vec<WorkRow> = Vec::new();
    for status in chosen {
        if after.0 < UNDATED {
            rows.extend(work_list(conn, &by, whose, status, after, PAGE + 1)?);
        }
        let seen = if after.0 == UNDATED { after.1 } else { 0 };
        rows.extend(work_undated(conn, &by, whose, status, seen, PAGE + 1)?);
    }
    rows.sort_by_key(|row| (row.due.unwrap_or(UNDATED), row.id));
    let page = usize::try_from(PAGE).unwrap_or(25);
    let more = rows.len() > page;
    rows.truncate(page);
    let next = rows.last().filter(|_| more).map(|row| format!("{}-{}", row.due.unwrap_or(UNDATED), row.id));
    let due_days = setting_number(conn, "abstract.due_days")?;
    let mut stats = Vec::new();
    let mut open = 0;
    for (status, text, icon, tone, hint) in STATUSES {
        let count = count_status(conn, &by, whose, status)?;
        open += count;
        stats.push(Stat {
            key: status,
            text,
            icon,
            tone: if count > 0 { tone } else { "" },
            count: many(count),
            hint,
            current: *status == list,
            link: true,
        });
    }
    let past = count_due_before(conn, &by, whose, number(today))?;
    let in_30 = count_due_before(conn, &by, whose, number(today + Duration::days(31)))?;
    let month = today.with_day(1).unwrap_or(today);
    let completed = count_completed_since(conn, &by, whose, number(month))?;
    stats.push(fact("Due within 30 days", "clock", if in_30 > 0 { "warn" } else { "" }, in_30, "from today"));
    stats.push(fact("Completed this month", "", "", completed, "since the first"));
    let limits = vec![
        Limit { text: "Past the limit", count: many(past), some: past > 0, tone: "bad" },
        Limit { text: "Within 30 days", count: many((in_30 - past).max(0)), some: in_30 > past, tone: "warn" },
        Limit { text: "Later", count: many((open - in_30).max(0)), some: false, tone: "" },
    ];
    let data = Page {
        today: show::day_in_words(today),
        team,
        list: list.to_string(),
        stats,
        open: many(open),
        shown: rows.len(),
        next,
        later: after.1 > 0,
        first: rows.first().map(|row| row.id),
        rows: rows.iter().map(|row| shown_row(row, today, due_days)).collect(),
        due_days,
        limits,
        may_import: who.may(May::Import),
    };
    let note = format!("{} rows", data.shown);
    Ok(ask.page("pages/home", &Sheet::of("My work", "/"), &data)?.noting(note))
}

/// Status, words, icon, colour when there are some, hint.
const STATUSES: &[(&str, &str, &str, &str, &str)] = &[
    ("accessioned", "Accessioned", "", "", "not begun"),
    ("in-progress", "In progress", "", "", "begun"),
    ("waiting", "Waiting", "wait", "", "for treatment or papers"),
    ("returned", "Returned by QC", "back", "warn", "to be answered"),
    ("reopened", "Reopened", "pen", "", "complete again"),
];

fn fact(text: &'static str, icon: &'static str, tone: &'static str, count: i64, hint: &'static str) -> Stat {
    Stat { key: "", text, icon, tone, count: many(count), hint, current: false, link: false }
}

fn many(count: i64) -> String {
    match count >= MOST {
        true => format!("{}+", show::thousands(MOST)),
        false => show::thousands(count),
    }
}

fn number(day: NaiveDate) -> i64 {
    i64::from(day.year()) * 10_000 + i64::from(day.month()) * 100 + i64::from(day.day())
}

fn day(number: i64) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(&number.to_string(), "%Y%m%d").ok()
}

fn shown_row(row: &WorkRow, today: NaiveDate, due_days: i64) -> Row {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let due = row.due.and_then(day);
    let left = due.map(|due| (due - today).num_days());
    let tone = match left {
        Some(left) if left < 0 => "bad",
        Some(left) if left <= 30 => "warn",
        _ => "",
    };
    Row {
        id: row.id,
        name: show::person(&text(&row.last_name), &text(&row.first_name), ""),
        accession: words::accession(&text(&row.accession)),
        sequence: text(&row.sequence),
        primary: words::primary(&text(&row.site), &text(&row.laterality)),
        class: text(&row.class),
        todo: todo(row),
        state: words::status(&row.status, row.edit_errors),
        limit: due.map(|due| due.to_string()).unwrap_or_default(),
        left: match left {
            None => String::new(),
            Some(left) if left < 0 => show::counted(-left, "day over", "days over"),
            Some(left) => show::counted(left, "day left", "days left"),
        },
        tone,
        share: left.map_or(0, |left| ((due_days - left) * 100 / due_days.max(1)).clamp(0, 100)),
    }
}

fn todo(row: &WorkRow) -> String {
    match (row.edit_errors, row.status.as_str()) {
        (1.., _) => format!("Fix {}, then complete", show::counted(row.edit_errors, "edit", "edits")),
        (_, "accessioned") => "Start the abstract".into(),
        (_, "waiting") => "Look whether it has come".into(),
        (_, "returned") => "Answer the reviewer".into(),
        (_, "reopened") => "Complete it again".into(),
        _ => "Go on, then complete".into(),
    }
}

/// For roles that see no patient: the pages they may open.
fn without_names(ask: &Ask) -> Result<Reply, Refused> {
    #[derive(Serialize)]
    struct Plain {
        today: String,
        pages: Vec<Link>,
    }
    let today = ask.now().with_timezone(&ask.app.front()?.zone).date_naive();
    let data = Plain { today: show::day_in_words(today), pages: pages_for(ask.who()?) };
    ask.page("pages/home-plain", &Sheet::of("My work", "/"), &data)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn row(due: i64) -> WorkRow {
        WorkRow {
            id: 1,
            patient_id: 2,
            status: "in-progress".into(),
            due: Some(due),
            accession: Some("202600318".into()),
            sequence: Some("00".into()),
            class: Some("14".into()),
            last_name: Some("OKONKWO".into()),
            first_name: Some("GRACE".into()),
            site: Some("C569".into()),
            laterality: None,
            dx_low: None,
            edit_errors: 0,
        }
    }

    #[test]
    fn a_case_says_how_many_days_are_left() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
        let over = shown_row(&row(20_261_118), today, 180);
        assert_eq!((over.left.as_str(), over.tone, over.share), ("5 days over", "bad", 100));
        let soon = shown_row(&row(20_261_124), today, 180);
        assert_eq!((soon.left.as_str(), soon.tone, soon.share), ("1 day left", "warn", 99));
        assert_eq!(shown_row(&row(20_270_522), today, 180).share, 0);
        assert_eq!(over.name, "OKONKWO, Grace");
        assert_eq!(over.accession, "2026 00318");
    }
}

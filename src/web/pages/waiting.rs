//! The waiting queue: abstracts that wait for treatment or papers, by the day to look again.

use serde::Serialize;

use super::complete::reason_text;
use super::words;
use crate::registry::store::bench;
use crate::web::frame::Sheet;
use crate::web::{Ask, Refused, Reply, show};

const MOST: i64 = 500;

#[derive(Serialize)]
struct Page {
    rows: Vec<Row>,
    now: usize,
}

#[derive(Serialize)]
struct Row {
    id: i64,
    recheck: String,
    due_now: bool,
    name: String,
    accession: String,
    sequence: String,
    primary: String,
    reason: &'static str,
    note: String,
    treatment_end: String,
    limit: String,
    login: String,
}

/// The queue.
pub fn show(ask: &Ask) -> Result<Reply, Refused> {
    let by = ask.by()?;
    let today = ask.now().with_timezone(&ask.app.front()?.zone).format("%Y%m%d").to_string().parse().unwrap_or(0_i64);
    let day = |number: i64| show::naaccr_date(&number.to_string());
    let rows: Vec<Row> = bench::waiting(&mut *ask.reading()?, by, MOST)?
        .into_iter()
        .map(|row| {
            let text = |value: &Option<String>| value.clone().unwrap_or_default();
            Row {
                id: row.id,
                recheck: day(row.recheck),
                due_now: row.recheck <= today,
                name: show::person(&text(&row.last_name), &text(&row.first_name), ""),
                accession: words::accession(&text(&row.accession)),
                sequence: text(&row.sequence),
                primary: words::primary(&text(&row.site), &text(&row.laterality)),
                reason: reason_text(&row.reason),
                treatment_end: row.treatment_end.map_or(String::new(), day),
                limit: row.due.map_or(String::new(), day),
                note: row.note,
                login: row.login,
            }
        })
        .collect();
    let page = Page { now: rows.iter().filter(|row| row.due_now).count(), rows };
    let note = format!("{} rows", page.rows.len());
    Ok(ask.page("pages/waiting", &Sheet::of("Waiting", "/"), &page)?.noting(note))
}

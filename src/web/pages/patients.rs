//! Patient search: one box for everything or a field for each kind; sent as a form, shown under a sealed address.

use serde::Serialize;

use super::words;
use crate::asker::May;
use crate::codes::{Context, meaning};
use crate::registry::store::search::{Answer, Found, Query, find_patients, search_line};
use crate::web::form::Field;
use crate::web::frame::{Sheet, may};
use crate::web::{Ask, Refused, Reply, sealed, show};

#[derive(Serialize)]
struct Page {
    fields: Vec<Field>,
    as_written: bool,
    searched: bool,
    rows: Vec<Row>,
    found: usize,
    more: bool,
    not_read: Vec<NotRead>,
    may_accession: bool,
    may_import: bool,
}

#[derive(Serialize)]
struct NotRead {
    field: &'static str,
    typed: String,
}

#[derive(Serialize)]
struct Row {
    id: i64,
    name: String,
    also: String,
    born: String,
    sex: String,
    dead: bool,
    contact: String,
    records: String,
    accessions: String,
    tumors: Vec<Tumor>,
    score: i64,
    how: String,
}

#[derive(Serialize)]
struct Tumor {
    case: Option<i64>,
    sequence: String,
    text: String,
    asked: bool,
}

/// The empty form.
pub fn show(ask: &Ask) -> Result<Reply, Refused> {
    page(ask, &Query::default(), None)
}

/// Takes the form and goes to its sealed address.
pub fn search(ask: &Ask) -> Result<Reply, Refused> {
    let field = |name: &str| ask.form.trimmed(name).chars().take(200).collect::<String>();
    let query = Query {
        text: field("text"),
        name: field("name"),
        birth: field("birth"),
        ssn: field("ssn"),
        record: field("record"),
        accession: field("accession"),
        as_written: ask.form.has("as_written"),
        ..Query::default()
    };
    if query.is_empty() {
        return Ok(Reply::see("/patients"));
    }
    Ok(Reply::see(format!("/patients/found/{}", sealed::seal(ask, &query)?)))
}

/// What the search of a sealed address finds.
pub fn found(ask: &Ask) -> Result<Reply, Refused> {
    let query: Query = sealed::open(ask, ask.path.get("q"))?;
    let by = ask.by()?;
    let answer = find_patients(&mut *ask.reading()?, by, ask.store().secret(), &query)?;
    let line = search_line(by, ask.now(), &query, &answer);
    Ok(page(ask, &query, Some(&answer))?.with_line(line))
}

fn page(ask: &Ask, query: &Query, answer: Option<&Answer>) -> Result<Reply, Refused> {
    let line = |name: &str, label: &str, value: &str| Field::text(name, label, value);
    let data = Page {
        fields: vec![
            line("text", "Anything", &query.text).kind("search").hint("A name, birth date or number, in any order"),
            line("name", "Name", &query.name).hint("Martinez, Elena; also as it sounds, earlier names, nicknames"),
            line("birth", "Birth date", &query.birth).hint("1968-03-11, 03/11/1968, 1968"),
            line("record", "Medical record number", &query.record),
            line("accession", "Accession number", &query.accession),
            line("ssn", "Social Security number", &query.ssn).hint("The whole number or its last four digits"),
        ],
        as_written: query.as_written,
        searched: answer.is_some(),
        rows: answer.map(|a| a.found.iter().map(row).collect()).unwrap_or_default(),
        found: answer.map_or(0, |a| a.found.len()),
        more: answer.is_some_and(|a| a.more),
        not_read: answer
            .map(|a| a.not_read.iter().map(|(field, typed)| NotRead { field, typed: typed.clone() }).collect())
            .unwrap_or_default(),
        may_accession: may(ask, May::Accession),
        may_import: may(ask, May::Import),
    };
    ask.page("pages/patients", &Sheet::of("Patients", "/patients"), &data)
}

fn row(found: &Found) -> Row {
    let word = |item: &str, value: &str| {
        meaning(item, value, &Context::default()).map_or_else(|| value.to_string(), |m| m.label.into_owned())
    };
    let suffix = if found.suffix.is_empty() { String::new() } else { format!(" {}", found.suffix) };
    Row {
        id: found.patient,
        name: format!("{}{suffix}", show::person(&found.last, &found.first, &found.middle)),
        also: found.other_name.clone().unwrap_or_default(),
        born: show::naaccr_date(&found.birth),
        sex: word("sex", &found.sex),
        dead: found.vital_status == "0",
        contact: show::naaccr_date(&found.last_contact),
        records: found.records.iter().map(|r| r.trim_start_matches('0')).collect::<Vec<_>>().join(", "),
        accessions: found.accessions.iter().map(|a| words::accession(a)).collect::<Vec<_>>().join(", "),
        tumors: found
            .tumors
            .iter()
            .map(|t| Tumor {
                case: t.abstracts.first().copied(),
                sequence: t.sequence.clone(),
                text: format!("{}{}", words::primary(&t.site, &t.laterality), after_comma(&t.year)),
                asked: t.asked,
            })
            .collect(),
        score: found.score,
        how: found.how.join(", "),
    }
}

fn after_comma(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(", {text}") }
}

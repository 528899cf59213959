//! The suspense list: suspicions by age, the report of one beside them with the words that counted, what is on file,
//! what the multiple-primary rules say, and the decisions.

use chrono::{Datelike, NaiveDate};
use serde::Serialize;

use super::words;
use crate::primaries::{Reported, Verdict, primaries};
use crate::registry::store::suspense::{self, Decided, OPEN, STATES, Source, Suspense};
use crate::registry::store::{Conn, StoreError, records};
use crate::web::form::Errors;
use crate::web::frame::Sheet;
use crate::web::templates::Chip;
use crate::web::{Ask, Refused, Reply, show};

const MOST: i64 = 500;

#[derive(Serialize)]
struct Page {
    list: String,
    lists: Vec<List>,
    rows: Vec<Row>,
    count: i64,
    look: Option<Look>,
    errors: Errors,
}

#[derive(Serialize)]
struct List {
    key: String,
    text: &'static str,
    count: i64,
    current: bool,
}

#[derive(Serialize)]
struct Row {
    id: i64,
    current: bool,
    name: String,
    born: String,
    record_number: String,
    sources: i64,
    first_seen: String,
    site: String,
    morphology: String,
    days: i64,
    left: String,
    looks_like: Chip,
    state: &'static str,
}

#[derive(Serialize)]
struct Look {
    id: i64,
    version: i64,
    name: String,
    born: String,
    record_number: String,
    first_seen: String,
    due: String,
    because: String,
    state: &'static str,
    reason: String,
    open: bool,
    documents: Vec<Document>,
    tumors: Vec<Tumor>,
    events: Vec<Happened>,
    abstract_id: Option<i64>,
    typed_reason: String,
    typed_until: String,
}

#[derive(Serialize)]
struct Document {
    title: String,
    replaced: bool,
    pieces: Vec<Piece>,
    words: String,
}

#[derive(Serialize)]
struct Piece {
    text: String,
    mark: bool,
    dim: bool,
    said: String,
}

#[derive(Serialize)]
struct Tumor {
    number: String,
    what: String,
    rules: String,
}

#[derive(Serialize)]
struct Happened {
    when: String,
    what: String,
    login: String,
}

/// The list with its first row.
pub fn show(ask: &Ask) -> Result<Reply, Refused> {
    page(ask, None, &Errors::default())
}

/// The list with one row.
pub fn one(ask: &Ask) -> Result<Reply, Refused> {
    page(ask, Some(ask.id("row")?), &Errors::default())
}

/// Records a decision and opens the next row.
pub fn decide(ask: &Ask) -> Result<Reply, Refused> {
    let id = ask.id("row")?;
    let seen = ask.number("seen")?;
    let text = |name: &str| Some(ask.form.trimmed(name).to_owned()).filter(|t| !t.is_empty());
    let decided = Decided {
        state: ask.form.trimmed("state").to_owned(),
        reason: ask.form.trimmed("reason").to_owned(),
        until: text("until"),
        assignee: ask.by()?.asker.user.map(|u| u.0),
    };
    let by = ask.by()?.clone();
    match ask.store().write(move |tx| suspense::decide(tx, &by, id, seen, &decided)) {
        Ok(()) => Ok(Reply::see("/suspense".to_owned())),
        Err(StoreError::Refused(why)) => page(ask, Some(id), &Errors::one(why)),
        Err(other) => Err(other.into()),
    }
}

fn page(ask: &Ask, chosen: Option<i64>, errors: &Errors) -> Result<Reply, Refused> {
    let (by, conn) = (ask.by()?, &mut *ask.reading()?);
    let today = ask.now().date_naive();
    let one = chosen.map(|id| suspense::one(conn, by, id)).transpose()?;
    let asked = ask.query.trimmed("state");
    let all = suspense::counts(conn, by)?;
    let count_of =
        |states: &[&str]| all.iter().filter(|(s, _)| states.contains(&s.as_str())).map(|(_, n)| n).sum::<i64>();
    let known = STATES.iter().map(|(key, _)| *key).chain(["screened-out"]).find(|key| *key == asked);
    let states = known.map_or_else(|| OPEN.to_owned(), |key| format!("[\"{key}\"]"));
    let open = ["new", "information", "ready", "deferred"];
    let mut lists =
        vec![List { key: String::new(), text: "All open", count: count_of(&open), current: known.is_none() }];
    lists.extend(STATES.iter().copied().chain([("screened-out", "Screened out")]).map(|(key, text)| List {
        key: key.to_owned(),
        text,
        count: count_of(&[key]),
        current: known == Some(key),
    }));
    let found = suspense::list(conn, by, &states, MOST)?;
    let one = match one {
        Some(row) => Some(row),
        None => found.first().cloned(),
    };
    let look = one.as_ref().map(|row| look(ask, conn, row)).transpose()?;
    let data = Page {
        list: known.unwrap_or("").to_owned(),
        count: count_of(&open),
        rows: found.iter().map(|row| line(row, one.as_ref().map(|o| o.id), today)).collect(),
        lists,
        look,
        errors: errors.clone(),
    };
    ask.page("pages/suspense", &Sheet::of("Suspense", "/suspense").refused_if(!errors.is_empty()), &data)
}

fn day(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()
}

fn word_of(state: &str) -> &'static str {
    STATES.iter().find(|(key, _)| *key == state).map_or("Screened out", |(_, text)| text)
}

fn line(row: &Suspense, current: Option<i64>, today: NaiveDate) -> Row {
    let left = day(&row.due).map_or(0, |due| (due - today).num_days());
    Row {
        id: row.id,
        current: current == Some(row.id),
        name: show::person(&row.last_name, &row.first_name, ""),
        born: show::naaccr_date(&row.born),
        record_number: row.record_number.clone(),
        sources: row.sources,
        first_seen: row.first_seen.clone(),
        site: if row.site.is_empty() { "site not named".into() } else { words::primary(&row.site, "") },
        morphology: morphology(row),
        days: day(&row.first_seen).map_or(0, |seen| (today - seen).num_days().max(0)),
        left: if left < 0 { format!("{} late", -left) } else { format!("{left} left") },
        looks_like: match (row.reportable.as_str(), row.patient_id) {
            ("review", _) => Chip::new("warn", "", "Look at it"),
            ("no", _) => Chip::new("", "", "Not reportable?"),
            (_, Some(_)) => Chip::new("now", "", "Known patient"),
            _ => Chip::new("", "", "New patient"),
        },
        state: word_of(&row.state),
    }
}

fn morphology(row: &Suspense) -> String {
    if row.histology.is_empty() {
        return String::new();
    }
    let name = crate::codes::morphology(&row.histology, &row.behavior).map_or("", |m| m.name);
    format!("{}/{} {name}", row.histology, row.behavior)
}

fn look(ask: &Ask, conn: &mut Conn, row: &Suspense) -> Result<Look, Refused> {
    let zone = ask.app.front()?.zone;
    let documents = suspense::sources(conn, row)?.iter().map(document).collect::<Result<_, _>>()?;
    let events = suspense::events(conn, row)?
        .into_iter()
        .map(|event| Happened {
            when: show::time(&event.at, zone),
            what: [word_of(&event.state), &event.reason, &event.note]
                .iter()
                .filter(|t| !t.is_empty())
                .copied()
                .collect::<Vec<_>>()
                .join(", "),
            login: event.login,
        })
        .collect();
    Ok(Look {
        id: row.id,
        version: row.version,
        name: show::person(&row.last_name, &row.first_name, ""),
        born: show::naaccr_date(&row.born),
        record_number: row.record_number.clone(),
        first_seen: row.first_seen.clone(),
        due: row.due.clone(),
        because: row.because.clone(),
        state: word_of(&row.state),
        reason: row.reason.clone(),
        open: row.state != "accessioned",
        documents,
        tumors: on_file(ask, conn, row)?,
        events,
        abstract_id: row.abstract_id,
        typed_reason: ask.form.trimmed("reason").to_owned(),
        typed_until: ask.form.trimmed("until").to_owned(),
    })
}

/// A report cut at the words that counted.
fn document(source: &Source) -> Result<Document, StoreError> {
    let text = source.text()?;
    let (mut pieces, mut at) = (Vec::new(), 0);
    let (mut positive, mut negated) = (0, 0);
    let plain = |from: usize, to: usize| Piece {
        text: text.get(from..to).unwrap_or("").to_owned(),
        mark: false,
        dim: false,
        said: String::new(),
    };
    for (start, end, kind) in source.words() {
        if start < at || text.get(start..end).is_none() {
            continue;
        }
        let (mark, dim) = match kind.as_str() {
            "positive" | "suspected" => (true, false),
            "negated" | "negation" | "history" | "family" | "not-reportable" | "doubted" => (false, true),
            _ => continue,
        };
        positive += i64::from(mark);
        negated += i64::from(kind == "negated");
        pieces.push(plain(at, start));
        pieces.push(Piece { mark, dim, said: kind.replace('-', " "), ..plain(start, end) });
        at = end;
    }
    pieces.push(plain(at, text.len()));
    let kind = if source.kind == "index" { "Disease index" } else { "Pathology" };
    let title =
        [kind, &source.number, &source.day].iter().filter(|t| !t.is_empty()).copied().collect::<Vec<_>>().join(", ");
    let status = if source.status == "final" { String::new() } else { format!(", {}", source.status) };
    Ok(Document {
        title: format!("{title}{status}"),
        replaced: source.replaced != 0,
        words: format!("Words that count: {positive} positive, {negated} negated."),
        pieces,
    })
}

/// The known patient's tumors, and whether the rules take the suspicion for another primary.
fn on_file(ask: &Ask, conn: &mut Conn, row: &Suspense) -> Result<Vec<Tumor>, Refused> {
    let Some(patient) = row.patient_id else { return Ok(Vec::new()) };
    let known = records::abstracts_of_patient(conn, ask.by()?, patient)?;
    let part = |text: &str, from: usize, to: usize| text.get(from..to).unwrap_or("").to_owned();
    let seen = row.first_seen.replace('-', "");
    let new = [part(&seen, 0, 4), part(&seen, 4, 6), part(&seen, 6, 8)];
    Ok(known
        .iter()
        .map(|known| {
            let of = |id: &str| known.items.value(id);
            let date = of("dateOfDiagnosis");
            let dates = [part(date, 0, 4), part(date, 4, 6), part(date, 6, 8)];
            let old = Reported {
                year: &dates[0],
                month: &dates[1],
                day: &dates[2],
                site: of("primarySite"),
                histology: of("histologicTypeIcdO3"),
                behavior: of("behaviorCodeIcdO3"),
                laterality: of("laterality"),
            };
            let suspected = Reported {
                year: &new[0],
                month: &new[1],
                day: &new[2],
                site: &row.site,
                histology: &row.histology,
                behavior: &row.behavior,
                laterality: of("laterality"),
            };
            let said = primaries(&old, &suspected, ask.now().year());
            let rules = match said.verdict {
                Verdict::Single => "the rules say: the same primary",
                Verdict::Multiple => "the rules say: a new primary",
                Verdict::Questionable => "the rules leave it to a person",
                Verdict::Invalid => "too little is known for the rules",
            };
            let step: Vec<&str> = [said.group, said.step].into_iter().flatten().collect();
            Tumor {
                number: format!("{}/{}", words::accession(of("accessionNumberHosp")), of("sequenceNumberHospital")),
                what: format!(
                    "{}, {}/{}, {}",
                    words::primary(of("primarySite"), of("laterality")),
                    of("histologicTypeIcdO3"),
                    of("behaviorCodeIcdO3"),
                    show::naaccr_date(date)
                ),
                rules: if step.is_empty() { rules.to_owned() } else { format!("{rules} ({})", step.join(", ")) },
            }
        })
        .collect())
}

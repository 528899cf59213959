//! Go to: one box for pages, items, patients and accession numbers. What is typed travels in a form, never in an
//! address.

use serde::Serialize;

use super::words;
use crate::asker::May;
use crate::naaccr::super_dictionary;
use crate::registry::store::search::{Query, find_patients, search_line};
use crate::registry::store::{By, Line};
use crate::web::frame::{Sheet, pages_for};
use crate::web::{Ask, Refused, Reply, show};

#[derive(Serialize)]
struct Page {
    typed: String,
    places: Vec<Place>,
}

/// A place one can go to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Place {
    href: String,
    kind: String,
    text: String,
    hint: String,
}

const MOST: usize = 6;

/// The box as a page.
pub fn show(ask: &Ask) -> Result<Reply, Refused> {
    answer(ask, "")
}

/// What fits the words.
pub fn find(ask: &Ask) -> Result<Reply, Refused> {
    answer(ask, ask.form.trimmed("q"))
}

fn answer(ask: &Ask, typed: &str) -> Result<Reply, Refused> {
    let mut places = pages(ask, typed)?;
    places.extend(items(typed, ask.form.trimmed("case")));
    let (found, line) = patients(ask, typed)?;
    // A name or number is what is mostly typed: patients stand first unless a page is meant.
    let all: Vec<Place> = if places.is_empty() || typed.contains(',') {
        found.into_iter().chain(places).collect()
    } else {
        places.into_iter().chain(found).collect()
    };
    let reply = match ask.wants_json {
        true => Reply::json(&serde_json::json!({ "places": all }))?,
        false => {
            ask.page("pages/go-to", &Sheet::of("Go to", "/go"), &Page { typed: typed.to_string(), places: all })?
        }
    };
    Ok(match line {
        Some(line) => reply.with_line(line),
        None => reply,
    })
}

fn fits(text: &str, typed: &str) -> bool {
    let text = text.to_lowercase();
    typed.to_lowercase().split_whitespace().all(|word| text.contains(word))
}

fn pages(ask: &Ask, typed: &str) -> Result<Vec<Place>, Refused> {
    let place = |href: &str, text: &str| Place {
        href: href.to_string(),
        kind: "Page".into(),
        text: text.to_string(),
        hint: String::new(),
    };
    let open = pages_for(ask.who()?).into_iter();
    Ok(open.filter(|page| fits(page.text, typed)).map(|page| place(page.href, page.text)).take(MOST).collect())
}

/// Items, when an abstract is open: by number or words of the name.
fn items(typed: &str, case: &str) -> Vec<Place> {
    let open = !case.is_empty() && case.bytes().all(|b| b.is_ascii_digit());
    if !open || typed.len() < 2 {
        return vec![];
    }
    let number_of = |item: &crate::naaccr::StandardItem| item.number.map(|n| n.0.to_string()).unwrap_or_default();
    super_dictionary()
        .items()
        .iter()
        .filter(|item| !item.reserved && item.number.is_some())
        .filter(|item| number_of(item).starts_with(typed) || fits(&item.name, typed))
        .take(MOST)
        .map(|item| Place {
            href: format!("/cases/{case}/items/{}", number_of(item)),
            kind: number_of(item),
            text: item.name.to_string(),
            hint: item.section.to_string(),
        })
        .collect()
}

/// Patients the asker may see; each look is a search and leaves its line.
fn patients(ask: &Ask, typed: &str) -> Result<(Vec<Place>, Option<Line>), Refused> {
    let Ok(asker) = ask.who()?.asker_for(May::SeePatients) else { return Ok((vec![], None)) };
    if typed.chars().count() < 3 {
        return Ok((vec![], None));
    }
    let by = By { asker, ..ask.by()?.clone() };
    let query = Query { limit: MOST, ..Query::of_text(typed) };
    let answer = find_patients(&mut *ask.reading()?, &by, ask.store().secret(), &query)?;
    let line = search_line(&by, ask.now(), &query, &answer);
    let places = answer
        .found
        .iter()
        .map(|f| Place {
            href: format!("/patients/{}", f.patient),
            kind: "Patient".into(),
            text: show::person(&f.last, &f.first, &f.middle),
            hint: [show::naaccr_date(&f.birth), f.accessions.first().map(|a| words::accession(a)).unwrap_or_default()]
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join(", "),
        })
        .collect();
    Ok((places, Some(line)))
}

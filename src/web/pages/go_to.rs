//! Go to: one box for pages, items, patients and accession numbers. What is typed travels in a form, never in an
//! address.

use serde::Serialize;

use crate::accounts::store::SignedIn;
use crate::web::frame::{Sheet, pages_for};
use crate::web::{Ask, Refused, Reply};

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

const MOST: usize = 8;

/// The box as a page.
pub fn show(ask: &Ask) -> Result<Reply, Refused> {
    answer(ask, "")
}

/// What fits the words.
pub fn find(ask: &Ask) -> Result<Reply, Refused> {
    answer(ask, ask.form.trimmed("q"))
}

fn answer(ask: &Ask, typed: &str) -> Result<Reply, Refused> {
    let places = places(ask.who()?, typed);
    if ask.wants_json {
        return Reply::json(&serde_json::json!({ "places": places }));
    }
    ask.page("pages/go-to", &Sheet::of("Go to", "/go"), &Page { typed: typed.to_string(), places })
}

fn places(who: &SignedIn, typed: &str) -> Vec<Place> {
    let words: Vec<String> = typed.to_lowercase().split_whitespace().map(str::to_string).collect();
    let fits = |text: &str| {
        let text = text.to_lowercase();
        words.iter().all(|word| text.contains(word.as_str()))
    };
    pages_for(who)
        .into_iter()
        .filter(|page| fits(page.text))
        .map(|page| Place { href: page.href.into(), kind: "Page".into(), text: page.text.into(), hint: String::new() })
        .take(MOST)
        .collect()
}

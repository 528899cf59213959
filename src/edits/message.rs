//! Fills in the message of a failure: the value of an item with its meaning in each hole.

use super::case::TumorCase;
use super::slots::{Slot, date_in};
use crate::codes::{Context, meaning};

/// Characters of a code's name in a message.
const LABEL: usize = 70;

/// A value as a person reads it: `2 (Left)`, `2024-05-––`, `blank`.
pub fn value_in_words(tumor: &TumorCase<'_>, slot: Slot) -> String {
    let value = tumor.value(slot).text;
    if value.is_empty() {
        return "blank".to_owned();
    }
    if slot.is_date()
        && let Ok(date) = date_in(value)
    {
        return date.screen();
    }
    match label_in_words(tumor, slot) {
        label if label.is_empty() => value.to_owned(),
        label => format!("{value} ({label})"),
    }
}

/// What the value of an item means in this tumor, in one line; empty when nobody says.
pub(crate) fn label_in_words(tumor: &TumorCase<'_>, slot: Slot) -> String {
    let context = Context::of(|id| Some(tumor.get(id)).filter(|text| !text.is_empty()));
    let meaning = meaning(slot.id(), tumor.value(slot).text, &context);
    let Some(line) = meaning.as_ref().and_then(|meaning| meaning.label.split(['\n', ';']).next()).map(str::trim) else {
        return String::new();
    };
    if line.chars().count() <= LABEL {
        return line.to_owned();
    }
    // A name that is too long ends after a whole word.
    let cut: String = line.chars().take(LABEL).collect();
    format!("{}…", cut.rsplit_once(' ').map_or(&*cut, |(head, _)| head).trim_end_matches([',', '(', ' ']))
}

/// The message with its holes filled.
pub(crate) fn fill<'a>(
    message: &str,
    own: &TumorCase<'a>,
    other: Option<&TumorCase<'a>>,
    schema: Option<&str>,
) -> String {
    let mut out = String::with_capacity(message.len() + 40);
    let mut parts = message.split('{');
    out.push_str(parts.next().unwrap_or(""));
    for part in parts {
        let Some((hole, rest)) = part.split_once('}') else {
            out.push_str(part);
            continue;
        };
        let (of, id) = match hole.split_once('.') {
            Some(("b", id)) => (other, id),
            Some(("a", id)) => (Some(own), id),
            _ => (Some(own), hole),
        };
        match (of, Slot::of(id)) {
            (Some(tumor), Some(slot)) => out.push_str(&value_in_words(tumor, slot)),
            _ if hole == "schema" => out.push_str(schema.unwrap_or("unknown")),
            _ => out.push_str(hole),
        }
        out.push_str(rest);
    }
    out
}

//! Fills in the message of a failure: the value of an item with its meaning in each hole.

use super::case::TumorCase;
use super::slots::{Slot, date_in};
use crate::codes::{Context, meaning};

/// A value as a person reads it: `2 (Left)`, `2024-05-––`, `blank`.
pub(crate) fn value_in_words(tumor: &TumorCase<'_>, slot: Slot) -> String {
    let value = tumor.value(slot).text;
    if value.is_empty() {
        return "blank".to_owned();
    }
    if slot.is_date()
        && let Ok(date) = date_in(value)
    {
        return date.screen();
    }
    let context = Context::of(|id| Some(tumor.get(id)).filter(|text| !text.is_empty()));
    match meaning(slot.id(), value, &context) {
        Some(meaning) if !meaning.label.is_empty() => {
            let label: String = meaning.label.split(['\n', ';']).next().unwrap_or("").trim().chars().take(70).collect();
            format!("{value} ({label})")
        }
        _ => value.to_owned(),
    }
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

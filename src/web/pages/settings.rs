//! Settings by subject, each with its default, where the default comes from, and every value it had.

use serde::Serialize;

use crate::registry::store::settings::{self, Holds, SETTINGS};
use crate::web::form::{Errors, Field};
use crate::web::frame::Sheet;
use crate::web::{Ask, Refused, Reply, show};

#[derive(Serialize)]
struct Page {
    groups: Vec<Group>,
    errors: Errors,
    said: String,
}

#[derive(Serialize)]
struct Group {
    name: &'static str,
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    field: Field,
    default: String,
    source: &'static str,
    changed: bool,
    history: Vec<Earlier>,
}

#[derive(Serialize)]
struct Earlier {
    value: String,
    by: String,
    at: String,
    reason: String,
}

/// What the words of a setting are called on the page.
fn word(value: &str) -> &str {
    match value {
        "hospital" => "Hospital registry",
        "network" => "Network of hospitals",
        "central" => "Central registry",
        "yes" => "Yes",
        "no" => "No",
        "250" => "NAACCR 25",
        "260" => "NAACCR 26",
        other => other,
    }
}

/// A setting as a field of a form.
pub(super) fn field(name: &str, label: &str, value: &str) -> Field {
    let holds = SETTINGS.iter().find(|s| s.name == name).map(|s| s.holds);
    match holds {
        Some(Holds::OneOf(words)) => Field::choose(name, label, value, words.iter().map(|w| (*w, word(w)))),
        Some(Holds::YesNo) => Field::choose(name, label, value, [("yes", "Yes"), ("no", "No")]),
        Some(Holds::Number(low, high)) => {
            Field::text(name, label, value).kind("number").hint(format!("{low} to {high}"))
        }
        Some(Holds::Date) => Field::text(name, label, value).hint("YYYY-MM-DD, or nothing"),
        _ => Field::text(name, label, value),
    }
}

/// The page.
pub fn show(ask: &Ask) -> Result<Reply, Refused> {
    let said =
        if ask.query.get("done") == "saved" { "The settings are saved, and what they were is kept." } else { "" };
    page(ask, &Errors::default(), said)
}

fn page(ask: &Ask, errors: &Errors, said: &str) -> Result<Reply, Refused> {
    let front = ask.app.front()?;
    let mut groups: Vec<Group> = Vec::new();
    for shown in settings::settings(&mut *ask.reading()?)? {
        let typed = ask.form.has(shown.name).then(|| ask.form.trimmed(shown.name).to_string());
        let value = typed.unwrap_or_else(|| shown.value.clone());
        let mut fields = [field(shown.name, shown.label, &value)];
        errors.put_beside(&mut fields);
        let [field] = fields;
        let row = Row {
            field,
            default: if shown.default.is_empty() { "empty".into() } else { word(shown.default).to_string() },
            source: shown.source,
            changed: shown.value != shown.default,
            history: shown
                .history
                .into_iter()
                .map(|h| Earlier {
                    value: if h.value.is_empty() { "empty".into() } else { word(&h.value).to_string() },
                    by: h.set_by,
                    at: show::time(&h.set_at, front.zone),
                    reason: h.reason,
                })
                .collect(),
        };
        match groups.iter_mut().find(|group| group.name == shown.group) {
            Some(group) => group.rows.push(row),
            None => groups.push(Group { name: shown.group, rows: vec![row] }),
        }
    }
    let data = Page { groups, errors: errors.clone(), said: said.to_string() };
    ask.page("pages/settings", &Sheet::of("Settings", "/admin/settings").refused_if(!errors.is_empty()), &data)
}

/// Saves what was changed, all of it or nothing.
pub fn save(ask: &Ask) -> Result<Reply, Refused> {
    let now: Vec<(&str, String)> =
        settings::settings(&mut *ask.reading()?)?.into_iter().map(|s| (s.name, s.value)).collect();
    let reason = ask.form.trimmed("reason").to_string();
    let mut errors = Errors::default();
    let changed: Vec<(String, String)> = now
        .into_iter()
        .filter(|(name, value)| ask.form.has(name) && ask.form.trimmed(name) != value)
        .map(|(name, _)| (name.to_string(), ask.form.trimmed(name).to_string()))
        .collect();
    if changed.is_empty() {
        return Ok(Reply::see("/admin/settings"));
    }
    let by = ask.by()?.clone();
    let saved = ask.store().write(move |tx| {
        for (name, value) in &changed {
            settings::set(tx, &by, name, value, &reason).map_err(|error| (name.clone(), error))?;
        }
        Ok::<(), Unsaved>(())
    });
    ask.app.forget_front();
    match saved {
        Ok(()) => Ok(Reply::see("/admin/settings?done=saved")),
        Err(Unsaved(name, error)) => match Refused::from(error) {
            Refused::Because(sentence) => {
                errors.add(&name, sentence);
                page(ask, &errors, "")
            }
            other => Err(other),
        },
    }
}

/// The setting that could not be taken, and why.
struct Unsaved(String, crate::registry::store::StoreError);

impl From<(String, crate::registry::store::StoreError)> for Unsaved {
    fn from((name, error): (String, crate::registry::store::StoreError)) -> Unsaved {
        Unsaved(name, error)
    }
}

impl From<crate::registry::store::StoreError> for Unsaved {
    fn from(error: crate::registry::store::StoreError) -> Unsaved {
        Unsaved(String::new(), error)
    }
}

//! Making a NAACCR file: facility, years, status, type and version, whom it is for. A job writes it; the patients in it
//! are on the list of disclosures.

use serde::Serialize;

use crate::asker::Scope;
use crate::registry::store::facility::facilities;
use crate::registry::store::settings::setting;
use crate::registry::store::{StoreError, jobs};
use crate::submission::export::Definition;
use crate::submission::export_job::Asked;
use crate::web::form::{Errors, Field};
use crate::web::frame::Sheet;
use crate::web::{Ask, Refused, Reply};

#[derive(Serialize)]
struct Page {
    fields: Vec<Field>,
    errors: Errors,
    as_received: bool,
}

/// The form.
pub fn show(ask: &Ask) -> Result<Reply, Refused> {
    page(ask, &Errors::default())
}

fn page(ask: &Ask, errors: &Errors) -> Result<Reply, Refused> {
    let conn = &mut *ask.reading()?;
    let scope = ask.by()?.asker.scope.clone();
    let own = |id| match &scope {
        Scope::Registry => true,
        Scope::Facilities(ids) => ids.contains(&id),
    };
    let named: Vec<(String, String)> = facilities(conn)?
        .iter()
        .filter(|f| own(f.facility_id()))
        .map(|f| (f.number.clone(), format!("{} {}", f.number, f.name)))
        .collect();
    let all = matches!(scope, Scope::Registry).then_some(("", "All facilities"));
    let places = all.into_iter().chain(named.iter().map(|(number, text)| (number.as_str(), text.as_str())));
    let version = setting(conn, "registry.naaccr_version")?;
    let typed = |name: &str, otherwise: &str| match ask.form.has(name) {
        true => ask.form.trimmed(name).to_string(),
        false => otherwise.to_string(),
    };
    let mut fields = vec![
        Field::text("recipient", "For whom", &typed("recipient", ""))
            .needed()
            .width("w3")
            .hint("Stands on the list of disclosures"),
        Field::text("purpose", "What for", &typed("purpose", "")).needed().width("w3"),
        Field::choose("facility", "Facility", &typed("facility", ""), places).width("w3"),
        Field::choose(
            "status",
            "Abstracts",
            &typed("status", "complete"),
            [("complete", "Complete ones"), ("", "All, also those not complete")],
        )
        .width("w3"),
        Field::text("from", "Diagnosed from", &typed("from", "")).width("w3").hint("Year, or nothing"),
        Field::text("to", "Diagnosed to", &typed("to", "")).width("w3").hint("Year, or nothing"),
        Field::choose(
            "type",
            "Record type",
            &typed("type", "A"),
            [
                ("A", "A, full abstract with text"),
                ("M", "M, changes of records sent before"),
                ("C", "C, confidential without text"),
                ("I", "I, incidence without names"),
            ],
        )
        .width("w3"),
        Field::choose("version", "NAACCR version", &typed("version", &version), [("250", "25"), ("260", "26")])
            .width("w3"),
    ];
    errors.put_beside(&mut fields);
    let data = Page { fields, errors: errors.clone(), as_received: ask.form.has("as_received") };
    ask.page("pages/export-form", &Sheet::of("Make a file", "/submissions").refused_if(!errors.is_empty()), &data)
}

/// Begins the job.
pub fn make(ask: &Ask) -> Result<Reply, Refused> {
    let form = &ask.form;
    let mut errors = Errors::default();
    for (name, sentence) in [("recipient", "Say for whom the file is."), ("purpose", "Say what it is for.")] {
        if form.trimmed(name).is_empty() {
            errors.add(name, sentence);
        }
    }
    let year = |name: &str, otherwise: i64, errors: &mut Errors| match form.trimmed(name) {
        "" => Some(otherwise),
        text => match text.parse::<i64>() {
            Ok(year) if (1900..=2100).contains(&year) => Some(year),
            _ => {
                errors.add(name, "A year of four digits, or nothing.");
                None
            }
        },
    };
    let (from, to) = (year("from", 1900, &mut errors), year("to", 2100, &mut errors));
    let asked_years = !form.trimmed("from").is_empty() || !form.trimmed("to").is_empty();
    let version = form.trimmed("version").parse().ok().filter(|v| matches!(v, 250 | 260)).unwrap_or(250);
    let record_type = form.trimmed("type").chars().next().filter(|t| "AMCI".contains(*t)).unwrap_or('A');
    let by = ask.by()?.clone();
    let facility = match form.trimmed("facility") {
        "" => None,
        number => {
            let found = crate::registry::store::facility::facility_by_number(&mut *ask.reading()?, number)?;
            Some(found.ok_or(Refused::NotFound)?)
        }
    };
    let facility = match (&by.asker.scope, facility) {
        (Scope::Registry, facility) => facility,
        (Scope::Facilities(ids), Some(facility)) if ids.contains(&facility.facility_id()) => Some(facility),
        (Scope::Facilities(_), _) => return Err(Refused::NotFound),
    };
    if !errors.is_empty() {
        return page(ask, &errors);
    }
    let definition = Definition {
        record_type,
        version,
        facilities: facility.iter().map(|f| f.number.clone()).collect(),
        years: asked_years.then(|| (from.unwrap_or(1900), to.unwrap_or(2100))),
        statuses: Some(form.trimmed("status").to_string()).filter(|s| !s.is_empty()).into_iter().collect(),
        as_received: form.has("as_received"),
        time: None,
        recipient: form.trimmed("recipient").to_string(),
        purpose: form.trimmed("purpose").to_string(),
    };
    let params = serde_json::to_string(&Asked::new(&by, definition)).map_err(|e| Refused::Broken(e.to_string()))?;
    let facility = facility.map(|f| f.id);
    let job = ask.store().write(move |tx| {
        let job = jobs::enqueue(tx, &by, "export", &params, facility)?;
        Ok::<i64, StoreError>(job)
    })?;
    Ok(Reply::see(format!("/jobs/{job}")))
}

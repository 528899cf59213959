//! Administration of facilities: the list, adding, changing, retiring. One that an import brought is unconfirmed until
//! somebody has looked at it.

use serde::Serialize;

use crate::asker::FacilityId;
use crate::registry::store::StoreError;
use crate::registry::store::facility::{self, Facility, FacilityEntry};
use crate::registry::store::settings::setting;
use crate::web::form::{Errors, Field};
use crate::web::frame::Sheet;
use crate::web::templates::Chip;
use crate::web::{Ask, Fields, Refused, Reply};

#[derive(Serialize)]
struct Page {
    rows: Vec<Row>,
    all: i64,
    unconfirmed: i64,
}

#[derive(Serialize)]
struct Row {
    id: i64,
    number: String,
    npi: String,
    name: String,
    state: String,
    chip: Option<Chip>,
    home: bool,
}

/// The list.
pub fn show(ask: &Ask) -> Result<Reply, Refused> {
    let conn = &mut *ask.reading()?;
    let all = facility::facilities(conn)?;
    let home = setting(conn, "registry.home_facility")?;
    let data = Page {
        all: i64::try_from(all.len()).unwrap_or(i64::MAX),
        unconfirmed: i64::try_from(all.iter().filter(|f| f.confirmed == 0).count()).unwrap_or(i64::MAX),
        rows: all
            .into_iter()
            .map(|f| Row {
                id: f.id,
                home: !home.is_empty() && facility::padded(&home) == f.number,
                chip: state_of(&f),
                number: f.number,
                npi: f.npi.unwrap_or_default(),
                name: f.name,
                state: f.state.unwrap_or_default(),
            })
            .collect(),
    };
    ask.page("pages/facilities", &Sheet::of("Facilities", "/admin/facilities"), &data)
}

fn state_of(facility: &Facility) -> Option<Chip> {
    match (facility.retired, facility.confirmed) {
        (1, _) => Some(Chip::new("", "none", "Retired")),
        (_, 0) => Some(Chip::new("warn", "warn", "Unconfirmed")),
        _ => None,
    }
}

#[derive(Serialize)]
struct Form {
    title: String,
    action: String,
    version: i64,
    unconfirmed: bool,
    errors: Errors,
    fields: Vec<Field>,
}

fn form(ask: &Ask, of: Option<&Facility>, entry: &FacilityEntry, errors: &Errors) -> Result<Reply, Refused> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let mut fields = vec![
        Field::text("name", "Name", &entry.name).needed().width("w3"),
        Field::text("number", "540 Facility number", &entry.number).needed().width("w2"),
        Field::text("npi", "545 NPI", &text(&entry.npi)).width("w2").hint("Ten digits, or nothing"),
        Field::text("state", "State", &text(&entry.state)).width("w2").hint("Two letters"),
        Field::text("telephone", "Telephone", &entry.telephone).kind("tel").width("w2"),
        Field::text("address", "Address, as on an envelope", &entry.address).kind("lines").width("w6"),
        Field::tick("retired", "It no longer reports", entry.retired).width("w6"),
    ];
    errors.put_beside(&mut fields);
    let title = of.map_or("Add a facility", |_| "Change a facility");
    let data = Form {
        title: of.map_or_else(|| title.to_string(), |f| f.name.clone()),
        action: of.map_or_else(|| "/admin/facilities/new".to_string(), |f| format!("/admin/facilities/{}", f.id)),
        version: of.map_or(0, |f| f.version),
        unconfirmed: of.is_some_and(|f| f.confirmed == 0),
        errors: errors.clone(),
        fields,
    };
    ask.page("pages/facility-form", &Sheet::of(title, "/admin/facilities").refused_if(!errors.is_empty()), &data)
}

fn entry_of(form: &Fields) -> FacilityEntry {
    let filled = |name: &str| Some(form.trimmed(name).to_string()).filter(|text| !text.is_empty());
    FacilityEntry {
        number: form.trimmed("number").to_string(),
        npi: filled("npi"),
        name: form.trimmed("name").to_string(),
        state: filled("state").map(|state| state.to_uppercase()),
        address: form.trimmed("address").to_string(),
        telephone: form.trimmed("telephone").to_string(),
        retired: form.has("retired"),
    }
}

/// The form for a new one.
pub fn new(ask: &Ask) -> Result<Reply, Refused> {
    form(ask, None, &FacilityEntry::default(), &Errors::default())
}

/// Adds one.
pub fn add(ask: &Ask) -> Result<Reply, Refused> {
    let entry = entry_of(&ask.form);
    let (by, added) = (ask.by()?.clone(), entry.clone());
    match ask.store().write(move |tx| facility::add(tx, &by, &added, true)) {
        Ok(_) => Ok(Reply::see("/admin/facilities")),
        Err(error) => again(ask, None, &entry, error),
    }
}

fn again(ask: &Ask, of: Option<&Facility>, entry: &FacilityEntry, error: StoreError) -> Result<Reply, Refused> {
    match Refused::from(error) {
        Refused::Because(sentence) => form(ask, of, entry, &Errors::one(sentence)),
        other => Err(other),
    }
}

fn found(ask: &Ask) -> Result<Facility, Refused> {
    facility::facility(&mut *ask.reading()?, FacilityId(ask.id("f")?))?.ok_or(Refused::NotFound)
}

/// The form for one.
pub fn edit(ask: &Ask) -> Result<Reply, Refused> {
    let f = found(ask)?;
    let entry = FacilityEntry {
        number: f.number.clone(),
        npi: f.npi.clone(),
        name: f.name.clone(),
        state: f.state.clone(),
        address: f.address.clone(),
        telephone: f.telephone.clone(),
        retired: f.retired != 0,
    };
    form(ask, Some(&f), &entry, &Errors::default())
}

/// Changes one, and confirms it.
pub fn amend(ask: &Ask) -> Result<Reply, Refused> {
    let known = found(ask)?;
    let (entry, seen) = (entry_of(&ask.form), ask.number("version")?);
    let (by, changed, id) = (ask.by()?.clone(), entry.clone(), known.facility_id());
    match ask.store().write(move |tx| facility::amend(tx, &by, id, seen, &changed)) {
        Ok(()) => Ok(Reply::see("/admin/facilities")),
        Err(error) => again(ask, Some(&known), &entry, error),
    }
}

//! The extract builder: filters with what each takes away, items with what the level makes of them, a count and the
//! first rows as they would leave. The form is the definition; a job makes the extract.

use serde::Serialize;

use crate::asker::May;
use crate::naaccr::StandardItem;
use crate::registry::store::settings::setting_is_yes;
use crate::registry::store::{By, StoreError, jobs};
use crate::research::cohort::Filters;
use crate::research::definition::{Column, Definition, Plan};
use crate::research::extract::{Count, NotMade, Step, count, ladder, may_be_made, preview};
use crate::research::extract_job::Asked;
use crate::research::levels::{Action, Level, action, presets};
use crate::web::form::{Errors, Field};
use crate::web::frame::Sheet;
use crate::web::{Ask, Refused, Reply, show};

#[derive(Serialize)]
struct Page {
    errors: Errors,
    study: Vec<Field>,
    filters: Vec<FilterRow>,
    more_filters: Field,
    groups: Vec<Group>,
    more_items: Field,
    levels: Vec<Choice>,
    tumors: String,
    patients: String,
    at_least: bool,
    chosen: usize,
    heads: Vec<String>,
    rows: Vec<Vec<String>>,
    definition: String,
}

/// One filter: its words for the form, what stands in it, and what is left after it.
#[derive(Serialize)]
struct FilterRow {
    number: &'static str,
    name: &'static str,
    field: &'static str,
    value: String,
    hint: &'static str,
    error: String,
    left: String,
    taken: String,
    off: bool,
}

#[derive(Serialize)]
struct Group {
    title: &'static str,
    chosen: usize,
    items: Vec<Item>,
}

#[derive(Serialize)]
struct Item {
    number: String,
    id: String,
    name: String,
    tag: &'static str,
    ticked: bool,
    off: bool,
}

#[derive(Serialize)]
struct Choice {
    key: &'static str,
    name: &'static str,
    needs: &'static str,
    why: &'static str,
    chosen: bool,
    off: bool,
}

/// Number, name, field and an example of each filter.
const FILTERS: [(&str, &str, &str, &str); 9] = [
    ("390", "Year of Diagnosis", "years", "2018-2023"),
    ("400", "Primary Site", "site", "C50, C61-C63"),
    ("522", "Histologic Type", "histology", "8500-8549"),
    ("523", "Behavior ICD-O-3", "behavior", "3"),
    ("225", "Sex Assigned at Birth", "sex", "2"),
    ("230", "Age at Diagnosis", "age", "20-84"),
    ("80", "State at Diagnosis", "state", "IA"),
    ("90", "County at Diagnosis", "county", "103"),
    ("1760", "Vital Status", "vital", "0"),
];
/// Rows and columns of the preview.
const PREVIEW: (usize, usize) = (5, 9);

/// The builder, empty or with the definition of an extract made before (`from`).
pub fn build(ask: &Ask) -> Result<Reply, Refused> {
    let from = ask.query.get("from");
    let before = match from.parse::<i64>() {
        Ok(id) => Some(super::extracts::definition_of(ask, id)?),
        Err(_) => None,
    };
    let definition = before.unwrap_or_else(|| Definition {
        study: String::new(),
        level: Level::Deidentified,
        filters: Filters::default(),
        items: presets().first().map(|p| p.items.iter().map(|i| i.id.to_string()).collect()).unwrap_or_default(),
        recipient: String::new(),
        purpose: String::new(),
        as_of: None,
    });
    page(ask, definition, Errors::default())
}

/// Counts again; for a script only the numbers.
pub fn look(ask: &Ask) -> Result<Reply, Refused> {
    let (definition, errors) = read(ask);
    if !ask.wants_json {
        return page(ask, definition, errors);
    }
    let (by, plan) = match planned(ask, &definition) {
        Ok(found) => found,
        Err(sentence) => return Reply::json(&serde_json::json!({ "error": sentence })),
    };
    let found = count(ask.store(), &by, &plan).map_err(refused)?;
    let reply = Reply::json(&serde_json::json!({
        "tumors": show::thousands(found.tumors), "patients": show::thousands(found.patients), "complete": found.complete,
        "items": plan.columns.len(),
    }))?;
    Ok(reply.noting(format!("counted {} tumors", found.tumors)))
}

/// Begins the job.
pub fn make(ask: &Ask) -> Result<Reply, Refused> {
    let (definition, mut errors) = read(ask);
    for (name, value, sentence) in [
        ("study", &definition.study, "Name the study: the numbers of its patients hang on it."),
        ("recipient", &definition.recipient, "Say for whom the extract is."),
        ("purpose", &definition.purpose, "Say what it is for."),
    ] {
        if value.trim().is_empty() {
            errors.add(name, sentence);
        }
    }
    if !errors.is_empty() {
        return page(ask, definition, errors);
    }
    let by = by_of(ask, definition.level)?;
    if definition.level == Level::Identified {
        ask.who()?.must_be_fresh(ask.now())?;
    }
    if let Err(sentence) = definition.clone().plan() {
        return page(ask, definition, Errors::one(sentence));
    }
    if let Err(error) = may_be_made(ask.store(), definition.level) {
        return page(ask, definition, Errors::one(error.to_string()));
    }
    let params = serde_json::to_string(&Asked::new(&by, definition)).map_err(|e| Refused::Broken(e.to_string()))?;
    let job = ask.store().write(move |tx| {
        let job = jobs::enqueue(tx, &by, "extract", &params, None)?;
        Ok::<i64, StoreError>(job)
    })?;
    Ok(Reply::see(format!("/research/extracts/{job}")))
}

/// Who asks, within the reach of this level.
fn by_of(ask: &Ask, level: Level) -> Result<By, Refused> {
    let may = match level {
        Level::Identified => May::ExtractIdentified,
        Level::Limited => May::ExtractLimited,
        Level::Deidentified => May::ExtractDeidentified,
    };
    Ok(By { asker: ask.who()?.asker_for(may)?, ..ask.by()?.clone() })
}

fn planned(ask: &Ask, definition: &Definition) -> Result<(By, Plan), String> {
    let by = by_of(ask, definition.level).map_err(|_| "You may not make extracts of this level.".to_string())?;
    // Counting needs no study yet.
    let study = if definition.study.trim().is_empty() { "none yet".to_string() } else { definition.study.clone() };
    Ok((by, Definition { study, ..definition.clone() }.plan()?))
}

/// The definition that stands in the form.
fn read(ask: &Ask) -> (Definition, Errors) {
    let form = &ask.form;
    let mut errors = Errors::default();
    let list = |name: &str| -> Vec<String> {
        let parts = form.get(name).split([',', ' ', '\n', '\r', ';']).map(str::trim);
        parts.filter(|part| !part.is_empty()).map(str::to_string).collect()
    };
    let line = |name: &str| Some(form.trimmed(name).replace(' ', "")).filter(|text| !text.is_empty());
    let more = Filters::parse(&form.get("more_filters").replace('\r', " ")).unwrap_or_else(|sentence| {
        errors.add("more_filters", sentence);
        Filters::default()
    });
    let filters = Filters {
        site: list("site"),
        histology: list("histology"),
        behavior: list("behavior"),
        years: line("years"),
        sex: list("sex"),
        age: line("age"),
        county: list("county"),
        state: list("state"),
        vital: list("vital"),
        items: more.items,
    };
    let items = form.all("item").map(str::to_string).chain(list("more_items")).collect();
    let definition = Definition {
        study: form.trimmed("study").to_string(),
        level: Level::of_key(form.get("level")).unwrap_or(Level::Deidentified),
        filters,
        items,
        recipient: form.trimmed("recipient").to_string(),
        purpose: form.trimmed("purpose").to_string(),
        as_of: None,
    };
    (definition, errors)
}

fn refused(error: NotMade) -> Refused {
    match error {
        NotMade::Store(error) => error.into(),
        NotMade::Refused(sentence) => Refused::Because(sentence),
        other => Refused::Broken(other.to_string()),
    }
}

fn page(ask: &Ask, mut definition: Definition, mut errors: Errors) -> Result<Reply, Refused> {
    let level = definition.level;
    // A tick that the level has no place for is taken off with the change of level; what was typed is answered.
    let typed: Vec<String> =
        ask.form.get("more_items").split([',', ' ', '\n', '\r', ';']).map(str::to_string).collect();
    definition.items.retain(|id| typed.contains(id) || action(id, level) != Action::Drop);
    let mut found = Count { tumors: 0, patients: 0, complete: true };
    let (mut steps, mut heads, mut rows, mut columns): (Vec<Step>, Vec<String>, Vec<Vec<String>>, Vec<Column>) =
        (vec![], vec![], vec![], vec![]);
    match planned(ask, &definition) {
        Ok((by, plan)) => {
            found = count(ask.store(), &by, &plan).map_err(refused)?;
            steps = ladder(ask.store(), &by, &plan).map_err(refused)?;
            let first = preview(ask.store(), &by, &plan, PREVIEW.0).map_err(refused)?;
            rows = first.into_iter().map(|row| row.into_iter().take(PREVIEW.1).collect()).collect();
            let of_study = ["studyPatient", "studyTumor"].map(str::to_string);
            let of_items = plan.columns.iter().map(|column| column.id().to_string());
            heads = of_study.into_iter().chain(of_items).take(PREVIEW.1).collect();
            columns = plan.columns;
        }
        Err(sentence) if ask.route.method == crate::web::route::Method::Post && errors.is_empty() => {
            errors.add("", sentence);
        }
        Err(_) => {}
    }
    let data = Page {
        study: study_fields(&definition, &errors),
        filters: filter_rows(&definition, &errors, &steps),
        more_filters: more_filters(&definition, &errors),
        groups: groups(&definition),
        more_items: more_items(&definition),
        levels: levels(ask, level)?,
        tumors: show::thousands(found.tumors),
        patients: show::thousands(found.patients),
        at_least: !found.complete,
        chosen: columns.len(),
        heads,
        rows,
        definition: serde_json::to_string_pretty(&definition).unwrap_or_default(),
        errors: errors.clone(),
    };
    let sheet = Sheet::of("Extract", "/research").with_script("extract.js").refused_if(!errors.is_empty());
    let reply = ask.page("pages/extract", &sheet, &data)?;
    Ok(reply.noting(format!("extract builder, {} tumors", found.tumors)))
}

fn study_fields(definition: &Definition, errors: &Errors) -> Vec<Field> {
    let mut fields = vec![
        Field::text("study", "Study", &definition.study)
            .needed()
            .width("w6")
            .hint("Patients keep their new numbers in all extracts of one study"),
        Field::text("recipient", "For whom", &definition.recipient).needed().width("w6"),
        Field::text("purpose", "What for", &definition.purpose).needed().width("w6"),
    ];
    errors.put_beside(&mut fields);
    fields
}

fn filter_rows(definition: &Definition, errors: &Errors, steps: &[Step]) -> Vec<FilterRow> {
    let filters = &definition.filters;
    let mut before = steps.first().map(|step| step.tumors);
    FILTERS
        .iter()
        .map(|(number, name, field, hint)| {
            let value = match *field {
                "years" => filters.years.clone().unwrap_or_default(),
                "site" => filters.site.join(", "),
                "histology" => filters.histology.join(", "),
                "behavior" => filters.behavior.join(", "),
                "sex" => filters.sex.join(", "),
                "age" => filters.age.clone().unwrap_or_default(),
                "state" => filters.state.join(", "),
                "county" => filters.county.join(", "),
                _ => filters.vital.join(", "),
            };
            let left = steps.iter().find(|step| step.filter == *field).map(|step| step.tumors);
            let taken = before.zip(left).map(|(before, left)| show::thousands(before - left)).unwrap_or_default();
            before = left.or(before);
            FilterRow {
                number,
                name,
                field,
                value,
                hint,
                error: errors.of(field).to_string(),
                left: left.map(show::thousands).unwrap_or_default(),
                taken,
                off: *field == "county" && definition.level == Level::Deidentified,
            }
        })
        .collect()
}

fn more_filters(definition: &Definition, errors: &Errors) -> Field {
    let items = Filters { items: definition.filters.items.clone(), ..Filters::default() };
    let mut field = Field::text("more_filters", "Other items", &items.typed())
        .width("w6")
        .hint("Item and codes, as classOfCase=10-14,00 or 490=1-4; ! before the codes takes the others");
    field.error = errors.of("more_filters").to_string();
    field
}

fn groups(definition: &Definition) -> Vec<Group> {
    presets()
        .iter()
        .map(|preset| {
            let items: Vec<Item> = preset.items.iter().map(|item| picked(definition, item)).collect();
            Group { title: preset.title, chosen: items.iter().filter(|item| item.ticked).count(), items }
        })
        .collect()
}

fn picked(definition: &Definition, item: &'static StandardItem) -> Item {
    let action = action(&item.id, definition.level);
    let off = action == Action::Drop;
    Item {
        number: item.number.map(|n| n.0.to_string()).unwrap_or_default(),
        id: item.id.to_string(),
        name: show::item_name(&item.name),
        tag: action.tag(),
        ticked: !off && definition.items.iter().any(|id| *id == *item.id),
        off,
    }
}

fn more_items(definition: &Definition) -> Field {
    let offered = |id: &str| presets().iter().any(|p| p.items.iter().any(|item| *item.id == *id));
    let rest: Vec<&str> = definition.items.iter().map(String::as_str).filter(|id| !offered(id)).collect();
    Field::text("more_items", "More items", &rest.join(", "))
        .width("w6")
        .hint("Numbers or ids, as 3827, 3915; those without a place at the level are named")
}

fn levels(ask: &Ask, chosen: Level) -> Result<Vec<Choice>, Refused> {
    let who = ask.who()?;
    let is_on = setting_is_yes(&mut *ask.reading()?, "privacy.identified_extracts")?;
    let level = |level: Level, needs, why, off| Choice {
        key: level.key(),
        name: level.text(),
        needs,
        why,
        chosen: level == chosen,
        off,
    };
    let needs = if is_on { "needs board and agreement by name" } else { "switched off" };
    Ok(vec![
        level(
            Level::Deidentified,
            "safe harbor",
            "Removes names, numbers, addresses, county; dates become years; ages of 90 and over together; ZIP areas of three digits; \
             new patient number",
            false,
        ),
        level(
            Level::Limited,
            "needs an agreement",
            "Keeps dates, county, postal code; removes names, numbers, texts",
            !who.may(May::ExtractLimited),
        ),
        level(
            Level::Identified,
            needs,
            "Removes nothing; each patient's list of disclosures says so",
            !is_on || !who.may(May::ExtractIdentified),
        ),
    ])
}

//! How the derived values of a case came about: which rules, which schema and why, every step; and accepting ours in
//! the place of a received value.

use serde::Serialize;

use super::banner::Banner;
use super::case_stage::{Asked, CaseStage, Rules, steps_of};
use super::workbench::Case;
use crate::dates::PartialDate;
use crate::naaccr::super_dictionary;
use crate::registry::derived::Differs;
use crate::registry::rederive::accept_ours;
use crate::registry::sections::section_of;
use crate::web::frame::Sheet;
use crate::web::{Ask, Refused, Reply, show};

#[derive(Serialize)]
struct Page {
    banner: Banner,
    case: i64,
    version: i64,
    may_edit: bool,
    algorithms: Vec<Told>,
    ask: Vec<Asked>,
    values: Vec<Value>,
    recorded: Vec<Recorded>,
    differs: Vec<Different>,
}

#[derive(Serialize)]
struct Told {
    rules: Rules,
    steps: Vec<String>,
}

#[derive(Serialize)]
struct Value {
    number: u32,
    name: String,
    value: String,
    how: &'static str,
    reason: String,
}

#[derive(Serialize)]
struct Recorded {
    name: String,
    edition: String,
    schema: String,
    inputs: String,
}

#[derive(Serialize)]
struct Different {
    number: u32,
    name: String,
    differs: Differs,
}

/// The page.
pub fn show(ask: &Ask) -> Result<Reply, Refused> {
    let case = Case::read(ask)?;
    let standards = ask.store().standards();
    let stage = CaseStage::of(&standards, &case, ask.now());
    let mut steps = steps_of(&standards, &case, ask.now());
    let named = |id: &str| {
        super_dictionary()
            .by_id(id)
            .map_or((0, id.to_string()), |item| (item.number.map_or(0, |n| n.0), show::item_name(&item.name)))
    };
    let today = PartialDate::from_naive(ask.now().date_naive()).map_err(|e| Refused::Broken(e.to_string()))?;
    let page = Page {
        banner: Banner::of(&case.patient, &case.all, today),
        case: case.abstract_.id,
        version: case.abstract_.version,
        may_edit: ask.who()?.may(crate::asker::May::EditTumorItems),
        values: stage
            .derivable
            .iter()
            .filter(|id| !case.abstract_.items.value(id).is_empty())
            .map(|id| {
                let (number, name) = named(id);
                let ours = case.abstract_.derived.holds(id);
                Value {
                    number,
                    name,
                    value: case.abstract_.items.value(id).into(),
                    how: if ours { "derived" } else { "received" },
                    reason: stage.reasons.get(id).map_or(String::new(), |reason| reason.short.clone()),
                }
            })
            .collect(),
        recorded: case
            .abstract_
            .derived
            .runs()
            .map(|(name, run)| Recorded {
                name: name.into(),
                edition: run.edition.clone(),
                schema: run.schema.clone().unwrap_or_default(),
                inputs: run.inputs.clone(),
            })
            .collect(),
        differs: stage
            .differs
            .iter()
            .map(|differs| {
                let (number, name) = named(&differs.item);
                Different { number, name, differs: differs.clone() }
            })
            .collect(),
        algorithms: stage
            .rules
            .into_iter()
            .map(|rules| {
                let place = steps.iter().position(|(name, _)| name == rules.name);
                let steps = place.map_or(Vec::new(), |place| steps.swap_remove(place).1);
                Told { rules, steps }
            })
            .collect(),
        ask: stage.ask,
    };
    let reply = ask.page("pages/derivation", &Sheet::of("How it was derived", "/patients"), &page)?;
    Ok(reply.about_patient(case.patient.id).about_abstract(case.abstract_.id).noting("derivation"))
}

/// Ours takes the place of a received value.
pub fn accept(ask: &Ask) -> Result<Reply, Refused> {
    let (by, id, seen) = (ask.by()?.clone(), ask.id("c")?, ask.number("seen")?);
    let item = super_dictionary().by_id(ask.form.trimmed("item")).ok_or(Refused::NotFound)?;
    ask.store().write(move |tx| accept_ours(tx, &by, id, seen, &item.id))?;
    let section = section_of(&item.id).map_or("stage", |section| section.key);
    Ok(Reply::see(format!("/cases/{id}/{section}#i{}", item.number.map_or(0, |n| n.0))))
}

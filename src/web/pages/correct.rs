//! What a person does to whole records: delete and restore an abstract, merge and split patients, move a tumor.

use serde::Serialize;

use super::banner::{Banner, tumor_title};
use super::words;
use super::workbench::Case;
use crate::asker::May;
use crate::dates::PartialDate;
use crate::registry::operations;
use crate::registry::store::operations::Operation;
use crate::registry::store::records::{self, Abstract, Patient};
use crate::registry::store::search::{Found, Query, find_patients, search_line};
use crate::web::frame::Sheet;
use crate::web::{Ask, Refused, Reply, sealed, show};

#[derive(Serialize)]
struct CorrectPage {
    banner: Banner,
    linked: bool,
    tumors: Vec<TumorChoice>,
    other: Option<Other>,
    asked: String,
    looked: bool,
    found: Vec<Candidate>,
    error: String,
    done: Vec<Done>,
}

/// A patient that a search for the other one found.
#[derive(Serialize)]
struct Candidate {
    id: i64,
    name: String,
    born: String,
    numbers: String,
}

#[derive(Serialize)]
struct TumorChoice {
    tumor: i64,
    title: String,
}

#[derive(Serialize)]
struct Other {
    id: i64,
    name: String,
    rows: Vec<Side>,
    tumors: usize,
}

#[derive(Serialize)]
struct Side {
    label: &'static str,
    left: String,
    right: String,
    differs: bool,
}

#[derive(Serialize)]
struct Done {
    id: i64,
    kind: String,
    reason: String,
    login: String,
    when: String,
    undone: bool,
}

/// The page of a patient: both sides and what will change.
pub fn show(ask: &Ask) -> Result<Reply, Refused> {
    page(ask, String::new())
}

fn page(ask: &Ask, error: String) -> Result<Reply, Refused> {
    let (by, mut conn) = (ask.by()?, ask.reading()?);
    let patient = records::patient(&mut conn, by, ask.id("p")?)?;
    let abstracts = records::abstracts_of_patient(&mut conn, by, patient.id)?;
    let chosen = if ask.query.has("other") { ask.query.trimmed("other") } else { ask.form.trimmed("other") };
    let looked: Option<Query> = match ask.query.has("with") {
        true => Some(sealed::open(ask, ask.query.get("with"))?),
        false => None,
    };
    let answer = match &looked {
        Some(query) => Some(find_patients(&mut conn, by, ask.store().secret(), query)?),
        None => None,
    };
    let line = looked.as_ref().zip(answer.as_ref()).map(|(query, answer)| search_line(by, ask.now(), query, answer));
    let other = match chosen.parse::<i64>() {
        Ok(id) if id != patient.id => {
            let other = records::patient(&mut conn, by, id)?;
            let theirs = records::abstracts_of_patient(&mut conn, by, id)?;
            Some(other_side(&patient, &other, theirs.len()))
        }
        _ => None,
    };
    let today = PartialDate::from_naive(ask.now().date_naive()).map_err(|e| Refused::Broken(e.to_string()))?;
    let zone = ask.app.front()?.zone;
    let done =
        operations::newest(&mut conn, by, 200)?.into_iter().filter(|o| concerns(o, patient.id, &abstracts)).map(|o| {
            Done {
                id: o.id,
                kind: o.kind,
                reason: o.reason,
                login: o.login,
                when: show::time(&o.at, zone),
                undone: o.undone_by.is_some(),
            }
        });
    let wrong = !error.is_empty();
    let mut tumors: Vec<TumorChoice> = Vec::new();
    for a in &abstracts {
        if tumors.iter().all(|t| t.tumor != a.tumor) {
            tumors.push(TumorChoice { tumor: a.tumor, title: tumor_title(&a.items) });
        }
    }
    let page = CorrectPage {
        banner: Banner::of(&patient, &abstracts, today),
        linked: true,
        tumors,
        other,
        asked: looked.map(|query| query.text).unwrap_or_default(),
        looked: answer.is_some(),
        found: answer
            .map(|a| a.found.iter().filter(|f| f.patient != patient.id).map(candidate).collect())
            .unwrap_or_default(),
        error,
        done: done.collect(),
    };
    let reply = ask.page("pages/correct", &Sheet::of("Merge, split, move", "/patients").refused_if(wrong), &page)?;
    let reply = reply.about_patient(patient.id);
    Ok(match line {
        Some(line) => reply.with_line(line),
        None => reply,
    })
}

fn candidate(found: &Found) -> Candidate {
    let accessions = found.accessions.iter().map(|a| words::accession(a));
    let records = found.records.iter().map(|r| r.trim_start_matches('0').to_string());
    Candidate {
        id: found.patient,
        name: show::person(&found.last, &found.first, &found.middle),
        born: show::naaccr_date(&found.birth),
        numbers: accessions.chain(records).collect::<Vec<_>>().join(", "),
    }
}

/// An operation names the patient or one of his records in its detail.
fn concerns(operation: &Operation, patient: i64, abstracts: &[Abstract]) -> bool {
    let Ok(detail) = serde_json::from_str::<serde_json::Value>(&operation.detail) else { return false };
    let Some(fields) = detail.as_object().and_then(|o| o.values().next()).and_then(|v| v.as_object()) else {
        return false;
    };
    let is = |name: &str, id: i64| fields.get(name).and_then(serde_json::Value::as_i64) == Some(id);
    ["from", "to", "kept", "absorbed", "made", "patient"].iter().any(|name| is(name, patient))
        || abstracts.iter().any(|a| is("abstract_", a.id) || is("tumor", a.tumor))
}

fn other_side(left: &Patient, right: &Patient, tumors: usize) -> Other {
    let rows = [
        ("Last name", "nameLast"),
        ("First name", "nameFirst"),
        ("Middle name", "nameMiddle"),
        ("Surname at birth", "nameBirthSurname"),
        ("Date of birth", "dateOfBirth"),
        ("Sex at birth", "sexAssignedAtBirth"),
        ("Social Security number", "socialSecurityNumber"),
        ("City", "addrCurrentCity"),
        ("Last contact", "dateOfLastContact"),
        ("Vital status", "vitalStatus"),
    ];
    Other {
        id: right.id,
        name: show::person(
            right.items.value("nameLast"),
            right.items.value("nameFirst"),
            right.items.value("nameMiddle"),
        ),
        rows: rows
            .into_iter()
            .map(|(label, id)| Side {
                label,
                left: left.items.value(id).into(),
                right: right.items.value(id).into(),
                differs: left.items.value(id) != right.items.value(id),
            })
            .collect(),
        tumors,
    }
}

/// Carries one out.
pub fn take(ask: &Ask) -> Result<Reply, Refused> {
    let (by, patient) = (ask.by()?.clone(), ask.id("p")?);
    let reason = ask.form.trimmed("reason").to_string();
    let tumors: Vec<i64> = ask.form.all("tumor").filter_map(|t| t.parse().ok()).collect();
    let other = ask.form.trimmed("other").parse::<i64>().ok();
    let what = ask.form.trimmed("what").to_string();
    if what == "find" {
        let text: String = ask.form.trimmed("text").chars().take(200).collect();
        return Ok(Reply::see(match text.is_empty() {
            true => format!("/patients/{patient}/correct"),
            false => {
                let query = Query { limit: 10, ..Query::of_text(&text) };
                format!("/patients/{patient}/correct?with={}", sealed::seal(ask, &query)?)
            }
        }));
    }
    let undone = ask.form.trimmed("operation").parse::<i64>().ok();
    let done = ask.store().write(move |tx| match (what.as_str(), other, undone) {
        ("merge", Some(other), _) => operations::merge(tx, &by, patient, other, &reason).map(|_| ()),
        ("split", ..) => operations::split(tx, &by, patient, &tumors, &reason).map(|_| ()),
        ("move", Some(other), _) => {
            for tumor in &tumors {
                operations::move_tumor(tx, &by, *tumor, other, &reason)?;
            }
            match tumors.is_empty() {
                true => Err(crate::registry::store::StoreError::Refused("Choose the tumors to move.".into())),
                false => Ok(()),
            }
        }
        ("undo", _, Some(operation)) => operations::undo(tx, &by, operation, &reason),
        _ => Err(crate::registry::store::StoreError::Refused("Choose what to do, and with which patient.".into())),
    });
    match done {
        Ok(()) => Ok(Reply::see(format!("/patients/{patient}"))),
        Err(crate::registry::store::StoreError::Refused(why)) => page(ask, why),
        Err(other) => Err(other.into()),
    }
}

#[derive(Serialize)]
struct DeletePage {
    banner: Banner,
    linked: bool,
    case: i64,
    version: i64,
    title: String,
    error: String,
}

/// Asks for the reason.
pub fn delete_form(ask: &Ask) -> Result<Reply, Refused> {
    delete_page(ask, String::new())
}

fn delete_page(ask: &Ask, error: String) -> Result<Reply, Refused> {
    let case = Case::read(ask)?;
    let today = PartialDate::from_naive(ask.now().date_naive()).map_err(|e| Refused::Broken(e.to_string()))?;
    let wrong = !error.is_empty();
    let page = DeletePage {
        banner: Banner::of(&case.patient, &case.all, today),
        linked: true,
        case: case.abstract_.id,
        version: case.abstract_.version,
        title: tumor_title(&case.abstract_.items),
        error,
    };
    let reply = ask.page("pages/delete", &Sheet::of("Delete an abstract", "/patients").refused_if(wrong), &page)?;
    Ok(reply.about_patient(case.patient.id).about_abstract(case.abstract_.id))
}

/// Deletes the abstract; it can be restored.
pub fn delete(ask: &Ask) -> Result<Reply, Refused> {
    let (by, case, seen) = (ask.by()?.clone(), Case::read(ask)?, ask.number("seen")?);
    let reason = ask.form.trimmed("reason").to_string();
    let id = case.abstract_.id;
    let done = ask.store().write(move |tx| operations::delete_abstract(tx, &by, id, seen, &reason));
    match done {
        Ok(_) => Ok(Reply::see("/deleted")),
        Err(crate::registry::store::StoreError::Refused(why)) => delete_page(ask, why),
        Err(other) => Err(other.into()),
    }
}

#[derive(Serialize)]
struct DeletedPage {
    rows: Vec<Done>,
    error: String,
    may_restore: bool,
}

/// Operations of the registry, with their undo: where a deleted abstract is restored.
pub fn deleted(ask: &Ask) -> Result<Reply, Refused> {
    deleted_page(ask, String::new())
}

fn deleted_page(ask: &Ask, error: String) -> Result<Reply, Refused> {
    let zone = ask.app.front()?.zone;
    let wrong = !error.is_empty();
    let rows = operations::newest(&mut *ask.reading()?, ask.by()?, 200)?.into_iter().map(|o| Done {
        id: o.id,
        kind: o.kind,
        reason: o.reason,
        login: o.login,
        when: show::time(&o.at, zone),
        undone: o.undone_by.is_some(),
    });
    let page = DeletedPage { rows: rows.collect(), error, may_restore: ask.who()?.may(May::Delete) };
    ask.page("pages/deleted", &Sheet::of("Deleted, merged, moved", "/deleted").refused_if(wrong), &page)
}

/// Undoes one.
pub fn restore(ask: &Ask) -> Result<Reply, Refused> {
    let (by, operation) = (ask.by()?.clone(), ask.number("operation")?);
    let reason = ask.form.trimmed("reason").to_string();
    match ask.store().write(move |tx| operations::undo(tx, &by, operation, &reason)) {
        Ok(()) => Ok(Reply::see("/deleted")),
        Err(crate::registry::store::StoreError::Refused(why)) => deleted_page(ask, why),
        Err(other) => Err(other.into()),
    }
}

//! A recipient's answer as a table: which cases it accepted, which it rejected and why.
//!
//! The columns are found by their names, in any order, or by a mapping `accession=Acc No,outcome=Status`. A case is
//! recognised by accession and sequence number (with the facility where there is one), else by the numbers of patient and
//! tumor. Nothing but a row of such a table, or a person with a reason, makes a case accepted.

use std::collections::HashMap;
use std::io::Read;

use serde::Serialize;

use crate::registry::record::Record;
use crate::registry::store::facility::padded;
use crate::registry::store::submissions::{self as rows, Said};
use crate::registry::store::{By, Store, StoreError};

/// Columns an answer may have, with the names they are found by.
const COLUMNS: [(&str, &[&str]); 7] = [
    ("facility", &["facility", "facility number", "reportingfacility", "540"]),
    ("accession", &["accession", "accession number", "accessionnumberhosp", "acc no", "550"]),
    ("sequence", &["sequence", "sequence number", "sequencenumberhospital", "seq", "seq no", "560"]),
    ("patient", &["patientidnumber", "patient id number", "patient id", "patient", "20"]),
    ("tumor", &["tumorrecordnumber", "tumor record number", "tumor id", "tumor", "60"]),
    ("outcome", &["outcome", "status", "result", "verdict", "disposition"]),
    ("reason", &["reason", "reasons", "message", "error", "errors", "edit", "comment"]),
];

/// What came of an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Loaded {
    /// The batch.
    pub batch: String,
    /// Cases accepted.
    pub accepted: i64,
    /// Cases rejected.
    pub rejected: i64,
    /// Cases of the batch that no row names.
    pub unanswered: i64,
    /// Rows that could not be taken: line and reason.
    pub problems: Vec<RowProblem>,
}

/// A row that could not be taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowProblem {
    /// Line in the file.
    pub line: u64,
    /// Why.
    pub reason: String,
}

/// Why an answer was not loaded.
#[derive(Debug, thiserror::Error)]
pub enum NotLoaded {
    /// The table is not one.
    #[error("{0}")]
    Table(String),
    /// The store refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How the cases a table does not name are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// They stay without an answer.
    Unanswered,
    /// The person who loads it says that the recipient accepted them.
    Accepted,
}

struct Row {
    line: u64,
    keys: [String; 5],
    accepted: bool,
    reason: String,
}

/// Places of the columns.
fn places(head: &csv::StringRecord, mapping: &[(String, String)]) -> Result<HashMap<&'static str, usize>, NotLoaded> {
    let folded = |text: &str| text.trim().trim_start_matches('\u{feff}').to_lowercase().replace('_', " ");
    let mut found = HashMap::new();
    for (column, names) in COLUMNS {
        let given = mapping.iter().find(|(ours, _)| ours == column).map(|(_, theirs)| folded(theirs));
        let at = match &given {
            Some(name) => head.iter().position(|cell| folded(cell) == *name),
            None => names.iter().find_map(|name| head.iter().position(|cell| folded(cell) == *name)),
        };
        match (at, given) {
            (Some(at), _) => {
                found.insert(column, at);
            }
            (None, Some(name)) => return Err(NotLoaded::Table(format!("There is no column {name}."))),
            (None, None) => {}
        }
    }
    if !found.contains_key("outcome") {
        return Err(NotLoaded::Table(
            "No column says what came of a case. Name one outcome, or map it: outcome=THEIR COLUMN.".into(),
        ));
    }
    let by_number = found.contains_key("accession") && found.contains_key("sequence");
    let by_record = found.contains_key("patient") && found.contains_key("tumor");
    if !by_number && !by_record {
        return Err(NotLoaded::Table(
            "A case is named by accession and sequence, or by patientIdNumber and tumorRecordNumber; map those columns.".into(),
        ));
    }
    Ok(found)
}

/// Reads a mapping as `accession=Acc No,outcome=Status`.
///
/// # Errors
/// A part that is no pair, or a column of ours that is not there.
pub fn mapping(text: &str) -> Result<Vec<(String, String)>, String> {
    let parts = text.split([',', '\n']).map(str::trim).filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let (ours, theirs) = part.split_once('=').ok_or_else(|| format!("{part}: write OURS=THEIRS"))?;
            match COLUMNS.iter().any(|(column, _)| *column == ours.trim()) {
                true => Ok((ours.trim().to_string(), theirs.trim().to_string())),
                false => Err(format!("{} is none of {}", ours.trim(), COLUMNS.map(|(column, _)| column).join(", "))),
            }
        })
        .collect()
}

fn read(table: impl Read, mapping: &[(String, String)]) -> Result<(Vec<Row>, Vec<RowProblem>), NotLoaded> {
    let wrong = |e: csv::Error| NotLoaded::Table(format!("The table cannot be read: {e}"));
    let mut csv = csv::ReaderBuilder::new().flexible(true).from_reader(table);
    let places = places(csv.headers().map_err(wrong)?, mapping)?;
    let (mut rows, mut problems) = (Vec::new(), Vec::new());
    for record in csv.records() {
        let record = record.map_err(wrong)?;
        let line = record.position().map_or(0, csv::Position::line);
        let cell =
            |column: &str| places.get(column).and_then(|at| record.get(*at)).unwrap_or_default().trim().to_string();
        let outcome = cell("outcome").to_lowercase();
        let accepted = match outcome.as_str() {
            "accepted" | "accept" | "ok" | "a" | "passed" | "pass" | "loaded" | "yes" => true,
            "rejected" | "reject" | "r" | "failed" | "fail" | "error" | "no" => false,
            other => {
                let reason = format!("{other:?} is neither accepted nor rejected");
                problems.push(RowProblem { line, reason });
                continue;
            }
        };
        let facility = cell("facility");
        let facility = if facility.is_empty() { facility } else { padded(&facility) };
        rows.push(Row {
            line,
            keys: [facility, cell("accession"), cell("sequence"), cell("patient"), cell("tumor")],
            accepted,
            reason: cell("reason").chars().take(500).collect(),
        });
    }
    Ok((rows, problems))
}

/// Rows by what they name a case by: facility or nothing, and two numbers.
type ByNumber<'r> = HashMap<(&'r str, &'r str, &'r str), usize>;

/// Loads an answer. All of it is taken in one piece, or none.
///
/// # Errors
/// A table that is none, a batch that is not sent.
pub fn load(
    store: &Store,
    by: &By,
    batch: i64,
    table: impl Read,
    mapping: &[(String, String)],
    rest: Rest,
) -> Result<Loaded, NotLoaded> {
    let stands = rows::batch(&mut *store.reading()?, by, batch)?;
    if !matches!(stands.state.as_str(), "sent" | "answered") {
        return Err(StoreError::Refused(format!("Batch {batch} was not sent; there can be no answer to it.")).into());
    }
    let (table, problems) = read(table, mapping)?;
    let mut by_accession: ByNumber<'_> = HashMap::new();
    let mut by_record: ByNumber<'_> = HashMap::new();
    for (at, row) in table.iter().enumerate() {
        let [facility, accession, sequence, patient, tumor] = &row.keys;
        if !accession.is_empty() && !sequence.is_empty() {
            by_accession.insert((facility, accession, sequence), at);
        } else if !patient.is_empty() && !tumor.is_empty() {
            by_record.insert(("", patient, tumor), at);
        }
    }
    let mut loaded = Loaded { batch: batch.to_string(), problems, ..Loaded::default() };
    let mut used = vec![false; table.len()];
    let mut said = Vec::new();
    let mut after = (0, 0);
    loop {
        let lines = rows::named_lines(&mut *store.reading()?, batch, after, 1_000)?;
        let Some(last) = lines.last() else { break };
        after = (last.tumor_id, last.abstract_id);
        for line in &lines {
            let what = format!("tumor {}", line.tumor_id);
            let (items, patient) = (Record::parse(&line.items, &what)?, Record::parse(&line.patient_items, &what)?);
            let number = (items.value("accessionNumberHosp"), items.value("sequenceNumberHospital"));
            let ids = (patient.value("patientIdNumber"), items.value("tumorRecordNumber"));
            let found = by_accession
                .get(&(line.facility.as_str(), number.0, number.1))
                .or_else(|| by_accession.get(&("", number.0, number.1)))
                .or_else(|| by_record.get(&("", ids.0, ids.1)));
            let verdict = match (found.and_then(|at| table.get(*at).map(|row| (*at, row))), rest) {
                (Some((at, row)), _) => {
                    if let Some(place) = used.get_mut(at) {
                        *place = true;
                    }
                    Some((row.accepted, row.reason.clone()))
                }
                (None, Rest::Accepted) => Some((true, "accepted with the rest of the file".to_string())),
                (None, Rest::Unanswered) => None,
            };
            match verdict {
                None => loaded.unanswered += 1,
                Some((accepted, reason)) => {
                    *if accepted { &mut loaded.accepted } else { &mut loaded.rejected } += 1;
                    said.push(Said { tumor: line.tumor_id, abstract_: line.abstract_id, accepted, reason });
                }
            }
        }
    }
    for (row, used) in table.iter().zip(used) {
        if !used {
            loaded
                .problems
                .push(RowProblem { line: row.line, reason: "no case of this batch has these numbers".into() });
        }
    }
    loaded.problems.sort_by_key(|p| p.line);
    let (by, recipient) = (by.clone(), stands.recipient);
    store.write(move |tx| rows::answer(tx, &by, batch, &recipient, &said))?;
    Ok(loaded)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn columns_are_found_by_their_names_or_by_a_mapping() {
        let table = "Acc No,Seq,Status,Why\n202400001,00,Rejected,county\n202400002,00,maybe,\n";
        let map = mapping("reason=Why").unwrap();
        let (rows, problems) = read(table.as_bytes(), &map).unwrap();
        assert_eq!((rows.len(), rows[0].accepted, rows[0].reason.as_str()), (1, false, "county"));
        assert_eq!(problems[0].line, 3);
        assert!(mapping("nothing=Why").is_err() && mapping("Why").is_err());
        assert!(read("a,b\n".as_bytes(), &[]).is_err());
        assert!(read("outcome,b\n".as_bytes(), &[]).is_err());
    }
}

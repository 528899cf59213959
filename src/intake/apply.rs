//! Applying: a staged patient becomes patient, tumors and abstracts.
//!
//! Who is it? Patients known by the sender's number (item 20), and the patient of an abstract with the same facility,
//! accession and sequence number and site. The number alone is not enough: when two or more of birth date, Social
//! Security number, last name and sex are known on both sides and disagree, it is another person.
//!
//! Which tumor? Within that patient: the abstract of the same facility, accession and sequence number and site group;
//! else the same tumor record number (60); else the same site, histology, diagnosis date and laterality. What is new
//! is written at once (unseen until the import is published); what differs from a known abstract waits as `changed`.
//!
//! Who is limited to facilities brings in their records only; another facility's is refused. His file is matched with
//! patients that he may see and with those of the same file, so that no patient's number opens another facility's
//! patient; one person at two facilities is found by matching, which runs for the registry.

use std::collections::HashMap;

use crate::asker::{FacilityId, Own, Scope};
use crate::intake::arrived::Arrived;
use crate::matching::identity::disagreements;
use crate::naaccr::{Level, super_dictionary};
use crate::registry::derived::{Derivation, Replace, settle};
use crate::registry::record::{Record, text_hash};
use crate::registry::rederive::as_of;
use crate::registry::search_keys::{identifiers_of, identifiers_of_abstract, names_of, sent_number};
use crate::registry::store::facility::{self, FacilityEntry};
use crate::registry::store::imports::{self, ImportProblem, Verdict};
use crate::registry::store::records::{self, Patient};
use crate::registry::store::write_records::{Known, NewAbstract};
use crate::registry::store::{By, Changed, Entry, Kind, Origin, StoreError, Tx};

/// What holds for a whole import.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The import.
    pub import: i64,
    /// Who imports.
    pub by: By,
    /// Whose patient numbers these are.
    pub sender: String,
    /// Facility number for tumors without one.
    pub home_facility: String,
    /// NAACCR version of the file.
    pub version: i64,
    /// Record type of the file.
    pub record_type: String,
    /// Days until completion is due.
    pub due_days: i64,
    /// Key of the registry's hashes.
    pub secret: [u8; 32],
}

/// A staged patient, read again from its received bytes.
#[derive(Debug, Clone)]
pub struct Ready {
    /// Source record.
    pub source: i64,
    /// Ordinal in the file.
    pub ordinal: i64,
    /// First line in the file.
    pub line: i64,
    /// Its items.
    pub arrived: Arrived,
}

/// Applies one patient.
pub fn apply(
    tx: &mut Tx<'_>,
    setting: &Setting,
    facilities: &mut HashMap<String, i64>,
    ready: &Ready,
) -> Result<(), StoreError> {
    let judged = imports::judged(tx.conn, ready.source)?;
    let mut open = Vec::new();
    for tumor in judged.iter().filter(|t| !t.settled) {
        let items = usize::try_from(tumor.ordinal - 1).ok().and_then(|at| ready.arrived.tumors.get(at));
        if let Some(problem) = why_not(tx, setting, ready, tumor.ordinal, items)? {
            imports::add_problems(tx, setting.import, &[problem])?;
            imports::settle(tx, ready.source, tumor.ordinal, Verdict::Refused, None, None)?;
        } else if imports::was_received(tx.conn, &tumor.digest, &setting.sender)? {
            imports::settle(tx, ready.source, tumor.ordinal, Verdict::Unchanged, None, None)?;
        } else {
            open.push(tumor.ordinal);
        }
    }
    if open.is_empty() {
        return Ok(());
    }
    let mut places = Vec::with_capacity(open.len());
    for ordinal in open {
        let items = usize::try_from(ordinal - 1).ok().and_then(|at| ready.arrived.tumors.get(at));
        let facility = match items {
            Some(items) => Some(facility_of(tx, setting, facilities, items)?),
            None => None,
        };
        places.push((ordinal, items, facility));
    }
    let (patient, is_new) = match person(tx, setting, ready, &places)? {
        Some(id) => (id, false),
        None => (new_patient(tx, setting, ready)?, true),
    };
    imports::link_source(tx, ready.source, patient)?;
    for (ordinal, items, facility) in places {
        match (items, facility) {
            (Some(items), Some(facility)) => tumor(tx, setting, ready, patient, is_new, ordinal, items, facility)?,
            _ => imports::settle(tx, ready.source, ordinal, Verdict::NoTumor, None, None)?,
        }
    }
    if !is_new {
        known_patient(tx, setting, ready, patient)?;
    }
    Ok(())
}

/// Why this record is not taken: it belongs to no facility, or not to one of somebody limited to some.
fn why_not(
    tx: &mut Tx<'_>,
    setting: &Setting,
    ready: &Ready,
    ordinal: i64,
    items: Option<&Record>,
) -> Result<Option<ImportProblem>, StoreError> {
    let named = items.and_then(|items| items.get("reportingFacility"));
    if matches!(setting.by.asker.scope, Scope::Registry) {
        let belongs = items.is_none() || has_facility(named, &setting.home_facility);
        return Ok((!belongs).then(|| no_facility(ready.line, ready.ordinal, ordinal, named)));
    }
    let message = match items {
        None => {
            "A patient without a tumor belongs to no facility yet. Only people who see all facilities bring one in."
        }
        Some(_) => {
            let number = facility::padded(named.unwrap_or(&setting.home_facility));
            let found = facility::facility_by_number(tx.conn, &number)?;
            if found.is_some_and(|found| may_bring(&setting.by, found.id)) {
                return Ok(None);
            }
            match named {
                Some(_) => {
                    "This record is of a facility that is not among yours, so it was not taken. Give it to that \
                     facility or to the registry."
                }
                None => {
                    "This record names no facility (540). Say when you send the file to which of your facilities such \
                     records belong."
                }
            }
        }
    };
    Ok(Some(ImportProblem {
        id: 0,
        kind: "other_facility".into(),
        severity: "error".into(),
        line: Some(ready.line),
        col: None,
        patient: Some(ready.ordinal),
        tumor: items.map(|_| ordinal),
        item: Some("reportingFacility".into()),
        number: Some(540),
        value: named.map(str::to_string),
        message: message.into(),
    }))
}

/// Whether a tumor with this reporting facility (540) belongs to one that can be, itself or by the home facility.
pub fn has_facility(named: Option<&str>, home: &str) -> bool {
    facility::is_number(&facility::padded(named.unwrap_or(home)))
}

/// The problem of a tumor that belongs to no facility.
pub fn no_facility(line: i64, patient: i64, tumor: i64, named: Option<&str>) -> ImportProblem {
    ImportProblem {
        id: 0,
        kind: "no_facility".into(),
        severity: "error".into(),
        line: Some(line),
        col: None,
        patient: Some(patient),
        tumor: Some(tumor),
        item: Some("reportingFacility".into()),
        number: Some(540),
        value: named.map(str::to_string),
        message: match named {
            Some(_) => "The reporting facility (540) is not one to ten letters and digits. Correct it and send the file again.",
            None => {
                "The record names no reporting facility (540) and the registry has no home facility. Say to which facility \
                 such records belong (--facility, or the form), or set the home facility."
            }
        }
        .into(),
    }
}

/// The facility of a tumor (540, else the one given, else the home facility); an unknown number makes an unconfirmed one.
fn facility_of(
    tx: &mut Tx<'_>,
    setting: &Setting,
    known: &mut HashMap<String, i64>,
    items: &Record,
) -> Result<i64, StoreError> {
    let number = facility::padded(items.get("reportingFacility").unwrap_or(&setting.home_facility));
    if let Some(id) = known.get(&number) {
        return Ok(*id);
    }
    let id = match facility::facility_by_number(tx.conn, &number)? {
        Some(found) => found.facility_id(),
        None => {
            let entry = FacilityEntry {
                number: number.clone(),
                name: format!("Facility {}", number.trim_start_matches('0')),
                npi: items.get("npiReportingFacility").filter(|npi| facility::is_npi(npi)).map(str::to_string),
                ..FacilityEntry::default()
            };
            facility::add(tx, &setting.by, &entry, false)?
        }
    };
    known.insert(number, id.0);
    Ok(id.0)
}

type Place<'a> = (i64, Option<&'a Record>, Option<i64>);

/// The known patient this is, if it is one.
fn person(tx: &mut Tx<'_>, setting: &Setting, ready: &Ready, places: &[Place<'_>]) -> Result<Option<i64>, StoreError> {
    let incoming = &ready.arrived.patient;
    let mut candidates = Vec::new();
    let number = incoming.get("patientIdNumber");
    if let Some(number) = number {
        candidates = imports::patients_by_sent_number(tx.conn, &sent_number(&setting.sender, number))?;
    }
    let same_number = candidates.len();
    if candidates.is_empty() && number.is_some() {
        for (_, items, facility) in places {
            let (Some(items), Some(facility)) = (items, facility) else { continue };
            let (Some(accession), Some(sequence)) =
                (items.get("accessionNumberHosp"), items.get("sequenceNumberHospital"))
            else {
                continue;
            };
            let known = imports::abstracts_by_accession(tx.conn, *facility, accession, sequence)?;
            candidates.extend(known.iter().filter(|k| same_site_group(k.site.as_deref(), items)).map(|k| k.patient_id));
        }
    }
    candidates.dedup();
    let mut another = false;
    for id in candidates {
        let stored = records::patient_row(tx.conn, id)?;
        if !is_his_to_match(tx, setting, &stored)? {
            continue;
        }
        if disagreements(&stored.items, incoming).len() < 2 {
            return Ok(Some(id));
        }
        another = true;
    }
    if another && same_number > 0 {
        let problem = ImportProblem {
            id: 0,
            kind: "same_id_other_person".into(),
            severity: "warning".into(),
            line: Some(ready.line),
            col: None,
            patient: Some(ready.ordinal),
            tumor: None,
            item: Some("patientIdNumber".into()),
            number: Some(20),
            value: number.map(str::to_string),
            message: "A patient with this number of this sender is known, but birth date, Social Security number, name or sex \
                      say that this is another person. A new patient was made; merge them by hand if they are one."
                .into(),
        };
        imports::add_problems(tx, setting.import, &[problem])?;
    }
    Ok(None)
}

/// Whether a known patient may be told by this import: one the importer sees, or one of the same import.
fn is_his_to_match(tx: &mut Tx<'_>, setting: &Setting, stored: &Patient) -> Result<bool, StoreError> {
    if stored.import == setting.import || matches!(setting.by.asker.scope, Scope::Registry) {
        return Ok(true);
    }
    match records::patient(tx.conn, &setting.by, stored.id) {
        Ok(_) => Ok(true),
        Err(StoreError::NotFound) => Ok(false),
        Err(error) => Err(error),
    }
}

fn same_site_group(site: Option<&str>, items: &Record) -> bool {
    let group = |s: &str| s.chars().take(3).collect::<String>();
    site.map(group) == items.get("primarySite").map(group)
}

fn new_patient(tx: &mut Tx<'_>, setting: &Setting, ready: &Ready) -> Result<i64, StoreError> {
    let items = &ready.arrived.patient;
    let (id, hash) = tx.insert_patient(setting.import, items)?;
    tx.add_search_keys(id, &names_of(items), &identifiers_of(items, &setting.sender, &setting.secret), Known::No)?;
    first_version(tx, setting, Kind::Patient, id, ready.source, &hash, &ready.arrived.converted)?;
    Ok(id)
}

fn first_version(
    tx: &mut Tx<'_>,
    setting: &Setting,
    kind: Kind,
    record: i64,
    source: i64,
    hash: &[u8; 32],
    converted: &[Changed],
) -> Result<(), StoreError> {
    let why = match converted {
        [] => "imported",
        _ => "imported; sex assigned at birth (225) taken from sex (220)",
    };
    let entry = Entry {
        kind,
        record,
        version: 1,
        why,
        origin: Origin::Source,
        source: Some(source),
        record_hash: hash,
        changes: converted,
    };
    tx.remember(&setting.by, &entry)
}

/// Writes a tumor as a new abstract, or notes that it differs from a known one.
#[allow(clippy::too_many_arguments)]
fn tumor(
    tx: &mut Tx<'_>,
    setting: &Setting,
    ready: &Ready,
    patient: i64,
    is_new: bool,
    ordinal: i64,
    items: &Record,
    facility: i64,
) -> Result<(), StoreError> {
    let mut same_tumor = None;
    if !is_new {
        let known = records::abstracts_of_patient_unseen(tx.conn, patient)?;
        let others: Vec<_> = known.iter().filter(|k| k.source != Some(ready.source)).collect();
        if let Some(known) = others.iter().find(|k| k.facility == facility && same_abstract(&k.items, items)) {
            return imports::judge(tx, ready.source, ordinal, Verdict::Changed, facility, known.id);
        }
        same_tumor = known.iter().find(|k| k.facility != facility && same_primary(&k.items, items)).map(|k| k.tumor);
    } else if ordinal > 1 {
        let known = records::abstracts_of_patient_unseen(tx.conn, patient)?;
        same_tumor = known.iter().find(|k| k.facility != facility && same_primary(&k.items, items)).map(|k| k.tumor);
    }
    let stored = match is_new {
        true => None,
        false => Some(records::patient_row(tx.conn, patient)?.items),
    };
    let differs = stored.as_ref().is_some_and(|stored| *stored != ready.arrived.patient);
    let of_patient = stored.as_ref().unwrap_or(&ready.arrived.patient);
    let standards = tx.standards.clone();
    let blank = Derivation::default();
    let derived = settle(&standards.editions(), &as_of(tx.now), (of_patient, items), &blank, Replace::Nothing);
    let filled = &derived.items;
    let version = if derived.changes.is_empty() { 1 } else { 2 };
    let tumor = match same_tumor {
        Some(id) => id,
        None => tx.insert_tumor(setting.import, patient, filled)?,
    };
    let new = NewAbstract {
        import: setting.import,
        tumor,
        patient,
        facility,
        source: Some(ready.source),
        status: status_of(items),
        // What a person limited to own records brings in is his.
        abstractor: match setting.by.asker.own {
            Own::NotOnly => None,
            Own::Held | Own::HeldOrFree => setting.by.asker.user.map(|user| user.0),
        },
        naaccr_version: setting.version,
        record_type: &setting.record_type,
        due_days: setting.due_days,
        reported_patient: differs.then_some(&ready.arrived.patient),
        version,
        derived: &derived.derivation,
    };
    let (id, hash) = tx.insert_abstract(&new, filled)?;
    let known = if is_new { Known::No } else { Known::Perhaps };
    tx.add_search_keys(patient, &[], &identifiers_of_abstract(items, facility), known)?;
    if version == 1 {
        first_version(tx, setting, Kind::Abstract, id, ready.source, &hash, &[])?;
    } else {
        let received = text_hash(&items.to_text(), new.reported_patient.map(Record::to_text).as_deref());
        first_version(tx, setting, Kind::Abstract, id, ready.source, &received, &[])?;
        let entry = Entry {
            kind: Kind::Abstract,
            record: id,
            version,
            why: &derived.why(),
            origin: Origin::Rule,
            source: None,
            record_hash: &hash,
            changes: &derived.changes,
        };
        tx.remember(&setting.by, &entry)?;
    }
    if same_tumor.is_some() {
        crate::registry::consolidate::tumor_follows(tx, &setting.by, tumor)?;
    }
    imports::settle(tx, ready.source, ordinal, Verdict::Added, Some(facility), Some(id))
}

/// Complete when the record says when it was completed; else accessioned.
fn status_of(items: &Record) -> &'static str {
    match items.get("dateCaseCompleted").or_else(|| items.get("dateCaseCompletedCoc")) {
        Some(_) => "complete",
        None => "accessioned",
    }
}

/// Is the arriving record a report of this known abstract (same facility, same patient)?
fn same_abstract(known: &Record, arriving: &Record) -> bool {
    let same = |id: &str| known.get(id).is_some() && known.get(id) == arriving.get(id);
    let group = |r: &Record| r.value("primarySite").chars().take(3).collect::<String>();
    if same("accessionNumberHosp") && same("sequenceNumberHospital") {
        return group(known) == group(arriving);
    }
    same("tumorRecordNumber") || same_primary(known, arriving)
}

/// Do two records say the same primary in every word: site, histology, diagnosis date, laterality?
fn same_primary(a: &Record, b: &Record) -> bool {
    ["primarySite", "histologicTypeIcdO3", "dateOfDiagnosis"]
        .iter()
        .all(|id| a.get(id).is_some() && a.get(id) == b.get(id))
        && a.get("laterality") == b.get("laterality")
}

/// Identity items: the first accepted stays, a later different report is kept and pointed out.
const IDENTITY: [&str; 8] = [
    "nameLast",
    "nameFirst",
    "nameMiddle",
    "dateOfBirth",
    "sex",
    "sexAssignedAtBirth",
    "socialSecurityNumber",
    "race1",
];

/// A known patient reported again: the sender's number is learnt, and different identity items are pointed out.
fn known_patient(tx: &mut Tx<'_>, setting: &Setting, ready: &Ready, patient: i64) -> Result<(), StoreError> {
    let incoming = &ready.arrived.patient;
    crate::registry::change::add_sender_number(tx, patient, incoming, &setting.sender)?;
    let stored = records::patient_row(tx.conn, patient)?;
    let problems: Vec<ImportProblem> = IDENTITY
        .iter()
        .filter(|id| {
            incoming.get(id).is_some() && stored.items.get(id).is_some() && incoming.get(id) != stored.items.get(id)
        })
        .map(|id| {
            let item = super_dictionary().by_id(id).filter(|i| i.level == Level::Patient);
            ImportProblem {
                id: 0,
                kind: "identity-differs".into(),
                severity: "warning".into(),
                line: Some(ready.line),
                col: None,
                patient: Some(ready.ordinal),
                tumor: None,
                item: Some((*id).into()),
                number: item.and_then(|i| i.number).map(|n| i64::from(n.0)),
                value: incoming.get(id).map(str::to_string),
                message: format!(
                    "{} differs from what is on file. What is on file stays; the report is kept with its abstract.",
                    item.map_or(*id, |i| &i.name)
                ),
            }
        })
        .collect();
    imports::add_problems(tx, setting.import, &problems)?;
    Ok(())
}

/// Whether somebody may bring in records of a facility.
fn may_bring(by: &By, facility: i64) -> bool {
    match &by.asker.scope {
        Scope::Registry => true,
        Scope::Facilities(ids) => ids.contains(&FacilityId(facility)),
    }
}

//! Writing an export.

use std::borrow::Cow;
use std::io::Write;

use chrono::{DateTime, Utc};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};

use crate::intake::arrived::{Head, dictionary_name};
use crate::naaccr::{Level, Patient, RecordType, Root, Unknown, Version, WriteOptions, Writer};
use crate::registry::record::Record;
use crate::registry::store::disclosure::{self, NewDisclosure};
use crate::registry::store::outgoing::{Filter, Out, OutPatient, Outgoing};
use crate::registry::store::settings::setting;
use crate::registry::store::{By, PROGRAM, Store, StoreError, facility, imports};
use crate::submission::convert::{Loss, Losses, Target};

/// What is asked of an export.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Definition {
    /// Record type letter: A, M, C or I.
    pub record_type: char,
    /// NAACCR version: 250 or 260.
    pub version: u16,
    /// Facility numbers (540); empty for all.
    pub facilities: Vec<String>,
    /// First and last diagnosis year.
    pub years: Option<(i64, i64)>,
    /// Statuses; empty for all.
    pub statuses: Vec<String>,
    /// Without what exporting adds or refreshes (2110, 2170, 50, time of the file).
    pub as_received: bool,
    /// Time of the file, ISO 8601; now when not given.
    pub time: Option<String>,
    /// Who receives it, for the list of disclosures.
    pub recipient: String,
    /// What for.
    pub purpose: String,
}

/// What an export came to.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Written {
    /// Patients.
    pub patients: u64,
    /// Tumors.
    pub tumors: u64,
}

/// Why an export was not made.
#[derive(Debug, thiserror::Error)]
pub enum NotExported {
    /// The definition cannot be carried out.
    #[error("{0}")]
    Definition(String),
    /// The store refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file could not be written.
    #[error("the file could not be written: {0}")]
    Write(String),
    /// Left off because the server ends.
    #[error("the server ends")]
    LeftOff,
}

/// Patients looked at in one step.
const STEP: i64 = 500;

/// Writes an export (gzip) to `out` and lists its disclosures. `progress` gets patients looked at and their number;
/// when it answers false the export is left off.
///
/// # Errors
/// A definition that cannot be carried out, the store, the output.
pub fn export<W: Write>(
    store: &Store,
    by: &By,
    definition: &Definition,
    job: Option<i64>,
    out: W,
    mut progress: impl FnMut(i64, i64) -> Result<bool, StoreError>,
) -> Result<(Written, Vec<Loss>, W), NotExported> {
    let record_type: RecordType = definition
        .record_type
        .to_string()
        .parse()
        .map_err(|()| NotExported::Definition("The record type is A, M, C or I.".into()))?;
    let version = Version::new(definition.version)
        .filter(|v| v.may_be_exported())
        .ok_or_else(|| NotExported::Definition("The version is 250 or 260.".into()))?;
    let now = store.clock().now();
    let (filter, root, target) = prepare(store, by, definition, version, record_type, now)?;
    let mut outgoing = Outgoing::begin(store, by, &filter)?;
    let total = outgoing.about()?;
    let io = |e: &dyn std::fmt::Display| NotExported::Write(e.to_string());
    let mut writer = Writer::new(
        GzEncoder::new(out, Compression::new(6)),
        &root,
        &WriteOptions { unknown: Unknown::Keep, ..WriteOptions::default() },
    )
    .map_err(|e| io(&e))?;
    let disclosure = begin_disclosure(store, by, definition, job)?;
    let (mut written, mut losses, mut looked_at) = (Written::default(), Losses::default(), 0);
    let mut patient = Patient::default();
    let refreshed = (!definition.as_received).then(|| Refreshed::on(now));
    while let Some(page) = outgoing.next(STEP)? {
        looked_at += STEP;
        let mut ids = Vec::with_capacity(page.len());
        for stored in &page {
            ids.push(stored.id);
            for account in accounts(stored, definition.as_received) {
                fill(&mut patient, &account, &target, refreshed.as_ref(), &mut losses);
                written.patients += 1;
                written.tumors += account.tumors.len() as u64;
                writer.write_patient(&patient).map_err(|e| io(&e))?;
            }
        }
        store.write(move |tx| disclosure::add_patients(tx, disclosure, &ids))?;
        if !progress(looked_at.min(total), total)? {
            return Err(NotExported::LeftOff);
        }
    }
    let (_, _, packed) = writer.finish().map_err(|e| io(&e))?;
    let out = packed.finish().map_err(|e| io(&e))?;
    let line = by.line("export", now).note(format!(
        "type {} version {}, {} patients, {} tumors, disclosure {disclosure}",
        definition.record_type, definition.version, written.patients, written.tumors
    ));
    store.audit(line)?;
    Ok((written, losses.lines(), out))
}

fn begin_disclosure(store: &Store, by: &By, definition: &Definition, job: Option<i64>) -> Result<i64, StoreError> {
    let (by, new) = (
        by.clone(),
        NewDisclosure {
            kind: "export",
            recipient: definition.recipient.clone(),
            purpose: definition.purpose.clone(),
            items_class: format!("record type {}", definition.record_type),
            job,
        },
    );
    store.write(move |tx| disclosure::begin(tx, &by, &new))
}

fn prepare(
    store: &Store,
    by: &By,
    definition: &Definition,
    version: Version,
    record_type: RecordType,
    now: DateTime<Utc>,
) -> Result<(Filter, Root, Target), NotExported> {
    let mut conn = store.reading()?;
    let mut facilities = Vec::new();
    for number in &definition.facilities {
        let found = facility::facility_by_number(&mut conn, number)?;
        let found = found.ok_or_else(|| NotExported::Definition(format!("There is no facility {number}.")))?;
        facilities.push(found.id);
    }
    let everything = facilities.is_empty() && definition.years.is_none() && definition.statuses.is_empty();
    let filter = Filter {
        facilities,
        years: definition.years,
        statuses: definition.statuses.clone(),
        without_tumor: everything && definition.as_received,
    };
    let mut root = Root::new(version, record_type);
    let mut uris: Vec<String> = Vec::new();
    for import in imports::published_heads(&mut conn)? {
        if let Ok(head) = serde_json::from_str::<Head>(&import) {
            uris.extend(head.user_dictionary_uris);
        }
    }
    uris.sort();
    uris.dedup();
    let holds_all = matches!(record_type, RecordType::A | RecordType::M);
    if holds_all {
        root.user_dictionary_uris.clone_from(&uris);
    }
    let names = uris.iter().map(|uri| dictionary_name(uri).to_string()).collect();
    if !definition.as_received {
        root.time_generated =
            Some(definition.time.clone().unwrap_or_else(|| now.format("%Y-%m-%dT%H:%M:%SZ").to_string()));
        root.items.push("recordType", &definition.record_type.to_string());
        root.items.push("naaccrRecordVersion", &definition.version.to_string());
    }
    let kind = setting(&mut conn, "registry.kind")?;
    root.items.push("registryType", if kind == "central" { "1" } else { "3" });
    let id = setting(&mut conn, "registry.id")?;
    if !id.is_empty() {
        root.items.push("registryId", &id);
    }
    let _ = by;
    Ok((filter, root, Target::new(version, record_type, !definition.as_received, names)))
}

/// One account of a patient: patient-level items and the tumors under them.
struct Account<'a> {
    patient: &'a Record,
    tumors: Vec<Cow<'a, Record>>,
}

/// A patient goes out once. As received, abstracts whose facility reported other patient-level items go out under
/// theirs.
fn accounts(stored: &OutPatient, as_received: bool) -> Vec<Account<'_>> {
    let mut accounts: Vec<Account<'_>> = Vec::with_capacity(1);
    for abstract_ in &stored.abstracts {
        let patient = match &abstract_.reported_patient {
            Some(reported) if as_received => reported,
            _ => &stored.items,
        };
        let items = match as_received {
            true => as_it_came(abstract_),
            false => Cow::Borrowed(&abstract_.items),
        };
        match accounts.iter_mut().find(|a| a.patient == patient) {
            Some(account) => account.tumors.push(items),
            None => accounts.push(Account { patient, tumors: vec![items] }),
        }
    }
    if accounts.is_empty() {
        accounts.push(Account { patient: &stored.items, tumors: vec![] });
    }
    accounts
}

/// The items without those that were empty when they came and that the staging rules filled.
fn as_it_came(abstract_: &Out) -> Cow<'_, Record> {
    let mut filled = abstract_.derived.filled().peekable();
    if filled.peek().is_none() {
        return Cow::Borrowed(&abstract_.items);
    }
    let mut items = abstract_.items.clone();
    filled.for_each(|id| drop(items.set(id, "")));
    Cow::Owned(items)
}

/// What exporting refreshes on each tumor.
struct Refreshed {
    date: String,
    vendor: String,
}

impl Refreshed {
    fn on(now: DateTime<Utc>) -> Refreshed {
        Refreshed { date: now.format("%Y%m%d").to_string(), vendor: format!("ACCESSION {PROGRAM}") }
    }
}

fn fill(
    patient: &mut Patient,
    account: &Account<'_>,
    target: &Target,
    refreshed: Option<&Refreshed>,
    losses: &mut Losses,
) {
    patient.clear();
    target.write(account.patient, Level::Patient, &mut patient.items, losses);
    for items in &account.tumors {
        let tumor = patient.add_tumor();
        match refreshed {
            None => target.write(items, Level::Tumor, &mut tumor.items, losses),
            Some(refreshed) => {
                let mut fresh = items.as_ref().clone();
                fresh.set("dateCaseReportExported", &refreshed.date);
                fresh.set("vendorName", &refreshed.vendor);
                target.write(&fresh, Level::Tumor, &mut tumor.items, losses);
            }
        }
    }
}

//! The other side: a file from a facility is judged abstract by abstract before any of it is taken.
//!
//! ```text
//!   reading ──► taken        head and sum in order; accepted abstracts are imported, rejected ones reported
//!      │  ├───► quarantined  more than the share that may fail: nothing is taken until somebody releases it with a reason
//!      │  └───► refused      the sum differs, it cannot be read, or its record type is no report of a facility
//! ```
//!
//! The received file is kept as it came; what is accepted of it becomes a file of its own that the import reads.

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::dates::PartialDate;
use crate::edits::{Case, Library, Plan, PlanFor, Severity, Surroundings};
use crate::intake::import_job::{OnChange, Options};
use crate::naaccr::{Patient, ReadOptions, Reader, RecordType, Unknown, WriteOptions, Writer};
use crate::registry::promoted::bounds;
use crate::registry::store::facility::{self, padded};
use crate::registry::store::files::{FileReader, FileWriter, NewFile};
use crate::registry::store::receipts::{self, Came, Receipt, ReceiptLine};
use crate::registry::store::settings::{setting, setting_number};
use crate::registry::store::{By, Store, StoreError, imports, jobs, standards};
use crate::registry::work::{Ended, Held};

/// Fewer rejected abstracts than these never hold a file.
const FEW: i64 = 10;
/// Lines written in one piece.
const PIECE: usize = 200;

#[derive(Serialize, Deserialize)]
struct Params {
    receipt: i64,
}

/// Begins a receipt and the job that reads the file. `claimed` is the SHA-256 that the sender told, or nothing.
///
/// # Errors
/// The store.
pub fn begin(
    store: &Store,
    by: &By,
    facility: i64,
    file: (i64, String, String),
    claimed: &str,
) -> Result<(i64, i64), StoreError> {
    let (by, claimed) = (by.clone(), claimed.trim().to_lowercase());
    store.write(move |tx| {
        let receipt = receipts::begin(tx, &by, facility, (file.0, &file.1, &file.2), &claimed)?;
        let job = enqueue(tx, &by, receipt, facility)?;
        Ok((receipt, job))
    })
}

fn enqueue(tx: &mut crate::registry::store::Tx<'_>, by: &By, receipt: i64, facility: i64) -> Result<i64, StoreError> {
    let params = serde_json::to_string(&Params { receipt }).unwrap_or_default();
    let job = jobs::enqueue(tx, by, "receive", &params, Some(facility))?;
    receipts::set_job(tx, receipt, job)?;
    Ok(job)
}

/// Releases a file from quarantine and reads it again.
///
/// # Errors
/// It is not there; no reason.
pub fn release(store: &Store, by: &By, receipt: &Receipt, reason: &str) -> Result<i64, StoreError> {
    let (by, id, facility, reason) = (by.clone(), receipt.id, receipt.facility_id, reason.to_string());
    store.write(move |tx| {
        receipts::release(tx, &by, id, &reason)?;
        enqueue(tx, &by, id, facility)
    })
}

/// Does the job.
pub fn work(held: &Held<'_>) -> anyhow::Result<Ended> {
    let params: Params = serde_json::from_str(&held.job.params).context("reading what the job was asked")?;
    let mut by = By::system("job receive");
    by.asker.login.clone_from(&held.job.login);
    let receipt = receipts::receipt(&mut *held.store.reading()?, &by, params.receipt)?;
    if receipt.state == "reading" {
        let (id, job) = (receipt.id, held.job.id);
        held.store.write(move |tx| receipts::clear(tx, id, job))?;
        match read(held, &by, &receipt)? {
            Read::LeftOff => return Ok(Ended::LeftOff),
            Read::Refused(mut came, why) => {
                came.state = "refused";
                came.message = why;
                let by = by.clone();
                held.store.write(move |tx| receipts::settle(tx, &by, id, &came, None))?;
            }
            Read::Judged(came, accepted) => take(held, &by, &receipt, came, accepted)?,
        }
    }
    let now = receipts::receipt(&mut *held.store.reading()?, &by, params.receipt)?;
    let result = serde_json::json!({"receipt": now.id, "state": now.state}).to_string();
    Ok(Ended::Done(result))
}

enum Read {
    LeftOff,
    Refused(Came, String),
    Judged(Came, Option<i64>),
}

fn read(held: &Held<'_>, by: &By, receipt: &Receipt) -> anyhow::Result<Read> {
    let mut came = Came::default();
    let refused = |came: Came, why: String| Ok(Read::Refused(came, why));
    if !receipt.claimed_sha256.is_empty() && receipt.claimed_sha256 != receipt.sha256 {
        let why = "The file is not the one that was sent: its SHA-256 differs. Send it again.";
        return refused(came, why.into());
    }
    let file = receipt.file_id.context("the receipt has no file")?;
    let (number, set_name, user_dictionaries) = {
        let mut conn = held.store.reading()?;
        let own = facility::facility(&mut conn, crate::asker::FacilityId(receipt.facility_id))?;
        let set = receipts::reporting(&mut conn, receipt.facility_id)?.map(|r| r.edit_set).filter(|s| !s.is_empty());
        let set = set.map_or_else(|| setting(&mut conn, "receive.edit_set"), Ok)?;
        (own.context("the facility is gone")?.number, set, standards::dictionaries(&mut conn)?)
    };
    came.edit_set.clone_from(&set_name);
    let options = ReadOptions { user_dictionaries, ..ReadOptions::import() };
    let mut reader = match Reader::open(FileReader::open(held.store, file), &options) {
        Ok(reader) => reader,
        Err(fatal) => return refused(came, format!("The file cannot be read. {fatal}")),
    };
    let root = reader.root().clone();
    came.record_type = root.record_type.letter().to_string();
    came.version = root.version.number().into();
    if root.record_type == RecordType::I {
        let why = "Its record type is I, without names; a facility reports in type A, M or C.";
        return refused(came, why.into());
    }
    let library = Library::shipped();
    let set = library.set(&set_name).with_context(|| format!("there is no edit set {set_name}"))?;
    let plan = Plan::new(library, PlanFor { set, record_type: root.record_type, version: root.version });
    let day = PartialDate::from_naive(held.store.clock().now().date_naive()).context("today")?;
    let mut with = Surroundings::shipped(day);
    let state = setting(&mut *held.store.reading()?, "registry.state")?;
    with.settings.insert("registryState".into(), state);

    let new = NewFile {
        kind: "received",
        name: format!("accepted_of_{}_{}.xml", receipt.id, receipt.sha256.get(..8).unwrap_or_default()),
        job: Some(held.job.id),
        facility: Some(receipt.facility_id),
    };
    let accepted = FileWriter::begin(held.store, by, &new)?;
    let write_options = WriteOptions { unknown: Unknown::Keep, ..WriteOptions::default() };
    let mut writer = Writer::new(accepted, &root, &write_options).map_err(|e| anyhow::anyhow!("{e}"))?;
    let mut patient = Patient::default();
    let mut pending: Vec<ReceiptLine> = Vec::new();
    let mut ordinal = 0;
    loop {
        match reader.read_patient(&mut patient) {
            Ok(true) => {}
            Ok(false) => break,
            Err(fatal) => {
                let (_, _, unfinished) = writer.finish().map_err(|e| anyhow::anyhow!("{e}"))?;
                unfinished.abandon()?;
                return refused(came, format!("The file cannot be read to its end. {fatal}"));
            }
        }
        came.patients += 1;
        let failures = plan.check(&Case::of(&patient), &with);
        let mut keep = Vec::with_capacity(patient.tumors.len());
        for (at, tumor) in patient.tumors.iter().enumerate() {
            ordinal += 1;
            came.tumors += 1;
            let of_it = failures.iter().filter(|f| f.tumor.is_none() || f.tumor == Some(at) || f.other == Some(at));
            let mut reasons: Vec<String> = Vec::new();
            let mut warned = false;
            for failure in of_it {
                match failure.severity {
                    Severity::Error => {
                        let item = failure.items.first().map_or("", |slot| slot.id());
                        reasons.push(format!("{} {item}: {}", failure.edit, failure.message));
                    }
                    Severity::Warning => warned = true,
                    Severity::Info => {}
                }
            }
            let reported = tumor.items.get("reportingFacility").map(padded).unwrap_or_default();
            if !reported.is_empty() && reported != number {
                reasons
                    .push(format!("reportingFacility: it is of facility {reported}, and the file came from {number}"));
            }
            let is_accepted = reasons.is_empty();
            keep.push(is_accepted);
            came.accepted += i64::from(is_accepted);
            came.rejected += i64::from(!is_accepted);
            came.warnings += i64::from(is_accepted && warned);
            let of = |id: &str| tumor.items.get(id).unwrap_or_default().to_string();
            pending.push(ReceiptLine {
                ordinal,
                patient_ordinal: came.patients,
                line: i64::try_from(tumor.lines.0)?,
                facility: if reported.is_empty() { number.clone() } else { reported },
                accession: of("accessionNumberHosp"),
                sequence: of("sequenceNumberHospital"),
                patient_number: patient.items.get("patientIdNumber").unwrap_or_default().to_string(),
                tumor_number: of("tumorRecordNumber"),
                first_contact: bounds(tumor.items.get("dateOf1stContact").unwrap_or_default()).0,
                site: of("primarySite"),
                verdict: if is_accepted { "accepted" } else { "rejected" }.into(),
                reasons: reasons.join("\n"),
            });
        }
        if keep.iter().any(|kept| *kept) {
            let mut kept = keep.into_iter();
            patient.tumors.retain(|_| kept.next().unwrap_or(false));
            writer.write_patient(&patient).map_err(|e| anyhow::anyhow!("{e}"))?;
        }
        if pending.len() >= PIECE {
            put(held, receipt.id, std::mem::take(&mut pending), came.tumors)?;
            if held.should_stop() {
                return Ok(Read::LeftOff);
            }
        }
    }
    put(held, receipt.id, pending, came.tumors)?;
    let (_, _, file) = writer.finish().map_err(|e| anyhow::anyhow!("{e}"))?;
    if came.accepted == 0 {
        file.abandon()?;
        return Ok(Read::Judged(came, None));
    }
    Ok(Read::Judged(came, Some(file.finish()?.0)))
}

fn put(held: &Held<'_>, receipt: i64, lines: Vec<ReceiptLine>, done: i64) -> anyhow::Result<()> {
    let (job, owner) = (held.job.id, held.owner.to_string());
    held.store.write(move |tx| {
        jobs::progress(tx, job, &owner, "judge", done, 0)?;
        receipts::add_lines(tx, receipt, &lines)
    })?;
    Ok(())
}

/// Takes what is accepted, or holds the file.
fn take(held: &Held<'_>, by: &By, receipt: &Receipt, mut came: Came, accepted: Option<i64>) -> anyhow::Result<()> {
    let most = setting_number(&mut *held.store.reading()?, "receive.quarantine_percent")?;
    let too_many = came.rejected >= FEW && came.rejected * 100 > most * came.tumors;
    let held_back = too_many && receipt.released_by.is_none();
    let number = facility::facility(&mut *held.store.reading()?, crate::asker::FacilityId(receipt.facility_id))?
        .context("the facility is gone")?
        .number;
    came.state = if held_back { "quarantined" } else { "taken" };
    if held_back {
        came.message = format!(
            "{} of {} abstracts fail, more than {most} %. Nothing of it was taken; it waits for somebody to release it.",
            came.rejected, came.tumors
        );
    }
    let options = serde_json::to_string(&Options {
        sender: Some(number.clone()),
        facility: Some(number),
        on_change: OnChange::Replace,
        partial: true,
    })?;
    let (id, facility, name, by) = (receipt.id, receipt.facility_id, receipt.file_name.clone(), by.clone());
    held.store.write(move |tx| {
        let import = match accepted.filter(|_| !held_back) {
            None => None,
            Some(file) => Some(imports::begin(tx, &by, file, &name, Some(facility), &options)?.0),
        };
        receipts::settle(tx, &by, id, &came, import)
    })?;
    Ok(())
}

/// The report to the sender: a table whose columns `accession submissions ack` reads.
pub const REPORT_COLUMNS: [&str; 8] =
    ["facility", "accession", "sequence", "patientIdNumber", "tumorRecordNumber", "line", "outcome", "reason"];

/// A row of the report.
pub fn report_row(line: &ReceiptLine) -> [String; 8] {
    [
        line.facility.clone(),
        line.accession.clone(),
        line.sequence.clone(),
        line.patient_number.clone(),
        line.tumor_number.clone(),
        line.line.to_string(),
        line.verdict.clone(),
        line.reasons.replace('\n', "; "),
    ]
}

//! A batch as a job.
//!
//! ```text
//!   gate ──► looked ──► making ──► to-sign ──► entering ──► sent ──► answered
//!              │  (a person, or the command at once)  │ no sign-off asked: straight on
//!              └──► discarded                          └──► discarded
//! ```
//!
//! *gate*: cases are looked at page by page; lines, counts and the place reached are written in one piece. *making*: files are
//! written into the store, unseen until complete. *entering*: lines go into the ledger in pieces; only when all stand there does
//! the batch say *sent* and its files can be had. A killed job is carried on where it was; ledger and file agree.

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::registry::recipients::Profile;
use crate::registry::store::disclosure::{self, NewDisclosure};
use crate::registry::store::files::{FileWriter, NewFile};
use crate::registry::store::settings::{setting_is_yes, setting_number};
use crate::registry::store::submissions::{self as rows, Batch, BatchFile, NewBatch};
use crate::registry::store::{By, Conn, Store, StoreError, jobs};
use crate::registry::work::{Ended, Held};
use crate::submission::export::NotExported;
use crate::submission::gate::Tally;
use crate::submission::look::Look;
use crate::submission::sending::{Sending, recipient};
use crate::submission::write::Writing;

/// Patients looked at in one step.
const LOOK_STEP: i64 = 400;
/// Lines entered in one piece.
const ENTER_STEP: i64 = 400;

/// What a job was asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Asked {
    /// The batch.
    pub batch: i64,
    /// Go on after the gate without waiting for a person.
    pub through: bool,
    /// Facilities of who asked; none for the whole registry.
    pub scope: Option<Vec<i64>>,
    /// Address of who asked.
    pub address: String,
}

impl Asked {
    /// What the asker asked.
    pub fn new(by: &By, batch: i64, through: bool) -> Asked {
        let scope = match &by.asker.scope {
            crate::asker::Scope::Registry => None,
            crate::asker::Scope::Facilities(ids) => Some(ids.iter().map(|f| f.0).collect()),
        };
        Asked { batch, through, scope, address: by.address.clone() }
    }

    fn by(&self, held: &Held<'_>) -> By {
        let mut by = By::system("job submit");
        by.asker.user = held.job.user_id.map(crate::asker::UserId);
        by.asker.login.clone_from(&held.job.login);
        by.address.clone_from(&self.address);
        if let Some(ids) = &self.scope {
            let ids = ids.iter().map(|id| crate::asker::FacilityId(*id)).collect();
            by.asker.scope = crate::asker::Scope::Facilities(ids);
        }
        by
    }
}

/// What is asked of a new batch.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Recipient.
    pub recipient: String,
    /// Only this facility.
    pub facility: Option<i64>,
    /// The day it is made for; today when none.
    pub as_of: Option<chrono::NaiveDate>,
    /// The time in its files; now when none.
    pub time: Option<String>,
    /// The batch it corrects.
    pub corrects: Option<i64>,
    /// Go on after the gate without waiting for a person.
    pub through: bool,
}

/// Begins a batch and the job that makes it. Answers batch and job.
///
/// # Errors
/// An unknown recipient; a batch that is not finished.
pub fn begin(store: &Store, by: &By, wanted: &Wanted) -> Result<(i64, i64), StoreError> {
    let now = store.clock().now();
    let mut conn = store.reading()?;
    let profile = recipient(&mut conn, &wanted.recipient)?;
    let as_of = wanted.as_of.unwrap_or_else(|| now.date_naive());
    let sending = Sending::prepare(&mut conn, profile, as_of)?;
    if let Some(earlier) = wanted.corrects
        && rows::batch(&mut conn, by, earlier)?.recipient != sending.profile.name
    {
        return Err(StoreError::Refused(format!(
            "Batch {earlier} went to another recipient, so this one cannot correct it."
        )));
    }
    drop(conn);
    let new = NewBatch {
        recipient: sending.profile.name.clone(),
        title: sending.profile.title.clone(),
        profile: serde_json::to_string(&sending.profile).unwrap_or_default(),
        purpose: sending.profile.purpose.clone(),
        facility: wanted.facility,
        as_of: as_of.to_string(),
        file_time: wanted.time.clone().unwrap_or_else(|| now.format("%Y-%m-%dT%H:%M:%SZ").to_string()),
        version: sending.version.number().into(),
        edit_set: sending.profile.edit_set.clone(),
        edit_library: sending.library().fingerprint().to_string(),
        corrects: wanted.corrects,
    };
    let (by, through) = (by.clone(), wanted.through);
    store.write(move |tx| {
        let batch = rows::begin(tx, &by, &new)?;
        let params = serde_json::to_string(&Asked::new(&by, batch, through)).unwrap_or_default();
        let job = jobs::enqueue(tx, &by, "submit", &params, new.facility)?;
        rows::set_job(tx, batch, job)?;
        Ok((batch, job))
    })
}

/// Goes on with a batch: looks again, makes the files after the gate, or enters it after the signature.
///
/// # Errors
/// It is not at that place.
pub fn go_on(store: &Store, by: &By, batch: &Batch, from: &'static str) -> Result<i64, StoreError> {
    let (by, id, facility) = (by.clone(), batch.id, batch.facility_id);
    store.write(move |tx| {
        let now = rows::batch(tx.conn, &by, id)?;
        if now.state != from {
            return Err(StoreError::Refused(format!("Batch {id} is no longer where this page saw it; open it again.")));
        }
        let through = match from {
            "looked" => {
                rows::set_state(tx, id, "making", None)?;
                true
            }
            _ => {
                rows::sign(tx, &by, id)?;
                true
            }
        };
        let params = serde_json::to_string(&Asked::new(&by, id, through)).unwrap_or_default();
        let job = jobs::enqueue(tx, &by, "submit", &params, facility)?;
        rows::set_job(tx, id, job)?;
        Ok(job)
    })
}

/// Runs the gate of a batch again.
///
/// # Errors
/// It is past the gate.
pub fn look_again(store: &Store, by: &By, batch: i64) -> Result<i64, StoreError> {
    let by = by.clone();
    store.write(move |tx| {
        let now = rows::batch(tx.conn, &by, batch)?;
        if now.state != "looked" {
            return Err(StoreError::Refused(format!("The gate of batch {batch} is not open.")));
        }
        rows::look_again(tx, batch)?;
        let params = serde_json::to_string(&Asked::new(&by, batch, false)).unwrap_or_default();
        let job = jobs::enqueue(tx, &by, "submit", &params, now.facility_id)?;
        rows::set_job(tx, batch, job)?;
        Ok(job)
    })
}

/// Whether a second person signs before the files leave.
pub fn asks_sign_off(conn: &mut Conn, profile: &Profile) -> Result<bool, StoreError> {
    Ok(profile.sign_off || setting_is_yes(conn, "submissions.sign_off")?)
}

/// Does the job.
pub fn work(held: &Held<'_>) -> anyhow::Result<Ended> {
    let asked: Asked = serde_json::from_str(&held.job.params).context("reading what the job was asked")?;
    let by = asked.by(held);
    loop {
        let batch = rows::batch(&mut *held.store.reading()?, &By::system("job submit"), asked.batch)?;
        let ended = match batch.state.as_str() {
            "gate" => gate(held, &by, &batch, asked.through)?,
            "making" => make(held, &by, &batch)?,
            "entering" => enter(held, &by, &batch)?,
            _ => Some(Ended::Done(serde_json::json!({"batch": batch.id, "state": batch.state}).to_string())),
        };
        if let Some(ended) = ended {
            return Ok(ended);
        }
    }
}

fn prepared(store: &Store, batch: &Batch) -> anyhow::Result<Sending> {
    let profile: Profile = serde_json::from_str(&batch.profile).context("reading the rules the batch is made by")?;
    let as_of = batch.as_of.parse().context("reading the day the batch is made for")?;
    Ok(Sending::prepare(&mut *store.reading()?, profile, as_of)?)
}

fn gate(held: &Held<'_>, by: &By, batch: &Batch, through: bool) -> anyhow::Result<Option<Ended>> {
    let sending = prepared(held.store, batch)?;
    let tally: Tally = serde_json::from_str(&batch.tally).context("reading the counts so far")?;
    let (total, mut after) = {
        let mut conn = held.store.reading()?;
        (rows::last_patient(&mut conn)?, batch.scan_after)
    };
    let mut look = Look::begin(&mut *held.store.reading()?, &sending, by, batch.facility_id, tally)?;
    loop {
        let page = look.page(&mut *held.store.reading()?, after, LOOK_STEP)?;
        let Some((last, page)) = page else { break };
        after = last;
        let tally = serde_json::to_string(&look.tally)?;
        let (job, owner, id, recipient) = (held.job.id, held.owner.to_string(), batch.id, batch.recipient.clone());
        held.store.write(move |tx| {
            jobs::progress(tx, job, &owner, "gate", last.min(total), total)?;
            rows::add_lines(tx, id, &page.lines)?;
            for noted in &page.noted {
                rows::note_look(tx, &recipient, noted.case, noted.waiting, noted.versions)?;
            }
            rows::set_scanned(tx, id, last, &tally)
        })?;
        if held.should_stop() {
            return Ok(Some(Ended::LeftOff));
        }
    }
    let gone = look.finish(&mut *held.store.reading()?)?;
    let tally = serde_json::to_string(&look.tally)?;
    let nothing = look.tally.goes.values().sum::<i64>() == 0;
    let (job, owner, id) = (held.job.id, held.owner.to_string(), batch.id);
    held.store.write(move |tx| {
        jobs::progress(tx, job, &owner, "gate", total, total)?;
        rows::add_lines(tx, id, &gone)?;
        rows::set_scanned(tx, id, after, &tally)?;
        let state = match (through, nothing) {
            (true, true) => "empty",
            (true, false) => "making",
            (false, _) => "looked",
        };
        rows::set_state(tx, id, state, None)
    })?;
    Ok(None)
}

fn make(held: &Held<'_>, by: &By, batch: &Batch) -> anyhow::Result<Option<Ended>> {
    let sending = prepared(held.store, batch)?;
    let (job, store) = (held.job.id, held.store);
    store.write(move |tx| rows::remove_strays(tx, job))?;
    let (made, counted, keep) = {
        let mut conn = store.reading()?;
        let keep = setting_number(&mut conn, "submissions.keep_days")?;
        (rows::files(&mut conn, batch.id)?, rows::counted(&mut conn, batch.id)?, keep)
    };
    let going = counted.iter().filter(|c| c.blocked == 0);
    let total: i64 = going.clone().map(|c| c.n).sum();
    let mut types: Vec<String> =
        going.clone().filter(|c| c.kind != "withdrawn").map(|c| c.record_type.clone()).collect();
    types.sort();
    types.dedup();
    if sending.profile.deletion_notices && going.clone().any(|c| c.kind == "withdrawn") {
        types.push("withdrawals".into());
    }
    let new = NewDisclosure {
        kind: "submission",
        recipient: batch.title.clone(),
        purpose: batch.purpose.clone(),
        items_class: format!("record type {}", sending.profile.record_type),
        job: Some(job),
    };
    let disclosure = match disclosure::of_job(&mut *store.reading()?, job)? {
        Some(begun) => begun,
        None => {
            let by = by.clone();
            store.write(move |tx| disclosure::begin(tx, &by, &new))?
        }
    };
    let writing = Writing { store, by, sending: &sending, batch, disclosure };
    let date = batch.as_of.replace('-', "");
    for (ordinal, record_type) in (1i64..).zip(&types) {
        if made.iter().any(|file| file.ordinal == ordinal) {
            continue;
        }
        let in_name = sending.facility_in_name(batch.facility_id);
        let version = sending.version.number();
        let mut name = sending.profile.file_name(&in_name, record_type, version, &date, batch.id);
        if record_type == "withdrawals" {
            name = format!("{}_withdrawn_{date}_{}.csv", batch.recipient, batch.id);
        }
        let new = NewFile { kind: "submission", name: name.clone(), job: Some(job), facility: batch.facility_id };
        let file = FileWriter::begin(store, by, &new)?;
        let progress = |tumors: u64| {
            let owner = held.owner.to_string();
            let done = i64::try_from(tumors).unwrap_or(i64::MAX);
            store.write(move |tx| jobs::progress(tx, job, &owner, "write", done, total))?;
            Ok::<bool, StoreError>(!held.should_stop())
        };
        let written = match record_type.as_str() {
            "withdrawals" => writing.withdrawals(file).map(|(written, file)| (written, vec![], file)),
            letter => writing.file(letter, file, progress),
        };
        let (written, lost, file) = match written {
            Ok(written) => written,
            Err(NotExported::LeftOff) => return Ok(Some(Ended::LeftOff)),
            Err(NotExported::Definition(why)) => {
                let (id, message) = (batch.id, why.clone());
                store.write(move |tx| rows::set_state(tx, id, "looked", Some(&message)))?;
                return Ok(Some(Ended::Failed(why, None)));
            }
            Err(other) => return Err(other.into()),
        };
        let (file_id, bytes, sha256) = file.finish()?;
        let of_batch = BatchFile {
            ordinal,
            record_type: record_type.clone(),
            file_id: Some(file_id),
            name,
            patients: i64::try_from(written.patients)?,
            tumors: i64::try_from(written.tumors)?,
            bytes,
            sha256,
            lost: serde_json::to_string(&lost)?,
        };
        let id = batch.id;
        store.write(move |tx| rows::add_file(tx, id, &of_batch, keep))?;
    }
    let signs = asks_sign_off(&mut *store.reading()?, &sending.profile)?;
    let (id, by) = (batch.id, by.clone());
    store.write(move |tx| {
        let line = by.line("export", tx.now).note(format!("batch {id} made, {total} cases, disclosure {disclosure}"));
        tx.audit(line);
        rows::set_state(tx, id, if signs { "to-sign" } else { "entering" }, None)
    })?;
    Ok(None)
}

fn enter(held: &Held<'_>, by: &By, batch: &Batch) -> anyhow::Result<Option<Ended>> {
    let mut done = 0;
    loop {
        let (job, owner, id, recipient) = (held.job.id, held.owner.to_string(), batch.id, batch.recipient.clone());
        let entered = held.store.write(move |tx| {
            jobs::progress(tx, job, &owner, "ledger", done, 0)?;
            rows::enter(tx, id, &recipient, ENTER_STEP)
        })?;
        if entered == 0 {
            break;
        }
        done += i64::try_from(entered)?;
        if held.should_stop() {
            return Ok(Some(Ended::LeftOff));
        }
    }
    let (id, by) = (batch.id, by.clone());
    held.store.write(move |tx| rows::set_sent(tx, &by, id))?;
    Ok(None)
}

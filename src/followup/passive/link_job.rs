//! Linking a file of another source, as a job: its rows are stored, linked, and judged one after the other.
//!
//! Each step looks at what stands in the batch, so that a job that another server takes up goes on where it was left.

use anyhow::Context;
use serde::{Deserialize, Serialize};

use super::rows::{FIELDS, Form, Row, read};
use super::source::{is_cancer_death, named};
use crate::dates::PartialDate;
use crate::followup::accept::{DeathPosting, Posting, Standing, Verdict};
use crate::followup::posting::{File, NotPosted, post_contact};
use crate::followup::sources::Trust;
use crate::matching::linkage::{Account, Known, THRESHOLD, shipped_weights};
use crate::registry::promoted::sex_of;
use crate::registry::record::Record;
use crate::registry::store::files::{FileReader, remove_file};
use crate::registry::store::followup::last_patient;
use crate::registry::store::followup::passive::{
    self, BatchRow, NewBatch, PassiveRow, add_rows, begin_batch, is_rejected, people, set_batch, set_clearance,
    set_link, set_verdict,
};
use crate::registry::store::settings::setting_number;
use crate::registry::store::{By, StoreError, Tx, jobs};
use crate::registry::work::{Ended, Held};

/// What the job is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The stored file; it goes when its rows are stored.
    pub file: i64,
    /// Its name.
    pub name: String,
    /// Its SHA-256.
    pub sha256: String,
    /// Key of the source.
    pub source: String,
    /// Form of the file.
    pub form: Form,
    /// The column map; empty: remembered, else by the heads.
    pub columns: String,
    /// Of when the file is.
    pub vintage: String,
    /// Until when it is complete.
    pub cut_off: String,
    /// The day that counts as today, as NAACCR text.
    pub today: String,
}

/// How sure it is that a pair is one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sure {
    /// The weight says so.
    Certain,
    /// Perhaps.
    Perhaps,
    /// A person has looked.
    APersonSays,
}

const STEP: i64 = 25;

/// Does the job.
pub fn work(held: &Held<'_>) -> anyhow::Result<Ended> {
    let asked: Asked = serde_json::from_str(&held.job.params).context("reading what the job was asked")?;
    let mut by = By::system("job link");
    by.asker.user = held.job.user_id.map(crate::asker::UserId);
    by.asker.login.clone_from(&held.job.login);
    let batch = match store_rows(held, &by, &asked)? {
        Ok(batch) => batch,
        Err(why) => return Ok(Ended::Failed(why, None)),
    };
    if !link_rows(held, batch)? || !judge_rows(held, &by, batch, &asked)? {
        return Ok(Ended::LeftOff);
    }
    let owner = by.clone();
    let counts = held.store.write(move |tx| set_batch(tx, &owner, batch, "done"))?;
    let mut result: serde_json::Value = serde_json::from_str(&counts)?;
    result["batch"] = batch.to_string().into();
    Ok(Ended::Done(result.to_string()))
}

/// The file's rows, stored; or why they cannot be read.
fn store_rows(held: &Held<'_>, by: &By, asked: &Asked) -> anyhow::Result<Result<i64, String>> {
    let begun = passive::batch_of_job(&mut *held.store.reading()?, held.job.id)?;
    let mut bytes = Vec::new();
    let mut reader = FileReader::open(held.store, asked.file);
    while let Some(piece) = reader.next_piece()? {
        bytes.extend(piece);
    }
    if bytes.is_empty()
        && let Some(batch) = begun
    {
        return Ok(Ok(batch));
    }
    let source = named(&asked.source).with_context(|| format!("no source {}", asked.source))?;
    let mut columns = asked.columns.clone();
    if columns.trim().is_empty() && asked.form == Form::Csv {
        let heads = match super::rows::heads_of(&bytes) {
            Ok(heads) => heads,
            Err(error) => return Ok(Err(format!("The file cannot be read: {error}."))),
        };
        columns = passive::remembered_columns(&mut *held.store.reading()?, source.key, &heads)?.unwrap_or_default();
    }
    let file = match read(&bytes, asked.form, &columns) {
        Ok(file) => file,
        Err(error) => return Ok(Err(format!("The file cannot be read: {error}."))),
    };
    let batch = match begun {
        Some(batch) => batch,
        None => {
            let new = NewBatch {
                job: held.job.id,
                source: source.key.into(),
                source_central: source.central.into(),
                file_name: asked.name.clone(),
                sha256: asked.sha256.clone(),
                form: asked.form.word().into(),
                heads: file.heads.clone(),
                columns: file.columns.clone(),
                vintage: asked.vintage.clone(),
                cut_off: asked.cut_off.clone(),
                facility: held.job.facility_id,
            };
            let by = by.clone();
            held.store.write(move |tx| begin_batch(tx, &by, &new))?
        }
    };
    let written = passive::rows_written(&mut *held.store.reading()?, batch)?;
    let mut rows = Vec::new();
    for (ordinal, row) in (1_i64..).zip(&file.rows).skip(usize::try_from(written).unwrap_or(0)) {
        rows.push((ordinal, row.person_key(), serde_json::to_string(row)?));
    }
    let (job, total) = (held.job.id, i64::try_from(file.rows.len()).unwrap_or(0));
    for piece in rows.chunks(500) {
        let (piece, owner) = (piece.to_vec(), held.owner.to_string());
        held.store.write(move |tx| {
            add_rows(tx, batch, &piece)?;
            let done = piece.last().map_or(0, |(ordinal, ..)| *ordinal);
            jobs::progress(tx, job, &owner, "read", done, total)
        })?;
    }
    let file = asked.file;
    held.store.write(move |tx| remove_file(tx, file))?;
    Ok(Ok(batch))
}

/// The patients' accounts, with their ids.
struct People(Vec<(i64, Record)>);

impl People {
    fn accounts(&self) -> impl Iterator<Item = Account<'_>> {
        self.0.iter().map(|(_, items)| Account {
            last: items.value("nameLast"),
            first: items.value("nameFirst"),
            middle: items.value("nameMiddle"),
            suffix: items.value("nameSuffix"),
            birth_surname: items.value("nameBirthSurname"),
            sex: sex_of(items).unwrap_or_default(),
            race: items.value("race1"),
            birth: items.value("dateOfBirth"),
            ssn: items.value("socialSecurityNumber"),
            street: items.value("addrCurrentNoStreet"),
            city: items.value("addrCurrentCity"),
            zip: items.value("addrCurrentPostalCode"),
            phone: items.value("telephone"),
        })
    }
}

/// Links what is read; false when the server ends.
fn link_rows(held: &Held<'_>, batch: i64) -> anyhow::Result<bool> {
    let by = By::system("job link");
    let first = passive::rows_of(&mut *held.store.reading()?, batch, "read", 0, 1)?;
    if first.is_empty() {
        return Ok(true);
    }
    let mut all = Vec::new();
    let last = last_patient(&mut *held.store.reading()?)?;
    let mut above = 0;
    while above < last {
        let mut page = people(&mut *held.store.reading()?, &by, above, above + 2_000)?;
        for (_, items) in &mut page {
            *items = only_identity(items);
        }
        all.extend(page);
        above += 2_000;
        let (job, owner) = (held.job.id, held.owner.to_string());
        held.store.write(move |tx| jobs::progress(tx, job, &owner, "prepare", above.min(last), last))?;
    }
    let known = People(all);
    let ready = Known::of(known.accounts());
    loop {
        if held.should_stop() {
            return Ok(false);
        }
        let rows = passive::rows_of(&mut *held.store.reading()?, batch, "read", 0, 200)?;
        if rows.is_empty() {
            return Ok(true);
        }
        let mut linked = Vec::new();
        for row in &rows {
            let fields: Row = serde_json::from_str(&row.fields)?;
            let found =
                ready.likeliest(&fields.account(), shipped_weights()).filter(|(_, weight)| *weight >= THRESHOLD);
            let patient = found.and_then(|(at, weight)| Some((known.0.get(at)?.0, weight)));
            linked.push((row.id, patient));
        }
        let (job, owner) = (held.job.id, held.owner.to_string());
        held.store.write(move |tx| {
            for (row, patient) in &linked {
                match patient {
                    Some((patient, weight)) => set_link(tx, *row, Some(*patient), *weight, "linked")?,
                    None => set_link(tx, *row, None, 0.0, "no-match")?,
                }
            }
            let done = linked.last().map_or(0, |(row, _)| *row);
            jobs::progress(tx, job, &owner, "link", done, 0)
        })?;
    }
}

/// The items by which a person is compared, so that a million patients fit in memory.
fn only_identity(items: &Record) -> Record {
    let mut kept = Record::new();
    let named = FIELDS.iter().map(|(_, item, _)| *item).chain(["sexAssignedAtBirth"]);
    for item in named {
        if let Some(value) = items.get(item) {
            kept.set(item, value);
        }
    }
    kept
}

/// Judges what is linked; false when the server ends.
fn judge_rows(held: &Held<'_>, by: &By, batch: i64, asked: &Asked) -> anyhow::Result<bool> {
    let found = passive::batch(&mut *held.store.reading()?, &By::system("job link"), batch)?;
    clearance(held, batch)?;
    loop {
        if held.should_stop() {
            return Ok(false);
        }
        let rows = passive::rows_of(&mut *held.store.reading()?, batch, "linked", 0, STEP)?;
        if rows.is_empty() {
            return Ok(true);
        }
        let (by, found, job, owner) = (by.clone(), found.clone(), held.job.id, held.owner.to_string());
        let today = asked.today.clone();
        held.store.write(move |tx| {
            let certain = setting_number(tx.conn, "passive.certain_weight")? * 1_000;
            for row in &rows {
                let sure = if row.weight >= certain { Sure::Certain } else { Sure::Perhaps };
                judge_row(tx, &by, &found, row, sure, &today)?;
            }
            let done = rows.last().map_or(0, |row| row.ordinal);
            jobs::progress(tx, job, &owner, "post", done, 0).map_err(NotPosted::Store)
        })?;
    }
}

/// Cancer deaths that no patient was found for go on the list of death clearance.
fn clearance(held: &Held<'_>, batch: i64) -> anyhow::Result<()> {
    let mut after = 0;
    loop {
        let rows = passive::rows_of(&mut *held.store.reading()?, batch, "no-match", after, 500)?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = last.id;
        let mut open = Vec::new();
        for row in rows.iter().filter(|row| row.clearance.is_empty()) {
            let fields: Row = serde_json::from_str(&row.fields)?;
            if is_cancer_death(fields.of("cause")) {
                open.push(row.id);
            }
        }
        held.store.write(move |tx| open.iter().try_for_each(|row| set_clearance(tx, *row, "open")))?;
    }
}

fn judge_row(
    tx: &mut Tx<'_>,
    by: &By,
    batch: &BatchRow,
    row: &PassiveRow,
    sure: Sure,
    today: &str,
) -> Result<(), NotPosted> {
    let Some(patient) = row.patient_id else { return Ok(()) };
    if is_rejected(tx.conn, &row.person_key, patient)? {
        set_verdict(tx, by, row.id, "rejected-before", "a person said that this is somebody else", None)?;
        return Ok(());
    }
    let today = PartialDate::parse(today).map_err(|e| StoreError::Refused(e.to_string()))?;
    decide(tx, by, batch, row, sure, today).map(drop)
}

/// Posts a row of a pair; answers the verdict that was written.
///
/// # Errors
/// The store's; what [`post_contact`] refuses when a person says that it is the patient.
pub fn post_row(tx: &mut Tx<'_>, by: &By, batch: &BatchRow, row: &PassiveRow, sure: Sure) -> Result<String, NotPosted> {
    let today = PartialDate::from_naive(tx.now.date_naive()).map_err(|e| StoreError::Refused(e.to_string()))?;
    decide(tx, by, batch, row, sure, today)
}

fn decide(
    tx: &mut Tx<'_>,
    by: &By,
    batch: &BatchRow,
    row: &PassiveRow,
    sure: Sure,
    today: PartialDate,
) -> Result<String, NotPosted> {
    let patient = row.patient_id.ok_or(StoreError::NotFound)?;
    let fields: Row = serde_json::from_str(&row.fields)
        .map_err(|e| StoreError::Damaged { what: format!("row {}", row.id), why: e.to_string() })?;
    let posting = posting_of(&fields, batch);
    let file = File::read(tx.conn, by, patient)?;
    let (verdict, said) = match file.judge(&posting, today) {
        Verdict::Refused(refusals) => {
            if sure == Sure::APersonSays {
                return Err(NotPosted::Refused(refusals));
            }
            ("review", refusals.iter().map(|r| r.sentence.as_str()).collect::<Vec<_>>().join(" "))
        }
        // A person who takes the pair opens the conflict; the job leaves it to him.
        Verdict::Conflict(conflict) if sure != Sure::APersonSays => ("review", conflict.sentence),
        Verdict::Conflict(_) => ("posted", String::new()),
        Verdict::Accepted(accepted) => {
            let adds = !accepted.patient.is_empty() || !accepted.tumors.is_empty();
            let dies = file.patient.items.value("vitalStatus") != "0" && posting.vital_status == "0";
            let by_index = Trust::of(&batch.source_central, "") == Trust::DeathCertificate;
            // A death already on file stands: what says otherwise of it waits for a person.
            let other = accepted.patient.iter().find(|change| {
                let filed = file.patient.items.value(&change.item);
                filed != change.value && !filed.is_empty() && file.patient.items.value("vitalStatus") == "0"
            });
            match sure {
                Sure::Certain | Sure::Perhaps if other.is_some() => {
                    ("review", "the patient's death is on file, and the row says something else of it".into())
                }
                _ if !adds || (accepted.standing == Standing::Earlier && accepted.patient.is_empty()) => {
                    ("nothing-new", accepted.messages.join(" "))
                }
                Sure::Perhaps => ("review", "the two records do not agree enough to be taken without a look".into()),
                Sure::Certain if dies && !by_index => {
                    ("review", "a death that no certificate or index tells of".into())
                }
                _ => ("posted", String::new()),
            }
        }
    };
    let mut contact = None;
    if verdict == "posted" {
        contact = Some(post_contact(tx, by, patient, &file.seen(), &posting, None, today)?.contact);
    }
    set_verdict(tx, by, row.id, verdict, &said, contact)?;
    Ok(verdict.to_string())
}

/// What a row posts: date, status, and of a death what the file says of it. Nothing that identifies a person.
fn posting_of(fields: &Row, batch: &BatchRow) -> Posting {
    let deaths = named(&batch.source).is_some_and(|source| source.is_deaths);
    let dead = match fields.of("vital_status").to_lowercase().as_str() {
        "0" | "d" | "dead" | "deceased" => true,
        "1" | "a" | "alive" => false,
        _ => deaths,
    };
    let cause: String = fields.of("cause").chars().filter(char::is_ascii_alphanumeric).collect();
    let death = match dead {
        false => DeathPosting::default(),
        true => DeathPosting {
            place_state: fields.of("place_state").into(),
            place_country: fields.of("place_country").into(),
            cause,
            revision: fields.of("icd_revision").into(),
            certificate: fields.of("certificate").into(),
            autopsy: String::new(),
        },
    };
    Posting {
        date: fields.of("date").into(),
        vital_status: if dead { "0" } else { "1" }.into(),
        source_central: batch.source_central.clone(),
        death,
        note: format!("{}, batch {}, row {}", batch.source, batch.id, fields.of("row_id")).trim_end().into(),
        ..Posting::default()
    }
}

//! Writing the files of a batch: one record type a file, grouped by patient, the same content and time the same bytes.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::naaccr::{Patient, RecordType, Root, Unknown, WriteOptions, Writer};
use crate::registry::store::submissions::{self as rows, Full, LineRow};
use crate::registry::store::{By, Store, StoreError, disclosure};
use crate::submission::convert::{Loss, Losses};
use crate::submission::export::{NotExported, Written};
use crate::submission::sending::{Sending, lines_of};

/// Patients in a step.
const STEP: i64 = 300;

/// The head of a file.
pub fn root(sending: &Sending, record_type: &str, time: &str) -> Root {
    let letter = record_type.parse().unwrap_or(RecordType::I);
    let mut root = Root::new(sending.version, letter);
    if matches!(letter, RecordType::A | RecordType::M) {
        root.user_dictionary_uris.clone_from(&sending.user_dictionaries);
    }
    root.time_generated = Some(time.to_string());
    root.items.push("recordType", record_type);
    root.items.push("registryType", if sending.registry.kind == "central" { "1" } else { "3" });
    if !sending.registry.id.is_empty() {
        root.items.push("registryId", &sending.registry.id);
    }
    root.items.push("naaccrRecordVersion", &sending.version.number().to_string());
    root
}

/// What the files of a batch are written from.
pub struct Writing<'w> {
    /// The registry.
    pub store: &'w Store,
    /// Who makes it.
    pub by: &'w By,
    /// What it is made with.
    pub sending: &'w Sending,
    /// The batch.
    pub batch: &'w rows::Batch,
    /// The disclosure its patients are listed under.
    pub disclosure: i64,
}

impl Writing<'_> {
    /// Writes the lines of one record type. `progress` gets the tumors written; when it answers false it is left off.
    ///
    /// # Errors
    /// The store, the output; a case that holds what a file of type I must not hold.
    pub fn file<W: Write>(
        &self,
        record_type: &str,
        out: W,
        mut progress: impl FnMut(u64) -> Result<bool, StoreError>,
    ) -> Result<(Written, Vec<Loss>, W), NotExported> {
        let io = |e: &dyn std::fmt::Display| NotExported::Write(e.to_string());
        let root = root(self.sending, record_type, &self.batch.file_time);
        let options = WriteOptions { unknown: Unknown::Keep, ..WriteOptions::default() };
        let mut writer = Writer::new(GzEncoder::new(out, Compression::new(6)), &root, &options).map_err(|e| io(&e))?;
        let (mut written, mut losses, mut after) = (Written::default(), Losses::default(), 0);
        let mut patient = Patient::default();
        loop {
            let mut conn = self.store.reading()?;
            let lines = rows::lines_of_type(&mut conn, self.batch.id, record_type, after, STEP)?;
            let Some(last) = lines.last() else { break };
            after = last.patient_id;
            let mut ids: Vec<i64> = lines.iter().map(|line| line.patient_id).collect();
            ids.dedup();
            let profile = &self.sending.profile;
            let full = rows::full(&mut conn, self.by, lines_of(profile), self.batch.facility_id, &ids)?;
            drop(conn);
            let mut corrected = Vec::new();
            let mut lost: Vec<(i64, i64)> = Vec::new();
            for of in lines.chunk_by(|a, b| a.patient_id == b.patient_id) {
                let stored = of.first().and_then(|line| full.iter().find(|p| p.id == line.patient_id));
                let here = |line: &LineRow| -> Option<&Full> {
                    let mut cases = stored?.cases.iter();
                    cases.find(|f| f.tumor == line.tumor_id && f.abstract_ == line.abstract_id)
                };
                let cases: Vec<&Full> = of.iter().filter_map(here).collect();
                lost.extend(of.iter().filter(|l| here(l).is_none()).map(|l| (l.tumor_id, l.abstract_id)));
                let Some(stored) = stored.filter(|_| !cases.is_empty()) else { continue };
                self.sending.fill(&mut patient, &stored.items, &cases, &mut losses);
                let identifying = self.sending.identifying(&patient);
                if let Some(item) = identifying.first() {
                    return Err(NotExported::Definition(format!(
                        "The file was not made: {item} must not stand in a file of type I."
                    )));
                }
                for case in &cases {
                    let prints = self.sending.prints(&stored.items, &case.items);
                    corrected.push((case.tumor, case.abstract_, prints, (case.version, stored.version)));
                }
                written.patients += 1;
                written.tumors += cases.len() as u64;
                writer.write_patient(&patient).map_err(|e| io(&e))?;
            }
            let (batch, disclosure) = (self.batch.id, self.disclosure);
            self.store.write(move |tx| {
                // What stands in the file is what the ledger will hold, also when a record changed since the look.
                for (tumor, abstract_, prints, versions) in &corrected {
                    rows::correct_line(tx, batch, *tumor, *abstract_, &prints.whole, &prints.core, *versions)?;
                }
                for (tumor, abstract_) in &lost {
                    rows::block_line(tx, batch, *tumor, *abstract_, "deleted while the file was being made")?;
                }
                disclosure::add_patients(tx, disclosure, &ids)
            })?;
            if !progress(written.tumors)? {
                return Err(NotExported::LeftOff);
            }
        }
        let (_, _, packed) = writer.finish().map_err(|e| io(&e))?;
        Ok((written, losses.lines(), packed.finish().map_err(|e| io(&e))?))
    }

    /// The list of cases taken back: how the recipient knows them, a line each. Names of patients do not stand in it.
    ///
    /// # Errors
    /// The store, the output.
    pub fn withdrawals<W: Write>(&self, out: W) -> Result<(Written, W), NotExported> {
        let io = |e: &dyn std::fmt::Display| NotExported::Write(e.to_string());
        let mut csv = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
        csv.write_record(["facility", "accession", "sequence", "patientIdNumber", "tumorRecordNumber", "reason"])
            .map_err(|e| io(&e))?;
        let shown = rows::Shown { kind: "withdrawn".into(), ..rows::Shown::default() };
        let (mut skip, mut written) = (0, Written::default());
        loop {
            let mut conn = self.store.reading()?;
            let lines = rows::lines(&mut conn, self.batch.id, &shown, skip, 500)?;
            if lines.is_empty() {
                break;
            }
            for line in &lines {
                let named = rows::known_by(&mut conn, line)?;
                let number = self.sending.facility_number(line.facility_id);
                let found: Vec<crate::submission::look::Found> = serde_json::from_str(&line.found).unwrap_or_default();
                let why = found.first().map_or("", |f| f.message.as_str());
                csv.write_record([number, &named[0], &named[1], &named[2], &named[3], why]).map_err(|e| io(&e))?;
                written.tumors += 1;
            }
            skip += i64::try_from(lines.len()).unwrap_or(i64::MAX);
        }
        written.patients = written.tumors;
        let out = csv.into_inner().map_err(|e| io(&e.to_string()))?;
        Ok((written, out))
    }
}

//! Looking at a file that is not sent in: what it holds and what is wrong with it, and the same file in another form.
//!
//! In: a received file that nobody but its sender sees. Out: a report (header, counts, problems by kind and item with
//! examples of each), every problem as CSV, and on request the converted file with what could not be carried and each
//! repair. Nothing of the registry is read or changed, and all these files go after the hours a setting names.

use std::time::{Duration, Instant};

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::asker::UserId;
use crate::intake::limits::limits;
use crate::naaccr::{
    Conversion, Fatal, Form, Lost, Patient, Problem, ReadOptions, Reader, RecordType, RecordWriter, RepairKind,
    Repairs, Version, WriteOptions,
};
use crate::registry::store::files::{self, FileReader, FileWriter, NewFile};
use crate::registry::store::settings::setting_number;
use crate::registry::store::{By, StoreError, jobs, standards};
use crate::registry::work::{Ended, Held};

/// Problems of one kind and item that are kept whole in the report.
const EXAMPLES: usize = 100;
/// Problems kept whole in the report altogether.
const ALL_EXAMPLES: usize = 5_000;
/// Groups of the report.
const GROUPS: usize = 2_000;
/// How often the job says how far it is.
const SIGN: Duration = Duration::from_secs(2);

/// What a look was asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Asked {
    /// The received file.
    pub file: i64,
    /// `practical strict salvage`.
    pub mode: String,
}

impl Asked {
    fn options(&self, held: &Held<'_>) -> Result<ReadOptions, StoreError> {
        let options = match self.mode.as_str() {
            "strict" => ReadOptions { check_codes: true, ..ReadOptions::strict() },
            "salvage" => ReadOptions::salvage(),
            _ => ReadOptions::practical(),
        };
        let conn = &mut *held.store.reading()?;
        Ok(ReadOptions { user_dictionaries: standards::dictionaries(conn)?, limits: limits(conn)?, ..options })
    }
}

/// What a conversion was asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AskedConversion {
    /// The job of the look it belongs to.
    pub look: i64,
    /// The file and how it is read.
    pub source: Asked,
    /// Form of the new file.
    pub form: String,
    /// Its version; none for that of the file.
    pub version: Option<u16>,
    /// Its record type; none for that of the file.
    pub record_type: Option<String>,
    /// Repairs to make.
    pub repairs: Vec<String>,
}

/// What a look found.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Report {
    /// Why reading stopped; none if it came to the end.
    pub stopped: Option<String>,
    /// Version, record type, dictionaries and time as the root states them, by name.
    pub header: Vec<(String, String)>,
    /// Version of the file.
    pub version: String,
    /// The file is in fixed columns.
    pub is_fixed: bool,
    /// Patients read.
    pub patients: u64,
    /// Tumors read.
    pub tumors: u64,
    /// Items read, of all levels.
    pub items: u64,
    /// Extensions read.
    pub extensions: u64,
    /// Problems found.
    pub problems: u64,
    /// The problems by kind and item.
    pub groups: Vec<Group>,
}

/// Problems of one kind and item.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Group {
    /// Kind, as scripts see it.
    pub kind: String,
    /// `error warning note`.
    pub severity: String,
    /// The item's id.
    pub item: Option<String>,
    /// How often.
    pub times: u64,
    /// Line of the first.
    pub first_line: u64,
    /// The repair that can be asked for.
    pub repair: Option<String>,
    /// The first ones.
    pub examples: Vec<Example>,
}

/// One problem.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Example {
    /// Line.
    pub line: u64,
    /// Column.
    pub column: u64,
    /// Ordinal of the patient.
    pub patient: Option<u64>,
    /// Ordinal of the tumor.
    pub tumor: Option<u32>,
    /// The value.
    pub value: Option<String>,
    /// What is wrong.
    pub message: String,
}

impl Report {
    fn add(&mut self, problem: &Problem, kept: &mut usize) {
        self.problems += 1;
        let is_it = |g: &Group| g.kind == problem.kind.name() && g.item == problem.item;
        let group = match self.groups.iter().position(is_it) {
            Some(at) => &mut self.groups[at],
            None if self.groups.len() == GROUPS => return,
            None => {
                self.groups.push(Group {
                    kind: problem.kind.name().into(),
                    severity: problem.severity.name().into(),
                    item: problem.item.clone(),
                    times: 0,
                    first_line: problem.line,
                    repair: problem.repair().map(|kind| kind.name().into()),
                    examples: Vec::new(),
                });
                let last = self.groups.len() - 1;
                &mut self.groups[last]
            }
        };
        group.times += 1;
        if group.examples.len() < EXAMPLES && *kept < ALL_EXAMPLES || group.examples.is_empty() {
            *kept += 1;
            group.examples.push(Example {
                line: problem.line,
                column: problem.column,
                patient: problem.patient,
                tumor: problem.tumor,
                value: problem.value.clone(),
                message: problem.message.clone(),
            });
        }
    }
}

/// Says how far a job is, now and then.
struct Signs<'a> {
    held: &'a Held<'a>,
    last: Instant,
}

impl Signs<'_> {
    /// False when the server ends.
    fn go_on(&mut self, done: u64) -> Result<bool, StoreError> {
        if self.last.elapsed() < SIGN {
            return Ok(true);
        }
        self.last = Instant::now();
        let (job, owner, done) = (self.held.job.id, self.held.owner.to_string(), i64::try_from(done).unwrap_or(0));
        self.held.store.write(move |tx| jobs::progress(tx, job, &owner, "read", done, 0))?;
        Ok(!self.held.should_stop())
    }
}

fn by(held: &Held<'_>) -> By {
    let mut by = By::system("job look");
    by.asker.user = held.job.user_id.map(UserId);
    by.asker.login.clone_from(&held.job.login);
    by
}

/// A file this job makes.
fn new_file(held: &Held<'_>, name: String) -> Result<FileWriter, StoreError> {
    FileWriter::begin(held.store, &by(held), &NewFile { kind: "look", name, job: Some(held.job.id), facility: None })
}

/// Makes a file visible for the hours the setting names.
fn keep(held: &Held<'_>, file: FileWriter) -> Result<(i64, i64), StoreError> {
    let (id, bytes, _) = file.finish()?;
    held.store.write(move |tx| {
        let hours = setting_number(tx.conn, "files.look_hours")?;
        files::keep_hours(tx, id, hours)
    })?;
    Ok((id, bytes))
}

/// Looks at a file.
pub fn look(held: &Held<'_>) -> anyhow::Result<Ended> {
    let asked: Asked = serde_json::from_str(&held.job.params).context("reading what the job was asked")?;
    let options = ReadOptions { max_problems: usize::MAX, ..asked.options(held)? };
    let mut report = Report::default();
    let mut csv = csv::Writer::from_writer(new_file(held, "problems.csv".into())?);
    csv.write_record([
        "kind", "severity", "line", "column", "patient", "tumor", "item", "number", "name", "value", "message",
    ])?;
    let whole = match Reader::open(FileReader::open(held.store, asked.file), &options) {
        Err(fatal) => {
            report.stopped = Some(fatal.to_string());
            true
        }
        Ok(mut reader) => read(held, &mut reader, &mut report, &mut csv)?,
    };
    let table = csv.into_inner().map_err(|e| e.into_error())?;
    if !whole {
        table.abandon()?;
        return Ok(Ended::LeftOff);
    }
    let weight = |severity: &str| ["error", "warning"].iter().position(|s| *s == severity).unwrap_or(2);
    report.groups.sort_by(|a, b| (weight(&a.severity), b.times).cmp(&(weight(&b.severity), a.times)));
    let (table, _) = keep(held, table)?;
    let mut file = new_file(held, "report.json".into())?;
    file.add(&serde_json::to_vec(&report)?)?;
    let (file, _) = keep(held, file)?;
    let result =
        serde_json::json!({"report": file, "csv": table, "patients": report.patients, "tumors": report.tumors});
    Ok(Ended::Done(result.to_string()))
}

/// Reads a file into a report; false when the server ends.
fn read(
    held: &Held<'_>,
    reader: &mut Reader<'_>,
    report: &mut Report,
    csv: &mut csv::Writer<FileWriter>,
) -> anyhow::Result<bool> {
    let root = reader.root();
    report.version = root.version.to_string();
    report.is_fixed = reader.is_fixed();
    report.header = vec![
        ("Form".into(), if report.is_fixed { "fixed columns".into() } else { "NAACCR XML".into() }),
        ("Version".into(), root.version.to_string()),
        ("Record type".into(), root.record_type.to_string()),
        ("Specification".into(), root.specification.map(|s| s.to_string()).unwrap_or_default()),
        ("User dictionaries".into(), root.user_dictionary_uris.join(" ")),
        ("Made".into(), root.time_generated.clone().unwrap_or_default()),
        ("Registry".into(), root.items.get("registryId").unwrap_or_default().to_owned()),
    ];
    report.header.retain(|(_, value)| !value.is_empty());
    report.items = root.items.len() as u64;
    report.extensions = root.extensions.len() as u64;
    let mut signs = Signs { held, last: Instant::now() };
    let (mut patient, mut kept) = (Patient::default(), 0);
    loop {
        let more = reader.read_patient(&mut patient);
        for problem in reader.drain_problems() {
            report.add(&problem, &mut kept);
            write_row(csv, &problem)?;
        }
        match more {
            Ok(true) => {}
            Ok(false) => return Ok(true),
            Err(fatal) => {
                report.stopped = Some(fatal.to_string());
                return Ok(true);
            }
        }
        report.patients += 1;
        report.tumors += patient.tumors.len() as u64;
        report.items += patient.item_count() as u64;
        report.extensions +=
            (patient.extensions.len() + patient.tumors.iter().map(|t| t.extensions.len()).sum::<usize>()) as u64;
        if !signs.go_on(report.patients)? {
            return Ok(false);
        }
    }
}

fn write_row(csv: &mut csv::Writer<FileWriter>, problem: &Problem) -> Result<(), csv::Error> {
    let number = |n: Option<u64>| n.map(|n| n.to_string()).unwrap_or_default();
    csv.write_record([
        problem.kind.name(),
        problem.severity.name(),
        &problem.line.to_string(),
        &problem.column.to_string(),
        &number(problem.patient),
        &number(problem.tumor.map(u64::from)),
        problem.item.as_deref().unwrap_or_default(),
        &number(problem.number.map(|n| n.0.into())),
        problem.name.as_deref().unwrap_or_default(),
        problem.value.as_deref().unwrap_or_default(),
        &problem.message,
    ])
}

/// Writes a file in another form.
pub fn convert(held: &Held<'_>) -> anyhow::Result<Ended> {
    let asked: AskedConversion = serde_json::from_str(&held.job.params).context("reading what the job was asked")?;
    let form = Form::named(&asked.form).context("the form of the new file is not known")?;
    let version = asked.version.and_then(Version::new);
    let record_type: Option<RecordType> = asked.record_type.as_deref().and_then(|t| t.parse().ok());
    let kinds: Vec<RepairKind> = asked.repairs.iter().filter_map(|kind| kind.parse().ok()).collect();
    let mut options = asked.source.options(held)?;
    options.keep_control_characters = kinds.contains(&RepairKind::Control);
    options.translate_renamed &= !kinds.contains(&RepairKind::Rename);
    let refused = |fatal: Fatal| Ok(Ended::Failed(format!("The file could not be written: {fatal}"), None));
    let mut reader = match Reader::open(FileReader::open(held.store, asked.source.file), &options) {
        Ok(reader) => reader,
        Err(fatal) => return refused(fatal),
    };
    let mut repairs = Repairs::new(reader.root().version, &kinds, &options.user_dictionaries, usize::MAX);
    let mut root = reader.root().clone();
    repairs.root(&mut root);
    let mut conversion = Conversion::new(reader.root(), version, record_type, &options.user_dictionaries);
    let root = conversion.root(&root);
    let stamp = held.store.clock().now().format("%Y%m%d_%H%M%S");
    let name = format!("converted_{}{}_{stamp}.{}", root.record_type, root.version, form.ending());
    let file = new_file(held, name)?;
    let writing = WriteOptions { user_dictionaries: options.user_dictionaries.clone(), ..WriteOptions::default() };
    let mut writer = match RecordWriter::new(form, file, &root, &writing, |_| true) {
        Ok(writer) => writer,
        Err(fatal) => return refused(fatal),
    };
    let mut list = csv::Writer::from_writer(new_file(held, "repairs.csv".into())?);
    list.write_record(["repair", "line", "patient", "tumor", "item", "before", "after", "not_done"])?;
    let mut signs = Signs { held, last: Instant::now() };
    let mut patient = Patient::default();
    loop {
        match reader.read_patient(&mut patient) {
            Ok(true) => {}
            Ok(false) => break,
            Err(fatal) => return refused(fatal),
        }
        repairs.patient(&mut patient);
        for one in repairs.drain() {
            let number = |n: Option<u64>| n.map(|n| n.to_string()).unwrap_or_default();
            list.write_record([
                one.kind.name(),
                &one.line.to_string(),
                &number(one.patient),
                &number(one.tumor.map(u64::from)),
                &one.item,
                &one.before,
                &one.after,
                one.not_done.unwrap_or_default(),
            ])?;
        }
        let ordinal = patient.ordinal;
        conversion.patient(&mut patient);
        if let Err(fatal) = writer.write_patient(&patient) {
            return refused(Fatal { patient: Some(ordinal), ..fatal });
        }
        if !signs.go_on(ordinal)? {
            return Ok(Ended::LeftOff);
        }
    }
    let (written, mut lost, file) = match writer.finish() {
        Ok(done) => done,
        Err(fatal) => return refused(fatal),
    };
    lost.extend(conversion.lost());
    let (file, bytes) = keep(held, file)?;
    let list = list.into_inner().map_err(|e| e.into_error())?;
    let done: Vec<_> = repairs.counts().map(|(kind, done, not_done)| (kind.name(), done, not_done)).collect();
    let repaired = match done.iter().any(|(_, done, not_done)| done + not_done > 0) {
        true => Some(keep(held, list)?.0),
        false => {
            list.abandon()?;
            None
        }
    };
    let lost: Vec<_> = lost.iter().map(|Lost { item, reason, count, .. }| (item, reason, count)).collect();
    let result = serde_json::json!({"file": file, "bytes": bytes, "patients": written.patients, "tumors": written.tumors,
        "lost": lost, "repairs": done, "repaired": repaired});
    Ok(Ended::Done(result.to_string()))
}

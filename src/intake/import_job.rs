//! An import as a job.
//!
//! ```text
//!   read ──► apply ──► edits ──► publish ──► change ──► done
//!     └──► refused                                       (withdrawn: by hand, later)
//! ```
//!
//! *Read*: the whole file is parsed and judged into staging rows; nothing of the registry changes; here it is decided
//! whether the file is taken. *Apply*: new records are written in steps, unseen. *Publish*: one small piece makes them
//! visible. *Change*: records that differ from a known abstract replace it or wait for a person, each through the one
//! change function. Every step writes its progress with its work, so that any server carries on where another ended.

use std::collections::{BTreeMap, HashMap};

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::accounts::store::asker_of;
use crate::asker::{Asker, May, Scope, UserId};
use crate::intake::apply::{Ready, Setting, apply, has_facility, no_facility};
use crate::intake::arrived::{Head, arrived};
use crate::intake::differ;
use crate::intake::limits::limits;
use crate::intake::received::{Packing, Unpacking};
use crate::naaccr::{Fatal, Patient, ReadOptions, Reader, RecordType, Root, Severity, Snippets, Version, digests_of};
use crate::registry::edit_run;
use crate::registry::store::files::FileReader;
use crate::registry::store::imports::{self, Import, ImportProblem, Staged, StagedTumor, Verdict};
use crate::registry::store::settings::{setting, setting_number};
use crate::registry::store::{By, Conn, Store, StoreError, facility, jobs, standards};
use crate::registry::work::{Ended, Held};

/// What was asked of an import.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Options {
    /// Who sent it; none for the file's registry id (40), else the facility.
    pub sender: Option<String>,
    /// Facility number for tumors without one.
    pub facility: Option<String>,
    /// What becomes of a record that differs from a known abstract.
    pub on_change: OnChange,
    /// Take what can be taken, also when records are refused.
    pub partial: bool,
}

/// What becomes of a record that differs from a known abstract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnChange {
    /// A person decides, item by item.
    Review,
    /// It becomes the new report; what was reported before is kept in the history.
    Replace,
    /// It is left alone.
    Ignore,
}

/// The given rule (`review replace ignore`), else the registry's own: a central registry takes the new report, others
/// review.
pub fn on_change(store: &Store, given: Option<&str>) -> Result<OnChange, StoreError> {
    Ok(match given {
        Some("replace") => OnChange::Replace,
        Some("ignore") => OnChange::Ignore,
        Some(_) => OnChange::Review,
        None => match setting(&mut *store.reading()?, "registry.kind")?.as_str() {
            "central" => OnChange::Replace,
            _ => OnChange::Review,
        },
    })
}

/// What an import came to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Patients read.
    pub patients: i64,
    /// Tumors read.
    pub tumors: i64,
    /// New abstracts.
    pub added: i64,
    /// Abstracts replaced.
    pub changed: i64,
    /// Records received before.
    pub unchanged: i64,
    /// Records that wait for a person, or were left alone because they differ.
    pub review: i64,
    /// Records not taken.
    pub refused: i64,
    /// Problems found.
    pub problems: i64,
}

/// Patients written in one piece: more share the cost of a commit, fewer would spare a save in between a wait
/// that is some 100 ms now.
const PIECE: usize = 200;

#[derive(Deserialize)]
struct Params {
    import: i64,
}

/// Does the job.
pub fn work(held: &Held<'_>) -> anyhow::Result<Ended> {
    let params: Params = serde_json::from_str(&held.job.params).context("reading what the job was asked")?;
    loop {
        let import = imports::import_row(&mut *held.store.reading()?, params.import)?;
        let ended = match import.state.as_str() {
            "read" => read(held, &import)?,
            "apply" => apply_all(held, &import)?,
            "edits" => run_edits(held, &import)?,
            "publish" => publish(held, &import)?,
            "change" => change_all(held, &import)?,
            "refused" => Some(Ended::Failed(import.message.clone().unwrap_or_default(), Some(import.counts.clone()))),
            _ => Some(Ended::Done(import.counts.clone())),
        };
        if let Some(ended) = ended {
            return Ok(ended);
        }
    }
}

/// Who imports, with the rights he has now; a command on the server's machine imports as the system. Somebody who may no
/// longer import keeps his name on the lines, and no facility.
fn importer(held: &Held<'_>, import: &Import) -> Result<By, StoreError> {
    let mut by = By::system("job import");
    if let Some(user) = held.job.user_id.map(UserId) {
        by.asker = match asker_of(&mut *held.store.reading()?, user, May::Import)? {
            Some(asker) => asker,
            None => Asker { user: Some(user), scope: Scope::Facilities(vec![]), ..by.asker },
        };
    }
    by.asker.login.clone_from(&import.login);
    Ok(by)
}

/// The number of the facility that records without one belong to: the one given, the only one of who imports, else the
/// registry's own.
fn facility_without_number(conn: &mut Conn, by: &By, options: &Options) -> Result<String, StoreError> {
    match (&options.facility, &by.asker.scope) {
        (Some(number), _) => Ok(facility::padded(number)),
        (None, Scope::Registry) => setting(conn, "registry.home_facility"),
        (None, Scope::Facilities(ids)) => match ids.as_slice() {
            [only] => Ok(facility::facility(conn, *only)?.map(|f| f.number).unwrap_or_default()),
            _ => Ok(String::new()),
        },
    }
}

fn read(held: &Held<'_>, import: &Import) -> anyhow::Result<Option<Ended>> {
    let options: Options = serde_json::from_str(&import.options).context("reading the import's options")?;
    let by = importer(held, import)?;
    if matches!(&by.asker.scope, Scope::Facilities(none) if none.is_empty()) {
        let why = "Whoever sent it may no longer import, or has no facility.";
        let row = ImportProblem { severity: Severity::Error.name().into(), ..note_row("not_allowed", why) };
        return refuse(held, import, why, row);
    }
    let file = import.file_id.context("the import has no file")?;
    let source = FileReader::open(held.store, file);
    let (user_dictionaries, limits) = {
        let conn = &mut *held.store.reading()?;
        (standards::dictionaries(conn)?, limits(conn)?)
    };
    let reading = ReadOptions { user_dictionaries, limits, ..ReadOptions::import() };
    let mut reader = match Reader::open(source, &reading) {
        Ok(reader) => reader,
        Err(fatal) => return refuse(held, import, &fatal.to_string(), fatal_row(&fatal)),
    };
    let (sender, home) = {
        let mut conn = held.store.reading()?;
        let home = facility_without_number(&mut conn, &by, &options)?;
        let head_id = reader.root().items.get("registryId").map(str::to_string);
        (options.sender.clone().or(head_id).unwrap_or_else(|| home.clone()), home)
    };
    let head = serde_json::to_string(&Head::of(reader.root())).context("keeping the file's head")?;
    let already = imports::staged_patients(&mut *held.store.reading()?, import.id)?;
    let mut patient = Patient::default();
    let mut packing = Packing::new()?;
    let (mut staged, mut problems) = (Vec::with_capacity(PIECE), Vec::new());
    let mut seen = 0i64;
    let total = file_patients_guess(held, file)?;
    let root_head = (sender.clone(), head);
    loop {
        let more = match reader.read_patient(&mut patient) {
            Ok(more) => more,
            Err(fatal) => {
                problems.extend(reader.drain_problems().into_iter().map(as_row));
                if options.partial && seen > 0 {
                    problems.push(fatal_row(&fatal));
                    stage_piece(held, import, &root_head, &mut staged, &mut problems, (seen, total))?;
                    return go_on(held, import, "apply");
                }
                return refuse(held, import, &fatal.to_string(), fatal_row(&fatal));
            }
        };
        if !more {
            break;
        }
        seen += 1;
        let found = reader.drain_problems();
        if seen <= already {
            continue;
        }
        problems.extend(found.into_iter().map(as_row));
        if !options.partial
            && matches!(by.asker.scope, Scope::Registry)
            && let Some(row) = without_facility(&patient, seen, &home)
        {
            let why = format!("Patient {seen}, line {}: {}", row.line.unwrap_or_default(), row.message);
            return refuse(held, import, &why, row);
        }
        staged.push(stage_one(&mut packing, &reader, &patient, seen)?);
        if staged.len() == PIECE {
            stage_piece(held, import, &root_head, &mut staged, &mut problems, (seen, total))?;
            if held.should_stop() {
                return Ok(Some(Ended::LeftOff));
            }
        }
    }
    problems.extend(reader.drain_problems().into_iter().map(as_row));
    stage_piece(held, import, &root_head, &mut staged, &mut problems, (seen, total))?;
    go_on(held, import, "apply")
}

/// The first tumor of a patient that belongs to no facility.
fn without_facility(patient: &Patient, ordinal: i64, home: &str) -> Option<ImportProblem> {
    let named = |tumor: &crate::naaccr::Tumor| tumor.items.get("reportingFacility").map(str::to_string);
    let (number, tumor) = (1..).zip(&patient.tumors).find(|(_, t)| !has_facility(named(t).as_deref(), home))?;
    Some(no_facility(as_i64(tumor.lines.0), ordinal, number, named(tumor).as_deref()))
}

/// For the progress bar: bytes of the file over the bytes a patient usually has.
fn file_patients_guess(held: &Held<'_>, file: i64) -> anyhow::Result<i64> {
    let by = By::system("job import");
    let stored = crate::registry::store::files::file(held.store, &by, file)?;
    Ok((stored.bytes / 12_000).max(1))
}

fn stage_one(packing: &mut Packing, reader: &Reader<'_>, patient: &Patient, ordinal: i64) -> anyhow::Result<Staged> {
    let received = packing.pack(reader.patient_source())?;
    let (digest, each) = digests_of(patient);
    let mut tumors: Vec<StagedTumor> =
        (1..).zip(each).map(|(ordinal, digest)| StagedTumor { ordinal, digest, verdict: Verdict::Added }).collect();
    if tumors.is_empty() {
        tumors.push(StagedTumor { ordinal: 0, digest, verdict: Verdict::NoTumor });
    }
    let lines = (as_i64(patient.lines.0), as_i64(patient.lines.1));
    Ok(Staged { ordinal, lines, digest, received, tumors })
}

fn stage_piece(
    held: &Held<'_>,
    import: &Import,
    head: &(String, String),
    staged: &mut Vec<Staged>,
    problems: &mut Vec<ImportProblem>,
    (seen, total): (i64, i64),
) -> anyhow::Result<()> {
    let (staged, problems) = (std::mem::take(staged), std::mem::take(problems));
    let (id, job, owner, head, by) =
        (import.id, held.job.id, held.owner.to_string(), head.clone(), importer(held, import)?);
    held.store.write(move |tx| {
        jobs::progress(tx, job, &owner, "read", seen, total.max(seen))?;
        imports::set_head(tx, id, &head.0, &head.1)?;
        for patient in &staged {
            imports::stage(tx, id, &head.0, patient)?;
        }
        imports::add_problems(tx, id, &problems)?;
        let line = by.line("import", tx.now).note(format!("import {id} read to patient {seen}"));
        tx.audit(line);
        Ok::<(), StoreError>(())
    })?;
    Ok(())
}

fn go_on(held: &Held<'_>, import: &Import, state: &'static str) -> anyhow::Result<Option<Ended>> {
    let (id, job, owner) = (import.id, held.job.id, held.owner.to_string());
    held.store.write(move |tx| {
        jobs::progress(tx, job, &owner, state, 0, 0)?;
        imports::set_state(tx, id, state, None)
    })?;
    Ok(None)
}

fn refuse(held: &Held<'_>, import: &Import, why: &str, row: ImportProblem) -> anyhow::Result<Option<Ended>> {
    let message = format!("The file was not taken. {why} Nothing was changed.");
    let (id, job, owner, by) = (import.id, held.job.id, held.owner.to_string(), importer(held, import)?);
    let counts = counts(held, import)?;
    held.store.write(move |tx| {
        jobs::progress(tx, job, &owner, "read", 0, 0)?;
        imports::add_problems(tx, id, &[row])?;
        imports::clear_staged(tx, id)?;
        imports::set_counts(tx, id, &serde_json::to_string(&counts).unwrap_or_default(), "{}")?;
        imports::set_state(tx, id, "refused", Some(&message))?;
        let line = by.line("import", tx.now).outcome("refused").note(format!("import {id}"));
        tx.audit(line);
        Ok::<(), StoreError>(())
    })?;
    Ok(None)
}

fn apply_all(held: &Held<'_>, import: &Import) -> anyhow::Result<Option<Ended>> {
    let head: Head = serde_json::from_str(&import.root).context("reading the file's head")?;
    let root = root_of(&head)?;
    let options: Options = serde_json::from_str(&import.options).context("reading the import's options")?;
    let by = importer(held, import)?;
    let setting = {
        let mut conn = held.store.reading()?;
        Setting {
            import: import.id,
            home_facility: facility_without_number(&mut conn, &by, &options)?,
            by,
            sender: import.sender.clone(),
            version: i64::from(head.version),
            record_type: head.record_type.to_string(),
            due_days: setting_number(&mut conn, "abstract.due_days")?,
            secret: *held.store.secret(),
        }
    };
    let total = imports::staged_patients(&mut *held.store.reading()?, import.id)?;
    // What is wrong with the values was said when the file was read.
    let snippets = Snippets::of(&root, &ReadOptions { check_codes: false, ..ReadOptions::import() });
    let mut unpacking = Unpacking::new();
    let mut after = 0;
    loop {
        let sources = imports::unsettled(
            &mut *held.store.reading()?,
            import.id,
            [Verdict::Added, Verdict::NoTumor],
            after,
            i64::try_from(PIECE)?,
        )?;
        let Some(last) = sources.last() else { break };
        after = last.ordinal;
        let mut ready = Vec::with_capacity(sources.len());
        for source in &sources {
            let patient = snippets
                .read(&unpacking.unpack(&source.received)?)
                .map_err(|fatal| {
                    anyhow::anyhow!("patient {} of import {} can no longer be read: {fatal}", source.ordinal, import.id)
                })?
                .0;
            ready.push(Ready {
                source: source.id,
                ordinal: source.ordinal,
                line: source.line_from,
                arrived: arrived(&patient, &root),
            });
        }
        let (setting, job, owner) = (setting.clone(), held.job.id, held.owner.to_string());
        held.store.write(move |tx| {
            jobs::progress(tx, job, &owner, "apply", after, total)?;
            let mut facilities = HashMap::new();
            for patient in &ready {
                apply(tx, &setting, &mut facilities, patient)?;
            }
            let line =
                setting.by.line("import", tx.now).note(format!("import {} applied to patient {after}", setting.import));
            tx.audit(line);
            Ok::<(), StoreError>(())
        })?;
        if held.should_stop() {
            return Ok(Some(Ended::LeftOff));
        }
    }
    go_on(held, import, "edits")
}

/// What the edits say of the new records is kept before anybody sees them.
fn run_edits(held: &Held<'_>, import: &Import) -> anyhow::Result<Option<Ended>> {
    match edit_run::over_import(held, import.id)? {
        edit_run::Over::LeftOff => Ok(Some(Ended::LeftOff)),
        edit_run::Over::Done => go_on(held, import, "publish"),
    }
}

/// The root under which stored records are read again.
pub fn root_of(head: &Head) -> anyhow::Result<Root> {
    let version = Version::new(head.version).context("the import's NAACCR version is not known")?;
    let record_type =
        head.record_type.to_string().parse::<RecordType>().ok().context("the import's record type is not known")?;
    let mut root = Root::new(version, record_type);
    root.user_dictionary_uris.clone_from(&head.user_dictionary_uris);
    Ok(root)
}

fn publish(held: &Held<'_>, import: &Import) -> anyhow::Result<Option<Ended>> {
    let (id, job, owner, by) = (import.id, held.job.id, held.owner.to_string(), importer(held, import)?);
    held.store.write(move |tx| {
        jobs::progress(tx, job, &owner, "publish", 1, 1)?;
        imports::raise_accession_counters(tx, id)?;
        imports::publish(tx, id)?;
        let line = by.line("import", tx.now).outcome("published").note(format!("import {id}"));
        tx.audit(line);
        Ok::<(), StoreError>(())
    })?;
    Ok(None)
}

fn change_all(held: &Held<'_>, import: &Import) -> anyhow::Result<Option<Ended>> {
    let head: Head = serde_json::from_str(&import.root).context("reading the file's head")?;
    let root = root_of(&head)?;
    let options: Options = serde_json::from_str(&import.options).context("reading the import's options")?;
    let by = importer(held, import)?;
    let snippets = Snippets::of(&root, &ReadOptions { check_codes: false, ..ReadOptions::import() });
    let mut unpacking = Unpacking::new();
    let mut after = 0;
    loop {
        let sources = imports::unsettled(
            &mut *held.store.reading()?,
            import.id,
            [Verdict::Changed, Verdict::Changed],
            after,
            20,
        )?;
        let Some(last) = sources.last() else { break };
        after = last.ordinal;
        let mut ready = Vec::with_capacity(sources.len());
        for source in &sources {
            let bytes = unpacking.unpack(&source.received)?;
            let patient = snippets.read(&bytes).map_err(|fatal| anyhow::anyhow!("{fatal}"))?.0;
            ready.push((source.id, arrived(&patient, &root)));
        }
        let (job, owner, by, on_change, id) =
            (held.job.id, held.owner.to_string(), by.clone(), options.on_change, import.id);
        held.store.write(move |tx| {
            jobs::progress(tx, job, &owner, "change", after, 0)?;
            for (source, arrived) in &ready {
                differ::settle(tx, &by, id, *source, arrived, on_change)?;
            }
            let line = by.line("import", tx.now).note(format!("import {id} changes to patient {after}"));
            tx.audit(line);
            Ok::<(), StoreError>(())
        })?;
        if held.should_stop() {
            return Ok(Some(Ended::LeftOff));
        }
    }
    let (id, counts) = (import.id, serde_json::to_string(&counts(held, import)?)?);
    let kinds = problem_kinds(held, import)?;
    let done = counts.clone();
    held.store.write(move |tx| {
        imports::set_counts(tx, id, &counts, &kinds)?;
        imports::set_state(tx, id, "done", None)
    })?;
    Ok(Some(Ended::Done(done)))
}

fn problem_kinds(held: &Held<'_>, import: &Import) -> anyhow::Result<String> {
    let mut kinds = BTreeMap::new();
    for group in imports::problem_groups(&mut *held.store.reading()?, import.id)? {
        *kinds.entry(group.kind).or_insert(0) += group.times;
    }
    Ok(serde_json::to_string(&kinds)?)
}

/// What an import came to so far.
fn counts(held: &Held<'_>, import: &Import) -> anyhow::Result<Counts> {
    let mut conn = held.store.reading()?;
    let mut counts = Counts { patients: imports::staged_patients(&mut conn, import.id)?, ..Counts::default() };
    for row in imports::verdict_counts(&mut conn, import.id)? {
        let tumors = match row.verdict.as_str() {
            "added" => &mut counts.added,
            "replaced" => &mut counts.changed,
            "unchanged" => &mut counts.unchanged,
            "review" | "ignored" | "changed" => &mut counts.review,
            "refused" => &mut counts.refused,
            _ => continue,
        };
        *tumors += row.times;
    }
    counts.tumors = counts.added + counts.changed + counts.unchanged + counts.review + counts.refused;
    counts.problems = imports::problem_groups(&mut conn, import.id)?.iter().map(|g| g.times).sum();
    Ok(counts)
}

fn as_i64(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn as_row(problem: crate::naaccr::Problem) -> ImportProblem {
    ImportProblem {
        id: 0,
        kind: problem.kind.name().into(),
        severity: problem.severity.name().into(),
        line: Some(as_i64(problem.line)),
        col: Some(as_i64(problem.column)),
        patient: problem.patient.map(as_i64),
        tumor: problem.tumor.map(i64::from),
        item: problem.item,
        number: problem.number.map(|n| i64::from(n.0)),
        value: problem.value,
        message: problem.message,
    }
}

fn fatal_row(fatal: &Fatal) -> ImportProblem {
    ImportProblem {
        severity: Severity::Error.name().into(),
        line: fatal.line.map(as_i64),
        col: fatal.column.map(as_i64),
        patient: fatal.patient.map(as_i64),
        ..note_row(fatal.kind.name(), &fatal.message)
    }
}

fn note_row(kind: &str, message: &str) -> ImportProblem {
    ImportProblem {
        id: 0,
        kind: kind.into(),
        severity: "note".into(),
        line: None,
        col: None,
        patient: None,
        tumor: None,
        item: None,
        number: None,
        value: None,
        message: message.into(),
    }
}

//! `accession submit` and `accession submissions`: batches for recipients, and what was sent.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use chrono::NaiveDate;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::Outcome;
use super::database::{Database, see_through};
use super::export::Aside;
use crate::registry::store::files::FileReader;
use crate::registry::store::submissions::{self as rows, Batch, BatchFile, Line, Shown};
use crate::registry::store::{By, Store, facility};
use crate::submission::answer::{self, Rest};
use crate::submission::gate::Tally;
use crate::submission::look::Look;
use crate::submission::sending::{Sending, recipient};
use crate::submission::submit_job::{Wanted, begin};

/// Makes a batch of what is waiting for a recipient
#[derive(Debug, Args)]
pub struct Submit {
    #[command(flatten)]
    database: Database,
    /// Recipient: state-central, ncdb, npcr-12, npcr-24, seer, naaccr-cfd, interstate, or one of your own
    #[arg(long, value_name = "NAME")]
    recipient: String,
    /// Only this facility (540)
    #[arg(long, value_name = "ID")]
    facility: Option<String>,
    /// Tell what would go; nothing is written
    #[arg(long)]
    dry_run: bool,
    /// The day it is made for; today unless given
    #[arg(long, value_name = "DATE", env = "ACCESSION_AS_OF")]
    as_of: Option<NaiveDate>,
    /// Time of the files, ISO 8601; now unless given
    #[arg(long)]
    time: Option<String>,
    /// The batch this one corrects
    #[arg(long, value_name = "BATCH")]
    corrects: Option<i64>,
    /// Folder for the files
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

impl Submit {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<Outcome> {
        if let Some(out) = &self.out
            && !out.is_dir()
        {
            bail!("{} is no folder; make it first", out.display());
        }
        let store = self.database.open()?;
        let by = By::system("accession submit");
        let facility = match &self.facility {
            None => None,
            Some(number) => {
                let found = facility::facility_by_number(&mut *store.reading()?, number)?;
                Some(found.with_context(|| format!("there is no facility {number}"))?.id)
            }
        };
        if self.dry_run {
            return self.dry(&store, &by, facility);
        }
        let unfinished = unfinished(&store, &by, &self.recipient, facility)?;
        let (batch, job) = match unfinished {
            // What a killed run left is carried to its end first; it is what was asked.
            Some(left) => (left.id, left.job_id.context("the batch has no job")?),
            None => {
                let wanted = Wanted {
                    recipient: self.recipient.clone(),
                    facility,
                    as_of: self.as_of,
                    time: self.time.clone(),
                    corrects: self.corrects,
                    through: true,
                };
                begin(&store, &by, &wanted)?
            }
        };
        let job = see_through(&store, job)?;
        if job.state == "failed" {
            bail!("{}", job.message.unwrap_or_else(|| "the batch was not made".into()));
        }
        let made = rows::batch(&mut *store.reading()?, &by, batch)?;
        let files = match made.state.as_str() {
            "sent" | "answered" => written(&store, &made, self.out.as_deref())?,
            _ => vec![],
        };
        if made.state == "to-sign" {
            eprintln!(
                "Batch {batch} waits for the signature of a second person; afterwards: accession submissions resend {batch} --out DIR"
            );
        }
        let blocked = blocked_of(&store, batch)?;
        let mut conn = store.reading()?;
        let mut counts: BTreeMap<String, i64> = BTreeMap::new();
        for counted in rows::counted(&mut conn, batch)?.into_iter().filter(|c| c.blocked == 0) {
            *counts.entry(counted.kind).or_default() += counted.n;
        }
        let empty = made.state == "empty";
        let batch = if empty { Value::Null } else { json!(batch.to_string()) };
        self.tell(&batch, &counts, &blocked, &files)?;
        let found = !blocked.is_empty() || made.state == "to-sign";
        Ok(if found { Outcome::Found } else { Outcome::Done })
    }

    fn dry(&self, store: &Store, by: &By, facility: Option<i64>) -> anyhow::Result<Outcome> {
        let mut conn = store.reading()?;
        let profile = recipient(&mut conn, &self.recipient)?;
        let as_of = self.as_of.unwrap_or_else(|| store.clock().now().date_naive());
        let sending = Sending::prepare(&mut conn, profile, as_of)?;
        let mut look = Look::begin(&mut conn, &sending, by, facility, Tally::default())?;
        let mut blocked = Vec::new();
        let mut keep = |lines: &[Line]| {
            let left = lines.iter().filter_map(|l| Some((l.tumor, l.abstract_, l.blocked.clone()?)));
            blocked.extend(left.map(|(tumor, abstract_, why)| blocked_line(tumor, abstract_, &why)));
        };
        let mut after = 0;
        while let Some((last, page)) = look.page(&mut conn, after, 400)? {
            after = last;
            keep(&page.lines);
        }
        keep(&look.finish(&mut conn)?);
        let counts = look.tally.goes.clone();
        self.tell(&Value::Null, &counts, &blocked, &[])?;
        Ok(if blocked.is_empty() { Outcome::Done } else { Outcome::Found })
    }

    fn tell(
        &self,
        batch: &Value,
        counts: &BTreeMap<String, i64>,
        blocked: &[Value],
        files: &[Value],
    ) -> anyhow::Result<()> {
        let n = |kind: &str| counts.get(kind).copied().unwrap_or(0);
        if self.json {
            let mut answer = json!({
                "batch": batch, "recipient": self.recipient, "new": n("new"), "changed": n("changed"),
                "follow_up_only": n("follow-up-only"), "withdrawn": n("withdrawn"), "same": n("same"),
                "blocked": blocked, "files": files,
            });
            if batch.is_null()
                && let Some(object) = answer.as_object_mut()
            {
                object.remove("batch");
            }
            println!("{answer}");
            return Ok(());
        }
        let shown = batch.as_str().map_or_else(|| "no batch".to_string(), |id| format!("batch {id}"));
        println!(
            "{}: {shown}; {} new, {} changed, {} follow-up only, {} the same, {} withdrawn, {} stay behind",
            self.recipient,
            n("new"),
            n("changed"),
            n("follow-up-only"),
            n("same"),
            n("withdrawn"),
            blocked.len()
        );
        for one in blocked.iter().take(20) {
            println!(
                "  stays behind: tumor {}: {}",
                one["tumor"].as_str().unwrap_or(""),
                one["reason"].as_str().unwrap_or("")
            );
        }
        for file in files {
            println!("  {} {}", file["path"].as_str().unwrap_or(""), file["sha256"].as_str().unwrap_or(""));
        }
        Ok(())
    }
}

fn unfinished(store: &Store, by: &By, recipient: &str, facility: Option<i64>) -> anyhow::Result<Option<Batch>> {
    let newest = rows::batches(&mut *store.reading()?, by, recipient, 50)?;
    let working = |b: &Batch| matches!(b.state.as_str(), "gate" | "making" | "entering");
    let own = |b: &Batch| b.made_by == by.asker.login && b.facility_id == facility;
    Ok(newest.into_iter().find(|b| working(b) && own(b)))
}

fn blocked_line(tumor: i64, abstract_: i64, reason: &str) -> Value {
    let mut line = json!({"tumor": tumor.to_string(), "reason": reason});
    if abstract_ > 0
        && let Some(object) = line.as_object_mut()
    {
        object.insert("abstract".into(), json!(abstract_.to_string()));
    }
    line
}

fn blocked_of(store: &Store, batch: i64) -> anyhow::Result<Vec<Value>> {
    let shown = Shown { blocked: true, ..Shown::default() };
    let (mut all, mut skip) = (Vec::new(), 0);
    loop {
        let lines = rows::lines(&mut *store.reading()?, batch, &shown, skip, 1_000)?;
        if lines.is_empty() {
            return Ok(all);
        }
        skip += i64::try_from(lines.len())?;
        all.extend(lines.iter().map(|l| blocked_line(l.tumor_id, l.abstract_id, l.blocked.as_deref().unwrap_or(""))));
    }
}

/// Writes the files of a batch into a folder, each aside, synced and renamed; without a folder only tells of them.
fn written(store: &Store, batch: &Batch, out: Option<&Path>) -> anyhow::Result<Vec<Value>> {
    let files: Vec<BatchFile> = rows::files(&mut *store.reading()?, batch.id)?;
    let mut told = Vec::new();
    for file in files {
        let mut one = json!({
            "type": file.record_type, "name": file.name, "patients": file.patients, "tumors": file.tumors, "bytes": file.bytes, "sha256": file.sha256,
        });
        if let Some(folder) = out {
            let id = file.file_id.with_context(|| {
                format!("{} of batch {} is no longer kept; its days were over", file.name, batch.id)
            })?;
            let path = folder.join(&file.name);
            let mut aside = Aside::begin(&path)?;
            let mut reader = FileReader::open(store, id);
            while let Some(piece) = reader.next_piece()? {
                aside.write_all(&piece).with_context(|| format!("{} cannot be written", path.display()))?;
            }
            let (_, sha256) = aside.finish()?;
            if sha256 != file.sha256 {
                std::fs::remove_file(&path).with_context(|| format!("removing {}", path.display()))?;
                bail!("{} is damaged in the database; it was not written", file.name);
            }
            one["path"] = json!(path.display().to_string());
        }
        told.push(one);
    }
    if out.is_some() {
        let (by, id) = (By::system("accession submissions"), batch.id);
        let line = by.line("export", store.clock().now()).note(format!("files of batch {id} written out"));
        store.audit(line)?;
    }
    Ok(told)
}

/// What was sent to whom
#[derive(Debug, Subcommand)]
pub enum Submissions {
    /// The batches, newest first.
    List {
        #[command(flatten)]
        database: Database,
        /// Of one recipient
        #[arg(long, default_value = "")]
        recipient: String,
        /// A JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// One batch: counts, files, answer.
    Show {
        /// The batch
        batch: i64,
        #[command(flatten)]
        database: Database,
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
    /// The files of a batch again, byte for byte.
    Resend {
        /// The batch
        batch: i64,
        #[command(flatten)]
        database: Database,
        /// Folder for the files
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
    /// Loads the recipient's answer: a table of cases with what came of each.
    Ack {
        /// The batch
        batch: i64,
        /// The table (CSV)
        file: PathBuf,
        #[command(flatten)]
        database: Database,
        /// Their columns for ours: accession=Acc No,outcome=Status
        #[arg(long, default_value = "", value_name = "OURS=THEIRS,…")]
        columns: String,
        /// The cases the table does not name were accepted: the recipient lists rejects only
        #[arg(long)]
        rest_accepted: bool,
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
}

impl Submissions {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<Outcome> {
        let by = By::system("accession submissions");
        match self {
            Submissions::List { database, recipient, json } => {
                let store = database.open()?;
                for batch in rows::batches(&mut *store.reading()?, &by, &recipient, 10_000)? {
                    let counts = counts(&store, batch.id)?;
                    match json {
                        true => println!("{}", shown(&batch, &counts)),
                        false => println!(
                            "{:6}  {:16}  {:10}  {}  {}  {}",
                            batch.id,
                            batch.recipient,
                            batch.state,
                            batch.made_at.get(..10).unwrap_or_default(),
                            batch.made_by,
                            counts
                        ),
                    }
                }
                Ok(Outcome::Done)
            }
            Submissions::Show { batch, database, json } => {
                let store = database.open()?;
                let stands = rows::batch(&mut *store.reading()?, &by, batch)
                    .with_context(|| format!("there is no batch {batch}"))?;
                let mut whole = shown(&stands, &counts(&store, batch)?);
                whole["files"] = serde_json::to_value(rows::files(&mut *store.reading()?, batch)?)?;
                whole["blocked"] = Value::Array(blocked_of(&store, batch)?);
                match json {
                    true => println!("{whole}"),
                    false => println!("{}", serde_json::to_string_pretty(&whole)?),
                }
                Ok(Outcome::Done)
            }
            Submissions::Resend { batch, database, out, json } => {
                if !out.is_dir() {
                    bail!("{} is no folder; make it first", out.display());
                }
                let store = database.open()?;
                let stands = rows::batch(&mut *store.reading()?, &by, batch)
                    .with_context(|| format!("there is no batch {batch}"))?;
                if !matches!(stands.state.as_str(), "sent" | "answered") {
                    bail!("batch {batch} was not sent (it is {}); nothing was written", stands.state);
                }
                let files = written(&store, &stands, Some(&out))?;
                match json {
                    true => println!("{}", json!({"batch": batch.to_string(), "files": files})),
                    false => files.iter().for_each(|f| println!("{}", f["path"].as_str().unwrap_or(""))),
                }
                Ok(Outcome::Done)
            }
            Submissions::Ack { batch, file, database, columns, rest_accepted, json } => {
                let store = database.open()?;
                let mapping = answer::mapping(&columns).map_err(|why| anyhow::anyhow!("--columns: {why}"))?;
                let table = std::fs::File::open(&file).with_context(|| format!("{} cannot be read", file.display()))?;
                let rest = if rest_accepted { Rest::Accepted } else { Rest::Unanswered };
                let loaded = answer::load(&store, &by, batch, table, &mapping, rest)?;
                match json {
                    true => println!("{}", serde_json::to_string(&loaded)?),
                    false => {
                        println!(
                            "batch {batch}: {} accepted, {} rejected, {} without an answer",
                            loaded.accepted, loaded.rejected, loaded.unanswered
                        );
                        loaded.problems.iter().for_each(|p| println!("  line {}: {}", p.line, p.reason));
                    }
                }
                let found = loaded.rejected > 0 || !loaded.problems.is_empty();
                Ok(if found { Outcome::Found } else { Outcome::Done })
            }
        }
    }
}

fn counts(store: &Store, batch: i64) -> anyhow::Result<Value> {
    let mut all = json!({"new": 0, "changed": 0, "follow_up_only": 0, "same": 0, "withdrawn": 0, "blocked": 0, "accepted": 0, "rejected": 0});
    let mut add = |key: &str, n: i64| {
        let key = key.replace('-', "_");
        all[key.as_str()] = json!(all[key.as_str()].as_i64().unwrap_or(0) + n);
    };
    for counted in rows::counted(&mut *store.reading()?, batch)? {
        match counted.blocked {
            0 => add(&counted.kind, counted.n),
            _ => add("blocked", counted.n),
        }
        if !counted.verdict.is_empty() {
            add(&counted.verdict, counted.n);
        }
    }
    Ok(all)
}

fn shown(batch: &Batch, counts: &Value) -> Value {
    let mut whole = serde_json::to_value(batch).unwrap_or_default();
    whole["batch"] = json!(batch.id.to_string());
    if let Some(object) = whole.as_object_mut() {
        object.remove("id");
        object.retain(|_, value| !value.is_null());
    }
    whole["counts"] = counts.clone();
    whole
}

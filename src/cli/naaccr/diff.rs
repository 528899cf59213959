//! `accession naaccr diff`: what differs between two files, patient by patient and item by item.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use serde_json::{Value, json};

use crate::cli::Outcome;
use crate::cli::naaccr::reading::Reading;
use crate::naaccr::{Items, Patient, ReadOptions, Reader, patient_digest};

/// Says what differs between two files. Patients are found by their number (20), tumors by theirs (60), else by their
/// order; the order of patients and items does not count. Both files are read twice.
#[derive(Debug, Args)]
pub(in crate::cli) struct Diff {
    /// The file before.
    before: PathBuf,
    /// The file after.
    after: PathBuf,
    /// How many differing patients are shown item by item; all are counted.
    #[arg(long, default_value_t = 1000)]
    most: usize,
    /// Print one JSON object a difference.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    reading: Reading,
}

/// One difference: the patient, the tumor if it is one's, the item, both values.
struct Difference {
    patient: String,
    tumor: Option<String>,
    item: String,
    before: Option<String>,
    after: Option<String>,
}

impl Diff {
    pub(in crate::cli) fn run(self) -> anyhow::Result<Outcome> {
        let options = self.reading.options()?;
        if [&self.before, &self.after].iter().any(|p| p.as_os_str() == "-") {
            bail!("both files are read twice, so neither can be standard input");
        }
        let mut before: HashMap<String, String> = HashMap::new();
        each(&self.reading, &self.before, &options, |key, patient| {
            before.insert(key, patient_digest(patient));
        })?;
        let (mut same, mut added, mut differing) = (0u64, Vec::new(), Vec::new());
        each(&self.reading, &self.after, &options, |key, patient| match before.remove(&key) {
            Some(digest) if digest == patient_digest(patient) => same += 1,
            Some(_) => differing.push(key),
            None => added.push(key),
        })?;
        let mut removed: Vec<String> = before.into_keys().collect();
        removed.sort();
        for (change, keys) in [("patient-removed", &removed), ("patient-added", &added)] {
            for key in keys {
                if self.json {
                    println!("{}", json!({"change": change, "patient": key}));
                } else {
                    println!("{change} {key}");
                }
            }
        }
        self.print_items(&options, &differing)?;
        let text = format!(
            "{same} patients the same, {} differ, {} only before, {} only after",
            differing.len(),
            removed.len(),
            added.len()
        );
        if self.json {
            println!(
                "{}",
                json!({"summary": {"same": same, "differing": differing.len(), "removed": removed.len(), "added": added.len()}})
            );
        } else {
            println!("{text}");
        }
        let is_same = differing.is_empty() && removed.is_empty() && added.is_empty();
        Ok(if is_same { Outcome::Done } else { Outcome::Found })
    }

    fn print_items(&self, options: &ReadOptions, differing: &[String]) -> anyhow::Result<()> {
        let shown: HashMap<&str, ()> = differing.iter().take(self.most).map(|key| (key.as_str(), ())).collect();
        let mut first: BTreeMap<String, Patient> = BTreeMap::new();
        each(&self.reading, &self.before, options, |key, patient| {
            if shown.contains_key(key.as_str()) {
                first.insert(key, patient.clone());
            }
        })?;
        each(&self.reading, &self.after, options, |key, patient| {
            let Some(before) = first.remove(&key) else { return };
            for d in differences(&key, &before, patient) {
                self.print(&d);
            }
        })
    }

    fn print(&self, d: &Difference) {
        if !self.json {
            let tumor = d.tumor.as_deref().map(|t| format!(" tumor {t}")).unwrap_or_default();
            let value = |v: &Option<String>| v.as_ref().map_or("nothing".to_owned(), |v| format!("{v:?}"));
            println!("patient {}{tumor} {}: {} -> {}", d.patient, d.item, value(&d.before), value(&d.after));
            return;
        }
        let mut object = json!({"change": "item", "patient": d.patient, "item": d.item});
        for (name, value) in [("tumor", &d.tumor), ("before", &d.before), ("after", &d.after)] {
            if let Some(value) = value {
                object[name] = Value::String(value.clone());
            }
        }
        println!("{object}");
    }
}

/// Reads a file and gives each patient with what it is found by.
fn each(
    reading: &Reading,
    path: &Path,
    options: &ReadOptions,
    mut take: impl FnMut(String, &Patient),
) -> anyhow::Result<()> {
    let name = || path.display().to_string();
    let mut reader = Reader::open(reading.open(path)?, options).with_context(name)?;
    let mut times: HashMap<String, u64> = HashMap::new();
    let mut patient = Patient::default();
    while reader.read_patient(&mut patient).with_context(name)? {
        let number = patient.items.get("patientIdNumber").unwrap_or("").to_owned();
        let n = times.entry(number.clone()).or_default();
        *n += 1;
        // A number that occurs again, or none, is told apart by its order.
        let key = if *n == 1 && !number.is_empty() { number } else { format!("{number}#{n}") };
        take(key, &patient);
    }
    Ok(())
}

fn differences(key: &str, before: &Patient, after: &Patient) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(key, None, &before.items, &after.items, &mut found);
    let none = Items::default();
    let keyed = |patient: &Patient| -> Vec<(String, Items)> {
        let mut times: HashMap<String, u64> = HashMap::new();
        let number = |items: &Items| items.get("tumorRecordNumber").unwrap_or("").to_owned();
        let mut key = |items: &Items| {
            let n = times.entry(number(items)).or_default();
            *n += 1;
            if *n == 1 && !number(items).is_empty() { number(items) } else { format!("{}#{n}", number(items)) }
        };
        patient.tumors.iter().map(|t| (key(&t.items), t.items.clone())).collect()
    };
    let (one, mut other) = (keyed(before), keyed(after));
    for (tumor, items) in &one {
        match other.iter().position(|(key, _)| key == tumor) {
            Some(n) => compare(key, Some(tumor), items, &other.remove(n).1, &mut found),
            None => compare(key, Some(tumor), items, &none, &mut found),
        }
    }
    for (tumor, items) in &other {
        compare(key, Some(tumor), &none, items, &mut found);
    }
    found
}

fn compare(key: &str, tumor: Option<&str>, before: &Items, after: &Items, found: &mut Vec<Difference>) {
    let mut add = |item: &str, before: Option<&str>, after: Option<&str>| {
        found.push(Difference {
            patient: key.to_owned(),
            tumor: tumor.map(str::to_owned),
            item: item.to_owned(),
            before: before.map(str::to_owned),
            after: after.map(str::to_owned),
        });
    };
    for entry in before.iter() {
        let other = after.get(entry.id);
        if other != Some(entry.value) {
            add(entry.id, Some(entry.value), other);
        }
    }
    for entry in after.iter() {
        if before.get(entry.id).is_none() {
            add(entry.id, None, Some(entry.value));
        }
    }
}

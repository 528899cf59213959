//! `accession naaccr stats`: how each item of a file is filled.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use serde_json::json;

use crate::cli::Outcome;
use crate::cli::naaccr::reading::Reading;
use crate::naaccr::{Items, Patient, Reader, super_dictionary};

/// How many different values of an item are counted one by one.
const MOST: usize = 1000;

/// Says how often each item is filled, how many different values it has and which are the most frequent.
#[derive(Debug, Args)]
pub(in crate::cli) struct Stats {
    /// The file, or `-` for standard input.
    file: PathBuf,
    /// How many of the most frequent values are named. None are named of items that name a person.
    #[arg(long, default_value_t = 5)]
    top: usize,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    reading: Reading,
}

#[derive(Debug, Default)]
struct Filled {
    times: u64,
    longest: usize,
    values: HashMap<String, u64>,
    many: bool,
}

impl Stats {
    pub(in crate::cli) fn run(self) -> anyhow::Result<Outcome> {
        let options = self.reading.options()?;
        let name = || self.file.display().to_string();
        let mut reader = Reader::open(self.reading.open(&self.file)?, &options).with_context(name)?;
        let mut all: BTreeMap<String, Filled> = BTreeMap::new();
        count(&reader.root().items, &mut all);
        let (mut patients, mut tumors) = (0u64, 0u64);
        let mut patient = Patient::default();
        while reader.read_patient(&mut patient).with_context(name)? {
            patients += 1;
            tumors += patient.tumors.len() as u64;
            count(&patient.items, &mut all);
            for tumor in &patient.tumors {
                count(&tumor.items, &mut all);
            }
        }
        let number = |id: &str| super_dictionary().by_id(id).and_then(|item| item.number).map(|n| n.0);
        let mut rows: Vec<(&String, &Filled)> = all.iter().collect();
        rows.sort_by_key(|(id, _)| (number(id).unwrap_or(u32::MAX), id.as_str()));
        if self.json {
            let items: Vec<_> = rows.iter().map(|(id, filled)| self.object(id, number(id), filled)).collect();
            println!("{}", json!({"patients": patients, "tumors": tumors, "items": items}));
            return Ok(Outcome::Done);
        }
        println!("{patients} patients, {tumors} tumors");
        for (id, filled) in rows {
            let number = number(id).map(|n| n.to_string()).unwrap_or_default();
            let top: Vec<String> = self.top(id, filled).into_iter().map(|(v, n)| format!("{v} ({n})")).collect();
            let distinct = format!("{}{}", filled.values.len(), if filled.many { "+" } else { "" });
            println!("{number:>6} {id:32} {:>9} filled {distinct:>6} different  {}", filled.times, top.join(", "));
        }
        Ok(Outcome::Done)
    }

    /// The most frequent values, unless they would name a person or be read as a text.
    fn top(&self, id: &str, filled: &Filled) -> Vec<(String, u64)> {
        let section = super_dictionary().by_id(id).map_or("", |item| item.section);
        let is_personal = section.ends_with("-Confidential") || section.starts_with("Text-") || section.is_empty();
        if is_personal || filled.many {
            return Vec::new();
        }
        let mut values: Vec<_> = filled.values.iter().map(|(v, n)| (v.clone(), *n)).collect();
        values.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        values.truncate(self.top);
        values
    }

    fn object(&self, id: &str, number: Option<u32>, filled: &Filled) -> serde_json::Value {
        let top: Vec<_> = self.top(id, filled).into_iter().map(|(v, n)| json!({"value": v, "count": n})).collect();
        let mut object = json!({
            "item": id,
            "filled": filled.times,
            "longest": filled.longest,
            "distinct": filled.values.len(),
            "distinct_is_more": filled.many,
            "top": top,
        });
        if let Some(number) = number {
            object["number"] = json!(number);
        }
        object
    }
}

fn count(items: &Items, all: &mut BTreeMap<String, Filled>) {
    for entry in items.iter() {
        if !all.contains_key(entry.id) {
            all.insert(entry.id.to_owned(), Filled::default());
        }
        let Some(filled) = all.get_mut(entry.id) else { continue };
        filled.times += 1;
        filled.longest = filled.longest.max(entry.value.chars().count());
        if let Some(times) = filled.values.get_mut(entry.value) {
            *times += 1;
        } else if filled.values.len() < MOST && entry.value.len() <= 80 {
            filled.values.insert(entry.value.to_owned(), 1);
        } else {
            filled.many = true;
        }
    }
}

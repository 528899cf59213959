//! `accession naaccr inspect`: what a file holds and what is wrong with it.

use std::path::PathBuf;

use clap::Args;

use crate::cli::Outcome;
use crate::cli::naaccr::json::{Seen, print_grouped};
use crate::cli::naaccr::reading::Reading;
use crate::naaccr::{Fatal, Patient, ReadOptions, Reader};

/// Reads a file and says what it holds and what is wrong with it.
#[derive(Debug, Args)]
pub(in crate::cli) struct Inspect {
    /// The file, or `-` for standard input.
    file: PathBuf,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    reading: Reading,
}

impl Inspect {
    pub(in crate::cli) fn run(self) -> anyhow::Result<Outcome> {
        let options = self.reading.options()?;
        let mut seen = Seen::default();
        let input = match self.reading.open(&self.file) {
            Ok(input) => input,
            Err(error) if self.json => {
                seen.fatal = Some(Fatal::unreadable(format!("{error:#}")));
                println!("{}", serde_json::Value::Object(seen.json()));
                return Err(error);
            }
            Err(error) => return Err(error),
        };
        if let Err(fatal) = read(input, &options, &mut seen) {
            seen.fatal = Some(fatal);
        }
        if self.json {
            println!("{}", serde_json::Value::Object(seen.json()));
        } else {
            print(&seen);
        }
        Ok(match (&seen.fatal, seen.outcome()) {
            (Some(fatal), _) => {
                eprintln!("accession: {}: {fatal}", self.file.display());
                Outcome::NotDone
            }
            (None, "ok") => Outcome::Done,
            _ => Outcome::Found,
        })
    }
}

/// Reads a whole file into what is said about it.
fn read(input: Box<dyn std::io::Read + Send>, options: &ReadOptions, seen: &mut Seen) -> Result<(), Fatal> {
    let mut reader = Reader::open(input, options)?;
    seen.root(reader.root());
    let mut patient = Patient::default();
    let stopped = loop {
        match reader.read_patient(&mut patient) {
            Ok(true) => seen.patient(&patient),
            Ok(false) => break None,
            Err(fatal) => break Some(fatal),
        }
    };
    seen.problems(reader.problems());
    stopped.map_or(Ok(()), Err)
}

fn print(seen: &Seen) {
    if let Some(root) = &seen.root {
        println!("version        {}", root.version);
        println!("record type    {}", root.record_type);
        println!("dictionaries   {}", root.user_dictionary_uris.join(" "));
        println!("made           {}", root.time_generated.as_deref().unwrap_or("not said"));
    }
    println!("patients       {}", seen.patients);
    println!("tumors         {}", seen.tumors);
    println!("items          {}", seen.items);
    println!("extensions     {}", seen.extensions);
    println!("digest         {}", seen.digest.clone().finish());
    let total: u64 = seen.counts.iter().map(|(_, n)| n).sum();
    println!("problems       {total}");
    print_grouped(&seen.problems);
}

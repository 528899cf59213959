//! `accession naaccr convert`: a file in another form, version or record type.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use serde_json::json;

use crate::cli::Outcome;
use crate::cli::naaccr::json::{Seen, lost, print_grouped, repair, repair_counts};
use crate::cli::naaccr::reading::{Reading, Repairing};
use crate::cli::naaccr::target::{Sink, Target};
use crate::naaccr::{
    ControlCharacters, Conversion, Fatal, Form, Lost, Mode, Patient, ReadOptions, Reader, RecordType, RecordWriter,
    Repair, Repairs, Root, Specification, Unknown, Version, WriteOptions, Written,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum To {
    Xml,
    Fixed,
    Csv,
    Jsonl,
    Parquet,
}

impl To {
    fn form(self) -> Form {
        match self {
            To::Xml => Form::Xml,
            To::Fixed => Form::Fixed,
            To::Csv => Form::Csv,
            To::Jsonl => Form::JsonLines,
            To::Parquet => Form::Parquet,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Characters {
    Drop,
    Error,
}

/// Writes a file in another form, version or record type.
#[derive(Debug, Args)]
pub(in crate::cli) struct Convert {
    /// The file to read, or `-` for standard input.
    input: PathBuf,
    /// The file to write, or `-` for standard output. A name that ends in `.gz` or `.zst` is packed.
    output: PathBuf,
    /// The form to write.
    #[arg(long, value_enum, default_value = "xml")]
    to: To,
    /// The version to write, 140 to 260; that of the input if not given.
    #[arg(long)]
    version: Option<String>,
    /// The record type to write; that of the input if not given.
    #[arg(long = "type")]
    record_type: Option<String>,
    /// Write the number beside each id.
    #[arg(long)]
    item_numbers: bool,
    /// Sort items by id.
    #[arg(long)]
    alphabetical: bool,
    /// Pad all-digit values with zeros where the dictionary says so.
    #[arg(long)]
    zero_pad: bool,
    /// Cut values at their item's length and report each cut.
    #[arg(long)]
    report_too_long: bool,
    /// What becomes of characters XML does not allow.
    #[arg(long, value_enum, default_value = "drop")]
    control_characters: Characters,
    /// End lines with CR LF.
    #[arg(long)]
    crlf: bool,
    /// The specification written in the root.
    #[arg(long, default_value = "1.8")]
    specification: String,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    repairing: Repairing,
    #[command(flatten)]
    reading: Reading,
}

/// How a file is read and written.
struct Plan {
    options: ReadOptions,
    writing: WriteOptions,
    version: Option<Version>,
    record_type: Option<RecordType>,
}

/// What came of it.
struct Done {
    written: Written,
    lost: Vec<Lost>,
    sink: Sink,
}

impl Convert {
    pub(in crate::cli) fn run(self) -> anyhow::Result<Outcome> {
        let version = match &self.version {
            Some(text) => Some(Version::parse(text).with_context(|| {
                format!("{text:?} is no version; use one of {}", Version::ALL.map(|v| v.to_string()).join(" "))
            })?),
            None => None,
        };
        let record_type = match &self.record_type {
            Some(text) => Some(
                text.parse::<RecordType>()
                    .map_err(|()| anyhow::anyhow!("{text:?} is no record type; use A, M, C or I"))?,
            ),
            None => None,
        };
        let mut options = self.reading.options()?;
        if options.mode == Mode::Strict {
            // The reference library rewrites files with attributes and declarations it does not use itself.
            options.relaxed_namespaces = true;
            // It does not judge values on the way either; that is what `inspect` is for.
            options.check_values = false;
        }
        options.zero_pad = self.zero_pad;
        options.keep_control_characters = self.control_characters == Characters::Error;
        self.repairing.prepare(&mut options);
        let plan = Plan { writing: self.writing(&options)?, options, version, record_type };
        let mut seen = Seen::default();
        let same = self.output.as_os_str() != "-"
            && self.output.canonicalize().is_ok_and(|o| Some(o) == self.input.canonicalize().ok());
        if same {
            bail!("{} would be read and written at once; name another file to write", self.output.display());
        }
        let input = self.reading.open(&self.input)?;
        let target = Target::new(&self.output)?;
        let mut repairs = Repairs::new(Version::NEWEST, &[], &[], 0);
        let (written, lost) = match self.convert(input, &plan, &mut seen, &mut repairs, &target) {
            Ok(done) => {
                target.commit(done.sink)?;
                (done.written, done.lost)
            }
            Err(fatal) => {
                seen.fatal = Some(fatal);
                (Written::default(), Vec::new())
            }
        };
        let is_clean = lost.is_empty() && repairs.counts().all(|(_, done, not_done)| done + not_done == 0);
        self.print(&seen, written, &lost, repairs);
        Ok(match (&seen.fatal, seen.outcome()) {
            (Some(fatal), _) => {
                eprintln!("accession: {}: {fatal}", self.input.display());
                Outcome::NotDone
            }
            (None, "ok") if is_clean => Outcome::Done,
            _ => Outcome::Found,
        })
    }

    fn writing(&self, options: &ReadOptions) -> anyhow::Result<WriteOptions> {
        let specification = Specification::parse(&self.specification)
            .with_context(|| format!("{:?} is no specification; use 1.0 to 1.8", self.specification))?;
        Ok(WriteOptions {
            item_numbers: self.item_numbers,
            alphabetical: self.alphabetical,
            zero_pad: self.zero_pad,
            cut_too_long: self.report_too_long || options.mode == Mode::Strict,
            report_too_long: self.report_too_long,
            control_characters: match self.control_characters {
                Characters::Drop => ControlCharacters::Drop,
                Characters::Error => ControlCharacters::Error,
            },
            crlf: self.crlf,
            specification,
            unknown: options.unknown,
            exclude: Default::default(),
            user_dictionaries: options.user_dictionaries.clone(),
        })
    }

    fn convert(
        &self,
        input: Box<dyn std::io::Read + Send>,
        plan: &Plan,
        seen: &mut Seen,
        repairs: &mut Repairs,
        target: &Target,
    ) -> Result<Done, Fatal> {
        let Plan { options, writing, version, record_type } = plan;
        // An unknown item stops the writer, not the reader, as the option says of what is written.
        let mut reading = options.clone();
        if reading.unknown == Unknown::Error {
            reading.unknown = Unknown::Report;
        }
        let mut reader = Reader::open(input, &reading)?;
        seen.root(reader.root());
        // Repairs come first, by the dictionary of the version the file is in.
        let kinds = &self.repairing.kinds;
        *repairs = Repairs::new(reader.root().version, kinds, &options.user_dictionaries, options.max_problems);
        let mut repaired_root = reader.root().clone();
        repairs.root(&mut repaired_root);
        let mut conversion = Conversion::new(reader.root(), *version, *record_type, &options.user_dictionaries);
        let root: Root = conversion.root(&repaired_root);
        let mut output = RecordWriter::new(self.to.form(), target.sink()?, &root, writing, |id| options.wants(id))?;
        let mut patient = Patient::default();
        let stopped = loop {
            match reader.read_patient(&mut patient) {
                Ok(true) => {
                    seen.patient(&patient);
                    repairs.patient(&mut patient);
                    conversion.patient(&mut patient);
                    if let Err(fatal) = output.write_patient(&patient) {
                        break Some(Fatal { patient: Some(patient.ordinal), ..fatal });
                    }
                }
                Ok(false) => break None,
                Err(fatal) => break Some(fatal),
            }
        };
        seen.problems(reader.problems());
        if let Some(fatal) = stopped {
            return Err(fatal);
        }
        let (written, mut lost, sink) = output.finish()?;
        lost.extend(conversion.lost());
        lost.sort_by(|a, b| (&a.item, a.reason).cmp(&(&b.item, b.reason)));
        Ok(Done { written, lost, sink })
    }

    fn print(&self, seen: &Seen, written: Written, losses: &[Lost], mut repairs: Repairs) {
        let repaired: Vec<Repair> = repairs.drain();
        if self.json {
            let mut object = seen.json();
            if seen.fatal.is_none() {
                let counts = json!({"patients": written.patients, "tumors": written.tumors, "bytes": written.bytes});
                object.insert("written".into(), counts);
            }
            object.insert("lost".into(), losses.iter().map(lost).collect());
            if !self.repairing.kinds.is_empty() {
                object.insert("repairs".into(), repaired.iter().map(repair).collect());
                object.insert("repair_counts".into(), repair_counts(&repairs));
            }
            self.say(&serde_json::Value::Object(object).to_string());
            return;
        }
        // A repair is told wherever the file goes.
        for one in &repaired {
            eprintln!("accession: {}: {one}", self.input.display());
        }
        for (kind, done, not_done) in repairs.counts() {
            eprintln!("repair {kind}: {done} done, {not_done} not");
        }
        if self.output.as_os_str() == "-" {
            return;
        }
        println!("written        {} patients, {} tumors, {} bytes", written.patients, written.tumors, written.bytes);
        for lost in losses {
            println!("not carried    {} {}: {} times", lost.item, lost.reason, lost.count);
        }
        print_grouped(&seen.problems);
    }

    /// Results go to standard output unless the file itself goes there.
    fn say(&self, text: &str) {
        if self.output.as_os_str() == "-" { eprintln!("{text}") } else { println!("{text}") }
    }
}

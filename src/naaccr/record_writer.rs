//! A writer of records in any of the forms.

use std::io::Write;

use crate::naaccr::fixed::FixedWriter;
use crate::naaccr::options::WriteOptions;
use crate::naaccr::parquet::ParquetWriter;
use crate::naaccr::problem::Fatal;
use crate::naaccr::record::{Patient, Root};
use crate::naaccr::tabular::{CsvWriter, JsonLinesWriter};
use crate::naaccr::writer::{Lost, Writer, Written};

/// The form of a file that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// NAACCR XML.
    Xml,
    /// Fixed columns, versions 12 to 18.
    Fixed,
    /// CSV, a row a tumor.
    Csv,
    /// JSON lines, a line a patient.
    JsonLines,
    /// Parquet, a row a tumor.
    Parquet,
}

impl Form {
    /// All forms.
    pub const ALL: [Form; 5] = [Form::Xml, Form::Fixed, Form::Csv, Form::JsonLines, Form::Parquet];

    /// The name on the command line and in forms.
    pub fn name(self) -> &'static str {
        match self {
            Form::Xml => "xml",
            Form::Fixed => "fixed",
            Form::Csv => "csv",
            Form::JsonLines => "jsonl",
            Form::Parquet => "parquet",
        }
    }

    /// The form of that name.
    pub fn named(name: &str) -> Option<Form> {
        Form::ALL.into_iter().find(|form| form.name() == name)
    }

    /// What the name of such a file ends in.
    pub fn ending(self) -> &'static str {
        match self {
            Form::Fixed => "txt",
            other => other.name(),
        }
    }
}

/// A writer of one file in one of the forms.
#[derive(Debug)]
pub struct RecordWriter<W: Write>(Inner<W>);

#[derive(Debug)]
enum Inner<W: Write> {
    Xml(Writer<W>),
    Fixed(Box<FixedWriter<W>>),
    Csv(Box<CsvWriter<W>>),
    JsonLines(JsonLinesWriter<W>),
    Parquet(Box<ParquetWriter<W>>),
}

impl<W: Write> RecordWriter<W> {
    /// Begins a file; `wanted` says which items have a column where there are columns.
    pub fn new(
        form: Form,
        output: W,
        root: &Root,
        options: &WriteOptions,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<RecordWriter<W>, Fatal> {
        let user = &options.user_dictionaries;
        Ok(RecordWriter(match form {
            Form::Xml => Inner::Xml(Writer::new(output, root, options)?),
            Form::Fixed => Inner::Fixed(Box::new(FixedWriter::new(output, root, options)?)),
            Form::Csv => Inner::Csv(Box::new(CsvWriter::new(output, root, user, wanted)?)),
            Form::JsonLines => Inner::JsonLines(JsonLinesWriter::new(output, root)),
            Form::Parquet => Inner::Parquet(Box::new(ParquetWriter::new(output, root, user, wanted)?)),
        }))
    }

    /// Writes one patient with all tumors.
    pub fn write_patient(&mut self, patient: &Patient) -> Result<(), Fatal> {
        match &mut self.0 {
            Inner::Xml(writer) => writer.write_patient(patient),
            Inner::Fixed(writer) => writer.write_patient(patient),
            Inner::Csv(writer) => writer.write_patient(patient),
            Inner::JsonLines(writer) => writer.write_patient(patient),
            Inner::Parquet(writer) => writer.write_patient(patient),
        }
    }

    /// Ends the file; gives how much was written, what was not, and the output.
    pub fn finish(self) -> Result<(Written, Vec<Lost>, W), Fatal> {
        match self.0 {
            Inner::Xml(writer) => writer.finish(),
            Inner::Fixed(writer) => writer.finish(),
            Inner::Csv(writer) => writer.finish(),
            Inner::JsonLines(writer) => writer.finish(),
            Inner::Parquet(writer) => writer.finish(),
        }
    }
}

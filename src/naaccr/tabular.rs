//! Writes records for other programs: CSV, a row a tumor, and JSON lines, a line a patient.
//!
//! In CSV the items of file and patient are repeated on each row; the columns are those of the dictionaries in use,
//! by number, so that two files of one version have the same columns. What has no column is listed. A line of JSON is
//! `{"id":…,"patient":{…},"tumors":[{…}]}`, with `root` where the file has items of its own.

use std::io::Write;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::naaccr::dictionary::{Dictionary, default_user_dictionary, dictionary};
use crate::naaccr::item::{Item, Level};
use crate::naaccr::problem::{Fatal, FatalKind};
use crate::naaccr::record::{Items, Patient, Root};
use crate::naaccr::writer::{Losses, Lost, Written, not_written};

/// Counts the bytes that go through.
#[derive(Debug)]
struct Counted<W> {
    output: W,
    bytes: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let n = self.output.write(bytes)?;
        self.bytes += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.output.flush()
    }
}

/// A writer of CSV, a row a tumor.
#[derive(Debug)]
pub struct CsvWriter<W: Write> {
    output: csv::Writer<Counted<W>>,
    root: Items,
    columns: Vec<(String, Level)>,
    written: Written,
    losses: Losses,
}

impl<W: Write> CsvWriter<W> {
    /// Begins a file; `wanted` says which columns there are.
    pub fn new(
        output: W,
        root: &Root,
        user_dictionaries: &[Arc<Dictionary>],
        wanted: impl Fn(&str) -> bool,
    ) -> Result<CsvWriter<W>, Fatal> {
        let columns = columns_of(root, user_dictionaries, wanted);
        let mut writer = CsvWriter {
            output: csv::Writer::from_writer(Counted { output, bytes: 0 }),
            root: root.items.clone(),
            columns,
            written: Written::default(),
            losses: Losses::default(),
        };
        for _ in &root.extensions {
            writer.losses.add("", None, "extension");
        }
        writer.output.write_record(writer.columns.iter().map(|(id, _)| id)).map_err(csv_not_written)?;
        list_homeless(&writer.columns, &root.items, Level::Root, &mut writer.losses);
        Ok(writer)
    }

    /// Writes a row for each tumor, or one for a patient without.
    pub fn write_patient(&mut self, patient: &Patient) -> Result<(), Fatal> {
        list_homeless(&self.columns, &patient.items, Level::Patient, &mut self.losses);
        let extensions = patient.extensions.len() + patient.tumors.iter().map(|t| t.extensions.len()).sum::<usize>();
        for _ in 0..extensions {
            self.losses.add("", None, "extension");
        }
        let none = Items::default();
        let tumors: Vec<&Items> =
            if patient.tumors.is_empty() { vec![&none] } else { patient.tumors.iter().map(|t| &t.items).collect() };
        for tumor in tumors {
            list_homeless(&self.columns, tumor, Level::Tumor, &mut self.losses);
            let row = self.columns.iter().map(|(id, level)| {
                let items = match level {
                    Level::Root => &self.root,
                    Level::Patient => &patient.items,
                    Level::Tumor => tumor,
                };
                items.get(id).unwrap_or_default()
            });
            self.output.write_record(row).map_err(csv_not_written)?;
        }
        self.written.patients += 1;
        self.written.tumors += patient.tumors.len() as u64;
        Ok(())
    }

    /// Ends the file; gives how much was written, what was not, and the output.
    pub fn finish(self) -> Result<(Written, Vec<Lost>, W), Fatal> {
        let lost = self.losses.list();
        let counted = self.output.into_inner().map_err(|e| not_written(e.into_error()))?;
        Ok((Written { bytes: counted.bytes, ..self.written }, lost, counted.output))
    }
}

/// The columns of a table of a file of that root: id and level, by number.
pub(crate) fn columns_of(
    root: &Root,
    user_dictionaries: &[Arc<Dictionary>],
    wanted: impl Fn(&str) -> bool,
) -> Vec<(String, Level)> {
    let reserved = default_user_dictionary(root.version).map_or(&[][..], |d| d.items());
    let own = user_dictionaries
        .iter()
        .filter(|d| root.user_dictionary_uris.iter().any(|uri| uri == d.uri()))
        .flat_map(|d| d.items());
    let mut items: Vec<&Item> = dictionary(root.version).items().iter().chain(reserved).chain(own).collect();
    items.retain(|item| item.record_types.contains(root.record_type) && wanted(&item.id));
    items.sort_by_key(|item| (item.number, item.id.clone()));
    items.dedup_by(|a, b| a.id == b.id);
    items.iter().map(|item| (item.id.to_string(), item.level)).collect()
}

/// Lists the items that have no column.
pub(crate) fn list_homeless(columns: &[(String, Level)], items: &Items, level: Level, losses: &mut Losses) {
    for entry in items.iter() {
        if !columns.iter().any(|(id, l)| id == entry.id && *l == level) {
            losses.add(entry.id, entry.number, "no_column");
        }
    }
}

fn csv_not_written(error: csv::Error) -> Fatal {
    Fatal::new(FatalKind::Io, format!("the file cannot be written further: {error}"))
}

/// A writer of JSON lines, a line a patient.
#[derive(Debug)]
pub struct JsonLinesWriter<W: Write> {
    output: Counted<W>,
    root: Map<String, Value>,
    written: Written,
    losses: Losses,
}

impl<W: Write> JsonLinesWriter<W> {
    /// Begins a file.
    pub fn new(output: W, root: &Root) -> JsonLinesWriter<W> {
        let mut losses = Losses::default();
        for _ in &root.extensions {
            losses.add("", None, "extension");
        }
        let output = Counted { output, bytes: 0 };
        JsonLinesWriter { output, root: object(&root.items, &mut losses), written: Written::default(), losses }
    }

    /// Writes one patient with all tumors.
    pub fn write_patient(&mut self, patient: &Patient) -> Result<(), Fatal> {
        let mut line = Map::new();
        let id = patient.items.get("patientIdNumber").map_or_else(|| patient.ordinal.to_string(), str::to_owned);
        line.insert("id".into(), Value::String(id));
        if !self.root.is_empty() {
            line.insert("root".into(), Value::Object(self.root.clone()));
        }
        line.insert("patient".into(), Value::Object(object(&patient.items, &mut self.losses)));
        let mut tumors = Vec::new();
        for tumor in &patient.tumors {
            tumors.push(Value::Object(object(&tumor.items, &mut self.losses)));
        }
        line.insert("tumors".into(), Value::Array(tumors));
        let extensions = patient.extensions.len() + patient.tumors.iter().map(|t| t.extensions.len()).sum::<usize>();
        for _ in 0..extensions {
            self.losses.add("", None, "extension");
        }
        serde_json::to_writer(&mut self.output, &line).map_err(|e| not_written(e.into()))?;
        self.output.write_all(b"\n").map_err(not_written)?;
        self.written.patients += 1;
        self.written.tumors += patient.tumors.len() as u64;
        Ok(())
    }

    /// Ends the file; gives how much was written, what was not, and the output.
    pub fn finish(mut self) -> Result<(Written, Vec<Lost>, W), Fatal> {
        self.output.flush().map_err(not_written)?;
        Ok((Written { bytes: self.output.bytes, ..self.written }, self.losses.list(), self.output.output))
    }
}

/// Items as an object; of an id that stands twice the first value counts.
fn object(items: &Items, losses: &mut Losses) -> Map<String, Value> {
    let mut object = Map::new();
    for entry in items.iter() {
        if object.contains_key(entry.id) {
            losses.add(entry.id, entry.number, "duplicate_item");
        } else {
            object.insert(entry.id.to_owned(), Value::String(entry.value.to_owned()));
        }
    }
    object
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::naaccr::item::RecordType;
    use crate::naaccr::versions::Version;

    fn patient() -> Patient {
        let mut patient = Patient::default();
        patient.items.push("patientIdNumber", "00000001");
        patient.items.push("ownItem", "x");
        patient.add_tumor().items.push("primarySite", "C509");
        patient.add_tumor().items.push("textRemarks", "a, \"b\"\nc");
        patient
    }

    #[test]
    fn csv_has_a_row_a_tumor_and_lists_what_has_no_column() {
        let root = Root::new(Version::V260, RecordType::A);
        let wanted = |id: &str| matches!(id, "patientIdNumber" | "primarySite" | "textRemarks");
        let mut writer = CsvWriter::new(Vec::new(), &root, &[], wanted).unwrap();
        writer.write_patient(&patient()).unwrap();
        let (written, lost, out) = writer.finish().unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, "patientIdNumber,primarySite,textRemarks\n00000001,C509,\n00000001,,\"a, \"\"b\"\"\nc\"\n");
        assert_eq!((written.bytes as usize, written.tumors), (text.len(), 2));
        assert_eq!((lost[0].item.as_str(), lost[0].reason), ("ownItem", "no_column"));
    }

    #[test]
    fn json_lines_keep_every_item() {
        let root = Root::new(Version::V260, RecordType::A);
        let mut writer = JsonLinesWriter::new(Vec::new(), &root);
        writer.write_patient(&patient()).unwrap();
        let (_, lost, out) = writer.finish().unwrap();
        assert!(lost.is_empty());
        let line: Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(line["id"], "00000001");
        assert_eq!(line["patient"]["ownItem"], "x");
        assert_eq!(line["tumors"][1]["textRemarks"], "a, \"b\"\nc");
    }
}

//! NAACCR XML of a synthetic registry, written straight into a stream.

use std::io::{self, Write};

use super::Settings;
use super::generator::{Generator, PatientRecord};
use super::ledger::Ledger;
use super::record::Record;

/// What was written.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Patients.
    pub patients: u64,
    /// Tumors.
    pub tumors: u64,
    /// Values at all levels, without the root.
    pub items: u64,
}

/// Writes the whole registry, and the ledger when there is a place for it.
pub fn write_xml(
    generator: &mut Generator,
    out: &mut dyn Write,
    mut ledger: Option<&mut dyn Write>,
) -> io::Result<Written> {
    let mut buffer = Vec::with_capacity(256 * 1024);
    let mut written = Written::default();
    start(generator.settings(), &mut buffer);
    if let Some(ledger) = &mut ledger {
        writeln!(ledger, "{}", Ledger::HEADER)?;
    }
    while let Some(patient) = generator.next_patient() {
        written.patients += 1;
        written.tumors += patient.tumors().len() as u64;
        written.items += patient.items.filled() as u64;
        written.items += patient.tumors().iter().map(|tumor| tumor.filled() as u64).sum::<u64>();
        write_patient(patient, &mut buffer);
        if buffer.len() > 200 * 1024 {
            out.write_all(&buffer)?;
            buffer.clear();
        }
        if let Some(ledger) = &mut ledger {
            for entry in generator.ledger().entries() {
                writeln!(ledger, "{}", entry.csv())?;
            }
        }
    }
    buffer.extend_from_slice(b"</NaaccrData>\n");
    out.write_all(&buffer)?;
    out.flush()?;
    Ok(written)
}

fn start(settings: &Settings, out: &mut Vec<u8>) {
    let head = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<NaaccrData \
         baseDictionaryUri=\"http://naaccr.org/naaccrxml/naaccr-dictionary-{}.xml\" recordType=\"{}\" \
         timeGenerated=\"{}\" specificationVersion=\"1.8\" xmlns=\"http://naaccr.org/naaccrxml\">\n",
        settings.version.number(),
        settings.record_type.letter(),
        settings.time_generated,
    );
    out.extend_from_slice(head.as_bytes());
    item("registryId", &settings.registry_id, out);
}

fn write_patient(patient: &PatientRecord, out: &mut Vec<u8>) {
    out.extend_from_slice(b"<Patient>\n");
    write_items(&patient.items, out);
    for tumor in patient.tumors() {
        out.extend_from_slice(b"<Tumor>\n");
        write_items(tumor, out);
        out.extend_from_slice(b"</Tumor>\n");
    }
    out.extend_from_slice(b"</Patient>\n");
}

fn write_items(record: &Record, out: &mut Vec<u8>) {
    for (id, value) in record.values() {
        item(id, value, out);
    }
}

fn item(id: &str, value: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"<Item naaccrId=\"");
    out.extend_from_slice(id.as_bytes());
    out.extend_from_slice(b"\">");
    escape(value.as_bytes(), out);
    out.extend_from_slice(b"</Item>\n");
}

fn escape(value: &[u8], out: &mut Vec<u8>) {
    let mut rest = value;
    while let Some(at) = memchr::memchr3(b'&', b'<', b'>', rest) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(match rest[at] {
            b'&' => b"&amp;".as_slice(),
            b'<' => b"&lt;".as_slice(),
            _ => b"&gt;".as_slice(),
        });
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_values_is_escaped() {
        let mut out = Vec::new();
        item("textRemarks", "a < b & c > d", &mut out);
        assert_eq!(out, b"<Item naaccrId=\"textRemarks\">a &lt; b &amp; c &gt; d</Item>\n");
    }
}

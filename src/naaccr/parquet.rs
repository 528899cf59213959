//! Writes records as Parquet, a row a tumor: the columns of [`CsvWriter`](crate::naaccr::CsvWriter), each an optional
//! text, plain encoding, pages packed with zstd.
//!
//! The format is that of Apache Parquet 1.0: row groups of column chunks of one data page, then the metadata in
//! Thrift's compact protocol. Only what this needs of it is here. Memory is that of one row group.

use std::io::Write;
use std::sync::Arc;

use crate::naaccr::dictionary::Dictionary;
use crate::naaccr::item::Level;
use crate::naaccr::problem::Fatal;
use crate::naaccr::record::{Items, Patient, Root};
use crate::naaccr::tabular::{columns_of, list_homeless};
use crate::naaccr::writer::{Losses, Lost, Written, not_written};

const MAGIC: &[u8; 4] = b"PAR1";
/// A row group ends when it holds so many bytes, or so many rows.
const GROUP_BYTES: usize = 8 << 20;
const GROUP_ROWS: u64 = 50_000;
// Numbers the format gives to what is used here.
const BYTE_ARRAY: i64 = 6;
const OPTIONAL: i64 = 1;
const UTF8: i64 = 0;
const PLAIN: i64 = 0;
const RLE: i64 = 3;
const ZSTD: i64 = 6;

/// A writer of Parquet, a row a tumor.
#[derive(Debug)]
pub struct ParquetWriter<W: Write> {
    output: W,
    root: Items,
    columns: Vec<Column>,
    levels: Vec<(String, Level)>,
    rows: u64,
    all_rows: u64,
    held: usize,
    groups: Vec<Group>,
    written: Written,
    losses: Losses,
}

/// One column of the row group being filled.
#[derive(Clone, Debug, Default)]
struct Column {
    /// Filled and empty rows in turn: how many, beginning with empty ones.
    runs: Vec<u64>,
    values: Vec<u8>,
}

#[derive(Debug)]
struct Group {
    rows: u64,
    chunks: Vec<Chunk>,
}

#[derive(Debug)]
struct Chunk {
    offset: u64,
    packed: usize,
    plain: usize,
}

impl<W: Write> ParquetWriter<W> {
    /// Begins a file; `wanted` says which columns there are.
    pub fn new(
        output: W,
        root: &Root,
        user_dictionaries: &[Arc<Dictionary>],
        wanted: impl Fn(&str) -> bool,
    ) -> Result<ParquetWriter<W>, Fatal> {
        let levels = columns_of(root, user_dictionaries, wanted);
        let mut losses = Losses::default();
        for _ in &root.extensions {
            losses.add("", None, "extension");
        }
        list_homeless(&levels, &root.items, Level::Root, &mut losses);
        let mut writer = ParquetWriter {
            output,
            root: root.items.clone(),
            columns: vec![Column::default(); levels.len()],
            levels,
            rows: 0,
            all_rows: 0,
            held: 0,
            groups: Vec::new(),
            written: Written::default(),
            losses,
        };
        writer.put(MAGIC)?;
        Ok(writer)
    }

    /// Writes a row for each tumor, or one for a patient without.
    pub fn write_patient(&mut self, patient: &Patient) -> Result<(), Fatal> {
        list_homeless(&self.levels, &patient.items, Level::Patient, &mut self.losses);
        let extensions = patient.extensions.len() + patient.tumors.iter().map(|t| t.extensions.len()).sum::<usize>();
        for _ in 0..extensions {
            self.losses.add("", None, "extension");
        }
        let none = Items::default();
        let tumors: Vec<&Items> =
            if patient.tumors.is_empty() { vec![&none] } else { patient.tumors.iter().map(|t| &t.items).collect() };
        for tumor in tumors {
            list_homeless(&self.levels, tumor, Level::Tumor, &mut self.losses);
            for ((id, level), column) in std::iter::zip(&self.levels, &mut self.columns) {
                let items = match level {
                    Level::Root => &self.root,
                    Level::Patient => &patient.items,
                    Level::Tumor => tumor,
                };
                let value = items.get(id);
                column.add(value);
                self.held += value.map_or(0, |v| v.len() + 4);
            }
            self.rows += 1;
            if self.held >= GROUP_BYTES || self.rows >= GROUP_ROWS {
                self.end_group()?;
            }
        }
        self.written.patients += 1;
        self.written.tumors += patient.tumors.len() as u64;
        Ok(())
    }

    /// Ends the file; gives how much was written, what was not, and the output.
    pub fn finish(mut self) -> Result<(Written, Vec<Lost>, W), Fatal> {
        self.end_group()?;
        let metadata = self.metadata();
        self.put(&metadata)?;
        self.put(&(metadata.len() as u32).to_le_bytes())?;
        self.put(MAGIC)?;
        self.output.flush().map_err(not_written)?;
        Ok((self.written, self.losses.list(), self.output))
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), Fatal> {
        self.output.write_all(bytes).map_err(not_written)?;
        self.written.bytes += bytes.len() as u64;
        Ok(())
    }

    fn end_group(&mut self) -> Result<(), Fatal> {
        if self.rows == 0 {
            return Ok(());
        }
        let mut group = Group { rows: self.rows, chunks: Vec::new() };
        let empty = vec![Column::default(); self.levels.len()];
        for column in std::mem::replace(&mut self.columns, empty) {
            let page = column.page();
            let packed = zstd::bulk::compress(&page, 1).map_err(not_written)?;
            let header = page_header(self.rows, page.len(), packed.len());
            group.chunks.push(Chunk {
                offset: self.written.bytes,
                packed: header.len() + packed.len(),
                plain: header.len() + page.len(),
            });
            self.put(&header)?;
            self.put(&packed)?;
        }
        self.groups.push(group);
        self.all_rows += self.rows;
        self.rows = 0;
        self.held = 0;
        Ok(())
    }

    fn metadata(&self) -> Vec<u8> {
        let mut out = Thrift::default();
        out.number(1, 1);
        out.list(2, self.levels.len() + 1, STRUCT);
        out.begin();
        out.text(4, "schema");
        out.number(5, self.levels.len() as i64);
        out.end();
        for (id, _) in &self.levels {
            out.begin();
            out.number(1, BYTE_ARRAY);
            out.number(3, OPTIONAL);
            out.text(4, id);
            out.number(6, UTF8);
            out.end();
        }
        out.long(3, self.all_rows);
        out.list(4, self.groups.len(), STRUCT);
        for group in &self.groups {
            out.begin();
            out.list(1, group.chunks.len(), STRUCT);
            for (chunk, (id, _)) in std::iter::zip(&group.chunks, &self.levels) {
                out.begin();
                out.long(2, chunk.offset);
                out.field(3, STRUCT);
                out.begin();
                out.number(1, BYTE_ARRAY);
                out.list(2, 2, I32);
                out.varint(zigzag(PLAIN));
                out.varint(zigzag(RLE));
                out.list(3, 1, BINARY);
                out.bytes(id.as_bytes());
                out.number(4, ZSTD);
                out.long(5, group.rows);
                out.long(6, chunk.plain as u64);
                out.long(7, chunk.packed as u64);
                out.long(9, chunk.offset);
                out.end();
                out.end();
            }
            out.long(2, group.chunks.iter().map(|c| c.plain as u64).sum());
            out.long(3, group.rows);
            out.end();
        }
        out.text(6, "accession");
        out.stop();
        out.out
    }
}

impl Column {
    fn add(&mut self, value: Option<&str>) {
        // Runs at even places are of empty rows, at odd ones of filled rows.
        let is_filled = self.runs.len().is_multiple_of(2) && !self.runs.is_empty();
        if self.runs.is_empty() {
            self.runs.push(0);
        }
        if value.is_some() != is_filled && !(self.runs.len() == 1 && value.is_none()) {
            self.runs.push(0);
        }
        if let Some(run) = self.runs.last_mut() {
            *run += 1;
        }
        if let Some(value) = value {
            self.values.extend_from_slice(&(value.len() as u32).to_le_bytes());
            self.values.extend_from_slice(value.as_bytes());
        }
    }

    /// The data page: which rows are filled, then the values of those.
    fn page(&self) -> Vec<u8> {
        let mut levels = Thrift::default();
        for (n, run) in self.runs.iter().enumerate().filter(|(_, run)| **run > 0) {
            levels.varint(run << 1);
            levels.out.push((n % 2) as u8);
        }
        let mut page = (levels.out.len() as u32).to_le_bytes().to_vec();
        page.extend_from_slice(&levels.out);
        page.extend_from_slice(&self.values);
        page
    }
}

fn page_header(rows: u64, plain: usize, packed: usize) -> Vec<u8> {
    let mut out = Thrift::default();
    out.number(1, 0);
    out.number(2, plain as i64);
    out.number(3, packed as i64);
    out.field(5, STRUCT);
    out.begin();
    out.number(1, rows as i64);
    out.number(2, PLAIN);
    out.number(3, RLE);
    out.number(4, RLE);
    out.end();
    out.stop();
    out.out
}

const I32: u8 = 5;
const I64: u8 = 6;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const STRUCT: u8 = 12;

/// Thrift's compact protocol, as far as it is used here.
#[derive(Default)]
struct Thrift {
    out: Vec<u8>,
    /// The last field of the structure being written, and of those around it.
    last: i64,
    around: Vec<i64>,
}

fn zigzag(n: i64) -> u64 {
    ((n << 1) ^ (n >> 63)) as u64
}

impl Thrift {
    fn varint(&mut self, mut n: u64) {
        while n >= 0x80 {
            self.out.push(n as u8 | 0x80);
            n >>= 7;
        }
        self.out.push(n as u8);
    }

    fn field(&mut self, id: i64, kind: u8) {
        self.out.push(((id - self.last) as u8) << 4 | kind);
        self.last = id;
    }

    fn number(&mut self, id: i64, n: i64) {
        self.field(id, I32);
        self.varint(zigzag(n));
    }

    fn long(&mut self, id: i64, n: u64) {
        self.field(id, I64);
        self.varint(zigzag(n as i64));
    }

    fn text(&mut self, id: i64, text: &str) {
        self.field(id, BINARY);
        self.bytes(text.as_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.varint(bytes.len() as u64);
        self.out.extend_from_slice(bytes);
    }

    fn list(&mut self, id: i64, length: usize, kind: u8) {
        self.field(id, LIST);
        if length < 15 {
            self.out.push((length as u8) << 4 | kind);
        } else {
            self.out.push(0xf0 | kind);
            self.varint(length as u64);
        }
    }

    fn begin(&mut self) {
        self.around.push(self.last);
        self.last = 0;
    }

    fn end(&mut self) {
        self.stop();
        self.last = self.around.pop().unwrap_or(0);
    }

    fn stop(&mut self) {
        self.out.push(0);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::naaccr::item::RecordType;
    use crate::naaccr::versions::Version;

    #[test]
    fn runs_tell_filled_rows_from_empty_ones() {
        let runs = |values: &[Option<&str>]| {
            let mut column = Column::default();
            values.iter().for_each(|v| column.add(*v));
            column.runs
        };
        assert_eq!(runs(&[None, None, Some("a"), None]), [2, 1, 1]);
        assert_eq!(runs(&[Some("a"), Some("b"), None, Some("c")]), [0, 2, 1, 1]);
        assert_eq!(runs(&[None]), [1]);
    }

    #[test]
    fn a_file_begins_and_ends_with_its_mark_and_says_how_long_its_metadata_is() {
        let root = Root::new(Version::V260, RecordType::A);
        let mut writer = ParquetWriter::new(Vec::new(), &root, &[], |_| true).unwrap();
        let mut patient = Patient::default();
        patient.items.push("patientIdNumber", "00000001");
        patient.items.push("ownItem", "x");
        patient.add_tumor().items.push("primarySite", "C509");
        writer.write_patient(&patient).unwrap();
        let (written, lost, out) = writer.finish().unwrap();
        assert_eq!((&out[..4], &out[out.len() - 4..]), (&MAGIC[..], &MAGIC[..]));
        let length = u32::from_le_bytes(out[out.len() - 8..out.len() - 4].try_into().unwrap()) as usize;
        let metadata = &out[out.len() - 8 - length..];
        assert!(memchr::memmem::find(metadata, b"primarySite").is_some());
        assert_eq!(written.bytes as usize, out.len());
        assert_eq!(lost[0].item, "ownItem");
    }
}

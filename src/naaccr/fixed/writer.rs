//! Writes fixed columns, a line a tumor.

use std::borrow::Cow;
use std::io::Write;

use crate::naaccr::fixed::layout::{Column, Layout, line_length};
use crate::naaccr::item::{Item, Level, Padding};
use crate::naaccr::options::{ReadOptions, Unknown, WriteOptions};
use crate::naaccr::problem::{Fatal, FatalKind};
use crate::naaccr::reader::Vocabulary;
use crate::naaccr::record::{Items, Patient, Root};
use crate::naaccr::writer::{Losses, Lost, Written, not_written, padded};

const FLUSH: usize = 64 << 10;

/// A writer of one fixed-column file.
#[derive(Debug)]
pub struct FixedWriter<W: Write> {
    output: W,
    options: WriteOptions,
    root: Root,
    vocabulary: Vocabulary,
    layout: Layout,
    length: usize,
    line: Vec<char>,
    buffer: String,
    written: Written,
    losses: Losses,
}

impl<W: Write> FixedWriter<W> {
    /// Begins a file of that root's version and record type; versions after 18 have no fixed columns.
    pub fn new(output: W, root: &Root, options: &WriteOptions) -> Result<FixedWriter<W>, Fatal> {
        if !root.version.has_fixed_columns() {
            let message =
                format!("version {} has no fixed columns (18 was the last that had); write XML", root.version);
            return Err(Fatal::new(FatalKind::FlatNotSupportedForVersion, message));
        }
        let user: Vec<_> = options
            .user_dictionaries
            .iter()
            .filter(|d| root.user_dictionary_uris.iter().any(|uri| uri == d.uri()))
            .cloned()
            .collect();
        let vocabulary = Vocabulary::new(root.version, root.record_type, &user, &ReadOptions::strict());
        let mut losses = Losses::default();
        if !root.extensions.is_empty() {
            losses.add("", None, "extension");
        }
        Ok(FixedWriter {
            output,
            options: options.clone(),
            layout: Layout::new(root.version, &vocabulary, &user),
            length: line_length(root.version, root.record_type),
            root: root.clone(),
            vocabulary,
            line: Vec::new(),
            buffer: String::new(),
            written: Written::default(),
            losses,
        })
    }

    /// Writes one patient: a line for each tumor, or one if there is none.
    pub fn write_patient(&mut self, patient: &Patient) -> Result<(), Fatal> {
        let none = Items::default();
        let tumors: Vec<&Items> =
            if patient.tumors.is_empty() { vec![&none] } else { patient.tumors.iter().map(|t| &t.items).collect() };
        let extensions = patient.extensions.len() + patient.tumors.iter().map(|t| t.extensions.len()).sum::<usize>();
        for _ in 0..extensions {
            self.losses.add("", None, "extension");
        }
        let root_items = std::mem::take(&mut self.root.items);
        for (n, tumor) in tumors.into_iter().enumerate() {
            self.line.clear();
            self.line.resize(self.length, ' ');
            // What cannot be carried is listed once a file or patient, not once a line.
            let first = n == 0;
            self.items(&root_items, Level::Root, first && self.written.patients == 0)?;
            self.items(&patient.items, Level::Patient, first)?;
            self.items(tumor, Level::Tumor, true)?;
            self.place("recordType", &self.root.record_type.to_string());
            self.place("naaccrRecordVersion", &self.root.version.to_string());
            self.buffer.extend(&self.line);
            self.buffer.push_str(if self.options.crlf { "\r\n" } else { "\n" });
        }
        self.root.items = root_items;
        self.written.patients += 1;
        self.written.tumors += patient.tumors.len() as u64;
        if self.buffer.len() >= FLUSH {
            self.flush()?;
        }
        Ok(())
    }

    /// What was not carried over so far.
    pub fn lost(&self) -> Vec<Lost> {
        self.losses.list()
    }

    /// Ends the file; gives how much was written, what was not, and the output.
    pub fn finish(mut self) -> Result<(Written, Vec<Lost>, W), Fatal> {
        self.flush()?;
        self.output.flush().map_err(not_written)?;
        Ok((self.written, self.losses.list(), self.output))
    }

    fn items(&mut self, items: &Items, level: Level, list: bool) -> Result<(), Fatal> {
        for (n, entry) in items.iter().enumerate() {
            if items.has_repeats() && items.iter().take(n).any(|earlier| earlier.id == entry.id) {
                self.lose(list, entry.id, "duplicate_item");
                continue;
            }
            if self.options.exclude.contains(entry.id) {
                self.lose(list, entry.id, "excluded");
                continue;
            }
            let Some(word) = self.vocabulary.find(entry.id.as_bytes()) else {
                if self.options.unknown == Unknown::Error {
                    let message = format!(
                        "the item {} is in no dictionary in use, so it cannot be written; keep or ignore unknown items",
                        entry.id
                    );
                    return Err(Fatal::new(FatalKind::WriteUnknownItem, message));
                }
                self.lose(list, entry.id, "unknown_item");
                continue;
            };
            let definition = self.vocabulary.word(word).definition.clone();
            if !self.vocabulary.word(word).of_record_type {
                self.lose(list, entry.id, "record_type");
                continue;
            }
            let item = definition.item();
            match self.layout.column(word) {
                Some(column) if item.level == level => self.write(item, column, entry.value, list),
                Some(_) => self.lose(list, entry.id, "wrong_level"),
                None => self.lose(list, entry.id, "no_column"),
            }
        }
        Ok(())
    }

    fn write(&mut self, item: &Item, column: Column, value: &str, list: bool) {
        let mut value = one_line(value);
        if self.options.zero_pad {
            value = Cow::Owned(padded(item, value).into_owned());
        }
        let characters = value.chars().count();
        if characters > column.width {
            self.lose(list, &item.id, "too_long");
        }
        let shift = match item.padding {
            Padding::LeftBlank => column.width.saturating_sub(characters),
            _ => 0,
        };
        let start = (column.start + shift).min(self.line.len());
        let end = (column.start + column.width).min(self.line.len());
        let mut dropped = false;
        for (place, c) in std::iter::zip(&mut self.line[start..end], value.chars()) {
            if c < ' ' && c != '\t' {
                dropped = true;
            } else {
                *place = c;
            }
        }
        if dropped {
            self.lose(list, &item.id, "control_character");
        }
    }

    fn place(&mut self, id: &str, value: &str) {
        let column = self.vocabulary.find(id.as_bytes()).and_then(|word| self.layout.column(word));
        if let Some(column) = column {
            for (place, c) in std::iter::zip(&mut self.line[column.start..], value.chars()) {
                *place = c;
            }
        }
    }

    fn lose(&mut self, list: bool, id: &str, reason: &'static str) {
        if list {
            let number =
                self.vocabulary.find(id.as_bytes()).and_then(|w| self.vocabulary.word(w).definition.item().number);
            self.losses.add(id, number, reason);
        }
    }

    fn flush(&mut self) -> Result<(), Fatal> {
        self.output.write_all(self.buffer.as_bytes()).map_err(not_written)?;
        self.written.bytes += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }
}

/// A value with each line end made one blank.
fn one_line(value: &str) -> Cow<'_, str> {
    if !value.contains(['\n', '\r']) {
        return Cow::Borrowed(value);
    }
    Cow::Owned(value.replace("\r\n", " ").replace(['\n', '\r'], " "))
}

//! Reads fixed columns, a patient at a time.

use std::borrow::Cow;
use std::sync::Arc;

use crate::naaccr::dictionary::Dictionary;
use crate::naaccr::fixed::layout::{Layout, line_length};
use crate::naaccr::item::{Level, RecordType};
use crate::naaccr::options::ReadOptions;
use crate::naaccr::problem::{Fatal, FatalKind, ProblemKind, Severity};
use crate::naaccr::reader::{Bad, Keeper, NumberWritten, Source, Spot, Vocabulary, append};
use crate::naaccr::record::{Items, Patient, Root};
use crate::naaccr::versions::Version;

/// A reader of fixed columns.
#[derive(Debug)]
pub(crate) struct FixedReader<'a> {
    source: Source<'a>,
    at: usize,
    line: u64,
    pub root: Root,
    pub keeper: Keeper,
    layout: Layout,
    /// Layouts of other versions found in the same file, against the rule.
    others: Vec<Layout>,
    user: Vec<Arc<Dictionary>>,
    patient: std::ops::Range<usize>,
}

/// One line of the file.
struct Line<'a> {
    text: Cow<'a, str>,
    /// Position behind its end.
    next: usize,
    bad: Vec<Bad>,
}

impl<'a> FixedReader<'a> {
    /// Reads what the first line says of the file.
    pub fn open(mut source: Source<'a>, options: &ReadOptions) -> Result<FixedReader<'a>, Fatal> {
        let stop = |kind, message: String| Fatal { kind, line: Some(1), column: Some(1), patient: None, message };
        let Some(first) = line_at(&mut source, 0)? else {
            return Err(stop(FatalKind::FlatEmpty, "the file is empty".into()));
        };
        if first.text.trim().is_empty() {
            return Err(stop(FatalKind::FlatEmpty, "the first line is empty".into()));
        }
        let characters = first.text.chars().count();
        let version_text: String = first.text.chars().skip(16).take(3).collect();
        let Some(version) = Version::parse_fixed(&version_text) else {
            if Version::parse(&version_text).is_some() {
                let message =
                    format!("version {version_text} has no fixed columns (18 was the last that had); it comes as XML");
                return Err(stop(FatalKind::FlatLineLength, message));
            }
            let message = format!(
                "columns 17 to 19 hold {version_text:?}, but a line must say its version there: {}",
                Version::FIXED.map(|v| v.to_string()).join(" ")
            );
            return Err(stop(FatalKind::FlatVersionUnsupported, message));
        };
        let type_text: String = first.text.chars().take(1).collect();
        let Ok(record_type) = type_text.parse::<RecordType>() else {
            let message =
                format!("column 1 holds {type_text:?}, but a line must begin with its record type: A, M, C or I");
            return Err(stop(FatalKind::FlatTypeInvalid, message));
        };
        let expected = line_length(version, record_type);
        if characters != expected && options.is_strict() {
            let message = format!(
                "the first line has {characters} characters; type {record_type} of version {version} has {expected}"
            );
            return Err(stop(FatalKind::FlatLineLength, message));
        }
        let user = options.user_dictionaries.clone();
        let vocabulary = Vocabulary::new(version, record_type, &user, options);
        let layout = Layout::new(version, &vocabulary, &user);
        let mut root = Root::new(version.dictionary_version(), record_type);
        root.user_dictionary_uris = user.iter().map(|d| d.uri().to_owned()).collect();
        let keeper = Keeper::new(vocabulary.into(), version, options.clone());
        let mut reader =
            FixedReader { source, at: 0, line: 1, root, keeper, layout, others: Vec::new(), user, patient: 0..0 };
        let mut items = Items::default();
        let (text, bad) = reader.line_text()?;
        reader.keeper.begin(Level::Root);
        reader.items(&text, 1, Level::Root, &mut items, &bad)?;
        reader.root.items = items;
        reader.keeper.end_root(&reader.root.items, record_type, Spot { line: 1, column: 1 });
        Ok(reader)
    }

    /// Reads the next patient; false at the end of the file.
    pub fn read_patient(&mut self, patient: &mut Patient) -> Result<bool, Fatal> {
        patient.clear();
        self.at = self.source.let_go(self.at);
        let begin = self.at;
        let mut number: Option<String> = None;
        let first_line = self.line;
        let mut last_line = self.line;
        let mut lines = 0;
        while let Some(line) = line_at(&mut self.source, self.at)? {
            let (text, bad, next) = (line.text.into_owned(), line.bad, line.next);
            if text.trim().is_empty() {
                if next < self.source.text().len() || !self.source.ended() {
                    let spot = Spot { line: self.line, column: 1 };
                    self.keeper.report(ProblemKind::BadLineLength, Severity::Error, spot, None, "the line is empty");
                }
                self.at = next;
                self.line += 1;
                continue;
            }
            let own: String = text.chars().skip(41).take(8).collect::<String>().trim().to_owned();
            if lines > 0 && (own.is_empty() || number.as_deref() != Some(own.as_str()) || !self.keeper.options.grouping)
            {
                break;
            }
            if lines == 0 {
                self.keeper.begin(Level::Patient);
                patient.ordinal = self.keeper.patient;
                number = Some(own);
            }
            self.keeper.begin(Level::Tumor);
            self.check_line(&text);
            if lines == 0 {
                self.items(&text, self.line, Level::Patient, &mut patient.items, &bad)?;
            } else if self.keeper.options.level_mismatch {
                self.compare(&text, Level::Patient, &patient.items)?;
            }
            if self.line > 1 && self.keeper.options.level_mismatch {
                let root_items = std::mem::take(&mut self.root.items);
                let compared = self.compare(&text, Level::Root, &root_items);
                self.root.items = root_items;
                compared?;
            }
            let tumor = patient.add_tumor();
            tumor.lines = (self.line, self.line);
            self.items(&text, self.line, Level::Tumor, &mut tumor.items, &[])?;
            self.keeper.end_tumor(&tumor.items);
            last_line = self.line;
            lines += 1;
            self.at = next;
            self.line += 1;
        }
        if lines == 0 {
            return Ok(false);
        }
        let first_line = first_line.max(patient.tumors.first().map_or(0, |t| t.lines.0));
        patient.lines = (first_line, last_line);
        self.patient = begin..self.at;
        let before = self.source.before();
        patient.bytes = before + begin as u64..before + self.at as u64;
        self.keeper.end_patient();
        self.keeper.between = true;
        Ok(true)
    }

    /// The lines of the patient read last.
    pub fn patient_source(&self) -> &[u8] {
        self.source.text().get(self.patient.clone()).unwrap_or_default()
    }

    fn line_text(&mut self) -> Result<(String, Vec<Bad>), Fatal> {
        Ok(line_at(&mut self.source, self.at)?.map_or_else(Default::default, |l| (l.text.into_owned(), l.bad)))
    }

    /// Reports a line whose type, version or length is not that of the file.
    fn check_line(&mut self, text: &str) {
        let spot = Spot { line: self.line, column: 1 };
        let (version_text, type_text): (String, String) =
            (text.chars().skip(16).take(3).collect(), text.chars().take(1).collect());
        let version = Version::parse_fixed(&version_text);
        let record_type = type_text.parse::<RecordType>();
        let file = (self.layout.version, self.root.record_type);
        if version != Some(file.0) || record_type != Ok(file.1) {
            let how = match version {
                Some(v) if v != file.0 => "it is read with the columns of its own version",
                _ => "it is read with the columns of the file's version",
            };
            let message = format!(
                "the line is of type {type_text:?} and version {version_text:?}, the file of type {} and version {}; {how}",
                file.1, file.0
            );
            self.keeper.report(ProblemKind::RecordMismatch, Severity::Error, spot, None, message);
        }
        let expected = line_length(version.unwrap_or(file.0), record_type.unwrap_or(file.1));
        let characters = text.chars().count();
        if characters != expected {
            let surplus: String = text.chars().skip(expected).collect();
            let message = match surplus.trim() {
                "" => format!("the line has {characters} characters, but must have {expected}"),
                _ => format!(
                    "the line has {characters} characters, but must have {expected}; what is beyond is in no column"
                ),
            };
            let surplus = Some(surplus.trim()).filter(|s| !s.is_empty());
            self.keeper.report(ProblemKind::BadLineLength, Severity::Error, spot, surplus, message);
        }
    }

    /// The layout of a line's own version.
    fn layout_of(&mut self, text: &str) -> Layout {
        let version: String = text.chars().skip(16).take(3).collect();
        match Version::parse_fixed(&version) {
            Some(version) if version != self.layout.version => {
                if let Some(known) = self.others.iter().find(|l| l.version == version) {
                    return known.clone();
                }
                let layout = Layout::new(version, &self.keeper.vocabulary, &self.user);
                self.others.push(layout.clone());
                layout
            }
            _ => Layout { version: self.layout.version, columns: Vec::new() },
        }
    }

    /// Takes the items of one level out of a line.
    fn items(&mut self, text: &str, line: u64, level: Level, items: &mut Items, bad: &[Bad]) -> Result<(), Fatal> {
        self.report_bad(bad, line);
        let mut other = self.layout_of(text);
        if other.columns.is_empty() {
            std::mem::swap(&mut other.columns, &mut self.layout.columns);
            let taken = self.take(text, line, level, items, &other);
            std::mem::swap(&mut other.columns, &mut self.layout.columns);
            return taken;
        }
        self.take(text, line, level, items, &other)
    }

    fn take(&mut self, text: &str, line: u64, level: Level, items: &mut Items, layout: &Layout) -> Result<(), Fatal> {
        let positions = Positions::of(text);
        let record_type = text.get(..1).and_then(|t| t.parse().ok()).unwrap_or(self.root.record_type);
        let length = line_length(layout.version, record_type);
        for column in layout.columns.iter().filter(|c| c.start < length) {
            let word = self.keeper.vocabulary.word(column.word);
            let item = word.definition.item();
            if item.level != level || !word.wanted {
                continue;
            }
            let field = positions.slice(column.start, column.width);
            if is_blank(field) {
                continue;
            }
            let value = if item.keeps_blanks { field } else { trimmed(field) };
            let id = item.id.clone();
            let spot = Spot { line, column: column.start as u64 + 1 };
            self.keeper.keep(items, level, spot, &id, Some(column.word), NumberWritten::Nothing, value)?;
        }
        Ok(())
    }

    /// Reports items of the patient or the file that differ from those of the first line.
    fn compare(&mut self, text: &str, level: Level, first: &Items) -> Result<(), Fatal> {
        let positions = Positions::of(text);
        let mut differing = Vec::new();
        for column in &self.layout.columns {
            let item = self.keeper.vocabulary.word(column.word).definition.item();
            if item.level != level || matches!(&*item.id, "recordType" | "naaccrRecordVersion") {
                continue;
            }
            let field = positions.slice(column.start, column.width);
            let value = match is_blank(field) {
                true => "",
                false if item.keeps_blanks => field,
                false => trimmed(field),
            };
            if first.get(&item.id).unwrap_or_default() != value {
                differing.push((column.word, column.start, value.to_owned()));
            }
        }
        let kind =
            if level == Level::Root { ProblemKind::RootLevelMismatch } else { ProblemKind::PatientLevelMismatch };
        for (word, start, value) in differing {
            let definition = self.keeper.vocabulary.word(word).definition.clone();
            let item = definition.item();
            let before = first.get(&item.id).unwrap_or_default();
            let message = format!(
                "{} is {value:?} on this line and {before:?} on the first of the {}; the first counts",
                item.name,
                if level == Level::Root { "file" } else { "patient" }
            );
            let spot = Spot { line: self.line, column: start as u64 + 1 };
            self.keeper.report_of(kind, Severity::Error, spot, item, &value, message);
        }
        Ok(())
    }

    fn report_bad(&mut self, bad: &[Bad], line: u64) {
        for one in bad {
            let (kind, column, message) = match *one {
                Bad::Character { at, code } => (
                    ProblemKind::ControlCharacter,
                    at,
                    format!("the character U+{code:04X} is not allowed in text; it is read as a blank"),
                ),
                Bad::Bytes { at, first } => (
                    ProblemKind::InvalidUtf8,
                    at,
                    format!("the byte {first:02X} is not UTF-8; it is read as Windows-1252"),
                ),
            };
            self.keeper.report(kind, Severity::Error, Spot { line, column: column as u64 + 1 }, None, message);
        }
    }
}

/// The longest line: that of a full abstract has 24,194 characters.
const LONGEST_LINE: usize = 1 << 20;

/// The line that begins at `at`, without its end; none at the end of the file.
fn line_at<'s>(source: &'s mut Source<'_>, at: usize) -> Result<Option<Line<'s>>, Fatal> {
    let mut from = at;
    let end = loop {
        if let Some(n) = memchr::memchr(b'\n', source.text().get(from..).unwrap_or_default()) {
            break Some(from + n);
        }
        from = source.text().len();
        if from - at > LONGEST_LINE {
            let message = format!("a line is longer than {LONGEST_LINE} bytes; no record of fixed columns is");
            return Err(Fatal::new(FatalKind::ValueTooLarge, message));
        }
        if !source.more()? {
            break None;
        }
    };
    let text = source.text();
    let (stop, next) = end.map_or((text.len(), text.len()), |n| (n, n + 1));
    if at >= text.len() {
        return Ok(None);
    }
    let raw = &text[at..stop];
    let raw = raw.strip_suffix(b"\r").unwrap_or(raw);
    // Without a way out before the end this is done many bytes at a time.
    let clean = !raw.iter().fold(false, |found, b| found | (*b < b' ' && *b != b'\t'));
    if clean && let Ok(text) = std::str::from_utf8(raw) {
        return Ok(Some(Line { text: Cow::Borrowed(text), next, bad: Vec::new() }));
    }
    // Characters that are not allowed keep their column: they are read as blanks.
    let (mut out, mut bad) = (String::with_capacity(raw.len()), Vec::new());
    let blanked: Vec<u8> = raw.iter().map(|b| if *b < b' ' && *b != b'\t' { b' ' } else { *b }).collect();
    for (n, byte) in raw.iter().enumerate().filter(|(_, b)| **b < b' ' && **b != b'\t') {
        bad.push(Bad::Character { at: n, code: u32::from(*byte) });
    }
    append(&blanked, 0, false, &mut out, &mut |b| bad.push(b));
    Ok(Some(Line { text: Cow::Owned(out), next, bad }))
}

/// Whether a field holds nothing but blanks. Most of a line does, so it is compared many bytes at a time.
fn is_blank(field: &str) -> bool {
    const BLANKS: [u8; 256] = [b' '; 256];
    field.as_bytes().chunks(BLANKS.len()).all(|chunk| *chunk == BLANKS[..chunk.len()]) || trimmed(field).is_empty()
}

/// A field without blanks, tabs and their like at its ends.
fn trimmed(field: &str) -> &str {
    let bytes = field.as_bytes();
    let begin = bytes.iter().position(|b| *b > b' ').unwrap_or(bytes.len());
    let end = bytes.iter().rposition(|b| *b > b' ').map_or(begin, |n| n + 1);
    field.get(begin..end).unwrap_or_default()
}

/// Characters of a line by position.
struct Positions<'a> {
    text: &'a str,
    /// Byte positions of the characters, unless each is one byte.
    bytes: Option<Vec<usize>>,
}

impl<'a> Positions<'a> {
    fn of(text: &'a str) -> Positions<'a> {
        let bytes = (!text.is_ascii()).then(|| text.char_indices().map(|(n, _)| n).chain([text.len()]).collect());
        Positions { text, bytes }
    }

    /// The characters from `start` on, as far as the line goes.
    fn slice(&self, start: usize, width: usize) -> &'a str {
        let (from, to) = match &self.bytes {
            None => (start.min(self.text.len()), (start + width).min(self.text.len())),
            Some(bytes) => {
                let last = bytes.len() - 1;
                (bytes[start.min(last)], bytes[(start + width).min(last)])
            }
        };
        self.text.get(from..to).unwrap_or_default()
    }
}

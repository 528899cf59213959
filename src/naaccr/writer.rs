//! Writes NAACCR XML, a patient at a time.
//!
//! The same content and options give the same bytes. What cannot be written as it is (a value cut, a character XML
//! does not allow, an item left out) is listed, never dropped in silence.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::io::Write;

use crate::naaccr::dictionary::{default_user_dictionary, dictionary};
use crate::naaccr::item::{Item, ItemNumber, Padding};
use crate::naaccr::options::{ControlCharacters, Unknown, WriteOptions};
use crate::naaccr::problem::{Fatal, FatalKind};
use crate::naaccr::reader::NAACCR;
use crate::naaccr::record::{Entry, Extension, Items, Patient, Root};
use crate::naaccr::versions::Version;
use crate::naaccr::xml::is_allowed;

const FLUSH: usize = 64 << 10;

/// Something that was not carried over: of which item, why, how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// Id of the item.
    pub item: String,
    /// Its number.
    pub number: Option<ItemNumber>,
    /// Why, in a word: `too_long`, `control_character`, `unknown_item`, `duplicate_item`, `excluded`, …
    pub reason: &'static str,
    /// How often.
    pub count: u64,
}

/// What was lost, added up by item and reason.
#[derive(Clone, Debug, Default)]
pub(crate) struct Losses(BTreeMap<(String, &'static str), (Option<ItemNumber>, u64)>);

impl Losses {
    pub fn add(&mut self, id: &str, number: Option<ItemNumber>, reason: &'static str) {
        if let Some(entry) = self.0.get_mut(&(id.to_owned(), reason)) {
            entry.1 += 1;
        } else {
            self.0.insert((id.to_owned(), reason), (number, 1));
        }
    }

    pub fn list(&self) -> Vec<Lost> {
        let lost = |((item, reason), (number, count)): (&(String, &'static str), &(Option<ItemNumber>, u64))| Lost {
            item: item.clone(),
            number: *number,
            reason,
            count: *count,
        };
        self.0.iter().map(lost).collect()
    }
}

/// How much was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Patients.
    pub patients: u64,
    /// Tumors.
    pub tumors: u64,
    /// Bytes.
    pub bytes: u64,
}

/// A writer of one NAACCR XML file.
#[derive(Debug)]
pub struct Writer<W: Write> {
    output: W,
    options: WriteOptions,
    version: Version,
    buffer: Vec<u8>,
    written: Written,
    losses: Losses,
    /// Whether each item has to be looked up in the dictionary.
    looks_up: bool,
}

impl<W: Write> Writer<W> {
    /// Begins a file with that root.
    pub fn new(output: W, root: &Root, options: &WriteOptions) -> Result<Writer<W>, Fatal> {
        let looks_up = options.zero_pad
            || options.cut_too_long
            || options.item_numbers
            || matches!(options.unknown, Unknown::Error | Unknown::Ignore);
        let mut writer = Writer {
            output,
            version: root.version,
            options: options.clone(),
            buffer: Vec::with_capacity(FLUSH * 2),
            written: Written::default(),
            losses: Losses::default(),
            looks_up,
        };
        writer.root(root)?;
        Ok(writer)
    }

    /// Writes one patient with all tumors.
    pub fn write_patient(&mut self, patient: &Patient) -> Result<(), Fatal> {
        self.line(1, "<Patient>");
        self.items(2, &patient.items)?;
        self.extensions(2, &patient.extensions);
        for tumor in &patient.tumors {
            self.line(2, "<Tumor>");
            self.items(3, &tumor.items)?;
            self.extensions(3, &tumor.extensions);
            self.line(2, "</Tumor>");
        }
        self.line(1, "</Patient>");
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

    /// Ends the file; gives how much was written, and the output.
    pub fn finish(mut self) -> Result<(Written, Vec<Lost>, W), Fatal> {
        self.line(0, "</NaaccrData>");
        self.flush()?;
        self.output.flush().map_err(not_written)?;
        Ok((self.written, self.losses.list(), self.output))
    }

    fn root(&mut self, root: &Root) -> Result<(), Fatal> {
        self.line(0, "<?xml version=\"1.0\"?>");
        self.line(0, "");
        let record_type = root.record_type.to_string();
        let specification = self.options.specification.to_string();
        let user = root.user_dictionary_uris.join(" ");
        let mut attributes: Vec<(&str, &str)> = vec![("baseDictionaryUri", &root.base_dictionary_uri)];
        if !user.is_empty() {
            attributes.push(("userDictionaryUri", &user));
        }
        attributes.push(("recordType", &record_type));
        if let Some(time) = &root.time_generated {
            attributes.push(("timeGenerated", time));
        }
        attributes.push(("specificationVersion", &specification));
        attributes.extend(root.other_attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        attributes.push(("xmlns", NAACCR));
        let last = attributes.len() - 1;
        for (n, (name, value)) in attributes.into_iter().enumerate() {
            let mut text = String::from(if n == 0 { "<NaaccrData " } else { "            " });
            text.push_str(name);
            text.push_str("=\"");
            escape_attribute(value, &mut text);
            text.push('"');
            if n == last {
                text.push('>');
            }
            self.line(0, &text);
        }
        self.items(1, &root.items)?;
        self.extensions(1, &root.extensions);
        Ok(())
    }

    fn items(&mut self, depth: usize, items: &Items) -> Result<(), Fatal> {
        let mut seen = HashSet::new();
        let mut entries = items.iter();
        // Sorting keeps the order of equal ids, so that the first one stays the first.
        let mut sorted: Vec<Entry<'_>> =
            if self.options.alphabetical { entries.by_ref().collect() } else { Vec::new() };
        sorted.sort_by_key(|entry| entry.id);
        for entry in sorted.into_iter().chain(entries) {
            if items.has_repeats() && !seen.insert(entry.id) {
                self.losses.add(entry.id, entry.number, "duplicate_item");
                continue;
            }
            self.item(depth, entry)?;
        }
        Ok(())
    }

    fn item(&mut self, depth: usize, entry: Entry<'_>) -> Result<(), Fatal> {
        if self.options.exclude.contains(entry.id) {
            self.losses.add(entry.id, entry.number, "excluded");
            return Ok(());
        }
        let mut value = Cow::Borrowed(entry.value);
        let mut number = entry.number;
        if self.looks_up {
            let options = &self.options;
            match definition(self.version, options, entry.id) {
                Some(item) => {
                    number = item.number.or(number);
                    if options.cut_too_long
                        && !item.unlimited_text
                        && value.len() > item.length as usize
                        && let Some((end, _)) = value.char_indices().nth(item.length as usize)
                    {
                        value = Cow::Owned(value[..end].to_owned());
                        self.losses.add(entry.id, number, "too_long");
                    }
                    if options.zero_pad {
                        value = padded(item, value);
                    }
                }
                None => match options.unknown {
                    Unknown::Error => {
                        let message = format!(
                            "the item {} is in no dictionary in use, so it cannot be written; keep or ignore unknown items",
                            entry.id
                        );
                        return Err(Fatal::new(FatalKind::WriteUnknownItem, message));
                    }
                    Unknown::Ignore => {
                        self.losses.add(entry.id, number, "unknown_item");
                        return Ok(());
                    }
                    Unknown::Keep | Unknown::Report => {}
                },
            }
        }
        self.buffer.extend_from_slice(&INDENT[..depth * 4]);
        self.buffer.extend_from_slice(b"<Item naaccrId=\"");
        escape_id(entry.id, &mut self.buffer);
        if self.options.item_numbers
            && let Some(number) = number
        {
            let _ = write!(self.buffer, "\" naaccrNum=\"{number}");
        }
        self.buffer.extend_from_slice(b"\">");
        if let Some(bad) = escape(&value, &mut self.buffer) {
            if self.options.control_characters == ControlCharacters::Error {
                let message = format!(
                    "the value of {} holds the character U+{:04X}, which XML does not allow; drop such characters or repair it",
                    entry.id,
                    u32::from(bad)
                );
                return Err(Fatal::new(FatalKind::WriteControlCharacter, message));
            }
            self.losses.add(entry.id, number, "control_character");
        }
        self.buffer.extend_from_slice(if self.options.crlf { b"</Item>\r\n" } else { b"</Item>\n" });
        Ok(())
    }

    fn extensions(&mut self, depth: usize, extensions: &[Extension]) {
        for extension in extensions {
            self.line(depth, &extension.xml);
        }
    }

    fn line(&mut self, depth: usize, text: &str) {
        self.buffer.extend_from_slice(&INDENT[..depth * 4]);
        self.buffer.extend_from_slice(text.as_bytes());
        self.buffer.extend_from_slice(if self.options.crlf { b"\r\n" } else { b"\n" });
    }

    fn flush(&mut self) -> Result<(), Fatal> {
        self.output.write_all(&self.buffer).map_err(not_written)?;
        self.written.bytes += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }
}

const INDENT: [u8; 12] = [b' '; 12];

pub(crate) fn not_written(error: std::io::Error) -> Fatal {
    Fatal::new(FatalKind::Io, format!("the file cannot be written further: {error}"))
}

/// The definition of an item in the dictionaries a file to be written names.
pub(crate) fn definition<'a>(version: Version, options: &'a WriteOptions, id: &str) -> Option<&'a Item> {
    dictionary(version)
        .by_id(id)
        .or_else(|| default_user_dictionary(version)?.by_id(id))
        .or_else(|| options.user_dictionaries.iter().find_map(|d| d.by_id(id)))
}

/// A value padded with zeros, if its item asks for it and it is all digits.
pub(crate) fn padded<'a>(item: &Item, value: Cow<'a, str>) -> Cow<'a, str> {
    let missing = (item.length as usize).saturating_sub(value.len());
    if missing == 0 || !value.bytes().all(|b| b.is_ascii_digit()) {
        return value;
    }
    match item.padding {
        Padding::LeftZero => Cow::Owned(format!("{}{value}", "0".repeat(missing))),
        Padding::RightZero => Cow::Owned(format!("{value}{}", "0".repeat(missing))),
        _ => value,
    }
}

/// Writes text as XML; carriage returns become line feeds. Gives the first character XML does not allow; all of them
/// are left out.
fn escape(text: &str, out: &mut Vec<u8>) -> Option<char> {
    let bytes = text.as_bytes();
    let mut bad = None;
    let mut begin = 0;
    while let Some(n) = bytes[begin..].iter().position(|b| ESCAPED[usize::from(*b)]) {
        let at = begin + n;
        out.extend_from_slice(&bytes[begin..at]);
        begin = at + 1;
        match bytes[at] {
            b'&' => out.extend_from_slice(b"&amp;"),
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            b'\r' => {
                if bytes.get(begin) != Some(&b'\n') {
                    out.push(b'\n');
                }
            }
            0xef => match text[at..].chars().next() {
                Some(c) if !is_allowed(c) => {
                    bad = bad.or(Some(c));
                    begin = at + c.len_utf8();
                }
                _ => out.push(0xef),
            },
            control => bad = bad.or(Some(char::from(control))),
        }
    }
    out.extend_from_slice(&bytes[begin..]);
    bad
}

/// Bytes that cannot be written as they are, or may begin a character that cannot.
const ESCAPED: [bool; 256] = {
    let mut escaped = [false; 256];
    let mut n = 0;
    while n < 0x20 {
        escaped[n] = n != 9 && n != 10;
        n += 1;
    }
    escaped[b'&' as usize] = true;
    escaped[b'<' as usize] = true;
    escaped[b'>' as usize] = true;
    // Allowed by XML, yet of no meaning in a value; the reference library leaves it out too.
    escaped[0x7f] = true;
    escaped[0xef] = true;
    escaped
};

fn escape_id(id: &str, out: &mut Vec<u8>) {
    if id.bytes().all(|b| b.is_ascii_alphanumeric()) {
        out.extend_from_slice(id.as_bytes());
    } else {
        let mut text = String::new();
        escape_attribute(id, &mut text);
        out.extend_from_slice(text.as_bytes());
    }
}

pub(crate) fn escape_attribute(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\r' => out.push_str("&#13;"),
            '\t' => out.push_str("&#9;"),
            _ if is_allowed(c) => out.push(c),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::naaccr::item::RecordType;
    use crate::naaccr::options::ReadOptions;
    use crate::naaccr::reader::Reader;

    fn written(patient: &Patient, options: &WriteOptions) -> Result<(String, Vec<Lost>), Fatal> {
        let root = Root::new(Version::V250, RecordType::A);
        let mut writer = Writer::new(Vec::new(), &root, options)?;
        writer.write_patient(patient)?;
        let (_, lost, out) = writer.finish()?;
        Ok((String::from_utf8(out).unwrap(), lost))
    }

    #[test]
    fn what_is_written_is_read_back_the_same() {
        let mut patient = Patient::default();
        patient.items.push("patientIdNumber", "00000001");
        let text = "a < b & c > d ]]> \"é\" 😀\n\tend";
        patient.add_tumor().items.push("textRemarks", text);
        patient.add_tumor().items.push("ownItem", "x");
        let (xml, lost) = written(&patient, &WriteOptions::default()).unwrap();
        assert!(lost.is_empty());
        let mut reader = Reader::open(xml.as_bytes(), &ReadOptions::import()).unwrap();
        let mut back = Patient::default();
        assert!(reader.read_patient(&mut back).unwrap());
        assert_eq!(back, patient);
        assert!(!reader.read_patient(&mut back).unwrap());
        let kinds: Vec<_> = reader.problems().counts().map(|(k, n)| (k.name(), n)).collect();
        assert_eq!(kinds, [("unknown_id", 1)]);
    }

    #[test]
    fn a_cut_and_a_dropped_character_are_listed() {
        let mut patient = Patient::default();
        patient.items.push("nameLast", &"x".repeat(45));
        patient.items.push("nameFirst", "a\u{1}b");
        let cut = WriteOptions { cut_too_long: true, ..WriteOptions::default() };
        let (xml, lost) = written(&patient, &cut).unwrap();
        assert!(xml.contains(&format!(">{}<", "x".repeat(40))) && xml.contains(">ab<"));
        let lost: Vec<_> = lost.iter().map(|l| (l.item.as_str(), l.reason, l.count)).collect();
        assert_eq!(lost, [("nameFirst", "control_character", 1), ("nameLast", "too_long", 1)]);
        let strict = WriteOptions { control_characters: ControlCharacters::Error, ..WriteOptions::default() };
        assert_eq!(written(&patient, &strict).unwrap_err().kind, FatalKind::WriteControlCharacter);
    }
}

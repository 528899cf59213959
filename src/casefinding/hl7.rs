//! The grammar of HL7 v2: messages, segments, fields, components and escapes.

use std::ops::Range;

/// Why a message could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Nothing in the file begins a message.
    #[error("no segment MSH was found; a file of HL7 messages begins with MSH|^~\\&")]
    NoMessage,
    /// The head is too short to name its separators.
    #[error("message {message}: the segment MSH ends before its separators; send the message again")]
    ShortHead {
        /// Number in the file, from 1.
        message: usize,
    },
    /// Not a result message.
    #[error("message {message}: the type is {kind}; pathology arrives as ORU^R01")]
    OtherType {
        /// Number in the file, from 1.
        message: usize,
        /// What MSH-9 says.
        kind: String,
    },
    /// No patient.
    #[error("message {message}: there is no segment PID, so nobody can be found for it")]
    NoPatient {
        /// Number in the file, from 1.
        message: usize,
    },
    /// No order.
    #[error("message {message}: there is no segment OBR, so there is no report")]
    NoOrder {
        /// Number in the file, from 1.
        message: usize,
    },
}

/// The separators a message declares.
#[derive(Debug, Clone, Copy)]
pub(super) struct Separators {
    pub field: char,
    pub component: char,
    pub repetition: char,
    pub escape: char,
    pub subcomponent: char,
}

/// One segment: its name and the places of its fields in the text of the file.
#[derive(Debug)]
pub(super) struct Segment<'t> {
    pub name: &'t str,
    /// Field 1 stands at 0; of MSH, field 2 (the separators) stands at 1.
    fields: Vec<(usize, &'t str)>,
}

impl<'t> Segment<'t> {
    /// A field with its place.
    pub fn field_at(&self, number: usize) -> (usize, &'t str) {
        number.checked_sub(1).and_then(|at| self.fields.get(at)).copied().unwrap_or((0, ""))
    }

    /// A field as it stands.
    pub fn field(&self, number: usize) -> &'t str {
        self.field_at(number).1
    }
}

/// The bytes of a file as text, UTF-8 or else Latin 1.
pub(super) fn decoded(bytes: &[u8]) -> String {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|b| char::from(*b)).collect(),
    }
}

/// Where each message of a text stands. Batch heads and the frame of the lower layer protocol are stepped over.
///
/// # Errors
/// A text without a message.
pub fn split_messages(text: &str) -> Result<Vec<Range<usize>>, Unreadable> {
    let mut starts = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive(['\r', '\n']) {
        let lead = line.len() - line.trim_start_matches(['\u{b}', '\u{1c}', ' ', '\t']).len();
        let name = line.get(lead..lead + 3).unwrap_or("");
        if name == "MSH" {
            starts.push((at + lead, true));
        } else if matches!(name, "BTS" | "FTS" | "BHS" | "FHS") {
            starts.push((at + lead, false));
        }
        at += line.len();
    }
    let ends = starts.iter().skip(1).map(|(s, _)| *s).chain([text.len()]);
    let found: Vec<Range<usize>> =
        starts.iter().zip(ends).filter(|((_, is), _)| *is).map(|((start, _), end)| *start..end).collect();
    if found.is_empty() { Err(Unreadable::NoMessage) } else { Ok(found) }
}

/// The separators and segments of a message; places count from the beginning of `text`.
pub(super) fn segments(
    text: &str,
    range: Range<usize>,
    number: usize,
) -> Result<(Separators, Vec<Segment<'_>>), Unreadable> {
    let base = range.start;
    let message = text.get(range).unwrap_or("");
    let mut head = message.chars().skip(3);
    let short = Unreadable::ShortHead { message: number };
    let field = head.next().filter(|c| !c.is_alphanumeric() && !c.is_control()).ok_or(short.clone())?;
    let declared: Vec<char> = head.take_while(|c| *c != field && !c.is_control()).collect();
    let [component, repetition, rest @ ..] = declared.as_slice() else { return Err(short) };
    let separators = Separators {
        field,
        component: *component,
        repetition: *repetition,
        escape: rest.first().copied().unwrap_or('\\'),
        subcomponent: rest.get(1).copied().unwrap_or('&'),
    };
    let mut found: Vec<Segment<'_>> = Vec::new();
    let mut at = base;
    for line in message.split_inclusive(['\r', '\n']) {
        let start = at;
        at += line.len();
        let line = line.trim_end_matches(['\r', '\n', '\u{1c}', '\u{b}']);
        let is_segment = line.len() >= 3
            && line.bytes().take(3).all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
            && (line.len() == 3 || line.get(3..).is_some_and(|rest| rest.starts_with(field)));
        if !is_segment {
            // A line end inside a text: the line goes on with the last field of the segment above.
            if let Some((place, last)) = found.last_mut().and_then(|s| s.fields.last_mut())
                && !line.trim().is_empty()
            {
                *last = text.get(*place..start + line.len()).unwrap_or(last);
            }
            continue;
        }
        let name = line.get(..3).unwrap_or("");
        let mut fields = Vec::with_capacity(24);
        let mut place = start + 3 + field.len_utf8();
        if name == "MSH" {
            fields.push((start + 3, line.get(3..3 + field.len_utf8()).unwrap_or("")));
        }
        if let Some(rest) = line.get(3 + field.len_utf8()..) {
            for part in rest.split(field) {
                fields.push((place, part));
                place += part.len() + field.len_utf8();
            }
        }
        found.push(Segment { name, fields });
    }
    Ok((separators, found))
}

impl Separators {
    /// The repetitions of a field.
    pub fn repetitions<'t>(&self, field: &'t str) -> impl Iterator<Item = &'t str> + use<'t> {
        field.split(self.repetition).filter(|r| !r.is_empty())
    }

    /// A component of the first repetition, from 1, escapes resolved.
    pub fn component(&self, field: &str, number: usize) -> String {
        let first = field.split(self.repetition).next().unwrap_or("");
        let part = first.split(self.component).nth(number.saturating_sub(1)).unwrap_or("");
        self.plain(part)
    }

    /// A subcomponent of a component, both from 1.
    pub fn subcomponent(&self, field: &str, component: usize, number: usize) -> String {
        let first = field.split(self.repetition).next().unwrap_or("");
        let part = first.split(self.component).nth(component.saturating_sub(1)).unwrap_or("");
        self.plain(part.split(self.subcomponent).nth(number.saturating_sub(1)).unwrap_or(""))
    }

    /// A short value with its escapes resolved, on one line.
    pub fn plain(&self, raw: &str) -> String {
        if raw == "\"\"" {
            return String::new();
        }
        let mut out = String::new();
        self.unescape(raw, 0, &mut out, &mut |_, _| {});
        out.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Appends `raw`, which stands at `place`, with its escapes resolved. `moved` hears where the written and the
    /// received text stop running side by side: the place in `out` and the place in the file.
    pub fn unescape(&self, raw: &str, place: usize, out: &mut String, moved: &mut dyn FnMut(usize, usize)) {
        moved(out.len(), place);
        let mut rest = raw;
        let mut at = place;
        while let Some(start) = rest.find(self.escape) {
            out.push_str(rest.get(..start).unwrap_or(""));
            let inside = rest.get(start + self.escape.len_utf8()..).unwrap_or("");
            let Some(end) = inside.find(self.escape).filter(|e| *e <= 40) else {
                out.push(self.escape);
                rest = inside;
                at += start + self.escape.len_utf8();
                moved(out.len(), at);
                continue;
            };
            let code = inside.get(..end).unwrap_or("");
            if !self.resolve(code, out) {
                out.push(self.escape);
                rest = inside;
                at += start + self.escape.len_utf8();
                moved(out.len(), at);
                continue;
            }
            let taken = start + end + 2 * self.escape.len_utf8();
            rest = rest.get(taken..).unwrap_or("");
            at += taken;
            moved(out.len(), at);
        }
        out.push_str(rest);
    }

    fn resolve(&self, code: &str, out: &mut String) -> bool {
        match code {
            "F" => out.push(self.field),
            "S" => out.push(self.component),
            "T" => out.push(self.subcomponent),
            "R" => out.push(self.repetition),
            "E" => out.push(self.escape),
            "H" | "N" | ".fi" | ".nf" => {}
            ".br" | ".ce" => out.push('\n'),
            _ if code.starts_with(".sp") => {
                let lines = code.get(3..).and_then(|n| n.trim().parse::<usize>().ok()).unwrap_or(1);
                out.extend(std::iter::repeat_n('\n', lines.clamp(1, 10)));
            }
            _ if code.starts_with(".in") || code.starts_with(".ti") || code.starts_with(".sk") => out.push(' '),
            _ if code.starts_with('X') => {
                let bytes: Option<Vec<u8>> = code
                    .get(1..)
                    .unwrap_or("")
                    .as_bytes()
                    .chunks(2)
                    .map(|pair| std::str::from_utf8(pair).ok().and_then(|p| u8::from_str_radix(p, 16).ok()))
                    .collect();
                let Some(bytes) = bytes else { return false };
                out.push_str(&decoded(&bytes).replace(['\r', '\n'], "\n").replace('\0', ""));
            }
            _ => return false,
        }
        true
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn escapes_are_resolved_and_unknown_ones_are_left() {
        let text = "MSH|^~\\&|A\rOBX|1|TX|||one\\.br\\two \\T\\ three \\Z9\\ C:\\x";
        let (separators, found) = segments(text, 0..text.len(), 1).unwrap();
        let (place, raw) = found[1].field_at(5);
        let mut out = String::new();
        let mut map = Vec::new();
        separators.unescape(raw, place, &mut out, &mut |a, b| map.push((a, b)));
        assert_eq!(out, "one\ntwo & three \\Z9\\ C:\\x");
        for (a, b) in map {
            assert_eq!(out[a..].chars().next(), text[b..].chars().next());
        }
    }

    #[test]
    fn frames_batches_and_line_ends_of_any_kind_are_read() {
        let text =
            "FHS|^~\\&\r\nBHS|^~\\&\r\n\u{b}MSH|^~\\&|A\r\nPID|1\r\n\u{1c}\r\nMSH|^~\\&|B\nPID|2\nmore of it\nBTS|2\n";
        let found = split_messages(text).unwrap();
        assert_eq!(found.len(), 2);
        let (_, second) = segments(text, found[1].clone(), 2).unwrap();
        assert_eq!(second[1].field(1), "2\nmore of it");
        assert_eq!(split_messages("hello"), Err(Unreadable::NoMessage));
        assert!(segments("MSH", 0..3, 1).is_err());
    }
}

//! What stands in a file besides items: extensions, stray text, and what is passed over when salvaging.

use crate::naaccr::problem::{Fatal, FatalKind, ProblemKind, Severity};
use crate::naaccr::reader::value;
use crate::naaccr::reader::xml_reader::XmlReader;
use crate::naaccr::record::Extension;
use crate::naaccr::xml::{self, Markup, Tag};

impl XmlReader<'_> {
    /// Keeps an element of another namespace as it is written; `content` is the position behind its start tag.
    pub(super) fn extension(
        &mut self,
        tag: &Tag,
        content: usize,
        extensions: &mut Vec<Extension>,
    ) -> Result<(), Fatal> {
        let begin = self.at;
        let spot = self.spot(begin);
        let own = self.attributes(tag)?;
        self.at = content;
        let mut open = vec![tag.name];
        if tag.empty {
            open.clear();
        }
        while let Some(name) = open.last().copied() {
            let Some(length) = memchr::memchr(b'<', &self.source.text()[self.at..]) else {
                if self.source.text().len() - self.at > self.keeper.options.limits.value {
                    return Err(self.value_too_large(self.at));
                }
                if !self.source.more()? {
                    return Err(self.syntax(self.source.text().len(), "the file ends inside an extension"));
                }
                continue;
            };
            let stray = text_fault(&self.source.text()[self.at..self.at + length], self.at);
            if let Some((at, what)) = stray {
                return Err(self.syntax(at, what));
            }
            self.at += length;
            let (markup, next) = self.markup()?;
            match markup {
                Markup::Start(inner) => {
                    // Read only to be sure they are well-formed.
                    self.attributes(&inner)?;
                    if !inner.empty {
                        open.push(inner.name);
                    }
                    if open.len() > self.keeper.options.limits.depth {
                        let message = format!("elements stand more than {} deep in each other", open.len() - 1);
                        let spot = self.spot(self.at);
                        return Err(self.keeper.fatal(FatalKind::TooDeep, spot, message));
                    }
                }
                Markup::End { name: end } => {
                    let text = self.source.text();
                    if text[end.0..end.1] != text[name.0..name.1] {
                        return Err(self.syntax(self.at, "an end tag that is not that of the element it closes"));
                    }
                    open.pop();
                }
                Markup::Doctype => return Err(self.syntax(self.at, "a document type declaration inside the file")),
                _ => {}
            }
            self.at = next;
        }
        if self.keeper.options.ignore_extensions {
            return Ok(());
        }
        let text = &self.source.text()[begin..self.at];
        let mut xml = String::from_utf8_lossy(text).into_owned();
        if std::str::from_utf8(text).is_err() {
            let message = "an extension holds bytes that are not UTF-8; they are replaced";
            self.keeper.report(ProblemKind::InvalidUtf8, Severity::Error, spot, None, message);
        }
        if !xml.chars().all(xml::is_allowed) {
            let message = "an extension holds characters that are not allowed in XML; they are left out";
            self.keeper.report(ProblemKind::ControlCharacter, Severity::Error, spot, None, message);
            xml.retain(xml::is_allowed);
        }
        extensions.push(Extension { xml: self.namespaces.self_contained(xml, &own), line: spot.line });
        Ok(())
    }

    /// Passes over text between elements and reports it.
    pub(super) fn stray_text(&mut self) -> Result<(), Fatal> {
        let begin = self.at;
        loop {
            if let Some(length) = memchr::memchr(b'<', &self.source.text()[self.at..]) {
                self.at += length;
                break;
            }
            if self.source.text().len() - begin > self.keeper.options.limits.value {
                return Err(self.value_too_large(begin));
            }
            if !self.source.more()? {
                self.at = self.source.text().len();
                break;
            }
        }
        let mut shown = String::new();
        let raw = self.source.text()[begin..self.at].trim_ascii_end();
        let decoded = value::decode(raw, begin, false, &mut shown, &mut |_| {});
        if let Err((at, what)) = decoded {
            return Err(self.syntax(at, what));
        }
        let spot = self.spot(begin);
        let message = "text stands between the elements; it belongs to no item";
        self.keeper.report(ProblemKind::StrayText, Severity::Error, spot, Some(&shown), message);
        Ok(())
    }

    /// Goes to the next start tag of a patient, or to the end; says what was passed over.
    pub(super) fn pass_over(&mut self) -> Result<String, Fatal> {
        let open = self.namespaces.tag("<", "Patient");
        let (first, _) = self.lines.place(&self.source, self.at);
        let mut from = self.at.max(self.begin + 1);
        self.namespaces.forget_all();
        loop {
            let text = self.source.text();
            let found = memchr::memmem::find(text.get(from..).unwrap_or_default(), &open).map(|n| from + n);
            if let Some(at) = found
                && let Some(after) = text.get(at + open.len())
            {
                if xml::is_space(*after) || matches!(after, b'>' | b'/') {
                    self.at = at;
                    self.root_is_past_items = true;
                    break;
                }
                from = at + 1;
                continue;
            }
            if found.is_none() {
                from = from.max(text.len().saturating_sub(open.len()));
                self.lines.line(&self.source, from.min(text.len()));
                let now = self.source.let_go(from.min(self.source.text().len()));
                self.lines.moved(from, now);
                from = now;
                self.at = now;
            }
            if !self.source.more()? {
                self.at = self.source.text().len();
                self.finished = true;
                break;
            }
        }
        let (last, _) = self.lines.place(&self.source, self.at);
        Ok(if last > first { format!("lines {first} to {}", last - 1) } else { format!("in line {first}") })
    }
}

/// What is wrong with the references in text that is kept as it is written: where and what.
fn text_fault(text: &[u8], at: usize) -> Option<value::Wrong> {
    memchr::memchr2(b'&', b']', text)?;
    value::decode(text, at, false, &mut String::new(), &mut |_| {}).err()
}

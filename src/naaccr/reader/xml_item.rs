//! Items of any form: attributes in any order, references, CDATA, comments.

use crate::naaccr::item::Level;
use crate::naaccr::problem::{Fatal, FatalKind, ProblemKind, Severity};
use crate::naaccr::reader::keeper::{Spot, Written};
use crate::naaccr::reader::unpack::western;
use crate::naaccr::reader::value::{self, Bad};
use crate::naaccr::reader::xml_reader::XmlReader;
use crate::naaccr::record::Items;
use crate::naaccr::xml::{Markup, Tag};

impl XmlReader<'_> {
    /// Reads an item of any form; `content` is the position behind its start tag.
    pub(super) fn item(
        &mut self,
        tag: &Tag,
        content: usize,
        level: Level,
        items: &mut Items,
        past_items: bool,
    ) -> Result<(), Fatal> {
        let begin = self.at;
        let spot = self.spot(begin);
        if past_items {
            let message = format!("an Item stands under {} after an extension or a child element", level.element());
            if self.keeper.options.is_strict() {
                return Err(self.keeper.fatal(FatalKind::UnexpectedTag, spot, message));
            }
            self.keeper.report(ProblemKind::ItemOutOfOrder, Severity::Error, spot, None, message);
        }
        let (mut id, mut number) = (None, None);
        for attribute in self.attributes(tag)? {
            match attribute.0.as_str() {
                "naaccrId" => id = Some(attribute.1),
                "naaccrNum" => number = Some(attribute.1),
                name if name == "xmlns" || name.contains(':') => {}
                name => {
                    let message = format!("an Item has no attribute {name}");
                    self.keeper.report(
                        ProblemKind::UnknownAttribute,
                        Severity::Error,
                        spot,
                        Some(&attribute.1),
                        message,
                    );
                }
            }
        }
        let mut text = std::mem::take(&mut self.scratch);
        text.clear();
        self.at = content;
        if !tag.empty {
            self.text_of_item(&mut text)?;
        }
        let number = number.as_deref().map(str::trim).filter(|n| !n.is_empty());
        let written = match number.map(|n| (n, n.parse())) {
            None => Written::Nothing,
            Some((_, Ok(number))) => Written::Number(number),
            Some((other, Err(_))) => Written::Other(other),
        };
        let id = id.unwrap_or_default();
        let id = if self.keeper.options.is_strict() { id.as_str() } else { id.trim() };
        let kept = if id.trim().is_empty() {
            self.item_without_id(spot, level, written, &text, items)
        } else {
            let word = self.keeper.find(id.as_bytes());
            self.keeper.keep(items, level, spot, id, word, written, &text)
        };
        self.scratch = text;
        kept
    }

    fn item_without_id(
        &mut self,
        spot: Spot,
        level: Level,
        written: Written<'_>,
        value: &str,
        items: &mut Items,
    ) -> Result<(), Fatal> {
        if self.keeper.options.is_strict() {
            return Err(self.keeper.fatal(FatalKind::ItemIdMissing, spot, "an Item without naaccrId"));
        }
        let known = match written {
            Written::Number(number) => self.keeper.by_number(number),
            _ => None,
        };
        let message = match &known {
            Some(id) => format!("an Item without naaccrId; by its number it is {id} and is kept as that"),
            None => "an Item without naaccrId; its value belongs to no item and is left out".to_owned(),
        };
        self.keeper.report(ProblemKind::ItemIdMissing, Severity::Error, spot, Some(value), message);
        let Some(id) = known else { return Ok(()) };
        let word = self.keeper.find(id.as_bytes());
        self.keeper.keep(items, level, spot, &id, word, written, value)
    }

    /// Reads the text of an item up to its end tag.
    fn text_of_item(&mut self, out: &mut String) -> Result<(), Fatal> {
        let mut bad = Vec::new();
        let begin = self.at;
        let keep = self.keeper.options.keep_control_characters;
        loop {
            let found = memchr::memchr(b'<', &self.source.text()[self.at..]);
            let Some(length) = found else {
                if self.source.text().len() - begin > self.keeper.options.limits.value {
                    return Err(self.value_too_large(begin));
                }
                if !self.source.more()? {
                    return Err(self.syntax(self.source.text().len(), "the file ends inside an Item"));
                }
                continue;
            };
            let end = self.at + length;
            if end - begin > self.keeper.options.limits.value {
                return Err(self.value_too_large(begin));
            }
            let decoded = value::decode(&self.source.text()[self.at..end], self.at, keep, out, &mut |b| bad.push(b));
            if let Err((at, what)) = decoded {
                return Err(self.syntax(at, what));
            }
            self.at = end;
            let (markup, next) = self.markup()?;
            match markup {
                Markup::Comment | Markup::Instruction => {}
                Markup::Cdata { text } => {
                    value::append(&self.source.text()[text.0..text.1], text.0, keep, out, &mut |b| bad.push(b));
                }
                Markup::End { name } => {
                    let name = &self.source.text()[name.0..name.1];
                    if self.namespaces.name_of_end(name) != Some("Item") {
                        let message = format!("</{}> where an Item should end", String::from_utf8_lossy(name));
                        return Err(self.syntax(self.at, &message));
                    }
                    self.at = next;
                    self.report_bad(&bad);
                    return Ok(());
                }
                Markup::Start(tag) => {
                    let (spot, name) = (self.spot(self.at), self.name(&tag));
                    let message = format!("<{name}> inside an Item; an Item holds text only");
                    return Err(self.keeper.fatal(FatalKind::UnexpectedTag, spot, message));
                }
                Markup::Doctype => return Err(self.syntax(self.at, "a document type declaration inside an Item")),
            }
            self.at = next;
        }
    }

    fn report_bad(&mut self, bad: &[Bad]) {
        for one in bad {
            match *one {
                Bad::Character { at, code } => {
                    let spot = self.spot(at);
                    let message = format!("the character U+{code:04X} is not allowed in XML; it is left out");
                    self.keeper.report(ProblemKind::ControlCharacter, Severity::Error, spot, None, message);
                }
                Bad::Bytes { at, first } => {
                    let spot = self.spot(at);
                    let place = self.source.before() + at as u64;
                    let message = format!(
                        "the byte {first:02X} (offset {place}) is not UTF-8; it is read as Windows-1252, {:?}",
                        western(first)
                    );
                    self.keeper.report(ProblemKind::InvalidUtf8, Severity::Error, spot, None, message);
                }
            }
        }
    }
}

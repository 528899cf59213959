//! Reads NAACCR XML, a patient at a time.
//!
//! The usual form of an item, `<Item naaccrId="…">value</Item>` with nothing to decode, is taken straight from the
//! window; all else goes through the general reader of markup. Both end in the same [`Keeper`].

use crate::naaccr::item::Level;
use crate::naaccr::options::{Mode, ReadOptions};
use crate::naaccr::problem::{Fatal, FatalKind, ProblemKind, Severity};
use crate::naaccr::reader::keeper::{Keeper, Spot, Written};
use crate::naaccr::reader::namespace::{Element, Namespaces};
use crate::naaccr::reader::root;
use crate::naaccr::reader::source::{LineCount, Source};
use crate::naaccr::reader::value::{self, Bad};
use crate::naaccr::record::{Extension, Items, Patient, Root};
use crate::naaccr::xml::{self, Attributes, Fault, Markup, Tag};

/// What comes next in an element after its items and extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// A child element begins, not yet taken.
    Child,
    /// The element has ended.
    End,
}

/// A reader of NAACCR XML.
#[derive(Debug)]
pub(crate) struct XmlReader<'a> {
    source: Source<'a>,
    at: usize,
    lines: LineCount,
    pub root: Root,
    pub keeper: Keeper,
    namespaces: Namespaces,
    item_open: Vec<u8>,
    item_close: Vec<u8>,
    /// Whether an extension or a child has been seen in the root.
    root_is_past_items: bool,
    finished: bool,
    scratch: String,
    /// Where the patient being read begins.
    begin: usize,
    /// Where the patient read last stands.
    patient: std::ops::Range<usize>,
}

impl<'a> XmlReader<'a> {
    /// Reads the root, up to the first patient.
    pub fn open(
        source: Source<'a>,
        options: &ReadOptions,
        unknown_encoding: Option<String>,
    ) -> Result<XmlReader<'a>, Fatal> {
        let mut source = source;
        let mut lines = LineCount::new();
        let opened = root::open(&mut source, &mut lines, options, unknown_encoding)?;
        let mut reader = XmlReader {
            at: opened.at,
            source,
            lines,
            root: opened.root,
            keeper: opened.keeper,
            item_open: opened.namespaces.tag("<", "Item naaccrId=\""),
            item_close: opened.namespaces.tag("</", "Item>"),
            namespaces: opened.namespaces,
            root_is_past_items: false,
            finished: false,
            scratch: String::new(),
            begin: 0,
            patient: 0..0,
        };
        if opened.empty {
            reader.end_of_root()?;
        } else {
            reader.rest_of_root()?;
        }
        Ok(reader)
    }

    /// Reads one patient that stands alone, in a file of that root.
    pub fn of_snippet(xml: &[u8], root: Root, namespaces: Namespaces, keeper: Keeper) -> XmlReader<'static> {
        XmlReader {
            at: 0,
            source: Source::of_text(xml.to_vec()),
            lines: LineCount::new(),
            root,
            keeper,
            item_open: namespaces.tag("<", "Item naaccrId=\""),
            item_close: namespaces.tag("</", "Item>"),
            namespaces,
            root_is_past_items: true,
            finished: false,
            scratch: String::new(),
            begin: 0,
            patient: 0..0,
        }
    }

    /// Reads the next patient; false at the end of the file.
    pub fn read_patient(&mut self, patient: &mut Patient) -> Result<bool, Fatal> {
        loop {
            patient.clear();
            if self.finished {
                return Ok(false);
            }
            match self.try_patient(patient) {
                Err(fatal) if self.can_go_on_after(&fatal) => {
                    let passed_over = self.pass_over()?;
                    let spot = Spot { line: fatal.line.unwrap_or(0), column: fatal.column.unwrap_or(0) };
                    let message =
                        format!("the patient is broken and was passed over ({passed_over}): {}", fatal.message);
                    self.keeper.report(ProblemKind::PatientSkipped, Severity::Error, spot, None, message);
                }
                other => return other,
            }
        }
    }

    /// The text of the patient read last, as it stands in the file (decoded to UTF-8).
    pub fn patient_source(&self) -> &[u8] {
        self.source.text().get(self.patient.clone()).unwrap_or_default()
    }

    fn try_patient(&mut self, patient: &mut Patient) -> Result<bool, Fatal> {
        self.patient = 0..0;
        self.lines.line(&self.source, self.at);
        let now = self.source.let_go(self.at)?;
        self.lines.moved(self.at, now);
        self.at = now;
        self.begin = self.at;
        self.rest_of_root()?;
        if self.finished {
            return Ok(false);
        }
        self.keeper.begin(Level::Patient);
        let begin = self.at;
        self.begin = begin;
        let spot = self.spot(begin);
        let declared = self.namespaces.depth();
        let empty = self.child_tag(Level::Patient)?;
        patient.ordinal = self.keeper.patient;
        let mut past_items = false;
        let mut next = if empty { Next::End } else { Next::Child };
        if !empty {
            next = self.children(Level::Patient, &mut patient.items, &mut patient.extensions, &mut past_items)?;
        }
        while next == Next::Child {
            past_items = true;
            self.keeper.begin(Level::Tumor);
            let spot = self.spot(self.at);
            let declared = self.namespaces.depth();
            let empty = self.child_tag(Level::Tumor)?;
            let tumor = patient.add_tumor();
            if !empty {
                let mut past_items = false;
                self.children(Level::Tumor, &mut tumor.items, &mut tumor.extensions, &mut past_items)?;
            }
            tumor.lines = (spot.line, self.lines.line(&self.source, self.at));
            self.namespaces.forget(declared);
            next = self.children(Level::Patient, &mut patient.items, &mut patient.extensions, &mut past_items)?;
        }
        self.namespaces.forget(declared);
        patient.lines = (spot.line, self.lines.line(&self.source, self.at));
        self.keeper.between = true;
        self.patient = begin..self.at;
        let before = self.source.before();
        patient.bytes = before + begin as u64..before + self.at as u64;
        Ok(true)
    }

    /// Reads what stands in the root up to the next patient or the end.
    fn rest_of_root(&mut self) -> Result<(), Fatal> {
        let mut items = std::mem::take(&mut self.root.items);
        let mut extensions = std::mem::take(&mut self.root.extensions);
        let mut past_items = self.root_is_past_items;
        let next = self.children(Level::Root, &mut items, &mut extensions, &mut past_items);
        self.root.items = items;
        self.root.extensions = extensions;
        self.root_is_past_items = past_items;
        match next? {
            Next::End => self.end_of_root(),
            Next::Child => {
                self.root_is_past_items = true;
                Ok(())
            }
        }
    }

    /// Sees to it that nothing but comments follows the root.
    fn end_of_root(&mut self) -> Result<(), Fatal> {
        loop {
            let text = self.source.text();
            self.at = xml::skip_space(text, self.at);
            let Some(c) = text.get(self.at) else {
                self.lines.line(&self.source, self.at);
                let now = self.source.let_go(self.at)?;
                self.lines.moved(self.at, now);
                self.at = now;
                if self.at >= self.source.text().len() && !self.source.more()? {
                    self.finished = true;
                    return Ok(());
                }
                continue;
            };
            if *c == b'<'
                && let Ok((Markup::Comment | Markup::Instruction, next)) = self.markup()
            {
                self.at = next;
                continue;
            }
            let message = "something other than comments stands after the end of the root element";
            self.finished = true;
            let spot = self.spot(self.at);
            if self.keeper.options.is_strict() {
                return Err(self.keeper.fatal(FatalKind::XmlSyntax, spot, message));
            }
            let shown = String::from_utf8_lossy(self.source.text().get(self.at..).unwrap_or_default()).into_owned();
            self.keeper.report(ProblemKind::AfterTheEnd, Severity::Error, spot, Some(&shown), message);
            return Ok(());
        }
    }

    /// Reads items and extensions of an element until a child element or its end.
    fn children(
        &mut self,
        level: Level,
        items: &mut Items,
        extensions: &mut Vec<Extension>,
        past_items: &mut bool,
    ) -> Result<Next, Fatal> {
        loop {
            if !*past_items {
                self.simple_items(level, items)?;
            }
            self.at = xml::skip_space(self.source.text(), self.at);
            match self.source.text().get(self.at) {
                None => {
                    if !self.source.more()? {
                        return Err(self.cut_short(level));
                    }
                    continue;
                }
                Some(b'<') => {}
                Some(_) => {
                    self.stray_text()?;
                    continue;
                }
            }
            let (markup, next) = self.markup()?;
            match markup {
                Markup::Comment | Markup::Instruction => self.at = next,
                Markup::Cdata { .. } => {
                    let spot = self.spot(self.at);
                    let message = "text stands between the elements; it belongs to no item";
                    let shown = String::from_utf8_lossy(&self.source.text()[self.at..next]).into_owned();
                    self.keeper.report(ProblemKind::StrayText, Severity::Error, spot, Some(&shown), message);
                    self.at = next;
                }
                Markup::Doctype => return Err(self.syntax(self.at, "a document type declaration inside the file")),
                Markup::End { name } => {
                    self.check_end(name, level)?;
                    self.at = next;
                    return Ok(Next::End);
                }
                Markup::Start(tag) => match self.element(&tag)? {
                    Element::Item => self.item(&tag, next, level, items, *past_items)?,
                    Element::Patient if level == Level::Root => return Ok(Next::Child),
                    Element::Tumor if level == Level::Patient => return Ok(Next::Child),
                    Element::Foreign => {
                        *past_items = true;
                        self.extension(&tag, next, extensions)?;
                    }
                    Element::Unknown if !self.keeper.options.is_strict() && level != Level::Root => {
                        let (spot, name) = (self.spot(self.at), self.name(&tag));
                        let message = format!("<{name}> is no element of NAACCR; it is kept as an extension");
                        self.keeper.report(ProblemKind::UnexpectedTag, Severity::Error, spot, None, message);
                        *past_items = true;
                        self.extension(&tag, next, extensions)?;
                    }
                    _ => {
                        let (spot, name) = (self.spot(self.at), self.name(&tag));
                        let message = format!("<{name}> cannot stand under {}", level.element());
                        return Err(self.keeper.fatal(FatalKind::UnexpectedTag, spot, message));
                    }
                },
            }
        }
    }

    /// Takes items as long as they have the usual form.
    fn simple_items(&mut self, level: Level, items: &mut Items) -> Result<(), Fatal> {
        let text = self.source.text();
        loop {
            let begin = xml::skip_space(text, self.at);
            let Some(rest) = text.get(begin..) else { return Ok(()) };
            if !rest.starts_with(&self.item_open) {
                return Ok(());
            }
            let id_at = begin + self.item_open.len();
            let (word, id_end) = match self.keeper.expected(text, id_at) {
                Some((word, end)) => (Some(word), end),
                None => {
                    let Some(length) = memchr::memchr(b'"', &text[id_at..]) else { return Ok(()) };
                    let id = &text[id_at..id_at + length];
                    let word = self.keeper.find(id);
                    if word.is_none() {
                        // Unknown ids may need decoding and are rare: the general way handles them.
                        return Ok(());
                    }
                    (word, id_at + length)
                }
            };
            let mut written = Written::Nothing;
            let mut at = id_end + 1;
            if text.get(at) != Some(&b'>') {
                let Some((number, end)) = simple_number(text, at) else { return Ok(()) };
                written = Written::Number(number);
                at = end;
            }
            let Some(end) = value::simple_end(text, at + 1) else { return Ok(()) };
            if !text[end..].starts_with(&self.item_close) || end - at > self.keeper.options.limits.value {
                return Ok(());
            }
            let (Ok(id), Ok(value)) =
                (std::str::from_utf8(&text[id_at..id_end]), std::str::from_utf8(&text[at + 1..end]))
            else {
                return Ok(());
            };
            let (line, column) = self.lines.place(&self.source, begin);
            self.keeper.keep(items, level, Spot { line, column }, id, word, written, value)?;
            self.at = end + self.item_close.len();
        }
    }

    /// Reads an item of any form; `content` is the position behind its start tag.
    fn item(
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
                        crate::naaccr::reader::unpack::western(first)
                    );
                    self.keeper.report(ProblemKind::InvalidUtf8, Severity::Error, spot, None, message);
                }
            }
        }
    }

    /// Keeps an element of another namespace as it is written; `content` is the position behind its start tag.
    fn extension(&mut self, tag: &Tag, content: usize, extensions: &mut Vec<Extension>) -> Result<(), Fatal> {
        let begin = self.at;
        let spot = self.spot(begin);
        // The attributes are read only to be sure they are well-formed.
        self.attributes(tag)?;
        self.at = content;
        let mut open = vec![tag.name];
        if tag.empty {
            open.clear();
        }
        while let Some(name) = open.last().copied() {
            let Some(length) = memchr::memchr(b'<', &self.source.text()[self.at..]) else {
                if !self.source.more()? {
                    return Err(self.syntax(self.source.text().len(), "the file ends inside an extension"));
                }
                continue;
            };
            self.at += length;
            let (markup, next) = self.markup()?;
            match markup {
                Markup::Start(inner) => {
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
        let xml = match std::str::from_utf8(text) {
            Ok(xml) => xml.to_owned(),
            Err(_) => {
                let xml = String::from_utf8_lossy(text).into_owned();
                let message = "an extension holds bytes that are not UTF-8; they are replaced";
                self.keeper.report(ProblemKind::InvalidUtf8, Severity::Error, spot, None, message);
                xml
            }
        };
        extensions.push(Extension { xml: self.namespaces.self_contained(xml), line: spot.line });
        Ok(())
    }

    /// Takes the start tag of a patient or tumor; gives whether it is empty.
    fn child_tag(&mut self, level: Level) -> Result<bool, Fatal> {
        let (markup, next) = self.markup()?;
        let Markup::Start(tag) = markup else {
            return Err(self.syntax(self.at, "an element was expected here"));
        };
        let spot = self.spot(self.at);
        if tag.attributes.0 != tag.attributes.1 {
            for (name, value) in self.attributes(&tag)? {
                if self.namespaces.declare(&name, &value) || name.contains(':') {
                    continue;
                }
                let message = format!("{} has no attribute {name}", level.element());
                self.keeper.report(ProblemKind::UnknownAttribute, Severity::Error, spot, Some(&value), message);
            }
        }
        self.at = next;
        Ok(tag.empty)
    }

    fn stray_text(&mut self) -> Result<(), Fatal> {
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

    /// The markup at the present position, with more of the file if need be.
    fn markup(&mut self) -> Result<(Markup, usize), Fatal> {
        loop {
            match xml::markup(self.source.text(), self.at) {
                Ok(found) => return Ok(found),
                Err(Fault::Incomplete) => {
                    if is_endless_tag(self.source.text(), self.at) {
                        return Err(self.syntax(self.at, ENDLESS_TAG));
                    }
                    if !self.source.more()? {
                        return Err(self.syntax(self.source.text().len(), "the file ends inside a tag"));
                    }
                }
                Err(Fault::Syntax { at, what }) => return Err(self.syntax(at, what)),
            }
        }
    }

    fn attributes(&mut self, tag: &Tag) -> Result<Vec<(String, String)>, Fatal> {
        let most = self.keeper.options.limits.attributes;
        match attributes(self.source.text(), tag, most) {
            Ok(found) if found.len() > most => {
                let spot = self.spot(self.at);
                let message = format!("an element has more than {most} attributes");
                Err(self.keeper.fatal(FatalKind::TooManyAttributes, spot, message))
            }
            Ok(found) => Ok(found),
            Err(Fault::Syntax { at, what }) => Err(self.syntax(at, what)),
            Err(Fault::Incomplete) => Err(self.syntax(self.at, "a tag that is not closed")),
        }
    }

    fn element(&mut self, tag: &Tag) -> Result<Element, Fatal> {
        let name = self.source.text()[tag.name.0..tag.name.1].to_vec();
        let own: Vec<(String, String)> =
            if tag.attributes.0 == tag.attributes.1 { Vec::new() } else { self.attributes(tag)? };
        let element = self.namespaces.element(&name, &own);
        if element != Element::Undeclared {
            return Ok(element);
        }
        let (spot, name) = (self.spot(self.at), self.name(tag));
        let message = format!("the prefix of <{name}> is not declared");
        if !self.keeper.options.relaxed_namespaces {
            return Err(self.keeper.fatal(FatalKind::TagNotInNamespace, spot, message));
        }
        let message = format!("{message}; the element is kept as an extension");
        self.keeper.report(ProblemKind::NamespaceUndeclared, Severity::Warning, spot, None, message);
        Ok(Element::Foreign)
    }

    fn check_end(&mut self, name: (usize, usize), level: Level) -> Result<(), Fatal> {
        let name = &self.source.text()[name.0..name.1];
        if self.namespaces.name_of_end(name) == Some(level.element()) {
            return Ok(());
        }
        let message = format!("</{}> where {} should end", String::from_utf8_lossy(name), level.element());
        Err(self.syntax(self.at, &message))
    }

    fn name(&self, tag: &Tag) -> String {
        String::from_utf8_lossy(&self.source.text()[tag.name.0..tag.name.1]).into_owned()
    }

    fn spot(&mut self, at: usize) -> Spot {
        let (line, column) = self.lines.place(&self.source, at);
        Spot { line, column }
    }

    fn syntax(&mut self, at: usize, what: &str) -> Fatal {
        let spot = self.spot(at);
        self.keeper.fatal(FatalKind::XmlSyntax, spot, format!("not well-formed XML: {what}"))
    }

    fn cut_short(&mut self, level: Level) -> Fatal {
        let what = format!("the file ends inside {}", level.element());
        self.syntax(self.source.text().len(), &what)
    }

    fn value_too_large(&mut self, at: usize) -> Fatal {
        let spot = self.spot(at);
        let message =
            format!("a value is longer than {} bytes, the limit that is set", self.keeper.options.limits.value);
        self.keeper.fatal(FatalKind::ValueTooLarge, spot, message)
    }

    fn can_go_on_after(&self, fatal: &Fatal) -> bool {
        self.keeper.options.mode == Mode::Salvage
            && !matches!(fatal.kind, FatalKind::Io | FatalKind::FileTooLarge | FatalKind::CompressionRatio)
    }

    /// Goes to the next start tag of a patient, or to the end; says what was passed over.
    fn pass_over(&mut self) -> Result<String, Fatal> {
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
                let now = self.source.let_go(from.min(self.source.text().len()))?;
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

/// The attributes of a tag, decoded.
pub(crate) fn attributes(text: &[u8], tag: &Tag, most: usize) -> Result<Vec<(String, String)>, Fault> {
    let mut found: Vec<(String, String)> = Vec::new();
    // One more than allowed tells the caller that there are too many, and no more are compared.
    for attribute in Attributes::of(text, tag).take(most.saturating_add(1)) {
        let attribute = attribute?;
        let name = std::str::from_utf8(attribute.name)
            .map_err(|_| Fault::Syntax { at: attribute.at, what: "a name that is not UTF-8" })?;
        if found.iter().any(|(other, _)| other == name) {
            return Err(Fault::Syntax { at: attribute.at, what: "the same attribute twice" });
        }
        found.push((name.to_owned(), xml::attribute_text(attribute.raw, attribute.at)?));
    }
    Ok(found)
}

/// The longest start tag. Each time more of the file is read a tag is looked at from its beginning, so that one without
/// end would cost time by its square.
const LONGEST_TAG: usize = 1 << 20;
pub(crate) const ENDLESS_TAG: &str = "a tag longer than one megabyte";

/// Whether the start tag that begins at `at` and is not closed yet has become too long.
pub(crate) fn is_endless_tag(text: &[u8], at: usize) -> bool {
    text.len().saturating_sub(at) > LONGEST_TAG && !matches!(text.get(at + 1), Some(b'!' | b'?'))
}

/// Reads ` naaccrNum="123">` from `at`; gives the number and the position of the bracket.
fn simple_number(text: &[u8], at: usize) -> Option<(u32, usize)> {
    const OPEN: &[u8] = b" naaccrNum=\"";
    let digits = text.get(at..)?.strip_prefix(OPEN)?;
    let length = digits.iter().take(9).position(|b| !b.is_ascii_digit())?;
    let number = std::str::from_utf8(&digits[..length]).ok()?.parse().ok()?;
    let end = at + OPEN.len() + length;
    (text.get(end..end + 2)? == b"\">").then_some((number, end + 1))
}

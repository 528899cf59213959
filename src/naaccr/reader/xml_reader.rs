//! Reads NAACCR XML, a patient at a time.
//!
//! The usual form of an item, `<Item naaccrId="…">value</Item>` with nothing to decode, is taken straight from the
//! window; all else goes through the general reader of markup. Both end in the same [`Keeper`].

use crate::naaccr::item::Level;
use crate::naaccr::options::{Limits, Mode, ReadOptions};
use crate::naaccr::problem::{Fatal, FatalKind, ProblemKind, Severity};
use crate::naaccr::reader::keeper::{Keeper, Spot, Written};
use crate::naaccr::reader::namespace::{Element, Namespaces};
use crate::naaccr::reader::root;
use crate::naaccr::reader::source::{LineCount, Source};
use crate::naaccr::reader::value;
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
    pub source: Source<'a>,
    pub(super) at: usize,
    pub(super) lines: LineCount,
    pub root: Root,
    pub keeper: Keeper,
    pub(super) namespaces: Namespaces,
    pub(super) item_open: Vec<u8>,
    pub(super) item_close: Vec<u8>,
    /// Whether an extension or a child has been seen in the root.
    pub(super) root_is_past_items: bool,
    pub(super) finished: bool,
    pub(super) scratch: String,
    /// Where the patient being read begins.
    pub(super) begin: usize,
    /// Where the patient read last stands.
    pub(super) patient: std::ops::Range<usize>,
    /// Whether the text is a piece of a file, which ends between two patients.
    pub(super) of_piece: bool,
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
            of_piece: false,
        };
        let spot = reader.spot(reader.at);
        if opened.empty {
            reader.end_of_root()?;
        } else {
            reader.rest_of_root()?;
        }
        reader.keeper.end_root(&reader.root.items, reader.root.record_type, Spot { column: 1, ..spot });
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
            of_piece: false,
        }
    }

    /// A reader of pieces of this file, for [`XmlReader::take_piece`].
    pub fn of_pieces(&self) -> XmlReader<'static> {
        let root = Root { items: Items::default(), extensions: Vec::new(), ..self.root.clone() };
        let mut reader = XmlReader::of_snippet(&[], root, self.namespaces.clone(), self.keeper.alike());
        reader.of_piece = true;
        reader
    }

    /// Begins with a piece of the file that stands between two patients.
    pub fn take_piece(&mut self, source: Source<'a>, lines: LineCount) {
        self.source = source;
        self.lines = lines;
        self.at = 0;
        self.begin = 0;
        self.patient = 0..0;
        self.finished = false;
        self.keeper.patient = 0;
        self.keeper.tumor = 0;
        self.keeper.between = true;
    }

    /// Where the reader stands.
    pub fn position(&self) -> usize {
        self.at
    }

    /// The line counted up to where the reader stands, and where in the file that line begins.
    pub fn counted(&mut self) -> (u64, u64) {
        self.lines.line(&self.source, self.at);
        self.lines.counted()
    }

    /// The end tag of patients, as most files write it.
    pub fn end_tag_of_patient(&self) -> Vec<u8> {
        self.namespaces.tag("</", "Patient>")
    }

    /// Whether the end of the file was reached.
    pub fn is_finished(&self) -> bool {
        self.finished
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
                Err(fatal) if fatal.kind == FatalKind::PatientTooLarge => {
                    let spot = self.spot(self.begin);
                    return Err(self.keeper.fatal(fatal.kind, spot, fatal.message));
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
        let now = self.source.let_go(self.at);
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
        self.source.begin(begin);
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
            self.keeper.end_tumor(&tumor.items);
            self.namespaces.forget(declared);
            next = self.children(Level::Patient, &mut patient.items, &mut patient.extensions, &mut past_items)?;
        }
        self.namespaces.forget(declared);
        patient.lines = (spot.line, self.lines.line(&self.source, self.at));
        self.source.check_size(self.at)?;
        self.keeper.end_patient();
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
                let now = self.source.let_go(self.at);
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
            // Enough of it to show, wherever the window ends.
            while self.source.text().len() - self.at < SHOWN && self.source.more()? {}
            let rest = self.source.text().get(self.at..).unwrap_or_default();
            let shown = String::from_utf8_lossy(&rest[..rest.len().min(SHOWN)]).into_owned();
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
                    if level == Level::Root {
                        // Blanks between patients, however many, are let go of.
                        self.lines.line(&self.source, self.at);
                        let now = self.source.let_go(self.at);
                        self.lines.moved(self.at, now);
                        (self.at, self.begin) = (now, now);
                        if now < self.source.text().len() {
                            continue;
                        }
                    }
                    if !self.source.more()? {
                        if self.of_piece && level == Level::Root {
                            self.finished = true;
                            return Ok(Next::End);
                        }
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
                    if self.of_piece && level == Level::Root {
                        return Err(self.syntax(self.at, "the root ends inside a piece of the file"));
                    }
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
                    Element::Unknown if !self.keeper.options.is_strict() => {
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

    /// The markup at the present position, with more of the file if need be.
    pub(super) fn markup(&mut self) -> Result<(Markup, usize), Fatal> {
        loop {
            match xml::markup(self.source.text(), self.at) {
                Ok(found) => return Ok(found),
                Err(Fault::Incomplete) => {
                    match endless(self.source.text(), self.at, &self.keeper.options.limits) {
                        None => {}
                        Some(FatalKind::ValueTooLarge) => return Err(self.value_too_large(self.at)),
                        Some(_) => return Err(self.syntax(self.at, ENDLESS_TAG)),
                    }
                    if !self.source.more()? {
                        return Err(self.syntax(self.source.text().len(), "the file ends inside a tag"));
                    }
                }
                Err(Fault::Syntax { at, what }) => return Err(self.syntax(at, what)),
            }
        }
    }

    pub(super) fn attributes(&mut self, tag: &Tag) -> Result<Vec<(String, String)>, Fatal> {
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

    pub(super) fn name(&self, tag: &Tag) -> String {
        String::from_utf8_lossy(&self.source.text()[tag.name.0..tag.name.1]).into_owned()
    }

    pub(super) fn spot(&mut self, at: usize) -> Spot {
        let (line, column) = self.lines.place(&self.source, at);
        Spot { line, column }
    }

    pub(super) fn syntax(&mut self, at: usize, what: &str) -> Fatal {
        let spot = self.spot(at);
        self.keeper.fatal(FatalKind::XmlSyntax, spot, format!("not well-formed XML: {what}"))
    }

    fn cut_short(&mut self, level: Level) -> Fatal {
        let what = format!("the file ends inside {}", level.element());
        self.syntax(self.source.text().len(), &what)
    }

    pub(super) fn value_too_large(&mut self, at: usize) -> Fatal {
        let spot = self.spot(at);
        let message =
            format!("a value is longer than {} bytes, the limit that is set", self.keeper.options.limits.value);
        self.keeper.fatal(FatalKind::ValueTooLarge, spot, message)
    }

    fn can_go_on_after(&self, fatal: &Fatal) -> bool {
        self.keeper.options.mode == Mode::Salvage
            && !self.of_piece
            && !matches!(fatal.kind, FatalKind::Io | FatalKind::FileTooLarge | FatalKind::CompressionRatio)
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

/// How many bytes of what follows the root are shown at most.
const SHOWN: usize = 1024;

/// The longest start tag. Each time more of the file is read a tag is looked at from its beginning, so that one without
/// end would cost time by its square.
const LONGEST_TAG: usize = 256 << 10;
pub(crate) const ENDLESS_TAG: &str = "a tag longer than 256 kilobytes";

/// How the markup that begins at `at` and has not ended yet is too long, if it is: a tag, or a comment, an instruction
/// or a CDATA section, which may be as long as a value.
pub(crate) fn endless(text: &[u8], at: usize, limits: &Limits) -> Option<FatalKind> {
    let length = text.len().saturating_sub(at);
    match text.get(at + 1) {
        Some(b'!' | b'?') => (length > limits.value).then_some(FatalKind::ValueTooLarge),
        _ => (length > LONGEST_TAG).then_some(FatalKind::XmlSyntax),
    }
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

//! Takes each item read into its place, after checking it against the dictionaries in use.
//!
//! The forms a file comes in (XML, fixed columns) find items; what is known, checked, reported and kept is decided
//! here, once for all of them.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use crate::naaccr::dictionary::dictionary;
use crate::naaccr::item::{Item, ItemNumber, Level, RecordType};
use crate::naaccr::options::{ReadOptions, Unknown};
use crate::naaccr::problem::{Fatal, FatalKind, Problem, ProblemKind, Problems, Severity};
use crate::naaccr::reader::check;
use crate::naaccr::reader::meaning::{self, Fault, Meanings};
use crate::naaccr::reader::vocabulary::{Definition, Vocabulary};
use crate::naaccr::record::Items;
use crate::naaccr::super_dictionary::earlier_id;
use crate::naaccr::versions::Version;

/// A place in the file: line and column, both from 1.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Spot {
    pub line: u64,
    pub column: u64,
}

/// The number written beside an id.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Written<'a> {
    Nothing,
    Number(u32),
    /// Text that is no number.
    Other(&'a str),
}

/// Checks and keeps items, and collects problems.
#[derive(Debug)]
pub(crate) struct Keeper {
    pub vocabulary: Arc<Vocabulary>,
    pub options: ReadOptions,
    pub problems: Problems,
    /// Patients begun so far; 0 before the first.
    pub patient: u64,
    /// Tumors of the patient begun so far; 0 at the patient itself.
    pub tumor: u32,
    /// Whether the reader stands behind a patient and before the next.
    pub between: bool,
    version: Version,
    /// Judges what values mean, if that is asked for.
    meanings: Option<Meanings>,
    /// Codes that are right only for diagnoses up to a year, which may stand behind them.
    given_up: Vec<GivenUp>,
    /// The earliest year of diagnosis of the patient's tumors so far.
    earliest: Option<u16>,
    /// For each word and level, the last element it was seen in.
    seen: Vec<[u32; 3]>,
    /// The element being read at each level.
    element: [u32; 3],
    /// Unknown ids of the element being read at each level.
    seen_unknown: [HashSet<String>; 3],
    /// For each word the word that came after it last time.
    next: Vec<u32>,
    last: u32,
}

/// A code that is right only for diagnoses up to a year.
#[derive(Debug)]
struct GivenUp {
    word: u32,
    level: Level,
    spot: Spot,
    value: String,
    last_year: u16,
}

impl Keeper {
    pub fn new(vocabulary: Arc<Vocabulary>, version: Version, options: ReadOptions) -> Keeper {
        let words = vocabulary.len();
        Keeper {
            problems: Problems::new(options.max_problems),
            patient: 0,
            tumor: 0,
            between: false,
            version,
            meanings: options.check_codes.then(|| Meanings::new(version, &vocabulary)),
            given_up: Vec::new(),
            earliest: None,
            seen: vec![[0; 3]; words],
            element: [1; 3],
            seen_unknown: Default::default(),
            next: vec![0; words],
            last: 0,
            vocabulary,
            options,
        }
    }

    /// A keeper for another part of the same file, which has found nothing yet.
    pub fn alike(&self) -> Keeper {
        Keeper::new(self.vocabulary.clone(), self.version, self.options.clone())
    }

    /// An element of that level begins.
    pub fn begin(&mut self, level: Level) {
        self.element[level as usize] += 1;
        self.seen_unknown[level as usize].clear();
        match level {
            Level::Root => {}
            Level::Patient => {
                self.between = false;
                self.patient += 1;
                self.tumor = 0;
                self.given_up.clear();
                self.earliest = None;
            }
            Level::Tumor => self.tumor += 1,
        }
    }

    /// The items of the root have been read, which ends its head at that place.
    pub fn end_root(&mut self, items: &Items, record_type: RecordType, spot: Spot) {
        if !self.options.check_codes {
            return;
        }
        for (id, right) in [
            ("registryId", None),
            ("recordType", Some(record_type.to_string())),
            ("naaccrRecordVersion", Some(self.version.to_string())),
        ] {
            let Some(item) = dictionary(self.version).by_id(id).filter(|_| self.options.wants(id)) else { continue };
            match (items.get(id), right) {
                // A hospital's file without any item of the root need not have this one.
                (None, None) if !items.is_empty() => {
                    let message = format!("the file does not say whose it is: {} is absent", item.name);
                    self.report_of(ProblemKind::RootItemMissing, Severity::Note, spot, item, "", message);
                }
                (Some(value), Some(right)) if value != right => {
                    let message = format!("{} is {value}, but the file is of {right}", item.name);
                    self.report_of(ProblemKind::RecordMismatch, Severity::Warning, spot, item, value, message);
                }
                _ => {}
            }
        }
    }

    /// A tumor has ended: its codes are judged by its year of diagnosis.
    #[inline]
    pub fn end_tumor(&mut self, items: &Items) {
        if !self.given_up.is_empty() {
            let year = meaning::year_of(items.get("dateOfDiagnosis"));
            self.earliest = [self.earliest, year].into_iter().flatten().min();
            self.judge_given_up(Level::Tumor, year);
        }
    }

    /// A patient has ended: the codes are judged by the earliest year of diagnosis.
    #[inline]
    pub fn end_patient(&mut self) {
        if !self.given_up.is_empty() {
            self.judge_given_up(Level::Patient, self.earliest);
        }
    }

    #[cold]
    fn judge_given_up(&mut self, level: Level, year: Option<u16>) {
        for given_up in std::mem::take(&mut self.given_up) {
            if given_up.level != level {
                self.given_up.push(given_up);
                continue;
            }
            // Without a date the version of the file decides.
            if year.is_some_and(|year| year <= given_up.last_year) {
                continue;
            }
            let definition = self.vocabulary.word(given_up.word).definition.clone();
            let (item, value) = (definition.item(), given_up.value.as_str());
            let (kind, version) = (ProblemKind::BadCode, self.version);
            let about = Some((item.number, Cow::Owned(item.name.to_string())));
            let message = || meaning::rule(kind, item, value, version);
            self.report_item(kind, Severity::Warning, given_up.spot, level, &item.id, about, value, message);
        }
    }

    /// The word whose id stands at `at`, ended by a quote, if it is the one that came here last time.
    #[inline]
    pub fn expected(&self, text: &[u8], at: usize) -> Option<(u32, usize)> {
        let n = *self.next.get(self.last as usize)?;
        let id = self.vocabulary.word(n).definition.item().id.as_bytes();
        let end = at + id.len();
        (text.get(at..end) == Some(id) && text.get(end) == Some(&b'"')).then_some((n, end))
    }

    /// The word of that id.
    #[inline]
    pub fn find(&self, id: &[u8]) -> Option<u32> {
        self.vocabulary.find(id)
    }

    /// A stop at that place.
    pub fn fatal(&self, kind: FatalKind, spot: Spot, message: impl Into<String>) -> Fatal {
        Fatal {
            kind,
            line: Some(spot.line),
            column: Some(spot.column),
            patient: (self.patient > 0).then_some(self.patient + u64::from(self.between)),
            message: message.into(),
        }
    }

    /// The id of the item of that number.
    pub fn by_number(&self, number: u32) -> Option<String> {
        self.vocabulary.by_number(ItemNumber(number))
    }

    /// Reports a problem that is not about a known item.
    pub fn report(
        &mut self,
        kind: ProblemKind,
        severity: Severity,
        spot: Spot,
        value: Option<&str>,
        message: impl Into<String>,
    ) {
        let (patient, tumor) = if self.between { (0, 0) } else { (self.patient, self.tumor) };
        self.problems.add(kind, severity, || Problem {
            kind,
            severity,
            line: spot.line,
            column: spot.column,
            patient: (patient > 0).then_some(patient),
            tumor: (tumor > 0).then_some(tumor),
            item: None,
            number: None,
            name: None,
            value: value.map(shortened),
            message: message.into(),
        });
    }

    /// Reports a problem of a known item.
    pub fn report_of(
        &mut self,
        kind: ProblemKind,
        severity: Severity,
        spot: Spot,
        item: &Item,
        value: &str,
        message: String,
    ) {
        let about = Some((item.number, Cow::Owned(item.name.to_string())));
        self.report_item(kind, severity, spot, item.level, &item.id, about, value, || message);
    }

    /// Reports a problem of an item.
    #[allow(clippy::too_many_arguments)]
    fn report_item(
        &mut self,
        kind: ProblemKind,
        severity: Severity,
        spot: Spot,
        level: Level,
        id: &str,
        item: Option<(Option<ItemNumber>, Cow<'static, str>)>,
        value: &str,
        message: impl FnOnce() -> String,
    ) {
        let (patient, tumor) = (self.patient, self.tumor);
        self.problems.add(kind, severity, || {
            let (number, name) = item.map_or((None, None), |(number, name)| (number, Some(name)));
            Problem {
                kind,
                severity,
                line: spot.line,
                column: spot.column,
                patient: (patient > 0).then_some(patient),
                tumor: (tumor > 0 && level == Level::Tumor).then_some(tumor),
                item: Some(id.to_owned()),
                number,
                name,
                value: (!value.is_empty()).then(|| shortened(value)),
                message: message(),
            }
        });
    }

    /// Takes one item; `word` is what its id was found to be.
    #[inline]
    #[allow(clippy::too_many_arguments)]
    pub fn keep(
        &mut self,
        items: &mut Items,
        level: Level,
        spot: Spot,
        id: &str,
        word: Option<u32>,
        written: Written<'_>,
        value: &str,
    ) -> Result<(), Fatal> {
        let Some(n) = word else {
            return self.keep_unknown(items, level, spot, id, written, value);
        };
        self.next[self.last as usize] = n;
        self.last = n;
        let word = self.vocabulary.word(n);
        let item = word.definition.item();
        if !word.of_record_type || !word.wanted {
            return if word.wanted { self.keep_unknown(items, level, spot, id, written, value) } else { Ok(()) };
        }
        let faults = if value.is_empty() {
            check::Faults::default()
        } else {
            check::faults(item, value, self.options.check_values)
        };
        let seen = std::mem::replace(&mut self.seen[n as usize][level as usize], self.element[level as usize]);
        let meaning = match &mut self.meanings {
            Some(meanings) if faults.none() && !value.is_empty() => match meanings.fault(n, item, value) {
                Some(Fault::GivenUp(last_year)) if level != Level::Root => {
                    self.given_up.push(GivenUp { word: n, level, spot, value: value.to_owned(), last_year });
                    None
                }
                Some(Fault::GivenUp(_)) => Some(ProblemKind::BadCode),
                Some(Fault::Wrong(kind)) => Some(kind),
                None => None,
            },
            _ => None,
        };
        let right_number = match written {
            Written::Nothing => true,
            Written::Number(number) => item.number == Some(ItemNumber(number)),
            Written::Other(_) => false,
        };
        let fine = faults.none()
            && meaning.is_none()
            && right_number
            && item.level == level
            && seen != self.element[level as usize];
        match &word.definition {
            Definition::Standard(item) => items.push_known(item, value, spot.line),
            Definition::Own(..) => items.push_own(&item.id, item.number, value, spot.line),
        }
        if fine {
            return Ok(());
        }
        let repeated = seen == self.element[level as usize];
        if repeated {
            items.note_repeat();
        }
        self.report_faults(n, level, spot, id, written, value, faults, meaning, repeated)
    }

    #[cold]
    #[allow(clippy::too_many_arguments)]
    fn report_faults(
        &mut self,
        n: u32,
        level: Level,
        spot: Spot,
        id: &str,
        written: Written<'_>,
        value: &str,
        faults: check::Faults,
        meaning: Option<ProblemKind>,
        repeated: bool,
    ) -> Result<(), Fatal> {
        let definition = self.vocabulary.word(n).definition.clone();
        let item = definition.item();
        let about = |item: &Item| Some((item.number, Cow::Owned(item.name.to_string())));
        if repeated {
            self.repeated(level, spot, id, about(item), value)?;
        }
        match written {
            Written::Nothing => {}
            Written::Number(number) if item.number == Some(ItemNumber(number)) => {}
            Written::Number(number) => {
                let message = || match item.number {
                    Some(right) => format!("the number {number} stands beside it, but its number is {right}"),
                    None => format!("the number {number} stands beside it, but its dictionary gives it no number"),
                };
                self.report_item(
                    ProblemKind::WrongNumber,
                    Severity::Error,
                    spot,
                    level,
                    id,
                    about(item),
                    value,
                    message,
                );
            }
            Written::Other(text) => self.number_is_no_number(level, spot, id, about(item), text, value)?,
        }
        if item.level != level {
            let message = || format!("it stands under {}, but belongs under {}", level.element(), item.level.element());
            self.report_item(ProblemKind::WrongLevel, Severity::Error, spot, level, id, about(item), value, message);
        }
        for kind in faults.kinds() {
            if kind == ProblemKind::TooShort && self.is_repaired_by_padding(item, value) {
                continue;
            }
            let message = || check::rule(kind, item, value);
            self.report_item(kind, Severity::Error, spot, level, id, about(item), value, message);
        }
        if let Some(kind) = meaning {
            let version = self.version;
            let message = || meaning::rule(kind, item, value, version);
            self.report_item(kind, Severity::Warning, spot, level, id, about(item), value, message);
        }
        Ok(())
    }

    fn is_repaired_by_padding(&self, item: &Item, value: &str) -> bool {
        self.options.zero_pad
            && matches!(item.padding, crate::naaccr::item::Padding::LeftZero | crate::naaccr::item::Padding::RightZero)
            && value.bytes().all(|b| b.is_ascii_digit())
    }

    fn repeated(
        &mut self,
        level: Level,
        spot: Spot,
        id: &str,
        about: Option<(Option<ItemNumber>, Cow<'static, str>)>,
        value: &str,
    ) -> Result<(), Fatal> {
        let message = format!("the item {id} stands twice under one {}", level.element());
        if self.options.is_strict() {
            return Err(self.fatal(FatalKind::DuplicateItem, spot, message));
        }
        self.report_item(ProblemKind::DuplicateItem, Severity::Error, spot, level, id, about, value, || {
            format!("{message}; the first value counts")
        });
        Ok(())
    }

    fn number_is_no_number(
        &mut self,
        level: Level,
        spot: Spot,
        id: &str,
        about: Option<(Option<ItemNumber>, Cow<'static, str>)>,
        text: &str,
        value: &str,
    ) -> Result<(), Fatal> {
        let message = format!("naaccrNum of {id} is {text:?}, which is not a number");
        if self.options.is_strict() {
            return Err(self.fatal(FatalKind::ItemNumberNotNumeric, spot, message));
        }
        self.report_item(ProblemKind::ItemNumberNotNumeric, Severity::Error, spot, level, id, about, value, || message);
        Ok(())
    }

    #[cold]
    fn keep_unknown(
        &mut self,
        items: &mut Items,
        level: Level,
        spot: Spot,
        id: &str,
        written: Written<'_>,
        value: &str,
    ) -> Result<(), Fatal> {
        if self.options.translate_renamed
            && self.find(id.as_bytes()).is_none()
            && let Some(newer) = earlier_id(self.version, id)
            && let Some(word) = self.find(newer.as_bytes())
        {
            if !self.options.is_strict() {
                let message = || format!("{id} is called {newer} in this version and is read as that");
                self.report_item(ProblemKind::RenamedId, Severity::Note, spot, level, id, None, value, message);
            }
            return self.keep(items, level, spot, newer, Some(word), written, value);
        }
        if !self.options.wants(id) {
            return Ok(());
        }
        if let Written::Other(text) = written {
            self.number_is_no_number(level, spot, id, None, text, value)?;
        }
        if self.seen_unknown[level as usize].contains(id) {
            self.repeated(level, spot, id, None, value)?;
            items.note_repeat();
        } else {
            self.seen_unknown[level as usize].insert(id.to_owned());
        }
        if matches!(self.options.unknown, Unknown::Error | Unknown::Report) {
            let other_type = self.find(id.as_bytes()).is_some();
            let message = || {
                match (other_type, self_is_kept(self.options.unknown)) {
                (true, true) => "the item does not belong to the record type of this file; it is kept".to_owned(),
                (true, false) => "the item does not belong to the record type of this file; it is left out".to_owned(),
                (false, true) => "no dictionary in use knows this item; it is kept as it is".to_owned(),
                (false, false) => {
                    "no dictionary in use knows this item; it is left out (name its user dictionary, or keep unknown items)"
                        .to_owned()
                }
            }
            };
            let (patient, tumor) = (self.patient, self.tumor);
            self.problems.add(ProblemKind::UnknownId, Severity::Error, || Problem {
                kind: ProblemKind::UnknownId,
                severity: Severity::Error,
                line: spot.line,
                column: spot.column,
                patient: (patient > 0).then_some(patient),
                tumor: (tumor > 0 && level == Level::Tumor).then_some(tumor),
                item: Some(id.to_owned()),
                number: None,
                name: None,
                value: (!value.is_empty()).then(|| shortened(value)),
                message: message(),
            });
        }
        if matches!(self.options.unknown, Unknown::Keep | Unknown::Report) {
            let number = match written {
                Written::Number(number) => Some(ItemNumber(number)),
                _ => None,
            };
            items.push_own(id, number, value, spot.line);
        }
        Ok(())
    }
}

fn self_is_kept(unknown: Unknown) -> bool {
    matches!(unknown, Unknown::Keep | Unknown::Report)
}

/// A value as problems show it.
fn shortened(value: &str) -> String {
    match value.char_indices().nth(200) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value.to_owned(),
    }
}

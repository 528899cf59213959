//! Repairs of values and places that break a rule: chosen by name, listed one by one, never done unasked.
//!
//! In: a patient as it was read, and the kinds of repair that were asked for. Out: the same patient repaired, and for
//! each repair where it was, what stood there and what stands there now; or why it could not be done. Nothing is
//! guessed: what has more than one answer (an item of the tumor under a patient with two) is left as it is and listed.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::naaccr::dictionary::{Dictionary, default_user_dictionary, dictionary};
use crate::naaccr::item::{Item, ItemNumber, Level, Padding};
use crate::naaccr::problem::{Problem, ProblemKind};
use crate::naaccr::record::{Items, Patient, Root};
use crate::naaccr::super_dictionary::{earlier_id, super_dictionary};
use crate::naaccr::versions::Version;
use crate::naaccr::writer::padded;
use crate::naaccr::xml::is_allowed;

/// A kind of repair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RepairKind {
    /// Characters that XML does not allow are taken out.
    Control,
    /// An item under an id of another edition, or with other capitals, gets the id of the file's version.
    Rename,
    /// Blanks at the ends of a value are taken away.
    Trim,
    /// An all-digit value that is too short is padded with zeros as the dictionary says.
    Pad,
    /// A value that is too long is cut at the length of its item.
    Cut,
    /// An item under the wrong element is moved to where it belongs.
    Level,
}

impl RepairKind {
    /// All kinds, in the order they are done.
    pub const ALL: [RepairKind; 6] = [
        RepairKind::Control,
        RepairKind::Rename,
        RepairKind::Trim,
        RepairKind::Pad,
        RepairKind::Cut,
        RepairKind::Level,
    ];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            RepairKind::Control => "control",
            RepairKind::Rename => "rename",
            RepairKind::Trim => "trim",
            RepairKind::Pad => "pad",
            RepairKind::Cut => "cut",
            RepairKind::Level => "level",
        }
    }
}

impl fmt::Display for RepairKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for RepairKind {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let known = RepairKind::ALL.map(RepairKind::name).join(" ");
        RepairKind::ALL
            .into_iter()
            .find(|k| k.name() == text)
            .ok_or_else(|| format!("{text:?} is no repair; use some of {known}"))
    }
}

impl Problem {
    /// The repair that can be asked for, for a problem of that kind.
    pub fn repair(&self) -> Option<RepairKind> {
        match self.kind {
            ProblemKind::LeadingSpace | ProblemKind::TrailingSpace => Some(RepairKind::Trim),
            ProblemKind::TooLong => Some(RepairKind::Cut),
            ProblemKind::WrongLevel => Some(RepairKind::Level),
            ProblemKind::ControlCharacter => Some(RepairKind::Control),
            ProblemKind::RenamedId => Some(RepairKind::Rename),
            ProblemKind::TooShort => {
                let item = super_dictionary().by_id(self.item.as_deref()?)?;
                let is_number = self.value.as_ref().is_some_and(|v| v.bytes().all(|b| b.is_ascii_digit()));
                (is_number && item.padding != Padding::None).then_some(RepairKind::Pad)
            }
            _ => None,
        }
    }
}

/// One repair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repair {
    /// What kind.
    pub kind: RepairKind,
    /// Line in the file, from 1.
    pub line: u64,
    /// Ordinal of the patient, from 1; none for the root.
    pub patient: Option<u64>,
    /// Ordinal of the tumor in the patient, from 1; none at the patient itself.
    pub tumor: Option<u32>,
    /// Id of the item as it was read.
    pub item: String,
    /// Its number.
    pub number: Option<ItemNumber>,
    /// What stood there.
    pub before: String,
    /// What stands there now, or where it went.
    pub after: String,
    /// Why it was not done; none if it was.
    pub not_done: Option<&'static str>,
}

impl fmt::Display for Repair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if let Some(patient) = self.patient {
            write!(f, ", patient {patient}")?;
        }
        if let Some(tumor) = self.tumor {
            write!(f, ", tumor {tumor}")?;
        }
        match self.not_done {
            None => write!(f, ", {}: {} {:?} -> {:?}", self.item, self.kind, self.before, self.after),
            Some(why) => write!(f, ", {}: {} not done: {why}", self.item, self.kind),
        }
    }
}

/// Repairs patients of one file and lists what was done.
#[derive(Debug)]
pub struct Repairs {
    kinds: Vec<RepairKind>,
    version: Version,
    user: Vec<Arc<Dictionary>>,
    found: Vec<Repair>,
    done: [u64; 6],
    not_done: [u64; 6],
    most: usize,
    taken: usize,
    patient: Option<u64>,
    tumor: Option<u32>,
}

impl Repairs {
    /// Repairs of those kinds in a file of that version; `most` are listed whole, all are counted.
    pub fn new(version: Version, kinds: &[RepairKind], user: &[Arc<Dictionary>], most: usize) -> Repairs {
        let mut kinds = kinds.to_vec();
        kinds.sort_unstable();
        kinds.dedup();
        Repairs {
            kinds,
            version,
            user: user.to_vec(),
            found: Vec::new(),
            done: [0; 6],
            not_done: [0; 6],
            most,
            taken: 0,
            patient: None,
            tumor: None,
        }
    }

    /// Repairs the items of the root.
    pub fn root(&mut self, root: &mut Root) {
        (self.patient, self.tumor) = (None, None);
        self.values(&mut root.items);
    }

    /// Repairs a patient.
    pub fn patient(&mut self, patient: &mut Patient) {
        if self.kinds.is_empty() {
            return;
        }
        (self.patient, self.tumor) = (Some(patient.ordinal), None);
        self.values(&mut patient.items);
        for (tumor, n) in patient.tumors.iter_mut().zip(1..) {
            self.tumor = Some(n);
            self.values(&mut tumor.items);
        }
        if self.kinds.contains(&RepairKind::Level) {
            self.levels(patient);
        }
    }

    /// Takes the repairs listed so far.
    pub fn drain(&mut self) -> Vec<Repair> {
        self.taken += self.found.len();
        std::mem::take(&mut self.found)
    }

    /// The kinds that were asked for, how often each was done and how often it could not be.
    pub fn counts(&self) -> impl Iterator<Item = (RepairKind, u64, u64)> + '_ {
        self.kinds.iter().map(|k| (*k, self.done[*k as usize], self.not_done[*k as usize]))
    }

    fn definition(&self, id: &str) -> Option<&Item> {
        dictionary(self.version)
            .by_id(id)
            .or_else(|| default_user_dictionary(self.version)?.by_id(id))
            .or_else(|| self.user.iter().find_map(|d| d.by_id(id)))
    }

    /// Repairs ids and values in their places.
    fn values(&mut self, items: &mut Items) {
        let mut changes: Vec<Repair> = Vec::new();
        for entry in items.iter() {
            let mut id = std::borrow::Cow::Borrowed(entry.id);
            let mut value = std::borrow::Cow::Borrowed(entry.value);
            for kind in &self.kinds {
                let new = match kind {
                    RepairKind::Rename => {
                        let Some(newer) = self.renamed(&id) else { continue };
                        let taken = items.get(newer).is_some();
                        changes.push(Repair {
                            kind: *kind,
                            line: entry.line,
                            patient: self.patient,
                            tumor: self.tumor,
                            item: id.to_string(),
                            number: self.definition(newer).and_then(|i| i.number),
                            before: id.to_string(),
                            after: newer.to_owned(),
                            not_done: taken.then_some("the item is there already under its own id"),
                        });
                        if !taken {
                            id = newer.to_owned().into();
                        }
                        continue;
                    }
                    RepairKind::Level => continue,
                    RepairKind::Control => value
                        .chars()
                        .any(|c| !is_allowed(c))
                        .then(|| value.chars().filter(|c| is_allowed(*c)).collect()),
                    RepairKind::Trim => {
                        let keeps = self.definition(&id).is_some_and(|item| item.keeps_blanks);
                        let trimmed = value.trim_matches([' ', '\t', '\n']);
                        (!keeps && trimmed.len() < value.len()).then(|| trimmed.to_owned())
                    }
                    RepairKind::Pad => {
                        let item = self.definition(&id).filter(|item| item.data_type.fills_its_length());
                        let new = item.map(|item| padded(item, value.clone()).into_owned());
                        new.filter(|new| *new != *value)
                    }
                    RepairKind::Cut => {
                        let item = self.definition(&id).filter(|item| !item.unlimited_text);
                        item.and_then(|item| {
                            Some(value[..value.char_indices().nth(item.length as usize)?.0].to_owned())
                        })
                    }
                };
                let Some(new) = new else { continue };
                changes.push(Repair {
                    kind: *kind,
                    line: entry.line,
                    patient: self.patient,
                    tumor: self.tumor,
                    item: id.to_string(),
                    number: entry.number,
                    before: value.into_owned(),
                    after: new.clone(),
                    not_done: None,
                });
                value = new.into();
            }
        }
        for change in changes {
            match (change.not_done, change.kind) {
                (Some(_), _) => {}
                (None, RepairKind::Rename) => items.rename(&change.item, &change.after),
                (None, _) => items.change(&change.item, &change.before, &change.after),
            }
            self.list(change);
        }
    }

    /// The id of the file's version for one that no dictionary knows.
    fn renamed(&self, id: &str) -> Option<&'static str> {
        if self.definition(id).is_some() {
            return None;
        }
        let standard = dictionary(self.version);
        if let Some(newer) = earlier_id(self.version, id) {
            return standard.by_id(newer).map(|item| &*item.id);
        }
        let known = super_dictionary().by_id(id).filter(|item| !item.reserved).and_then(|item| item.number);
        if let Some(item) = known.and_then(|number| standard.by_number(number)) {
            return Some(&item.id);
        }
        let mut alike = standard.items().iter().filter(|item| item.id.eq_ignore_ascii_case(id));
        alike.next().map(|item| &*item.id)
    }

    /// Moves items to the element they belong under.
    fn levels(&mut self, patient: &mut Patient) {
        let misplaced = |items: &Items, here: Level| -> Vec<(String, String, u64, Option<ItemNumber>, Level)> {
            let place = |e: crate::naaccr::record::Entry<'_>| {
                let level = self.definition(e.id)?.level;
                (level != here).then(|| (e.id.to_owned(), e.value.to_owned(), e.line, e.number, level))
            };
            items.iter().filter_map(place).collect()
        };
        let of_patient = misplaced(&patient.items, Level::Patient);
        let of_tumors: Vec<_> = patient.tumors.iter().map(|t| misplaced(&t.items, Level::Tumor)).collect();
        let ordinal = patient.ordinal;
        for (id, value, line, number, level) in of_patient {
            let not_done = match (level, patient.tumors.as_mut_slice()) {
                (Level::Root, _) => Some("it belongs to the file, not to one patient"),
                (_, []) => Some("the patient has no tumor"),
                (_, [only]) => match only.items.get(&id) {
                    None => {
                        only.items.push(&id, &value);
                        patient.items.remove(&id);
                        None
                    }
                    Some(same) if same == value => {
                        patient.items.remove(&id);
                        None
                    }
                    Some(_) => Some("the tumor has another value"),
                },
                (_, _) => Some("the patient has more than one tumor"),
            };
            self.moved(id, value, line, number, (Some(ordinal), None), level, not_done);
        }
        for (n, found) in of_tumors.into_iter().enumerate() {
            for (id, value, line, number, level) in found {
                let not_done = match (level, patient.items.get(&id)) {
                    (Level::Root, _) => Some("it belongs to the file, not to one tumor"),
                    (_, Some(other)) if other != value => Some("the patient has another value"),
                    (_, known) => {
                        if known.is_none() {
                            patient.items.push(&id, &value);
                        }
                        if let Some(tumor) = patient.tumors.get_mut(n) {
                            tumor.items.remove(&id);
                        }
                        None
                    }
                };
                self.moved(id, value, line, number, (Some(ordinal), Some(n as u32 + 1)), level, not_done);
            }
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn moved(
        &mut self,
        item: String,
        value: String,
        line: u64,
        number: Option<ItemNumber>,
        (patient, tumor): (Option<u64>, Option<u32>),
        level: Level,
        not_done: Option<&'static str>,
    ) {
        let after = level.element().to_owned();
        self.list(Repair {
            kind: RepairKind::Level,
            line,
            patient,
            tumor,
            item,
            number,
            before: value,
            after,
            not_done,
        });
    }

    fn list(&mut self, repair: Repair) {
        let counts = if repair.not_done.is_some() { &mut self.not_done } else { &mut self.done };
        counts[repair.kind as usize] += 1;
        if self.found.len() + self.taken < self.most {
            self.found.push(repair);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn repaired(kinds: &[RepairKind], patient: &mut Patient) -> Vec<String> {
        let mut repairs = Repairs::new(Version::V250, kinds, &[], 100);
        repairs.patient(patient);
        repairs.drain().iter().map(Repair::to_string).collect()
    }

    #[test]
    fn values_are_repaired_one_kind_after_the_other_and_each_is_listed() {
        let mut patient = Patient::default();
        patient.ordinal = 3;
        patient.items.push("patientIdNumber", " 12");
        patient.items.push("nameLast", "A\u{1}b  ");
        patient.add_tumor().items.push("PrimarySite", "C509x");
        let before = patient.clone();
        assert!(repaired(&[], &mut patient).is_empty());
        assert_eq!(patient, before);
        let said = repaired(&RepairKind::ALL, &mut patient);
        assert_eq!(
            said,
            [
                "line 0, patient 3, patientIdNumber: trim \" 12\" -> \"12\"",
                "line 0, patient 3, patientIdNumber: pad \"12\" -> \"00000012\"",
                "line 0, patient 3, nameLast: control \"A\\u{1}b  \" -> \"Ab  \"",
                "line 0, patient 3, nameLast: trim \"Ab  \" -> \"Ab\"",
                "line 0, patient 3, tumor 1, PrimarySite: rename \"PrimarySite\" -> \"primarySite\"",
                "line 0, patient 3, tumor 1, primarySite: cut \"C509x\" -> \"C509\"",
            ]
        );
        assert_eq!(patient.items.get("patientIdNumber"), Some("00000012"));
        assert_eq!(patient.tumors[0].items.get("primarySite"), Some("C509"));
        assert!(repaired(&RepairKind::ALL, &mut patient).is_empty());
    }

    #[test]
    fn an_item_is_moved_only_where_there_is_one_place_for_it() {
        let kinds = [RepairKind::Level];
        let mut patient = Patient::default();
        patient.items.push("primarySite", "C509");
        patient.add_tumor().items.push("sex", "1");
        assert_eq!(repaired(&kinds, &mut patient).len(), 2);
        assert_eq!((patient.items.get("sex"), patient.tumors[0].items.get("primarySite")), (Some("1"), Some("C509")));
        patient.items.push("primarySite", "C619");
        patient.add_tumor().items.push("sex", "2");
        let said = repaired(&kinds, &mut patient);
        assert!(said[0].ends_with("level not done: the patient has more than one tumor"), "{said:?}");
        assert!(said[1].ends_with("level not done: the patient has another value"), "{said:?}");
        assert_eq!(patient.tumors[1].items.get("sex"), Some("2"));
    }

    #[test]
    fn an_id_of_another_edition_is_renamed_unless_the_item_is_there_already() {
        let mut patient = Patient::default();
        patient.add_tumor().items.push("seerPrimaryTumor", "100");
        repaired(&[RepairKind::Rename], &mut patient);
        assert_eq!(patient.tumors[0].items.get("eodPrimaryTumor"), Some("100"));
        patient.tumors[0].items.push("seerPrimaryTumor", "200");
        assert!(repaired(&[RepairKind::Rename], &mut patient)[0].contains("not done"));
        assert_eq!(patient.tumors[0].items.get("seerPrimaryTumor"), Some("200"));
    }
}

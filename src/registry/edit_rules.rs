//! Which edits a case is bound to: the compiled-in library, and of the registry's own edit files those that are
//! switched on for the case's year of diagnosis.
//!
//! Several editions of one file may be on at once, each for other years. The library of a combination is put together
//! when a case first asks for it and kept; its fingerprint goes with every result. The set that runs at each change is
//! the registry's own; a recipient's set is run when a file is made for it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::edits::{EditFile, Library, Plan, PlanFor, Trials, Years};
use crate::naaccr::{RecordType, Version};

/// An edit file of the registry's own, as it is stored.
#[derive(Debug)]
pub struct OwnFile {
    /// Row id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Its edition.
    pub edition: String,
    /// Years of diagnosis of the cases bound to it.
    pub years: Years,
    /// Its text.
    pub text: String,
}

/// The edits in use.
#[derive(Debug, Default)]
pub struct EditRules {
    own: Vec<(Arc<OwnFile>, bool)>,
    bound: Mutex<BTreeMap<Vec<i64>, Arc<Bound>>>,
}

/// The library of a combination of own files, with the plans made of it.
#[derive(Debug)]
pub struct Bound {
    library: Arc<Library>,
    files: Vec<Arc<OwnFile>>,
    plans: Mutex<BTreeMap<(String, RecordType), Arc<Plan<'static>>>>,
}

impl EditRules {
    /// Of the registry's own files, each with whether it is switched on.
    pub fn of(own: Vec<(Arc<OwnFile>, bool)>) -> EditRules {
        EditRules { own, bound: Mutex::default() }
    }

    /// A file that is already here.
    pub fn known(&self, id: i64) -> Option<Arc<OwnFile>> {
        self.own.iter().map(|(file, _)| file).find(|file| file.id == id).cloned()
    }

    /// Whether these files, each switched on or not, are just those that are here.
    pub fn is_of(&self, rows: impl Iterator<Item = (i64, bool)>) -> bool {
        self.own.iter().map(|(file, on)| (file.id, *on)).eq(rows)
    }

    /// The own files, each with whether it is switched on.
    pub fn own(&self) -> impl Iterator<Item = (&OwnFile, bool)> {
        self.own.iter().map(|(file, on)| (&**file, *on))
    }

    /// The same as if one file were switched on: of its name those for the same years go off.
    pub fn with(&self, id: i64) -> EditRules {
        let wanted = self.known(id);
        let switched = |file: &OwnFile, on: bool| match &wanted {
            Some(new) if file.id == new.id => true,
            Some(new) if file.name == new.name && overlap(file.years, new.years) => false,
            _ => on,
        };
        EditRules::of(self.own.iter().map(|(file, on)| (file.clone(), switched(file, *on))).collect())
    }

    /// What cases of a year of diagnosis are bound to.
    pub fn bound(&self, year: Option<u16>) -> Arc<Bound> {
        let files: Vec<Arc<OwnFile>> =
            self.own.iter().filter(|(file, on)| *on && file.years.hold(year)).map(|(file, _)| file.clone()).collect();
        let ids: Vec<i64> = files.iter().map(|file| file.id).collect();
        let mut bound = self.bound.lock().unwrap_or_else(PoisonError::into_inner);
        bound.entry(ids).or_insert_with(|| Arc::new(Bound::of(files))).clone()
    }

    /// The names of all sets there are, with their titles.
    pub fn sets(&self) -> Vec<(String, String)> {
        let named = |library: &Library| library.sets().map(|s| (s.name.clone(), s.title.clone())).collect::<Vec<_>>();
        let mut sets = named(Library::shipped());
        for (file, _) in self.own.iter().filter(|(_, on)| *on) {
            let bound = self.bound(file.years.first.or(file.years.last));
            sets.extend(
                named(&bound.library)
                    .into_iter()
                    .filter(|(name, _)| !sets.iter().any(|(n, _)| n == name))
                    .collect::<Vec<_>>(),
            );
        }
        sets
    }
}

/// Whether two spans of years have one in common.
pub fn overlap(a: Years, b: Years) -> bool {
    let span = |years: Years| (years.first.unwrap_or(0), years.last.unwrap_or(u16::MAX));
    let ((a_first, a_last), (b_first, b_last)) = (span(a), span(b));
    a_first <= b_last && b_first <= a_last
}

impl Bound {
    fn of(files: Vec<Arc<OwnFile>>) -> Bound {
        let mut library = Library::shipped().clone();
        let named: Vec<(String, &str)> =
            files.iter().map(|file| (format!("{}.toml", file.name), file.text.as_str())).collect();
        for (name, text) in &named {
            // What is stored was examined; what a later program no longer reads is left out and told, the rest runs.
            for fault in library.add(&[EditFile { name, text }], Trials::LeftOut) {
                log::error!("{fault}");
            }
        }
        Bound { library: Arc::new(library), files, plans: Mutex::default() }
    }

    /// The library.
    pub fn library(&self) -> &Library {
        &self.library
    }

    /// The registry's own files in it, as `name edition`.
    pub fn editions(&self) -> Vec<String> {
        self.files.iter().map(|file| format!("{} {}", file.name, file.edition)).collect()
    }

    /// The beginning of its fingerprint.
    pub fn fingerprint(&self) -> &str {
        self.library.fingerprint().get(..12).unwrap_or_default()
    }

    /// The plan of a set for a record type; none if there is no such set.
    pub fn plan(&self, set: &str, record_type: RecordType) -> Option<Arc<Plan<'static>>> {
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(plan) = plans.get(&(set.to_owned(), record_type)) {
            return Some(plan.clone());
        }
        let wanted = PlanFor { set: self.library.set(set)?, record_type, version: Version::V260 };
        let plan = Arc::new(Plan::shared(self.library.clone(), wanted));
        plans.insert((set.to_owned(), record_type), plan.clone());
        Some(plan)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn file(id: i64, edition: &str, years: &str, code: &str) -> Arc<OwnFile> {
        let text = format!(
            "[standard]\nname = \"iowa\"\nedition = \"{edition}\"\n[file]\nfamily = \"address\"\nagency = \"IA\"\nsets = [\"hospital\"]\n\
             source = \"s\"\n[[edit]]\nid = \"ia-county\"\nfail = \"countyAtDx = {code}\"\nmessage = \"m\"\n"
        );
        let years = Years::parse(years).unwrap();
        Arc::new(OwnFile { id, name: "iowa".into(), edition: edition.into(), years, text })
    }

    #[test]
    fn cases_of_different_years_are_bound_to_different_editions() {
        let rules = EditRules::of(vec![(file(1, "a", "-2023", "001"), true), (file(2, "b", "2024+", "003"), true)]);
        let written = |year| rules.bound(year).library().edit("ia-county").map(|edit| edit.written.1.clone());
        assert_eq!(written(Some(2020)).as_deref(), Some("countyAtDx = 001"));
        assert_eq!(written(Some(2025)).as_deref(), Some("countyAtDx = 003"));
        assert_eq!(written(None), None);
        assert_ne!(rules.bound(Some(2020)).fingerprint(), rules.bound(Some(2025)).fingerprint());
        assert!(Arc::ptr_eq(&rules.bound(Some(2024)), &rules.bound(Some(2026))));
        assert!(rules.bound(Some(2025)).plan("hospital", RecordType::A).is_some());
        assert!(rules.bound(Some(2025)).plan("nothing", RecordType::A).is_none());
    }

    #[test]
    fn a_new_edition_takes_the_place_of_those_of_its_name_and_years() {
        let rules = EditRules::of(vec![(file(1, "a", "-2023", "001"), true), (file(2, "b", "2023+", "003"), false)]);
        let on: Vec<bool> = rules.with(2).own().map(|(_, on)| on).collect();
        assert_eq!(on, [false, true]);
        assert!(!overlap(Years::parse("-2022").unwrap(), Years::parse("2023+").unwrap()));
    }
}

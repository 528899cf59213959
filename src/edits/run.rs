//! Runs the edits of a plan over a case.
//!
//! A plan is made once for a set, a record type and a version; then `check` gives every failure of a patient, and
//! `recheck` only those of edits that read one item.

use std::borrow::Cow;
use std::ops::Deref;
use std::sync::Arc;

use super::case::{Case, TumorCase};
use super::eval::{Frame, Surroundings};
use super::frame::{Edit, Override, Scope, Severity};
use super::generated::{Made, Maker};
use super::library::{EditSet, Library};
use super::message::fill;
use super::slots::Slot;
use crate::naaccr::{RecordType, Version};

/// What failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The edit's id.
    pub edit: Cow<'static, str>,
    /// Its family.
    pub family: Cow<'static, str>,
    /// Its kind, or `required` when an absent item is the only fault.
    pub kind: Cow<'static, str>,
    /// How grave.
    pub severity: Severity,
    /// The items to look at, the one to jump to first.
    pub items: Vec<Slot>,
    /// Id of an item no dictionary has.
    pub stranger: Option<String>,
    /// Which tumor, from 0; nothing for the patient.
    pub tumor: Option<usize>,
    /// The other tumor of a pair.
    pub other: Option<usize>,
    /// In words.
    pub message: String,
    /// Flags that would let it pass.
    pub overrides: Vec<Slot>,
    /// A flag lets it pass.
    pub over_ridden: bool,
}

/// The edits of a set for a record type and version.
#[derive(Debug)]
pub struct Plan<'l> {
    library: Held<'l>,
    tumor: Vec<usize>,
    pair: Vec<usize>,
    patient: Vec<usize>,
    maker: Maker,
    /// Severity of every edit of the library in the set.
    severity: Vec<Severity>,
    /// Over-ride flags that its edits take.
    flags: Vec<Slot>,
    /// By slot: the edits that read it.
    reading: Vec<Vec<usize>>,
}

/// The library of a plan: borrowed, or shared by several plans that come and go.
#[derive(Debug)]
enum Held<'l> {
    Borrowed(&'l Library),
    Shared(Arc<Library>),
}

impl Deref for Held<'_> {
    type Target = Library;
    fn deref(&self) -> &Library {
        match self {
            Held::Borrowed(library) => library,
            Held::Shared(library) => library,
        }
    }
}

/// What a plan is for.
#[derive(Clone, Copy, Debug)]
pub struct PlanFor<'s> {
    /// The set.
    pub set: &'s EditSet,
    /// The record type.
    pub record_type: RecordType,
    /// The NAACCR version of the records.
    pub version: Version,
}

impl<'l> Plan<'l> {
    /// Makes a plan.
    pub fn new(library: &'l Library, wanted: PlanFor<'_>) -> Plan<'l> {
        Plan::of(Held::Borrowed(library), wanted)
    }

    /// Makes a plan that keeps its library.
    pub fn shared(library: Arc<Library>, wanted: PlanFor<'_>) -> Plan<'static> {
        Plan::of(Held::Shared(library), wanted)
    }

    fn of<'h>(library: Held<'h>, wanted: PlanFor<'_>) -> Plan<'h> {
        let mut plan = Plan {
            tumor: Vec::new(),
            pair: Vec::new(),
            patient: Vec::new(),
            maker: Maker::new(wanted),
            severity: library.edits().iter().map(|edit| library.severity_in(edit, wanted.set)).collect(),
            flags: Vec::new(),
            reading: vec![Vec::new(); Slot::count()],
            library,
        };
        let library = &*plan.library;
        for (n, edit) in library.edits().iter().enumerate() {
            if !edit.record_types.contains(wanted.record_type) || !library.runs_in(edit, wanted.set) {
                continue;
            }
            match edit.level {
                Scope::Tumor => plan.tumor.push(n),
                Scope::Pair => plan.pair.push(n),
                Scope::Patient => plan.patient.push(n),
            }
            plan.flags.extend(edit.overrides.iter().map(|over| over.flag));
            for slot in &edit.reads {
                plan.reading[slot.at()].push(n);
            }
        }
        plan
    }

    /// How many edits of the library run.
    pub fn len(&self) -> usize {
        self.tumor.len() + self.pair.len() + self.patient.len()
    }

    /// Whether no edit of the library runs.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Ids of the edits that read an item.
    pub fn reading(&self, slot: Slot) -> impl Iterator<Item = &str> + '_ {
        self.reading[slot.at()].iter().map(|n| self.library.edits()[*n].id.as_str())
    }

    /// Every failure of a patient, what flags let pass left out.
    pub fn check<'a>(&self, case: &Case<'a>, with: &Surroundings<'a>) -> Vec<Failure> {
        let mut failures = self.check_all(case, with);
        failures.retain(|failure| !failure.over_ridden);
        failures
    }

    /// Every failure of a patient, over-ridden ones too.
    pub fn check_all<'a>(&self, case: &Case<'a>, with: &Surroundings<'a>) -> Vec<Failure> {
        let mut run = Run { plan: self, case, with, failures: Vec::new() };
        run.patient_items();
        run.patient_edits(self.patient.iter().copied());
        for (at, tumor) in case.tumors.iter().enumerate() {
            run.made_of_tumor(at, tumor);
            run.tumor_edits(at, tumor, self.tumor.iter().copied());
        }
        run.pair_edits(self.pair.iter().copied());
        run.needless_flags();
        run.finish()
    }

    /// What the edits that read one item say now: the failures that replace all earlier ones of those edits
    /// ([`Plan::answers_again`]). `tumor` is where the item was changed; nothing for an item of the patient.
    pub fn recheck<'a>(
        &self,
        case: &Case<'a>,
        with: &Surroundings<'a>,
        tumor: Option<usize>,
        changed: Slot,
    ) -> Vec<Failure> {
        let mut run = Run { plan: self, case, with, failures: Vec::new() };
        let edits = || self.reading[changed.at()].iter().copied();
        let of = |scope: Scope| edits().filter(move |n| self.library.edits()[*n].level == scope);
        run.patient_edits(of(Scope::Patient));
        match tumor {
            None => run.patient_items(),
            Some(at) => {
                if let Some(tumor) = case.tumors.get(at) {
                    run.made_of_tumor(at, tumor);
                }
            }
        }
        for (at, of_case) in case.tumors.iter().enumerate() {
            let all = tumor.is_none_or(|changed| changed == at);
            let wanted = of(Scope::Tumor).filter(|n| all || self.library.edits()[*n].wide);
            run.tumor_edits(at, of_case, wanted);
        }
        run.pair_edits(of(Scope::Pair));
        run.finish()
    }

    /// Whether [`Plan::recheck`] has answered again what an earlier failure says.
    pub fn answers_again(&self, failure: &Failure, tumor: Option<usize>, changed: Slot) -> bool {
        match self.library.place(&failure.edit) {
            Some(n) => {
                let edit = &self.library.edits()[n];
                let there = tumor.is_none() || failure.tumor == tumor || edit.wide;
                there && self.reading[changed.at()].contains(&n)
            }
            // Which flags are needless only a whole check can say.
            None => failure.tumor == tumor && failure.edit != "ovr-flag-without-failure",
        }
    }

    /// The library.
    pub fn library(&self) -> &Library {
        &self.library
    }
}

struct Run<'p, 'c, 'a> {
    plan: &'p Plan<'p>,
    case: &'c Case<'a>,
    with: &'c Surroundings<'a>,
    failures: Vec<Failure>,
}

impl<'p, 'c, 'a> Run<'p, 'c, 'a>
where
    'p: 'c,
{
    fn frame(&self, own: &'c TumorCase<'a>, other: Option<&'c TumorCase<'a>>) -> Frame<'c, 'a> {
        Frame { own, other, case: self.case, with: self.with, no_blanks: false }
    }

    fn patient_items(&mut self) {
        let made = Made { case: self.case, with: self.with, tumor: None, own: &self.case.patient };
        self.plan.maker.check(&made, &mut self.failures);
        self.plan.maker.check_between_tumors(&made, &mut self.failures);
    }

    fn made_of_tumor(&mut self, at: usize, tumor: &'c TumorCase<'a>) {
        let made = Made { case: self.case, with: self.with, tumor: Some(at), own: tumor };
        self.plan.maker.check(&made, &mut self.failures);
    }

    fn patient_edits(&mut self, edits: impl Iterator<Item = usize>) {
        for edit in edits.filter_map(|n| self.plan.library.edits().get(n)) {
            self.one(edit, None, &self.case.patient, None);
        }
    }

    fn tumor_edits(&mut self, at: usize, tumor: &'c TumorCase<'a>, edits: impl Iterator<Item = usize>) {
        for edit in edits.filter_map(|n| self.plan.library.edits().get(n)) {
            if edit.years.hold(tumor.dx_year) {
                self.one(edit, Some(at), tumor, None);
            }
        }
    }

    fn pair_edits(&mut self, edits: impl Iterator<Item = usize>) {
        let tumors = &self.case.tumors;
        if tumors.len() < 2 {
            return;
        }
        for edit in edits.filter_map(|n| self.plan.library.edits().get(n)) {
            for (a, first) in tumors.iter().enumerate() {
                for (b, second) in tumors.iter().enumerate().skip(a + 1) {
                    if !edit.years.hold(first.dx_year) || !edit.years.hold(second.dx_year) {
                        continue;
                    }
                    if !self.one(edit, Some(a), first, Some((b, second))) {
                        self.one(edit, Some(b), second, Some((a, first)));
                    }
                }
            }
        }
    }

    /// Whether the edit fails.
    fn one(
        &mut self,
        edit: &'p Edit,
        tumor: Option<usize>,
        own: &'c TumorCase<'a>,
        other: Option<(usize, &'c TumorCase<'a>)>,
    ) -> bool {
        let frame = self.frame(own, other.map(|(_, other)| other));
        if frame.ask(&edit.when) != Some(true) || frame.ask(&edit.fail) != Some(true) {
            return false;
        }
        let without_blanks = Frame { no_blanks: true, ..frame };
        let only_absent = without_blanks.ask(&edit.fail) != Some(true);
        let lets_pass = |over: &Override, of: &TumorCase<'a>| {
            let value = of.value(over.flag);
            !value.is_blank() && over.values.as_ref().is_none_or(|values| values.holds(value))
        };
        let over_ridden = edit
            .overrides
            .iter()
            .any(|over| lets_pass(over, own) || other.is_some_and(|(_, other)| lets_pass(over, other)));
        let severity = self.plan.library.place(&edit.id).and_then(|n| self.plan.severity.get(n)).copied();
        let severity = severity.unwrap_or_else(|| edit.severity());
        let schema = if edit.message.contains("{schema}") { own.schema(self.with).id() } else { None };
        self.failures.push(Failure {
            edit: edit.id.clone().into(),
            family: edit.family.clone().into(),
            kind: if only_absent { "required".into() } else { edit.kind.clone().into() },
            severity,
            items: edit.items.clone(),
            stranger: None,
            tumor,
            other: other.map(|(at, _)| at),
            message: fill(&edit.message, own, other.map(|(_, other)| other), schema),
            overrides: edit.overrides.iter().map(|over| over.flag).collect(),
            over_ridden,
        });
        true
    }

    /// Flags that are set and that no failing edit needs.
    fn needless_flags(&mut self) {
        for (at, tumor) in self.case.tumors.iter().enumerate() {
            for (slot, value) in &tumor.filled {
                if value.trim().is_empty() || !self.plan.flags.contains(slot) {
                    continue;
                }
                let of_tumor = |f: &Failure| f.tumor == Some(at) || f.other == Some(at) || f.tumor.is_none();
                if self.failures.iter().any(|f| of_tumor(f) && f.overrides.contains(slot)) {
                    continue;
                }
                self.failures.push(Failure {
                    edit: "ovr-flag-without-failure".into(),
                    family: "override-misuse".into(),
                    kind: "inter-field".into(),
                    severity: Severity::Warning,
                    items: vec![*slot],
                    stranger: None,
                    tumor: Some(at),
                    other: None,
                    message: format!("{} is set, but no edit needs it; take it away.", slot.label()),
                    overrides: Vec::new(),
                    over_ridden: false,
                });
            }
        }
    }

    /// Takes out what another failure already explains.
    fn finish(self) -> Vec<Failure> {
        let library = &*self.plan.library;
        let failed = |id: &str, tumor: Option<usize>| {
            self.failures.iter().any(|f| f.edit == id && (f.tumor == tumor || f.tumor.is_none()))
        };
        let explained: Vec<bool> = self
            .failures
            .iter()
            .map(|failure| {
                let said_better = || {
                    self.failures.iter().any(|other| {
                        other.edit.starts_with("ssdi-year-")
                            && other.edit != failure.edit
                            && other.tumor == failure.tumor
                            && failure.items.first().is_some_and(|slot| other.items.contains(slot))
                    })
                };
                failure.edit == "ssdi-year-introduced" && said_better()
                    || library
                        .edit(&failure.edit)
                        .is_some_and(|edit| edit.after.iter().any(|id| failed(id, failure.tumor)))
            })
            .collect();
        let mut explained = explained.into_iter();
        let mut failures = self.failures;
        failures.retain(|_| !explained.next().unwrap_or(false));
        failures
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::dates::PartialDate;

    fn with() -> Surroundings<'static> {
        Surroundings::shipped(PartialDate::of_day(2026, 6, 30).unwrap())
    }

    fn plan(library: &Library) -> Plan<'_> {
        let set = library.set("all").unwrap();
        Plan::new(library, PlanFor { set, record_type: RecordType::A, version: Version::V260 })
    }

    fn failing(tumors: &[&[(&'static str, &'static str)]]) -> Vec<Failure> {
        let plan = plan(Library::shipped());
        plan.check(&Case::new([], tumors.iter().map(|items| items.iter().copied())), &with())
    }

    fn has(failures: &[Failure], edit: &str) -> bool {
        failures.iter().any(|failure| failure.edit == edit)
    }

    #[test]
    fn an_over_ride_lets_a_failure_pass_and_a_needless_one_is_told() {
        let items =
            [("primarySite", "C504"), ("behaviorCodeIcdO3", "2"), ("histologicTypeIcdO3", "8500"), ("laterality", "9")];
        assert!(has(&failing(&[&items]), "lat-insitu-unknown-side"));
        let mut flagged = items.to_vec();
        flagged.push(("overRideSiteLatMorph", "1"));
        let failures = failing(&[&flagged]);
        assert!(!has(&failures, "lat-insitu-unknown-side") && !has(&failures, "ovr-flag-without-failure"));
        flagged.retain(|(id, _)| *id != "laterality");
        flagged.push(("laterality", "1"));
        assert!(has(&failing(&[&flagged]), "ovr-flag-without-failure"));
    }

    #[test]
    fn an_unknown_item_is_a_failure_and_no_stop() {
        let failures = failing(&[&[("noSuchThing", "1"), ("primarySite", "C342"), ("laterality", "2")]]);
        assert!(has(&failures, "unknown-item") && has(&failures, "lat-middle-lobe-left"));
    }

    #[test]
    fn values_without_sense_never_panic() {
        for value in ["", " ", "é", "99999999999999999999", "2024\u{0}", "C5", "-1", "20240230", "XX.9", "\u{1F600}"] {
            let items: Vec<(&str, &str)> = Slot::all().map(|slot| (slot.id(), value)).collect();
            let plan = plan(Library::shipped());
            let case = Case::new(items.clone(), [items.clone(), items.clone()]);
            plan.check(&case, &with());
        }
    }

    #[test]
    fn an_absent_item_alone_is_of_the_kind_required() {
        let failures = failing(&[&[("rxSummChemo", "02"), ("dateOfDiagnosis", "20200101")]]);
        let one = failures.iter().find(|failure| failure.edit == "rxdate-chemo-missing").unwrap();
        assert_eq!(one.kind, "required");
    }

    #[test]
    fn what_is_checked_again_after_a_change_is_what_a_full_check_says() {
        let before = [
            ("primarySite", "C342"),
            ("laterality", "1"),
            ("dateOfDiagnosis", "20240501"),
            ("sequenceNumberCentral", "00"),
        ];
        let other = [("primarySite", "C619"), ("sequenceNumberCentral", "02"), ("dateOfDiagnosis", "20230501")];
        let plan = plan(Library::shipped());
        let with = with();
        for (id, value) in
            [("laterality", "2"), ("primarySite", "C504"), ("sequenceNumberCentral", "01"), ("dateOfDiagnosis", "2017")]
        {
            let old = plan.check_all(&Case::new([], [before.to_vec(), other.to_vec()]), &with);
            let mut after = before.to_vec();
            after.retain(|(item, _)| *item != id);
            after.push((id, value));
            let case = Case::new([], [after, other.to_vec()]);
            let slot = Slot::of(id).unwrap();
            let mut now: Vec<Failure> =
                old.into_iter().filter(|failure| !plan.answers_again(failure, Some(0), slot)).collect();
            now.extend(plan.recheck(&case, &with, Some(0), slot));
            let sorted = |failures: Vec<Failure>| {
                let mut ids: Vec<(String, Option<usize>)> = failures
                    .into_iter()
                    .map(|failure| (format!("{} {:?}", failure.edit, failure.items), failure.tumor))
                    .collect();
                ids.sort();
                ids
            };
            assert_eq!(sorted(now), sorted(plan.check_all(&case, &with)), "{id}");
        }
    }
}

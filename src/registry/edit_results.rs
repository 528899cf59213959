//! What the edits say of an abstract, kept beside it and always that of the values that stand.
//!
//! ```text
//!   a change of an abstract or its patient ──► over-rides whose reviewed values changed fall (registry::over_rides)
//!                                         ──► the patient's edits run ──► one row an abstract: what fails
//!   another rule, setting or day          ──► a run over the registry looks again where something moved
//! ```
//!
//! The set that runs is the registry's own (setting `edits.set`); a case is bound to the editions of its year of diagnosis
//! (`registry::edit_rules`). All abstracts of a patient are looked at together: one for each tumor, the abstract at hand
//! for its own. A result is kept in the same piece of the writer's transaction as the change that caused it.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Datelike, Utc};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::dates::PartialDate;
use crate::edits::{self, Failure, Plan, Severity, Surroundings};
use crate::naaccr::RecordType;
use crate::registry::edit_rules::{Bound, EditRules};
use crate::registry::over_rides;
use crate::registry::record::Record;
use crate::registry::rederive::as_of;
use crate::registry::standards::InUse;
use crate::registry::store::edit_results::{self as rows, Digests, NewResult};
use crate::registry::store::records::{self, Abstract};
use crate::registry::store::settings::in_force;
use crate::registry::store::{By, Conn, StoreError, Tx, facility, hex};

/// What edits are run by: rules, set, settings, day. Made once for as many cases as there are.
pub struct Judge<'e> {
    rules: Arc<EditRules>,
    with: Surroundings<'e>,
    set: String,
    /// Digest of settings and staging editions.
    around: String,
    day: i64,
}

/// An abstract as edits look at it.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// Its tumor.
    pub tumor: i64,
    /// Record type that arrived.
    pub record_type: &'a str,
    /// Its items.
    pub items: &'a Record,
}

impl<'a> From<&'a Abstract> for Seen<'a> {
    fn from(abstract_: &'a Abstract) -> Seen<'a> {
        Seen { tumor: abstract_.tumor, record_type: &abstract_.record_type, items: &abstract_.items }
    }
}

/// One edit that fails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// Its id.
    pub edit: String,
    /// How grave.
    pub severity: Severity,
    /// An over-ride lets it pass.
    pub over_ridden: bool,
    /// Number of the item to jump to; 0 for an item no dictionary has.
    pub item: u32,
}

/// Where an abstract stands with the edits.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// Set and rules it was judged by.
    pub edition: String,
    /// What fails, those that an over-ride lets pass among them.
    pub failures: Vec<Kept>,
}

impl Standing {
    fn count(&self, severity: Severity) -> usize {
        self.failures.iter().filter(|kept| !kept.over_ridden && kept.severity == severity).count()
    }

    /// Failing edits of severity error.
    pub fn errors(&self) -> usize {
        self.count(Severity::Error)
    }

    /// Failing edits that only warn.
    pub fn warnings(&self) -> usize {
        self.count(Severity::Warning)
    }

    /// `clean warnings errors`.
    pub fn state(&self) -> &'static str {
        match (self.errors(), self.warnings()) {
            (0, 0) => "clean",
            (0, _) => "warnings",
            _ => "errors",
        }
    }

    /// The text that is kept.
    fn packed(&self) -> String {
        let mut text = String::new();
        for kept in &self.failures {
            let letter = match (kept.over_ridden, kept.severity) {
                (true, _) => 'o',
                (_, Severity::Error) => 'e',
                (_, Severity::Warning) => 'w',
                (_, Severity::Info) => 'i',
            };
            text.push_str(&format!(" {letter}:{}:{}", kept.edit, kept.item));
        }
        text
    }

    /// Reads the text that is kept.
    pub fn read(edition: &str, text: &str) -> Standing {
        let one = |word: &str| {
            let mut parts = word.split(':');
            let (letter, edit, item) = (parts.next()?, parts.next()?, parts.next()?);
            let severity = match letter {
                "w" => Severity::Warning,
                "i" => Severity::Info,
                _ => Severity::Error,
            };
            Some(Kept { edit: edit.into(), severity, over_ridden: letter == "o", item: item.parse().ok()? })
        };
        Standing { edition: edition.into(), failures: text.split(' ').filter_map(one).collect() }
    }
}

/// What the judge says of one abstract.
#[derive(Debug, Clone, Default)]
pub struct Judged {
    /// Where it stands.
    pub standing: Standing,
    /// A failure may pass by the mere passing of days.
    timely: bool,
}

impl<'e> Judge<'e> {
    /// The registry's own judge, or one for a recipient's set.
    ///
    /// # Errors
    /// There is no set of that name.
    pub fn of(
        conn: &mut Conn,
        in_use: &'e InUse,
        now: DateTime<Utc>,
        set: Option<&str>,
    ) -> Result<Judge<'e>, StoreError> {
        Judge::by(conn, in_use, in_use.edits().clone(), now, set)
    }

    /// The same by other rules: those to come.
    ///
    /// # Errors
    /// There is no set of that name.
    pub fn by(
        conn: &mut Conn,
        in_use: &'e InUse,
        rules: Arc<EditRules>,
        now: DateTime<Utc>,
        set: Option<&str>,
    ) -> Result<Judge<'e>, StoreError> {
        let settings = in_force(conn)?;
        let own_set = settings.text("edits.set")?.to_owned();
        let sets = rules.sets();
        let is_there = |set: &str| sets.iter().any(|(name, _)| name == set);
        // A set of its own that went with an edition must not keep a registry from saving: the usual one serves.
        let set = match (set, settings.text("registry.kind")?) {
            (Some(set), _) => set.to_owned(),
            (None, _) if is_there(&own_set) => own_set,
            (None, "central") => "central-consolidated".to_owned(),
            (None, _) => "hospital".to_owned(),
        };
        if !is_there(&set) {
            let names: Vec<String> = sets.into_iter().map(|(name, _)| name).collect();
            return Err(StoreError::Refused(format!("There is no edit set {set}; there are {}.", names.join(", "))));
        }
        let facilities: Vec<String> =
            facility::facilities(conn)?.into_iter().filter(|f| f.confirmed == 1).map(|f| f.number).collect();
        let as_of_day = PartialDate::from_naive(now.date_naive())
            .map_err(|error| StoreError::Refused(format!("the clock shows no day of the calendar: {error}")))?;
        let mut with = Surroundings {
            editions: in_use.editions(),
            as_of: as_of_day,
            as_of_year: as_of(now),
            settings: BTreeMap::new(),
        };
        let yes = |name: &str| settings.is_yes(name).map(|yes| if yes { "yes" } else { "no" }.to_owned());
        for (name, value) in [
            ("registryState", settings.text("registry.state")?.to_owned()),
            ("referenceDate", settings.text("registry.reference_date")?.replace('-', "")),
            ("seerRegistry", yes("edits.seer")?),
            ("collectsBorderline", yes("edits.borderline")?),
            ("reportsMore", yes("edits.reports_more")?),
            ("facilities", facilities.join(",")),
        ] {
            with.settings.insert(name.into(), value);
        }
        let mut digest = Sha256::new();
        for (name, value) in &with.settings {
            digest.update(format!("{name}={value}\n"));
        }
        for edition in with.editions.of {
            digest.update(format!("{} {}\n", edition.algorithm(), edition.version()));
        }
        let around = hex(digest.finalize().get(..4).unwrap_or_default());
        let today = now.date_naive();
        let day = i64::from(today.year()) * 10_000 + i64::from(today.month()) * 100 + i64::from(today.day());
        Ok(Judge { rules, with, set, around, day })
    }

    /// The set that runs.
    pub fn set(&self) -> &str {
        &self.set
    }

    /// What edits see besides the case.
    pub fn surroundings(&self) -> &Surroundings<'e> {
        &self.with
    }

    /// The rules.
    pub fn rules(&self) -> &EditRules {
        &self.rules
    }

    /// What a case of a year of diagnosis is judged by, in a word that changes when any of it does.
    fn edition(&self, bound: &Bound, record_type: &str) -> String {
        format!("{} {} {} {record_type}", self.set, bound.fingerprint(), self.around)
    }

    /// The rules of a case and the plan of the set in them. A set that only another year's edition has runs nothing.
    pub fn plan(&self, items: &Record, record_type: &str) -> (Arc<Bound>, Option<Arc<Plan<'static>>>) {
        let bound = self.rules.bound(year_of(items.value("dateOfDiagnosis")));
        let plan = bound.plan(&self.set, record_type.parse().unwrap_or(RecordType::A));
        (bound, plan)
    }

    /// What fails on each of a patient's abstracts.
    pub fn judge(&self, patient: &Record, abstracts: &[Seen<'_>]) -> Vec<Judged> {
        let plans: Vec<_> = abstracts.iter().map(|seen| self.plan(seen.items, seen.record_type)).collect();
        let mut judged: Vec<Judged> = abstracts
            .iter()
            .zip(&plans)
            .map(|(seen, (bound, _))| Judged {
                standing: Standing { edition: self.edition(bound, seen.record_type), failures: Vec::new() },
                timely: false,
            })
            .collect();
        let alone = abstracts.iter().enumerate().all(|(n, seen)| abstracts[..n].iter().all(|a| a.tumor != seen.tumor));
        let mut done: Vec<&Arc<Plan<'static>>> = Vec::new();
        for (at, (seen, (_, plan))) in abstracts.iter().zip(&plans).enumerate() {
            let Some(plan) = plan else { continue };
            if alone && done.iter().any(|known| Arc::ptr_eq(known, plan)) {
                continue;
            }
            done.push(plan);
            // With one abstract a tumor one run speaks for all of them that have the same rules.
            let shown: Vec<usize> = match alone {
                true => (0..abstracts.len()).collect(),
                false => shown_beside(at, seen.tumor, abstracts),
            };
            let items = shown.iter().filter_map(|n| abstracts.get(*n)).map(|seen| seen.items.iter());
            let case = edits::Case::new(patient.iter(), items);
            let failures = plan.check_all(&case, &self.with);
            for (of, one) in judged.iter_mut().enumerate() {
                let same = plans.get(of).and_then(|(_, p)| p.as_ref()).is_some_and(|p| Arc::ptr_eq(p, plan));
                let Some(place) = shown.iter().position(|n| *n == of).filter(|_| if alone { same } else { of == at })
                else {
                    continue;
                };
                one.take(plan, &failures, place);
            }
        }
        judged
    }

    /// Where a case stands at this moment by this judge's set.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for an abstract the asker may not see.
    pub fn standing(&self, conn: &mut Conn, by: &By, case: i64) -> Result<Standing, StoreError> {
        let abstract_ = records::abstract_(conn, by, case)?;
        let patient = records::patient_row(conn, abstract_.patient)?;
        let all = records::abstracts_of_patient_unseen(conn, abstract_.patient)?;
        let seen: Vec<Seen<'_>> = all.iter().map(Seen::from).collect();
        let judged = self.judge(&patient.items, &seen);
        let found = all.iter().zip(judged).find(|(one, _)| one.id == case);
        Ok(found.map(|(_, judged)| judged.standing).unwrap_or_default())
    }

    /// Whether the kept result of an abstract is that of its values, of these rules and of this day.
    pub(crate) fn is_current(&self, of: &Digests, inputs: &[u8; 16]) -> bool {
        let bound = self.rules.bound(of.dx_low.and_then(|day| u16::try_from(day / 10_000).ok()));
        of.edition.as_deref() == Some(self.edition(&bound, &of.record_type).as_str())
            && of.inputs.as_deref() == Some(&inputs[..])
            && (of.timely != Some(1) || of.day == Some(self.day))
    }

    /// The row of a result.
    pub(crate) fn row(&self, abstract_: i64, patient: i64, inputs: [u8; 16], judged: &Judged) -> NewResult {
        let standing = &judged.standing;
        NewResult {
            abstract_,
            patient,
            edition: standing.edition.clone(),
            inputs,
            day: self.day,
            timely: judged.timely,
            failures: standing.packed(),
            state: standing.state(),
            errors: i64::try_from(standing.errors()).unwrap_or(i64::MAX),
            warnings: i64::try_from(standing.warnings()).unwrap_or(i64::MAX),
        }
    }
}

impl Judged {
    fn take(&mut self, plan: &Plan<'_>, failures: &[Failure], place: usize) {
        let mine = |f: &&Failure| f.tumor.is_none_or(|tumor| tumor == place) || f.other == Some(place);
        for failure in failures.iter().filter(mine) {
            let today = plan.library().edit(&failure.edit).is_some_and(edits::Edit::reads_today);
            self.timely |= today;
            self.standing.failures.push(Kept {
                edit: failure.edit.clone().into_owned(),
                severity: failure.severity,
                over_ridden: failure.over_ridden,
                item: failure.items.first().and_then(|slot| slot.standard().number).map_or(0, |number| number.0),
            });
        }
        self.standing.failures.sort_by_key(|kept| (kept.over_ridden, grave(kept.severity)));
    }
}

/// Errors first.
pub fn grave(severity: Severity) -> u8 {
    match severity {
        Severity::Error => 0,
        Severity::Warning => 1,
        Severity::Info => 2,
    }
}

/// One abstract a tumor: the one at hand for its own tumor, the first for each other.
fn shown_beside(at: usize, tumor: i64, abstracts: &[Seen<'_>]) -> Vec<usize> {
    let mut shown = vec![at];
    let mut tumors = vec![tumor];
    for (n, seen) in abstracts.iter().enumerate() {
        if !tumors.contains(&seen.tumor) {
            shown.push(n);
            tumors.push(seen.tumor);
        }
    }
    shown
}

/// The year in a date's first four digits, as the promoted columns know it.
fn year_of(date: &str) -> Option<u16> {
    crate::registry::promoted::bounds(date).0.and_then(|day| u16::try_from(day / 10_000).ok())
}

/// The digest of all values that the edits of a patient's abstracts see.
pub(crate) fn inputs_of(of_patient: &[Digests]) -> [u8; 16] {
    let mut digest = Sha256::new();
    if let Some(first) = of_patient.first() {
        digest.update(&first.patient_hash);
    }
    for one in of_patient {
        digest.update(one.id.to_be_bytes());
        digest.update(&one.hash);
    }
    let mut inputs = [0; 16];
    inputs.copy_from_slice(&digest.finalize()[..16]);
    inputs
}

/// Brings the results of a patient's abstracts up to date after a change, in the piece of the change: over-rides whose
/// reviewed values changed fall, then the edits run.
pub(crate) fn follow(tx: &mut Tx<'_>, by: &By, patient: i64) -> Result<(), StoreError> {
    over_rides::fall(tx, by, patient)?;
    let standards = tx.standards.clone();
    let judge = Judge::of(tx.conn, &standards, tx.now, None)?;
    keep(tx, &judge, patient)
}

/// Runs the edits of a patient's abstracts and keeps what they say.
pub(crate) fn keep(tx: &mut Tx<'_>, judge: &Judge<'_>, patient: i64) -> Result<(), StoreError> {
    let digests = rows::digests(tx.conn, patient, patient)?;
    let inputs = inputs_of(&digests);
    if digests.is_empty() || digests.iter().all(|one| judge.is_current(one, &inputs)) {
        return Ok(());
    }
    let items = records::patient_row(tx.conn, patient)?.items;
    let all = records::abstracts_of_patient_unseen(tx.conn, patient)?;
    let seen: Vec<Seen<'_>> = all.iter().map(Seen::from).collect();
    let judged = judge.judge(&items, &seen);
    let results: Vec<NewResult> =
        all.iter().zip(&judged).map(|(abstract_, one)| judge.row(abstract_.id, patient, inputs, one)).collect();
    for result in &results {
        tx.keep_result(result)?;
    }
    over_rides::needed_by_results(tx, patient, &results)
}

/// Where a case stands by the registry's own set, as it is kept; none before the edits ran.
///
/// # Errors
/// [`StoreError::NotFound`] for an abstract the asker may not see.
pub fn standing(conn: &mut Conn, by: &By, case: i64) -> Result<Option<Standing>, StoreError> {
    records::abstract_(conn, by, case)?;
    Ok(rows::result_of(conn, case)?.map(|(edition, failures)| Standing::read(&edition, &failures)))
}

/// Refuses what only a case without errors may become: complete, or part of a submission. The edits run now.
///
/// # Errors
/// [`StoreError::Refused`] with the first edits that fail.
pub fn must_pass(tx: &mut Tx<'_>, by: &By, case: i64) -> Result<(), StoreError> {
    let standards = tx.standards.clone();
    let judge = Judge::of(tx.conn, &standards, tx.now, None)?;
    let standing = judge.standing(tx.conn, by, case)?;
    let failing: Vec<&str> = standing
        .failures
        .iter()
        .filter(|kept| !kept.over_ridden && kept.severity == Severity::Error)
        .map(|kept| kept.edit.as_str())
        .collect();
    match failing.len() {
        0 => Ok(()),
        many => Err(StoreError::Refused(format!(
            "The case cannot be complete while edits of severity error fail: {}{}. Correct or over-ride them first.",
            failing.iter().take(3).copied().collect::<Vec<_>>().join(", "),
            if many > 3 { format!(" and {} more", many - 3) } else { String::new() }
        ))),
    }
}

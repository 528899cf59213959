//! Looking at cases: which go to a recipient, as what, and what the gate says of each.

use std::collections::HashMap;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::asker::Scope;
use crate::edits::{Case, Plan, PlanFor, Severity, Surroundings};
use crate::naaccr::{Items, Patient, super_dictionary};
use crate::registry::record::Record;
use crate::registry::store::submissions::{self as rows, Candidate, Full, FullPatient, Line, Lines};
use crate::registry::store::{By, Conn, StoreError, hash32};
use crate::submission::content::Prints;
use crate::submission::convert::Losses;
use crate::submission::decide::{Content, Facts, Kind, Standing, Verdict, left_out, verdict};
use crate::submission::gate::{Tally, count, fallen};
use crate::submission::sending::{Sending, lines_of};

/// Something a check found in a case: where to jump to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// `error warning required identity late …`.
    pub what: String,
    /// The edit, when one failed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub edit: String,
    /// Number of the item to jump to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<u32>,
    /// In words.
    pub message: String,
}

/// What a look found about a case that does not go.
#[derive(Debug, Clone)]
pub struct Noted {
    /// Tumor and abstract.
    pub case: (i64, i64),
    /// `changed`, `follow-up-only` or nothing.
    pub waiting: &'static str,
    /// Versions it is true for.
    pub versions: (i64, i64),
}

/// What a page of patients came to.
#[derive(Debug, Default)]
pub struct Page {
    /// Lines: what goes, and what stays behind with its reason.
    pub lines: Vec<Line>,
    /// What to keep in the ledger of the others.
    pub noted: Vec<Noted>,
}

/// A look at all cases of a recipient, a page of patients at a time.
pub struct Look<'l> {
    sending: &'l Sending,
    by: &'l By,
    facility: Option<i64>,
    plan: Plan<'l>,
    with: Surroundings<'static>,
    doubles: HashMap<i64, bool>,
    /// What is counted.
    pub tally: Tally,
}

/// Most findings kept with a line.
const MOST_FOUND: usize = 20;

/// What selection looks at in a candidate.
pub fn facts(c: &Candidate) -> Facts<'_> {
    Facts {
        class: &c.class,
        status: &c.status,
        behavior: &c.behavior,
        year: c.dx_low.map(|low| low / 10_000),
        dx_low: c.dx_low,
        state: &c.dx_state,
    }
}

/// How a case's content compares with what was sent, by its hashes.
pub fn compared(c: &Candidate, now: &Prints) -> Content {
    let sent = |bytes: &Option<Vec<u8>>| bytes.as_deref().map(hash32).unwrap_or_default();
    match (sent(&c.content_hash) == now.whole, sent(&c.core_hash) == now.core) {
        (true, _) => Content::Same,
        (false, true) => Content::FollowUpOnly,
        (false, false) => Content::Differs,
    }
}

/// What the last look found, where it still holds.
pub fn known_content(c: &Candidate) -> Option<Content> {
    match c.waiting.as_str() {
        "look" => None,
        "changed" => Some(Content::Differs),
        "follow-up-only" => Some(Content::FollowUpOnly),
        _ => Some(Content::Same),
    }
}

impl<'l> Look<'l> {
    /// Begins a look.
    ///
    /// # Errors
    /// The database, or an edit set that is not there.
    pub fn begin(
        conn: &mut Conn,
        sending: &'l Sending,
        by: &'l By,
        facility: Option<i64>,
        tally: Tally,
    ) -> Result<Look<'l>, StoreError> {
        let set = sending
            .library()
            .set(&sending.profile.edit_set)
            .ok_or_else(|| StoreError::Refused(format!("There is no edit set {}.", sending.profile.edit_set)))?;
        let plan =
            Plan::new(sending.library(), PlanFor { set, record_type: sending.record_type(), version: sending.version });
        let doubles = match lines_of(&sending.profile) {
            Lines::Tumors => HashMap::new(),
            Lines::Abstracts => {
                let mut doubles = HashMap::new();
                for double in rows::doubles(conn, by)? {
                    *doubles.entry(double.id).or_insert(false) |= double.what == "number";
                }
                doubles
            }
        };
        Ok(Look { with: sending.surroundings()?, sending, by, facility, plan, doubles, tally })
    }

    /// The next patients after one; none at the end. Answers the last one looked at.
    ///
    /// # Errors
    /// The database.
    pub fn page(&mut self, conn: &mut Conn, after: i64, limit: i64) -> Result<Option<(i64, Page)>, StoreError> {
        let sending = self.sending;
        let lines = lines_of(&sending.profile);
        let found = rows::candidates(conn, self.by, &sending.profile.name, lines, self.facility, after, limit)?;
        let Some((last, candidates)) = found else { return Ok(None) };
        let mut page = Page::default();
        let mut to_read: Vec<i64> = Vec::new();
        for c in &candidates {
            self.tally.looked_at += 1;
            let standing = Standing::of(&c.state);
            match left_out(&sending.profile, &sending.home, &facts(c)) {
                Some(reason) if standing.is_there() && reason.takes_back() => {
                    count(&mut self.tally.goes, Kind::Withdrawn.word());
                    page.lines.push(withdrawal(c));
                }
                Some(reason) => *self.tally.left_out.entry(reason).or_default() += 1,
                None => {
                    self.tally.selected += 1;
                    let read = match known_content(c) {
                        None => true,
                        Some(content) => match verdict(&sending.profile, standing, content) {
                            Verdict::Goes(_) => true,
                            other => {
                                self.stays(c, other, &mut page);
                                false
                            }
                        },
                    };
                    if read && to_read.last() != Some(&c.patient_id) {
                        to_read.push(c.patient_id);
                    }
                }
            }
        }
        for patients in to_read.chunks(200) {
            for patient in rows::full(conn, self.by, lines, self.facility, patients)? {
                let of: Vec<&Candidate> = candidates.iter().filter(|c| c.patient_id == patient.id).collect();
                self.patient(&patient, &of, &mut page);
            }
        }
        Ok(Some((last, page)))
    }

    /// Cases deleted since they were sent, and the counts over the whole registry: at the end.
    ///
    /// # Errors
    /// The database.
    pub fn finish(&mut self, conn: &mut Conn) -> Result<Vec<Line>, StoreError> {
        let profile = &self.sending.profile;
        let gone = rows::gone(conn, self.by, &profile.name, lines_of(profile), self.facility)?;
        let lines: Vec<Line> = gone
            .iter()
            .map(|g| Line {
                tumor: g.tumor_id,
                abstract_: g.abstract_id,
                patient: g.patient_id,
                facility: g.facility_id,
                kind: Kind::Withdrawn.word().into(),
                record_type: String::new(),
                content_hash: [0; 32],
                core_hash: [0; 32],
                seen_version: 0,
                seen_patient: 0,
                marks: ",withdrawn,".into(),
                blocked: None,
                found: found_text(&[Found {
                    what: "withdrawn".into(),
                    edit: String::new(),
                    item: None,
                    message: "It was sent and has been deleted since.".into(),
                }]),
            })
            .collect();
        for _ in &lines {
            count(&mut self.tally.goes, Kind::Withdrawn.word());
        }
        let month = i64::from(self.sending.as_of.year()) * 100 + i64::from(self.sending.as_of.month());
        let months = rows::months(conn, self.by, self.facility, month - 500)?;
        self.tally.fallen = fallen(&months, month);
        // Who sees some facilities only is told no counts over all.
        if matches!(self.by.asker.scope, Scope::Registry) {
            (self.tally.pairs, self.tally.patients) = rows::likely_pairs(conn)?;
        }
        Ok(lines)
    }

    fn stays(&mut self, c: &Candidate, verdict: Verdict, page: &mut Page) {
        match verdict {
            Verdict::NotWanted(kind) => count(&mut self.tally.not_wanted, kind.word()),
            Verdict::NotCorrected => {
                let why = match c.reason.is_empty() {
                    true => "rejected, and not corrected since".to_string(),
                    false => format!("rejected ({}), and not corrected since", c.reason),
                };
                count(&mut self.tally.blocked, "rejected, and not corrected since");
                page.lines.push(Line { blocked: Some(why), marks: ",rejected,".into(), ..line(c, Kind::New, None) });
            }
            Verdict::Stays | Verdict::Goes(_) => self.tally.stays += 1,
        }
    }

    fn patient(&mut self, patient: &FullPatient, candidates: &[&Candidate], page: &mut Page) {
        let sending = self.sending;
        let mut going: Vec<(&Candidate, &Full, Kind, Prints)> = Vec::new();
        let mut beside: Vec<&Full> = Vec::new();
        for c in candidates {
            let case = patient.cases.iter().find(|f| f.tumor == c.tumor_id && f.abstract_ == c.abstract_id);
            let Some(case) = case.filter(|_| left_out(&sending.profile, &sending.home, &facts(c)).is_none()) else {
                continue;
            };
            beside.push(case);
            let prints = sending.prints(&patient.items, &case.items);
            let content = if c.state.is_empty() { Content::Same } else { compared(c, &prints) };
            let verdict = verdict(&sending.profile, Standing::of(&c.state), content);
            if let Verdict::Goes(kind) = verdict {
                going.push((c, case, kind, prints));
                continue;
            }
            if c.waiting == "look" {
                self.stays(c, verdict, page);
                page.noted.push(Noted {
                    case: (c.tumor_id, c.abstract_id),
                    waiting: match content {
                        Content::Same => "",
                        Content::Differs => "changed",
                        Content::FollowUpOnly => "follow-up-only",
                    },
                    versions: (case.version, patient.version),
                });
            }
        }
        if going.is_empty() {
            return;
        }
        // Edits see all of the patient's cases that belong to the recipient, as the recipient will.
        let mut written = Patient::default();
        sending.fill(&mut written, &patient.items, &beside, &mut Losses::default());
        let failures = self.plan.check(&Case::of(&written), &self.with);
        for (c, case, kind, prints) in going {
            let at = beside.iter().position(|other| std::ptr::eq(*other, case));
            let mut found = Vec::new();
            let (mut errors, mut warnings) = (0usize, 0usize);
            for failure in failures.iter().filter(|f| f.tumor.is_none() || f.tumor == at || f.other == at) {
                match failure.severity {
                    Severity::Error => {
                        errors += 1;
                        count(&mut self.tally.by_edit, &failure.edit);
                    }
                    Severity::Warning => warnings += 1,
                    Severity::Info => continue,
                }
                if found.len() < MOST_FOUND {
                    found.push(Found {
                        what: if failure.severity == Severity::Error { "error" } else { "warning" }.into(),
                        edit: failure.edit.to_string(),
                        item: failure.items.first().and_then(|slot| number_of(slot.id())),
                        message: failure.message.clone(),
                    });
                }
            }
            let tumor = at.and_then(|at| written.tumors.get(at));
            let seen = Seen { patient: &written.items, tumor: tumor.map(|t| &t.items), case: &case.items };
            let line = self.judged(c, kind, &prints, (case.version, patient.version), &seen, (errors, warnings), found);
            page.lines.push(line);
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn judged(
        &mut self,
        c: &Candidate,
        kind: Kind,
        prints: &Prints,
        versions: (i64, i64),
        seen: &Seen<'_>,
        (errors, warnings): (usize, usize),
        mut found: Vec<Found>,
    ) -> Line {
        let sending = self.sending;
        let mut marks = Vec::new();
        let mut reasons: Vec<&str> = Vec::new();
        self.tally.edited += 1;
        if errors > 0 {
            self.tally.with_errors += 1;
            marks.push("edits");
            if sending.profile.error_free >= 100.0 {
                reasons.push("an edit fails");
            }
        } else if warnings > 0 {
            self.tally.with_warnings += 1;
            marks.push("warnings");
        }
        for id in &sending.profile.required {
            if seen.value(id).is_empty() {
                count(&mut self.tally.lacking, id);
                found.push(Found {
                    what: "required".into(),
                    edit: String::new(),
                    item: number_of(id),
                    message: format!("{} is required and empty.", label(id)),
                });
                marks.push("required");
            }
        }
        if marks.contains(&"required") {
            reasons.push("a required item is empty");
        }
        for cap in &sending.profile.cap {
            let value = seen.value(&cap.item);
            if value.is_empty() || cap.unknown.iter().any(|unknown| unknown == value) {
                count(&mut self.tally.unknown, &cap.item);
            }
        }
        match self.doubles.get(&c.abstract_id) {
            Some(true) => {
                self.tally.doubles += 1;
                marks.push("identity");
                reasons.push("another case has its accession and sequence number");
                found.push(Found {
                    what: "identity".into(),
                    edit: String::new(),
                    item: Some(550),
                    message: "Another case of the facility has this accession and sequence number.".into(),
                });
            }
            Some(false) => {
                self.tally.identity += 1;
                marks.push("identity");
                found.push(Found {
                    what: "identity".into(),
                    edit: String::new(),
                    item: Some(550),
                    message: "The patient has two accession numbers at this facility.".into(),
                });
            }
            None => {}
        }
        if kind == Kind::New {
            match c.first_contact.and_then(day_of) {
                None => self.tally.undated += 1,
                Some(first) if (sending.as_of - first).num_days() > sending.due_days => {
                    self.tally.late += 1;
                    marks.push("late");
                }
                Some(_) => self.tally.in_time += 1,
            }
        }
        if seen.is_derived() {
            self.tally.derived += 1;
        }
        let blocked = match reasons.as_slice() {
            [] => None,
            reasons => Some(reasons.join("; ")),
        };
        match &blocked {
            Some(_) => reasons.iter().for_each(|why| count(&mut self.tally.blocked, why)),
            None => {
                count(&mut self.tally.goes, kind.word());
                self.preview(c, seen);
            }
        }
        marks.dedup();
        let record_type = match &blocked {
            Some(_) => String::new(),
            None => sending.profile.type_of(kind.is_change()).to_string(),
        };
        Line {
            record_type,
            content_hash: prints.whole,
            core_hash: prints.core,
            seen_version: versions.0,
            seen_patient: versions.1,
            marks: if marks.is_empty() { String::new() } else { format!(",{},", marks.join(",")) },
            blocked,
            found: found_text(&found),
            ..line(c, kind, None)
        }
    }

    fn preview(&mut self, c: &Candidate, seen: &Seen<'_>) {
        let year = c.dx_low.map_or_else(|| "unknown".to_string(), |low| (low / 10_000).to_string());
        let site = seen.value("primarySite").chars().take(3).collect::<String>();
        let sex = seen.either(&["sexAssignedAtBirth", "sex"]);
        let rows = [
            ("year", year.as_str()),
            ("site", site.as_str()),
            ("class", seen.value("classOfCase")),
            ("sex", sex),
            ("race", seen.value("race1")),
            ("county", seen.either(&["countyAtDxAnalysis", "countyAtDxReported"])),
        ];
        for (what, value) in rows {
            let value = if value.is_empty() { "empty" } else { value };
            count(self.tally.preview.entry(what.to_string()).or_default(), value);
        }
    }
}

/// A case as it would be written, beside what is stored.
struct Seen<'a> {
    patient: &'a Items,
    tumor: Option<&'a Items>,
    case: &'a Record,
}

impl Seen<'_> {
    fn value(&self, id: &str) -> &str {
        self.tumor.and_then(|t| t.get(id)).or_else(|| self.patient.get(id)).unwrap_or_default()
    }

    fn either(&self, ids: &[&str]) -> &str {
        ids.iter().map(|id| self.value(id)).find(|value| !value.is_empty()).unwrap_or_default()
    }

    /// Holds an item that was worked out for the file.
    fn is_derived(&self) -> bool {
        let by_export =
            ["dateCaseReportExported", "vendorName", "reportingFacility", "npiReportingFacility", "cocAccreditedFlag"];
        self.tumor.is_some_and(|t| t.iter().any(|i| self.case.get(i.id).is_none() && !by_export.contains(&i.id)))
    }
}

fn line(c: &Candidate, kind: Kind, blocked: Option<String>) -> Line {
    Line {
        tumor: c.tumor_id,
        abstract_: c.abstract_id,
        patient: c.patient_id,
        facility: c.facility_id,
        kind: kind.word().into(),
        record_type: String::new(),
        content_hash: [0; 32],
        core_hash: [0; 32],
        seen_version: c.version,
        seen_patient: c.patient_version,
        marks: String::new(),
        blocked,
        found: "[]".into(),
    }
}

fn withdrawal(c: &Candidate) -> Line {
    let found = Found {
        what: "withdrawn".into(),
        edit: String::new(),
        item: Some(610),
        message: "It was sent, and its class of case or behavior is no longer reported to this recipient.".into(),
    };
    Line { marks: ",withdrawn,".into(), found: found_text(&[found]), ..line(c, Kind::Withdrawn, None) }
}

fn found_text(found: &[Found]) -> String {
    serde_json::to_string(found).unwrap_or_else(|_| "[]".into())
}

fn number_of(id: &str) -> Option<u32> {
    super_dictionary().by_id(id).and_then(|i| i.number).map(|n| n.0)
}

fn label(id: &str) -> &str {
    super_dictionary().by_id(id).map_or(id, |i| &i.name)
}

/// A day of `YYYYMMDD`.
pub fn day_of(number: i64) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(
        i32::try_from(number / 10_000).ok()?,
        u32::try_from(number / 100 % 100).ok()?,
        u32::try_from(number % 100).ok()?,
    )
}

//! What is waiting for a recipient, without dates: counts in one grouped query, and why a case is or is not to be sent.

use serde::Serialize;

use crate::registry::store::submissions as rows;
use crate::registry::store::{By, Conn, StoreError};
use crate::submission::decide::{Content, Facts, Kind, Standing, Verdict, left_out, verdict};
use crate::submission::look::{compared, facts, known_content};
use crate::submission::sending::{Sending, lines_of};

/// Most changed cases that are read to tell what changed; the gate reads them all.
const MOST_READ: i64 = 2_000;

/// Where the cases of a registry stand with a recipient.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Waiting {
    /// Never accepted.
    pub new: i64,
    /// Changed since they were sent, and wanted.
    pub changed: i64,
    /// Changed in items of follow-up alone.
    pub follow_up_only: i64,
    /// Changed in a way this recipient does not want.
    pub not_wanted: i64,
    /// Sent, and to be taken back.
    pub withdrawn: i64,
    /// Rejected and not corrected.
    pub rejected: i64,
    /// Sent, without an answer.
    pub unanswered: i64,
    /// Accepted and the same.
    pub accepted: i64,
    /// Touched since they were sent, and not read here: the gate tells whether they changed.
    pub touched: i64,
    /// Not of this recipient.
    pub left_out: i64,
}

/// Counts what is waiting.
///
/// # Errors
/// The database.
pub fn waiting(conn: &mut Conn, by: &By, sending: &Sending, facility: Option<i64>) -> Result<Waiting, StoreError> {
    let profile = &sending.profile;
    let lines = lines_of(profile);
    let mut all = Waiting::default();
    let mut to_read = 0;
    for alike in rows::alike(conn, by, &profile.name, lines, facility)? {
        let f = Facts {
            class: &alike.class,
            status: &alike.status,
            behavior: &alike.behavior,
            year: alike.dx_low.map(|low| low / 10_000),
            dx_low: alike.dx_low,
            state: &alike.dx_state,
        };
        let standing = Standing::of(&alike.state);
        match left_out(profile, &sending.home, &f) {
            Some(reason) if standing.is_there() && reason.takes_back() => all.withdrawn += alike.n,
            Some(_) => all.left_out += alike.n,
            None => match alike.waiting.as_str() {
                "look" => to_read += alike.n,
                "changed" => all.add(verdict(profile, standing, Content::Differs), standing, alike.n),
                "follow-up-only" => all.add(verdict(profile, standing, Content::FollowUpOnly), standing, alike.n),
                _ => all.add(verdict(profile, standing, Content::Same), standing, alike.n),
            },
        }
    }
    all.withdrawn += i64::try_from(rows::gone(conn, by, &profile.name, lines, facility)?.len()).unwrap_or(i64::MAX);
    if to_read == 0 {
        return Ok(all);
    }
    if to_read > MOST_READ {
        all.touched = to_read;
        return Ok(all);
    }
    let touched = rows::to_look_at(conn, by, &profile.name, lines, facility, MOST_READ * 2)?;
    let mut patients: Vec<i64> = touched.iter().map(|c| c.patient_id).collect();
    patients.dedup();
    let mut full = Vec::new();
    for chunk in patients.chunks(200) {
        full.extend(rows::full(conn, by, lines, facility, chunk)?);
    }
    for c in touched.iter().filter(|c| left_out(profile, &sending.home, &facts(c)).is_none()) {
        let Some(patient) = full.iter().find(|p| p.id == c.patient_id) else { continue };
        let case = patient.cases.iter().find(|f| f.tumor == c.tumor_id && f.abstract_ == c.abstract_id);
        let Some(case) = case else { continue };
        let content = compared(c, &sending.prints(&patient.items, &case.items));
        let standing = Standing::of(&c.state);
        all.add(verdict(profile, standing, content), standing, 1);
    }
    Ok(all)
}

impl Waiting {
    fn add(&mut self, verdict: Verdict, standing: Standing, n: i64) {
        match verdict {
            Verdict::Goes(Kind::New) => self.new += n,
            Verdict::Goes(Kind::Changed) => self.changed += n,
            Verdict::Goes(Kind::FollowUpOnly) => self.follow_up_only += n,
            Verdict::NotWanted(_) => self.not_wanted += n,
            Verdict::NotCorrected => self.rejected += n,
            Verdict::Goes(Kind::Same | Kind::Withdrawn) | Verdict::Stays if standing == Standing::Accepted => {
                self.accepted += n;
            }
            Verdict::Goes(Kind::Same | Kind::Withdrawn) | Verdict::Stays => self.unanswered += n,
        }
    }

    /// Cases that the next batch would look to send.
    pub fn to_send(&self) -> i64 {
        self.new + self.changed + self.follow_up_only + self.withdrawn
    }
}

/// Why a case is or is not to be sent to a recipient, in words.
///
/// # Errors
/// The database; [`StoreError::NotFound`] for a case outside the scope.
pub fn why(conn: &mut Conn, by: &By, sending: &Sending, id: i64) -> Result<String, StoreError> {
    let profile = &sending.profile;
    let lines = lines_of(profile);
    let c = rows::candidate(conn, by, &profile.name, lines, id)?.ok_or(StoreError::NotFound)?;
    let standing = Standing::of(&c.state);
    if let Some(reason) = left_out(profile, &sending.home, &facts(&c)) {
        return Ok(match standing.is_there() && reason.takes_back() {
            true => format!("It is taken back with the next batch: {}.", reason.words()),
            false => format!("It is not sent: {}.", reason.words()),
        });
    }
    let content = match known_content(&c) {
        Some(content) => content,
        None => {
            let full = rows::full(conn, by, lines, None, &[c.patient_id])?;
            let patient = full.first().ok_or(StoreError::NotFound)?;
            let case = patient.cases.iter().find(|f| f.tumor == c.tumor_id && f.abstract_ == c.abstract_id);
            compared(&c, &sending.prints(&patient.items, &case.ok_or(StoreError::NotFound)?.items))
        }
    };
    Ok(match verdict(profile, standing, content) {
        Verdict::Goes(Kind::New) if standing == Standing::Rejected => {
            format!("It goes again as new: it was rejected ({}) and has been corrected.", c.reason)
        }
        Verdict::Goes(Kind::New) if standing == Standing::Withdrawn => {
            "It goes as new: it was taken back and is reportable again.".into()
        }
        Verdict::Goes(Kind::New) => "It goes as new: this recipient never got it.".into(),
        Verdict::Goes(Kind::Changed) => "It goes as changed: its content differs from what was last sent.".into(),
        Verdict::Goes(Kind::FollowUpOnly) => "It goes: items of follow-up differ from what was last sent.".into(),
        Verdict::Goes(_) => "It goes with the next batch: this recipient gets everything each time.".into(),
        Verdict::NotWanted(Kind::FollowUpOnly) => {
            "It is not sent: only items of follow-up changed, which this recipient does not want.".into()
        }
        Verdict::NotWanted(_) => "It is not sent again: this recipient wants no changes.".into(),
        Verdict::NotCorrected => format!("It stays behind: it was rejected ({}) and has not been corrected.", c.reason),
        Verdict::Stays if standing == Standing::Accepted => "It is not sent: it was accepted and is the same.".into(),
        Verdict::Stays => "It is not sent: it was sent, is the same, and the recipient has not answered yet.".into(),
    })
}

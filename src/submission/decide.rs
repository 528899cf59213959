//! Whether a case goes to a recipient, as what, and why not.
//!
//! ```text
//!   not selected ─────────────────────────► out, with the reason; withdrawn if it was sent and is no longer reportable
//!   selected, never sent ─────────────────► new
//!   selected, rejected ───────────────────► new once corrected (or always, by the profile)
//!   selected, sent or accepted, same ─────► nothing to do (all, where everything goes each time)
//!   selected, sent or accepted, differs ──► changed, or follow-up only; sent by the change policy
//! ```

use serde::{Deserialize, Serialize};

use crate::registry::recipients::{ChangePolicy, Profile, ResendRejected, Residence, class_range};

/// Where a case stands with a recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Never sent.
    Never,
    /// Sent, no answer yet.
    Sent,
    /// Accepted.
    Accepted,
    /// Rejected.
    Rejected,
    /// Taken back.
    Withdrawn,
}

impl Standing {
    /// Its word in the database.
    pub fn word(self) -> &'static str {
        match self {
            Standing::Never => "",
            Standing::Sent => "sent",
            Standing::Accepted => "accepted",
            Standing::Rejected => "rejected",
            Standing::Withdrawn => "withdrawn",
        }
    }

    /// The standing of a word.
    pub fn of(word: &str) -> Standing {
        match word {
            "sent" => Standing::Sent,
            "accepted" => Standing::Accepted,
            "rejected" => Standing::Rejected,
            "withdrawn" => Standing::Withdrawn,
            _ => Standing::Never,
        }
    }

    /// The recipient has it, as far as is known.
    pub fn is_there(self) -> bool {
        matches!(self, Standing::Sent | Standing::Accepted)
    }
}

/// How a case's content compares with what was last sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Content {
    /// The same.
    Same,
    /// It differs.
    Differs,
    /// It differs in items of follow-up alone.
    FollowUpOnly,
}

/// As what a case goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The recipient never accepted it.
    New,
    /// Its content differs from what was sent.
    Changed,
    /// It differs in items of follow-up alone.
    FollowUpOnly,
    /// It is the same; everything goes each time.
    Same,
    /// It was sent and is no longer to be there.
    Withdrawn,
}

impl Kind {
    /// Its word in the database.
    pub fn word(self) -> &'static str {
        match self {
            Kind::New => "new",
            Kind::Changed => "changed",
            Kind::FollowUpOnly => "follow-up-only",
            Kind::Same => "same",
            Kind::Withdrawn => "withdrawn",
        }
    }

    /// The kind of a word.
    pub fn of(word: &str) -> Option<Kind> {
        [Kind::New, Kind::Changed, Kind::FollowUpOnly, Kind::Same, Kind::Withdrawn]
            .into_iter()
            .find(|kind| kind.word() == word)
    }

    /// Goes as a change of something sent.
    pub fn is_change(self) -> bool {
        matches!(self, Kind::Changed | Kind::FollowUpOnly | Kind::Same)
    }
}

/// What selection looks at.
#[derive(Debug, Clone, Default)]
pub struct Facts<'a> {
    /// Class of case; empty for a consolidated tumor.
    pub class: &'a str,
    /// Status of the abstract; empty for a consolidated tumor.
    pub status: &'a str,
    /// Behavior.
    pub behavior: &'a str,
    /// Year of diagnosis.
    pub year: Option<i64>,
    /// First possible day of diagnosis, `YYYYMMDD`.
    pub dx_low: Option<i64>,
    /// State at diagnosis.
    pub state: &'a str,
}

/// The registry's own facts that selection needs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Home {
    /// The registry's state.
    pub state: String,
    /// Reference date as `YYYYMMDD`; 0 for none.
    pub reference: i64,
    /// The year submissions of this day count for.
    pub submission_year: i64,
}

/// Why a case does not belong to the recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeftOut {
    /// The abstract is not in a status that goes.
    Status,
    /// Class of case.
    Class,
    /// Behavior.
    Behavior,
    /// No date of diagnosis, and years are asked for.
    NoDate,
    /// Diagnosed too early.
    TooEarly,
    /// Diagnosed too late.
    TooLate,
    /// Residence at diagnosis.
    Residence,
}

impl LeftOut {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            LeftOut::Status => "the abstract is not complete",
            LeftOut::Class => "its class of case is not reported to this recipient",
            LeftOut::Behavior => "its behavior is not reported to this recipient",
            LeftOut::NoDate => "it has no date of diagnosis",
            LeftOut::TooEarly => "it was diagnosed before the years this recipient asks for",
            LeftOut::TooLate => "it was diagnosed after the years this recipient asks for",
            LeftOut::Residence => "the residence at diagnosis is not one this recipient asks for",
        }
    }

    /// A case that was sent and is left out for this must be taken back.
    pub fn takes_back(self) -> bool {
        matches!(self, LeftOut::Class | LeftOut::Behavior)
    }
}

/// Why the profile does not select a case; none when it does.
pub fn left_out(profile: &Profile, home: &Home, facts: &Facts<'_>) -> Option<LeftOut> {
    let select = &profile.select;
    if !select.classes.is_empty() && !facts.class.is_empty() {
        let class = facts.class.parse::<u8>().ok();
        let within = |range: &String| {
            class_range(range).is_some_and(|(low, high)| class.is_some_and(|c| (low..=high).contains(&c)))
        };
        if !select.classes.iter().any(within) {
            return Some(LeftOut::Class);
        }
    }
    if !select.behaviors.is_empty() && !select.behaviors.iter().any(|b| b == facts.behavior) {
        return Some(LeftOut::Behavior);
    }
    if !select.statuses.is_empty() && !facts.status.is_empty() && !select.statuses.iter().any(|s| s == facts.status) {
        return Some(LeftOut::Status);
    }
    let elsewhere = match &select.residence {
        Residence::Any => false,
        Residence::Own => facts.state != home.state,
        Residence::Others => facts.state == home.state || facts.state.len() != 2 || facts.state == "ZZ",
        Residence::In(states) => !states.iter().any(|s| s == facts.state),
    };
    if elsewhere {
        return Some(LeftOut::Residence);
    }
    let from = select.from.map(|rule| rule.year(home.submission_year));
    let to = select.to.map(|rule| rule.year(home.submission_year));
    let reference = if select.since_reference_date { home.reference } else { 0 };
    if from.is_none() && to.is_none() && reference == 0 {
        return None;
    }
    let Some(year) = facts.year else { return Some(LeftOut::NoDate) };
    if from.is_some_and(|from| year < from)
        || facts.dx_low.is_some_and(|low| reference > 0 && low < reference && !covers(low, reference))
    {
        return Some(LeftOut::TooEarly);
    }
    if to.is_some_and(|to| year > to) {
        return Some(LeftOut::TooLate);
    }
    None
}

/// A partial date whose first possible day is before the reference date may lie after it: of the same year or month.
fn covers(low: i64, reference: i64) -> bool {
    let (year_only, month_only) = (low % 10_000 == 101, low % 100 == 1);
    (year_only && low / 10_000 == reference / 10_000) || (month_only && low / 100 == reference / 100)
}

/// What becomes of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It goes.
    Goes(Kind),
    /// It stays; nothing is waiting.
    Stays,
    /// It differs, and the recipient does not want it.
    NotWanted(Kind),
    /// It was rejected and nobody has corrected it.
    NotCorrected,
}

/// What becomes of a selected case.
pub fn verdict(profile: &Profile, standing: Standing, content: Content) -> Verdict {
    let differs = match content {
        Content::Same => None,
        Content::Differs => Some(Kind::Changed),
        Content::FollowUpOnly => Some(Kind::FollowUpOnly),
    };
    match standing {
        Standing::Never | Standing::Withdrawn => Verdict::Goes(Kind::New),
        Standing::Rejected => match (profile.resend_rejected, content) {
            (ResendRejected::WhenCorrected, Content::Same) => Verdict::NotCorrected,
            _ => Verdict::Goes(Kind::New),
        },
        Standing::Sent | Standing::Accepted => match (profile.changes, differs) {
            (ChangePolicy::Everything, differs) => Verdict::Goes(differs.unwrap_or(Kind::Same)),
            (_, None) => Verdict::Stays,
            (ChangePolicy::Changes, Some(kind)) => Verdict::Goes(kind),
            (ChangePolicy::ExceptFollowUp, Some(Kind::Changed)) => Verdict::Goes(Kind::Changed),
            (ChangePolicy::ExceptFollowUp | ChangePolicy::Never, Some(kind)) => Verdict::NotWanted(kind),
        },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::registry::recipients::shipped;

    fn profile(name: &str) -> Profile {
        shipped().into_iter().find(|p| p.name == name).unwrap()
    }

    fn home() -> Home {
        Home { state: "IA".into(), reference: 20_180_101, submission_year: 2026 }
    }

    fn facts<'a>(class: &'a str, status: &'a str, low: i64, state: &'a str) -> Facts<'a> {
        Facts { class, status, behavior: "3", year: Some(low / 10_000), dx_low: Some(low), state }
    }

    #[test]
    fn each_reason_to_leave_a_case_out_is_told() {
        let ncdb = profile("ncdb");
        let of = |f: Facts<'_>| left_out(&ncdb, &home(), &f);
        assert_eq!(of(facts("14", "complete", 20_240_301, "MN")), None);
        assert_eq!(of(facts("32", "complete", 20_240_301, "IA")), Some(LeftOut::Class));
        assert_eq!(of(facts("14", "in-progress", 20_240_301, "IA")), Some(LeftOut::Status));
        assert_eq!(of(facts("14", "complete", 20_171_231, "IA")), Some(LeftOut::TooEarly));
        assert_eq!(of(Facts { year: None, dx_low: None, ..facts("14", "complete", 0, "IA") }), Some(LeftOut::NoDate));
        let cfd = profile("naaccr-cfd");
        assert_eq!(left_out(&cfd, &home(), &facts("", "", 20_240_301, "MN")), Some(LeftOut::Residence));
        assert_eq!(left_out(&cfd, &home(), &facts("", "", 20_260_301, "IA")), Some(LeftOut::TooLate));
        let others = profile("interstate");
        assert_eq!(left_out(&others, &home(), &facts("", "", 20_240_301, "MN")), None);
        assert_eq!(left_out(&others, &home(), &facts("", "", 20_240_301, "")), Some(LeftOut::Residence));
    }

    #[test]
    fn a_partial_date_that_may_lie_after_the_reference_date_counts() {
        let home = Home { reference: 20_180_601, ..home() };
        let ncdb = profile("ncdb");
        assert_eq!(left_out(&ncdb, &home, &facts("14", "complete", 20_180_101, "IA")), None);
        assert_eq!(left_out(&ncdb, &home, &facts("14", "complete", 20_180_531, "IA")), Some(LeftOut::TooEarly));
    }

    #[test]
    fn each_change_policy_sends_what_it_says() {
        let of = |changes, standing, content| {
            let p = Profile { changes, ..profile("state-central") };
            verdict(&p, standing, content)
        };
        use ChangePolicy::*;
        for standing in [Standing::Sent, Standing::Accepted] {
            assert_eq!(of(Never, standing, Content::Differs), Verdict::NotWanted(Kind::Changed));
            assert_eq!(of(Changes, standing, Content::FollowUpOnly), Verdict::Goes(Kind::FollowUpOnly));
            assert_eq!(of(ExceptFollowUp, standing, Content::FollowUpOnly), Verdict::NotWanted(Kind::FollowUpOnly));
            assert_eq!(of(ExceptFollowUp, standing, Content::Differs), Verdict::Goes(Kind::Changed));
            assert_eq!(of(Everything, standing, Content::Same), Verdict::Goes(Kind::Same));
            assert_eq!(of(Changes, standing, Content::Same), Verdict::Stays);
        }
        assert_eq!(of(Never, Standing::Never, Content::Same), Verdict::Goes(Kind::New));
        assert_eq!(of(Never, Standing::Rejected, Content::Same), Verdict::NotCorrected);
        assert_eq!(of(Never, Standing::Rejected, Content::FollowUpOnly), Verdict::Goes(Kind::New));
        assert_eq!(of(Never, Standing::Withdrawn, Content::Same), Verdict::Goes(Kind::New));
    }
}

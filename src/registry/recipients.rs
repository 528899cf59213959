//! A recipient's rules: which cases, in what form, by which edits, how changes and withdrawals go, when it is due.
//!
//! A profile is a file of data (`reference/recipients/*.toml`, or a registry's own by `accession standards add`). What no
//! authoritative text confirmed carries a note under `unconfirmed`, and the pages that use it show the note.

use std::collections::BTreeMap;

use include_dir::{Dir, include_dir};
use serde::{Deserialize, Serialize};

use crate::naaccr::{RecordType, Version, super_dictionary};

static FILES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/reference/recipients");

/// What one line of a batch stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// A facility's abstract.
    Abstract,
    /// The consolidated tumor.
    Tumor,
}

/// What becomes of a case that changed after it was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangePolicy {
    /// Sent once and never again.
    Never,
    /// Every change goes, those of follow-up too.
    Changes,
    /// Every change goes but those of follow-up alone.
    ExceptFollowUp,
    /// Every case of the recipient goes each time.
    Everything,
}

/// When a rejected case goes again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResendRejected {
    /// Once its content differs from what was rejected.
    WhenCorrected,
    /// With the next batch, as it is.
    Always,
}

/// Where patients must have lived at diagnosis (item 80).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Residence {
    /// Anywhere.
    Any,
    /// In the registry's own state.
    Own,
    /// In another state.
    Others,
    /// In these states.
    In(Vec<String>),
}

/// A first or last year of diagnosis: a year, or a number under 100 that is added to the year of the submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct YearRule(pub i64);

impl YearRule {
    /// The year, for a submission of a year.
    pub fn year(self, submission_year: i64) -> i64 {
        if self.0.abs() < 100 { submission_year + self.0 } else { self.0 }
    }
}

/// Which cases belong to the recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Selection {
    /// Statuses of the abstract; empty for all.
    #[serde(default)]
    pub statuses: Vec<String>,
    /// Classes of case as `00`, `10-14`; empty for all.
    #[serde(default)]
    pub classes: Vec<String>,
    /// Behaviors (item 523); empty for all.
    #[serde(default)]
    pub behaviors: Vec<String>,
    /// Residence at diagnosis.
    pub residence: Residence,
    /// First year of diagnosis.
    #[serde(default)]
    pub from: Option<YearRule>,
    /// Last year of diagnosis.
    #[serde(default)]
    pub to: Option<YearRule>,
    /// Not before the registry's reference date.
    #[serde(default)]
    pub since_reference_date: bool,
}

/// When files are due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// `month`, `quarter`, `half-year`, `year` or `request`.
    pub every: String,
    /// Day of the month; past its end the last day.
    pub day: u32,
    /// Month of a yearly file.
    #[serde(default)]
    pub month: u32,
    /// Days before, for the reminder.
    pub remind_days: i64,
    /// First month in which a submission counts for the running year; before it, for the year before.
    #[serde(default = "january")]
    pub year_begins: u32,
}

fn january() -> u32 {
    1
}

/// The most an item may be unknown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cap {
    /// Item.
    pub item: String,
    /// Values that mean unknown, besides a blank.
    pub unknown: Vec<String>,
    /// Percent.
    pub most: f64,
}

/// Something no authoritative text confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unconfirmed {
    /// The field of the profile.
    pub field: String,
    /// What to know about it.
    pub note: String,
}

/// How a file is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encryption {
    /// Not.
    None,
    /// A zip archive encrypted by AES-256, its password given when it is fetched.
    Zip,
    /// To the public key in `key`, by `age`.
    Age,
    /// To the public key in `key`, by the system's `gpg`.
    Openpgp,
}

/// A recipient's rules.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Name on the command line and in addresses.
    pub name: String,
    /// Edition of these rules.
    pub edition: String,
    /// What it is called.
    pub title: String,
    /// What the files are for; stands on the list of disclosures.
    pub purpose: String,
    /// What a line stands for.
    pub unit: Unit,
    /// Record type of cases the recipient does not have.
    pub record_type: char,
    /// Record type of changes; none for the same.
    #[serde(default)]
    pub changes_type: Option<char>,
    /// NAACCR version; 0 for the registry's own.
    pub version: u16,
    /// User dictionaries whose items go out, by name; `*` for all.
    #[serde(default)]
    pub user_dictionaries: Vec<String>,
    /// Texts are written in ASCII.
    #[serde(default)]
    pub ascii: bool,
    /// Edit set.
    pub edit_set: String,
    /// The least percent of cases without an error; at 100 no case with an error goes.
    pub error_free: f64,
    /// What becomes of changes.
    pub changes: ChangePolicy,
    /// When a rejected case goes again.
    pub resend_rejected: ResendRejected,
    /// Whether withdrawals are told in a list.
    pub deletion_notices: bool,
    /// A second person signs before a file leaves.
    #[serde(default)]
    pub sign_off: bool,
    /// How files are encrypted.
    pub encryption: Encryption,
    /// Public key for it.
    #[serde(default)]
    pub key: String,
    /// Pattern of file names: `{facility} {recipient} {type} {version} {date} {batch}`.
    pub file_name: String,
    /// Items that must be filled in every case.
    #[serde(default)]
    pub required: Vec<String>,
    /// Which cases.
    pub select: Selection,
    /// When.
    pub schedule: Schedule,
    /// Most unknown values.
    #[serde(default)]
    pub cap: Vec<Cap>,
    /// What is not confirmed.
    #[serde(default)]
    pub unconfirmed: Vec<Unconfirmed>,
}

impl Profile {
    /// Reads a profile and looks whether it can be carried out.
    ///
    /// # Errors
    /// What is wrong with it and what to do.
    pub fn read(text: &str) -> Result<Profile, String> {
        let profile: Profile = toml::from_str(text).map_err(|e| e.to_string().trim().replace('\n', "; "))?;
        profile.check()?;
        Ok(profile)
    }

    fn check(&self) -> Result<(), String> {
        let plain = |text: &str| {
            (1..=40).contains(&text.len())
                && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        if !plain(&self.name) {
            return Err("name: 1 to 40 small letters, digits and hyphens".into());
        }
        if self.edition.is_empty() || self.edition.len() > 40 || self.title.is_empty() || self.purpose.is_empty() {
            return Err("edition, title and purpose say something; an edition has at most 40 characters".into());
        }
        for letter in [Some(self.record_type), self.changes_type].into_iter().flatten() {
            letter
                .to_string()
                .parse::<RecordType>()
                .map_err(|()| format!("record type {letter}: write A, M, C or I"))?;
        }
        if self.version != 0 && !Version::new(self.version).is_some_and(Version::may_be_exported) {
            return Err(format!("version {}: write 250, 260, or 0 for the registry's own", self.version));
        }
        if crate::edits::Library::shipped().set(&self.edit_set).is_none() {
            let names: Vec<&str> = crate::edits::Library::shipped().sets().map(|s| s.name.as_str()).collect();
            return Err(format!("there is no edit set {}; there are {}", self.edit_set, names.join(", ")));
        }
        if !(0.0..=100.0).contains(&self.error_free) {
            return Err("error_free is a percentage".into());
        }
        if self.encryption != Encryption::None {
            return Err("this program does not encrypt files of submissions yet; write encryption = \"none\" and encrypt the file on its way".into());
        }
        if let Some(class) = self.select.classes.iter().find(|c| class_range(c).is_none()) {
            return Err(format!("class {class}: write 00 or 10-14"));
        }
        for item in self.required.iter().chain(self.cap.iter().map(|c| &c.item)) {
            if super_dictionary().by_id(item).is_none() {
                return Err(format!("{item} is no item"));
            }
        }
        if !["month", "quarter", "half-year", "year", "request"].contains(&self.schedule.every.as_str()) {
            return Err("schedule.every is month, quarter, half-year, year or request".into());
        }
        if !(1..=31).contains(&self.schedule.day) || self.schedule.month > 12 {
            return Err("schedule: day is 1 to 31, month 1 to 12".into());
        }
        let mut rest = self.file_name.as_str();
        while let Some(at) = rest.find('{') {
            let end = rest[at..].find('}').ok_or("file_name: a { without }")?;
            let word = &rest[at + 1..at + end];
            if !["facility", "recipient", "type", "version", "date", "batch"].contains(&word) {
                return Err(format!("file_name: {{{word}}} is not known"));
            }
            rest = &rest[at + end + 1..];
        }
        let kept = |c: char| c.is_ascii_alphanumeric() || "._-{}".contains(c);
        if self.file_name.is_empty() || self.file_name.len() > 120 || !self.file_name.chars().all(kept) {
            return Err("file_name: letters, digits, dots, hyphens and underscores, at most 120".into());
        }
        if !self.file_name.contains("{type}") && self.changes_type.is_some_and(|t| t != self.record_type) {
            return Err("file_name holds {type}, so that files of two types differ".into());
        }
        Ok(())
    }

    /// The record type in which a kind of line goes.
    pub fn type_of(&self, is_change: bool) -> char {
        match is_change {
            true => self.changes_type.unwrap_or(self.record_type),
            false => self.record_type,
        }
    }

    /// The note on a field that is not confirmed.
    pub fn note(&self, field: &str) -> Option<&str> {
        self.unconfirmed.iter().find(|u| u.field == field).map(|u| u.note.as_str())
    }

    /// Name of a file.
    pub fn file_name(&self, facility: &str, record_type: &str, version: u16, date: &str, batch: i64) -> String {
        let (version, batch) = (version.to_string(), batch.to_string());
        let parts: BTreeMap<&str, &str> = BTreeMap::from([
            ("{facility}", facility),
            ("{recipient}", self.name.as_str()),
            ("{type}", record_type),
            ("{version}", version.as_str()),
            ("{date}", date),
            ("{batch}", batch.as_str()),
        ]);
        parts.iter().fold(self.file_name.clone(), |name, (part, value)| name.replace(part, value))
    }
}

/// The first and last class of `10-14` or `00`.
pub fn class_range(text: &str) -> Option<(u8, u8)> {
    let two = |t: &str| (t.len() == 2).then(|| t.parse::<u8>().ok()).flatten();
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    Some((two(first)?, two(last)?)).filter(|(first, last)| first <= last)
}

/// The profiles compiled in, by the order of their files.
pub fn shipped() -> Vec<Profile> {
    let mut files: Vec<_> = FILES.files().collect();
    files.sort_by_key(|file| file.path());
    files
        .into_iter()
        .filter_map(|file| file.contents_utf8())
        .map(|text| Profile::read(text).expect("the shipped profiles are read by a test"))
        .collect()
}

/// The text of a shipped profile, to copy and change.
pub fn shipped_text(name: &str) -> Option<&'static str> {
    FILES.files().find(|f| f.path().file_stem().is_some_and(|stem| stem == name)).and_then(|f| f.contents_utf8())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_recipients_of_the_contract_are_shipped() {
        let names: Vec<String> = shipped().into_iter().map(|p| p.name).collect();
        for name in ["state-central", "ncdb", "npcr-12", "npcr-24", "seer", "naaccr-cfd", "interstate", "researcher"] {
            assert!(names.iter().any(|n| n == name), "{name} in {names:?}");
            assert!(shipped_text(name).is_some());
        }
    }

    #[test]
    fn a_profile_that_cannot_be_carried_out_is_refused_in_words() {
        let text = shipped_text("state-central").unwrap();
        let changed = |from: &str, to: &str| {
            assert!(text.contains(from), "{from}");
            Profile::read(&text.replace(from, to)).unwrap_err()
        };
        assert!(changed("record_type = \"A\"", "record_type = \"X\"").contains("A, M, C or I"));
        assert!(changed("edit_set = \"central-incoming\"", "edit_set = \"none-such\"").contains("no edit set"));
        assert!(changed("encryption = \"none\"", "encryption = \"age\"").contains("does not encrypt"));
        assert!(changed("{type}", "{sort}").contains("not known"));
        assert!(changed("unit = \"abstract\"", "unit = \"abstract\"\nword = 1").contains("word"));
    }

    #[test]
    fn a_file_name_holds_its_parts() {
        let state = Profile::read(shipped_text("state-central").unwrap()).unwrap();
        let name = state.file_name("0010000001", "A", 250, "20261124", 7);
        assert_eq!(name, "0010000001_state-central_A250_20261124_7.xml.gz");
    }

    #[test]
    fn years_count_from_the_year_of_the_submission() {
        assert_eq!(YearRule(-2).year(2026), 2024);
        assert_eq!(YearRule(1995).year(2026), 1995);
    }
}

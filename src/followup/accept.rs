//! A reported contact against what is on file.
//!
//! In: the posting as typed, the patient's and tumors' items, and the day. Out: [`Verdict`]: accepted with every change
//! and what a person should know, a conflict that a person must settle, or refused with a sentence for each field.
//!
//! The rules, from items 1750 to 1944 of the NAACCR data dictionary and our own decisions where it leaves them open:
//! a newer contact replaces an older one; an older one is kept as history only; death by certificate or index beats
//! alive whatever its date; alive after a recorded death is a conflict; of two reports of one day the more reliable
//! source stays; sources change only with date or status; nothing before diagnosis or after today; what only the dead
//! have is blank for the living, and the other way round.

use serde::{Deserialize, Serialize};

use super::sources::{CENTRAL, NEXT_SOURCES, SOURCES, Trust, central_name, name_in, source_of};
use crate::dates::PartialDate;
use crate::registry::change::Change;
use crate::registry::record::Record;

/// A contact as it is posted. Dates and codes are as typed; empty fields say nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Posting {
    /// Day of the contact or death (1750).
    pub date: String,
    /// 0 dead, 1 alive (1760).
    pub vital_status: String,
    /// Source (1791).
    pub source_central: String,
    /// Source (1790); empty: follows from 1791.
    pub source: String,
    /// What was learned of each tumor.
    pub tumors: Vec<TumorPosting>,
    /// What was learned of a death.
    pub death: DeathPosting,
    /// New address and telephone, to be written to the patient.
    pub address: Address,
    /// A note.
    pub note: String,
}

/// What was learned of a tumor.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TumorPosting {
    /// The abstract whose tumor it is.
    pub abstract_: i64,
    /// Cancer status (1770).
    pub cancer_status: String,
    /// The day it was true (1772); empty: the day of contact.
    pub status_date: String,
    /// First recurrence, type (1880).
    pub recurrence_type: String,
    /// First recurrence, date (1860).
    pub recurrence_date: String,
    /// Next follow-up source (1800).
    pub next_source: String,
}

/// What was learned of a death.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DeathPosting {
    /// State (1942).
    pub place_state: String,
    /// Country (1944).
    pub place_country: String,
    /// Cause (1910).
    pub cause: String,
    /// ICD revision (1920).
    pub revision: String,
    /// Certificate number (2380).
    pub certificate: String,
    /// Autopsy (1930).
    pub autopsy: String,
}

/// New address and telephone.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Address {
    /// Number and street (2350).
    pub street: String,
    /// City (1810).
    pub city: String,
    /// State (1820).
    pub state: String,
    /// Postal code (1830).
    pub postal_code: String,
    /// Telephone (2360).
    pub telephone: String,
}

/// A tumor on file.
#[derive(Debug, Clone, Copy)]
pub struct TumorOnFile<'a> {
    /// Its abstract.
    pub abstract_: i64,
    /// The abstract's items.
    pub items: &'a Record,
}

/// What is on file.
#[derive(Debug, Clone, Copy)]
pub struct OnFile<'a> {
    /// The patient's items.
    pub patient: &'a Record,
    /// The tumors.
    pub tumors: &'a [TumorOnFile<'a>],
    /// Today, as the registry's time zone has it.
    pub today: PartialDate,
}

/// How a contact stands to the one on file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It replaces what is on file.
    Newer,
    /// Kept in the history only.
    Earlier,
    /// Of the same day: its source is the more reliable.
    BetterSource,
    /// Of the same day, nothing better: kept in the history only.
    Same,
}

impl Standing {
    /// As the contact's row says it.
    pub fn word(self) -> &'static str {
        match self {
            Standing::Newer => "newer",
            Standing::Earlier => "earlier",
            Standing::BetterSource => "better-source",
            Standing::Same => "same",
        }
    }

    fn replaces(self) -> bool {
        matches!(self, Standing::Newer | Standing::BetterSource)
    }
}

/// An accepted contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// Against the contact on file.
    pub standing: Standing,
    /// The day as NAACCR text.
    pub date: String,
    /// Source (1790).
    pub source: String,
    /// Changes of the patient's items.
    pub patient: Vec<Change>,
    /// Changes of abstracts.
    pub tumors: Vec<(i64, Vec<Change>)>,
    /// What a person should know.
    pub messages: Vec<String>,
}

/// A contact that contradicts what is on file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The day as NAACCR text.
    pub date: String,
    /// Source (1790).
    pub source: String,
    /// The contradiction.
    pub sentence: String,
}

/// Why a field cannot be posted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// The field's name on the form.
    pub field: String,
    /// The sentence.
    pub sentence: String,
}

/// What becomes of a posting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is taken.
    Accepted(Box<Accepted>),
    /// A person must settle it.
    Conflict(Conflict),
    /// Nothing is written.
    Refused(Vec<Refusal>),
}

/// Judges a posting.
pub fn accept(posting: &Posting, file: &OnFile<'_>) -> Verdict {
    judge(posting, file, false)
}

/// Judges a posting that a person has decided to take although it contradicts what is on file.
pub fn accept_settled(posting: &Posting, file: &OnFile<'_>) -> Verdict {
    judge(posting, file, true)
}

struct Judge<'a> {
    posting: &'a Posting,
    file: &'a OnFile<'a>,
    dead: bool,
    source: String,
    refused: Vec<Refusal>,
    messages: Vec<String>,
}

fn judge(posting: &Posting, file: &OnFile<'_>, settled: bool) -> Verdict {
    let source = match posting.source.trim() {
        "" => source_of(posting.source_central.trim()).to_string(),
        given => given.to_string(),
    };
    let dead = posting.vital_status.trim() == "0";
    let mut judge = Judge { posting, file, dead, source, refused: vec![], messages: vec![] };
    let date = judge.date();
    judge.codes();
    let Some(date) = date.filter(|_| judge.refused.is_empty()) else { return Verdict::Refused(judge.refused) };
    let standing = match judge.standing(date) {
        Ok(standing) => standing,
        Err(_) if settled => Standing::Newer,
        Err(sentence) => {
            return Verdict::Conflict(Conflict { date: date.naaccr(), source: judge.source, sentence });
        }
    };
    judge.not_before_a_diagnosis(date, standing);
    let holds = judge.resulting(date, standing);
    let patient = judge.patient(date, standing, holds.dead);
    let tumors = judge.tumors(date, standing, holds);
    if !judge.refused.is_empty() {
        return Verdict::Refused(judge.refused);
    }
    Verdict::Accepted(Box::new(Accepted {
        standing,
        date: date.naaccr(),
        source: judge.source,
        patient,
        tumors,
        messages: judge.messages,
    }))
}

/// Date and status that hold after the posting.
#[derive(Clone, Copy)]
struct Holding {
    date: PartialDate,
    dead: bool,
}

impl Judge<'_> {
    fn refuse(&mut self, field: &str, sentence: impl Into<String>) {
        self.refused.push(Refusal { field: field.into(), sentence: sentence.into() });
    }

    fn on_file(&self, item: &str) -> &str {
        self.file.patient.value(item)
    }

    fn date(&mut self) -> Option<PartialDate> {
        let typed = self.posting.date.trim();
        if typed.is_empty() {
            self.refuse("date", "The date of contact is missing. Take the day the patient was seen, not today.");
            return None;
        }
        let date = match PartialDate::parse_typed(typed) {
            Ok(date) => date,
            Err(error) => {
                self.refuse("date", format!("Date of contact: {error}."));
                return None;
            }
        };
        if date.certainly_after(self.file.today) {
            self.refuse("date", format!("{} is after today.", date.screen()));
        }
        let birth = PartialDate::parse(self.on_file("dateOfBirth")).ok();
        if birth.is_some_and(|birth| date.certainly_before(birth)) {
            self.refuse("date", format!("{} is before the patient was born.", date.screen()));
        }
        let first = self.file.tumors.iter().filter_map(|t| diagnosed(t.items)).min_by(|a, b| a.chronological(*b));
        if let Some(first) = first.filter(|first| date.certainly_before(*first)) {
            self.refuse("date", format!("{} is before the diagnosis of {}.", date.screen(), first.screen()));
        }
        Some(date)
    }

    fn codes(&mut self) {
        let posting = self.posting;
        if !matches!(posting.vital_status.trim(), "0" | "1") {
            self.refuse("vital_status", "Vital status is 0, dead, or 1, alive.");
        }
        let central = posting.source_central.trim();
        let known = |list: &[(&str, &str)], code: &str| list.iter().any(|(c, _)| *c == code);
        if !central.is_empty() && !known(&CENTRAL, central) {
            self.refuse("source_central", format!("{central} is not a code of item 1791."));
        }
        if self.source.is_empty() {
            self.refuse("source_central", "Say who told it: a source is missing.");
        } else if !known(&SOURCES, &self.source) {
            let sentence = format!("{} is not a code of item 1790.", self.source);
            self.refuse("source", sentence);
        }
        let death = &posting.death;
        let said = [&death.place_state, &death.place_country, &death.cause, &death.certificate];
        if !self.dead && said.iter().any(|text| !text.trim().is_empty()) {
            self.refuse("vital_status", "Place, cause and certificate of death belong to a patient who is dead.");
        }
        for tumor in &posting.tumors {
            let field = |name: &str| format!("{name}_{}", tumor.abstract_);
            if !self.file.tumors.iter().any(|t| t.abstract_ == tumor.abstract_) {
                self.refuse("", "A tumor of the form is not this patient's, or not yours to see.");
            }
            if !matches!(tumor.cancer_status.trim(), "" | "1" | "2" | "9") {
                self.refuse(&field("cancer_status"), "Cancer status is 1, 2 or 9.");
            }
            let next = tumor.next_source.trim();
            if !next.is_empty() && !known(&NEXT_SOURCES, next) {
                self.refuse(&field("next_source"), format!("{next} is not a code of item 1800."));
            }
            if self.dead && !next.is_empty() {
                self.refuse(&field("next_source"), "A dead patient has no next follow-up source.");
            }
        }
    }

    /// Against the contact on file, or the contradiction.
    fn standing(&self, date: PartialDate) -> Result<Standing, String> {
        let Ok(on_file) = PartialDate::parse(self.on_file("dateOfLastContact")) else { return Ok(Standing::Newer) };
        let was_dead = self.on_file("vitalStatus") == "0";
        if self.on_file("vitalStatus").is_empty() && !date.certainly_before(on_file) {
            return Ok(Standing::Newer);
        }
        let told = Trust::of(self.posting.source_central.trim(), &self.source);
        let known = self.trust_on_file();
        let later = date.certainly_after(on_file) || is_more_exact(date, on_file);
        let earlier = date.certainly_before(on_file) || is_more_exact(on_file, date);
        match (was_dead, self.dead) {
            (false, false) if later => Ok(Standing::Newer),
            (true, false) if date.certainly_after(on_file) => Err(format!(
                "Alive on {} by {}, but the patient is recorded dead on {}.",
                date.screen(),
                self.told_by(),
                on_file.screen()
            )),
            (true, false) => Ok(Standing::Earlier),
            (false, true) if later || !earlier || told == Trust::DeathCertificate => Ok(Standing::Newer),
            (false, true) => Err(format!(
                "Dead on {} by {}, but the patient is recorded alive on {}.",
                date.screen(),
                self.told_by(),
                on_file.screen()
            )),
            (true, true) if is_more_exact(date, on_file) => Ok(Standing::Newer),
            (true, true) if later || earlier => match told.cmp(&known) {
                _ if is_more_exact(on_file, date) => Ok(Standing::Same),
                std::cmp::Ordering::Greater => Ok(Standing::Newer),
                _ => Err(format!(
                    "Dead on {} by {}, but the recorded day of death is {}.",
                    date.screen(),
                    self.told_by(),
                    on_file.screen()
                )),
            },
            (false, false) if earlier => Ok(Standing::Earlier),
            _ if told > known => Ok(Standing::BetterSource),
            _ => Ok(Standing::Same),
        }
    }

    /// The trust of what is on file: of 1791, else of the best 1790 of the tumors.
    fn trust_on_file(&self) -> Trust {
        let central = self.on_file("followUpSourceCentral");
        let of_tumors = self.file.tumors.iter().map(|t| Trust::of(central, t.items.value("followUpSource")));
        of_tumors.max().unwrap_or_else(|| Trust::of(central, ""))
    }

    fn told_by(&self) -> String {
        match self.posting.source_central.trim() {
            "" => name_in(&SOURCES, &self.source).to_lowercase(),
            central => central_name(central).to_lowercase(),
        }
    }

    fn not_before_a_diagnosis(&mut self, date: PartialDate, standing: Standing) {
        if standing != Standing::Newer {
            return;
        }
        let late = self.file.tumors.iter().filter_map(|t| diagnosed(t.items)).find(|d| date.certainly_before(*d));
        if let Some(late) = late {
            let what = if self.dead { "death" } else { "last contact" };
            self.refuse(
                "date",
                format!("{} cannot be the {what}: a tumor was diagnosed {}.", date.screen(), late.screen()),
            );
        }
    }

    fn resulting(&self, date: PartialDate, standing: Standing) -> Holding {
        match standing {
            Standing::Newer => Holding { date, dead: self.dead },
            _ => Holding {
                date: PartialDate::parse(self.on_file("dateOfLastContact")).unwrap_or(date),
                dead: self.on_file("vitalStatus") == "0" || (standing.replaces() && self.dead),
            },
        }
    }

    fn patient(&mut self, date: PartialDate, standing: Standing, dead: bool) -> Vec<Change> {
        let posting = self.posting;
        let mut set: Vec<(&str, String)> = Vec::new();
        if standing == Standing::Newer {
            set.push(("dateOfLastContact", date.naaccr()));
            set.push(("vitalStatus", posting.vital_status.trim().into()));
        }
        if standing.replaces() {
            set.push(("followUpSourceCentral", posting.source_central.trim().into()));
        }
        match standing {
            Standing::Earlier => self.messages.push(format!(
                "Earlier than the date on file, {}: kept in the history only.",
                screen(self.on_file("dateOfLastContact"))
            )),
            Standing::Same => {
                self.messages.push("The contact on file is as good: this one is kept in the history only.".into());
            }
            Standing::BetterSource => {
                self.messages.push("Of the same day as the contact on file, from a more reliable source.".into());
            }
            Standing::Newer if dead && self.on_file("vitalStatus") == "1" => {
                let on_file = PartialDate::parse(self.on_file("dateOfLastContact")).ok();
                if on_file.is_some_and(|alive| date.certainly_before(alive)) {
                    let alive = screen(self.on_file("dateOfLastContact"));
                    self.messages.push(format!("The contact on file, alive on {alive}, is later than this death."));
                }
            }
            Standing::Newer => {}
        }
        if self.dead && dead {
            self.death_items(&mut set);
        }
        if !dead && standing.replaces() {
            for (item, value) in [("causeOfDeath", "0000"), ("icdRevisionNumber", "0")] {
                set.push((item, value.into()));
            }
            for item in ["placeOfDeathState", "placeOfDeathCountry", "dcStateFileNumber"] {
                set.push((item, String::new()));
            }
            if !matches!(self.on_file("autopsy"), "" | "0") {
                set.push(("autopsy", "0".into()));
            }
        }
        let address = &posting.address;
        let digits: String = address.telephone.chars().filter(char::is_ascii_digit).collect();
        if !address.telephone.trim().is_empty() && digits.len() != 10 {
            self.refuse("telephone", "A telephone number has ten digits.");
        }
        let new = [
            ("addrCurrentNoStreet", address.street.trim().to_string()),
            ("addrCurrentCity", address.city.trim().to_string()),
            ("addrCurrentState", address.state.trim().to_uppercase()),
            ("addrCurrentPostalCode", address.postal_code.trim().replace('-', "")),
            ("telephone", digits),
        ];
        set.extend(new.into_iter().filter(|(_, value)| !value.is_empty()));
        changes(self.file.patient, set)
    }

    fn death_items(&mut self, set: &mut Vec<(&'static str, String)>) {
        let death = &self.posting.death;
        let given = [
            ("placeOfDeathState", death.place_state.trim().to_uppercase()),
            ("placeOfDeathCountry", death.place_country.trim().to_uppercase()),
            ("causeOfDeath", death.cause.trim().to_uppercase().replace('.', "")),
            ("icdRevisionNumber", death.revision.trim().to_string()),
            ("dcStateFileNumber", death.certificate.trim().to_string()),
            ("autopsy", death.autopsy.trim().to_string()),
        ];
        let filled = |id: &str| {
            let typed = given.iter().any(|(item, value)| *item == id && !value.is_empty());
            typed || !matches!(self.file.patient.value(id), "" | "0000" | "0")
        };
        let mut messages = Vec::new();
        if !filled("placeOfDeathState") && !filled("placeOfDeathCountry") {
            messages.push("The place of death (1942, 1944) is still missing.".to_string());
        }
        if !filled("causeOfDeath") && !filled("dcStateFileNumber") {
            messages.push("Cause of death (1910) and certificate number (2380) are still missing; 7777 says that no certificate is available.".to_string());
        }
        let cause_is_typed = given.iter().any(|(item, value)| *item == "causeOfDeath" && !value.is_empty());
        for (item, value) in given {
            if !value.is_empty() {
                set.push((item, value));
            } else if item == "icdRevisionNumber" && cause_is_typed {
                set.push((item, "1".into()));
            } else if self.file.patient.value(item) == "0000"
                || (item == "icdRevisionNumber" && !cause_is_typed && self.file.patient.value("causeOfDeath") == "0000")
            {
                // What stood for alive no longer holds.
                set.push((item, String::new()));
            } else if item == "autopsy" && self.file.patient.value(item) == "0" {
                set.push((item, "9".into()));
            }
        }
        self.messages.extend(messages);
    }

    fn tumors(&mut self, date: PartialDate, standing: Standing, holds: Holding) -> Vec<(i64, Vec<Change>)> {
        let none = TumorPosting::default();
        let mut all = Vec::new();
        for tumor in self.file.tumors {
            let posted = self.posting.tumors.iter().find(|t| t.abstract_ == tumor.abstract_).unwrap_or(&none);
            let mut set: Vec<(&str, String)> = Vec::new();
            if standing.replaces() {
                set.push(("followUpSource", self.source.clone()));
            }
            self.cancer_status(tumor, posted, date, holds, &mut set);
            self.recurrence(tumor, posted, holds, &mut set);
            match holds.dead {
                true => set.push(("nextFollowUpSource", String::new())),
                false if !posted.next_source.trim().is_empty() => {
                    set.push(("nextFollowUpSource", posted.next_source.trim().into()));
                }
                false => {}
            }
            let changed = changes(tumor.items, set);
            if !changed.is_empty() {
                all.push((tumor.abstract_, changed));
            }
        }
        all
    }

    fn cancer_status(
        &mut self,
        tumor: &TumorOnFile<'_>,
        posted: &TumorPosting,
        contact: PartialDate,
        holds: Holding,
        set: &mut Vec<(&'static str, String)>,
    ) {
        let (status, typed) = (posted.cancer_status.trim(), posted.status_date.trim());
        let field = format!("status_date_{}", tumor.abstract_);
        if status.is_empty() {
            if !typed.is_empty() {
                self.refuse(&field, "A date of cancer status needs the status.");
            }
            return;
        }
        let on = match typed {
            "" => contact,
            typed => match PartialDate::parse_typed(typed) {
                Ok(date) => date,
                Err(error) => return self.refuse(&field, format!("Date of cancer status: {error}.")),
            },
        };
        if on.certainly_after(holds.date) {
            let last = holds.date.screen();
            return self.refuse(&field, format!("{} is after the last contact, {last}.", on.screen()));
        }
        if let Some(dx) = diagnosed(tumor.items).filter(|dx| on.certainly_before(*dx)) {
            return self.refuse(&field, format!("{} is before the diagnosis of {}.", on.screen(), dx.screen()));
        }
        let known = PartialDate::parse(tumor.items.value("dateOfLastCancerStatus")).ok();
        if let Some(known) = known.filter(|known| on.certainly_before(*known)) {
            let site = tumor.items.value("primarySite");
            self.messages.push(format!("{site}: a cancer status of {} is on file; this one is older.", known.screen()));
            return;
        }
        set.push(("cancerStatus", status.into()));
        set.push(("dateOfLastCancerStatus", on.naaccr()));
    }

    fn recurrence(
        &mut self,
        tumor: &TumorOnFile<'_>,
        posted: &TumorPosting,
        holds: Holding,
        set: &mut Vec<(&'static str, String)>,
    ) {
        let (kind, typed) = (posted.recurrence_type.trim(), posted.recurrence_date.trim());
        let (kind_field, date_field) =
            (format!("recurrence_type_{}", tumor.abstract_), format!("recurrence_date_{}", tumor.abstract_));
        if kind.is_empty() {
            if !typed.is_empty() {
                self.refuse(&kind_field, "A date of recurrence needs its type.");
            }
            return;
        }
        if !RECURRENCES.contains(&kind) {
            return self.refuse(&kind_field, format!("{kind} is not a code of item 1880."));
        }
        let never = matches!(kind, "00" | "70");
        let on = match (never, typed) {
            (true, "") => None,
            (true, _) => {
                return self.refuse(&date_field, format!("Recurrence {kind} says that there was none: no date."));
            }
            (false, "") if kind == "99" => None,
            (false, "") => return self.refuse(&date_field, "A recurrence needs its date."),
            (false, typed) => match PartialDate::parse_typed(typed) {
                Ok(date) => Some(date),
                Err(error) => return self.refuse(&date_field, format!("Date of recurrence: {error}.")),
            },
        };
        if let Some(on) = on {
            if on.certainly_after(holds.date) {
                let last = holds.date.screen();
                return self.refuse(&date_field, format!("{} is after the last contact, {last}.", on.screen()));
            }
            if let Some(dx) = diagnosed(tumor.items).filter(|dx| on.certainly_before(*dx)) {
                let dx = dx.screen();
                return self.refuse(&date_field, format!("{} is before the diagnosis of {dx}.", on.screen()));
            }
        }
        let status = match posted.cancer_status.trim() {
            "" => tumor.items.value("cancerStatus"),
            posted => posted,
        };
        if kind == "70" && status == "1" {
            self.messages
                .push("Never disease-free (1880 is 70) contradicts no evidence of this tumor (1770 is 1).".into());
        }
        set.push(("recurrenceType1st", kind.into()));
        set.push(("recurrenceDate1st", on.map(PartialDate::naaccr).unwrap_or_default()));
    }
}

/// Codes of item 1880.
const RECURRENCES: [&str; 33] = [
    "00", "04", "06", "10", "13", "14", "15", "16", "17", "20", "21", "22", "25", "26", "27", "30", "36", "40", "46",
    "51", "52", "53", "54", "55", "56", "57", "58", "59", "60", "62", "70", "88", "99",
];

fn diagnosed(items: &Record) -> Option<PartialDate> {
    PartialDate::parse(items.value("dateOfDiagnosis")).ok()
}

/// A date within the other, known more exactly.
fn is_more_exact(date: PartialDate, other: PartialDate) -> bool {
    date != other && date.first_day() >= other.first_day() && date.last_day() <= other.last_day()
}

fn screen(text: &str) -> String {
    PartialDate::parse(text).map_or_else(|_| text.to_string(), PartialDate::screen)
}

/// What differs from what is on file; of an item set twice the last value holds.
fn changes(on_file: &Record, set: Vec<(&str, String)>) -> Vec<Change> {
    let mut wanted: Vec<(&str, String)> = Vec::new();
    for (item, value) in set {
        match wanted.iter_mut().find(|(known, _)| *known == item) {
            Some(known) => known.1 = value,
            None => wanted.push((item, value)),
        }
    }
    wanted.iter().filter(|(item, v)| on_file.value(item) != v).map(|(item, v)| Change::new(item, v)).collect()
}

#[cfg(test)]
#[path = "accept_tests.rs"]
mod tests;

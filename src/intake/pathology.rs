//! Pathology messages on their way to the suspense list.
//!
//! Each message is read, screened by the registry's rules, and given to the list in a piece of its own; one that cannot be
//! read is refused with an acknowledgement that says why and leaves the others alone.

use chrono::{Days, NaiveDate};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::casefinding::{Message, Outcome, Reportable, Rules, Status, acknowledgement, read_messages, screen};
use crate::matching::names::fold;
use crate::registry::record::Record;
use crate::registry::store::suspense::{NewSource, Received, receive};
use crate::registry::store::{By, Store, StoreError};

/// Days from the first source to the day the abstract is due (abstracts are due 180 days after first contact).
const DUE_DAYS: u64 = 180;

/// What became of the messages of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Taken {
    /// Messages in the file.
    pub messages: usize,
    /// New suspicions.
    pub new: usize,
    /// Attached to known ones.
    pub attached: usize,
    /// Suspicions opened again.
    pub reopened: usize,
    /// Received before.
    pub unchanged: usize,
    /// No reportable tumor.
    pub screened: usize,
    /// Could not be read: number in the file and why.
    pub refused: Vec<(usize, String)>,
    /// The acknowledgements, one after the other.
    #[serde(skip)]
    pub acknowledgements: String,
}

/// Takes a file of messages into the suspense list of a facility.
///
/// # Errors
/// The store; a message that cannot be read is told in the answer.
pub fn take(store: &Store, by: &By, facility: i64, bytes: &[u8]) -> Result<Taken, StoreError> {
    let stamp = store.clock().now().format("%Y%m%d%H%M%S").to_string();
    let mut taken = Taken::default();
    let (text, messages) = match read_messages(bytes) {
        Ok(read) => read,
        Err(error) => {
            taken.refused.push((0, error.to_string()));
            taken.acknowledgements = acknowledgement(bytes, Outcome::Refused(&error.to_string()), &stamp);
            return Ok(taken);
        }
    };
    let ranges = crate::casefinding::split_messages(&text).unwrap_or_default();
    for (at, (message, range)) in messages.into_iter().zip(ranges).enumerate() {
        taken.messages += 1;
        let raw = text.get(range).unwrap_or("").as_bytes();
        let message = match message {
            Ok(message) => message,
            Err(error) => {
                let why = error.to_string();
                taken.acknowledgements.push_str(&acknowledgement(raw, Outcome::Refused(&why), &stamp));
                taken.refused.push((at + 1, why));
                continue;
            }
        };
        for source in sources(&message, facility, raw, store.clock().now().date_naive()) {
            let by = by.clone();
            match store.write(move |tx| receive(tx, &by, &source))?.1 {
                Received::New => taken.new += 1,
                Received::Attached => taken.attached += 1,
                Received::Reopened => taken.reopened += 1,
                Received::Unchanged => taken.unchanged += 1,
                Received::Screened => taken.screened += 1,
            }
        }
        taken.acknowledgements.push_str(&acknowledgement(raw, Outcome::Accepted, &stamp));
    }
    Ok(taken)
}

/// A source for each suspicion of a message, or one for a message without.
fn sources(message: &Message, facility: i64, raw: &[u8], today: NaiveDate) -> Vec<NewSource> {
    let found = screen(message, &[Rules::national()]);
    let words: Vec<(usize, usize, &str)> =
        found.terms.iter().map(|t| (t.range.start, t.range.end, t.kind.name())).collect();
    let order = message.orders.iter().find(|o| o.status != Status::Cancelled).or(message.orders.first());
    let day = NaiveDate::parse_from_str(message.day(), "%Y%m%d").unwrap_or(today);
    let due = day.checked_add_days(Days::new(DUE_DAYS)).unwrap_or(day);
    let one = |tumor: [String; 3], reportable: Reportable, because: &str, of: usize| {
        let mut hash = Sha256::new();
        hash.update(raw);
        hash.update(of.to_le_bytes());
        NewSource {
            facility,
            kind: "pathology",
            sender: if message.laboratory_id.is_empty() {
                message.laboratory.clone()
            } else {
                message.laboratory_id.clone()
            },
            // Two suspicions of one report are two rows, so only the first is found again by the report's number.
            number: match of {
                0 => order.map(|o| o.report_number.clone()).unwrap_or_default(),
                _ => String::new(),
            },
            day: day.to_string(),
            status: order.map_or("final", |o| o.status.word()).to_owned(),
            digest: hash.finalize().into(),
            screening: serde_json::to_string(&words).unwrap_or_else(|_| "[]".into()),
            text: message.report.text.clone(),
            received: raw.to_vec(),
            reportable: reportable.name(),
            because: because.to_owned(),
            items: items(message, &tumor).to_text(),
            tumor,
            person: [
                message.patient.last.clone(),
                message.patient.first.clone(),
                message.born.clone(),
                message.record_number.clone(),
            ],
            folded: [fold(&message.patient.last), fold(&message.patient.first)],
            due: due.to_string(),
        }
    };
    if found.suspicions.is_empty() {
        return vec![one(Default::default(), found.reportable, &found.because, 0)];
    }
    found
        .suspicions
        .iter()
        .enumerate()
        .map(|(at, s)| one([s.site.clone(), s.histology.clone(), s.behavior.clone()], s.reportable, &s.because, at))
        .collect()
}

/// The items a message fills: what the laboratory said, nothing derived from codes.
fn items(message: &Message, tumor: &[String; 3]) -> Record {
    let mut items = Record::new();
    let order = message.orders.first();
    let of = |f: fn(&crate::casefinding::Order) -> &String| order.map(f).cloned().unwrap_or_default();
    for (item, value) in [
        ("nameLast", message.patient.last.to_uppercase()),
        ("nameFirst", message.patient.first.to_uppercase()),
        ("nameMiddle", message.patient.middle.to_uppercase()),
        ("dateOfBirth", message.born.clone()),
        ("sexAssignedAtBirth", message.sex.to_owned()),
        ("socialSecurityNumber", message.social_security.clone()),
        ("medicalRecordNumber", message.record_number.clone()),
        ("addrAtDxNoStreet", message.address.street.to_uppercase()),
        ("addrAtDxCity", message.address.city.to_uppercase()),
        ("addrAtDxState", message.address.state.to_uppercase()),
        ("addrAtDxPostalCode", message.address.postal.chars().filter(char::is_ascii_alphanumeric).collect()),
        ("telephone", message.telephone.clone()),
        ("primarySite", tumor[0].clone()),
        ("histologicTypeIcdO3", tumor[1].clone()),
        ("behaviorCodeIcdO3", tumor[2].clone()),
        ("casefindingSource", "20".into()),
        ("pathReportNumber1", of(|o| &o.report_number)),
        ("pathDateSpecCollect1", of(|o| &o.taken)),
        ("pathReportingFacId1", message.laboratory_id.clone()),
        ("pathOrderPhysLicNo1", order.map(|o| o.ordered_by.id.clone()).unwrap_or_default()),
    ] {
        if !value.is_empty() {
            items.set(item, &value);
        }
    }
    items
}

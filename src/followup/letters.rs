//! A letter: attempt, disclosure and stored copy in one piece of the writer's transaction, or none of them.
//!
//! The letterhead is that of the facility that traces the patient; without its address and telephone there is no
//! letter. A patient who is dead or is not to be contacted gets none. Whether the text may say "cancer" follows from the
//! tumors: it does not when one of them is in situ, benign or borderline. A letter to a patient under 18 goes to the
//! parent or guardian. Subjects of mails name neither patient nor disease.

use chrono::NaiveDate;

use super::posting::File;
use crate::asker::FacilityId;
use crate::codes;
use crate::dates::PartialDate;
use crate::registry::record::Record;
use crate::registry::store::disclosure::{NewDisclosure, disclose};
use crate::registry::store::facility::{Facility, facility};
use crate::registry::store::followup::marks::{BAD_ADDRESS, DO_NOT_CONTACT, marks_of};
use crate::registry::store::followup::{NewAttempt, add_attempt, keep_letter};
use crate::registry::store::settings::{setting, setting_number};
use crate::registry::store::{By, Conn, StoreError, Tx};
use crate::report::letter::{Letter, TumorLine};
use crate::report::{ReportError, render, report};

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Order {
    /// Report: `physician-letter` or `patient-letter`.
    pub report: String,
    /// To whom.
    pub recipient: String,
    /// Lines of the address.
    pub address: Vec<String>,
    /// Mail address; empty: the letter is printed.
    pub mail: String,
}

/// A letter that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The attempt's row.
    pub attempt: i64,
    /// The stored copy.
    pub file: i64,
    /// Subject, if it goes by mail.
    pub subject: String,
    /// Text, if it goes by mail.
    pub text: String,
}

/// Writes a letter to or about a patient.
///
/// # Errors
/// [`StoreError::Refused`] with what is missing; [`StoreError::NotFound`] outside the scope.
pub fn write_letter(
    tx: &mut Tx<'_>,
    by: &By,
    patient: i64,
    order: &Order,
    today: NaiveDate,
) -> Result<Written, StoreError> {
    let definition = &report(&order.report).map_err(fault)?.definition;
    let file = File::read(tx.conn, by, patient)?;
    let home = letterhead(tx.conn, &file)?;
    admissible(&file, order, &definition.recipient)?;
    not_marked(tx.conn, patient, order, &definition.recipient)?;
    let template = format!("{} {}", order.report, definition.version);
    let recipient = order.recipient.trim();
    let attempt = add_attempt(
        tx,
        by,
        &NewAttempt {
            patient,
            facility: Some(home.id),
            kind: if order.mail.is_empty() { "letter" } else { "mail" },
            recipient,
            template: &template,
            result: "pending",
            note: &order.mail,
        },
    )?;
    let letter = letter(tx.conn, &file, order, &home, attempt, today)?;
    let made = render(&order.report, &letter).map_err(fault)?;
    let name = format!("letter-{attempt}.html");
    let kept = keep_letter(tx, by, attempt, FacilityId(home.id), &name, made.page.as_bytes())?;
    let disclosed = NewDisclosure {
        kind: "letter",
        recipient: recipient.to_string(),
        purpose: definition.purpose.clone(),
        items_class: definition.items_class.clone(),
        job: None,
    };
    disclose(tx, by, &disclosed, &[patient])?;
    let subject = format!("{}, reference {}", definition.subject, letter.reference);
    Ok(Written { attempt, file: kept, subject, text: made.mail })
}

fn fault(error: ReportError) -> StoreError {
    match error {
        ReportError::Unknown(name) => StoreError::Refused(format!("There is no letter {name}.")),
        broken => StoreError::Damaged { what: "a letter's template".into(), why: broken.to_string() },
    }
}

/// The facility that traces the patient, with address and telephone.
fn letterhead(conn: &mut Conn, file: &File) -> Result<Facility, StoreError> {
    let id = file.facility().ok_or(StoreError::NotFound)?;
    let home = facility(conn, FacilityId(id))?.ok_or(StoreError::NotFound)?;
    if home.address.trim().is_empty() || home.telephone.trim().is_empty() {
        return Err(StoreError::Refused(format!(
            "{} has no address or telephone for the letterhead. An administrator writes them under Facilities.",
            home.name
        )));
    }
    Ok(home)
}

fn admissible(file: &File, order: &Order, recipient: &str) -> Result<(), StoreError> {
    let refused = |sentence: &str| Err(StoreError::Refused(sentence.into()));
    let items = &file.patient.items;
    if items.value("vitalStatus") == "0" {
        return refused("The patient is recorded dead: no letter is written.");
    }
    if recipient == "patient" && items.value("noPatientContactFlag") == "1" {
        return refused("The patient is not to be contacted (item 1854): write to a physician instead.");
    }
    if order.recipient.trim().is_empty() {
        return refused("Say to whom the letter goes.");
    }
    if order.mail.is_empty() && order.address.is_empty() {
        return refused("A printed letter needs an address.");
    }
    let lines = order.address.iter().chain([&order.recipient, &order.mail]);
    if lines.into_iter().any(|line| line.chars().any(char::is_control) || line.chars().count() > 200) {
        return refused("Lines of an address have at most 200 characters and no control characters.");
    }
    Ok(())
}

/// A patient who wishes no letters gets none, and nothing is printed to an address that is known to be bad.
fn not_marked(conn: &mut Conn, patient: i64, order: &Order, recipient: &str) -> Result<(), StoreError> {
    if recipient != "patient" {
        return Ok(());
    }
    let marks = marks_of(conn, &[patient])?;
    let has = |kind: &str| marks.iter().any(|mark| mark.kind == kind);
    if has(DO_NOT_CONTACT) {
        return Err(StoreError::Refused(
            "The patient does not wish to be contacted: write to a physician instead.".into(),
        ));
    }
    if has(BAD_ADDRESS) && order.mail.is_empty() {
        return Err(StoreError::Refused(
            "The address on file is marked bad: end the mark with the new address first.".into(),
        ));
    }
    Ok(())
}

fn letter(
    conn: &mut Conn,
    file: &File,
    order: &Order,
    home: &Facility,
    attempt: i64,
    today: NaiveDate,
) -> Result<Letter, StoreError> {
    let items = &file.patient.items;
    let days = setting_number(conn, "letters.reply_days")?;
    let reply_by = today.checked_add_days(chrono::Days::new(days.unsigned_abs())).unwrap_or(today);
    let birth = PartialDate::parse(items.value("dateOfBirth")).ok();
    let on = PartialDate::from_naive(today).ok();
    let age = birth.zip(on).and_then(|(birth, on)| birth.age_on(on)).map(|age| age.high);
    let newest = file.abstracts.iter().max_by_key(|a| (a.items.value("dateOf1stContact").to_string(), a.id));
    let date = |id: &str| screen(items.value(id));
    Ok(Letter {
        facility: home.name.clone(),
        facility_address: lines(&home.address),
        telephone: home.telephone.clone(),
        sender: setting(conn, "letters.sender")?,
        recipient: order.recipient.trim().to_string(),
        address: order.address.clone(),
        date: today.format("%Y-%m-%d").to_string(),
        reply_by: reply_by.format("%Y-%m-%d").to_string(),
        reference: format!("FU-{}-{attempt:04}", today.format("%y-%m")),
        patient: full_name(items),
        born: date("dateOfBirth"),
        record_number: newest
            .map(|a| a.items.value("medicalRecordNumber").trim_start_matches('0').to_string())
            .unwrap_or_default(),
        last_contact: match date("dateOfLastContact") {
            none if none.is_empty() => "the time of diagnosis".into(),
            date => date,
        },
        names_disease: file.abstracts.iter().all(|a| a.items.value("behaviorCodeIcdO3") == "3"),
        for_parent: age.is_some_and(|age| age < 18),
        tumors: file.abstracts.iter().map(|a| tumor_line(&a.items)).collect(),
    })
}

/// `Anne M. Weatherby`, as a letter has it.
pub fn full_name(items: &Record) -> String {
    let middle = items.value("nameMiddle").chars().next().map(|c| format!("{c}."));
    let parts = [items.value("nameFirst"), middle.as_deref().unwrap_or_default(), items.value("nameLast")];
    let name: Vec<String> = parts.iter().filter(|part| !part.is_empty()).map(|part| capitals(part)).collect();
    name.join(" ")
}

/// `MARY-JO` as `Mary-Jo`; a name with both kinds of letters stays.
fn capitals(word: &str) -> String {
    if word.to_uppercase() != word {
        return word.to_string();
    }
    let mut begins = true;
    let mut text = String::with_capacity(word.len());
    for letter in word.chars() {
        match begins {
            true => text.extend(letter.to_uppercase()),
            false => text.extend(letter.to_lowercase()),
        }
        begins = !letter.is_alphabetic();
    }
    text
}

/// The postal address of a patient, ready for an envelope.
pub fn address_of(items: &Record) -> Vec<String> {
    let city =
        match (items.value("addrCurrentCity"), items.value("addrCurrentState"), items.value("addrCurrentPostalCode")) {
            ("", "", "") => String::new(),
            (city, state, zip) => {
                let zip = match (zip.get(..5), zip.get(5..)) {
                    (Some(five), Some(four)) if four.len() == 4 => format!("{five}-{four}"),
                    _ => zip.to_string(),
                };
                format!("{}, {state} {zip}", capitals(city)).trim_matches([' ', ',']).to_string()
            }
        };
    let all = [items.value("addrCurrentNoStreet"), items.value("addrCurrentSupplementl"), &city];
    all.iter().map(|line| line.trim().to_string()).filter(|line| !line.is_empty()).collect()
}

/// The lines of a text that hold something.
pub fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_string).collect()
}

fn tumor_line(items: &Record) -> TumorLine {
    let code = items.value("primarySite");
    let site = codes::site(code).map_or_else(|| code.to_string(), |s| s.name.to_string());
    let side = match items.value("laterality") {
        "1" => ", right",
        "2" => ", left",
        _ => "",
    };
    let status = match items.value("cancerStatus") {
        "1" => "no evidence of this tumor",
        "2" => "evidence of this tumor",
        _ => "",
    };
    TumorLine {
        site: format!("{site}{side}"),
        diagnosed: screen(items.value("dateOfDiagnosis")),
        status: status.into(),
    }
}

fn screen(text: &str) -> String {
    PartialDate::parse(text).map_or_else(|_| String::new(), PartialDate::screen)
}

//! Letters: written on a post, logged as attempt and disclosure, kept; then a page to print, or a mail.

use serde::Serialize;

use super::posting::today;
use crate::followup::letters::{Order, lines, write_letter};
use crate::registry::store::files::{FileReader, file};
use crate::registry::store::followup::{answer_attempt, attempt_of_letter};
use crate::registry::store::records;
use crate::registry::store::settings::setting;
use crate::web::frame::Sheet;
use crate::web::{Ask, Refused, Reply};

/// Writes a letter and shows it; one that goes by mail is sent, and one that the mail server does not take is undeliverable.
pub fn write(ask: &Ask) -> Result<Reply, Refused> {
    let (by, id) = (ask.by()?.clone(), ask.id("p")?);
    let day = today(ask)?.first();
    let mail = ask.form.trimmed("mail").to_string();
    if !mail.is_empty() && ask.form.trimmed("agreed") != "yes" {
        return Err(Refused::Because(
            "Mail about a patient goes only to an office that has agreed to it: tick that it has, or print the letter."
                .into(),
        ));
    }
    let order = Order {
        report: ask.form.trimmed("letter").to_string(),
        recipient: ask.form.trimmed("recipient").to_string(),
        address: lines(ask.form.get("address")),
        mail: mail.clone(),
    };
    let from = sender(ask, &mail)?;
    let writer = by.clone();
    let written = ask.store().write(move |tx| write_letter(tx, &writer, id, &order, day))?;
    if !mail.is_empty()
        && let Err(error) = ask.app.mailbag().send(&from, &mail, &written.subject, &written.text)
    {
        let attempt = written.attempt;
        ask.store().write(move |tx| answer_attempt(tx, &by, id, attempt, "undeliverable", None))?;
        return Err(Refused::Because(format!(
            "The letter was written and is kept, but {error}. The attempt is marked undeliverable; print the letter instead."
        )));
    }
    Ok(Reply::see(format!("/follow-up/{id}/letters/{}", written.file)))
}

/// The address a mail comes from. A mail without one is refused before anything is written.
fn sender(ask: &Ask, mail: &str) -> Result<String, Refused> {
    let from = setting(&mut *ask.reading()?, "letters.from")?;
    match mail.is_empty() || !from.is_empty() {
        true => Ok(from),
        false => {
            Err(Refused::Because("The setting \"Mail address letters come from\" is empty: print the letter.".into()))
        }
    }
}

#[derive(Serialize)]
struct Page {
    patient: i64,
    letter: String,
    mailed_to: String,
}

/// The letter as it was kept, to print.
pub fn show(ask: &Ask) -> Result<Reply, Refused> {
    let (by, patient, id) = (ask.by()?, ask.id("p")?, ask.id("l")?);
    let conn = &mut *ask.reading()?;
    records::patient(conn, by, patient)?;
    let attempt = attempt_of_letter(conn, by, id, patient)?;
    let kept = file(ask.store(), by, id)?;
    let mut reader = FileReader::open(ask.store(), kept.id);
    let mut bytes = Vec::new();
    while let Some(piece) = reader.next_piece()? {
        bytes.extend(piece);
    }
    let letter = String::from_utf8(bytes).map_err(|e| Refused::Broken(format!("letter {id}: {e}")))?;
    let mailed_to = if attempt.kind == "mail" { attempt.note } else { String::new() };
    let data = Page { patient, letter, mailed_to };
    let reply = ask.page("pages/letter", &Sheet::of("Letter", "/follow-up"), &data)?;
    Ok(reply.about_patient(patient).noting(format!("letter {id}")))
}

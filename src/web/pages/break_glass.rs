//! Emergency access: a reason opens every patient of the registry for reading, for an hour. The privacy officer is
//! told by mail, every record opened is marked, and a verdict follows.

use serde::Serialize;

use crate::accounts::store::{Grant, break_glass, end_break_glass, grants, judge_grant};
use crate::accounts::{AccountError, BREAK_GLASS_MINUTES, Mail, SHORTEST_REASON};
use crate::web::form::Errors;
use crate::web::frame::Sheet;
use crate::web::{Ask, Refused, Reply, show};

#[derive(Serialize)]
struct Page {
    open: Option<Open>,
    reason: String,
    shortest: usize,
    minutes: i64,
    errors: Errors,
}

#[derive(Serialize)]
struct Open {
    number: i64,
    until: String,
}

/// The form, or what is open.
pub fn show(ask: &Ask) -> Result<Reply, Refused> {
    page(ask, &Errors::default())
}

fn page(ask: &Ask, errors: &Errors) -> Result<Reply, Refused> {
    let front = ask.app.front()?;
    let data = Page {
        open: ask.who()?.break_glass.map(|(number, until)| Open {
            number,
            until: until.with_timezone(&front.zone).format("%H:%M").to_string(),
        }),
        reason: ask.form.trimmed("reason").to_string(),
        shortest: SHORTEST_REASON,
        minutes: BREAK_GLASS_MINUTES,
        errors: errors.clone(),
    };
    let sheet = Sheet::of("Emergency access", "/break-glass").refused_if(!errors.is_empty());
    ask.page("pages/break-glass", &sheet, &data)
}

/// Opens it.
pub fn open(ask: &Ask) -> Result<Reply, Refused> {
    match break_glass(ask.store(), ask.by()?, ask.who()?, ask.form.trimmed("reason")) {
        Ok((_, mails)) => {
            tell(ask, &mails);
            Ok(Reply::see("/break-glass"))
        }
        Err(error @ AccountError::Said(_)) => {
            let mut errors = Errors::default();
            errors.add("reason", error.to_string());
            page(ask, &errors)
        }
        Err(error) => Err(error.into()),
    }
}

/// The emergency does not wait for a mail server: a mail that is not taken is a line in the log, and the grant stands on
/// the privacy officer's page all the same.
fn tell(ask: &Ask, mails: &[Mail]) {
    for mail in mails {
        ask.app.send(mail);
    }
}

/// Ends it before its hour.
pub fn end(ask: &Ask) -> Result<Reply, Refused> {
    end_break_glass(ask.store(), ask.by()?, ask.who()?)?;
    Ok(Reply::see("/break-glass"))
}

#[derive(Serialize)]
struct Judged {
    rows: Vec<Row>,
    waiting: i64,
}

#[derive(Serialize)]
struct Row {
    grant: Grant,
    begun: String,
    ended: String,
    judged: String,
    own: bool,
}

/// All uses, those without a verdict first.
pub fn list(ask: &Ask) -> Result<Reply, Refused> {
    let front = ask.app.front()?;
    let all = grants(&mut *ask.reading()?, ask.by()?)?;
    let me = ask.who()?.login.clone();
    let at = |stamp: &str| show::time(stamp, front.zone);
    let data = Judged {
        waiting: i64::try_from(all.iter().filter(|g| g.verdict.is_none()).count()).unwrap_or(i64::MAX),
        rows: all
            .into_iter()
            .map(|grant| Row {
                begun: at(&grant.begun_at),
                ended: at(grant.ended_at.as_deref().unwrap_or(&grant.works_until)),
                judged: grant.verdict_at.as_deref().map(at).unwrap_or_default(),
                own: grant.login == me,
                grant,
            })
            .collect(),
    };
    ask.page("pages/break-glass-list", &Sheet::of("Break-glass", "/admin/break-glass"), &data)
}

/// A verdict.
pub fn judge(ask: &Ask) -> Result<Reply, Refused> {
    let was_right = ask.form.get("verdict") == "right";
    judge_grant(ask.store(), ask.by()?, ask.id("g")?, was_right, ask.form.trimmed("note"))?;
    Ok(Reply::see("/admin/break-glass"))
}

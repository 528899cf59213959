//! Marks on a patient's follow-up: a bad address, do not contact, who works on it; set with a reason, ended, never removed.

use crate::registry::store::followup::marks::{ASSIGNED, KINDS, end_mark, set_mark};
use crate::web::{Ask, Refused, Reply};

/// Sets a mark or ends it.
pub fn take(ask: &Ask) -> Result<Reply, Refused> {
    let (by, id) = (ask.by()?.clone(), ask.id("p")?);
    let kind = ask.form.trimmed("mark").to_string();
    if !KINDS.iter().any(|(known, _)| *known == kind) {
        return Err(Refused::NotUnderstood("its mark is of no known kind".into()));
    }
    let reason = ask.form.trimmed("reason").to_string();
    let ends = ask.form.trimmed("do") == "end";
    if !ends && kind != ASSIGNED && reason.chars().count() < 5 {
        return Err(Refused::Because("Say in a few words why: who told it, and when.".into()));
    }
    if reason.chars().count() > 400 {
        return Err(Refused::Because("A reason has at most 400 characters.".into()));
    }
    ask.store().write(move |tx| match ends {
        true => end_mark(tx, &by, id, &kind).map(drop),
        false => {
            let value = if kind == ASSIGNED { by.asker.login.clone() } else { String::new() };
            set_mark(tx, &by, id, &kind, &value, &reason)
        }
    })?;
    Ok(Reply::see(format!("/follow-up/{id}")))
}

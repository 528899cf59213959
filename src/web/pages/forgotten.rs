//! Forgotten password: a mail with a link, and the same answer whether there is such a person or not.

use serde::Serialize;

use crate::accounts::store::mail_reset_link;
use crate::web::frame::Sheet;
use crate::web::{Ask, Refused, Reply};

#[derive(Serialize)]
struct Page {
    asked: bool,
}

/// The form.
pub fn show(ask: &Ask) -> Result<Reply, Refused> {
    page(ask, false)
}

fn page(ask: &Ask, asked: bool) -> Result<Reply, Refused> {
    let sheet = Sheet { bare: true, ..Sheet::of("Forgotten password", "") };
    ask.page("pages/forgotten", &sheet, &Page { asked })
}

/// Sends the mail, if there is somebody to send it to; in the background, so that the time tells nothing.
pub fn take(ask: &Ask) -> Result<Reply, Refused> {
    let (typed, own_url) = (ask.form.trimmed("who"), ask.app.own_url());
    let mail = mail_reset_link(ask.store(), ask.app.sign_ins(), typed, own_url, ask.address, &ask.route.name())?;
    if let Some(mail) = mail {
        ask.app.send(&mail);
    }
    page(ask, true)
}

//! A request as a screen sees it: who asks, what was sent, and what is shared.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::app::App;
use super::cookie::Look;
use super::frame::{Frame, Sheet};
use super::route::Route;
use super::upload::Uploaded;
use super::{Fields, Refused, Reply};
use crate::accounts::Token;
use crate::accounts::store::SignedIn;
use crate::registry::store::{By, Reading, Store};

/// A request.
pub struct Ask {
    /// What all requests share.
    pub app: App,
    /// The row of the table.
    pub route: &'static Route,
    /// From where.
    pub address: IpAddr,
    /// Variable parts of the path.
    pub path: Fields,
    /// The query.
    pub query: Fields,
    /// The form or JSON object.
    pub form: Fields,
    /// The file that came with the form.
    pub uploaded: Option<Uploaded>,
    /// How this browser likes its pages.
    pub look: Look,
    /// The path that was asked, for coming back to it.
    pub asked_path: String,
    /// A program or script asks: answers are JSON.
    pub wants_json: bool,
    /// Packed answers are understood.
    pub takes_gzip: bool,
    pub(super) token: Token,
    pub(super) token_is_new: bool,
    pub(super) by: Option<By>,
    pub(super) who: Option<SignedIn>,
}

impl Ask {
    /// The store.
    pub fn store(&self) -> &Store {
        self.app.store()
    }

    /// A reading connection.
    ///
    /// # Errors
    /// None came free in time.
    pub fn reading(&self) -> Result<Reading, Refused> {
        Ok(self.store().reading()?)
    }

    /// Now.
    pub fn now(&self) -> DateTime<Utc> {
        self.store().clock().now()
    }

    /// Who is signed in, at whatever stage.
    ///
    /// # Errors
    /// Nobody is.
    pub fn who(&self) -> Result<&SignedIn, Refused> {
        self.who.as_ref().ok_or(Refused::SignInFirst)
    }

    /// Who asks, for the store: with the scope for what this route does.
    ///
    /// # Errors
    /// Nobody is signed in.
    pub fn by(&self) -> Result<&By, Refused> {
        self.by.as_ref().ok_or(Refused::SignInFirst)
    }

    /// The session's token, or the visitor's before he signs in.
    pub fn token(&self) -> &Token {
        &self.token
    }

    /// The token of this browser's forms.
    pub fn csrf(&self) -> String {
        self.token.csrf()
    }

    /// A number in the path.
    ///
    /// # Errors
    /// Not a number: there is no such record.
    pub fn id(&self, name: &str) -> Result<i64, Refused> {
        let text = self.path.get(name);
        let plain = !text.is_empty() && text.len() <= 18 && text.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| text.parse().ok()).flatten().ok_or(Refused::NotFound)
    }

    /// A number of the form, as the version a page was made from.
    ///
    /// # Errors
    /// Not a number.
    pub fn number(&self, name: &str) -> Result<i64, Refused> {
        let text = self.form.trimmed(name);
        text.parse().map_err(|_| Refused::NotUnderstood(format!("its field {name} is not a number")))
    }

    /// A page in the frame.
    ///
    /// # Errors
    /// A template that does not fit its data: a fault of ours.
    pub fn page(&self, template: &str, sheet: &Sheet<'_>, data: &impl Serialize) -> Result<Reply, Refused> {
        #[derive(Serialize)]
        struct Whole<'a, T> {
            frame: &'a Frame,
            #[serde(flatten)]
            data: &'a T,
        }
        #[derive(Serialize)]
        struct Laid<'a> {
            frame: &'a Frame,
            body: String,
        }
        let front = self.app.front()?;
        let frame = Frame::of(self, &front, sheet);
        let templates = self.app.templates();
        let body = templates.render(template, &Whole { frame: &frame, data })?;
        let reply = Reply::html(templates.render("layout", &Laid { frame: &frame, body })?);
        Ok(if sheet.has_errors { reply.with_status(422) } else { reply })
    }
}

//! The page behind a link to a password: for a person just added, or one who forgot it.

use serde::Serialize;

use super::sign_in::let_in;
use crate::accounts::store::{Link, link_of, set_password_by_link};
use crate::accounts::{AccountError, Token};
use crate::web::form::Errors;
use crate::web::frame::Sheet;
use crate::web::{Ask, Refused, Reply};

#[derive(Serialize)]
struct Page {
    token: String,
    login: String,
    asks_code: bool,
    shortest: usize,
    first: bool,
    errors: Errors,
}

fn link(ask: &Ask) -> Result<(Token, Link), Refused> {
    let token = Token::read(ask.path.get("token")).ok_or(AccountError::LinkSpent)?;
    let link = link_of(ask.store(), &token)?.ok_or(AccountError::LinkSpent)?;
    Ok((token, link))
}

fn page(ask: &Ask, link: Link, errors: &Errors) -> Result<Reply, Refused> {
    let data = Page {
        token: ask.path.get("token").to_string(),
        login: link.login,
        asks_code: link.asks_code,
        shortest: link.shortest,
        first: link.first,
        errors: errors.clone(),
    };
    let sheet = Sheet { bare: true, has_errors: !errors.is_empty(), ..Sheet::of("Choose a password", "") };
    ask.page("pages/password", &sheet, &data)
}

/// The form.
pub fn show(ask: &Ask) -> Result<Reply, Refused> {
    let (_, link) = link(ask)?;
    page(ask, link, &Errors::default())
}

/// Takes the password and signs in.
pub fn take(ask: &Ask) -> Result<Reply, Refused> {
    let (token, link) = link(ask)?;
    let (password, code) = (ask.form.get("new"), ask.form.trimmed("code"));
    if password != ask.form.get("repeated") {
        return page(ask, link, &Errors::one("The two passwords are not the same."));
    }
    let address = ask.address.to_string();
    match set_password_by_link(ask.store(), &token, password, code, &address, &ask.route.name()) {
        Ok(session) => let_in(ask, &session, "/"),
        Err(AccountError::Store(error)) => Err(error.into()),
        Err(AccountError::LinkSpent) => Err(AccountError::LinkSpent.into()),
        Err(error) => page(ask, link, &Errors::one(error.to_string())),
    }
}

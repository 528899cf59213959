//! Setting up the second factor: a picture for the app, its secret in letters, the first code.

use serde::Serialize;

use super::sign_in::own_page;
use crate::accounts::store::{begin_second_factor, confirm_second_factor};
use crate::accounts::{AccountError, Stage, Token};
use crate::web::cookie::SetCookie;
use crate::web::frame::Sheet;
use crate::web::{Ask, Refused, Reply};

#[derive(Serialize)]
struct Factor {
    picture: String,
    secret: String,
    wrong: String,
    next: String,
    at_the_door: bool,
}

/// From My account: the password must have been given just now.
pub fn begin(ask: &Ask) -> Result<Reply, Refused> {
    begin_second_factor(ask.store(), ask.who()?)?;
    Ok(Reply::see("/account/second-factor"))
}

/// The page.
pub fn show(ask: &Ask) -> Result<Reply, Refused> {
    match form(ask, ask.query.get("next"), "") {
        // The ten minutes after the password are over: begin again from My account.
        Err(Refused::PasswordAgain(_)) => Ok(Reply::see("/account")),
        shown => shown,
    }
}

fn form(ask: &Ask, next: &str, wrong: &str) -> Result<Reply, Refused> {
    let who = ask.who()?;
    let begun = begin_second_factor(ask.store(), who)?;
    let data = Factor {
        picture: begun.picture,
        secret: groups_of_four(&begun.secret),
        wrong: wrong.to_string(),
        next: own_page(next),
        at_the_door: who.stage == Stage::Enrol,
    };
    let sheet = Sheet { has_errors: !wrong.is_empty(), ..Sheet::of("Second factor", "/account") };
    ask.page("pages/second-factor", &sheet, &data)
}

/// The first code: from now on it counts. Shows the recovery codes.
pub fn confirm(ask: &Ask) -> Result<Reply, Refused> {
    match confirm_second_factor(ask.store(), ask.by()?, ask.who()?, ask.form.trimmed("code")) {
        Ok((session, codes)) => {
            let page = super::account::codes_page(ask, &codes)?;
            Ok(page.with_cookie(SetCookie::session(ask.app.transport(), &session.token)))
        }
        Err(AccountError::BeginAgain) => {
            Ok(Reply::see("/sign-in").with_cookie(SetCookie::session(ask.app.transport(), &Token::random())))
        }
        Err(error @ AccountError::CodeWrong) => form(ask, ask.form.get("next"), &error.to_string()),
        Err(error) => Err(error.into()),
    }
}

fn groups_of_four(secret: &str) -> String {
    let letters: Vec<char> = secret.chars().collect();
    letters.chunks(4).map(|four| four.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

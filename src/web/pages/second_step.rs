//! The second step of signing in: the code.

use serde::Serialize;

use super::sign_in::{let_in, own_page};
use crate::accounts::AccountError;
use crate::accounts::store::second_step;
use crate::accounts::{Stage, Token};
use crate::web::cookie::SetCookie;
use crate::web::frame::Sheet;
use crate::web::{Ask, Refused, Reply};

#[derive(Serialize)]
struct Step {
    name: String,
    next: String,
    wrong: String,
}

/// The form.
pub fn show(ask: &Ask) -> Result<Reply, Refused> {
    match ask.who()?.stage {
        Stage::Full => Ok(Reply::see(own_page(ask.query.get("next")))),
        _ => form(ask, ask.query.get("next"), ""),
    }
}

fn form(ask: &Ask, next: &str, wrong: &str) -> Result<Reply, Refused> {
    let data = Step { name: ask.who()?.name.clone(), next: own_page(next), wrong: wrong.to_string() };
    let sheet = Sheet { bare: true, has_errors: !wrong.is_empty(), ..Sheet::of("Second step", "") };
    ask.page("pages/second-step", &sheet, &data)
}

/// Takes the code.
pub fn take(ask: &Ask) -> Result<Reply, Refused> {
    let (code, next) = (ask.form.trimmed("code"), ask.form.get("next"));
    // The form was sent twice: the first time was right.
    if ask.who().is_ok_and(|who| who.stage == Stage::Full) {
        return Ok(Reply::see(own_page(next)));
    }
    match second_step(ask.store(), ask.token(), code, &ask.address.to_string(), &ask.route.name()) {
        Ok(session) => let_in(ask, &session, next),
        Err(AccountError::Store(error)) => Err(error.into()),
        Err(AccountError::BeginAgain | AccountError::SessionOver) => {
            Ok(Reply::see("/sign-in").with_cookie(SetCookie::session(ask.app.transport(), &Token::random())))
        }
        Err(refused) => Ok(form(ask, next, &refused.to_string())?.with_status(401)),
    }
}

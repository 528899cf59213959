//! The door: name and password, and the code of the second factor at once or in the next step. Signing out.

use serde::Serialize;

use crate::accounts::store::{Attempt, NewSession, sign_in, sign_out as end};
use crate::accounts::{AccountError, Stage, Token};
use crate::registry::store::settings::setting;
use crate::web::cookie::SetCookie;
use crate::web::fields::encode;
use crate::web::frame::Sheet;
use crate::web::route::Method;
use crate::web::{Ask, ROUTES, Refused, Reply};

#[derive(Serialize)]
struct Door {
    login: String,
    next: String,
    wrong: String,
    idle_minutes: i64,
    naaccr_version: String,
    program: &'static str,
}

/// The form; to a program, the token for it.
pub fn show(ask: &Ask) -> Result<Reply, Refused> {
    if ask.wants_json {
        return Reply::json(&serde_json::json!({ "csrf": ask.csrf() }));
    }
    match ask.who().map(|who| who.stage) {
        Ok(Stage::Full) => Ok(Reply::see(own_page(ask.query.get("next")))),
        _ => door(ask, ask.query.get("next"), "", ""),
    }
}

fn door(ask: &Ask, next: &str, login: &str, wrong: &str) -> Result<Reply, Refused> {
    let front = ask.app.front()?;
    let version = setting(&mut *ask.reading()?, "registry.naaccr_version")?;
    let data = Door {
        login: login.to_string(),
        next: own_page(next),
        wrong: wrong.to_string(),
        idle_minutes: front.idle_minutes,
        naaccr_version: version.trim_end_matches('0').to_string(),
        program: env!("CARGO_PKG_VERSION"),
    };
    let sheet = Sheet { bare: true, has_errors: !wrong.is_empty(), ..Sheet::of("Sign in", "") };
    ask.page("pages/sign-in", &sheet, &data)
}

/// Takes login, password and, if given, the code.
pub fn take(ask: &Ask) -> Result<Reply, Refused> {
    let attempt = Attempt {
        login: ask.form.trimmed("login").to_string(),
        password: ask.form.get("password").to_string(),
        code: ask.form.trimmed("code").to_string(),
        address: ask.address,
        route: ask.route.name(),
    };
    match sign_in(ask.store(), ask.app.sign_ins(), &attempt) {
        Ok(session) => let_in(ask, &session, ask.form.get("next")),
        Err(AccountError::Store(error)) => Err(error.into()),
        Err(refused) => {
            let status = match refused {
                AccountError::Wait { .. } | AccountError::Shut | AccountError::TooManyFromHere { .. } => 429,
                _ => 401,
            };
            if ask.wants_json {
                let told = serde_json::json!({ "error": "sign_in", "message": refused.to_string() });
                return Ok(Reply::json(&told)?.with_status(status));
            }
            let page = door(ask, ask.form.get("next"), ask.form.trimmed("login"), &refused.to_string())?;
            Ok(page.with_status(status))
        }
    }
}

/// To the page that comes next for a session just begun.
pub fn let_in(ask: &Ask, session: &NewSession, next: &str) -> Result<Reply, Refused> {
    let next = own_page(next);
    let query = if next == "/" { String::new() } else { format!("?next={}", encode(&next)) };
    let place = match session.stage {
        Stage::Full => next,
        Stage::Code => format!("/sign-in/second-step{query}"),
        Stage::Enrol => format!("/account/second-factor{query}"),
    };
    let reply = match ask.wants_json {
        true => Reply::json(&serde_json::json!({
            "stage": session.stage.key(), "next": place, "csrf": session.token.csrf()
        }))?,
        false => Reply::see(place),
    };
    Ok(reply.with_cookie(SetCookie::session(ask.app.transport(), &session.token)))
}

/// Ends the session; the browser gets a token that means nobody.
pub fn sign_out(ask: &Ask) -> Result<Reply, Refused> {
    if let (Ok(by), Ok(who)) = (ask.by(), ask.who()) {
        end(ask.store(), by, who)?;
    }
    Ok(Reply::see("/sign-in").with_cookie(SetCookie::session(ask.app.transport(), &Token::random())))
}

/// A path of ours to go to, or the first page: never another server, whatever was written.
pub fn own_page(wanted: &str) -> String {
    let path = wanted.split(['?', '#']).next().unwrap_or_default();
    let plain = wanted.len() < 500 && wanted.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    let known = || ROUTES.iter().any(|route| route.method == Method::Get && route.matches(path));
    match plain && path.starts_with('/') && !path.starts_with("/static/") && known() {
        true => wanted.to_string(),
        false => "/".to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_ours_are_gone_to() {
        let foreign = [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example/help",
            "http:/help",
            "javascript:alert(1)",
            "/help\r\nset-cookie: a=b",
            "\t/help",
            " /help",
            "/%2e%2e//evil",
            "/no-such-page",
            "help",
            "/\t/evil.example",
            "///evil.example",
            "/help@evil.example",
            "data:text/html,x",
            "/\u{2044}evil",
            "//help",
            "/static/x/app.css",
        ];
        for wanted in foreign {
            assert_eq!(own_page(wanted), "/", "{wanted:?}");
        }
        assert_eq!(own_page("/help"), "/help");
        assert_eq!(own_page("/help?a=1"), "/help?a=1");
    }
}

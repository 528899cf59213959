//! My account: password, second factor, how pages look in this browser, where I am signed in.

use serde::Serialize;

use crate::accounts::store::{
    change_password, end_session, end_sessions_but, new_recovery_codes, remove_second_factor, sessions_of, user,
};
use crate::accounts::{AccountError, SHORTEST_ALONE, SHORTEST_WITH_SECOND_FACTOR};
use crate::asker::Scope;
use crate::registry::store::facility::facilities;
use crate::web::cookie::{Look, SetCookie};
use crate::web::form::{Errors, Field};
use crate::web::frame::Sheet;
use crate::web::{Ask, Refused, Reply, show};

#[derive(Serialize)]
struct Account {
    name: String,
    login: String,
    mail: String,
    roles: String,
    facilities: String,
    has_second_factor: bool,
    must_have_second_factor: bool,
    shortest: usize,
    said: String,
    errors: Errors,
    password: Vec<Field>,
    look: Vec<Field>,
    sessions: Vec<Place>,
    others: usize,
    ends: String,
}

#[derive(Serialize)]
struct Place {
    id: i64,
    address: String,
    since: String,
    seen: String,
    here: bool,
}

/// What was just done, by the word in the address after the change.
const SAID: &[(&str, &str)] = &[
    ("password", "Your password is changed. Every other browser is signed out."),
    ("factor", "The second factor is set up. Every other browser is signed out."),
    ("no-factor", "The second factor is taken away."),
    ("look", "This browser shows pages as you chose."),
    ("ended", "It is signed out."),
];

/// The page.
pub fn show(ask: &Ask) -> Result<Reply, Refused> {
    page(ask, &Errors::default())
}

fn page(ask: &Ask, errors: &Errors) -> Result<Reply, Refused> {
    let who = ask.who()?;
    let front = ask.app.front()?;
    let conn = &mut *ask.reading()?;
    let person = user(conn, who.user)?.ok_or(Refused::NotFound)?;
    let all = facilities(conn)?;
    let open = sessions_of(ask.store(), who.user)?;
    let must = who.roles.iter().any(|role| role.sees_names());
    let mut password = vec![
        Field::text("old", "Present password", "").kind("password").fills("current-password").width("w3"),
        Field::text("new", "New password", "").kind("password").fills("new-password").width("w3"),
        Field::text("repeated", "New password once more", "").kind("password").fills("new-password").width("w3"),
    ];
    errors.put_beside(&mut password);
    let data = Account {
        name: person.name.clone(),
        login: person.login.clone(),
        mail: person.mail.clone(),
        roles: who.roles.iter().map(|role| role.text()).collect::<Vec<_>>().join(", "),
        facilities: match &who.scope {
            Scope::Registry => "All".to_string(),
            Scope::Facilities(ids) => {
                let names = all.iter().filter(|f| ids.contains(&f.facility_id())).map(|f| f.name.as_str());
                names.collect::<Vec<_>>().join(", ")
            }
        },
        has_second_factor: who.has_second_factor,
        must_have_second_factor: must,
        shortest: if who.has_second_factor { SHORTEST_WITH_SECOND_FACTOR } else { SHORTEST_ALONE },
        said: SAID.iter().find(|(word, _)| *word == ask.query.get("done")).map_or("", |(_, text)| text).to_string(),
        errors: errors.clone(),
        password,
        look: vec![
            Field::choose(
                "density",
                "Rows",
                ask.look.density,
                [("tight", "Tight, 24 px"), ("", "Standard, 28 px"), ("roomy", "Roomy, 36 px")],
            ),
            Field::choose(
                "theme",
                "Colours",
                ask.look.theme,
                [("", "As the system"), ("light", "Day"), ("dark", "Night")],
            ),
        ],
        others: open.iter().filter(|one| one.id != who.session).count(),
        sessions: open
            .into_iter()
            .map(|one| Place {
                here: one.id == who.session,
                id: one.id,
                address: one.address,
                since: show::time(&one.begun, front.zone),
                seen: show::time(&one.seen, front.zone),
            })
            .collect(),
        ends: who.ends.with_timezone(&front.zone).format("%H:%M").to_string(),
    };
    ask.page("pages/account", &Sheet::of("My account", "/account").refused_if(!errors.is_empty()), &data)
}

/// A new password.
pub fn password(ask: &Ask) -> Result<Reply, Refused> {
    let (old, new) = (ask.form.get("old"), ask.form.get("new"));
    let mut errors = Errors::default();
    if new != ask.form.get("repeated") {
        errors.add("repeated", "The two new passwords are not the same.");
        return page(ask, &errors);
    }
    match change_password(ask.store(), ask.by()?, ask.who()?, old, new) {
        Ok(session) => {
            Ok(Reply::see("/account?done=password")
                .with_cookie(SetCookie::session(ask.app.transport(), &session.token)))
        }
        Err(AccountError::Wrong) => {
            errors.add("old", "The present password is not right.");
            page(ask, &errors)
        }
        Err(error @ (AccountError::Password(_) | AccountError::Said(_))) => {
            errors.add("new", error.to_string());
            page(ask, &errors)
        }
        Err(error) => Err(error.into()),
    }
}

/// Ten new recovery codes, shown once.
pub fn recovery_codes(ask: &Ask) -> Result<Reply, Refused> {
    let codes = new_recovery_codes(ask.store(), ask.by()?, ask.who()?)?;
    codes_page(ask, &codes)
}

/// The page with the codes; they are in no address and in no log.
pub(super) fn codes_page(ask: &Ask, codes: &[crate::accounts::RecoveryCode]) -> Result<Reply, Refused> {
    #[derive(Serialize)]
    struct Codes {
        codes: Vec<String>,
    }
    let data = Codes { codes: codes.iter().map(ToString::to_string).collect() };
    ask.page("pages/recovery-codes", &Sheet::of("Recovery codes", "/account"), &data)
}

/// Takes the second factor away.
pub fn remove_factor(ask: &Ask) -> Result<Reply, Refused> {
    let session = remove_second_factor(ask.store(), ask.by()?, ask.who()?)?;
    Ok(Reply::see("/account?done=no-factor").with_cookie(SetCookie::session(ask.app.transport(), &session.token)))
}

/// How pages look in this browser.
pub fn look(ask: &Ask) -> Result<Reply, Refused> {
    let look = Look::of(ask.form.get("density"), ask.form.get("theme"));
    Ok(Reply::see("/account?done=look").with_cookie(SetCookie::look(ask.app.transport(), look)))
}

/// Signs another browser out, or all others.
pub fn end(ask: &Ask) -> Result<Reply, Refused> {
    match ask.form.trimmed("session") {
        "others" => {
            end_sessions_but(ask.store(), ask.by()?, ask.who()?)?;
        }
        _ => end_session(ask.store(), ask.by()?, ask.who()?, ask.number("session")?)?,
    }
    Ok(Reply::see("/account?done=ended"))
}

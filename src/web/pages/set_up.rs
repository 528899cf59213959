//! The first set-up: one page behind a link that works once. It names the registry, its first facility and its first
//! administrator, and signs him in.

use serde::Serialize;

use super::settings::field;
use super::sign_in::let_in;
use crate::accounts::store::{Founding, UserEntry, set_up_by_link, set_up_link_works};
use crate::accounts::{AccountError, SHORTEST_WITH_SECOND_FACTOR, Token};
use crate::registry::store::facility::FacilityEntry;
use crate::registry::store::settings::SETTINGS;
use crate::web::form::{Errors, Field};
use crate::web::frame::Sheet;
use crate::web::{Ask, Refused, Reply, Transport};

#[derive(Serialize)]
struct Page {
    token: String,
    errors: Errors,
    sections: Vec<Section>,
    checks: Vec<Check>,
    shortest: usize,
}

#[derive(Serialize)]
struct Section {
    title: &'static str,
    purpose: &'static str,
    fields: Vec<Field>,
}

#[derive(Serialize)]
struct Check {
    passes: bool,
    name: &'static str,
    says: String,
}

/// The settings that the page asks for.
const ASKED: &[&str] = &[
    "registry.name",
    "registry.kind",
    "registry.id",
    "registry.state",
    "registry.time_zone",
    "registry.reference_date",
    "registry.accreditation_date",
    "registry.naaccr_version",
    "privacy.officer_mail",
];

/// The page.
pub fn show(ask: &Ask) -> Result<Reply, Refused> {
    token(ask)?;
    page(ask, &Errors::default())
}

fn token(ask: &Ask) -> Result<Token, Refused> {
    let token = Token::read(ask.path.get("token")).ok_or(AccountError::LinkSpent)?;
    match set_up_link_works(ask.store(), &token)? {
        true => Ok(token),
        false => Err(AccountError::LinkSpent.into()),
    }
}

fn page(ask: &Ask, errors: &Errors) -> Result<Reply, Refused> {
    let typed = |name: &str, otherwise: &str| match ask.form.has(name) {
        true => ask.form.trimmed(name).to_string(),
        false => otherwise.to_string(),
    };
    let asked = |name: &'static str, label: &str| {
        let default = SETTINGS.iter().find(|s| s.name == name).map_or("", |s| s.default);
        field(name, label, &typed(name, default))
    };
    let line = |name: &str, label: &str| Field::text(name, label, &typed(name, ""));
    let zone = Field::choose(
        "registry.time_zone",
        "Time zone",
        &typed("registry.time_zone", "America/Chicago"),
        ZONES.iter().map(|zone| (*zone, *zone)),
    );
    let mut sections = vec![
        Section {
            title: "1 Registry",
            purpose: "Who keeps the data. Written into every file.",
            fields: vec![
                asked("registry.name", "Name").needed(),
                asked("registry.kind", "Kind"),
                asked("registry.id", "40 Registry number").width("w2"),
                asked("registry.state", "State").width("w2").hint("Two letters"),
                zone.width("w2"),
            ],
        },
        Section {
            title: "2 First facility",
            purpose: "More can be added later, or come with imports.",
            fields: vec![
                line("facility.name", "Name").width("w2"),
                line("facility.number", "540 Facility number").width("w2"),
                line("facility.npi", "545 NPI").width("w2"),
                asked("registry.reference_date", "Reference date"),
                asked("registry.accreditation_date", "First accreditation by the CoC"),
            ],
        },
        Section {
            title: "3 Standards",
            purpose: "What new cases are written in. Every version from 14 is read.",
            fields: vec![asked("registry.naaccr_version", "NAACCR version in use")],
        },
        Section {
            title: "4 First administrator",
            purpose: "You. Add a second person soon, so that one can help the other.",
            fields: vec![
                line("admin.name", "Name").needed().width("w2").fills("name"),
                line("admin.login", "User name").needed().width("w2").fills("username"),
                line("admin.mail", "Mail").kind("email").width("w2").fills("email"),
                Field::text("admin.password", "Password", "")
                    .kind("password")
                    .needed()
                    .fills("new-password")
                    .hint(format!("At least {SHORTEST_WITH_SECOND_FACTOR} characters; a short sentence is good")),
                asked("privacy.officer_mail", "Mail of the privacy officer").hint("Told of each emergency access"),
            ],
        },
    ];
    sections.iter_mut().for_each(|section| errors.put_beside(&mut section.fields));
    let data = Page {
        token: ask.path.get("token").to_string(),
        errors: errors.clone(),
        sections,
        checks: checks(ask),
        shortest: SHORTEST_WITH_SECOND_FACTOR,
    };
    ask.page("pages/set-up", &Sheet::of("First set-up", "").refused_if(!errors.is_empty()), &data)
}

/// The zones of the United States first; any other is set under Settings.
const ZONES: &[&str] = &[
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Anchorage",
    "Pacific/Honolulu",
    "America/Puerto_Rico",
    "Pacific/Guam",
    "UTC",
];

/// What can be seen from here of the server.
fn checks(ask: &Ask) -> Vec<Check> {
    let database = match ask.store().url().sqlite_path() {
        Some(_) => "one file on this machine",
        None => "PostgreSQL",
    };
    let (passes, says) = match ask.app.transport() {
        Transport::Loopback => (true, "only from this machine"),
        Transport::Tls => (true, "TLS of its own"),
        Transport::Behind { public_url, .. } if public_url.starts_with("https://") => (true, "TLS by the proxy"),
        Transport::Behind { .. } => (false, "in the clear before the proxy"),
    };
    vec![
        Check { passes: true, name: "Database", says: database.into() },
        Check { passes, name: "Reached", says: says.into() },
        Check { passes: true, name: "Clock", says: ask.now().format("%Y-%m-%d %H:%M UTC").to_string() },
    ]
}

/// Sets the registry up and signs its administrator in.
pub fn take(ask: &Ask) -> Result<Reply, Refused> {
    let token = token(ask)?;
    let filled = |name: &str| Some(ask.form.trimmed(name).to_string()).filter(|text| !text.is_empty());
    let mut errors = Errors::default();
    for (name, sentence) in [
        ("registry.name", "The registry needs a name."),
        ("admin.name", "Say who you are."),
        ("admin.login", "Choose a user name."),
        ("admin.password", "Choose a password."),
    ] {
        if filled(name).is_none() {
            errors.add(name, sentence);
        }
    }
    if !errors.is_empty() {
        return page(ask, &errors);
    }
    let home = filled("facility.number").map(|number| FacilityEntry {
        number,
        npi: filled("facility.npi"),
        name: filled("facility.name").or_else(|| filled("registry.name")).unwrap_or_default(),
        state: filled("registry.state").map(|state| state.to_uppercase()),
        ..FacilityEntry::default()
    });
    let founding = Founding {
        settings: ASKED.iter().filter_map(|name| filled(name).map(|value| (name.to_string(), value))).collect(),
        home,
        administrator: Some(UserEntry {
            login: ask.form.trimmed("admin.login").to_string(),
            name: ask.form.trimmed("admin.name").to_string(),
            mail: ask.form.trimmed("admin.mail").to_string(),
            all_facilities: true,
            ..UserEntry::default()
        }),
    };
    let (password, address) = (ask.form.get("admin.password"), ask.address.to_string());
    match set_up_by_link(ask.store(), &token, &founding, password, &address, &ask.route.name()) {
        Ok(session) => {
            ask.app.forget_front();
            let_in(ask, &session, "/")
        }
        Err(error @ AccountError::Password(_)) => {
            errors.add("admin.password", error.to_string());
            page(ask, &errors)
        }
        Err(error) => match Refused::from(error) {
            Refused::Because(sentence) => page(ask, &Errors::one(sentence)),
            other => Err(other),
        },
    }
}

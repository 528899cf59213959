//! The state of the server: versions, database, last backup, jobs, clock, mail with a test.

use serde::Serialize;

use crate::accounts::store::{second_factors_lack, user};
use crate::registry::store::settings::setting;
use crate::registry::store::system::standing;
use crate::registry::store::trail::{Trail, trail};
use crate::registry::store::vault::KeyPlace;
use crate::web::frame::Sheet;
use crate::web::templates::Chip;
use crate::web::{Ask, Refused, Reply, show};

#[derive(Serialize)]
struct Page {
    program: &'static str,
    facts: Vec<Fact>,
    mail: String,
    said: String,
    error: String,
}

#[derive(Serialize)]
struct Fact {
    about: &'static str,
    value: String,
    state: Option<Chip>,
    hint: String,
}

/// Hours after which the newest backup is too old.
const BACKUP_HOURS: i64 = 26;

/// The page.
pub fn show(ask: &Ask) -> Result<Reply, Refused> {
    page(ask, String::new(), String::new())
}

/// Sends a mail to who asks, and says what came of it.
pub fn mail(ask: &Ask) -> Result<Reply, Refused> {
    let (from, to) = {
        let conn = &mut *ask.reading()?;
        let person = user(conn, ask.who()?.user)?.ok_or(Refused::NotFound)?;
        (setting(conn, "letters.from")?, person.mail)
    };
    if to.trim().is_empty() {
        return page(
            ask,
            String::new(),
            "Your account has no mail address: an administrator enters one under Users.".into(),
        );
    }
    let from = if from.is_empty() { "registry@localhost".to_string() } else { from };
    let text =
        format!("This is a test from the cancer registry at {}.\n\nNothing has to be done.\n", ask.app.own_url());
    let sent = ask.app.mailbag().send(&from, &to, "A test from the cancer registry", &text);
    let outcome = if sent.is_ok() { "done" } else { "failed" };
    ask.store().audit(ask.by()?.line("mail-test", ask.now()).outcome(outcome))?;
    match sent {
        Ok(()) => page(ask, format!("A mail to {to} was handed over."), String::new()),
        Err(error) => page(ask, String::new(), error.to_string()),
    }
}

fn page(ask: &Ask, said: String, error: String) -> Result<Reply, Refused> {
    let (zone, now) = (ask.app.front()?.zone, ask.now());
    let (stands, backup, person) = {
        let conn = &mut *ask.reading()?;
        let backup = trail(conn, &Trail::OfAction("backup".into()), i64::MAX, 1)?.into_iter().next();
        (standing(conn)?, backup, user(conn, ask.who()?.user)?)
    };
    let bad = |text: &str| Some(Chip::new("bad", "bad", text.to_string()));
    let good = |text: &str| Some(Chip::new("good", "ok", text.to_string()));
    let fact = |about, value: String, state, hint: &str| Fact { about, value, state, hint: hint.to_string() };
    let age = backup.as_ref().and_then(|line| chrono::DateTime::parse_from_rfc3339(&line.at).ok());
    let recent = age.is_some_and(|at| (now - at.to_utc()).num_hours() < BACKUP_HOURS);
    let lacking = second_factors_lack(ask.store())?;
    let sealed = match (&lacking, ask.store().vault().place()) {
        (Some(_), _) => bad("Key missing"),
        (None, KeyPlace::None) => Some(Chip::new("warn", "warn", "Readable")),
        _ => good("Sealed"),
    };
    let facts = vec![
        fact("Program", format!("Accession {}", env!("CARGO_PKG_VERSION")), None, "Free software under AGPL-3.0"),
        fact("Database", format!("{}, {}", stands.engine, show::size(stands.bytes)), None, &ask.store().url().shown()),
        fact("Newest migration", stands.migration, None, ""),
        fact(
            "Last backup",
            backup.as_ref().map_or("never".into(), |line| show::time(&line.at, zone)),
            if recent { good("Recent") } else { bad("Older than 26 hours") },
            "By accession backup; the nightly job proves each by a restore",
        ),
        fact(
            "Jobs",
            format!("{} waiting, {} running", stands.waiting, stands.running),
            (stands.failed > 0).then(|| Chip::new("warn", "warn", show::counted(stands.failed, "failed", "failed"))),
            "",
        ),
        fact(
            "Clock",
            now.with_timezone(&zone).format("%Y-%m-%d %H:%M:%S %Z").to_string(),
            None,
            "Compare it with yours: one-time codes and the audit trail depend on it",
        ),
        fact(
            "Secrets of second factors",
            ask.store().vault().place().shown(),
            sealed,
            lacking.as_deref().unwrap_or_default(),
        ),
        fact("Reached at", ask.app.own_url().to_string(), None, "Where links in mails lead"),
    ];
    let wrong = !error.is_empty();
    let mail = person.map(|p| p.mail).unwrap_or_default();
    let data = Page { program: env!("CARGO_PKG_VERSION"), facts, mail, said, error };
    ask.page("pages/system", &Sheet::of("State of the server", "/admin/system").refused_if(wrong), &data)
}

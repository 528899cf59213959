//! Who may come in: signing in, sessions, links, people, break-glass, first start, on both databases.
//!
//! These tests call the store's sentences with a clock of their own, so that a rule of minutes is tested to the second.

mod break_glass;
mod command_line;
mod first_start;
mod links;
mod people;
mod sealed;
mod second_factor;
mod sessions;
mod sign_in;

use std::net::IpAddr;

use accession::accounts::store::{
    Attempt, NewSession, SignedIn, UserEntry, add_ready_user, session_of, sign_in as sign_in_at,
};
use accession::accounts::{AccountError, AddressLimit, Stage, Token, TotpSecret};
use accession::asker::{FacilityId, Role, UserId};
use accession::registry::clock::Clock;
use accession::registry::store::facility::{FacilityEntry, add as add_facility};
use accession::registry::store::{By, DatabaseUrl, Store, StoreError};

use crate::kit::Database;

/// A registry with a clock that the test moves.
pub struct Registry<'a> {
    pub db: &'a Database,
    pub store: Store,
    pub clock: Clock,
    pub limit: AddressLimit,
}

/// Somebody with password and second factor.
pub struct Person {
    pub id: UserId,
    pub login: String,
    pub password: String,
    pub totp: Option<TotpSecret>,
}

pub const PASSWORD: &str = "plum ferry tangent orbit";

impl Registry<'_> {
    pub fn new(db: &Database) -> Registry<'_> {
        let clock = Clock::system();
        let store = Store::create(&DatabaseUrl::parse(db.url()).unwrap(), clock.clone()).unwrap();
        Registry { db, store, clock, limit: AddressLimit::default() }
    }

    /// Adds somebody who sees names, with a second factor.
    pub fn person(&self, login: &str, roles: &[Role]) -> Person {
        self.somebody(&entry(login, roles), Some(TotpSecret::random()))
    }

    /// Adds a researcher: the password stands alone.
    pub fn researcher(&self, login: &str) -> Person {
        self.somebody(&entry(login, &[Role::Researcher]), None)
    }

    pub fn somebody(&self, entry: &UserEntry, totp: Option<TotpSecret>) -> Person {
        let id = add_ready_user(&self.store, &By::system("test"), entry, PASSWORD, totp.as_ref()).unwrap();
        Person { id, login: entry.login.clone(), password: PASSWORD.into(), totp }
    }

    pub fn facility(&self, number: &str) -> FacilityId {
        let entry = FacilityEntry { number: number.into(), name: format!("Hospital {number}"), ..Default::default() };
        self.store.write(move |tx| add_facility(tx, &By::system("test"), &entry, true)).unwrap()
    }

    pub fn set(&self, name: &'static str, value: &'static str) {
        let reason = "because this test is about that setting";
        self.store
            .write(move |tx| accession::registry::store::settings::set(tx, &By::system("test"), name, value, reason))
            .unwrap();
    }

    /// Tries to sign in; every try from an address of its own, so that only the login's own limit counts.
    pub fn try_sign_in(&self, login: &str, password: &str, code: &str) -> Result<NewSession, AccountError> {
        self.try_from(fresh_address(), login, password, code)
    }

    pub fn try_from(
        &self,
        address: IpAddr,
        login: &str,
        password: &str,
        code: &str,
    ) -> Result<NewSession, AccountError> {
        let attempt = Attempt {
            login: login.into(),
            password: password.into(),
            code: code.into(),
            address,
            route: "POST /sign-in".into(),
        };
        sign_in_at(&self.store, &self.limit, &attempt)
    }

    /// Signs somebody in, to the end.
    pub fn sign_in(&self, person: &Person) -> Token {
        let session = self.try_sign_in(&person.login, &person.password, &self.next_code(person)).unwrap();
        assert_eq!(session.stage, Stage::Full);
        session.token
    }

    /// A code that was not used yet: waits a step by the clock.
    pub fn next_code(&self, person: &Person) -> String {
        self.clock.advance(30);
        self.code(person)
    }

    pub fn code(&self, person: &Person) -> String {
        person.totp.as_ref().map(|t| t.code_at(self.clock.now().timestamp())).unwrap_or_default()
    }

    pub fn who(&self, token: &Token) -> Option<SignedIn> {
        session_of(&self.store, token).unwrap()
    }

    pub fn by(&self, who: &SignedIn) -> By {
        By { asker: who.asker(), address: "10.0.0.1".into(), route: "test".into() }
    }

    /// The lines of the audit chain as `action outcome note`, oldest first.
    pub fn audit(&self) -> Vec<String> {
        let lines = self
            .db
            .values("SELECT login || ' ' || action || ' ' || outcome || ' ' || note AS value FROM audit ORDER BY seq");
        lines.into_iter().flatten().map(|l| l.trim().to_string()).collect()
    }

    /// How many lines are exactly this.
    pub fn audited(&self, line: &str) -> usize {
        self.audit().iter().filter(|l| *l == line).count()
    }
}

pub fn entry(login: &str, roles: &[Role]) -> UserEntry {
    UserEntry {
        login: login.into(),
        name: format!("Person {login}"),
        mail: format!("{login}@example.org"),
        roles: roles.to_vec(),
        facilities: vec![],
        all_facilities: true,
    }
}

/// Another address each time.
pub fn fresh_address() -> IpAddr {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0x0a00_0001);
    IpAddr::from(NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes())
}

/// Nothing in the database, table by table, holds this text or these bytes.
pub fn stands_nowhere(registry: &Registry<'_>, secret: &str) {
    let bytes: String = secret.bytes().map(|b| format!("{b:02X}")).collect();
    let tables = [
        ("user_", "coalesce(password, '') || coalesce(totp, '') || name || mail"),
        ("one_time_link", "kind"),
        ("audit", "note || login || route || address"),
    ];
    for (table, texts) in tables {
        let found = registry.db.values(&format!("SELECT {texts} AS value FROM {table}"));
        assert!(!found.iter().flatten().any(|t| t.contains(secret)), "{table}");
    }
    for (table, column) in
        [("session", "token"), ("one_time_link", "token"), ("recovery_code", "code"), ("sign_in_failure", "login")]
    {
        let query = match registry.db.kind() {
            crate::kit::Kind::Sqlite => format!("SELECT hex({column}) AS value FROM {table}"),
            crate::kit::Kind::Postgres => format!("SELECT upper(encode({column}, 'hex')) AS value FROM {table}"),
        };
        let found = registry.db.values(&query);
        assert!(!found.iter().flatten().any(|t| t.contains(&bytes)), "{table}.{column}");
    }
}

/// Not found.
pub fn is_not_found(error: &AccountError) -> bool {
    matches!(error, AccountError::Store(StoreError::NotFound))
}

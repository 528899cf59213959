//! Somebody with an account: made ready by the library, signed in through the door.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use accession::accounts::TotpSecret;
use accession::accounts::store::{UserEntry, add_ready_user};
use accession::asker::{FacilityId, Role, UserId};
use accession::registry::clock::Clock;
use accession::registry::store::facility::facility_by_number;
use accession::registry::store::{By, DatabaseUrl, Store};

use super::{Answer, Database, Server, Visitor};

/// A user of the registry with password and second factor.
pub struct Person {
    /// Row id.
    pub id: UserId,
    /// Login.
    pub login: String,
    /// Password.
    pub password: String,
    /// Second factor.
    pub secret: TotpSecret,
}

impl Person {
    /// Adds somebody with these roles at these facilities (numbers); with none, at all of them.
    #[track_caller]
    pub fn add(db: &Database, login: &str, roles: &[Role], facilities: &[&str]) -> Person {
        let store = Store::open(&DatabaseUrl::parse(db.url()).unwrap(), Clock::system()).unwrap();
        let ids = {
            let conn = &mut *store.reading().unwrap();
            let id = |number: &&str| {
                let found = facility_by_number(conn, number).unwrap();
                FacilityId(found.unwrap_or_else(|| panic!("no facility {number}")).id)
            };
            facilities.iter().map(id).collect::<Vec<_>>()
        };
        let entry = UserEntry {
            login: login.to_owned(),
            name: format!("The {login} of the tests"),
            mail: format!("{login}@example.org"),
            roles: roles.to_vec(),
            all_facilities: facilities.is_empty(),
            facilities: ids,
        };
        let password = "violet harbour ladder 42".to_owned();
        let secret = TotpSecret::random();
        let id = add_ready_user(&store, &By::system("tests"), &entry, &password, Some(&secret))
            .unwrap_or_else(|error| panic!("{login}: {error}"));
        Person { id, login: login.to_owned(), password, secret }
    }

    /// Signs in with a browser of its own.
    #[track_caller]
    pub fn at(&self, server: &Server) -> Visitor {
        let mut visitor = Visitor::at(server);
        let answer = self.sign_in(&mut visitor);
        assert!(
            (300..400).contains(&answer.status) && !answer.location().starts_with("/sign-in"),
            "{} could not sign in: {} to {:?}\n{}",
            self.login,
            answer.status,
            answer.location(),
            answer.text()
        );
        visitor
    }

    /// Sends the sign-in form with password and a code that was not used yet.
    pub fn sign_in(&self, visitor: &mut Visitor) -> Answer {
        visitor.get("/sign-in");
        let code = self.unused_code();
        visitor.post("/sign-in", &[("login", &self.login), ("password", &self.password), ("code", &code)])
    }

    /// A code is good once: later ones are of the next step, which is taken early, and after that the wait is real.
    fn unused_code(&self) -> String {
        use std::collections::HashMap;
        use std::sync::{LazyLock, Mutex};
        static LAST: LazyLock<Mutex<HashMap<String, i64>>> = LazyLock::new(Mutex::default);
        let step = {
            let mut last = LAST.lock().unwrap();
            let entry = last.entry(self.secret.base32()).or_insert(0);
            *entry = (*entry + 1).max(seconds() / 30);
            *entry
        };
        while step > seconds() / 30 + 1 {
            std::thread::sleep(Duration::from_millis(200));
        }
        self.secret.code_at(step * 30)
    }
}

fn seconds() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

//! A database with a registry in it.

use super::{Database, Outcome, accession};

/// The login of the administrator that [`init`] asks for.
pub const ADMIN: &str = "admin";
/// The home facility of the registry that [`init`] makes.
pub const HOME: &str = "0010000001";

/// Makes a hospital's registry in the database, as `docs/install.md` does.
#[track_caller]
pub fn init(db: &Database) -> Outcome {
    init_as(db, "hospital", &[])
}

/// The same of another kind, with more options.
#[track_caller]
pub fn init_as(db: &Database, kind: &str, options: &[&str]) -> Outcome {
    let mut words = vec!["init", "--database", db.url(), "--kind", kind, "--name", "Example Registry"];
    words.extend(["--facility", HOME, "--state", "IA", "--reference-date", "2018-01-01", "--admin", ADMIN]);
    words.extend_from_slice(options);
    accession(&words).expect_code(0)
}

/// `accession check` finds nothing.
#[track_caller]
pub fn is_sound(db: &Database) {
    let run = accession(&["check", "--database", db.url(), "--json"]).expect_code(0);
    assert_eq!(run.json()["outcome"], "sound", "{}", run.stdout);
}

//! What the tests stand on.
//!
//! * [`Database`]: a fresh, empty database for one test, SQLite in a file or PostgreSQL in a private cluster.
//! * [`init`]: makes a registry in it.
//! * [`accession`]: runs the program to its end; [`Server`]: the program serving on a free port.
//! * [`Visitor`]: somebody at a browser, with cookies and the form's token.
//! * `on_both!`: one fact, two tests, `NAME::sqlite` and `NAME::postgres`.
//!
//! The PostgreSQL cluster is started once for the whole test program, as an unprivileged user, on a Unix socket
//! only, and is taken away when the test program ends, however it ends. Where PostgreSQL is not installed its
//! tests say so in a line beginning `skipped:`, which the tally counts; with `CI=true` that is a failure.

mod database;
mod files;
mod measured;
mod person;
mod postgres;
mod program;
mod raw;
mod registry;
mod server;
mod visitor;

pub use database::{Database, Kind, execute_at, latin_1_database};
pub use files::{naaccr_file, naaccr_text};
pub use measured::{Measured, cpu_of, measured, peak_of};
pub use person::Person;
pub use program::{Outcome, accession, accession_with, command};
pub use raw::{RawAnswer, raw};
pub use registry::{ADMIN, HOME, init, init_as, is_sound};
pub use server::Server;
pub use visitor::{Answer, Visitor, encode};

use std::io::Write;

/// Makes two tests of one fact: `$name::sqlite` and `$name::postgres`, each with a fresh empty database.
///
/// ```ignore
/// on_both!(nothing_is_lost, |db| { let run = accession(&["check", "--database", db.url()]); … });
/// on_both!(#[ignore = "long"] a_thousand_rounds, |db| { … });
/// ```
macro_rules! on_both {
    ($(#[$attribute:meta])* $name:ident, |$db:ident| $body:block) => {
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            fn fact($db: &$crate::kit::Database) $body

            #[test]
            $(#[$attribute])*
            fn sqlite() {
                $crate::kit::run_on($crate::kit::Kind::Sqlite, fact);
            }

            #[test]
            $(#[$attribute])*
            fn postgres() {
                $crate::kit::run_on($crate::kit::Kind::Postgres, fact);
            }
        }
    };
}

/// Runs a fact on a fresh database of one kind; says `skipped:` where that kind is not installed.
pub fn run_on(kind: Kind, fact: fn(&Database)) {
    match Database::fresh(kind) {
        Ok(database) => fact(&database),
        Err(missing) if ci() => panic!("with CI=true nothing is skipped: {missing}"),
        Err(missing) => skipped(&missing),
    }
}

/// Says that the running test was skipped and why, past the capture of test output: the tally counts such lines.
pub fn skipped(why: &str) {
    let thread = std::thread::current();
    let name = thread.name().unwrap_or("a test");
    let mut past_the_capture = std::io::stderr();
    past_the_capture.write_all(format!("skipped: {name}: {why}\n").as_bytes()).unwrap();
}

/// Whether this is a run where nothing may be skipped.
pub fn ci() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "true")
}

/// The root of the source tree.
pub fn tree() -> &'static std::path::Path {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
}

//! Who may come in, and as whom.
//!
//! Users, their roles and facilities, passwords, the second factor, sessions, break-glass and the yearly review.
//!
//! The files beside this one are pure: they take the time as an argument and know no database. `store` keeps what they
//! decide: each of its functions is one sentence (`sign_in`, `session_of`, `disable_user`), writes its line on the
//! audit chain, and answers with a value or an [`AccountError`] that can be shown to the person as it is.
//!
//! The rules come from NIST SP 800-63B-4 (passwords, throttling, sessions), RFC 6238 (one-time codes) and
//! 45 CFR 164.312 (unique users, emergency access, automatic log-off). What a role may do is the table in
//! `asker::may`. An unknown login and a known one get the same answer after the same time; no password, code or
//! token is stored in a form that can be used, except the secret of the one-time codes, which must be readable.

mod address_limit;
mod blocklist;
mod break_glass;
mod error;
mod mail;
mod passwords;
mod recovery;
mod session;
mod soft_lock;
pub mod store;
mod totp;

pub use address_limit::{AddressLimit, TRIES_A_MINUTE};
pub use blocklist::Blocklist;
pub use break_glass::{BREAK_GLASS_MINUTES, BreakGlassReason, SHORTEST_REASON};
pub use error::AccountError;
pub use mail::Mail;
pub use passwords::{
    Known, LONGEST_PASSWORD, NewPassword, PasswordHash, PasswordRefused, SHORTEST_ALONE, SHORTEST_WITH_SECOND_FACTOR,
    SecondFactor, hash_password, password_matches,
};
pub use recovery::{RECOVERY_CODES, RecoveryCode};
pub use session::{FRESH_MINUTES, Lifetimes, Stage, Token};
pub use soft_lock::{Failures, MOST_FAILURES, NextTry};
pub use store::{NewSession, SignedIn};
pub use totp::{CODE_TRIES, TotpSecret};

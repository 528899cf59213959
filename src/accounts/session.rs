//! Sessions: what a signed-in browser holds, and how long.
//!
//! The browser holds a token of 256 random bits; the registry keeps only its SHA-256. A session ends after 15 minutes
//! without use (setting, 5 to 60) and 12 hours after sign-in whatever happens. It has a stage: until the second step,
//! a forgotten second factor or a new password is done, it opens nothing but that page. Each stage passed, each change
//! of password or role makes a new token and kills the old one.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Minutes for which the password need not be given again before an export or a change to users.
pub const FRESH_MINUTES: i64 = 10;
/// Minutes for the second step of a sign-in, or for setting up the second factor.
const STEP_MINUTES: i64 = 15;

/// A secret of 256 random bits that somebody outside holds: a browser's session, a link in a mail.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A new one.
    pub fn random() -> Token {
        let mut bytes = [0u8; 32];
        getrandom::fill(&mut bytes).expect("the operating system gives random numbers");
        Token(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Reads one as it came from outside.
    pub fn read(text: &str) -> Option<Token> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        (bytes.len() == 32).then(|| Token(text.to_string()))
    }

    /// As it goes into a cookie or a link.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }

    /// The token that forms of this session carry. It cannot be made without the session's token and tells nothing of it.
    pub fn csrf(&self) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.as_bytes()).expect("a key of any length is taken");
        mac.update(b"accession form");
        URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
    }

    /// Whether a form's token belongs to this session.
    pub fn csrf_matches(&self, given: &str) -> bool {
        self.csrf().as_bytes().ct_eq(given.as_bytes()).into()
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}

/// How far a sign-in has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The password was right; the code of the second factor is asked.
    Code,
    /// The second factor must be set up first.
    Enrol,
    /// Signed in.
    Full,
}

impl Stage {
    /// As the store keeps it.
    pub fn key(self) -> &'static str {
        match self {
            Stage::Code => "code",
            Stage::Enrol => "enrol",
            Stage::Full => "full",
        }
    }

    /// Reads what the store keeps; anything else is the stage that opens least.
    pub fn of_key(key: &str) -> Stage {
        match key {
            "full" => Stage::Full,
            "enrol" => Stage::Enrol,
            _ => Stage::Code,
        }
    }
}

/// How long sessions last, from the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    /// Without use.
    pub idle: Duration,
    /// In all.
    pub whole: Duration,
}

impl Default for Lifetimes {
    fn default() -> Lifetimes {
        Lifetimes { idle: Duration::minutes(15), whole: Duration::hours(12) }
    }
}

impl Lifetimes {
    /// When a session ends that began and was last used at these times.
    pub fn end(&self, stage: Stage, begun: DateTime<Utc>, seen: DateTime<Utc>) -> DateTime<Utc> {
        let whole = match stage {
            Stage::Full => self.whole,
            Stage::Code | Stage::Enrol => Duration::minutes(STEP_MINUTES),
        };
        (seen + self.idle).min(begun + whole)
    }

    /// Whether it is still open. A clock set back before its beginning by more than a minute ends it too, so that no
    /// session is made eternal.
    pub fn is_open(&self, stage: Stage, begun: DateTime<Utc>, seen: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        now < self.end(stage, begun, seen) && now > begun - Duration::minutes(1)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use chrono::TimeZone;

    fn noon() -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 11, 24, 12, 0, 0).unwrap()
    }

    #[test]
    fn session_ends_after_fifteen_idle_minutes_to_the_second() {
        let lives = Lifetimes::default();
        let at = |minutes, seconds| noon() + Duration::minutes(minutes) + Duration::seconds(seconds);
        assert!(lives.is_open(Stage::Full, noon(), noon(), at(14, 59)));
        assert!(!lives.is_open(Stage::Full, noon(), noon(), at(15, 0)));
        assert!(lives.is_open(Stage::Full, noon(), at(14, 59), at(29, 58)));
    }

    #[test]
    fn session_ends_after_twelve_hours_however_busy() {
        let lives = Lifetimes::default();
        let end = noon() + Duration::hours(12);
        assert!(lives.is_open(Stage::Full, noon(), end - Duration::seconds(2), end - Duration::seconds(1)));
        assert!(!lives.is_open(Stage::Full, noon(), end - Duration::seconds(1), end));
    }

    #[test]
    fn unfinished_sign_in_ends_after_a_quarter_of_an_hour() {
        let lives = Lifetimes { idle: Duration::minutes(60), whole: Duration::hours(12) };
        assert!(!lives.is_open(Stage::Code, noon(), noon() + Duration::minutes(14), noon() + Duration::minutes(15)));
    }

    #[test]
    fn clock_set_back_ends_the_session() {
        assert!(!Lifetimes::default().is_open(Stage::Full, noon(), noon(), noon() - Duration::hours(1)));
    }

    #[test]
    fn token_has_256_bits_and_is_kept_as_a_hash() {
        let token = Token::random();
        assert_eq!(token.text().len(), 43);
        assert_eq!(Token::read(token.text()), Some(token.clone()));
        assert_ne!(Token::random(), token);
        for text in ["", "abc", &"a".repeat(42), &"!".repeat(43), &"a".repeat(44)] {
            assert_eq!(Token::read(text), None);
        }
        assert_eq!(format!("{token:?}"), "Token(…)");
    }

    #[test]
    fn form_token_belongs_to_one_session() {
        let (one, two) = (Token::random(), Token::random());
        assert!(one.csrf_matches(&one.csrf()));
        assert!(!one.csrf_matches(&two.csrf()) && !one.csrf_matches("") && !one.csrf_matches(one.text()));
    }
}

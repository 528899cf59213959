//! The two cookies: the session, and how this browser likes its pages.

use serde::Serialize;

use super::Transport;
use crate::accounts::Token;

/// A cookie to set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetCookie(String);

impl SetCookie {
    /// The header's value.
    pub fn header(&self) -> &str {
        &self.0
    }

    /// The session's token; ends with the browser, the server ends it earlier.
    pub fn session(transport: &Transport, token: &Token) -> SetCookie {
        SetCookie::new(transport, "session", token.text(), None)
    }

    /// The browser's look, kept for a year.
    pub fn look(transport: &Transport, look: Look) -> SetCookie {
        SetCookie::new(transport, "look", &look.text(), Some(31_536_000))
    }

    fn new(transport: &Transport, name: &str, value: &str, max_age: Option<i64>) -> SetCookie {
        let secure = if transport.is_secure() { "; Secure" } else { "" };
        let age = max_age.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
        let name = cookie_name(transport, name);
        SetCookie(format!("{name}={value}; Path=/{age}; HttpOnly; SameSite=Strict{secure}"))
    }
}

/// The full name of a cookie of ours.
pub fn cookie_name(transport: &Transport, name: &str) -> String {
    let prefix = if transport.is_secure() { "__Host-" } else { "" };
    format!("{prefix}accession-{name}")
}

/// Height of rows and colours, as this browser was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Look {
    /// `tight`, `roomy`, or empty for the standard.
    pub density: &'static str,
    /// `light`, `dark`, or empty for the system's.
    pub theme: &'static str,
}

const DENSITIES: [&str; 2] = ["tight", "roomy"];
const THEMES: [&str; 2] = ["light", "dark"];

impl Look {
    /// Of two words; unknown ones are the standard.
    pub fn of(density: &str, theme: &str) -> Look {
        let known = |words: [&'static str; 2], word: &str| words.into_iter().find(|w| *w == word).unwrap_or("");
        Look { density: known(DENSITIES, density), theme: known(THEMES, theme) }
    }

    /// Reads the cookie.
    pub fn read(text: &str) -> Look {
        let (density, theme) = text.split_once('.').unwrap_or((text, ""));
        Look::of(density, theme)
    }

    fn text(self) -> String {
        format!("{}.{}", self.density, self.theme)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outside_the_loopback_cookies_are_host_cookies() {
        let token = Token::random();
        let plain = SetCookie::session(&Transport::Loopback, &token);
        assert!(plain.header().starts_with("accession-session=") && !plain.header().contains("Secure"));
        let tls = SetCookie::session(&Transport::Tls, &token);
        assert!(tls.header().starts_with("__Host-accession-session="));
        for part in ["; Secure", "; HttpOnly", "; SameSite=Strict", "; Path=/"] {
            assert!(tls.header().contains(part), "{part}");
        }
        assert!(!tls.header().contains("Domain"));
    }

    #[test]
    fn a_look_takes_only_known_words() {
        let look = Look::read("roomy.dark");
        assert_eq!((look.density, look.theme), ("roomy", "dark"));
        assert_eq!(Look::read("x\" onload=.y"), Look::default());
    }
}

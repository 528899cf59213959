//! Mails that accounts cause. They are values: whoever called sends them.

use chrono::{DateTime, Utc};

use super::session::Token;

/// A mail to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// To whom.
    pub to: String,
    /// Subject, one line.
    pub subject: String,
    /// Plain text.
    pub text: String,
}

/// The link to a new password. `public_url` is the configured address, never the one a request came with.
pub(super) fn reset(to: &str, public_url: &str, token: &Token) -> Mail {
    Mail {
        to: one_line(to),
        subject: "A new password for the cancer registry".into(),
        text: format!(
            "Somebody asked for a new password for this address at the cancer registry.\n\n\
             If it was you, open this link within 20 minutes. It works once:\n\n  {}/password/{}\n\n\
             If it was not you, do nothing: your password stays as it is.\n",
            public_url.trim_end_matches('/'),
            token.text()
        ),
    }
}

/// What the privacy officer is told when somebody breaks the glass. No patient stands in it.
pub(super) fn broken_glass(to: &str, login: &str, reason: &str, until: DateTime<Utc>, grant: i64) -> Mail {
    Mail {
        to: one_line(to),
        subject: format!("Break-glass {grant}: {}", one_line(login)),
        text: format!(
            "{} asked for emergency access to records outside the usual reach.\n\n\
             Reason: {reason}\n\
             It ends by itself at {} UTC.\n\n\
             Every record opened meanwhile carries break-glass number {grant} in the audit trail.\n\
             Please look at them and give your verdict under Administration, Break-glass.\n",
            one_line(login),
            until.format("%Y-%m-%d %H:%M")
        ),
    }
}

/// A header never holds a line end.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn reset_link_is_of_the_configured_address() {
        let token = Token::random();
        let mail = reset("ann@example.org", "https://registry.example.org/", &token);
        assert!(mail.text.contains(&format!("https://registry.example.org/password/{}\n", token.text())));
    }

    #[test]
    fn headers_take_no_line_ends() {
        let mail = broken_glass("a@b\r\nBcc: x@y", "ann\nSubject: z", "because of this and that", Utc::now(), 3);
        assert!(!mail.to.contains('\n') && !mail.subject.contains('\n') && !mail.to.contains('\r'));
    }
}

//! What a person can be refused: one variant for each answer.
//!
//! Every refusal has a status, a plain sentence, what to do next, and a number to quote that stands beside the whole
//! chain of causes in the log. A page never shows a database's words.

use serde::Serialize;
use serde_json::{Value, json};

use crate::accounts::AccountError;
use crate::registry::change::NotAmended;
use crate::registry::store::StoreError;

/// Why a person does not get what he asked for.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The request is broken.
    #[error("The request was not understood: {0}.")]
    NotUnderstood(String),
    /// No sign-in, or it is over.
    #[error("Sign in first.")]
    SignInFirst,
    /// The second step or the setting up of the second factor is still missing.
    #[error("The sign-in is not finished.")]
    SignInUnfinished(crate::accounts::Stage),
    /// The password must be given again.
    #[error("{0}")]
    PasswordAgain(String),
    /// No role for it.
    #[error("Your roles do not allow this: {0}.")]
    NotAllowed(&'static str),
    /// The token or origin of the form is not of this session.
    #[error("This form was not sent from a page of your present sign-in.")]
    NotFromOurPage,
    /// Nothing there that the asker may see.
    #[error("There is no such page or record, or it is not yours to see.")]
    NotFound,
    /// The path knows no such method.
    #[error("This address does not take this kind of request.")]
    WrongMethod,
    /// Somebody else changed it; what stands there and what was sent.
    #[error("Somebody changed this since you opened it.")]
    Stale(Box<NotAmended>),
    /// A body over its limit.
    #[error("What was sent is too large: at most {0}.")]
    TooBig(String),
    /// A body of a kind this route does not take.
    #[error("This address does not take {0}.")]
    WrongKind(String),
    /// It cannot be done as asked; the sentence says why and what to do.
    #[error("{0}")]
    Because(String),
    /// Too many requests.
    #[error("Too many requests from this address. Wait {0} s, then try again.")]
    TooMany(i64),
    /// Sent too slowly.
    #[error("The request did not arrive in time.")]
    TooSlow,
    /// The disk is full.
    #[error("The server's disk is full. Nothing was changed.")]
    DiskFull,
    /// The registry does not answer for the moment.
    #[error("The registry does not answer just now. Nothing was changed.")]
    Busy(String),
    /// A fault of ours; the text is for the log only.
    #[error("Something went wrong here. Nothing was changed.")]
    Broken(String),
}

/// A refusal as page and JSON show it.
#[derive(Debug, Clone, Serialize)]
pub struct Told {
    /// HTTP status.
    pub status: u16,
    /// Word for programs.
    pub kind: &'static str,
    /// Heading.
    pub title: &'static str,
    /// What could not be done and why.
    pub sentence: String,
    /// What to do.
    pub next: &'static str,
    /// The number to quote.
    pub number: String,
}

impl Refused {
    /// Status, word, heading and what to do.
    fn row(&self) -> (u16, &'static str, &'static str, &'static str) {
        match self {
            Refused::NotUnderstood(_) => (400, "not_understood", "Not understood", "Go back and send it again."),
            Refused::SignInFirst => (401, "sign_in_first", "Sign in", "Sign in and open the page again."),
            Refused::SignInUnfinished(_) => (401, "sign_in_unfinished", "Sign in", "Finish the sign-in."),
            Refused::PasswordAgain(_) => (403, "password_again", "Your password again", "Type it below."),
            Refused::NotAllowed(_) => {
                (403, "not_allowed", "Not allowed", "Ask an administrator for the role if your work needs it.")
            }
            Refused::NotFromOurPage => {
                (403, "not_from_our_page", "Not sent from here", "Go back, load the page again and repeat it.")
            }
            Refused::NotFound => (404, "not_found", "Not found", "Look at the address, or search for the patient."),
            Refused::WrongMethod => (405, "wrong_method", "Not that way", "Open the page and use its buttons."),
            Refused::Stale(_) => {
                (409, "stale", "Changed by somebody else", "Look at both values, then decide which is right.")
            }
            Refused::TooBig(_) => (413, "too_big", "Too large", "Send a smaller one, or use the command line."),
            Refused::WrongKind(_) => (415, "wrong_kind", "Of the wrong kind", "Use the form of the page."),
            Refused::Because(_) => (422, "refused", "Not done", "Nothing was changed. Correct it and send it again."),
            Refused::TooMany(_) => (429, "too_many", "Too many requests", "Wait a little."),
            Refused::TooSlow => (408, "too_slow", "Too slow", "Look at the connection and send it again."),
            Refused::DiskFull => (507, "disk_full", "The disk is full", "Tell whoever runs the server."),
            Refused::Busy(_) => (503, "busy", "Not just now", "Try again in a minute."),
            Refused::Broken(_) => (500, "broken", "A fault", "Try once more. If it stays, say the number below."),
        }
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.row().0
    }

    /// What page and JSON tell, with a number to quote.
    pub fn told(&self, number: &str) -> Told {
        let (status, kind, title, next) = self.row();
        Told { status, kind, title, sentence: self.to_string(), next, number: number.to_string() }
    }

    /// What the log gets.
    pub fn for_the_log(&self) -> String {
        match self {
            Refused::Busy(chain) | Refused::Broken(chain) => chain.clone(),
            other => other.row().1.to_string(),
        }
    }

    /// As JSON.
    pub fn as_json(&self, number: &str) -> Value {
        let told = self.told(number);
        let mut answer =
            json!({"error": told.kind, "message": told.sentence, "next": told.next, "number": told.number});
        if let (Refused::Stale(both), Value::Object(object)) = (self, &mut answer) {
            object.insert("stale".into(), json!(both));
        }
        answer
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Refused {
        if error.is_disk_full() {
            return Refused::DiskFull;
        }
        match error {
            StoreError::NotFound => Refused::NotFound,
            StoreError::NotAllowed(what) => Refused::NotAllowed(what),
            StoreError::Refused(sentence) => Refused::Because(sentence),
            StoreError::Stale(stale) => Refused::Stale(stale),
            StoreError::NoConnection(_) | StoreError::WriterStopped(_) => Refused::Busy(error.chain()),
            error => Refused::Broken(error.chain()),
        }
    }
}

impl From<AccountError> for Refused {
    fn from(error: AccountError) -> Refused {
        match error {
            AccountError::Store(error) => error.into(),
            AccountError::SessionOver => Refused::SignInFirst,
            AccountError::PasswordAgain => Refused::PasswordAgain(error.to_string()),
            AccountError::NotAllowed(what) => Refused::NotAllowed(what),
            AccountError::TooManyFromHere { seconds } => Refused::TooMany(seconds),
            error => Refused::Because(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_page_never_shows_what_only_the_log_may_hold() {
        let refused = Refused::Broken("no such column: patient.ssn".into());
        assert!(!refused.as_json("4F2A").to_string().contains("ssn"));
        assert!(refused.for_the_log().contains("ssn"));
        assert_eq!(refused.as_json("4F2A")["number"], "4F2A");
    }

    #[test]
    fn a_record_outside_the_scope_is_answered_as_one_that_is_not_there() {
        assert_eq!(Refused::from(StoreError::NotFound).status(), 404);
        assert_eq!(Refused::from(AccountError::Store(StoreError::NotFound)).status(), 404);
    }
}

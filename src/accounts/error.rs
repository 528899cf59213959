//! What can stand between a person and what he asked of his account, in words he can be shown.

use super::passwords::PasswordRefused;
use crate::registry::store::StoreError;

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// Login, password or code: which of them is not told.
    #[error("Login, password or code is wrong.")]
    Wrong,
    /// Soft-locked.
    #[error("Too many wrong tries. Wait {seconds} s, then try again.")]
    Wait {
        /// Seconds to wait.
        seconds: i64,
    },
    /// A hundred wrong tries in a row.
    #[error(
        "Too many wrong tries in a row. Ask for a new password by mail, or ask an administrator; your second factor \
         opens the account again."
    )]
    Shut,
    /// Too many tries from one address.
    #[error("Too many tries from this address. Wait {seconds} s, then try again.")]
    TooManyFromHere {
        /// Seconds to wait.
        seconds: i64,
    },
    /// The code is wrong or was used before.
    #[error("This code is not right. Each code works once: wait for the next one.")]
    CodeWrong,
    /// Five wrong codes.
    #[error("Five wrong codes. Begin again with login and password.")]
    BeginAgain,
    /// The session is over.
    #[error("You are not signed in any more. Sign in again; what you typed is kept.")]
    SessionOver,
    /// The password must be given again first.
    #[error("Give your password again to do this.")]
    PasswordAgain,
    /// The link was used, is too old, or never was one.
    #[error("This link no longer works: it is used, too old, or not complete. Ask for a new one.")]
    LinkSpent,
    /// A new password that breaks a rule.
    #[error(transparent)]
    Password(#[from] PasswordRefused),
    /// The roles do not allow it.
    #[error("Your roles do not allow this: {0}.")]
    NotAllowed(&'static str),
    /// Somebody changed it first.
    #[error("Somebody changed this person's entry since you opened it. Open it again and repeat the change.")]
    Stale,
    /// Another reason, as a sentence.
    #[error("{0}")]
    Said(String),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<diesel::result::Error> for AccountError {
    fn from(error: diesel::result::Error) -> AccountError {
        AccountError::Store(error.into())
    }
}

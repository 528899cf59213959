//! Signing in.
//!
//! ```text
//!   address limit ─► the try is counted as wrong ─► password judged ─► second factor ─► session
//!       │ 429            │ waiting: not judged          │ wrong           │ wrong
//!       └────────────────┴──────────────────────────────┴─────────────────┴──► one text, one line on the audit chain
//! ```
//!
//! A try is counted before it is judged and given back when it was right, so that a thousand tries at the same moment
//! do not all slip through. The password is judged outside the writer's transaction. The count is set back only when
//! the whole sign-in was right, second factor and all.

use std::net::IpAddr;

use diesel::sql_types::{BigInt, Text};
use sha2::{Digest, Sha256};

use super::second_factor::{self, CodeTaken};
pub use super::session::NewSession;
use super::session::{self, SignedIn};
use super::user::{self, UserRow};
use super::{at_the_door, lifetimes, moment, second_factor_required};
use crate::accounts::AccountError;
use crate::accounts::address_limit::AddressLimit;
use crate::accounts::passwords::{PasswordHash, password_matches};
use crate::accounts::session::{Stage, Token};
use crate::accounts::soft_lock::{Failures, NextTry};
use crate::asker::UserId;
use crate::binds;
use crate::registry::clock::stamp;
use crate::registry::store::vault::Vault;
use crate::registry::store::{By, Conn, Store, StoreError, Tx};

/// Days for which tries on a login that nobody has are remembered.
const REMEMBER_UNKNOWN_DAYS: i64 = 90;

/// What somebody at the door gave.
#[derive(Clone)]
pub struct Attempt {
    /// Login as typed.
    pub login: String,
    /// Password as typed.
    pub password: String,
    /// Code of the second factor, empty when the form did not ask for it yet.
    pub code: String,
    /// Where it comes from.
    pub address: IpAddr,
    /// The route, for the audit line.
    pub route: String,
}

#[derive(diesel::QueryableByName)]
struct FailureRow {
    #[diesel(sql_type = BigInt)]
    in_a_row: i64,
    #[diesel(sql_type = Text)]
    last_at: String,
}

/// A try that may be judged, or why not.
enum Claim {
    Judge(Box<Option<UserRow>>),
    Refused(AccountError),
}

/// Signs somebody in. The answer's stage says what is still missing: [`Stage::Code`] when the password was right and
/// the code was left empty, [`Stage::Enrol`] when a second factor must be set up first.
///
/// # Errors
/// [`AccountError::Wrong`] whatever was wrong, [`AccountError::Wait`] and [`AccountError::Shut`] whether there is such a
/// login or not, [`AccountError::TooManyFromHere`].
pub fn sign_in(store: &Store, limit: &AddressLimit, attempt: &Attempt) -> Result<NewSession, AccountError> {
    let tried = store.clock().now();
    let address = attempt.address.to_canonical().to_string();
    if let Err(too_many) = limit.try_from(attempt.address, tried) {
        if too_many.first {
            let by = at_the_door(None, &address, &attempt.route);
            store.audit(by.line("sign-in", tried).outcome("refused").note("too many from this address"))?;
        }
        return Err(AccountError::TooManyFromHere { seconds: too_many.wait });
    }
    let (login, route) = (attempt.login.clone(), attempt.route.clone());
    let claim = store.write({
        let (login, address, route) = (login.clone(), address.clone(), route.clone());
        move |tx| {
            let found = user::row_by_login(tx.conn, &login)?;
            let by = at_the_door(found.as_ref().map(|row| (row.user_id(), row.login.as_str())), &address, &route);
            claim(tx, &by, &login, found)
        }
    })?;
    let row = match claim {
        Claim::Judge(row) => *row,
        Claim::Refused(why) => return Err(why),
    };
    let kept = row.as_ref().filter(|r| r.disabled_at.is_none()).and_then(|r| r.password.clone()).map(PasswordHash);
    let by = at_the_door(row.as_ref().map(|r| (r.user_id(), r.login.as_str())), &address, &route);
    if !password_matches(&attempt.password, kept.as_ref()) {
        let note = match &row {
            None => "unknown login",
            Some(row) if row.disabled_at.is_some() => "disabled",
            Some(_) => "password",
        };
        store.audit(by.line("sign-in", store.clock().now()).outcome("refused").note(note))?;
        return Err(AccountError::Wrong);
    }
    let (Some(user), Some(kept)) = (row.map(|r| r.user_id()), kept) else { return Err(AccountError::Wrong) };
    let code = attempt.code.trim().to_string();
    let vault = store.vault().clone();
    let session = store.write(move |tx| admit(tx, &by, &vault, user, (&login, &kept, &code)))??;
    limit.was_right(attempt.address, tried);
    Ok(session)
}

/// Counts a try as wrong before it is judged, unless it must wait.
fn claim(tx: &mut Tx<'_>, by: &By, login: &str, found: Option<UserRow>) -> Result<Claim, StoreError> {
    let key = login_key(login);
    let before = failures(tx.conn, &key)?;
    let next = before.may(tx.now);
    let (note, why) = match next {
        NextTry::Now => {
            let after = before.one_more(tx.now);
            let user = found.as_ref().map(|row| row.id);
            let counted = match before.in_a_row == 0 && before.last.is_none() {
                true => tx.conn.run(
                    "INSERT INTO sign_in_failure (login, user_id, in_a_row, last_at) VALUES (?, ?, 1, ?) ON CONFLICT (login) DO NOTHING",
                    binds![&key, user, &stamp(tx.now)],
                )?,
                false => tx.conn.run(
                    "UPDATE sign_in_failure SET in_a_row = ?, last_at = ?, user_id = ? WHERE login = ? AND in_a_row = ?",
                    binds![after.in_a_row, &stamp(tx.now), user, &key, before.in_a_row],
                )?,
            };
            if counted == 1 {
                return Ok(Claim::Judge(Box::new(found)));
            }
            // Another server counted a try at the same moment.
            ("waits", AccountError::Wait { seconds: 1 })
        }
        NextTry::After(seconds) => ("waits", AccountError::Wait { seconds }),
        NextTry::Shut => ("shut", AccountError::Shut),
    };
    tx.audit(by.line("sign-in", tx.now).outcome("refused").note(note));
    Ok(Claim::Refused(why))
}

/// Lets in whose password was right: looks at the code, then begins the session.
fn admit(
    tx: &mut Tx<'_>,
    by: &By,
    vault: &Vault,
    user: UserId,
    (login, kept, code): (&str, &PasswordHash, &str),
) -> Result<Result<NewSession, AccountError>, AccountError> {
    // Disabled or changed while the password was judged.
    let row = user::row(tx.conn, user)?.filter(|r| r.disabled_at.is_none() && r.password.as_ref() == Some(&kept.0));
    let Some(row) = row else {
        tx.audit(by.line("sign-in", tx.now).outcome("refused").note("changed meanwhile"));
        return Ok(Err(AccountError::Wrong));
    };
    let lives = lifetimes(tx.conn)?;
    let address = by.address.as_str();
    if row.totp.is_some() && code.is_empty() {
        give_back(tx, login)?;
        tx.audit(by.line("sign-in", tx.now).outcome("code asked"));
        return Ok(Ok(session::begin(tx, user, Stage::Code, address, lives)?));
    }
    let mut note = String::new();
    if row.totp.is_some() {
        match second_factor::take_code(tx, vault, &row, code)? {
            CodeTaken::ByDevice => {}
            CodeTaken::ByRecoveryCode(left) => note = format!("recovery code, {left} left"),
            CodeTaken::No => {
                tx.audit(by.line("sign-in", tx.now).outcome("refused").note("code"));
                return Ok(Err(AccountError::Wrong));
            }
        }
    }
    forget(tx, login)?;
    let roles = user::roles_of(tx.conn, user)?;
    if row.totp.is_none() && second_factor_required(tx.conn, &roles)? {
        tx.audit(by.line("sign-in", tx.now).outcome("second factor to be set up"));
        return Ok(Ok(session::begin(tx, user, Stage::Enrol, address, lives)?));
    }
    tx.conn.run("UPDATE user_ SET last_sign_in = ? WHERE id = ?", binds![&stamp(tx.now), user.0])?;
    tx.audit(by.line("sign-in", tx.now).note(note));
    Ok(Ok(session::begin(tx, user, Stage::Full, address, lives)?))
}

/// The second step: the code, on the session that the right password began. Answers a new session; the old is dead.
///
/// # Errors
/// [`AccountError::CodeWrong`], [`AccountError::BeginAgain`] after five wrong codes, [`AccountError::SessionOver`], and the
/// waits of signing in: wrong codes count like wrong passwords.
pub fn second_step(
    store: &Store,
    token: &Token,
    code: &str,
    address: &str,
    route: &str,
) -> Result<NewSession, AccountError> {
    let (token, code, vault) = (token.clone(), code.trim().to_string(), store.vault().clone());
    let (address, route) = (address.to_string(), route.to_string());
    store.write(move |tx| {
        let who = session::signed_in(tx.conn, &token, tx.now)?.filter(|who| who.stage == Stage::Code);
        let Some(who) = who else { return Ok(Err(AccountError::SessionOver)) };
        let by = at_the_door(Some((who.user, &who.login)), &address, &route);
        let row = user::row(tx.conn, who.user)?;
        let row = match claim(tx, &by, &who.login, row)? {
            Claim::Judge(row) => (*row).ok_or(AccountError::SessionOver)?,
            Claim::Refused(why) => return Ok(Err(why)),
        };
        let note = match second_factor::take_code(tx, &vault, &row, &code)? {
            CodeTaken::ByDevice => String::new(),
            CodeTaken::ByRecoveryCode(left) => format!("recovery code, {left} left"),
            CodeTaken::No => {
                tx.audit(by.line("sign-in", tx.now).outcome("refused").note("code"));
                return Ok(Err(second_factor::one_more_try(tx, who.session)?));
            }
        };
        forget(tx, &who.login)?;
        tx.conn.run("DELETE FROM session WHERE id = ?", binds![who.session])?;
        tx.conn.run("UPDATE user_ SET last_sign_in = ? WHERE id = ?", binds![&stamp(tx.now), who.user.0])?;
        tx.audit(by.line("sign-in", tx.now).note(note));
        let lives = lifetimes(tx.conn)?;
        Ok::<_, AccountError>(Ok(session::begin(tx, who.user, Stage::Full, &address, lives)?))
    })?
}

/// Judges the password of somebody signed in, counting and waiting as signing in does.
pub(super) fn judge_password(store: &Store, by: &By, who: &SignedIn, password: &str) -> Result<(), AccountError> {
    let claim = store.write({
        let (by, login, id) = (by.clone(), who.login.clone(), who.user);
        move |tx| {
            let row = user::row(tx.conn, id)?;
            claim(tx, &by, &login, row)
        }
    })?;
    let row = match claim {
        Claim::Judge(row) => *row,
        Claim::Refused(why) => return Err(why),
    };
    if !password_matches(password, row.and_then(|r| r.password).map(PasswordHash).as_ref()) {
        store.audit(by.line("password-again", store.clock().now()).outcome("refused"))?;
        return Err(AccountError::Wrong);
    }
    let login = who.login.clone();
    store.write(move |tx| forget(tx, &login))?;
    Ok(())
}

/// The login that was typed, so that a password typed into its field by mistake is not kept.
fn login_key(login: &str) -> [u8; 32] {
    Sha256::digest(user::folded(login).as_bytes()).into()
}

fn failures(conn: &mut Conn, key: &[u8; 32]) -> Result<Failures, StoreError> {
    let row = conn.row::<FailureRow>("SELECT in_a_row, last_at FROM sign_in_failure WHERE login = ?", binds![key])?;
    Ok(row.map_or_else(Failures::default, |r| Failures { in_a_row: r.in_a_row, last: Some(moment(&r.last_at)) }))
}

/// The try just counted was right as far as it went.
fn give_back(tx: &mut Tx<'_>, login: &str) -> Result<(), StoreError> {
    let key = login_key(login);
    let before = failures(tx.conn, &key)?.one_less();
    tx.conn.run("UPDATE sign_in_failure SET in_a_row = ? WHERE login = ?", binds![before.in_a_row, &key])?;
    Ok(())
}

/// The whole sign-in was right: nothing counts any more. Tries on logins that nobody has are forgotten in time.
fn forget(tx: &mut Tx<'_>, login: &str) -> Result<(), StoreError> {
    tx.conn.run("DELETE FROM sign_in_failure WHERE login = ?", binds![&login_key(login)])?;
    let long_ago = stamp(tx.now - chrono::Duration::days(REMEMBER_UNKNOWN_DAYS));
    tx.conn.run("DELETE FROM sign_in_failure WHERE user_id IS NULL AND last_at < ?", binds![&long_ago])?;
    Ok(())
}

//! The second factor: set up with a picture and a first code, used at each sign-in, replaced or taken away by its owner.

use super::session::{self, NewSession, SignedIn};
use super::user::{self, UserRow};
use super::{registry_name, second_factor_required};
use crate::accounts::AccountError;
use crate::accounts::recovery::{RECOVERY_CODES, RecoveryCode};
use crate::accounts::session::Stage;
use crate::accounts::totp::{CODE_TRIES, TotpSecret};
use crate::asker::UserId;
use crate::binds;
use crate::registry::clock::stamp;
use crate::registry::store::vault::Vault;
use crate::registry::store::{By, Store, StoreError, Tx};

use super::sealed;

/// What the page for setting up shows; the secret is not used before its first code came back.
#[derive(Debug, Clone)]
pub struct Enrolment {
    /// The secret as one types it.
    pub secret: String,
    /// The address in the picture.
    pub uri: String,
    /// The picture, SVG to put into the page.
    pub picture: String,
}

/// Whether a code was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CodeTaken {
    /// A one-time code.
    ByDevice,
    /// A recovery code; so many are left.
    ByRecoveryCode(i64),
    /// Neither.
    No,
}

/// Takes a code of the device or a recovery code; each works once. Also when two servers are asked at the same time.
pub(super) fn take_code(tx: &mut Tx<'_>, vault: &Vault, row: &UserRow, typed: &str) -> Result<CodeTaken, StoreError> {
    let secret = sealed::secret_of(vault, row.id, row.totp.as_deref()).unwrap_or_else(|error| {
        // The recovery codes work without the key.
        log::error!("the second factor of user {} cannot be judged: {}", row.id, error.chain());
        None
    });
    if let Some(step) = secret.and_then(|s| s.step_of(typed, tx.now.timestamp(), row.totp_step)) {
        let rows = tx.conn.run(
            "UPDATE user_ SET totp_step = ? WHERE id = ? AND (totp_step IS NULL OR totp_step < ?)",
            binds![step, row.id, step],
        )?;
        return Ok(if rows == 1 { CodeTaken::ByDevice } else { CodeTaken::No });
    }
    let Some(code) = RecoveryCode::typed(typed).filter(|_| row.totp.is_some()) else { return Ok(CodeTaken::No) };
    let rows = tx.conn.run(
        "UPDATE recovery_code SET used_at = ? WHERE user_id = ? AND code = ? AND used_at IS NULL",
        binds![&stamp(tx.now), row.id, &code.hash()],
    )?;
    if rows != 1 {
        return Ok(CodeTaken::No);
    }
    let left = tx
        .conn
        .number("SELECT count(*) AS n FROM recovery_code WHERE user_id = ? AND used_at IS NULL", binds![row.id])?;
    Ok(CodeTaken::ByRecoveryCode(left.unwrap_or(0)))
}

/// Shows a secret to set up: the one begun before, or a new one.
///
/// # Errors
/// In a full session the password must be fresh, since this replaces what is there.
pub fn begin_second_factor(store: &Store, who: &SignedIn) -> Result<Enrolment, AccountError> {
    may_change(store, who)?;
    let (id, login, vault) = (who.user, who.login.clone(), store.vault().clone());
    store.write(move |tx| {
        let row = user::row(tx.conn, id)?.ok_or(StoreError::NotFound)?;
        let secret = match sealed::secret_of(&vault, row.id, row.totp_new.as_deref())? {
            Some(secret) => secret,
            None => {
                let secret = TotpSecret::random();
                let kept = vault.seal(&secret.base32(), &sealed::owner(id.0))?;
                tx.conn.run("UPDATE user_ SET totp_new = ? WHERE id = ?", binds![&kept, id.0])?;
                secret
            }
        };
        let registry = registry_name(tx.conn)?;
        Ok(Enrolment {
            secret: secret.base32(),
            uri: secret.uri(&registry, &login),
            picture: secret.picture(&registry, &login),
        })
    })
}

/// Takes the first code of a new secret: from now on it counts. Answers ten new recovery codes, shown once, and a new
/// session; all other sessions end.
///
/// # Errors
/// [`AccountError::CodeWrong`]; the fifth wrong code in a row ends the session.
pub fn confirm_second_factor(
    store: &Store,
    by: &By,
    who: &SignedIn,
    code: &str,
) -> Result<(NewSession, Vec<RecoveryCode>), AccountError> {
    may_change(store, who)?;
    let (by, who, code, vault) = (by.clone(), who.clone(), code.to_string(), store.vault().clone());
    store.write(move |tx| {
        let row = user::row(tx.conn, who.user)?.ok_or(StoreError::NotFound)?;
        let secret = sealed::secret_of(&vault, row.id, row.totp_new.as_deref())?;
        let Some((secret, step)) =
            secret.and_then(|s| s.step_of(&code, tx.now.timestamp(), None).map(|step| (s.base32(), step)))
        else {
            tx.audit(by.line("second-factor", tx.now).outcome("refused").note("code"));
            return Ok(Err(one_more_try(tx, who.session)?));
        };
        let secret = vault.seal(&secret, &sealed::owner(row.id))?;
        tx.conn.run(
            "UPDATE user_ SET totp = ?, totp_new = NULL, totp_step = ?, version = version + 1 WHERE id = ?",
            binds![&secret, step, who.user.0],
        )?;
        let codes = give_codes(tx, who.user)?;
        let session = session::renew(tx, &who, Stage::Full)?;
        tx.audit(by.line("second-factor", tx.now).note("set up"));
        if who.stage == Stage::Enrol {
            tx.conn.run("UPDATE user_ SET last_sign_in = ? WHERE id = ?", binds![&stamp(tx.now), who.user.0])?;
        }
        Ok::<_, AccountError>(Ok((session, codes)))
    })?
}

/// Gives ten new recovery codes; the old ones stop working.
///
/// # Errors
/// The password must be fresh, and there must be a second factor.
pub fn new_recovery_codes(store: &Store, by: &By, who: &SignedIn) -> Result<Vec<RecoveryCode>, AccountError> {
    may_change(store, who)?;
    let (by, id) = (by.clone(), who.user);
    store.write(move |tx| {
        let row = user::row(tx.conn, id)?.ok_or(StoreError::NotFound)?;
        if row.totp.is_none() {
            return Err(AccountError::Said("Set up the second factor first.".into()));
        }
        tx.audit(by.line("second-factor", tx.now).note("new recovery codes"));
        Ok(give_codes(tx, id)?)
    })
}

/// Takes the second factor away, where the roles do not ask for one.
///
/// # Errors
/// The password must be fresh; a role that sees names asks for a second factor; the password is too short alone.
pub fn remove_second_factor(store: &Store, by: &By, who: &SignedIn) -> Result<NewSession, AccountError> {
    may_change(store, who)?;
    let (by, who) = (by.clone(), who.clone());
    store.write(move |tx| {
        if second_factor_required(tx.conn, &who.roles)? {
            return Err(AccountError::Said("Your roles show names of patients: a second factor is required.".into()));
        }
        tx.conn.run(
            "UPDATE user_ SET totp = NULL, totp_new = NULL, totp_step = NULL, version = version + 1 WHERE id = ?",
            binds![who.user.0],
        )?;
        tx.conn.run("DELETE FROM recovery_code WHERE user_id = ?", binds![who.user.0])?;
        tx.audit(by.line("second-factor", tx.now).note("removed"));
        Ok(session::renew(tx, &who, Stage::Full)?)
    })
}

/// Counts a wrong code on a session; the fifth ends it.
pub(super) fn one_more_try(tx: &mut Tx<'_>, session: i64) -> Result<AccountError, StoreError> {
    let tries = tx.conn.number(
        "UPDATE session SET code_tries = code_tries + 1 WHERE id = ? RETURNING code_tries AS n",
        binds![session],
    )?;
    if tries.unwrap_or(CODE_TRIES) < CODE_TRIES {
        return Ok(AccountError::CodeWrong);
    }
    tx.conn.run("DELETE FROM session WHERE id = ?", binds![session])?;
    Ok(AccountError::BeginAgain)
}

fn give_codes(tx: &mut Tx<'_>, id: UserId) -> Result<Vec<RecoveryCode>, StoreError> {
    tx.conn.run("DELETE FROM recovery_code WHERE user_id = ?", binds![id.0])?;
    let codes: Vec<RecoveryCode> = (0..RECOVERY_CODES).map(|_| RecoveryCode::random()).collect();
    for code in &codes {
        tx.conn.run("INSERT INTO recovery_code (user_id, code) VALUES (?, ?)", binds![id.0, &code.hash()])?;
    }
    Ok(codes)
}

fn may_change(store: &Store, who: &SignedIn) -> Result<(), AccountError> {
    match who.stage {
        Stage::Enrol => Ok(()),
        Stage::Full => who.must_be_fresh(store.clock().now()),
        Stage::Code => Err(AccountError::SessionOver),
    }
}

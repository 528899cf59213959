//! Links that work once: to a first password (72 hours), to a new one (20 minutes), to the set-up (24 hours).
//!
//! Kept as SHA-256. A reset asks for the second factor too, where the person has one; so it also opens a login that a
//! hundred wrong tries have shut. Whether an address belongs to anybody is never told.

use std::net::IpAddr;

use chrono::Duration;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::second_factor::{self, CodeTaken};
use super::session::NewSession;
use super::{at_the_door, lifetimes, moment, registry_name, second_factor_required, session, user};
use crate::accounts::AccountError;
use crate::accounts::address_limit::AddressLimit;
use crate::accounts::mail::{self, Mail};
use crate::accounts::passwords::{NewPassword, SecondFactor, hash_password};
use crate::accounts::session::{Stage, Token};
use crate::accounts::totp::CODE_TRIES;
use crate::asker::UserId;
use crate::binds;
use crate::registry::clock::stamp;
use crate::registry::store::{Conn, Store, StoreError, Tx};

/// Hours an invitation works.
pub(super) const INVITATION_HOURS: i64 = 72;
/// Minutes a reset works.
const RESET_MINUTES: i64 = 20;
/// Links a person may be mailed within those minutes.
const MOST_RESETS: i64 = 3;

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Invitation,
    Reset,
    SetUp,
}

impl Kind {
    fn key(self) -> &'static str {
        match self {
            Kind::Invitation => "invitation",
            Kind::Reset => "reset",
            Kind::SetUp => "set-up",
        }
    }
}

/// What the page behind a link to a password needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Login of the person.
    pub login: String,
    /// The code of the second factor is asked too.
    pub asks_code: bool,
    /// Fewest characters of the new password.
    pub shortest: usize,
    /// It is the first password.
    pub first: bool,
}

#[derive(diesel::QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    user_id: Option<i64>,
    #[diesel(sql_type = Text)]
    works_until: String,
    #[diesel(sql_type = Nullable<Text>)]
    used_at: Option<String>,
    #[diesel(sql_type = BigInt)]
    code_tries: i64,
}

pub(super) fn make(tx: &mut Tx<'_>, kind: Kind, user: Option<UserId>, works: Duration) -> Result<Token, StoreError> {
    let token = Token::random();
    tx.conn.run("DELETE FROM one_time_link WHERE works_until < ?", binds![&stamp(tx.now - Duration::days(30))])?;
    tx.conn.run(
        "INSERT INTO one_time_link (token, kind, user_id, made_at, works_until, code_tries) VALUES (?, ?, ?, ?, ?, 0)",
        binds![&token.hash(), kind.key(), user.map(|u| u.0), &stamp(tx.now), &stamp(tx.now + works)],
    )?;
    Ok(token)
}

/// The link of a token, if it still works at this time.
fn open_link(conn: &mut Conn, token: &Token, now: chrono::DateTime<chrono::Utc>) -> Result<Option<Row>, StoreError> {
    let row = conn.row::<Row>(
        "SELECT id, kind, user_id, works_until, used_at, code_tries FROM one_time_link WHERE token = ?",
        binds![&token.hash()],
    )?;
    Ok(row.filter(|r| r.used_at.is_none() && now < moment(&r.works_until) && r.code_tries < CODE_TRIES))
}

/// The set-up link of this token still works.
pub(super) fn set_up_is_open(
    conn: &mut Conn,
    token: &Token,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<bool, StoreError> {
    Ok(open_link(conn, token, now)?.is_some_and(|link| link.kind == Kind::SetUp.key()))
}

/// Uses the set-up link up.
pub(super) fn use_set_up(tx: &mut Tx<'_>, token: &Token) -> Result<(), AccountError> {
    let open = open_link(tx.conn, token, tx.now)?.filter(|link| link.kind == Kind::SetUp.key());
    let link = open.ok_or(AccountError::LinkSpent)?;
    use_up(tx, link.id)
}

/// Makes a set-up link; those made before stop working.
pub(super) fn make_set_up(tx: &mut Tx<'_>) -> Result<Token, StoreError> {
    tx.conn.run("DELETE FROM one_time_link WHERE kind = 'set-up'", &[])?;
    make(tx, Kind::SetUp, None, Duration::hours(24))
}

fn use_up(tx: &mut Tx<'_>, id: i64) -> Result<(), AccountError> {
    let rows = tx
        .conn
        .run("UPDATE one_time_link SET used_at = ? WHERE id = ? AND used_at IS NULL", binds![&stamp(tx.now), id])?;
    match rows {
        1 => Ok(()),
        _ => Err(AccountError::LinkSpent),
    }
}

/// What the page of this link shows, if it still works.
pub fn link_of(store: &Store, token: &Token) -> Result<Option<Link>, AccountError> {
    let now = store.clock().now();
    let conn = &mut *store.reading()?;
    let Some(link) = open_link(conn, token, now)? else { return Ok(None) };
    let Some(user) = link.user_id.map(UserId) else { return Ok(None) };
    let Some(row) = user::row(conn, user)?.filter(|row| row.disabled_at.is_none()) else { return Ok(None) };
    let asked = asked(conn, &row)?;
    Ok(Some(Link {
        login: row.login,
        asks_code: row.totp.is_some(),
        shortest: match asked {
            SecondFactor::Asked => crate::accounts::SHORTEST_WITH_SECOND_FACTOR,
            SecondFactor::Not => crate::accounts::SHORTEST_ALONE,
        },
        first: link.kind == Kind::Invitation.key(),
    }))
}

/// Whether this person signs in with a second factor, now or as soon as he has set it up.
pub(super) fn asked(conn: &mut Conn, row: &user::UserRow) -> Result<SecondFactor, StoreError> {
    let roles = user::roles_of(conn, row.user_id())?;
    Ok(match row.totp.is_some() || second_factor_required(conn, &roles)? {
        true => SecondFactor::Asked,
        false => SecondFactor::Not,
    })
}

/// Makes the mail with a link to a new password. The page says the same whether there is one or not.
///
/// # Errors
/// [`AccountError::TooManyFromHere`], or that the store fails.
pub fn mail_reset_link(
    store: &Store,
    limit: &AddressLimit,
    login_or_mail: &str,
    public_url: &str,
    address: IpAddr,
    route: &str,
) -> Result<Option<Mail>, AccountError> {
    if let Err(too_many) = limit.try_from(address, store.clock().now()) {
        return Err(AccountError::TooManyFromHere { seconds: too_many.wait });
    }
    let typed = user::folded(login_or_mail);
    let address = address.to_canonical().to_string();
    let (public_url, route) = (public_url.to_string(), route.to_string());
    store.write(move |tx| {
        let found = tx.conn.rows::<user::UserRow>(
            "SELECT * FROM user_ WHERE (login = ? OR lower(mail) = ?) AND mail <> '' AND disabled_at IS NULL ORDER BY id LIMIT 2",
            binds![&typed, &typed],
        )?;
        let row = match found.as_slice() {
            // Two people with one address: nobody can tell whose password is meant.
            [row] => Some(row),
            rows => rows.iter().find(|row| row.login == typed),
        };
        let Some(row) = row else {
            tx.audit(at_the_door(None, &address, &route).line("reset-link", tx.now).outcome("refused").note("unknown"));
            return Ok(None);
        };
        let by = at_the_door(Some((row.user_id(), &row.login)), &address, &route);
        let since = stamp(tx.now - Duration::minutes(RESET_MINUTES));
        let lately = tx.conn.number(
            "SELECT count(*) AS n FROM one_time_link WHERE user_id = ? AND kind = 'reset' AND made_at > ?",
            binds![row.id, &since],
        )?;
        if lately.unwrap_or(0) >= MOST_RESETS {
            tx.audit(by.line("reset-link", tx.now).outcome("refused").note("too many"));
            return Ok(None);
        }
        let token = make(tx, Kind::Reset, Some(row.user_id()), Duration::minutes(RESET_MINUTES))?;
        tx.audit(by.line("reset-link", tx.now));
        Ok(Some(mail::reset(&row.mail, &public_url, &token)))
    })
}

/// Sets the password by a link and signs in. All other sessions end.
///
/// # Errors
/// [`AccountError::LinkSpent`], a password that breaks a rule, or [`AccountError::CodeWrong`] where the second factor is
/// asked; the fifth wrong code spends the link.
pub fn set_password_by_link(
    store: &Store,
    token: &Token,
    password: &str,
    code: &str,
    address: &str,
    route: &str,
) -> Result<NewSession, AccountError> {
    let now = store.clock().now();
    let (user, password) = {
        let conn = &mut *store.reading()?;
        let link = open_link(conn, token, now)?.ok_or(AccountError::LinkSpent)?;
        let user = link.user_id.map(UserId).ok_or(AccountError::LinkSpent)?;
        let row = user::row(conn, user)?.filter(|row| row.disabled_at.is_none()).ok_or(AccountError::LinkSpent)?;
        let known = row.known(&registry_name(conn)?);
        (user, NewPassword::of(password, asked(conn, &row)?, &known)?)
    };
    let hash = hash_password(&password);
    let (token, code) = (token.clone(), code.to_string());
    let (address, route, vault) = (address.to_string(), route.to_string(), store.vault().clone());
    store.write(move |tx| {
        let link = open_link(tx.conn, &token, tx.now)?.filter(|l| l.user_id == Some(user.0));
        let Some(link) = link else { return Ok(Err(AccountError::LinkSpent)) };
        let row = user::row(tx.conn, user)?.ok_or(StoreError::NotFound)?;
        let by = at_the_door(Some((user, &row.login)), &address, &route);
        if row.totp.is_some() && second_factor::take_code(tx, &vault, &row, &code)? == CodeTaken::No {
            tx.conn.run("UPDATE one_time_link SET code_tries = code_tries + 1 WHERE id = ?", binds![link.id])?;
            tx.audit(by.line("password", tx.now).outcome("refused").note("code"));
            return Ok(Err(match link.code_tries + 1 >= CODE_TRIES {
                true => AccountError::LinkSpent,
                false => AccountError::CodeWrong,
            }));
        }
        use_up(tx, link.id)?;
        user::keep_password(tx, user, &hash)?;
        user::end_all_sessions(tx, user)?;
        tx.conn.run("DELETE FROM sign_in_failure WHERE user_id = ?", binds![user.0])?;
        tx.conn.run("DELETE FROM one_time_link WHERE user_id = ? AND used_at IS NULL", binds![user.0])?;
        let roles = user::roles_of(tx.conn, user)?;
        let stage = match row.totp.is_none() && second_factor_required(tx.conn, &roles)? {
            true => Stage::Enrol,
            false => Stage::Full,
        };
        let lives = lifetimes(tx.conn)?;
        tx.audit(by.line("password", tx.now).note("by link"));
        tx.audit(by.line("sign-in", tx.now).note("by link"));
        tx.conn.run("UPDATE user_ SET last_sign_in = ? WHERE id = ?", binds![&stamp(tx.now), user.0])?;
        Ok::<_, AccountError>(Ok(session::begin(tx, user, stage, &address, lives)?))
    })?
}

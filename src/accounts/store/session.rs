//! Open sessions: begun, looked up on each request, renewed, ended.

use chrono::{DateTime, Duration, Utc};
use diesel::deserialize::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::{lifetimes, lifetimes_of, moment, registry_name, user};
use crate::accounts::AccountError;
use crate::accounts::passwords::{NewPassword, PasswordHash, hash_password, password_matches};
use crate::accounts::session::{FRESH_MINUTES, Lifetimes, Stage, Token};
use crate::asker::{Asker, FacilityId, May, Own, Role, Scope, UserId};
use crate::binds;
use crate::registry::clock::stamp;
use crate::registry::store::settings::in_force;
use crate::registry::store::{By, Conn, Store, StoreError, Tx};

/// A session just begun or renewed: the token goes into the cookie, the stage says which page is next.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// For the cookie.
    pub token: Token,
    /// How far the sign-in has come.
    pub stage: Stage,
}

/// Who holds a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// Row id of the session.
    pub session: i64,
    /// The user.
    pub user: UserId,
    /// Login.
    pub login: String,
    /// Name.
    pub name: String,
    /// Roles that count in this registry.
    pub roles: Vec<Role>,
    /// Facilities given.
    pub scope: Scope,
    /// How far the sign-in has come; only [`Stage::Full`] opens pages.
    pub stage: Stage,
    /// Has a second factor.
    pub has_second_factor: bool,
    /// Open break-glass grant: its number and when it ends.
    pub break_glass: Option<(i64, DateTime<Utc>)>,
    /// Last use before this one.
    pub seen: DateTime<Utc>,
    /// When it ends if it is not used again.
    pub ends: DateTime<Utc>,
    /// Until when the password counts as just given.
    pub fresh_until: DateTime<Utc>,
}

impl SignedIn {
    /// Who asks, within the facilities given. While break-glass is open its number is on every audit line.
    pub fn asker(&self) -> Asker {
        Asker {
            user: Some(self.user),
            login: self.login.clone(),
            roles: self.roles.clone(),
            scope: self.scope.clone(),
            own: Own::NotOnly,
            break_glass: self.break_glass.map(|(id, _)| id),
        }
    }

    /// Who asks to do this one thing: refused without a role for it, with the facilities it may be done for. An open
    /// break-glass grant widens reading to the registry and nothing else.
    ///
    /// # Errors
    /// [`AccountError::NotAllowed`].
    pub fn asker_for(&self, what: May) -> Result<Asker, AccountError> {
        let mut asker = self.asker();
        match asker.scope_for(what) {
            Some(scope) => {
                asker.own = asker.own_for(what);
                asker.scope = scope;
            }
            None => return Err(AccountError::NotAllowed(what.text())),
        }
        Ok(asker)
    }

    /// May do this at least to own records.
    pub fn may(&self, what: May) -> bool {
        self.asker().may(what)
    }

    /// Refuses when the password was not given in the last ten minutes.
    ///
    /// # Errors
    /// [`AccountError::PasswordAgain`].
    pub fn must_be_fresh(&self, now: DateTime<Utc>) -> Result<(), AccountError> {
        match now < self.fresh_until {
            true => Ok(()),
            false => Err(AccountError::PasswordAgain),
        }
    }
}

/// A session as its owner sees it in his account.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct OpenSession {
    /// Row id.
    pub id: i64,
    /// From where.
    pub address: String,
    /// Since when.
    pub begun: String,
    /// Last used.
    pub seen: String,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = BigInt)]
    user_id: i64,
    #[diesel(sql_type = Text)]
    stage: String,
    #[diesel(sql_type = Text)]
    address: String,
    #[diesel(sql_type = Text)]
    begun_at: String,
    #[diesel(sql_type = Text)]
    seen_at: String,
    #[diesel(sql_type = Text)]
    fresh_at: String,
}

impl Row {
    fn stage(&self) -> Stage {
        Stage::of_key(&self.stage)
    }

    fn is_open(&self, lives: Lifetimes, now: DateTime<Utc>) -> bool {
        lives.is_open(self.stage(), moment(&self.begun_at), moment(&self.seen_at), now)
    }
}

/// All that a request needs of a session and its person, in one query.
#[derive(QueryableByName)]
struct Holder {
    #[diesel(embed)]
    session: Row,
    #[diesel(sql_type = Text)]
    login: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = BigInt)]
    all_facilities: i64,
    #[diesel(sql_type = Nullable<Text>)]
    totp: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    disabled_at: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    roles: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    facilities: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    glass: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    glass_until: Option<String>,
}

const HOLDER: &str = "SELECT s.id, s.user_id, s.stage, s.address, s.begun_at, s.seen_at, s.fresh_at, \
    u.login, u.name, u.all_facilities, u.totp, u.disabled_at, \
    (SELECT string_agg(r.role, ' ') FROM user_role r WHERE r.user_id = u.id) AS roles, \
    (SELECT string_agg(CAST(f.facility_id AS TEXT), ' ') FROM user_facility f WHERE f.user_id = u.id) AS facilities, \
    g.id AS glass, g.works_until AS glass_until \
    FROM session s JOIN user_ u ON u.id = s.user_id \
    LEFT JOIN break_glass g ON g.user_id = u.id AND g.ended_at IS NULL AND g.works_until > ? \
    WHERE s.token = ? ORDER BY g.id DESC LIMIT 1";

/// Begins a session and clears away those that are long over.
pub(super) fn begin(
    tx: &mut Tx<'_>,
    user: UserId,
    stage: Stage,
    address: &str,
    lives: Lifetimes,
) -> Result<NewSession, StoreError> {
    tx.conn.run("DELETE FROM session WHERE begun_at < ?", binds![&stamp(tx.now - lives.whole - Duration::hours(1))])?;
    let token = Token::random();
    let now = stamp(tx.now);
    tx.conn.run(
        "INSERT INTO session (token, user_id, stage, address, begun_at, seen_at, fresh_at, code_tries) \
         VALUES (?, ?, ?, ?, ?, ?, ?, 0)",
        binds![&token.hash(), user.0, stage.key(), address, &now, &now, &now],
    )?;
    Ok(NewSession { token, stage })
}

/// Gives this session a new token and stage and ends all others of the person; the old token is dead at once.
/// The twelve hours go on from the sign-in, except that a finished set-up of the second factor is the sign-in.
pub(super) fn renew(tx: &mut Tx<'_>, who: &SignedIn, stage: Stage) -> Result<NewSession, StoreError> {
    let token = Token::random();
    let now = stamp(tx.now);
    tx.conn.run("DELETE FROM session WHERE user_id = ? AND id <> ?", binds![who.user.0, who.session])?;
    let begins = if who.stage == Stage::Full { None } else { Some(now.as_str()) };
    tx.conn.run(
        "UPDATE session SET token = ?, stage = ?, seen_at = ?, fresh_at = ?, code_tries = 0, begun_at = coalesce(?, begun_at) \
         WHERE id = ?",
        binds![&token.hash(), stage.key(), &now, &now, begins, who.session],
    )?;
    Ok(NewSession { token, stage })
}

/// The session of a token: `None` when it never was one, is over, or its person is disabled.
pub fn session_of(store: &Store, token: &Token) -> Result<Option<SignedIn>, StoreError> {
    let now = store.clock().now();
    signed_in(&mut *store.reading()?, token, now)
}

pub(super) fn signed_in(conn: &mut Conn, token: &Token, now: DateTime<Utc>) -> Result<Option<SignedIn>, StoreError> {
    let Some(holder) = conn.row::<Holder>(HOLDER, binds![&stamp(now), &token.hash()])? else { return Ok(None) };
    let settings = in_force(conn)?;
    let (row, lives) = (&holder.session, lifetimes_of(&settings)?);
    if holder.disabled_at.is_some() || !row.is_open(lives, now) {
        return Ok(None);
    }
    let mut roles: Vec<Role> = words(&holder.roles).filter_map(Role::of_key).collect();
    roles.sort_unstable();
    if !settings.is_yes("registry.training")? {
        roles.retain(|role| *role != Role::Student);
    }
    let mut facilities: Vec<FacilityId> =
        words(&holder.facilities).filter_map(|w| w.parse().ok()).map(FacilityId).collect();
    facilities.sort_unstable();
    let (begun, seen) = (moment(&row.begun_at), moment(&row.seen_at));
    Ok(Some(SignedIn {
        session: row.id,
        user: UserId(row.user_id),
        login: holder.login,
        name: holder.name,
        roles,
        scope: if holder.all_facilities != 0 { Scope::Registry } else { Scope::Facilities(facilities) },
        stage: row.stage(),
        has_second_factor: holder.totp.is_some(),
        break_glass: holder.glass.zip(holder.glass_until.as_deref().map(moment)),
        seen,
        ends: lives.end(row.stage(), begun, now.max(seen)),
        fresh_until: moment(&row.fresh_at) + Duration::minutes(FRESH_MINUTES),
    }))
}

fn words(text: &Option<String>) -> impl Iterator<Item = &str> {
    text.as_deref().unwrap_or_default().split_whitespace()
}

/// Notes that a session was used now. Not for requests that a page makes by itself.
pub fn session_seen(store: &Store, who: &SignedIn) -> Result<(), StoreError> {
    if (store.clock().now() - who.seen).num_seconds() < 1 {
        return Ok(());
    }
    let session = who.session;
    store.write(move |tx| {
        let now = stamp(tx.now);
        tx.conn.run("UPDATE session SET seen_at = ? WHERE id = ? AND seen_at < ?", binds![&now, session, &now])?;
        Ok(())
    })
}

/// Ends a session; its token is dead.
pub fn sign_out(store: &Store, by: &By, who: &SignedIn) -> Result<(), StoreError> {
    let (by, session) = (by.clone(), who.session);
    store.write(move |tx| {
        tx.conn.run("DELETE FROM session WHERE id = ?", binds![session])?;
        tx.audit(by.line("sign-out", tx.now));
        Ok(())
    })
}

/// A person's open sessions, newest first.
pub fn sessions_of(store: &Store, user: UserId) -> Result<Vec<OpenSession>, StoreError> {
    let now = store.clock().now();
    let conn = &mut *store.reading()?;
    let lives = lifetimes(conn)?;
    let rows = conn.rows::<Row>(
        "SELECT id, user_id, stage, address, begun_at, seen_at, fresh_at FROM session WHERE user_id = ? ORDER BY id DESC",
        binds![user.0],
    )?;
    let open = rows.into_iter().filter(|row| row.is_open(lives, now));
    Ok(open.map(|r| OpenSession { id: r.id, address: r.address, begun: r.begun_at, seen: r.seen_at }).collect())
}

/// Ends one other session of one's own.
///
/// # Errors
/// There is no such session of this person.
pub fn end_session(store: &Store, by: &By, who: &SignedIn, session: i64) -> Result<(), StoreError> {
    let (by, user) = (by.clone(), who.user);
    store.write(move |tx| {
        let rows = tx.conn.run("DELETE FROM session WHERE id = ? AND user_id = ?", binds![session, user.0])?;
        if rows == 0 {
            return Err(StoreError::NotFound);
        }
        tx.audit(by.line("sign-out", tx.now).note(format!("session {session}")));
        Ok(())
    })
}

/// Ends all of one's sessions but this one, and answers how many.
pub fn end_sessions_but(store: &Store, by: &By, who: &SignedIn) -> Result<usize, StoreError> {
    let (by, user, session) = (by.clone(), who.user, who.session);
    store.write(move |tx| {
        let ended = tx.conn.run("DELETE FROM session WHERE user_id = ? AND id <> ?", binds![user.0, session])?;
        tx.audit(by.line("sign-out", tx.now).note(format!("{ended} other sessions")));
        Ok(ended)
    })
}

/// Takes the password again before an export of identified records or a change to users.
///
/// # Errors
/// [`AccountError::Wrong`], counted like a wrong sign-in; the waits are those of signing in.
pub fn give_password_again(store: &Store, by: &By, who: &SignedIn, password: &str) -> Result<(), AccountError> {
    super::sign_in::judge_password(store, by, who, password)?;
    let (by, session) = (by.clone(), who.session);
    store.write(move |tx| {
        tx.conn.run("UPDATE session SET fresh_at = ? WHERE id = ?", binds![&stamp(tx.now), session])?;
        tx.audit(by.line("password-again", tx.now));
        Ok(())
    })
}

/// Changes one's own password. The session gets a new token, all others end, links that were sent stop working.
///
/// # Errors
/// [`AccountError::Wrong`] when the old one is not right, or the rule the new one breaks.
pub fn change_password(
    store: &Store,
    by: &By,
    who: &SignedIn,
    old: &str,
    new: &str,
) -> Result<NewSession, AccountError> {
    if who.stage != Stage::Full {
        return Err(AccountError::SessionOver);
    }
    let (kept, password) = {
        let conn = &mut *store.reading()?;
        let row = user::row(conn, who.user)?.ok_or(StoreError::NotFound)?;
        let known = row.known(&registry_name(conn)?);
        let asked = super::link::asked(conn, &row)?;
        (row.password.clone().map(PasswordHash), NewPassword::of(new, asked, &known)?)
    };
    super::sign_in::judge_password(store, by, who, old)?;
    if password_matches(new, kept.as_ref()) {
        return Err(AccountError::Said("This is the password you have. Take another.".into()));
    }
    let hash = hash_password(&password);
    let (by, who) = (by.clone(), who.clone());
    store.write(move |tx| {
        user::keep_password(tx, who.user, &hash)?;
        tx.conn.run("DELETE FROM one_time_link WHERE user_id = ? AND used_at IS NULL", binds![who.user.0])?;
        tx.audit(by.line("password", tx.now).note("changed"));
        Ok(renew(tx, &who, Stage::Full)?)
    })
}

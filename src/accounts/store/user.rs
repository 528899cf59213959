//! People: added by invitation, changed, disabled, reset, reviewed once a year. Never deleted.

use chrono::Duration;
use diesel::sql_types::{BigInt, Nullable, Text};
use serde::Serialize;

use super::link::{self, Kind};
use super::{OneText, setting_is_yes};
use crate::accounts::AccountError;
use crate::accounts::passwords::{Known, NewPassword, PasswordHash, SecondFactor, hash_password};
use crate::accounts::session::Token;
use crate::accounts::totp::TotpSecret;
use crate::asker::{Asker, FacilityId, May, Own, Role, Scope, UserId};
use crate::binds;
use crate::registry::clock::stamp;
use crate::registry::store::{By, Conn, Store, StoreError, Tx, jobs};

/// A person with roles and facilities, as lists show him.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct User {
    /// Row id.
    pub id: i64,
    /// Version for the check on saving.
    pub version: i64,
    /// Login, in small letters.
    pub login: String,
    /// Name.
    pub name: String,
    /// Mail address; empty when there is none.
    pub mail: String,
    /// Sees every facility.
    pub all_facilities: bool,
    /// Roles, in the order of the table.
    pub roles: Vec<Role>,
    /// Facilities given, by id.
    pub facilities: Vec<FacilityId>,
    /// Has set a password.
    pub has_password: bool,
    /// Has set up the second factor.
    pub has_second_factor: bool,
    /// Since when he may not sign in.
    pub disabled_at: Option<String>,
    /// Why.
    pub disabled_why: Option<String>,
    /// When he was added.
    pub created_at: String,
    /// Last sign-in.
    pub last_sign_in: Option<String>,
    /// Last yearly review.
    pub reviewed_at: Option<String>,
    /// By whom.
    pub reviewed_by: Option<String>,
}

/// What is typed of a person.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UserEntry {
    /// Login; fixed once the person is added.
    pub login: String,
    /// Name.
    pub name: String,
    /// Mail address; may be empty.
    pub mail: String,
    /// Roles.
    pub roles: Vec<Role>,
    /// Facilities.
    pub facilities: Vec<FacilityId>,
    /// Sees every facility, those of later too.
    pub all_facilities: bool,
}

/// A person just added or reset: the link by which he sets his password, shown once.
#[derive(Debug, Clone)]
pub struct Invited {
    /// The person.
    pub user: UserId,
    /// The page `/password/TOKEN`.
    pub token: Token,
    /// Hours it works.
    pub hours: i64,
}

#[derive(diesel::QueryableByName)]
pub(super) struct UserRow {
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    #[diesel(sql_type = BigInt)]
    pub version: i64,
    #[diesel(sql_type = Text)]
    pub login: String,
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Text)]
    pub mail: String,
    #[diesel(sql_type = BigInt)]
    pub all_facilities: i64,
    #[diesel(sql_type = Nullable<Text>)]
    pub password: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub totp: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub totp_new: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub totp_step: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    pub disabled_at: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub disabled_why: Option<String>,
    #[diesel(sql_type = Text)]
    pub created_at: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub last_sign_in: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub reviewed_at: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub reviewed_by: Option<String>,
}

impl UserRow {
    pub fn user_id(&self) -> UserId {
        UserId(self.id)
    }

    /// What this person's password must not be made of.
    pub fn known(&self, registry: &str) -> Known {
        Known { words: vec![self.login.clone(), self.name.clone(), self.mail.clone(), registry.to_string()] }
    }
}

#[derive(diesel::QueryableByName)]
struct Given {
    #[diesel(sql_type = BigInt)]
    user_id: i64,
    #[diesel(sql_type = Text)]
    role: String,
}

#[derive(diesel::QueryableByName)]
struct GivenFacility {
    #[diesel(sql_type = BigInt)]
    user_id: i64,
    #[diesel(sql_type = BigInt)]
    facility_id: i64,
}

/// The row of a user.
pub(super) fn row(conn: &mut Conn, id: UserId) -> Result<Option<UserRow>, StoreError> {
    Ok(conn.row("SELECT * FROM user_ WHERE id = ?", binds![id.0])?)
}

/// The row of a login as typed.
pub(super) fn row_by_login(conn: &mut Conn, login: &str) -> Result<Option<UserRow>, StoreError> {
    Ok(conn.row("SELECT * FROM user_ WHERE login = ?", binds![&folded(login)])?)
}

/// A login as it is kept: no blanks around it, small letters.
pub(super) fn folded(login: &str) -> String {
    login.trim().to_lowercase()
}

/// Roles of a user, in the order of the table.
pub(super) fn roles_of(conn: &mut Conn, id: UserId) -> Result<Vec<Role>, StoreError> {
    let keys = conn.rows::<OneText>("SELECT role AS t FROM user_role WHERE user_id = ?", binds![id.0])?;
    Ok(in_order(keys.iter().filter_map(|k| Role::of_key(&k.t))))
}

fn in_order(roles: impl Iterator<Item = Role>) -> Vec<Role> {
    let mut roles: Vec<Role> = roles.collect();
    roles.sort_unstable();
    roles.dedup();
    roles
}

fn shown(rows: Vec<UserRow>, roles: &[Given], facilities: &[GivenFacility]) -> Vec<User> {
    rows.into_iter()
        .map(|row| User {
            roles: in_order(roles.iter().filter(|g| g.user_id == row.id).filter_map(|g| Role::of_key(&g.role))),
            facilities: facilities.iter().filter(|g| g.user_id == row.id).map(|g| FacilityId(g.facility_id)).collect(),
            id: row.id,
            version: row.version,
            login: row.login,
            name: row.name,
            mail: row.mail,
            all_facilities: row.all_facilities != 0,
            has_password: row.password.is_some(),
            has_second_factor: row.totp.is_some(),
            disabled_at: row.disabled_at,
            disabled_why: row.disabled_why,
            created_at: row.created_at,
            last_sign_in: row.last_sign_in,
            reviewed_at: row.reviewed_at,
            reviewed_by: row.reviewed_by,
        })
        .collect()
}

/// Everybody, by login.
pub fn users(conn: &mut Conn) -> Result<Vec<User>, StoreError> {
    let rows = conn.rows("SELECT * FROM user_ ORDER BY login, id", &[])?;
    let roles = conn.rows("SELECT user_id, role FROM user_role", &[])?;
    let facilities = conn.rows("SELECT user_id, facility_id FROM user_facility ORDER BY facility_id", &[])?;
    Ok(shown(rows, &roles, &facilities))
}

/// Everybody who may sign in, longest absent first: the list of the yearly review.
pub fn users_to_review(conn: &mut Conn) -> Result<Vec<User>, StoreError> {
    let mut users = users(conn)?;
    users.retain(|u| u.disabled_at.is_none());
    users.sort_by(|a, b| (&a.last_sign_in, &a.login).cmp(&(&b.last_sign_in, &b.login)));
    Ok(users)
}

/// One person.
pub fn user(conn: &mut Conn, id: UserId) -> Result<Option<User>, StoreError> {
    let Some(row) = row(conn, id)? else { return Ok(None) };
    let roles = conn.rows("SELECT user_id, role FROM user_role WHERE user_id = ?", binds![id.0])?;
    let facilities = conn
        .rows("SELECT user_id, facility_id FROM user_facility WHERE user_id = ? ORDER BY facility_id", binds![id.0])?;
    Ok(shown(vec![row], &roles, &facilities).pop())
}

/// Somebody as a job asks for him, with the rights he has now: none when he may no longer do this.
pub fn asker_of(conn: &mut Conn, id: UserId, what: May) -> Result<Option<Asker>, StoreError> {
    let Some(user) = user(conn, id)?.filter(|user| user.disabled_at.is_none()) else { return Ok(None) };
    let scope = if user.all_facilities { Scope::Registry } else { Scope::Facilities(user.facilities) };
    let mut asker =
        Asker { user: Some(id), login: user.login, roles: user.roles, scope, own: Own::NotOnly, break_glass: None };
    if !setting_is_yes(conn, "registry.training")? {
        asker.roles.retain(|role| *role != Role::Student);
    }
    asker.own = asker.own_for(what);
    Ok(asker.may(what).then_some(asker))
}

/// The person of a login.
pub fn user_by_login(conn: &mut Conn, login: &str) -> Result<Option<User>, StoreError> {
    match row_by_login(conn, login)? {
        Some(row) => user(conn, row.user_id()),
        None => Ok(None),
    }
}

/// Whether a user may still act: jobs ask between their steps.
pub fn is_active(conn: &mut Conn, id: UserId) -> Result<bool, StoreError> {
    Ok(row(conn, id)?.is_some_and(|row| row.disabled_at.is_none()))
}

/// Adds a person, who sets his password by the link.
///
/// # Errors
/// The asker may not, or an entry that cannot be taken, as a sentence.
pub fn add_user(store: &Store, by: &By, entry: &UserEntry) -> Result<Invited, AccountError> {
    must_administer(by)?;
    let (by, entry) = (by.clone(), entry.clone());
    store.write(move |tx| add(tx, &by, &entry))
}

/// Adds a person within a transaction; the caller has looked whether the asker may.
pub(super) fn add(tx: &mut Tx<'_>, by: &By, entry: &UserEntry) -> Result<Invited, AccountError> {
    let user = insert(tx, by, entry)?;
    invite(tx, user)
}

/// Adds a person with password and second factor already set: demonstrations, tests, the command line.
///
/// # Errors
/// As [`add_user`], and a password that breaks a rule.
pub fn add_ready_user(
    store: &Store,
    by: &By,
    entry: &UserEntry,
    password: &str,
    totp: Option<&TotpSecret>,
) -> Result<UserId, AccountError> {
    must_administer(by)?;
    let registry = super::registry_name(&mut *store.reading()?)?;
    let asked = if totp.is_some() { SecondFactor::Asked } else { SecondFactor::Not };
    let known = Known { words: vec![entry.login.clone(), entry.name.clone(), entry.mail.clone(), registry] };
    let hash = hash_password(&NewPassword::of(password, asked, &known)?);
    let (by, entry, totp) = (by.clone(), entry.clone(), totp.map(TotpSecret::base32));
    let vault = store.vault().clone();
    store.write(move |tx| {
        let user = insert(tx, &by, &entry)?;
        let totp = totp.map(|secret| vault.seal(&secret, &super::sealed::owner(user.0))).transpose()?;
        tx.conn.run("UPDATE user_ SET password = ?, totp = ? WHERE id = ?", binds![&hash.0, &totp, user.0])?;
        Ok(user)
    })
}

/// Sets a password; the hash was made before.
pub(super) fn keep_password(tx: &mut Tx<'_>, user: UserId, hash: &PasswordHash) -> Result<(), StoreError> {
    tx.conn.run("UPDATE user_ SET password = ?, version = version + 1 WHERE id = ?", binds![&hash.0, user.0])?;
    Ok(())
}

/// Writes a new person; the caller has looked whether the asker may.
pub(super) fn insert(tx: &mut Tx<'_>, by: &By, entry: &UserEntry) -> Result<UserId, AccountError> {
    let login = folded(&entry.login);
    check_login(&login)?;
    check_entry(tx.conn, entry)?;
    if row_by_login(tx.conn, &login)?.is_some() {
        return said("This login is taken. Logins are never given again, so that the audit trail stays clear.");
    }
    let id = tx
        .conn
        .number(
            "INSERT INTO user_ (version, login, name, mail, all_facilities, created_at) VALUES (1, ?, ?, ?, ?, ?) \
             RETURNING id AS n",
            binds![&login, entry.name.trim(), entry.mail.trim(), entry.all_facilities, &stamp(tx.now)],
        )?
        .ok_or(StoreError::NotFound)?;
    let user = UserId(id);
    give(tx, user, entry)?;
    let line = by.line("user", tx.now).note(format!("user {id} added; {}", described(entry)));
    tx.audit(line);
    Ok(user)
}

fn invite(tx: &mut Tx<'_>, user: UserId) -> Result<Invited, AccountError> {
    let hours = link::INVITATION_HOURS;
    let token = link::make(tx, Kind::Invitation, Some(user), Duration::hours(hours))?;
    Ok(Invited { user, token, hours })
}

/// Changes name, mail, roles, facilities. When roles or facilities change, his sessions end.
///
/// # Errors
/// The asker may not, a stale version, an entry that cannot be taken, or that no administrator would be left.
pub fn amend_user(store: &Store, by: &By, id: UserId, seen: i64, entry: &UserEntry) -> Result<(), AccountError> {
    must_administer(by)?;
    let (by, entry) = (by.clone(), entry.clone());
    store.write(move |tx| {
        check_entry(tx.conn, &entry)?;
        let before = user(tx.conn, id)?.ok_or(StoreError::NotFound)?;
        if before.version != seen {
            return Err(AccountError::Stale);
        }
        let reach = |roles: &[Role], facilities: &[FacilityId], all: bool| {
            let mut ids: Vec<i64> = facilities.iter().map(|f| f.0).collect();
            ids.sort_unstable();
            ids.dedup();
            (in_order(roles.iter().copied()), ids, all)
        };
        let changed = reach(&before.roles, &before.facilities, before.all_facilities)
            != reach(&entry.roles, &entry.facilities, entry.all_facilities);
        if before.roles.contains(&Role::Administrator) && !entry.roles.contains(&Role::Administrator) {
            another_administrator(tx.conn, id)?;
        }
        let rows = tx.conn.run(
            "UPDATE user_ SET version = version + 1, name = ?, mail = ?, all_facilities = ? WHERE id = ? AND version = ?",
            binds![entry.name.trim(), entry.mail.trim(), entry.all_facilities, id.0, seen],
        )?;
        if rows == 0 {
            return Err(AccountError::Stale);
        }
        if changed {
            give(tx, id, &entry)?;
            end_all_sessions(tx, id)?;
        }
        let what = if changed { described(&entry) } else { "name or mail".into() };
        let line = by.line("user", tx.now).note(format!("user {} changed; {what}", id.0));
        tx.audit(line);
        Ok(())
    })
}

/// Closes the door to a person at once: sessions, links, break-glass and running exports end.
///
/// # Errors
/// The asker may not, no such person, or that no administrator would be left.
pub fn disable_user(store: &Store, by: &By, id: UserId, why: &str) -> Result<(), AccountError> {
    must_administer(by)?;
    let why = why.trim().to_string();
    if why.is_empty() || why.chars().count() > 500 {
        return said("Say why, in at most 500 characters.");
    }
    let by = by.clone();
    store.write(move |tx| {
        let before = row(tx.conn, id)?.ok_or(StoreError::NotFound)?;
        if before.disabled_at.is_some() {
            return said("This person is disabled already.");
        }
        another_administrator(tx.conn, id)?;
        let now = stamp(tx.now);
        tx.conn.run(
            "UPDATE user_ SET version = version + 1, disabled_at = ?, disabled_why = ? WHERE id = ?",
            binds![&now, &why, id.0],
        )?;
        end_all_sessions(tx, id)?;
        tx.conn.run("DELETE FROM one_time_link WHERE user_id = ?", binds![id.0])?;
        tx.conn.run(
            "UPDATE break_glass SET ended_at = ? WHERE user_id = ? AND ended_at IS NULL AND works_until > ?",
            binds![&now, id.0, &now],
        )?;
        let stopped = jobs::stop_what_leaves(tx, id, "Stopped: the person who asked for it was disabled.")?;
        let line = by.line("user", tx.now).note(format!("user {} disabled; {stopped} jobs stopped", id.0));
        tx.audit(line);
        Ok(())
    })
}

/// Opens the door again. Password and second factor are as they were.
///
/// # Errors
/// The asker may not, or no such person.
pub fn enable_user(store: &Store, by: &By, id: UserId) -> Result<(), AccountError> {
    must_administer(by)?;
    let by = by.clone();
    store.write(move |tx| {
        let rows = tx.conn.run(
            "UPDATE user_ SET version = version + 1, disabled_at = NULL, disabled_why = NULL WHERE id = ?",
            binds![id.0],
        )?;
        if rows == 0 {
            return Err(StoreError::NotFound.into());
        }
        let line = by.line("user", tx.now).note(format!("user {} enabled", id.0));
        tx.audit(line);
        Ok(())
    })
}

/// Takes password, second factor and recovery codes away, opens a shut login, and answers a link to a new password.
///
/// # Errors
/// The asker may not, no such person, or a disabled one.
pub fn reset_user(store: &Store, by: &By, id: UserId) -> Result<Invited, AccountError> {
    must_administer(by)?;
    let by = by.clone();
    store.write(move |tx| {
        let before = row(tx.conn, id)?.ok_or(StoreError::NotFound)?;
        if before.disabled_at.is_some() {
            return said("This person is disabled. Enable him first.");
        }
        tx.conn.run(
            "UPDATE user_ SET version = version + 1, password = NULL, totp = NULL, totp_new = NULL, totp_step = NULL WHERE id = ?",
            binds![id.0],
        )?;
        tx.conn.run("DELETE FROM recovery_code WHERE user_id = ?", binds![id.0])?;
        tx.conn.run("DELETE FROM sign_in_failure WHERE user_id = ?", binds![id.0])?;
        tx.conn.run("DELETE FROM one_time_link WHERE user_id = ?", binds![id.0])?;
        end_all_sessions(tx, id)?;
        let line = by.line("user", tx.now).note(format!("user {} reset", id.0));
        tx.audit(line);
        invite(tx, id)
    })
}

/// Notes that a person's roles and facilities were looked at in the yearly review and may stay.
///
/// # Errors
/// The asker may not, or no such person.
pub fn review_user(store: &Store, by: &By, id: UserId) -> Result<(), AccountError> {
    must(by, May::ReviewUsers)?;
    let by = by.clone();
    store.write(move |tx| {
        let rows = tx.conn.run(
            "UPDATE user_ SET reviewed_at = ?, reviewed_by = ? WHERE id = ?",
            binds![&stamp(tx.now), &by.asker.login, id.0],
        )?;
        if rows == 0 {
            return Err(StoreError::NotFound.into());
        }
        let line = by.line("user", tx.now).note(format!("user {} reviewed", id.0));
        tx.audit(line);
        Ok(())
    })
}

/// Refuses who may not.
pub(super) fn must(by: &By, what: May) -> Result<(), AccountError> {
    match by.asker.may(what) {
        true => Ok(()),
        false => Err(AccountError::NotAllowed(what.text())),
    }
}

fn must_administer(by: &By) -> Result<(), AccountError> {
    must(by, May::AdministerUsers)
}

pub(super) fn end_all_sessions(tx: &mut Tx<'_>, id: UserId) -> Result<(), StoreError> {
    tx.conn.run("DELETE FROM session WHERE user_id = ?", binds![id.0])?;
    Ok(())
}

fn give(tx: &mut Tx<'_>, id: UserId, entry: &UserEntry) -> Result<(), StoreError> {
    tx.conn.run("DELETE FROM user_role WHERE user_id = ?", binds![id.0])?;
    tx.conn.run("DELETE FROM user_facility WHERE user_id = ?", binds![id.0])?;
    for role in in_order(entry.roles.iter().copied()) {
        tx.conn.run("INSERT INTO user_role (user_id, role) VALUES (?, ?)", binds![id.0, role.key()])?;
    }
    let mut facilities = entry.facilities.clone();
    facilities.sort_unstable();
    facilities.dedup();
    for facility in facilities {
        tx.conn.run("INSERT INTO user_facility (user_id, facility_id) VALUES (?, ?)", binds![id.0, facility.0])?;
    }
    Ok(())
}

/// Roles and facilities as an audit note: keys and ids.
fn described(entry: &UserEntry) -> String {
    let roles: Vec<&str> = in_order(entry.roles.iter().copied()).into_iter().map(Role::key).collect();
    let facilities = match entry.all_facilities {
        true => "all".to_string(),
        false => entry.facilities.iter().map(|f| f.0.to_string()).collect::<Vec<_>>().join(" "),
    };
    format!("roles {}; facilities {facilities}", roles.join(" "))
}

/// Refuses to take the last administrator who may sign in.
fn another_administrator(conn: &mut Conn, but: UserId) -> Result<(), AccountError> {
    let administrators = "SELECT count(*) AS n FROM user_ u JOIN user_role r ON r.user_id = u.id \
                          WHERE r.role = 'administrator' AND u.disabled_at IS NULL AND u.id <> ?";
    let is_one =
        conn.number("SELECT count(*) AS n FROM user_role WHERE role = 'administrator' AND user_id = ?", binds![but.0])?;
    if is_one.unwrap_or(0) > 0 && conn.number(administrators, binds![but.0])?.unwrap_or(0) == 0 {
        return said("This is the last administrator. Make another one first.");
    }
    Ok(())
}

fn said<T>(sentence: &str) -> Result<T, AccountError> {
    Err(AccountError::Said(sentence.into()))
}

fn check_login(login: &str) -> Result<(), AccountError> {
    let fits = login.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-@".contains(c));
    if !fits || !(2..=60).contains(&login.len()) {
        return said("A login has 2 to 60 letters a-z, digits, or . _ - @");
    }
    if ["system", "nobody"].contains(&login) {
        return said("This login stands for the program itself in the audit trail. Take another.");
    }
    Ok(())
}

fn check_entry(conn: &mut Conn, entry: &UserEntry) -> Result<(), AccountError> {
    let name = entry.name.trim();
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        return said("A person has a name of at most 100 characters.");
    }
    let mail = entry.mail.trim();
    let good = mail.is_empty() || mail.parse::<lettre::Address>().is_ok();
    if !good || mail.len() > 200 {
        return said("This is not a mail address.");
    }
    for facility in &entry.facilities {
        if crate::registry::store::facility::facility(conn, *facility)?.is_none() {
            return said("One of the facilities is not in the list.");
        }
    }
    Ok(())
}

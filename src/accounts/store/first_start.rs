//! First start: one page answers what kind of registry this is, and makes its first administrator.
//!
//! A registry without a user has a link to that page, printed where the server was started; each start makes a new one.
//! There is no password that comes with the program. `accession init` does the same without the page.

use super::link;
use super::session::{self, NewSession};
use super::user::{self, Invited, UserEntry};
use super::{at_the_door, lifetimes, registry_name, second_factor_required};
use crate::accounts::AccountError;
use crate::accounts::passwords::{Known, NewPassword, PasswordHash, SecondFactor, hash_password};
use crate::accounts::session::{Stage, Token};
use crate::asker::{FacilityId, Role};
use crate::binds;
use crate::registry::clock::stamp;
use crate::registry::store::facility::{self, FacilityEntry};
use crate::registry::store::{By, Conn, Store, StoreError, Tx, settings};

/// The answers of the set-up.
#[derive(Debug, Clone, Default)]
pub struct Founding {
    /// Settings by name (`registry.kind`, `registry.name`, …); those left out keep their defaults.
    pub settings: Vec<(String, String)>,
    /// The home facility, where one is named.
    pub home: Option<FacilityEntry>,
    /// The first administrator, where one is named: login, name, mail. Empty roles stand for the usual ones.
    pub administrator: Option<UserEntry>,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Founded {
    /// The home facility.
    pub home: Option<FacilityId>,
    /// The first administrator and the link to his password.
    pub administrator: Option<Invited>,
}

/// Makes a link to the set-up while nobody can sign in; earlier ones stop working. `None` once there is a user.
pub fn set_up_link(store: &Store) -> Result<Option<Token>, StoreError> {
    store.write(|tx| {
        if has_users(tx.conn)? {
            return Ok(None);
        }
        let token = link::make_set_up(tx)?;
        tx.audit(By::system("accession serve").line("set-up", tx.now).note("link made"));
        Ok(Some(token))
    })
}

/// Whether the set-up page opens for this token.
pub fn set_up_link_works(store: &Store, token: &Token) -> Result<bool, StoreError> {
    let now = store.clock().now();
    let conn = &mut *store.reading()?;
    Ok(!has_users(conn)? && link::set_up_is_open(conn, token, now)?)
}

/// Sets the registry up by its page and signs its first administrator in.
///
/// # Errors
/// [`AccountError::LinkSpent`], a setting or entry that cannot be taken, or a password that breaks a rule. Nothing is
/// kept then, and the link still works.
pub fn set_up_by_link(
    store: &Store,
    token: &Token,
    founding: &Founding,
    password: &str,
    address: &str,
    route: &str,
) -> Result<NewSession, AccountError> {
    let entry = founding.administrator.clone().ok_or_else(|| said("Name the first administrator."))?;
    if !set_up_link_works(store, token)? {
        return Err(AccountError::LinkSpent);
    }
    let named = founding.settings.iter().find(|(name, _)| name == "registry.name").map(|(_, value)| value.clone());
    let named = named.or(Some(registry_name(&mut *store.reading()?)?));
    let words = [Some(entry.login.clone()), Some(entry.name.clone()), Some(entry.mail.clone()), named];
    let known = Known { words: words.into_iter().flatten().collect() };
    let turned_off = founding.settings.iter().any(|(n, v)| n == "sign_in.second_factor" && v == "no");
    let asked = if turned_off { SecondFactor::Not } else { SecondFactor::Asked };
    let hash: PasswordHash = hash_password(&NewPassword::of(password, asked, &known)?);
    let (token, mut founding) = (token.clone(), founding.clone());
    founding.administrator = None;
    let (address, route) = (address.to_string(), route.to_string());
    store.write(move |tx| {
        if has_users(tx.conn)? {
            return Err(AccountError::LinkSpent);
        }
        link::use_set_up(tx, &token)?;
        let mut by = at_the_door(None, &address, &route);
        by.asker.login = user::folded(&entry.login);
        write_answers(tx, &by, &founding)?;
        let entry = with_usual_roles(tx.conn, entry)?;
        let id = user::insert(tx, &by, &entry)?;
        user::keep_password(tx, id, &hash)?;
        by.asker.user = Some(id);
        let stage = match second_factor_required(tx.conn, &entry.roles)? {
            true => Stage::Enrol,
            false => Stage::Full,
        };
        tx.conn.run("UPDATE user_ SET last_sign_in = ? WHERE id = ?", binds![&stamp(tx.now), id.0])?;
        tx.audit(by.line("set-up", tx.now));
        tx.audit(by.line("sign-in", tx.now).note("by set-up"));
        let lives = lifetimes(tx.conn)?;
        Ok(session::begin(tx, id, stage, &address, lives)?)
    })
}

/// Sets a new registry up without the page (`accession init`).
///
/// # Errors
/// A setting or entry that cannot be taken, or an administrator where there are users; nothing is kept then.
pub fn found_registry(store: &Store, by: &By, founding: &Founding) -> Result<Founded, AccountError> {
    let (by, founding) = (by.clone(), founding.clone());
    store.write(move |tx| {
        let home = write_answers(tx, &by, &founding)?;
        let administrator = match founding.administrator {
            Some(_) if has_users(tx.conn)? => {
                return Err(said("There are users already. Add others with `accession user add`."));
            }
            Some(entry) => {
                let entry = with_usual_roles(tx.conn, entry)?;
                Some(user::add(tx, &by, &entry)?)
            }
            None => None,
        };
        tx.audit(by.line("set-up", tx.now));
        Ok(Founded { home, administrator })
    })
}

fn write_answers(tx: &mut Tx<'_>, by: &By, founding: &Founding) -> Result<Option<FacilityId>, AccountError> {
    for (name, value) in &founding.settings {
        settings::set(tx, by, name, value, "set-up")?;
    }
    let Some(home) = &founding.home else { return Ok(None) };
    // A registry made by command may have its home facility already when the page is filled in.
    let id = match facility::facility_by_number(tx.conn, &home.number)? {
        Some(known) => known.facility_id(),
        None => facility::add(tx, by, home, true)?,
    };
    settings::set(tx, by, "registry.home_facility", &facility::padded(&home.number), "set-up")?;
    Ok(Some(id))
}

/// The first administrator also runs the registry and is its privacy officer, until he gives that to others.
fn with_usual_roles(conn: &mut Conn, mut entry: UserEntry) -> Result<UserEntry, StoreError> {
    if entry.roles.is_empty() {
        let runs = match settings::setting(conn, "registry.kind")?.as_str() {
            "central" => Role::CentralEditor,
            _ => Role::RegistryManager,
        };
        entry.roles = vec![Role::Administrator, runs, Role::PrivacyOfficer];
        entry.all_facilities = true;
    }
    if !entry.roles.contains(&Role::Administrator) {
        entry.roles.push(Role::Administrator);
    }
    Ok(entry)
}

fn has_users(conn: &mut Conn) -> Result<bool, StoreError> {
    Ok(conn.number("SELECT count(*) AS n FROM user_", &[])?.unwrap_or(0) > 0)
}

fn said(sentence: &str) -> AccountError {
    AccountError::Said(sentence.into())
}

//! What the database keeps of users: the only place that names their tables.
//!
//! Every function here is one sentence and writes its own audit line in the transaction of what it does; a refusal
//! leaves a line too. Functions that hash a password do so outside the writer's transaction. The time is that of the
//! store's clock, which tests move.

mod break_glass;
mod first_start;
mod link;
mod sealed;
mod second_factor;
mod session;
mod sign_in;
mod user;

use chrono::{DateTime, Utc};
use diesel::sql_types::Text;

pub use break_glass::{Grant, break_glass, end_break_glass, grants, judge_grant};
pub use first_start::{Founded, Founding, found_registry, set_up_by_link, set_up_link, set_up_link_works};
pub use link::{Link, link_of, mail_reset_link, set_password_by_link};
pub use sealed::{Sealing, change_key, lose_key, seal_second_factors, second_factors_lack};
pub use second_factor::{
    Enrolment, begin_second_factor, confirm_second_factor, new_recovery_codes, remove_second_factor,
};
pub use session::{
    OpenSession, SignedIn, change_password, end_session, end_sessions_but, give_password_again, session_of,
    session_seen, sessions_of, sign_out,
};
pub use sign_in::{Attempt, NewSession, second_step, sign_in};
pub use user::{
    Invited, User, UserEntry, add_ready_user, add_user, amend_user, asker_of, disable_user, enable_user, is_active,
    reset_user, review_user, user, user_by_login, users, users_to_review,
};

use super::session::Lifetimes;
use crate::asker::{Asker, Own, Role, Scope, UserId};
use crate::registry::store::settings::{InForce, in_force, setting, setting_is_yes};
use crate::registry::store::{By, Conn, StoreError};

/// A stored time; one that cannot be read is long ago, so that nothing stays open by it.
fn moment(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).map(|t| t.to_utc()).unwrap_or(DateTime::UNIX_EPOCH)
}

/// Who stands on the audit lines of somebody who is not signed in yet. Never handed to anything that asks for rights.
fn at_the_door(user: Option<(UserId, &str)>, address: &str, route: &str) -> By {
    let (id, login) = match user {
        Some((id, login)) => (Some(id), login),
        None => (None, "nobody"),
    };
    let asker = Asker {
        user: id,
        login: login.into(),
        roles: vec![],
        scope: Scope::Facilities(vec![]),
        own: Own::NotOnly,
        break_glass: None,
    };
    By { asker, address: address.into(), route: route.into() }
}

/// How long sessions last by the settings.
fn lifetimes(conn: &mut Conn) -> Result<Lifetimes, StoreError> {
    lifetimes_of(&in_force(conn)?)
}

fn lifetimes_of(settings: &InForce) -> Result<Lifetimes, StoreError> {
    Ok(Lifetimes {
        idle: chrono::Duration::minutes(settings.number("session.idle_minutes")?),
        whole: chrono::Duration::hours(settings.number("session.whole_hours")?),
    })
}

/// Whether these roles must sign in with a second factor.
fn second_factor_required(conn: &mut Conn, roles: &[Role]) -> Result<bool, StoreError> {
    Ok(roles.iter().any(|role| role.sees_names()) && setting_is_yes(conn, "sign_in.second_factor")?)
}

/// The registry's name, for the picture of the second factor and the list of guessed passwords.
fn registry_name(conn: &mut Conn) -> Result<String, StoreError> {
    Ok(match setting(conn, "registry.name")? {
        name if name.is_empty() => "Cancer registry".into(),
        name => name,
    })
}

#[derive(diesel::QueryableByName)]
struct OneText {
    #[diesel(sql_type = Text)]
    t: String,
}

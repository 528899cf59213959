//! The yearly review: everybody who may sign in, longest absent first, each to be looked at and confirmed.

use serde::Serialize;

use super::users::{facility_names, role_names};
use crate::accounts::store::{review_user, users_to_review};
use crate::asker::{May, UserId};
use crate::registry::store::facility::facilities;
use crate::web::frame::{Sheet, may};
use crate::web::{Ask, Refused, Reply, show};

#[derive(Serialize)]
struct Review {
    rows: Vec<Row>,
    may_change: bool,
}

#[derive(Serialize)]
struct Row {
    id: i64,
    name: String,
    login: String,
    roles: String,
    facilities: String,
    last: String,
    reviewed: String,
    by: String,
    due: bool,
}

/// The list.
pub fn show(ask: &Ask) -> Result<Reply, Refused> {
    let front = ask.app.front()?;
    let conn = &mut *ask.reading()?;
    let (people, places) = (users_to_review(conn)?, facilities(conn)?);
    let a_year_ago = crate::registry::clock::stamp(ask.now() - chrono::Duration::days(365));
    let near =
        |at: &Option<String>| at.as_deref().map(|at| show::time_near(at, ask.now(), front.zone)).unwrap_or_default();
    let data = Review {
        rows: people
            .iter()
            .map(|u| Row {
                id: u.id,
                name: u.name.clone(),
                login: u.login.clone(),
                roles: role_names(&u.roles),
                facilities: facility_names(u, &places),
                last: near(&u.last_sign_in),
                reviewed: near(&u.reviewed_at),
                by: u.reviewed_by.clone().unwrap_or_default(),
                due: u.reviewed_at.as_deref().unwrap_or(&u.created_at) < a_year_ago.as_str(),
            })
            .collect(),
        may_change: may(ask, May::AdministerUsers),
    };
    ask.page("pages/users-review", &Sheet::of("Yearly review of users", "/admin/users/review"), &data)
}

/// This person's roles and facilities may stay.
pub fn reviewed(ask: &Ask) -> Result<Reply, Refused> {
    review_user(ask.store(), ask.by()?, UserId(ask.id("u")?))?;
    Ok(Reply::see("/admin/users/review"))
}

//! Administration of people: the list, one person beside it, adding, changing, closing and opening the door.

use chrono::Duration;
use serde::Serialize;

use crate::accounts::AccountError;
use crate::accounts::store::{
    Invited, User, UserEntry, add_user, amend_user, disable_user, enable_user, reset_user, user, users,
};
use crate::asker::{FacilityId, May, Reach, Role, UserId};
use crate::registry::store::facility::{Facility, facilities};
use crate::web::form::{Errors, Field};
use crate::web::frame::Sheet;
use crate::web::templates::Chip;
use crate::web::{Ask, Fields, Refused, Reply, show};

#[derive(Serialize)]
struct Page {
    lists: Vec<List>,
    rows: Vec<Row>,
    may_sign_in: i64,
    all: i64,
    chosen: Option<Chosen>,
    roles: Vec<RoleRow>,
    second_factor: bool,
    idle_minutes: i64,
}

#[derive(Serialize)]
struct List {
    key: &'static str,
    text: &'static str,
    count: i64,
    current: bool,
}

#[derive(Serialize)]
struct Row {
    id: i64,
    name: String,
    login: String,
    roles: String,
    facilities: String,
    last: String,
    has_second_factor: bool,
    state: Option<Chip>,
    current: bool,
}

#[derive(Serialize)]
struct Chosen {
    id: i64,
    name: String,
    login: String,
    mail: String,
    roles: String,
    facilities: String,
    may: Vec<&'static str>,
    created: String,
    reviewed: String,
    disabled: bool,
    disabled_why: String,
    state: Option<Chip>,
}

#[derive(Serialize)]
struct RoleRow {
    text: &'static str,
    people: i64,
    sees_names: bool,
    purpose: &'static str,
}

/// The saved lists: key, name, which people.
type Picks = fn(&User, &str) -> bool;
const LISTS: &[(&str, &str, Picks)] = &[
    ("all", "All", |_, _| true),
    ("invited", "Invited", |u, _| u.disabled_at.is_none() && !u.has_password),
    ("no-factor", "No second factor", |u, _| u.disabled_at.is_none() && u.has_password && !u.has_second_factor),
    ("not-seen", "Not seen 90 days", |u, since| u.disabled_at.is_none() && not_seen(u, since)),
    ("left", "Left", |u, _| u.disabled_at.is_some()),
];

fn not_seen(user: &User, since: &str) -> bool {
    user.last_sign_in.as_deref().unwrap_or(&user.created_at) < since
}

/// The list, with one person beside it.
pub fn show(ask: &Ask) -> Result<Reply, Refused> {
    let front = ask.app.front()?;
    let conn = &mut *ask.reading()?;
    let (people, places) = (users(conn)?, facilities(conn)?);
    let since = crate::registry::clock::stamp(ask.now() - Duration::days(90));
    let wanted = ask.query.get("list");
    let (key, picks) = LISTS.iter().find(|(key, ..)| *key == wanted).map_or(("all", LISTS[0].2), |l| (l.0, l.2));
    let chosen = ask.query.trimmed("user").parse::<i64>().ok();
    let state = |user: &User| state_of(user, &since);
    let data = Page {
        lists: LISTS
            .iter()
            .map(|(k, text, picks)| List {
                key: k,
                text,
                count: count(people.iter().filter(|u| picks(u, &since))),
                current: *k == key,
            })
            .collect(),
        rows: people
            .iter()
            .filter(|u| picks(u, &since))
            .map(|u| Row {
                id: u.id,
                name: u.name.clone(),
                login: u.login.clone(),
                roles: role_names(&u.roles),
                facilities: facility_names(u, &places),
                last: u
                    .last_sign_in
                    .as_deref()
                    .map(|at| show::time_near(at, ask.now(), front.zone))
                    .unwrap_or_default(),
                has_second_factor: u.has_second_factor,
                state: state(u),
                current: Some(u.id) == chosen,
            })
            .collect(),
        may_sign_in: count(people.iter().filter(|u| u.disabled_at.is_none() && u.has_password)),
        all: count(people.iter()),
        chosen: people.iter().find(|u| Some(u.id) == chosen).map(|u| Chosen {
            id: u.id,
            name: u.name.clone(),
            login: u.login.clone(),
            mail: u.mail.clone(),
            roles: role_names(&u.roles),
            facilities: facility_names(u, &places),
            may: may_words(&u.roles),
            created: show::time(&u.created_at, front.zone),
            reviewed: u.reviewed_at.as_deref().map(|at| show::time(at, front.zone)).unwrap_or_default(),
            disabled: u.disabled_at.is_some(),
            disabled_why: u.disabled_why.clone().unwrap_or_default(),
            state: state(u),
        }),
        roles: Role::ALL
            .into_iter()
            .map(|role| RoleRow {
                text: role.text(),
                people: count(people.iter().filter(|u| u.disabled_at.is_none() && u.roles.contains(&role))),
                sees_names: role.sees_names(),
                purpose: role.purpose(),
            })
            .collect(),
        second_factor: crate::registry::store::settings::setting_is_yes(conn, "sign_in.second_factor")?,
        idle_minutes: front.idle_minutes,
    };
    ask.page("pages/users", &Sheet::of("Users", "/admin/users"), &data)
}

fn count<'a>(people: impl Iterator<Item = &'a User>) -> i64 {
    i64::try_from(people.count()).unwrap_or(i64::MAX)
}

fn state_of(user: &User, since: &str) -> Option<Chip> {
    if user.disabled_at.is_some() {
        return Some(Chip::new("", "none", "Left"));
    }
    if !user.has_password {
        return Some(Chip::new("warn", "mail", "Invited"));
    }
    not_seen(user, since).then(|| Chip::new("warn", "clock", "Not seen 90 days"))
}

pub(super) fn role_names(roles: &[Role]) -> String {
    match roles {
        [] => "None".to_string(),
        roles => roles.iter().map(|role| role.text()).collect::<Vec<_>>().join(", "),
    }
}

pub(super) fn facility_names(user: &User, all: &[Facility]) -> String {
    if user.all_facilities {
        return "All".into();
    }
    let names: Vec<&str> =
        all.iter().filter(|f| user.facilities.contains(&f.facility_id())).map(|f| f.name.as_str()).collect();
    if names.is_empty() { "None".into() } else { names.join(", ") }
}

fn may_words(roles: &[Role]) -> Vec<&'static str> {
    let any = |may: &May| roles.iter().any(|role| may.reach_of(*role) != Reach::No);
    May::ALL.iter().filter(|may| **may != May::OwnAccount && any(may)).map(|may| may.text()).collect()
}

/// The list as CSV, for the yearly review on paper.
pub fn csv(ask: &Ask) -> Result<Reply, Refused> {
    let conn = &mut *ask.reading()?;
    let (people, places) = (users(conn)?, facilities(conn)?);
    let mut table = show::Csv::new(&[
        "login",
        "name",
        "mail",
        "roles",
        "facilities",
        "second factor",
        "last sign-in",
        "disabled",
        "reviewed",
    ]);
    for u in &people {
        table.row(&[
            &u.login,
            &u.name,
            &u.mail,
            &role_names(&u.roles),
            &facility_names(u, &places),
            if u.has_second_factor { "yes" } else { "no" },
            u.last_sign_in.as_deref().unwrap_or_default(),
            u.disabled_at.as_deref().unwrap_or_default(),
            u.reviewed_at.as_deref().unwrap_or_default(),
        ]);
    }
    Ok(Reply::download("users.csv", "text/csv; charset=utf-8", table.bytes()))
}

#[derive(Serialize)]
struct Form {
    id: Option<i64>,
    version: i64,
    title: String,
    action: String,
    errors: Errors,
    fields: Vec<Field>,
    roles: Vec<RoleBox>,
    all_facilities: bool,
    facilities: Vec<FacilityBox>,
}

#[derive(Serialize)]
struct RoleBox {
    key: &'static str,
    text: &'static str,
    purpose: &'static str,
    ticked: bool,
}

#[derive(Serialize)]
struct FacilityBox {
    id: i64,
    text: String,
    ticked: bool,
}

fn form(ask: &Ask, of: Option<&User>, entry: &UserEntry, errors: &Errors) -> Result<Reply, Refused> {
    let places = facilities(&mut *ask.reading()?)?;
    let mut fields = vec![
        Field::text("name", "Name", &entry.name).needed().width("w2"),
        Field::text("mail", "Mail", &entry.mail)
            .kind("email")
            .width("w2")
            .hint("For the link to a new password; may be empty"),
    ];
    if of.is_none() {
        fields.insert(
            1,
            Field::text("login", "User name", &entry.login)
                .needed()
                .width("w2")
                .hint("Never changed and never used again"),
        );
    }
    errors.put_beside(&mut fields);
    let data = Form {
        id: of.map(|u| u.id),
        version: of.map_or(0, |u| u.version),
        title: of.map_or_else(|| "Add a user".to_string(), |u| u.name.clone()),
        action: of.map_or_else(|| "/admin/users/new".to_string(), |u| format!("/admin/users/{}", u.id)),
        errors: errors.clone(),
        fields,
        roles: Role::ALL
            .into_iter()
            .map(|role| RoleBox {
                key: role.key(),
                text: role.text(),
                purpose: role.purpose(),
                ticked: entry.roles.contains(&role),
            })
            .collect(),
        all_facilities: entry.all_facilities,
        facilities: places
            .iter()
            .filter(|f| f.retired == 0 || entry.facilities.contains(&f.facility_id()))
            .map(|f| FacilityBox {
                id: f.id,
                text: format!("{} {}", f.number, f.name),
                ticked: entry.facilities.contains(&f.facility_id()),
            })
            .collect(),
    };
    let title = if of.is_some() { "Change a user" } else { "Add a user" };
    ask.page("pages/user-form", &Sheet::of(title, "/admin/users").refused_if(!errors.is_empty()), &data)
}

fn entry_of(form: &Fields, login: &str) -> UserEntry {
    UserEntry {
        login: login.to_string(),
        name: form.trimmed("name").to_string(),
        mail: form.trimmed("mail").to_string(),
        roles: form.all("role").filter_map(Role::of_key).collect(),
        facilities: form.all("facility").filter_map(|id| id.parse().ok()).map(FacilityId).collect(),
        all_facilities: form.has("all_facilities"),
    }
}

/// The form for a new person.
pub fn new(ask: &Ask) -> Result<Reply, Refused> {
    form(ask, None, &UserEntry { all_facilities: true, ..UserEntry::default() }, &Errors::default())
}

/// Adds a person and shows the link by which he sets his password.
pub fn add(ask: &Ask) -> Result<Reply, Refused> {
    let entry = entry_of(&ask.form, ask.form.trimmed("login"));
    match add_user(ask.store(), ask.by()?, &entry) {
        Ok(invited) => link_page(ask, &invited, &entry.name, true),
        Err(error) => again(ask, None, &entry, error),
    }
}

fn again(ask: &Ask, of: Option<&User>, entry: &UserEntry, error: AccountError) -> Result<Reply, Refused> {
    match Refused::from(error) {
        Refused::Because(sentence) => form(ask, of, entry, &Errors::one(sentence)),
        other => Err(other),
    }
}

fn found(ask: &Ask) -> Result<User, Refused> {
    user(&mut *ask.reading()?, UserId(ask.id("u")?))?.ok_or(Refused::NotFound)
}

/// The form for one person.
pub fn edit(ask: &Ask) -> Result<Reply, Refused> {
    let person = found(ask)?;
    let entry = UserEntry {
        login: person.login.clone(),
        name: person.name.clone(),
        mail: person.mail.clone(),
        roles: person.roles.clone(),
        facilities: person.facilities.clone(),
        all_facilities: person.all_facilities,
    };
    form(ask, Some(&person), &entry, &Errors::default())
}

/// Changes name, mail, roles, facilities.
pub fn amend(ask: &Ask) -> Result<Reply, Refused> {
    let person = found(ask)?;
    let entry = entry_of(&ask.form, &person.login);
    match amend_user(ask.store(), ask.by()?, UserId(person.id), ask.number("version")?, &entry) {
        Ok(()) => Ok(Reply::see(format!("/admin/users?user={}", person.id))),
        Err(error) => again(ask, Some(&person), &entry, error),
    }
}

/// Closes the door to a person.
pub fn disable(ask: &Ask) -> Result<Reply, Refused> {
    let person = found(ask)?;
    disable_user(ask.store(), ask.by()?, UserId(person.id), ask.form.trimmed("why"))?;
    Ok(Reply::see(format!("/admin/users?user={}", person.id)))
}

/// Opens it again.
pub fn enable(ask: &Ask) -> Result<Reply, Refused> {
    let person = found(ask)?;
    enable_user(ask.store(), ask.by()?, UserId(person.id))?;
    Ok(Reply::see(format!("/admin/users?user={}", person.id)))
}

/// Takes password and second factor away and shows a link to new ones.
pub fn reset(ask: &Ask) -> Result<Reply, Refused> {
    let person = found(ask)?;
    let invited = reset_user(ask.store(), ask.by()?, UserId(person.id))?;
    link_page(ask, &invited, &person.name, false)
}

/// The link, shown once: it is in no address and in no log.
fn link_page(ask: &Ask, invited: &Invited, name: &str, is_new: bool) -> Result<Reply, Refused> {
    #[derive(Serialize)]
    struct Shown<'a> {
        name: &'a str,
        link: String,
        hours: i64,
        is_new: bool,
        user: i64,
    }
    let data = Shown {
        name,
        link: format!("{}/password/{}", ask.app.own_url(), invited.token.text()),
        hours: invited.hours,
        is_new,
        user: invited.user.0,
    };
    ask.page("pages/user-link", &Sheet::of("A link to a password", "/admin/users"), &data)
}

//! The frame round every page: top bar with the areas one may open, go-to box, person's menu, site map.

use serde::Serialize;

use super::Ask;
use super::app::Front;
use super::cookie::Look;
use super::route::{Method, Who};
use super::{ROUTES, show};
use crate::accounts::Stage;
use crate::accounts::store::SignedIn;
use crate::asker::{May, Scope};

/// An area of the top bar.
struct Area {
    text: &'static str,
    path: &'static str,
}

const AREAS: &[Area] = &[
    Area { text: "My work", path: "/" },
    Area { text: "Casefinding", path: "/suspense" },
    Area { text: "Patients", path: "/patients" },
    Area { text: "Follow-up", path: "/follow-up" },
    Area { text: "Quality", path: "/quality" },
    Area { text: "Intake", path: "/intake" },
    Area { text: "Submissions", path: "/submissions" },
    Area { text: "Research", path: "/research" },
    Area { text: "Reports", path: "/reports" },
];

/// Pages that are not areas: path and name, for the person's menu, the site map and the go-to box.
const PLACES: &[Area] = &[
    Area { text: "Waiting", path: "/waiting" },
    Area { text: "Received from facilities", path: "/received" },
    Area { text: "Look at a file", path: "/look" },
    Area { text: "Edits", path: "/edits" },
    Area { text: "Library of edits", path: "/edits/library" },
    Area { text: "Codes", path: "/codes" },
    Area { text: "Schemas", path: "/schemas" },
    Area { text: "Jobs", path: "/jobs" },
    Area { text: "Reconciliation", path: "/reconcile" },
    Area { text: "Users", path: "/admin/users" },
    Area { text: "Yearly review of users", path: "/admin/users/review" },
    Area { text: "Facilities", path: "/admin/facilities" },
    Area { text: "State of the server", path: "/admin/system" },
    Area { text: "Settings", path: "/admin/settings" },
    Area { text: "Standards", path: "/admin/standards" },
    Area { text: "Audit", path: "/admin/audit" },
    Area { text: "Break-glass", path: "/admin/break-glass" },
    Area { text: "System", path: "/admin/system" },
    Area { text: "My account", path: "/account" },
    Area { text: "Emergency access", path: "/break-glass" },
    Area { text: "Help and keys", path: "/help" },
];

/// A link with its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Link {
    /// Where to.
    pub href: &'static str,
    /// Its name.
    pub text: &'static str,
    /// It is where one is.
    pub current: bool,
}

/// Who is signed in, for the corner of the bar.
#[derive(Debug, Clone, Serialize)]
pub struct Person {
    name: String,
    initials: String,
    roles: String,
    facilities: String,
}

/// What the layout needs besides the page itself.
#[derive(Debug, Clone, Serialize)]
pub struct Frame {
    title: String,
    look: Look,
    csrf: String,
    registry: String,
    areas: Vec<Link>,
    administration: Vec<Link>,
    map: Vec<Link>,
    person: Option<Person>,
    glass: Option<String>,
    ends_in: i64,
    user: i64,
    bare: bool,
    script: Option<&'static str>,
}

/// What a page says of itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sheet<'a> {
    /// Its title, without the program's name.
    pub title: &'a str,
    /// The path of the area it belongs to.
    pub area: &'a str,
    /// The file of its script besides those of every page.
    pub script: Option<&'static str>,
    /// Without bar and menus: the door.
    pub bare: bool,
    /// It is shown again because something was wrong.
    pub has_errors: bool,
}

impl<'a> Sheet<'a> {
    /// A page of an area.
    pub fn of(title: &'a str, area: &'a str) -> Sheet<'a> {
        Sheet { title, area, ..Sheet::default() }
    }

    /// With a script of its own.
    pub fn with_script(mut self, file: &'static str) -> Sheet<'a> {
        self.script = Some(file);
        self
    }

    /// Shown again with what was wrong.
    pub fn refused_if(mut self, wrong: bool) -> Sheet<'a> {
        self.has_errors = wrong;
        self
    }
}

impl Frame {
    /// The frame of a page.
    pub fn of(ask: &Ask, front: &Front, sheet: &Sheet<'_>) -> Frame {
        let full = ask.who().ok().filter(|who| who.stage == Stage::Full);
        let links = |places: &'static [Area]| -> Vec<Link> {
            let Some(who) = full else { return vec![] };
            let current = |path: &str| path == sheet.area;
            places
                .iter()
                .filter(|place| may_open(who, place.path))
                .map(|place| Link { href: place.path, text: place.text, current: current(place.path) })
                .collect()
        };
        let error = if sheet.has_errors { "Error: " } else { "" };
        let areas = links(AREAS);
        let places = links(PLACES);
        Frame {
            title: format!("{error}{} - Accession", sheet.title),
            look: ask.look,
            csrf: ask.csrf(),
            registry: front.registry.clone(),
            administration: places.iter().filter(|link| link.href.starts_with("/admin/")).cloned().collect(),
            map: areas.iter().chain(&places).cloned().collect(),
            areas,
            person: full.map(|who| person(who, front)),
            glass: full.and_then(|who| who.break_glass).map(|(number, until)| {
                let until = until.with_timezone(&front.zone).format("%H:%M");
                format!("Emergency access {number} is open until {until}. Every record you open is marked.")
            }),
            user: full.map_or(0, |who| who.user.0),
            ends_in: full.map_or(0, |who| (who.ends - ask.now()).num_seconds()),
            bare: sheet.bare,
            script: sheet.script,
        }
    }
}

fn person(who: &SignedIn, front: &Front) -> Person {
    let roles: Vec<&str> = who.roles.iter().map(|role| role.text()).collect();
    Person {
        name: who.name.clone(),
        initials: show::initials(&who.name),
        roles: roles.join(", "),
        facilities: match &who.scope {
            Scope::Registry => "All facilities".to_string(),
            Scope::Facilities(ids) => match ids.as_slice() {
                [] => "No facility".to_string(),
                [one] => front.facility(*one).to_string(),
                several => show::counted(i64::try_from(several.len()).unwrap_or(i64::MAX), "facility", "facilities"),
            },
        },
    }
}

/// Whether a page exists and this person may open it.
pub fn may_open(who: &SignedIn, path: &str) -> bool {
    ROUTES.iter().filter(|route| route.method == Method::Get && route.path == path).any(|route| match route.who {
        Who::May(may) => who.may(may),
        _ => true,
    })
}

/// The pages a person may open, for the site map and the go-to box.
pub fn pages_for(who: &SignedIn) -> Vec<Link> {
    AREAS
        .iter()
        .chain(PLACES)
        .filter(|place| may_open(who, place.path))
        .map(|place| Link { href: place.path, text: place.text, current: false })
        .collect()
}

/// Whether the person may do something, for buttons.
pub fn may(ask: &Ask, what: May) -> bool {
    ask.who().is_ok_and(|who| who.may(what))
}

//! What a row of the route table holds.

use serde::Serialize;

use super::{Ask, Refused, Reply};
use crate::accounts::Stage;
use crate::asker::{May, Reach, Role};

/// The two methods in use: one looks, one changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Looks; changes nothing.
    Get,
    /// Changes, searches or signs in; needs the form token.
    Post,
}

impl Method {
    /// As HTTP writes it.
    pub fn text(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
        }
    }
}

/// Who is let through to the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Nobody is looked for: health and static files.
    NotAsked,
    /// Also without a sign-in.
    Anyone,
    /// Whose sign-in has come to this stage, or is full.
    AtStage(Stage),
    /// Everybody signed in.
    SignedIn,
    /// Whose roles allow this.
    May(May),
}

/// How far the records on the screen reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scoping {
    /// No records of patients or facilities.
    None,
    /// What is one's own.
    Own,
    /// Records of the asker's facilities.
    Facility,
    /// What belongs to the whole registry.
    Registry,
}

/// What the audit chain gets of it, besides the line of a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Audit {
    /// Nothing: no patient is on it and nothing is changed.
    None,
    /// A line for the view, written before the answer leaves.
    View,
    /// A line for the search, with its fields, and its terms beside the chain.
    Search,
    /// The line of the change, written in its transaction by the store.
    Change,
    /// The line of what was taken out, written by the store.
    Export,
    /// The lines of signing in and out, written by the accounts.
    SignIn,
}

/// What a request may carry in its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// No body.
    Nothing,
    /// The fields of a form, or a flat JSON object, up to [`super::fields::LARGEST_FORM`].
    Form,
    /// A form with a file, streamed to disk.
    Upload,
}

/// The function that answers.
pub type Handler = fn(&Ask) -> Result<Reply, Refused>;

/// One route.
#[derive(Clone, Copy)]
pub struct Route {
    /// Method.
    pub method: Method,
    /// Path with `{name}` for its variable parts.
    pub path: &'static str,
    /// Who is let through.
    pub who: Who,
    /// How far it reaches.
    pub scope: Scoping,
    /// What the audit chain gets.
    pub audit: Audit,
    /// What its body may be.
    pub takes: Takes,
    /// Does not count as use of the session: the page asks by itself.
    pub in_background: bool,
    /// Answers it.
    pub handler: Handler,
}

/// A page to look at.
pub const fn get(path: &'static str, who: Who, scope: Scoping, audit: Audit, handler: Handler) -> Route {
    Route { method: Method::Get, path, who, scope, audit, takes: Takes::Nothing, in_background: false, handler }
}

/// A form that is sent.
pub const fn post(path: &'static str, who: Who, scope: Scoping, audit: Audit, handler: Handler) -> Route {
    Route { method: Method::Post, path, who, scope, audit, takes: Takes::Form, in_background: false, handler }
}

/// A form with a file.
pub const fn upload(path: &'static str, who: Who, scope: Scoping, audit: Audit, handler: Handler) -> Route {
    Route { method: Method::Post, path, who, scope, audit, takes: Takes::Upload, in_background: false, handler }
}

impl Route {
    /// A route that a page asks by itself: it does not keep a session alive.
    pub const fn in_background(mut self) -> Route {
        self.in_background = true;
        self
    }

    /// The route as audit and log lines name it.
    pub fn name(&self) -> String {
        format!("{} {}", self.method.text(), self.path)
    }

    /// Roles that are let through; `anyone` alone where no sign-in is asked.
    pub fn roles(&self) -> Vec<&'static str> {
        match self.who {
            Who::NotAsked | Who::Anyone => vec!["anyone"],
            Who::AtStage(_) | Who::SignedIn => Role::ALL.iter().map(|role| role.key()).collect(),
            Who::May(may) => {
                Role::ALL.iter().filter(|role| may.reach_of(**role) != Reach::No).map(|role| role.key()).collect()
            }
        }
    }

    /// Whether a path without query is one of this route.
    pub fn matches(&self, path: &str) -> bool {
        let (mut ours, mut theirs) = (self.path.split('/'), path.split('/'));
        loop {
            match (ours.next(), theirs.next()) {
                (None, None) => return true,
                (Some(our), Some(their)) if our.starts_with('{') && !their.is_empty() => {}
                (Some(our), Some(their)) if our == their => {}
                _ => return false,
            }
        }
    }
}

/// A row as `accession routes --json` prints it.
#[derive(Debug, Serialize)]
pub struct Printed {
    /// Method.
    pub method: Method,
    /// Path.
    pub path: &'static str,
    /// Roles let through.
    pub roles: Vec<&'static str>,
    /// How far it reaches.
    pub scope: Scoping,
    /// What the audit chain gets.
    pub audit: Audit,
}

impl From<&Route> for Printed {
    fn from(route: &Route) -> Printed {
        Printed { method: route.method, path: route.path, roles: route.roles(), scope: route.scope, audit: route.audit }
    }
}

//! `accession user`: people and their roles, without the web.
//!
//! For the day nobody can sign in, and for scripts. It runs on the machine that holds the database and acts as the
//! system; every use leaves its line on the audit chain.

use std::io::Read;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use serde_json::json;

use super::Outcome;
use crate::accounts::store::{self as accounts, Invited, User, UserEntry};
use crate::asker::{FacilityId, Role, UserId};
use crate::registry::clock::Clock;
use crate::registry::store::facility::facility_by_number;
use crate::registry::store::{By, DatabaseUrl, Store};

/// People who may sign in, and their roles.
#[derive(Debug, Args)]
pub struct UserCommand {
    /// Where the registry is: sqlite:PATH or postgres://user@host/name
    #[arg(long, env = "ACCESSION_DATABASE", hide_env_values = true, global = true, value_name = "URL")]
    database: Option<String>,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
    /// Address of the server, put before the links that are printed
    #[arg(long, env = "ACCESSION_PUBLIC_URL", global = true, value_name = "URL", default_value = "")]
    public_url: String,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Add a person; prints the link by which he sets his password
    Add(Add),
    /// Close the door to a person at once
    Disable {
        /// Login
        login: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Open the door again
    Enable {
        /// Login
        login: String,
    },
    /// Take password and second factor away and print a link to a new password
    Reset {
        /// Login
        login: String,
    },
    /// List people by login
    List {
        /// As the yearly review wants it: who may sign in, longest absent first
        #[arg(long)]
        review: bool,
    },
}

#[derive(Debug, Args)]
struct Add {
    /// Login: letters a-z, digits, or . _ - @
    login: String,
    /// The person's name
    #[arg(long)]
    name: String,
    /// Mail address
    #[arg(long, default_value = "")]
    mail: String,
    /// Roles, as in docs/roles.md; may be repeated or separated by commas
    #[arg(long = "role", value_delimiter = ',', required = true)]
    roles: Vec<String>,
    /// Facilities by number (item 540)
    #[arg(long = "facility", value_delimiter = ',')]
    facilities: Vec<String>,
    /// All facilities, those of later too
    #[arg(long, conflicts_with = "facilities")]
    all_facilities: bool,
    /// Read the password from this file (`-`: standard input) instead of printing a link
    #[arg(long, value_name = "FILE")]
    password_file: Option<String>,
}

impl UserCommand {
    /// Does it.
    ///
    /// # Errors
    /// What stood in the way, with what to do.
    pub fn run(self) -> anyhow::Result<Outcome> {
        let database = self.database.as_deref().context("name the registry: --database sqlite:PATH or postgres://…")?;
        let store = Store::open(&DatabaseUrl::parse(database)?, Clock::system())?;
        let by = By::system("accession user");
        match &self.what {
            What::Add(add) => self.add(&store, &by, add)?,
            What::Disable { login, reason } => {
                let id = known(&store, login)?;
                accounts::disable_user(&store, &by, id, reason)?;
                self.say(
                    json!({"login": login, "disabled": true}),
                    &format!("{login} is disabled; all sessions have ended."),
                );
            }
            What::Enable { login } => {
                accounts::enable_user(&store, &by, known(&store, login)?)?;
                self.say(json!({"login": login, "disabled": false}), &format!("{login} is enabled."));
            }
            What::Reset { login } => {
                let invited = accounts::reset_user(&store, &by, known(&store, login)?)?;
                self.say_link(login, &invited);
            }
            What::List { review } => {
                let conn = &mut *store.reading()?;
                let people = if *review { accounts::users_to_review(conn)? } else { accounts::users(conn)? };
                self.list(&people)?;
            }
        }
        Ok(Outcome::Done)
    }

    fn add(&self, store: &Store, by: &By, add: &Add) -> anyhow::Result<()> {
        let mut entry = UserEntry {
            login: add.login.clone(),
            name: add.name.clone(),
            mail: add.mail.clone(),
            all_facilities: add.all_facilities,
            ..UserEntry::default()
        };
        for key in &add.roles {
            let role = Role::of_key(key).with_context(|| {
                format!("there is no role {key}; there are {}", Role::ALL.map(Role::key).join(", "))
            })?;
            entry.roles.push(role);
        }
        {
            let conn = &mut *store.reading()?;
            for number in &add.facilities {
                let found = facility_by_number(conn, number)?;
                let facility = found.with_context(|| format!("there is no facility with number {number}"))?;
                entry.facilities.push(FacilityId(facility.id));
            }
        }
        let Some(file) = &add.password_file else {
            let invited = accounts::add_user(store, by, &entry)?;
            self.say_link(&add.login, &invited);
            return Ok(());
        };
        let password = first_line(file)?;
        accounts::add_ready_user(store, by, &entry, &password, None)?;
        let login = &add.login;
        self.say(json!({"login": login}), &format!("{login} is added and signs in with the password of {file}."));
        Ok(())
    }

    fn say_link(&self, login: &str, invited: &Invited) {
        let link = format!("{}/password/{}", self.public_url.trim_end_matches('/'), invited.token.text());
        self.say(
            json!({"login": login, "link": link, "hours": invited.hours}),
            &format!("{login} sets the password here, once, within {} hours:\n{link}", invited.hours),
        );
    }

    fn say(&self, object: serde_json::Value, sentence: &str) {
        match self.json {
            true => println!("{object}"),
            false => println!("{sentence}"),
        }
    }

    fn list(&self, people: &[User]) -> anyhow::Result<()> {
        if self.json {
            for person in people {
                println!("{}", serde_json::to_string(person)?);
            }
            return Ok(());
        }
        println!(
            "{:<20} {:<24} {:<17} {:<9} {:<8} roles; facilities",
            "login", "name", "last sign-in", "2nd factor", "state"
        );
        for person in people {
            let last = person.last_sign_in.as_deref().map_or("never", |t| t.get(..16).unwrap_or(t));
            let roles = person.roles.iter().map(|r| r.key()).collect::<Vec<_>>().join(" ");
            let facilities = match person.all_facilities {
                true => "all".to_string(),
                false => person.facilities.iter().map(|f| f.0.to_string()).collect::<Vec<_>>().join(" "),
            };
            let factor = if person.has_second_factor { "yes" } else { "no" };
            let state = match (&person.disabled_at, person.has_password) {
                (Some(_), _) => "disabled",
                (None, false) => "invited",
                (None, true) => "active",
            };
            println!(
                "{:<20} {:<24} {last:<17} {factor:<10} {state:<8} {roles}; {facilities}",
                person.login, person.name
            );
        }
        Ok(())
    }
}

fn known(store: &Store, login: &str) -> anyhow::Result<UserId> {
    match accounts::user_by_login(&mut *store.reading()?, login)? {
        Some(user) => Ok(UserId(user.id)),
        None => bail!("there is no user {login}; see `accession user list`"),
    }
}

/// The first line of a file or of standard input: a password never stands on a command line.
fn first_line(file: &str) -> anyhow::Result<String> {
    let mut text = String::new();
    match file {
        "-" => std::io::stdin().take(10_000).read_to_string(&mut text).context("standard input cannot be read")?,
        path => std::fs::File::open(path)
            .and_then(|f| f.take(10_000).read_to_string(&mut text))
            .with_context(|| format!("{path} cannot be read"))?,
    };
    Ok(text.lines().next().unwrap_or_default().to_string())
}

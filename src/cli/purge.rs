//! `accession purge`: removes a patient for good, by order. Asked twice; two administrators sign in for it.

use std::io::{BufRead, IsTerminal};
use std::net::{IpAddr, Ipv4Addr};

use anyhow::{Context, bail};
use clap::Args;

use super::Outcome;
use super::database::Database;
use crate::accounts::store::{Attempt, session_of, sign_in, sign_out};
use crate::accounts::{AddressLimit, Stage};
use crate::asker::Role;
use crate::registry::store::purge::{Taken, purge, word_for, would_take};
use crate::registry::store::{By, Store};

/// Removes a patient for good, by order: rows, history, received records and files; the fact stays in the audit
///
/// Without --confirm it shows what would go, and the word to give. With it, each administrator's password and code of the
/// second factor are read from standard input, a line each.
#[derive(Debug, Args)]
pub struct Purge {
    #[command(flatten)]
    database: Database,
    /// The patient's id
    #[arg(long, value_name = "ID")]
    patient: i64,
    /// The order that asks for it: who, when, number; stands in the audit
    #[arg(long, value_name = "TEXT")]
    order: String,
    /// Login of an administrator; two different ones
    #[arg(long = "administrator", value_name = "LOGIN")]
    administrators: Vec<String>,
    /// The word that was shown
    #[arg(long, value_name = "WORD")]
    confirm: Option<String>,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

impl Purge {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<Outcome> {
        if self.order.trim().chars().count() < 10 {
            bail!("--order names the order in at least 10 characters: who ordered it, when, its number");
        }
        let store = self.database.open()?;
        let taken = would_take(&mut *store.reading()?, self.patient)?;
        let word = word_for(&taken, &self.order);
        let Some(confirm) = &self.confirm else {
            self.say(&taken, Some(&word))?;
            return Ok(Outcome::Found);
        };
        if *confirm != word {
            bail!("{confirm} is not the word for what would be removed; look again, without --confirm");
        }
        let [first, second] = self.administrators.as_slice() else {
            bail!("name two administrators: --administrator LOGIN --administrator LOGIN");
        };
        if first.trim().eq_ignore_ascii_case(second.trim()) {
            bail!("the two administrators must be two people");
        }
        let mut input = std::io::stdin().lock();
        for login in [first, second] {
            must_be_administrator(&store, login, &mut input)?;
        }
        let (by, patient, order, word) = (By::system("accession purge"), self.patient, self.order.clone(), word);
        let names = [first.clone(), second.clone()];
        let taken = store.write(move |tx| purge(tx, &by, patient, &order, &word, [&names[0], &names[1]]))?;
        store.empty_log()?;
        self.say(&taken, None)?;
        Ok(Outcome::Done)
    }

    fn say(&self, taken: &Taken, word: Option<&str>) -> anyhow::Result<()> {
        if self.json {
            let mut answer = serde_json::to_value(taken)?;
            answer["removed"] = word.is_none().into();
            if let Some(word) = word {
                answer["confirm"] = word.into();
            }
            println!("{answer}");
            return Ok(());
        }
        let what = format!(
            "patient {} with {} tumors, {} abstracts, {} received records and {} files",
            self.patient,
            taken.tumors.len(),
            taken.abstracts.len(),
            taken.sources.len(),
            taken.files.len()
        );
        match word {
            Some(word) => {
                println!("Would be removed for good: {what}. Files that hold other patients too go whole.");
                println!(
                    "Nothing was removed. To do it: the same with --administrator A --administrator B --confirm {word}"
                );
            }
            None => println!("Removed for good: {what}. Backups made before today still hold it."),
        }
        Ok(())
    }
}

/// Signs an administrator in with what is typed, and out again.
fn must_be_administrator(store: &Store, login: &str, input: &mut impl BufRead) -> anyhow::Result<()> {
    let password = typed(input, &format!("Password of {login}: "))?;
    let code = typed(input, &format!("Code of {login}'s second factor: "))?;
    let attempt = Attempt {
        login: login.to_string(),
        password,
        code,
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        route: "accession purge".into(),
    };
    let session = sign_in(store, &AddressLimit::default(), &attempt)
        .with_context(|| format!("{login} could not sign in; nothing was removed"))?;
    let who = session_of(store, &session.token)?.filter(|who| who.stage == Stage::Full);
    let Some(who) = who else {
        bail!("{login} could not sign in: the code of the second factor is missing; nothing was removed")
    };
    let is_administrator = who.roles.contains(&Role::Administrator);
    sign_out(store, &By::system("accession purge"), &who)?;
    if !is_administrator {
        bail!("{login} is no administrator; nothing was removed");
    }
    Ok(())
}

fn typed(input: &mut impl BufRead, ask: &str) -> anyhow::Result<String> {
    let is_person = std::io::stdin().is_terminal();
    // A person's password is not shown while it is typed, where the terminal can do that.
    let echo = |on: &str| {
        if is_person {
            let _ = std::process::Command::new("stty").arg(on).status();
        }
    };
    if is_person {
        eprint!("{ask}");
    }
    echo("-echo");
    let mut line = String::new();
    let read = input.read_line(&mut line);
    echo("echo");
    if is_person {
        eprintln!();
    }
    if read.context("reading from standard input")? == 0 {
        bail!("standard input ended before {}", ask.trim_end_matches(": "));
    }
    Ok(line.trim_end_matches(['\r', '\n']).to_string())
}

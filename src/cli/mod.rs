//! The command line: one file a command.
//!
//! Each command is a clap struct with a function `run` that gives an [`Outcome`]. Results go to standard output, all
//! else to standard error. Exit 0: done; 1: done and something was found; 2: not done, with one line that says why.

mod backup;
mod casefinding;
mod check;
pub mod database;
mod demo;
mod derive;
mod edits;
mod environment;
mod export;
mod extract;
mod health;
mod followup;
mod import;
mod init;
mod key;
mod lines;
mod match_;
mod codes;
mod naaccr;
mod primaries;
mod purge;
mod receive;
mod reference;
mod reference_codes;
mod reindex;
mod routes;
pub mod serve;
mod server_role;
mod sql_access;
mod stage;
mod standards;
mod stats;
mod submit;
mod synth;
mod taken_in;
mod user;
mod withdraw;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

/// How a command ended that did what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing to report.
    Done,
    /// Problems, failures or refused rows were found.
    Found,
    /// Not done; the command has said why itself.
    NotDone,
}

/// Cancer registry server and abstracting application.
#[derive(Debug, Parser)]
#[command(name = "accession", version)]
struct Accession {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Casefinding: pathology messages screened.
    #[command(subcommand)]
    Casefinding(casefinding::Casefinding),
    /// Code tables: search by number or words, meanings.
    #[command(subcommand)]
    Codes(codes::Codes),
    Health(health::Health),
    Init(init::Init),
    Check(check::Check),
    Backup(backup::Backup),
    Restore(backup::Restore),
    Demo(demo::Demo),
    Derive(derive::Derive),
    Import(import::Import),
    /// The key of second factors: make, change, lose.
    #[command(subcommand)]
    Key(key::KeyCommand),
    /// Data-quality rules: run, test and explain them.
    #[command(subcommand)]
    Edits(edits::Edits),
    Export(export::Export),
    Extract(extract::Extract),
    /// Who is due for follow-up, and how well a registry follows.
    Followup(followup::FollowUp),
    Match(match_::Match),
    /// NAACCR files and dictionaries.
    #[command(subcommand)]
    Naaccr(naaccr::Naaccr),
    Primaries(primaries::PrimariesCommand),
    Purge(purge::Purge),
    Receive(receive::Receive),
    /// The tables that are compiled in.
    #[command(subcommand)]
    Reference(reference::Reference),
    Reindex(reindex::Reindex),
    Routes(routes::Routes),
    ServerRole(server_role::ServerRole),
    Serve(serve::Serve),
    /// SQL for administrators: opens the views to a role of PostgreSQL.
    #[command(subcommand)]
    SqlAccess(sql_access::SqlAccess),
    /// Stages cases: reads lines `{"in":{…}}` and writes what each derives.
    Stage(stage::Stage),
    /// Editions of standards.
    #[command(subcommand)]
    Standards(standards::Standards),
    /// Rates, survival, quality and frequencies of plain tables.
    #[command(subcommand)]
    Stats(stats::Stats),
    Submit(submit::Submit),
    /// What was sent to whom: list, show, send again, load an answer.
    #[command(subcommand)]
    Submissions(submit::Submissions),
    Synth(synth::Synth),
    /// People who may sign in, and their roles.
    User(user::UserCommand),
    Withdraw(withdraw::Withdraw),
}

/// Runs the command that the program's arguments name.
pub fn run() -> ExitCode {
    let matches = environment::with_variables(Accession::command()).get_matches();
    let parsed = Accession::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let outcome = match parsed.command {
        Command::Casefinding(command) => command.run(),
        Command::Codes(command) => command.run(),
        Command::Health(command) => command.run(),
        Command::Init(command) => command.run(),
        Command::Check(command) => command.run(),
        Command::Backup(command) => command.run(),
        Command::Restore(command) => command.run(),
        Command::Demo(command) => command.run(),
        Command::Derive(command) => command.run(),
        Command::Import(command) => command.run(),
        Command::Key(command) => command.run(),
        Command::Edits(command) => command.run(),
        Command::Export(command) => command.run(),
        Command::Extract(command) => command.run(),
        Command::Followup(command) => command.run(),
        Command::Match(command) => command.run(),
        Command::Naaccr(command) => command.run(),
        Command::Primaries(command) => command.run(),
        Command::Purge(command) => command.run(),
        Command::Receive(command) => command.run(),
        Command::Reference(command) => command.run(),
        Command::Reindex(command) => command.run(),
        Command::Routes(command) => command.run(),
        Command::ServerRole(command) => command.run(),
        Command::Serve(command) => command.run(),
        Command::SqlAccess(command) => command.run(),
        Command::Stage(command) => command.run(),
        Command::Standards(command) => command.run(),
        Command::Stats(command) => command.run(),
        Command::Submit(command) => command.run(),
        Command::Submissions(command) => command.run(),
        Command::Synth(command) => command.run(),
        Command::User(command) => command.run(),
        Command::Withdraw(command) => command.run(),
    };
    match outcome {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Found) => ExitCode::from(1),
        Ok(Outcome::NotDone) => ExitCode::from(2),
        Err(error) => {
            eprintln!("accession: {error:#}");
            ExitCode::from(2)
        }
    }
}

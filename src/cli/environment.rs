//! Every option also reads a variable of the environment: `--max-value` reads `ACCESSION_MAX_VALUE`.
//!
//! An option given on the line wins over the variable. A switch is on for every word but `no`, `n`, `false`, `f`,
//! `off` and `0`; an empty variable is as good as none. `--help` names each variable, never what it holds.

use clap::builder::FalseyValueParser;
use clap::{Arg, ArgAction, Command};

/// The command and all below it, each option with its variable.
pub(super) fn with_variables(command: Command) -> Command {
    let command = command.mut_args(with_variable);
    let below: Vec<String> = command.get_subcommands().map(|one| one.get_name().to_owned()).collect();
    below.into_iter().fold(command, |command, name| command.mut_subcommand(name, with_variables))
}

fn with_variable(option: Arg) -> Arg {
    let Some(long) = option.get_long().filter(|long| !matches!(*long, "help")) else { return option };
    // clap keeps names for as long as the program runs.
    let name: &'static str = variable_name(long).leak();
    let option = match option.get_action() {
        ArgAction::SetTrue => option.value_parser(FalseyValueParser::new()),
        ArgAction::Set | ArgAction::Append => option,
        _ => return option,
    };
    // What is set to nothing is not set.
    if std::env::var_os(name).is_some_and(|value| value.is_empty()) {
        return option.env(None::<&str>).hide_env_values(true);
    }
    option.env(name).hide_env_values(true)
}

fn variable_name(long: &str) -> String {
    format!("ACCESSION_{}", long.replace('-', "_").to_uppercase())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use clap::CommandFactory;

    use super::*;

    fn each(command: &Command, tell: &mut impl FnMut(&Command, &Arg)) {
        command.get_arguments().for_each(|option| tell(command, option));
        command.get_subcommands().for_each(|below| each(below, tell));
    }

    #[test]
    fn every_option_of_every_command_has_its_variable() {
        let command = with_variables(crate::cli::Accession::command());
        let (mut options, mut without) = (0, Vec::new());
        each(&command, &mut |of, option| {
            let Some(long) = option.get_long() else { return };
            options += 1;
            if option.get_env() != Some(std::ffi::OsStr::new(&variable_name(long))) {
                without.push(format!("{} --{long}", of.get_name()));
            }
        });
        assert!(options > 150, "{options} options");
        assert_eq!(without, [] as [String; 0]);
        command.debug_assert();
    }
}

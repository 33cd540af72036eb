//! The argument parser speaks English; people here do not. Its headings and its errors are said again in French.

use clap::{
    Command, CommandFactory as _, FromArgMatches as _,
    error::{ContextKind, ContextValue, ErrorKind},
};

use crate::{args::Arguments, sortie::Sortie};

/// How help pages are laid out: clap's own layout without its words.
const HELP: &str = "{about-with-newline}\nUtilisation : {usage}\n\n{all-args}{after-help}";

/// Reads the command line. On `--help` and on a mistake, the page or the sentence and the exit code.
pub(crate) fn parse() -> Result<Arguments, Sortie> {
    let version = clap::Arg::new("version")
        .short('V')
        .long("version")
        .help("Montrer la version")
        .help_heading("Réglages")
        .action(clap::ArgAction::Version);
    let matches = in_french(Arguments::command()).arg(version).try_get_matches();
    matches.and_then(|matches| Arguments::from_arg_matches(&matches)).map_err(|error| say(&error))
}

/// The whole tree of commands with French headings and help.
fn in_french(command: Command) -> Command {
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    let mut command = command
        .help_template(HELP)
        .subcommand_help_heading("Commandes")
        .subcommand_value_name("COMMANDE")
        .disable_help_subcommand(true)
        .disable_help_flag(true)
        .disable_version_flag(true)
        .mut_args(|arg| {
            let heading = if arg.is_positional() { "À donner" } else { "Réglages" };
            arg.help_heading(heading).hide_env(true)
        })
        .arg(
            clap::Arg::new("aide")
                .short('h')
                .long("help")
                .help("Montrer cette aide")
                .help_heading("Réglages")
                .action(clap::ArgAction::Help),
        );
    for name in names {
        command = command.mut_subcommand(name, in_french);
    }
    command
}

/// Help goes to the standard output; a mistake to the standard error, with the place where help is.
fn say(error: &clap::Error) -> Sortie {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        // A reader that has gone has read enough.
        let _ = error.print();
        return Sortie::Fait;
    }
    eprintln!("{}\nVoir « ma-demande --help ».", sentence(error));
    Sortie::Usage
}

fn sentence(error: &clap::Error) -> String {
    let argument = context(error, ContextKind::InvalidArg);
    let value = context(error, ContextKind::InvalidValue);
    let subcommand = context(error, ContextKind::InvalidSubcommand);
    match error.kind() {
        ErrorKind::UnknownArgument => format!("« {argument} » n’est pas une option de cette commande."),
        ErrorKind::InvalidSubcommand => format!("« {subcommand} » n’est pas une commande."),
        ErrorKind::MissingRequiredArgument => format!("Il manque : {argument}."),
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            "Dites ce qu’il faut faire : il manque une commande.".to_owned()
        }
        ErrorKind::ValueValidation => {
            let why = std::error::Error::source(error).map_or(String::new(), |why| format!(" : {why}"));
            format!("« {value} » ne convient pas pour {argument}{why}")
        }
        ErrorKind::InvalidValue if value.is_empty() => format!("{argument} attend une valeur."),
        ErrorKind::InvalidValue => format!("« {value} » ne convient pas pour {argument}."),
        ErrorKind::ArgumentConflict => {
            format!("« {argument} » est donné deux fois, ou ne va pas avec le reste.")
        }
        _ => "Cette commande n’est pas lisible.".to_owned(),
    }
}

fn context(error: &clap::Error, kind: ContextKind) -> String {
    match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(", "),
        _ => String::new(),
    }
}

//! The settings in force, as `ma-demande-server config` shows them: a file of settings that gives the same ones again, each
//! line with where its value came from. A value that holds a password stands in a comment, without it: fed back, it would
//! otherwise be taken for the password.

use std::fmt::Write as _;

use clap::{Args as _, parser::ValueSource};

use super::{ConfigError, ECOUTE_DEFAULT, EXPEDITEUR_DEFAULT, Reglages};

/// What the text begins with.
const HEADING: &str = "\
# Réglages en vigueur, et d’où vient chacun. Des fichiers de clés et de secrets, seul le chemin est montré ;
# une adresse qui porte un mot de passe est en commentaire, sans lui.
";

/// Where a value came from.
#[derive(Debug, Clone, Copy)]
enum Origine {
    Option,
    Environnement,
    Fichier,
    Defaut,
}

impl Origine {
    fn word(self) -> &'static str {
        match self {
            Self::Option => "option",
            Self::Environnement => "environnement",
            Self::Fichier => "fichier",
            Self::Defaut => "défaut",
        }
    }
}

/// Shows what is in force when these flags and environment stand over this file. `source` says which of the two a flag's
/// value came from. What the server would refuse is refused here too.
pub fn show(
    given: Reglages,
    file: Reglages,
    source: impl Fn(&str) -> Option<ValueSource>,
) -> Result<String, ConfigError> {
    let (from_given, from_file) = (names(&given)?, names(&file)?);
    let in_force = given.over(file);
    in_force.clone().resolve()?;
    let in_force = in_force.over(defaults());
    let masked = in_force.masked();
    let values = table(&in_force)?;
    let mut text = HEADING.to_owned();
    for name in settings() {
        let Some(value) = values.get(&name) else {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "# {name} : non réglé");
            continue;
        };
        let origine = if from_given.contains(&name) {
            match source(&name) {
                Some(ValueSource::CommandLine) => Origine::Option,
                _ => Origine::Environnement,
            }
        } else if from_file.contains(&name) {
            Origine::Fichier
        } else {
            Origine::Defaut
        };
        let hidden = masked.contains(&name.as_str());
        let (before, after) = if hidden { ("# ", ", mot de passe masqué") } else { ("", "") };
        let _ = writeln!(text, "{before}{name} = {value}  # {}{after}", origine.word());
    }
    Ok(text)
}

/// What is in force where nothing is said and there is something to show.
fn defaults() -> Reglages {
    Reglages {
        ecoute: Some(ECOUTE_DEFAULT),
        expediteur: Some(EXPEDITEUR_DEFAULT.to_owned()),
        proxys: Some(Vec::new()),
        origines: Some(Vec::new()),
        second_facteur_exige: Some(false),
        ..Reglages::default()
    }
}

/// The names of all settings, in the order in which the help lists them.
fn settings() -> Vec<String> {
    let command = Reglages::augment_args(clap::Command::new("servir"));
    command.get_arguments().map(|argument| argument.get_id().to_string()).collect()
}

fn names(reglages: &Reglages) -> Result<Vec<String>, ConfigError> {
    Ok(table(reglages)?.keys().cloned().collect())
}

/// The settings that have a value. A path that is no text cannot stand in TOML.
fn table(reglages: &Reglages) -> Result<toml::Table, ConfigError> {
    toml::Table::try_from(reglages).map_err(|_| ConfigError::CheminIllisible)
}

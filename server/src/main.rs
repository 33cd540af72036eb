//! `ma-demande-server`: the server and the operator's commands.

use std::{path::PathBuf, process::ExitCode};

use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use server::{
    admin::{self, AdminError},
    config::{self, ConfigError, Reglages},
    log,
    servir::{ServirError, servir},
};

/// Serveur de « Ma Demande » : reçoit les justificatifs, les conserve et les montre aux guichets.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    commande: Commande,
}

#[derive(Subcommand)]
enum Commande {
    /// Sert jusqu’à SIGTERM ou Ctrl-C
    Servir {
        /// Fichier de réglages (TOML) ; l’environnement (MA_DEMANDE_…) et les options l’emportent
        #[arg(long, value_name = "FICHIER", env = "MA_DEMANDE_CONFIG")]
        config: Option<PathBuf>,
        #[command(flatten)]
        reglages: Box<Reglages>,
    },
    /// Montre les réglages en vigueur, d’après les mêmes options que « servir », et d’où vient chacun ; sans les secrets
    Config {
        /// Fichier de réglages (TOML)
        #[arg(long, value_name = "FICHIER", env = "MA_DEMANDE_CONFIG")]
        config: Option<PathBuf>,
        #[command(flatten)]
        reglages: Box<Reglages>,
    },
    /// Copie la base du dossier des données vers un serveur PostgreSQL (--base), et son coffre vers un bucket S3 (--coffre) s’il
    /// y en a un, serveurs arrêtés ; se reprend
    Migrer {
        /// Ne copie que le coffre du dossier des données, celui de la base en vigueur
        #[arg(long)]
        coffre_seul: bool,
        #[command(flatten)]
        cible: admin::Cible,
    },
    #[command(flatten)]
    Coffre(admin::CommandeCoffre),
    #[command(flatten)]
    Administration(admin::Commande),
}

/// Why a command failed; `Display` says it to the operator.
#[derive(Debug, thiserror::Error)]
enum Echec {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Servir(#[from] ServirError),
    #[error(transparent)]
    Administration(#[from] AdminError),
    #[error("le programme ne peut pas démarrer : {0}")]
    Demarrage(#[from] std::io::Error),
}

fn main() -> ExitCode {
    let arguments = Cli::command().get_matches();
    let cli = Cli::from_arg_matches(&arguments).unwrap_or_else(|error| error.exit());
    match run(cli, &arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(echec) => {
            eprintln!("{echec}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli, arguments: &ArgMatches) -> Result<(), Echec> {
    match cli.commande {
        Commande::Servir { config, reglages } => {
            let file = config.as_deref().map(Reglages::read).transpose()?.unwrap_or_default();
            let config = reglages.over(file).resolve()?;
            log::init();
            tokio::runtime::Runtime::new()?.block_on(servir(config))?;
        }
        Commande::Config { config, reglages } => {
            let file = config.as_deref().map(Reglages::read).transpose()?.unwrap_or_default();
            let source = |name: &str| arguments.subcommand_matches("config")?.value_source(name);
            print!("{}", config::show(*reglages, file, source)?);
        }
        Commande::Coffre(commande) => {
            tokio::runtime::Runtime::new()?.block_on(admin::run_coffre(commande))?;
        }
        Commande::Migrer { coffre_seul: false, cible } => admin::migrate(&cible)?,
        Commande::Migrer { coffre_seul: true, cible } => {
            tokio::runtime::Runtime::new()?.block_on(admin::migrate_coffre(&cible))?;
        }
        Commande::Administration(commande) => {
            tokio::runtime::Runtime::new()?.block_on(admin::run(commande))?;
        }
    }
    Ok(())
}

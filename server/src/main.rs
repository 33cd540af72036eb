//! `ma-demande-server`: the server and the operator's commands.

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use server::{
    admin::{self, AdminError},
    config::{ConfigError, Reglages},
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
    /// Copie la base du dossier des données vers un serveur PostgreSQL (--base), serveurs arrêtés ; se reprend
    Migrer {
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
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(echec) => {
            eprintln!("{echec}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<(), Echec> {
    match cli.commande {
        Commande::Servir { config, reglages } => {
            let file = config.as_deref().map(Reglages::read).transpose()?.unwrap_or_default();
            let config = reglages.over(file).resolve()?;
            log::init();
            tokio::runtime::Runtime::new()?.block_on(servir(config))?;
        }
        Commande::Coffre(commande) => {
            tokio::runtime::Runtime::new()?.block_on(admin::run_coffre(commande))?;
        }
        Commande::Migrer { cible } => admin::migrate(&cible)?,
        Commande::Administration(commande) => {
            tokio::runtime::Runtime::new()?.block_on(admin::run(commande))?;
        }
    }
    Ok(())
}

//! `ma-demande`: the engine from a terminal or a script. It asks, shows and counts; everything that matters is done
//! by the `client` and `document` libraries.
//!
//! What a person reads goes to the standard error where it accompanies the work, and to the standard output where it
//! is the answer; with `--json` the standard output holds JSON alone. The numéro unique and the code come from a
//! prompt or the standard input, never from the command line, which every program of the machine can read.

mod afficher;
mod args;
mod atelier;
mod certificat;
mod choisir;
mod connexion;
mod deposer;
mod file;
mod francais;
mod lire;
mod masque;
mod preparer;
mod sortie;

use std::process::ExitCode;

use crate::{
    args::{Arguments, Commande},
    sortie::{Echec, Sortie},
};

fn main() -> ExitCode {
    let arguments = match francais::parse() {
        Ok(arguments) => arguments,
        Err(sortie) => return ExitCode::from(sortie.code()),
    };
    let json = arguments.json;
    let result = run(arguments);
    let sortie = result.unwrap_or_else(|echec| {
        echec.show(json);
        echec.sortie
    });
    ExitCode::from(sortie.code())
}

fn run(arguments: Arguments) -> Result<Sortie, Echec> {
    if let Commande::Preparer { fichiers, sortie, retouches } = &arguments.commande {
        return preparer::run(fichiers, sortie, retouches, arguments.json);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(run_with_client(arguments))
}

async fn run_with_client(arguments: Arguments) -> Result<Sortie, Echec> {
    let client = connexion::open_client(&arguments)?;
    let json = arguments.json;
    match arguments.commande {
        Commande::Connexion => connexion::sign_in(&client, json).await,
        Commande::Deconnexion { forcer } => connexion::sign_out(&client, forcer, json).await,
        Commande::Demande => lire::demande(&client, json).await,
        Commande::Lister => lire::lister(&client, json).await,
        Commande::Telecharger { id, sortie } => lire::telecharger(&client, id, &sortie, json).await,
        Commande::Retirer { id } => lire::retirer(&client, id, json).await,
        Commande::Deposer(souhait) => deposer::run(&client, &souhait, json).await,
        Commande::File { action } => file::run(&client, action, json).await,
        // Done before a client is made.
        Commande::Preparer { .. } => Ok(Sortie::Fait),
    }
}

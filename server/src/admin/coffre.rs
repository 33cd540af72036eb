//! The operator's commands about the coffre and its keys.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;

use super::{AdminError, Answer, Cible, show};
use crate::{
    coffre::{Coffre, create_master_key},
    config::{FichiersCles, Reglages},
    registre,
    service::{ServiceError, open_base, open_coffre},
    store::Store,
};

/// Keys in one transaction of a change of master key: a few milliseconds, so that the running server hardly waits.
const KEYS_PER_TRANSACTION: u32 = 500;

/// Where the master keys lie.
#[derive(Args)]
pub struct OptionsCles {
    /// Clé maîtresse du coffre, celle du serveur
    #[arg(long, value_name = "FICHIER", env = "MA_DEMANDE_CLE")]
    cle: Option<PathBuf>,
    /// Clé maîtresse d’avant, le temps de « changer-cle-maitresse »
    #[arg(long, value_name = "FICHIER", env = "MA_DEMANDE_ANCIENNE_CLE")]
    ancienne_cle: Option<PathBuf>,
}

/// The commands.
#[derive(Subcommand)]
#[expect(missing_docs, reason = "on `cible` a doc comment would take the place of the command's help")]
pub enum CommandeCoffre {
    /// Crée une clé maîtresse dans un nouveau fichier, hors du dossier des données
    CreerCleMaitresse {
        /// Fichier à créer ; gardez-en une copie ailleurs
        fichier: PathBuf,
    },
    /// Met les clés des demandes sous la clé maîtresse --cle ; interrompu, se relance
    ChangerCleMaitresse {
        #[command(flatten)]
        cles: OptionsCles,
        #[command(flatten)]
        cible: Cible,
    },
}

/// Runs a command and prints its answer.
pub async fn run(commande: CommandeCoffre) -> Result<(), AdminError> {
    match commande {
        CommandeCoffre::CreerCleMaitresse { fichier } => {
            let cle = create_master_key(&fichier)?;
            println!(
                "Clé maîtresse créée : {cle}. Gardez-en une copie ailleurs que les données et leurs sauvegardes : sans elle, aucune pièce ne se relit."
            );
            Ok(())
        }
        CommandeCoffre::ChangerCleMaitresse { cles, cible } => {
            let json = cible.json;
            let (store, coffre) = open(&cible, &cles)?;
            let answer = change_master_key(&store, &coffre).await;
            store.close().await;
            show(json, answer?);
            Ok(())
        }
    }
}

/// Opens base and coffre as the server does.
fn open(cible: &Cible, cles: &OptionsCles) -> Result<(Store, Coffre), AdminError> {
    let reglages =
        Reglages { cle: cles.cle.clone(), ancienne_cle: cles.ancienne_cle.clone(), ..Reglages::default() };
    let reglages = cible.reglages(reglages)?;
    let cles = reglages.cles()?.as_ref().map(FichiersCles::read).transpose().map_err(ServiceError::from)?;
    let donnees = reglages.donnees()?;
    Ok((open_base(&donnees)?, open_coffre(&donnees, cles).map_err(ServiceError::from)?))
}

/// Wraps anew what another master key wraps. What is done is done: a second run goes on with the rest.
async fn change_master_key(store: &Store, coffre: &Coffre) -> Result<Answer, AdminError> {
    let courante = coffre.cle_courante().ok_or(AdminError::SansCle)?;
    let mut changed = 0_usize;
    loop {
        let others =
            store.read(move |tx| registre::list_cles_not_under(tx, courante, KEYS_PER_TRANSACTION)).await?;
        if others.is_empty() {
            break;
        }
        let wrapped: Vec<_> = others
            .iter()
            .map(|cle| coffre.rewrap(cle))
            .collect::<Result<_, _>>()
            .map_err(ServiceError::from)?;
        changed += wrapped.len();
        store.write(move |tx| wrapped.iter().try_for_each(|cle| registre::replace_cle(tx, cle))).await?;
    }
    let text = format!(
        "{changed} clé(s) de demandes mises sous la clé maîtresse {courante}. L’ancienne ne sert plus qu’aux sauvegardes faites jusqu’ici."
    );
    Ok((text, json!({ "changees": changed, "cle": courante.to_string() })))
}

//! `file`: the queue, shown and acted upon.

use client::{Client, Entree, Envoi, Erreur, Stop};
use serde::Serialize;
use wire::{DepotId, Nomenclature};

use crate::{
    afficher,
    args::ActionFile,
    choisir::labels,
    deposer::{of_envoi, say_rest, send},
    sortie::{Echec, Sortie, dire, print_json},
};

#[derive(Serialize)]
struct Etat<'a> {
    envois: &'a [Entree],
    illisibles: &'a [DepotId],
}

/// Shows the queue, after the action asked for.
pub(crate) async fn run(client: &Client, action: Option<ActionFile>, json: bool) -> Result<Sortie, Echec> {
    let envoi = match action {
        None => Envoi::Vide,
        Some(ActionFile::Envoyer) => send(client, json).await?,
        Some(ActionFile::Reprendre { id }) => {
            client.reprendre(id)?;
            send(client, json).await?
        }
        Some(ActionFile::Annuler { id }) => {
            cancel(client, id)?;
            Envoi::Vide
        }
    };
    follow(client).await?;
    show(client, json)?;
    if !json {
        say_rest(&envoi);
    }
    Ok(of_envoi(&envoi))
}

/// A deposit whose journal cannot be read has nothing to cancel: it is forgotten.
fn cancel(client: &Client, id: DepotId) -> Result<(), Echec> {
    if client.file()?.illisibles.contains(&id) {
        return Ok(client.oublier(id)?);
    }
    Ok(client.annuler(id)?)
}

/// Lets go of what the server has inspected. That it cannot be asked now changes nothing of what was asked for here.
pub(crate) async fn follow(client: &Client) -> Result<(), Echec> {
    match client.suivre(&Stop::new()).await {
        Err(erreur @ Erreur::Stockage(_)) => Err(erreur.into()),
        Ok(_) | Err(_) => Ok(()),
    }
}

fn show(client: &Client, json: bool) -> Result<(), Echec> {
    let contenu = client.file()?;
    if json {
        print_json(&Etat { envois: &contenu.entrees, illisibles: &contenu.illisibles });
        return Ok(());
    }
    if contenu.entrees.is_empty() && contenu.illisibles.is_empty() {
        dire!("Aucun envoi en attente.");
    }
    for entree in &contenu.entrees {
        let (_, type_piece) = labels(Nomenclature::embarquee(), &entree.rubrique, &entree.type_piece);
        dire!("{}  {type_piece} ({})", entree.depot, entree.nom);
        dire!("    {}", afficher::etat(&entree.etat, entree.taille));
    }
    for id in &contenu.illisibles {
        dire!("{id}  envoi illisible : « ma-demande file annuler {id} » l’efface de cet appareil");
    }
    Ok(())
}

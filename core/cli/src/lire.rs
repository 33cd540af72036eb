//! `demande`, `lister`, `telecharger`, `retirer`: what the server knows.

use std::path::{Path, PathBuf};

use client::{Client, Stop};
use serde::Serialize;
use wire::{
    JustificatifId, Nomenclature, Sha256,
    api::{DemandeVue, EtatDemande, Exigence, JustificatifVue, LigneChecklist, Presence},
};

use crate::{
    afficher::{self, taille},
    choisir::{labels, role_name},
    file::follow,
    sortie::{Echec, Sortie, dire, print_json},
};

#[derive(Serialize)]
struct Telecharge<'a> {
    resultat: &'static str,
    fichier: &'a Path,
    octets: u64,
    sha256: Option<Sha256>,
}

#[derive(Serialize)]
struct Retire {
    resultat: &'static str,
    justificatif: JustificatifId,
}

/// Shows the demande.
pub(crate) async fn demande(client: &Client, json: bool) -> Result<Sortie, Echec> {
    let vue = client.demande().await?;
    if json {
        print_json(&vue);
    } else {
        show_demande(&vue);
    }
    Ok(Sortie::Fait)
}

fn show_demande(vue: &DemandeVue) {
    let etat = match vue.etat {
        EtatDemande::Active => "active",
        EtatDemande::Radiee => "radiée",
    };
    dire!("Demande {}, {etat}, déposée le {}", vue.numero, vue.date_depot.format("%d/%m/%Y"));
    dire!("Guichet : {} {}", vue.guichet.code, vue.guichet.nom);
    dire!("À renouveler avant le {}", vue.a_renouveler_avant.format("%d/%m/%Y"));
    dire!("\nPersonnes");
    for personne in &vue.personnes {
        dire!("  {}  {} {} ({})", personne.id, personne.prenom, personne.nom, role_name(personne.role));
    }
    dire!("\nPièces");
    for ligne in &vue.checklist {
        dire!("  {}", checklist_line(vue, ligne));
    }
    for slot in &vue.pieces_demandees {
        dire!("\nDemandée par le guichet {} : {}", slot.guichet.nom, slot.message);
        dire!("  ma-demande deposer FICHIER --demande-piece {}", slot.id);
    }
    if !vue.evenements.is_empty() {
        dire!("\nÉvénements");
    }
    for evenement in &vue.evenements {
        dire!("  {}  {}", evenement.survenu_le.format("%d/%m/%Y"), evenement.libelle);
    }
}

fn checklist_line(vue: &DemandeVue, ligne: &LigneChecklist) -> String {
    let nomenclature = Nomenclature::embarquee();
    let rubrique =
        nomenclature.rubrique(&ligne.rubrique).map_or(ligne.rubrique.as_str(), |r| r.libelle.as_str());
    let personne = vue.personnes.iter().find(|personne| Some(personne.id) == ligne.personne);
    let who = personne.map_or("ménage", |personne| personne.prenom.as_str());
    let exigence = match ligne.exigence {
        Exigence::Exigee => "exigée",
        Exigence::AInstruction => "à l’instruction",
        Exigence::PeutEtreDemandee => "peut être demandée",
        Exigence::Demandee => "demandée par un guichet",
    };
    let presence = match ligne.presence {
        Presence::Manquante => "manquante",
        Presence::NonDemandee => "rien à faire pour le moment",
        Presence::Deposee => "déposée",
        Presence::Acceptee => "acceptée",
        Presence::ARemplacer => "à remplacer",
    };
    format!("{rubrique} ({who}) : {exigence}, {presence}")
}

/// Shows the pieces.
pub(crate) async fn lister(client: &Client, json: bool) -> Result<Sortie, Echec> {
    follow(client).await?;
    let vue = client.justificatifs().await?;
    if json {
        print_json(&vue);
        return Ok(Sortie::Fait);
    }
    if vue.justificatifs.is_empty() {
        dire!("Aucune pièce n’est déposée pour le moment.");
    }
    for piece in &vue.justificatifs {
        dire!("{}  {}", piece.id, title(piece));
        let date = piece.depose_le.format("%d/%m/%Y");
        dire!("    {} : {}", piece.mot.mot, piece.mot.suite);
        dire!("    {} le {date}, {}", piece.origine.libelle(), taille(piece.taille));
    }
    Ok(Sortie::Fait)
}

fn title(piece: &JustificatifVue) -> String {
    match (&piece.rubrique, &piece.type_piece) {
        (Some(rubrique), Some(type_piece)) if !piece.confidentiel => {
            let (rubrique, type_piece) = labels(Nomenclature::embarquee(), rubrique, type_piece);
            let name = piece.nom.as_ref().map_or(String::new(), |name| format!(" ({name})"));
            format!("{rubrique} : {type_piece}{name}")
        }
        _ => "Pièce confidentielle".to_owned(),
    }
}

/// Downloads a piece to a file that does not exist yet.
pub(crate) async fn telecharger(
    client: &Client,
    id: JustificatifId,
    out: &Path,
    json: bool,
) -> Result<Sortie, Echec> {
    if out.exists() {
        return Err(Echec::usage(
            "Il y a déjà quelque chose à cet endroit : donnez à -o le nom d’un nouveau fichier.",
        ));
    }
    let out: PathBuf = out.to_owned();
    let bar = afficher::bar(0, json);
    let progress = |received, total| {
        bar.set_length(total);
        bar.set_position(received);
    };
    let vue = client.telecharger(id, &out, &Stop::new(), &progress).await?;
    bar.finish_and_clear();
    if json {
        print_json(&Telecharge {
            resultat: "telecharge",
            fichier: &out,
            octets: vue.taille,
            sha256: vue.sha256,
        });
    } else {
        dire!("{} : {}", out.display(), taille(vue.taille));
    }
    Ok(Sortie::Fait)
}

/// Withdraws a piece.
pub(crate) async fn retirer(client: &Client, id: JustificatifId, json: bool) -> Result<Sortie, Echec> {
    client.retirer(id).await?;
    if json {
        print_json(&Retire { resultat: "retire", justificatif: id });
    } else {
        dire!("La pièce est retirée.");
    }
    Ok(Sortie::Fait)
}

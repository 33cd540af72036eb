//! `deposer`: prepare, queue, send, and show the receipts. What cannot be sent now stays in the queue.

use std::{collections::HashMap, path::PathBuf, sync::Mutex};

use client::{Brouillon, Client, Contenu, Entree, Envoi, Erreur, Faits, Genre, Progression, Stop};
use serde::Serialize;
use wire::{
    DepotEtat, DepotId, NomAffiche, Nomenclature, PersonneId, RubriqueCode, TypeCode,
    api::{JustificatifVue, PieceDemandee},
};

use crate::{
    afficher,
    args::Souhait,
    atelier::{self, Ligne, prepare},
    choisir,
    preparer::shown,
    sortie::{Echec, Sortie, dire, name_of, of_block, print_json},
};

/// Which fact a piece proves, by which type, of whom.
struct Choix {
    rubrique: RubriqueCode,
    type_piece: TypeCode,
    personne: Option<PersonneId>,
}

/// One piece and what became of it.
#[derive(Serialize)]
struct Piece {
    #[serde(flatten)]
    ligne: Ligne,
    #[serde(skip_serializing_if = "Option::is_none")]
    depot: Option<DepotId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    envoi: Option<DepotEtat>,
}

#[derive(Serialize)]
struct Depots {
    pieces: Vec<Piece>,
}

/// Prepares, queues and sends.
pub(crate) async fn run(client: &Client, souhait: &Souhait, json: bool) -> Result<Sortie, Echec> {
    atelier::check(&souhait.fichiers, &souhait.retouches)?;
    let demande = client.session().await?.demande;
    let choix = choose(client, souhait).await?;
    let groups: Vec<Vec<PathBuf>> = if souhait.assembler {
        vec![souhait.fichiers.clone()]
    } else {
        souhait.fichiers.iter().map(|file| vec![file.clone()]).collect()
    };
    let mut pieces = Vec::new();
    for sources in groups {
        let brouillon = client.brouillon()?;
        let (ligne, prepared) = prepare(&sources, &souhait.retouches, &brouillon.piece());
        if !json {
            eprintln!("{}", shown(&ligne));
        }
        let depot = match prepared {
            None => None,
            Some(prepared) => {
                let faits = Faits {
                    personne: choix.personne,
                    rubrique: choix.rubrique.clone(),
                    type_piece: choix.type_piece.clone(),
                    nom: name(&sources),
                    remplace: souhait.remplace,
                    demande_piece: souhait.demande_piece,
                    media_type: prepared.media_type,
                    sha256_original: Some(prepared.sha256_original),
                };
                Some(queue(client, brouillon, demande, faits)?)
            }
        };
        pieces.push(Piece { ligne, depot, envoi: None });
    }
    let envoi = send(client, json).await?;
    let contenu = client.file()?;
    for piece in &mut pieces {
        piece.envoi = piece.depot.and_then(|id| state_of(&contenu, id));
    }
    let sortie = pieces.iter().map(|piece| outcome(piece, &envoi)).max().unwrap_or(Sortie::Fait);
    report(pieces, &envoi, json);
    Ok(sortie)
}

fn queue(
    client: &Client,
    brouillon: Brouillon,
    demande: wire::DemandeId,
    faits: Faits,
) -> Result<DepotId, Echec> {
    Ok(client.mettre_en_file(brouillon, demande, faits)?.depot)
}

/// Sends the queue, with a bar on a terminal.
pub(crate) async fn send(client: &Client, json: bool) -> Result<Envoi, Echec> {
    let names: HashMap<DepotId, Entree> =
        client.file()?.entrees.into_iter().map(|entree| (entree.depot, entree)).collect();
    let current = Mutex::new((None, afficher::bar(0, true)));
    let progress = |progression: Progression| {
        let mut current = current.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if current.0 != Some(progression.depot) {
            current.1.finish_and_clear();
            let name = names.get(&progression.depot).map_or(String::new(), |entree| entree.nom.to_string());
            *current = (Some(progression.depot), afficher::bar(progression.taille, json).with_message(name));
        }
        current.1.set_position(progression.envoyes);
    };
    let envoi = client.envoyer(&Stop::new(), &progress).await?;
    current.lock().unwrap_or_else(std::sync::PoisonError::into_inner).1.finish_and_clear();
    Ok(envoi)
}

/// How the program ends for a queue in this state.
pub(crate) fn of_envoi(envoi: &Envoi) -> Sortie {
    match envoi {
        Envoi::Vide => Sortie::Fait,
        Envoi::Reprendre(_) => Sortie::Reseau,
        Envoi::Bloque(raison) => of_block(raison),
    }
}

/// What a person reads when the queue is not empty.
pub(crate) fn say_rest(envoi: &Envoi) {
    match envoi {
        Envoi::Vide => {}
        Envoi::Reprendre(_) => eprintln!(
            "L’envoi n’a pas pu aboutir pour le moment ; rien n’est perdu. « ma-demande file envoyer » le reprendra où il en est."
        ),
        Envoi::Bloque(raison) => eprintln!("{raison}"),
    }
}

fn outcome(piece: &Piece, envoi: &Envoi) -> Sortie {
    match (&piece.depot, &piece.envoi) {
        (None, _) => Sortie::FichierRefuse,
        (Some(_), Some(DepotEtat::Depose { .. }) | None) => Sortie::Fait,
        (Some(_), Some(DepotEtat::Bloque { raison })) => of_block(raison),
        (Some(_), Some(_)) if matches!(envoi, Envoi::Bloque(raison) if name_of(raison) == "session_expiree") => {
            Sortie::Session
        }
        (Some(_), Some(_)) => Sortie::Reseau,
    }
}

fn report(pieces: Vec<Piece>, envoi: &Envoi, json: bool) {
    if json {
        print_json(&Depots { pieces });
        return;
    }
    for piece in &pieces {
        if let Some(etat) = &piece.envoi {
            dire!("{} : {}", piece.ligne.source, afficher::etat(etat, 0));
        }
    }
    if pieces.iter().any(|piece| outcome(piece, envoi) > Sortie::FichierRefuse) {
        say_rest(envoi);
    }
}

fn state_of(contenu: &Contenu, id: DepotId) -> Option<DepotEtat> {
    contenu.entrees.iter().find(|entree| entree.depot == id).map(|entree| entree.etat.clone())
}

/// The name under which the person knows the piece: its first file's.
fn name(sources: &[PathBuf]) -> NomAffiche {
    let name = sources.first().and_then(|source| source.file_name()).unwrap_or_default();
    NomAffiche::new(&name.to_string_lossy())
}

/// Completes what was typed by the slot it answers or the piece it replaces, and by the household.
async fn choose(client: &Client, souhait: &Souhait) -> Result<Choix, Echec> {
    let nomenclature = match client.nomenclature().await {
        Ok(nomenclature) => nomenclature,
        // Without the server's, ours: the server has the last word when the piece arrives.
        Err(_) => Nomenclature::embarquee().clone(),
    };
    let model = model(client, souhait).await?;
    let typed = souhait.rubrique.clone().or_else(|| Some(model.as_ref()?.rubrique.as_ref()?.to_string()));
    let rubrique = choisir::rubrique(&nomenclature, &typed.unwrap_or_default())?;
    let typed = souhait.type_piece.clone().or_else(|| Some(model.as_ref()?.type_piece.as_ref()?.to_string()));
    let type_piece = choisir::type_piece(rubrique, typed.as_deref())?;
    let typed = souhait.personne.clone().or_else(|| Some(model.as_ref()?.personne?.to_string()));
    let personne = match (rubrique.portee, typed.as_deref().map(str::parse)) {
        (wire::Portee::Menage, _) => choisir::personne(rubrique, &[], typed.as_deref())?,
        // An id needs no list: a piece can be queued without network.
        (_, Some(Ok(id))) => Some(id),
        _ => {
            let demande = client.demande().await.map_err(need_household)?;
            choisir::personne(rubrique, &demande.personnes, typed.as_deref())?
        }
    };
    Ok(Choix { rubrique: rubrique.code.clone(), type_piece: type_piece.code.clone(), personne })
}

/// Facts that need not be typed again.
struct Modele {
    rubrique: Option<RubriqueCode>,
    type_piece: Option<TypeCode>,
    personne: Option<PersonneId>,
}

async fn model(client: &Client, souhait: &Souhait) -> Result<Option<Modele>, Echec> {
    if let Some(id) = souhait.demande_piece {
        let slots = client.demande().await?.pieces_demandees;
        let slot = slots.into_iter().find(|slot| slot.id == id);
        let slot = slot.ok_or_else(|| {
            Echec::usage("Aucune pièce demandée de cet identifiant. « ma-demande demande » les montre.")
        })?;
        return Ok(Some(Modele::from(slot)));
    }
    if let Some(id) = souhait.remplace {
        let pieces = client.justificatifs().await?.justificatifs;
        let piece = pieces.into_iter().find(|piece| piece.id == id);
        let piece = piece.ok_or_else(|| {
            Echec::usage("Aucune pièce de cet identifiant à remplacer. « ma-demande lister » les montre.")
        })?;
        return Ok(Some(Modele::from(piece)));
    }
    Ok(None)
}

impl From<PieceDemandee> for Modele {
    fn from(slot: PieceDemandee) -> Self {
        Self { rubrique: Some(slot.rubrique), type_piece: slot.type_piece, personne: slot.personne }
    }
}

impl From<JustificatifVue> for Modele {
    fn from(piece: JustificatifVue) -> Self {
        Self { rubrique: piece.rubrique, type_piece: piece.type_piece, personne: piece.personne }
    }
}

fn need_household(erreur: Erreur) -> Echec {
    let network = erreur.genre() == Genre::Reseau;
    let mut echec = Echec::from(erreur);
    if network {
        echec.phrase +=
            " Sans réseau, un dépôt n’est possible qu’en donnant l’identifiant de la personne (--personne).";
    }
    echec
}

//! Depositing pieces at the counter, for a household that brings paper or has no phone. With the script each file is an
//! upload that shows its progress and goes on after a cut; without it the form sends them all, and the page says what
//! became of each. Either way a photo is prepared afterwards as a phone would have done it.

use std::sync::Arc;

use futures_util::StreamExt as _;
use hyper::StatusCode;
use maud::{Markup, html};
use tokio::time::timeout;
use uuid::Uuid;
use wire::{
    DemandeId, DepotId, DepotMetadata, NomAffiche, Nomenclature, PersonneId, PieceDemandeeId, ProblemCode,
    RubriqueCode, TypeCode, limites::UPLOAD_BYTES_MAX,
};

use super::{
    Visite,
    demande::{Onglet, head},
    demander,
    form::{self, FILES_PER_FORM_MAX, Fichiers},
    introuvable, mots,
    page::{TUS_JS, page, page_with_uploads},
};
use crate::{
    depot::receive_document,
    http::{
        problem::Refus,
        respond::{Answer, Response},
    },
    registre::{self, AgentConnecte, Attached, DemandeAgent, DemandeDePiece, Deposant},
    service::Service,
};

/// The page.
pub(super) async fn show(service: &Service, agent: &AgentConnecte, id: DemandeId) -> Answer {
    answer(service, agent, id, None).await
}

/// Deposits the files of the form, one after another: one that is refused keeps no other from it.
pub(super) async fn deposit(
    service: &Arc<Service>,
    agent: &AgentConnecte,
    id: DemandeId,
    visite: Visite,
) -> Answer {
    let (fields, files) = form::open_signed_with_files(agent, &visite.headers, visite.body).await?;
    let facts = match read(&fields, id) {
        Ok(facts) => facts,
        Err(missing) => return answer(service, agent, id, Some(missing)).await,
    };
    // Before a byte of a foreign demande's is taken.
    let asker = agent.clone();
    service
        .store
        .read(move |tx| registre::find_demande_for_agent(tx, &asker, id))
        .await?
        .ok_or_else(introuvable)?;
    let results = receive_all(service, agent, &facts, files).await?;
    if results.is_empty() {
        return answer(service, agent, id, Some("Choisissez au moins un fichier.")).await;
    }
    Ok(report(agent, id, &results))
}

/// A file's name, and what became of it or why not, in a sentence for the agent.
type Outcome = (NomAffiche, Result<Attached, String>);

async fn receive_all(
    service: &Arc<Service>,
    agent: &AgentConnecte,
    facts: &DepotMetadata,
    mut files: Fichiers,
) -> Result<Vec<Outcome>, Refus> {
    let deposant = Deposant::Guichet(agent.clone());
    let mut results = Vec::new();
    loop {
        let mut file = match files.next().await {
            Ok(Some(file)) => file,
            Ok(None) => break,
            Err(refus) if results.is_empty() => return Err(refus),
            // Those before it are deposited: the agent must learn it.
            Err(refus) => {
                results.push((NomAffiche::new("La suite"), Err(sentence(refus))));
                break;
            }
        };
        if results.len() == FILES_PER_FORM_MAX {
            let too_many = format!(
                "Un formulaire porte {FILES_PER_FORM_MAX} fichiers au plus : déposez celui-ci et les suivants à part."
            );
            results.push((file.nom, Err(too_many)));
            break;
        }
        let metadata = DepotMetadata {
            depot: DepotId(Uuid::now_v7()),
            filename: Some(file.nom.clone()),
            ..facts.clone()
        };
        let received = receive_document(service, &deposant, metadata, &mut file.bytes).await;
        // The rest of a refused file is passed over, for the next one to be read.
        let rest = async { while let Some(Ok(_)) = file.bytes.next().await {} };
        if timeout(service.delais.append, rest).await.is_err() {
            return Err(ProblemCode::Indisponible.into());
        }
        results.push((file.nom, received.map_err(sentence)));
    }
    Ok(results)
}

fn sentence(refus: Refus) -> String {
    refus.into_problem().1.sentence().to_owned()
}

/// What the form says of its files.
fn read(fields: &form::Champs, demande: DemandeId) -> Result<DepotMetadata, &'static str> {
    const CHOOSE: &str = "Choisissez de quelle pièce il s’agit.";
    let (rubrique, type_piece) = fields.text("objet").split_once('/').ok_or(CHOOSE)?;
    let rubrique: RubriqueCode = rubrique.parse().map_err(|_| CHOOSE)?;
    let type_piece: TypeCode = type_piece.parse().map_err(|_| CHOOSE)?;
    let personne = optional::<PersonneId>(fields.text("personne"), "Choisissez la personne concernée.")?;
    let demande_piece = optional::<PieceDemandeeId>(
        fields.text("demande_piece"),
        "Choisissez à quelle demande la pièce répond.",
    )?;
    Ok(DepotMetadata {
        depot: DepotId(Uuid::nil()),
        demande,
        personne,
        rubrique,
        type_piece,
        sha256: None,
        sha256_original: None,
        filename: None,
        remplace: None,
        demande_piece,
    })
}

fn optional<T: std::str::FromStr>(text: &str, wrong: &'static str) -> Result<Option<T>, &'static str> {
    (!text.is_empty()).then(|| text.parse()).transpose().map_err(|_| wrong)
}

async fn answer(service: &Service, agent: &AgentConnecte, id: DemandeId, error: Option<&str>) -> Answer {
    let (demande, slots) = demander::find(service, agent, id).await?;
    Ok(whole(agent, &demande, &slots, error))
}

fn whole(
    agent: &AgentConnecte,
    demande: &DemandeAgent,
    asked: &[DemandeDePiece],
    error: Option<&str>,
) -> Response {
    let content = html! {
        (head(demande, Onglet::Demande))
        h2 { "Déposer des pièces" }
        @if let Some(error) = error {
            div.alerte.erreur role="alert" { p { (error) } }
        }
        p { "Vérifiez que le numéro de sécurité sociale est masqué. Les photos sont redressées et allégées après l’envoi." }
        form #depot .bloc method="post" enctype="multipart/form-data" action={ "/guichet/demandes/" (demande.id) "/pieces" }
            data-demande=(demande.id) {
            (form::jeton(agent))
            (fields(agent, demande, asked))
            div #zone {
                label for="fichiers" {
                    "Fichiers"
                    small { "PDF, JPEG, PNG ou WebP ; " (mots::taille(UPLOAD_BYTES_MAX)) " au plus par fichier." }
                }
                input type="file" id="fichiers" name="fichier" multiple required
                    accept="application/pdf,image/jpeg,image/png,image/webp";
            }
            button { "Déposer" }
        }
        div #envois hidden {
            h3 { "Envois" }
            ul.envois {}
            p role="status" {}
            p { a.bouton.secondaire href={ "/guichet/demandes/" (demande.id) } { "Voir la demande" } }
        }
        @if !TUS_JS.is_empty() {
            script src="/guichet/tus.js" defer {}
            script src="/guichet/envoi.js" defer {}
        }
    };
    let status = if error.is_some() { StatusCode::CONFLICT } else { StatusCode::OK };
    page_with_uploads(status, "Déposer des pièces", agent, &content)
}

fn fields(agent: &AgentConnecte, demande: &DemandeAgent, asked: &[DemandeDePiece]) -> Markup {
    let nomenclature = Nomenclature::embarquee();
    let open: Vec<_> = asked.iter().filter(|slot| slot.close_le.is_none()).collect();
    let named = |slot: &DemandeDePiece| {
        let rubrique = nomenclature.rubrique(&slot.rubrique);
        rubrique.map_or_else(|| slot.rubrique.to_string(), |known| known.libelle.clone())
    };
    html! {
        label for="objet" { "Pièce" }
        select id="objet" name="objet" required {
            option value="" { "Choisir" }
            @for rubrique in &nomenclature.rubriques {
                optgroup label=(rubrique.libelle) {
                    @for known in rubrique.types.iter().filter(|known| !known.sensible || agent.profil.voit_sensible()) {
                        option value={ (rubrique.code) "/" (known.code) } { (known.libelle) }
                    }
                }
            }
        }
        label for="personne" { "Personne concernée" }
        select id="personne" name="personne" {
            option value="" { "Le ménage" }
            @for personne in &demande.personnes { (demander::person(personne)) }
        }
        @if !open.is_empty() {
            label for="demande_piece" { "Répond à une demande de pièce" }
            select id="demande_piece" name="demande_piece" {
                option value="" { "Non" }
                @for slot in open {
                    option value=(slot.id) { (named(slot)) ", " (mots::concerne(slot.personne, &demande.personnes)) }
                }
            }
        }
    }
}

/// What became of each file.
fn report(agent: &AgentConnecte, id: DemandeId, results: &[Outcome]) -> Response {
    let done = results.iter().filter(|(_, outcome)| outcome.is_ok()).count();
    let content = html! {
        h1 { "Dépôt de pièces" }
        p role="status" { (done) " sur " (results.len()) " déposées." }
        ul {
            @for (nom, outcome) in results {
                li {
                    (nom) " : "
                    @match outcome {
                        Ok(attached) => {
                            a href={ "/guichet/justificatifs/" (attached.justificatif) } {
                                @if attached.doublon { "déjà présente dans la demande" } @else { "déposée" }
                            }
                        }
                        Err(why) => (why),
                    }
                }
            }
        }
        div.actions {
            a.bouton href={ "/guichet/demandes/" (id) } { "Revenir à la demande" }
            a href={ "/guichet/demandes/" (id) "/pieces" } { "Déposer d’autres pièces" }
        }
    };
    page(
        if done == results.len() { StatusCode::OK } else { StatusCode::CONFLICT },
        "Dépôt de pièces",
        Some(agent),
        &content,
    )
}

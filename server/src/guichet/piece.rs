//! One piece: its facts, and the document itself.
//!
//! A document is foreign bytes. It never appears inside our pages: a picture opens alone, in a tab whose policy gives
//! it a sandbox and an origin of its own; a PDF is downloaded. The registre writes down who opens what in the same
//! transaction that finds the bytes, so before the first of them leaves.

use hyper::{HeaderMap, StatusCode};
use maud::{Markup, html};
use wire::{Controle, JustificatifId, MediaType};

use super::{introuvable, mots, page::page};
use crate::{
    api::{Disposition, send_contenu},
    http::respond::Answer,
    registre::{self, AgentConnecte, PieceAgent},
    service::Service,
};

/// The page of a piece.
pub(super) async fn show(service: &Service, agent: &AgentConnecte, id: JustificatifId) -> Answer {
    let asker = agent.clone();
    let found = service
        .store
        .read(move |tx| {
            let Some((demande, piece)) = registre::find_piece_for_agent(tx, &asker, id)? else {
                return Ok(None);
            };
            let demande = registre::find_demande_for_agent(tx, &asker, demande)?;
            Ok::<_, crate::store::StoreError>(demande.map(|demande| (demande, piece)))
        })
        .await?;
    let (demande, piece) = found.ok_or_else(introuvable)?;
    let title = mots::intitule(piece.faits.as_ref());
    let content = html! {
        p { a href={ "/guichet/demandes/" (demande.id) } { "Demande " (demande.numero) } }
        h1 { (title) }
        p { (mots::statut(piece.controle, &piece.examen)) }
        @if let Some(raison) = mots::raison(piece.controle, &piece.examen) {
            div.alerte { p { (raison) } }
        }
        dl.faits {
            @if let Some(faits) = &piece.faits {
                div { dt { "Rubrique" } dd { (mots::rubrique(faits)) } }
                div { dt { "Concerne" } dd { (mots::concerne(faits.personne, &demande.personnes)) } }
                @if let Some(nom) = &faits.nom { div { dt { "Nom du fichier" } dd { (nom) } } }
            }
            div { dt { "Origine" } dd { (piece.origine.libelle()) } }
            div { dt { "Déposée le" } dd { (mots::instant(piece.depose_le)) } }
            @if let Some(media_type) = piece.media_type { div { dt { "Format" } dd { (mots::format(media_type)) } } }
            @if let Some(pages) = piece.pages { div { dt { "Pages" } dd { (pages) } } }
            div { dt { "Taille" } dd { (mots::taille(piece.taille)) } }
            div { dt { "Déjà consultée par un agent" } dd { @if piece.consultee { "Oui" } @else { "Non" } } }
        }
        (opening(&piece))
    };
    Ok(page(StatusCode::OK, &title, Some(agent), &content))
}

/// The document's bytes, for an agent who may have them.
pub(super) async fn read_contenu(
    service: &Service,
    agent: &AgentConnecte,
    id: JustificatifId,
    headers: &HeaderMap,
) -> Answer {
    let (asker, now) = (agent.clone(), service.clock.now());
    let contenu = service.store.write(move |tx| registre::open_for_agent(tx, &asker, id, now)).await?;
    let disposition =
        if contenu.media_type == MediaType::Pdf { Disposition::Attachment } else { Disposition::Inline };
    send_contenu(service, contenu, id, disposition, headers).await
}

fn opening(piece: &PieceAgent) -> Markup {
    let address = format!("/guichet/justificatifs/{}/contenu", piece.id);
    html! {
        @if piece.ouvrable {
            @if piece.media_type == Some(MediaType::Pdf) {
                p { a.bouton href=(address) { "Télécharger le PDF" } }
            } @else {
                p { a.bouton href=(address) target="_blank" rel="noopener" { "Ouvrir l’image (nouvel onglet)" } }
            }
            p.doux { "Chaque ouverture est enregistrée à votre nom." }
        } @else if piece.controle == Controle::EnVerification {
            p { "Le document est contrôlé automatiquement ; il sera consultable dans quelques instants." }
        } @else if piece.controle == Controle::Disponible {
            p { "Votre profil ne permet pas d’ouvrir cette pièce." }
        }
    }
}

//! One piece: its facts, and the document itself.
//!
//! A document is foreign bytes. It never appears inside our pages: what is shown there are pictures that the inspecteur
//! drew of its pages, and the original is downloaded. The registre writes down who opens what in the same transaction
//! that finds the bytes, so before the first of them leaves; that a browser loads the pictures is an opening.

use std::num::NonZeroU32;

use hyper::HeaderMap;
use maud::{Markup, html};
use wire::{
    Controle, JustificatifId,
    inspection::{APERCUS_PAGES_MAX, EnteteApercu},
};

use super::{introuvable, mots, page::page_with_images};
use crate::{
    api::{send_apercu, send_contenu},
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
            let apercus = registre::list_apercus(tx, id)?;
            let demande = registre::find_demande_for_agent(tx, &asker, demande)?;
            Ok::<_, crate::store::StoreError>(demande.map(|demande| (demande, piece, apercus)))
        })
        .await?;
    let (demande, piece, apercus) = found.ok_or_else(introuvable)?;
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
        (opening(&piece, &title, &apercus))
    };
    Ok(page_with_images(&title, agent, &content))
}

/// The document's bytes, for an agent who may have them.
pub(super) async fn read_contenu(
    service: &Service,
    agent: &AgentConnecte,
    id: JustificatifId,
    headers: &HeaderMap,
) -> Answer {
    let (asker, now) = (agent.clone(), service.clock.now());
    let contenu = service.store.write(move |tx| registre::open_for_agent(tx, &asker, id, now)).await??;
    send_contenu(service, contenu, id, headers).await
}

/// The picture of one page, for an agent who may open the document.
pub(super) async fn read_apercu(
    service: &Service,
    agent: &AgentConnecte,
    id: JustificatifId,
    page: NonZeroU32,
) -> Answer {
    let (asker, now) = (agent.clone(), service.clock.now());
    let apercu = service
        .store
        .write(move |tx| registre::open_apercu_for_agent(tx, &asker, id, page.get(), now))
        .await??;
    send_apercu(service, apercu).await
}

fn opening(piece: &PieceAgent, title: &str, apercus: &[EnteteApercu]) -> Markup {
    html! {
        @if piece.ouvrable {
            p.actions {
                a.bouton href={ "/guichet/justificatifs/" (piece.id) "/contenu" } { "Télécharger l’original" }
                span.doux { "Cette consultation est enregistrée à votre nom." }
            }
            (pages(piece, title, apercus))
        } @else if piece.controle == Controle::EnVerification {
            p { "Le document est contrôlé automatiquement ; il sera consultable dans quelques instants." }
        } @else if piece.controle == Controle::Disponible {
            p { "Votre profil ne permet pas d’ouvrir cette pièce." }
        }
    }
}

/// The pages one under another; where one has no picture, a sentence stands in its place.
fn pages(piece: &PieceAgent, title: &str, apercus: &[EnteteApercu]) -> Markup {
    let count = piece.pages.unwrap_or(1);
    let name = |page| {
        if count == 1 { title.to_owned() } else { format!("{title}, page {page} sur {count}") }
    };
    html! {
        @if apercus.is_empty() {
            p { "Ce document ne peut pas être affiché ici : téléchargez l’original pour le lire." }
        } @else {
            @for page in 1..=count.min(APERCUS_PAGES_MAX) {
                figure.page {
                    @if count > 1 { figcaption.doux { "Page " (page) " sur " (count) } }
                    @match apercus.iter().find(|apercu| apercu.page == page) {
                        Some(apercu) => img.apercu src={ "/guichet/justificatifs/" (piece.id) "/apercus/" (page) }
                            alt=(name(page)) width=(apercu.largeur) height=(apercu.hauteur)
                            loading=[(page > 1).then_some("lazy")];,
                        None => p { "Cette page ne peut pas être affichée ici : elle se lit dans l’original." }
                    }
                }
            }
            @if count > APERCUS_PAGES_MAX {
                p { "Les pages suivantes se lisent dans l’original." }
            }
        }
    }
}

//! One piece: the document beside its facts, page by page, and what the guichet says of it.
//!
//! A document is foreign bytes. It never appears inside our pages: what is shown there are pictures that the inspecteur
//! drew of its pages, and the original is downloaded. The registre writes down who opens what in the same transaction
//! that finds the bytes, so before the first of them leaves; that a browser loads a picture is an opening.
//!
//! Without script a page is read, turned and judged like with it; the script adds zooming and keys.

use std::num::NonZeroU32;

use hyper::HeaderMap;
use maud::{Markup, PreEscaped, html};
use wire::{
    Controle, Examen, JustificatifId,
    inspection::{APERCUS_PAGES_MAX, EnteteApercu},
};

use super::{Visite, examen, form, introuvable, masquer, mots, page::page_with_images};
use crate::{
    api::{send_apercu, send_contenu},
    http::respond::Answer,
    registre::{self, AgentConnecte, Brouillon, DemandeAgent, Original, PieceAgent},
    service::Service,
    store::StoreError,
};

/// All that the page shows.
struct Vue {
    demande: DemandeAgent,
    piece: PieceAgent,
    apercus: Vec<EnteteApercu>,
    /// The pieces before and after it in the demande's list.
    voisines: (Option<JustificatifId>, Option<JustificatifId>),
    brouillon: Option<Brouillon>,
}

/// The page of a piece; `page` in the query says which of the document's pages.
pub(super) async fn show(
    service: &Service,
    agent: &AgentConnecte,
    id: JustificatifId,
    query: &str,
) -> Answer {
    let asker = agent.clone();
    let now = service.clock.now();
    let found = service
        .store
        .read(move |tx| {
            let Some((demande, piece)) = registre::find_piece_for_agent(tx, &asker, id)? else {
                return Ok(None);
            };
            let Some(demande) = registre::find_demande_for_agent(tx, &asker, demande)? else {
                return Ok(None);
            };
            let list = registre::list_justificatifs_for_agent(tx, &asker, demande.id)?.unwrap_or_default();
            let at = list.iter().position(|other| other.id == id).unwrap_or_default();
            let neighbour = |at: Option<usize>| at.and_then(|at| list.get(at)).map(|piece| piece.id);
            Ok::<_, StoreError>(Some(Vue {
                voisines: (neighbour(at.checked_sub(1)), neighbour(at.checked_add(1))),
                apercus: registre::list_apercus(tx, id)?,
                brouillon: registre::find_brouillon(tx, &asker, id, now)?,
                demande,
                piece,
            }))
        })
        .await?;
    let vue = found.ok_or_else(introuvable)?;
    let pages = vue.piece.pages.unwrap_or(1).max(1);
    let number = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "page");
    let number = number.and_then(|(_, page)| page.parse().ok()).unwrap_or(1).clamp(1, pages);
    let title = mots::intitule(vue.piece.faits.as_ref());
    let content = html! {
        p { a href={ "/guichet/demandes/" (vue.demande.id) } { "Demande " (vue.demande.numero) } }
        h1 { (title) }
        (neighbours(vue.voisines))
        div.lecture {
            div { (document(agent, &vue, &title, number)) }
            div {
                (facts(&vue))
                (examen::panel(agent, &vue.piece, vue.brouillon.as_ref()))
            }
        }
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
    send_contenu(service, contenu, headers).await
}

/// The document before it was masked, for an agent who may see it.
pub(super) async fn read_original(
    service: &Service,
    agent: &AgentConnecte,
    id: JustificatifId,
    headers: &HeaderMap,
) -> Answer {
    let (asker, now) = (agent.clone(), service.clock.now());
    let contenu =
        service.store.write(move |tx| registre::open_original_for_agent(tx, &asker, id, now)).await??;
    send_contenu(service, contenu, headers).await
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

/// Turns the pages by a quarter, for this reader and the next.
pub(super) async fn rotate(
    service: &Service,
    agent: &AgentConnecte,
    id: JustificatifId,
    visite: Visite,
) -> Answer {
    let fields = form::read_signed(agent, &visite.headers, visite.body).await?;
    let page: u32 = fields.text("page").parse().unwrap_or(1);
    let asker = agent.clone();
    if service.store.write(move |tx| registre::rotate_justificatif(tx, &asker, id)).await? {
        Ok(form::see_other(&format!("/guichet/justificatifs/{id}?page={page}#document")))
    } else {
        Err(introuvable())
    }
}

fn neighbours((before, after): (Option<JustificatifId>, Option<JustificatifId>)) -> Markup {
    html! {
        nav.voisines aria-label="Pièces de la demande" {
            @if let Some(id) = before { a rel="prev" href={ "/guichet/justificatifs/" (id) } { "Pièce précédente" } }
            @if let Some(id) = after { a rel="next" href={ "/guichet/justificatifs/" (id) } { "Pièce suivante" } }
        }
    }
}

fn facts(vue: &Vue) -> Markup {
    let Vue { demande, piece, .. } = vue;
    html! {
        p {
            (mots::statut(piece.controle, &piece.examen))
            @if let Examen::Remplace { par } = piece.examen {
                " " a href={ "/guichet/justificatifs/" (par) } { "Voir la nouvelle version" }
            }
        }
        @if let Some(raison) = mots::raison(piece.controle, &piece.examen) {
            div.alerte { p { (raison) } }
        }
        dl.faits.colonne {
            @if let Some(faits) = &piece.faits {
                div { dt { "Rubrique" } dd { (mots::rubrique(faits)) } }
                div { dt { "Concerne" } dd { (mots::concerne(faits.personne, &demande.personnes)) } }
                @if let Some(nom) = &faits.nom { div { dt { "Nom du fichier" } dd { (nom) } } }
            }
            div { dt { "Origine" } dd { (piece.origine.libelle()) } }
            div { dt { "Déposée le" } dd { (mots::instant(piece.depose_le)) } }
            @if let Some(media_type) = piece.media_type { div { dt { "Format" } dd { (mots::format(media_type)) } } }
            div { dt { "Taille" } dd { (mots::taille(piece.taille)) } }
            div { dt { "Déjà consultée par un agent" } dd { @if piece.consultee { "Oui" } @else { "Non" } } }
        }
    }
}

fn document(agent: &AgentConnecte, vue: &Vue, title: &str, number: u32) -> Markup {
    let Vue { piece, apercus, .. } = vue;
    let pages = piece.pages.unwrap_or(1).max(1);
    html! {
        @if piece.ouvrable {
            @if pages > 1 { (page_links(piece.id, number, pages)) }
            @match apercus.iter().find(|apercu| apercu.page == number) {
                Some(apercu) => {
                    (viewer(agent, piece, apercu, title, pages))
                    (masquer::panel(agent, piece, number))
                }
                None if apercus.is_empty() => p { "Ce document ne peut pas être affiché ici : téléchargez l’original pour le lire." },
                None if number > APERCUS_PAGES_MAX => p { "Les pages après la " (APERCUS_PAGES_MAX) "e se lisent dans l’original." },
                None => p { "Cette page ne peut pas être affichée ici : elle se lit dans l’original." },
            }
            p.actions {
                a.bouton.secondaire href={ "/guichet/justificatifs/" (piece.id) "/contenu" } {
                    @if piece.original != Original::Aucun { "Télécharger le document masqué" } @else { "Télécharger l’original" }
                }
                span.doux { "Cette consultation est enregistrée à votre nom." }
            }
        } @else if piece.controle == Controle::EnVerification {
            p { "Le document est contrôlé automatiquement ; il sera consultable dans quelques instants." }
        } @else if piece.controle == Controle::Disponible {
            p { "Votre profil ne permet pas d’ouvrir cette pièce." }
        }
    }
}

fn page_links(id: JustificatifId, number: u32, pages: u32) -> Markup {
    let link = |page: u32, rel, name: &str| {
        html! { a rel=(rel) data-page=(rel) href={ "/guichet/justificatifs/" (id) "?page=" (page) "#document" } { (name) } }
    };
    html! {
        nav.voisines aria-label="Pages du document" {
            @if number > 1 { (link(number - 1, "prev", "Page précédente")) }
            span { "Page " (number) " sur " (pages) }
            @if number < pages { (link(number + 1, "next", "Page suivante")) }
        }
    }
}

/// The picture, turned as the last reader left it. It is drawn inside an SVG of ours, since a turned picture takes the
/// other way's room, and the page may carry no style of its own.
fn viewer(
    agent: &AgentConnecte,
    piece: &PieceAgent,
    apercu: &EnteteApercu,
    title: &str,
    pages: u32,
) -> Markup {
    let (width, height) = (apercu.largeur, apercu.hauteur);
    let (transform, box_width, box_height) = match piece.rotation {
        90 => (format!("translate({height} 0) rotate(90)"), height, width),
        180 => (format!("translate({width} {height}) rotate(180)"), width, height),
        270 => (format!("translate(0 {width}) rotate(270)"), height, width),
        _ => (String::new(), width, height),
    };
    let name =
        if pages == 1 { title.to_owned() } else { format!("{title}, page {} sur {pages}", apercu.page) };
    // maud knows HTML only, where names of attributes lose their capitals; these are numbers and our own words.
    let svg = PreEscaped(format!(
        "<svg viewBox=\"0 0 {box_width} {box_height}\" width=\"{box_width}\" height=\"{box_height}\" role=\"img\" \
         aria-labelledby=\"nom-document\"><image href=\"/guichet/justificatifs/{}/apercus/{}\" width=\"{width}\" \
         height=\"{height}\" transform=\"{transform}\"/></svg>",
        piece.id, apercu.page
    ));
    html! {
        div.outils {
            div.zoom hidden {
                button.secondaire type="button" data-zoom="moins" { "Réduire" }
                button.secondaire type="button" data-zoom="plus" { "Agrandir" }
                button.secondaire type="button" data-zoom="ajuster" { "Ajuster" }
            }
            form method="post" action={ "/guichet/justificatifs/" (piece.id) "/rotation" } {
                (form::jeton(agent))
                input type="hidden" name="page" value=(apercu.page);
                button.secondaire { "Tourner d’un quart de tour" }
            }
        }
        p.doux.touches hidden {
            "Quand le document a le focus : + et − pour le zoom, 0 pour ajuster, flèches gauche et droite pour changer de page."
        }
        div #document .document tabindex="0" role="region" aria-labelledby="nom-document" {
            p #nom-document .invisible { (name) }
            (svg)
        }
        script src="/guichet/visionneuse.js" defer {}
    }
}

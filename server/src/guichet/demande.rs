//! Finding a demande by its numéro, and its page: who, since when, and which pieces.

use hyper::StatusCode;
use maud::{Markup, html};
use wire::{DemandeId, NumeroUnique, api::PersonneVue};

use super::{Visite, form, introuvable, mots, page::page};
use crate::{
    http::respond::{Answer, Response},
    registre::{self, AgentConnecte, DemandeAgent, PieceAgent},
    service::Service,
};

/// The search page.
pub(super) fn show_recherche(agent: &AgentConnecte) -> Response {
    recherche_page(StatusCode::OK, agent, "", None)
}

/// Looks a numéro up, in any spelling, and goes to the demande. The address of the demande holds its id, so that no
/// numéro stays in a browser's history.
pub(super) async fn find(service: &Service, agent: &AgentConnecte, visite: Visite) -> Answer {
    let fields = form::read_signed(agent, &visite.headers, visite.body).await?;
    let typed = fields.text("numero");
    let numero: NumeroUnique = match typed.parse() {
        Ok(numero) => numero,
        Err(error) => {
            return Ok(recherche_page(StatusCode::BAD_REQUEST, agent, typed, Some(&error.to_string())));
        }
    };
    let asker = agent.clone();
    match service.store.read(move |tx| registre::find_demande_by_numero(tx, &asker, &numero)).await? {
        Some(demande) => Ok(form::see_other(&format!("/guichet/demandes/{demande}"))),
        None => Ok(recherche_page(
            StatusCode::NOT_FOUND,
            agent,
            typed,
            Some(
                "Aucune demande de votre territoire ne porte ce numéro. Vérifiez-le sur l’attestation d’enregistrement.",
            ),
        )),
    }
}

/// A demande and its pieces.
pub(super) async fn show(service: &Service, agent: &AgentConnecte, id: DemandeId) -> Answer {
    let asker = agent.clone();
    let found = service
        .store
        .read(move |tx| {
            let Some(demande) = registre::find_demande_for_agent(tx, &asker, id)? else { return Ok(None) };
            let pieces = registre::list_justificatifs_for_agent(tx, &asker, id)?;
            Ok::<_, crate::store::StoreError>(pieces.map(|pieces| (demande, pieces)))
        })
        .await?;
    let (demande, pieces) = found.ok_or_else(introuvable)?;
    let content = html! {
        h1 { "Demande " (demande.numero) }
        (header(&demande))
        h2 { "Ménage" }
        (menage(&demande.personnes))
        h2 { "Pièces (" (pieces.len()) ")" }
        (liste(&pieces, &demande.personnes))
    };
    Ok(page(StatusCode::OK, "Demande", Some(agent), &content))
}

fn recherche_page(status: StatusCode, agent: &AgentConnecte, typed: &str, error: Option<&str>) -> Response {
    let invalid = error.map(|_| "true");
    let content = html! {
        h1 { "Chercher une demande" }
        @if let Some(error) = error {
            div.alerte.erreur role="alert" id="erreur" { p { (error) } }
        }
        form.bloc method="post" action="/guichet/recherche" {
            (form::jeton(agent))
            label for="numero" {
                "Numéro unique"
                small { "18 caractères, avec ou sans espaces, par exemple 057 1215 073903 10691" }
            }
            input id="numero" name="numero" value=(typed) autocomplete="off" autocapitalize="characters"
                spellcheck="false" required autofocus maxlength="40" aria-invalid=[invalid]
                aria-describedby=[invalid.map(|_| "erreur")];
            button { "Chercher" }
        }
    };
    page(status, "Chercher une demande", Some(agent), &content)
}

/// The header of the SNE's own screen, in its order.
fn header(demande: &DemandeAgent) -> Markup {
    let none = || "—".to_owned();
    html! {
        dl.faits {
            div { dt { "Date de dépôt" } dd { (mots::jour(demande.date_depot)) } }
            div { dt { "État" } dd { (mots::etat_demande(demande.etat)) } }
            div { dt { "Guichet de la dernière modification" } dd { (demande.guichet.code) " — " (demande.guichet.nom) } }
            div { dt { "Dernière modification" } dd { (mots::jour(demande.modifiee_le)) } }
            div { dt { "Version" } dd { (demande.version) } }
            div { dt { "Dernier renouvellement" } dd { (demande.renouvelee_le.map_or_else(none, mots::jour)) } }
            div { dt { "À renouveler avant le" } dd { (mots::jour(demande.a_renouveler_avant)) } }
        }
    }
}

fn menage(personnes: &[PersonneVue]) -> Markup {
    html! {
        ul {
            @for personne in personnes {
                li { (personne.prenom) " " (personne.nom) " " span.doux { "(" (mots::role(personne.role)) ")" } }
            }
        }
    }
}

fn liste(pieces: &[PieceAgent], personnes: &[PersonneVue]) -> Markup {
    html! {
        @if pieces.is_empty() {
            p { "Aucune pièce n’a encore été déposée pour cette demande." }
        } @else {
            div.cadre tabindex="0" role="region" aria-label="Pièces de la demande" {
                table {
                    thead {
                        tr {
                            th scope="col" { "Pièce" }
                            th scope="col" { "Concerne" }
                            th scope="col" { "Origine" }
                            th scope="col" { "Déposée le" }
                            th scope="col" { "Pages" }
                            th scope="col" { "Statut" }
                        }
                    }
                    tbody { @for piece in pieces { (ligne(piece, personnes)) } }
                }
            }
        }
    }
}

fn ligne(piece: &PieceAgent, personnes: &[PersonneVue]) -> Markup {
    let faits = piece.faits.as_ref();
    html! {
        tr {
            th scope="row" {
                a href={ "/guichet/justificatifs/" (piece.id) } { (mots::intitule(faits)) }
                @if let Some(faits) = faits { br; span.doux { (mots::rubrique(faits)) } }
            }
            td data-titre="Concerne" {
                @match faits {
                    Some(faits) => (mots::concerne(faits.personne, personnes)),
                    None => "—",
                }
            }
            td data-titre="Origine" { (piece.origine.libelle()) }
            td data-titre="Déposée le" { (mots::instant(piece.depose_le)) }
            td data-titre="Pages" { (piece.pages.map_or_else(|| "—".to_owned(), |pages| pages.to_string())) }
            td data-titre="Statut" { (mots::statut(piece.controle, &piece.examen)) }
        }
    }
}

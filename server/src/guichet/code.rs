//! A lost code télé-demandeur: given out anew at the counter, to somebody whose identity the agent has checked.
//!
//! The code is shown once, on the answer to the form; the base has its hash only. Every session that the old one opened
//! ends, and the journal says who gave it out and which document was seen.

use hyper::StatusCode;
use maud::html;
use wire::DemandeId;

use super::{Visite, form, introuvable, page::page};
use crate::{
    http::respond::{Answer, Response},
    registre::{self, AgentConnecte, DemandeAgent},
    service::Service,
};

/// What proves who somebody is.
const DOCUMENTS: [&str; 4] =
    ["Carte nationale d’identité", "Passeport", "Titre de séjour", "Autre pièce avec photo"];

/// The form.
pub(super) async fn show(service: &Service, agent: &AgentConnecte, id: DemandeId) -> Answer {
    let demande = find(service, agent, id).await?;
    Ok(form_page(StatusCode::OK, agent, &demande, None))
}

/// Gives a new code out.
pub(super) async fn issue(service: &Service, agent: &AgentConnecte, id: DemandeId, visite: Visite) -> Answer {
    let fields = form::read_signed(agent, &visite.headers, visite.body).await?;
    let demande = find(service, agent, id).await?;
    let seen = DOCUMENTS.iter().find(|known| **known == fields.text("document"));
    let (Some(seen), "oui") = (seen, fields.text("verifiee")) else {
        let missing = "Vérifiez l’identité du demandeur, et dites sur quel document.";
        return Ok(form_page(StatusCode::CONFLICT, agent, &demande, Some(missing)));
    };
    let code = service.identite.reissue_code(agent, id, seen).await?.ok_or_else(introuvable)?;
    let content = html! {
        h1 { "Nouveau code télé-demandeur" }
        p { "Demande " (demande.numero) }
        p.code { (code) }
        div.alerte { p { "Ce code ne sera plus affiché : imprimez cette page ou notez-le pour le demandeur. L’ancien code et les appareils connectés ne donnent plus accès à la demande." } }
        p { a.bouton href={ "/guichet/demandes/" (id) } { "Revenir à la demande" } }
    };
    Ok(page(StatusCode::OK, "Nouveau code", Some(agent), &content))
}

async fn find(
    service: &Service,
    agent: &AgentConnecte,
    id: DemandeId,
) -> Result<DemandeAgent, crate::http::problem::Refus> {
    let asker = agent.clone();
    let found = service.store.read(move |tx| registre::find_demande_for_agent(tx, &asker, id)).await?;
    found.ok_or_else(introuvable)
}

fn form_page(
    status: StatusCode,
    agent: &AgentConnecte,
    demande: &DemandeAgent,
    error: Option<&str>,
) -> Response {
    let content = html! {
        p { a href={ "/guichet/demandes/" (demande.id) } { "Demande " (demande.numero) } }
        h1 { "Donner un nouveau code télé-demandeur" }
        @if let Some(error) = error {
            div.alerte.erreur role="alert" { p { (error) } }
        }
        p { "À faire en présence du demandeur qui a perdu son code. L’ancien ne vaudra plus rien." }
        form.bloc method="post" action={ "/guichet/demandes/" (demande.id) "/code" } {
            (form::jeton(agent))
            label for="document" { "Document présenté" }
            select id="document" name="document" required {
                option value="" { "Choisir" }
                @for known in DOCUMENTS { option { (known) } }
            }
            div.case {
                input type="checkbox" id="verifiee" name="verifiee" value="oui" required;
                label for="verifiee" { "J’ai vérifié que la personne présente est le demandeur ou le cotitulaire de cette demande" }
            }
            button { "Donner un nouveau code" }
        }
    };
    page(status, "Nouveau code", Some(agent), &content)
}

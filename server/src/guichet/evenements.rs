//! The events of a demande (gestion partagée): every guichet of the territory reads them, each deletes its own.

use chrono::NaiveDate;
use hyper::StatusCode;
use maud::{Markup, html};
use wire::{DemandeId, EvenementId, limites::TEXTE_CHARS_MAX};

use super::{
    Visite,
    demande::{Onglet, head},
    form, introuvable, mots,
    page::page,
};
use crate::{
    clock::jour_en_france,
    http::{
        problem::Refus,
        respond::{Answer, Response},
    },
    registre::{self, AgentConnecte, DemandeAgent, EvenementAgent, EvenementError, Profil, TYPES},
    service::Service,
    store::StoreError,
};

/// The tab.
pub(super) async fn show(service: &Service, agent: &AgentConnecte, id: DemandeId) -> Answer {
    answer(service, agent, id, None).await
}

/// Adds an event.
pub(super) async fn add(service: &Service, agent: &AgentConnecte, id: DemandeId, visite: Visite) -> Answer {
    let fields = form::read_signed(agent, &visite.headers, visite.body).await?;
    let Ok(day) = fields.text("date").parse::<NaiveDate>() else {
        return answer(service, agent, id, Some("Indiquez la date de survenance.".to_owned())).await;
    };
    let details = fields.text("details");
    let details = (!details.is_empty()).then(|| details.to_owned());
    let (asker, code, now) = (agent.clone(), fields.text("code").to_owned(), service.clock.now());
    let added = service
        .store
        .write(move |tx| registre::add_for_agent(tx, &asker, id, &code, day, details, now))
        .await;
    done(service, agent, id, added.map(drop)).await
}

/// Deletes an event of the agent's own guichet.
pub(super) async fn delete(
    service: &Service,
    agent: &AgentConnecte,
    id: DemandeId,
    evenement: EvenementId,
    visite: Visite,
) -> Answer {
    let fields = form::read_signed(agent, &visite.headers, visite.body).await?;
    let (asker, now) = (agent.clone(), service.clock.now());
    let deleted =
        service.store.write(move |tx| registre::delete_evenement(tx, &asker, id, evenement, now)).await;
    match deleted {
        Ok(()) if fields.text("retour") == "demandes-de-pieces" => {
            Ok(form::see_other(&format!("/guichet/demandes/{id}/demandes-de-pieces")))
        }
        deleted => done(service, agent, id, deleted).await,
    }
}

async fn done(
    service: &Service,
    agent: &AgentConnecte,
    id: DemandeId,
    outcome: Result<(), EvenementError>,
) -> Answer {
    match outcome {
        Ok(()) => Ok(form::see_other(&format!("/guichet/demandes/{id}/evenements"))),
        Err(EvenementError::Introuvable) => Err(introuvable()),
        Err(EvenementError::Store(error)) => Err(Refus::from(error)),
        Err(error) => answer(service, agent, id, Some(error.to_string())).await,
    }
}

async fn answer(service: &Service, agent: &AgentConnecte, id: DemandeId, error: Option<String>) -> Answer {
    let asker = agent.clone();
    let found = service
        .store
        .read(move |tx| {
            let Some(demande) = registre::find_demande_for_agent(tx, &asker, id)? else { return Ok(None) };
            let events = registre::list_evenements(tx, &asker, id)?;
            Ok::<_, StoreError>(Some((demande, events)))
        })
        .await?;
    let (demande, events) = found.ok_or_else(introuvable)?;
    let today = jour_en_france(service.clock.now());
    Ok(whole(agent, &demande, &events, today, error.as_deref()))
}

fn whole(
    agent: &AgentConnecte,
    demande: &DemandeAgent,
    events: &[EvenementAgent],
    today: NaiveDate,
    error: Option<&str>,
) -> Response {
    let content = html! {
        (head(demande, Onglet::Evenements))
        @if let Some(error) = error {
            div.alerte.erreur role="alert" { p { (error) } }
        }
        div.cadre tabindex="0" role="region" aria-label="Évènements de la demande" {
            table {
                thead { tr {
                    th scope="col" { "Code" } th scope="col" { "Évènement" } th scope="col" { "Créateur" }
                    th scope="col" { "Survenu le" } th scope="col" { "Réglementaire" } th scope="col" { "Supprimé" }
                    th scope="col" { "Détails" }
                } }
                tbody { @for event in events { (line(agent, demande.id, event)) } }
            }
        }
        @if agent.may(Profil::juge) { (new(agent, demande.id, today)) }
    };
    let status = if error.is_some() { StatusCode::CONFLICT } else { StatusCode::OK };
    page(status, "Évènements", Some(agent), &content)
}

fn line(agent: &AgentConnecte, demande: DemandeId, event: &EvenementAgent) -> Markup {
    let yes = |yes| if yes { "Oui" } else { "Non" };
    html! {
        tr {
            th scope="row" { (event.code) }
            td data-titre="Évènement" { (event.libelle) }
            td data-titre="Créateur" { @match event.guichet { Some(code) => (code), None => "Système" } }
            td data-titre="Survenu le" { (mots::jour(event.survenu_le)) }
            td data-titre="Réglementaire" { (yes(event.reglementaire)) }
            td data-titre="Supprimé" {
                (yes(event.supprime))
                @if !event.supprime && event.guichet == Some(agent.guichet) && agent.may(Profil::juge) {
                    form method="post" action={ "/guichet/demandes/" (demande) "/evenements/" (event.id) "/suppression" } {
                        (form::jeton(agent))
                        button.secondaire aria-label={ "Supprimer : " (event.libelle) ", " (mots::jour(event.survenu_le)) } { "Supprimer" }
                    }
                }
            }
            td data-titre="Détails" { (event.details.as_deref().unwrap_or("—")) }
        }
    }
}

fn new(agent: &AgentConnecte, demande: DemandeId, today: NaiveDate) -> Markup {
    html! {
        h2 { "Ajouter un évènement" }
        form.bloc method="post" action={ "/guichet/demandes/" (demande) "/evenements" } {
            (form::jeton(agent))
            label for="code" { "Évènement" }
            select id="code" name="code" required {
                @for known in TYPES.iter().filter(|known| !known.automatique) {
                    option value=(known.code) { (known.code) " — " (known.libelle) }
                }
            }
            label for="date" { "Survenu le" }
            input type="date" id="date" name="date" required value=(today) max=(today);
            label for="details" { "Détails" small { "Lus par les guichets, et par le demandeur quand l’évènement lui est visible." } }
            textarea id="details" name="details" rows="3" maxlength=(TEXTE_CHARS_MAX) {}
            button { "Ajouter" }
        }
    }
}

//! Asking the demandeur for a piece or an information: what is asked opens a place in the app, which the deposit closes.

use hyper::StatusCode;
use maud::{Markup, html};
use wire::{
    DemandeId, Nomenclature, PersonneId, RubriqueCode, TypeCode, api::PersonneVue, limites::TEXTE_CHARS_MAX,
};

use super::{
    Visite,
    demande::{Onglet, head},
    form, introuvable, mots,
    page::page,
};
use crate::{
    http::{
        problem::Refus,
        respond::{Answer, Response},
    },
    registre::{self, AgentConnecte, AskError, DemandeAgent, DemandeDePiece, EvenementError, Profil},
    service::Service,
    store::StoreError,
};

/// The tab: what was asked, and the form.
pub(super) async fn show(service: &Service, agent: &AgentConnecte, id: DemandeId) -> Answer {
    answer(service, agent, id, None).await
}

/// Asks.
pub(super) async fn ask(service: &Service, agent: &AgentConnecte, id: DemandeId, visite: Visite) -> Answer {
    let fields = form::read_signed(agent, &visite.headers, visite.body).await?;
    let what = match read(fields.text("objet"), fields.text("personne")) {
        Ok(what) => what,
        Err(missing) => return answer(service, agent, id, Some(missing.to_owned())).await,
    };
    let (asker, message, now) = (agent.clone(), fields.text("message").to_owned(), service.clock.now());
    let outcome =
        service.store.write(move |tx| registre::ask_for_agent(tx, &asker, id, what, &message, now)).await;
    match outcome {
        Ok(()) => Ok(form::see_other(&format!("/guichet/demandes/{id}/demandes-de-pieces"))),
        Err(AskError::Evenement(EvenementError::Introuvable)) => Err(introuvable()),
        Err(AskError::Store(error) | AskError::Evenement(EvenementError::Store(error))) => {
            Err(Refus::from(error))
        }
        Err(error) => answer(service, agent, id, Some(error.to_string())).await,
    }
}

type What = Option<(RubriqueCode, Option<TypeCode>, Option<PersonneId>)>;

/// What is asked for: `information`, `RUBRIQUE` or `RUBRIQUE/TYPE`; of a person, or of the household.
fn read(object: &str, person: &str) -> Result<What, &'static str> {
    const CHOOSE: &str = "Choisissez ce que vous demandez.";
    if object == "information" {
        return Ok(None);
    }
    let (rubrique, type_piece) = object.split_once('/').map_or((object, None), |(r, t)| (r, Some(t)));
    let rubrique = rubrique.parse().map_err(|_| CHOOSE)?;
    let type_piece = type_piece.map(str::parse).transpose().map_err(|_| CHOOSE)?;
    let person = (!person.is_empty()).then(|| person.parse()).transpose();
    Ok(Some((rubrique, type_piece, person.map_err(|_| "Choisissez la personne concernée.")?)))
}

async fn answer(service: &Service, agent: &AgentConnecte, id: DemandeId, error: Option<String>) -> Answer {
    let (demande, slots) = find(service, agent, id).await?;
    Ok(whole(agent, &demande, &slots, error.as_deref()))
}

/// A demande and what was asked for on it.
pub(super) async fn find(
    service: &Service,
    agent: &AgentConnecte,
    id: DemandeId,
) -> Result<(DemandeAgent, Vec<DemandeDePiece>), Refus> {
    let asker = agent.clone();
    let found = service
        .store
        .read(move |tx| {
            let Some(demande) = registre::find_demande_for_agent(tx, &asker, id)? else { return Ok(None) };
            let slots = registre::list_demandes_de_pieces(tx, &asker, id)?;
            Ok::<_, StoreError>(Some((demande, slots)))
        })
        .await?;
    found.ok_or_else(introuvable)
}

fn whole(
    agent: &AgentConnecte,
    demande: &DemandeAgent,
    asked: &[DemandeDePiece],
    error: Option<&str>,
) -> Response {
    let content = html! {
        (head(demande, Onglet::Demandes))
        @if let Some(error) = error {
            div.alerte.erreur role="alert" { p { (error) } }
        }
        @if asked.is_empty() {
            p { "Aucune pièce n’a été demandée." }
        } @else {
            div.cadre tabindex="0" role="region" aria-label="Demandes de pièces" {
                table {
                    thead { tr {
                        th scope="col" { "Pièce" } th scope="col" { "Concerne" } th scope="col" { "Message" }
                        th scope="col" { "Demandée" } th scope="col" { "Réponse" }
                    } }
                    tbody { @for slot in asked { (line(agent, demande, slot)) } }
                }
            }
        }
        @if agent.may(Profil::juge) { (new(agent, demande)) }
    };
    let status = if error.is_some() { StatusCode::CONFLICT } else { StatusCode::OK };
    page(status, "Demandes de pièces", Some(agent), &content)
}

fn line(agent: &AgentConnecte, demande: &DemandeAgent, slot: &DemandeDePiece) -> Markup {
    let nomenclature = Nomenclature::embarquee();
    let rubrique = nomenclature.rubrique(&slot.rubrique);
    let exact = slot.type_piece.as_ref().and_then(|code| nomenclature.type_piece(&slot.rubrique, code));
    html! {
        tr {
            th scope="row" {
                @match (exact, rubrique) {
                    (Some(exact), _) => (exact.libelle),
                    (None, Some(rubrique)) => (rubrique.libelle),
                    (None, None) => (slot.rubrique),
                }
            }
            td data-titre="Concerne" { (mots::concerne(slot.personne, &demande.personnes)) }
            td data-titre="Message" { (slot.message) }
            td data-titre="Demandée" { (mots::instant(slot.demandee_le)) br; span.doux { "guichet " (slot.guichet) } }
            td data-titre="Réponse" {
                @for piece in &slot.reponses { a href={ "/guichet/justificatifs/" (piece) } { "Voir la réponse" } br; }
                @match slot.close_le {
                    Some(at) if slot.reponses.is_empty() => { span.badge { "Retirée" } " " span.doux { (mots::instant(at)) } },
                    Some(_) => span.badge.bon { "Répondue" },
                    None => {
                        span.badge.attente { "En attente" }
                        @if slot.guichet == agent.guichet && agent.may(Profil::juge) {
                            form method="post" action={ "/guichet/demandes/" (demande.id) "/evenements/" (slot.evenement) "/suppression" } {
                                (form::jeton(agent))
                                input type="hidden" name="retour" value="demandes-de-pieces";
                                button.secondaire { "Retirer la demande" }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn new(agent: &AgentConnecte, demande: &DemandeAgent) -> Markup {
    html! {
        h2 { "Demander une pièce ou une information" }
        form.bloc method="post" action={ "/guichet/demandes/" (demande.id) "/demandes-de-pieces" } {
            (form::jeton(agent))
            label for="objet" { "Ce que vous demandez" }
            select id="objet" name="objet" required {
                option value="" { "Choisir" }
                option value="information" { "Une information, sans pièce" }
                @for rubrique in &Nomenclature::embarquee().rubriques {
                    optgroup label=(rubrique.libelle) {
                        option value=(rubrique.code) { "Toute pièce : " (rubrique.libelle) }
                        // Asking for a confidential one would tell the whole household.
                        @for known in rubrique.types.iter().filter(|known| !known.confidentiel) {
                            option value={ (rubrique.code) "/" (known.code) } { (known.libelle) }
                        }
                    }
                }
            }
            label for="personne" { "Personne concernée" }
            select id="personne" name="personne" {
                option value="" { "Le ménage" }
                @for personne in &demande.personnes { (person(personne)) }
            }
            label for="message" { "Message au demandeur" small { "Dites ce qui manque et pourquoi ; il sera lu tel quel." } }
            textarea id="message" name="message" rows="4" required maxlength=(TEXTE_CHARS_MAX) {}
            button { "Demander" }
        }
    }
}

/// A person to choose.
pub(super) fn person(personne: &PersonneVue) -> Markup {
    html! { option value=(personne.id) { (personne.prenom) " " (personne.nom) " (" (mots::role(personne.role)) ")" } }
}

//! The agent's own account: where it stands on the way to being certified, the fiche collecte, the password.

use hyper::StatusCode;
use maud::{Markup, html};
use wire::limites::{SECRET_BYTES_MAX, TEXTE_CHARS_MAX};

use super::{Visite, form, inscription::new_password, mots, page::page};
use crate::{
    http::{
        problem::Refus,
        respond::{Answer, Response},
    },
    identite::ChangeError,
    registre::{self, AgentConnecte, Compte, CompteError, EtatCompte},
    service::Service,
};

/// The page of the account.
pub(super) async fn show(service: &Service, agent: &AgentConnecte) -> Answer {
    answer(service, agent, None).await
}

/// Sends the fiche collecte.
pub(super) async fn send_fiche(service: &Service, agent: &AgentConnecte, visite: Visite) -> Answer {
    let fields = form::read_signed(agent, &visite.headers, visite.body).await?;
    let (fonction, telephone) = (fields.text("fonction").to_owned(), fields.text("telephone").to_owned());
    let (asker, now) = (agent.clone(), service.clock.now());
    let sent =
        service.store.write(move |tx| registre::send_fiche(tx, &asker, &fonction, &telephone, now)).await;
    match sent {
        Ok(()) => Ok(form::see_other("/guichet/compte")),
        Err(CompteError::Store(error)) => Err(Refus::from(error)),
        Err(error) => answer(service, agent, Some(error.to_string())).await,
    }
}

/// Changes the agent's password. The session of the form goes on, the others end.
pub(super) async fn change_password(service: &Service, agent: &AgentConnecte, visite: Visite) -> Answer {
    let token = form::session_cookie(&visite.headers, visite.plain).unwrap_or_default().to_owned();
    let fields = form::read_signed(agent, &visite.headers, visite.body).await?;
    // A password may begin or end with a space.
    let text = |name| fields.first(name).unwrap_or_default();
    let nouveau = [text("mot_de_passe"), text("confirmation")];
    let changed =
        service.identite.change_password(agent.id, &token, text("actuel"), nouveau, visite.from).await;
    match changed {
        Ok(()) => {
            let content = html! {
                h1 { "Mot de passe changé" }
                p role="status" { "Partout ailleurs, il faut se connecter de nouveau." }
                p { a.bouton href="/guichet/compte" { "Revenir à votre compte" } }
            };
            Ok(page(StatusCode::OK, "Mot de passe changé", Some(agent), &content))
        }
        Err(ChangeError::Identite(error)) => Err(Refus::from(error)),
        Err(error) => answer(service, agent, Some(error.to_string())).await,
    }
}

async fn answer(service: &Service, agent: &AgentConnecte, error: Option<String>) -> Answer {
    let id = agent.id;
    let compte = service.store.read(move |tx| registre::find_compte(tx, id)).await?;
    Ok(whole(agent, compte.as_ref(), error.as_deref()))
}

fn whole(agent: &AgentConnecte, compte: Option<&Compte>, error: Option<&str>) -> Response {
    let content = html! {
        h1 { "Votre compte" }
        @if let Some(error) = error {
            div.alerte.erreur role="alert" { p { (error) } }
        }
        @match agent.etat {
            EtatCompte::Certifie => p { "Votre compte est certifié, avec le profil " (agent.profil.libelle()) "." },
            EtatCompte::ACertifier => p {
                "L’assistance nationale a reçu votre fiche collecte. Un message vous dira ce qu’elle décide ; jusque-là, aucune demande ne vous est visible."
            },
            EtatCompte::Refuse => {
                @if let Some(motif) = compte.and_then(|compte| compte.motif.as_deref()) {
                    div.alerte { p { "L’assistance nationale n’a pas pu certifier votre compte : " (motif) } }
                }
                (fiche(agent, compte))
            },
            _ => (fiche(agent, compte)),
        }
        @if let Some(compte) = compte {
            dl.faits {
                div { dt { "Nom" } dd { (compte.nom) } }
                div { dt { "Adresse" } dd { (compte.courriel) } }
                div { dt { "Guichet" } dd { (compte.guichet) " — " (compte.guichet_nom) } }
                div { dt { "Territoires" } dd { (compte.territoires.join(", ")) } }
            }
            p {
                "Connexion en deux étapes : "
                @match compte.deux_etapes_depuis {
                    Some(since) => { "active depuis le " (mots::instant(since)) },
                    None => "non",
                }
                ". " a href="/guichet/compte/deux-etapes" { "Régler la connexion en deux étapes" }
            }
            (password(agent))
        }
    };
    let status = if error.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    page(status, "Votre compte", Some(agent), &content)
}

fn password(agent: &AgentConnecte) -> Markup {
    html! {
        h2 { "Changer de mot de passe" }
        form.bloc method="post" action="/guichet/compte/mot-de-passe" {
            (form::jeton(agent))
            label for="actuel" { "Mot de passe actuel" }
            input id="actuel" name="actuel" type="password" autocomplete="current-password" required
                maxlength=(SECRET_BYTES_MAX);
            (new_password("Nouveau mot de passe"))
            button.secondaire { "Changer de mot de passe" }
        }
        p { a href="/guichet/mot-de-passe" { "Mot de passe oublié" } }
    }
}

fn fiche(agent: &AgentConnecte, compte: Option<&Compte>) -> Markup {
    let was = |field: fn(&Compte) -> Option<&str>| compte.and_then(field).unwrap_or_default();
    html! {
        h2 { "Fiche collecte" }
        p { "L’assistance nationale s’en sert pour certifier votre compte." }
        form.bloc method="post" action="/guichet/compte/fiche" {
            (form::jeton(agent))
            label for="fonction" { "Votre fonction au guichet" }
            input id="fonction" name="fonction" required maxlength=(TEXTE_CHARS_MAX) value=(was(|c| c.fonction.as_deref()));
            label for="telephone" { "Téléphone professionnel" }
            input id="telephone" name="telephone" type="tel" autocomplete="tel" required maxlength="40"
                value=(was(|c| c.telephone.as_deref()));
            button { "Envoyer la fiche" }
        }
    }
}

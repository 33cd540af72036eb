//! The agent's own account: where it stands on the way to being certified.

use hyper::StatusCode;
use maud::html;

use super::page::page;
use crate::{
    http::respond::Response,
    registre::{AgentConnecte, EtatCompte},
};

/// The page of the account.
pub(super) fn show(agent: &AgentConnecte) -> Response {
    let content = html! {
        h1 { "Votre compte" }
        @match agent.etat {
            EtatCompte::Certifie => p { "Votre compte est certifié, avec le profil " (agent.profil.libelle()) "." },
            _ => p { "Votre compte n’est pas encore certifié par l’assistance nationale." },
        }
    };
    page(StatusCode::OK, "Votre compte", Some(agent), &content)
}

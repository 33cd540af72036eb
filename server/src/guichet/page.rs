//! What every page shares: the frame, its headers, the page of a refusal.

use hyper::{
    StatusCode,
    header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, REFERRER_POLICY},
};
use maud::{DOCTYPE, Markup, html};
use wire::ProblemCode;

use super::{Script, form};
use crate::{
    http::{
        problem::Refus,
        respond::{Answer, Response, full},
    },
    registre::{AgentConnecte, Profil},
};

/// Nothing runs, nothing is loaded from elsewhere, nobody frames the page, forms come back to us.
const PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);

/// The same for the one page with pictures and a script: ours, from here.
const PAGE_WITH_IMAGES_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);

/// The same for the page whose script sends uploads.
const PAGE_WITH_UPLOADS_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);

/// tus-js-client as npm gave it when the server was built; empty where there was no npm.
pub(super) const TUS_JS: &str = include_str!(concat!(env!("OUT_DIR"), "/tus.js"));

/// Browsers send `Origin: null` with a form from a page that sends no referrer, and [`super::form`] reads the origin.
const PAGE_REFERRER: HeaderValue = HeaderValue::from_static("same-origin");

/// The stylesheet changes with the program only; an hour is short enough to follow an update.
const STYLE_CACHE: HeaderValue = HeaderValue::from_static("private, max-age=3600");

/// A whole page.
pub(super) fn page(
    status: StatusCode,
    title: &str,
    agent: Option<&AgentConnecte>,
    content: &Markup,
) -> Response {
    let markup = html! {
        (DOCTYPE)
        html lang="fr" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " — Ma Demande, guichet" }
                link rel="stylesheet" href="/guichet/style.css";
            }
            body {
                a.evitement href="#contenu" { "Aller au contenu" }
                header.bandeau {
                    div {
                        a.service href="/guichet" { "Ma Demande — guichet" }
                        @if let Some(agent) = agent { (menu(agent)) }
                        @if let Some(agent) = agent {
                            p { (agent.nom) ", guichet " (agent.guichet) }
                            form method="post" action="/guichet/deconnexion" {
                                (form::jeton(agent))
                                button.secondaire { "Se déconnecter" }
                            }
                        }
                    }
                }
                main id="contenu" tabindex="-1" { (content) }
                footer { div { p { "Justificatifs des demandes de logement social. Accessibilité : non audité." } } }
            }
        }
    };
    let mut response = Response::new(full(markup.into_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CONTENT_SECURITY_POLICY, PAGE_POLICY);
    headers.insert(REFERRER_POLICY, PAGE_REFERRER);
    response
}

/// Where this agent may go.
fn menu(agent: &AgentConnecte) -> Markup {
    html! {
        nav.menu aria-label="Menu principal" {
            ul {
                @if agent.may(Profil::voit_demandes) {
                    li { a href="/guichet" { "Pièces à examiner" } }
                    li { a href="/guichet/recherche" { "Chercher" } }
                }
                @if agent.may(Profil::certifie) { li { a href="/guichet/comptes" { "Comptes" } } }
                @if agent.may(Profil::voit_acces) { li { a href="/guichet/acces" { "Accès" } } }
                @if agent.may(Profil::gere) { li { a href="/guichet/territoire" { "Territoire" } } li { a href="/guichet/journal" { "Journal" } } }
                li { a href="/guichet/compte" { "Mon compte" } }
            }
        }
    }
}

/// A whole page that shows pictures of ours.
pub(super) fn page_with_images(title: &str, agent: &AgentConnecte, content: &Markup) -> Response {
    let mut response = page(StatusCode::OK, title, Some(agent), content);
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, PAGE_WITH_IMAGES_POLICY);
    response
}

/// A whole page whose script sends uploads.
pub(super) fn page_with_uploads(
    status: StatusCode,
    title: &str,
    agent: &AgentConnecte,
    content: &Markup,
) -> Response {
    let mut response = page(status, title, Some(agent), content);
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, PAGE_WITH_UPLOADS_POLICY);
    response
}

/// The stylesheet.
pub(super) fn style() -> Response {
    let mut response = Response::new(full(include_str!("style.css")));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8"));
    response.headers_mut().insert(CACHE_CONTROL, STYLE_CACHE);
    response
}

/// A script.
pub(super) fn script(script: Script) -> Answer {
    let text = match script {
        Script::Visionneuse => include_str!("visionneuse.js"),
        Script::Envoi => include_str!("envoi.js"),
        Script::Tus if TUS_JS.is_empty() => return Err(ProblemCode::Introuvable.into()),
        Script::Tus => TUS_JS,
    };
    let mut response = Response::new(full(text));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/javascript; charset=utf-8"));
    response.headers_mut().insert(CACHE_CONTROL, STYLE_CACHE);
    Ok(response)
}

/// A refusal as a page: the sentence, and the way back.
pub(super) fn refus(refus: Refus, agent: Option<&AgentConnecte>) -> Response {
    let refuse = refus.refuse();
    let (status, problem, headers) = refus.into_problem();
    let title = if status.is_server_error() { "Service indisponible" } else { "Impossible de répondre" };
    let content = html! {
        h1 { (title) }
        div.alerte.erreur role="alert" { p { (problem.sentence()) } }
        p { a href="/guichet" { "Revenir aux pièces à examiner" } }
    };
    let mut response = page(status, title, agent, &content);
    response.headers_mut().extend(headers);
    response.extensions_mut().insert(refuse);
    response
}

//! Signing in, in one step or two, and out. The cookie of a session that waits for its code has the same name as a whole
//! one's: a browser holds one or the other.

use hyper::StatusCode;
use maud::html;
use wire::limites::SECRET_BYTES_MAX;

use super::{Visite, form, page::page};
use crate::{
    http::{
        problem::Refus,
        respond::{Answer, Response},
    },
    identite::{Entree, IdentiteError, Preuve},
    registre::AgentConnecte,
    service::Service,
};

/// Where the code is asked for.
const ETAPE: &str = "/guichet/connexion/code";

/// The sign-in page.
pub(super) fn show(service: &Service) -> Response {
    form_page(service, StatusCode::OK, None)
}

/// Checks address and password; a refusal is the same page with one sentence, whichever of the two was wrong.
pub(super) async fn open_session(service: &Service, visite: Visite) -> Answer {
    let plain = visite.plain;
    let fields = form::read(&visite.headers, visite.body).await?;
    // A password may begin or end with a space.
    let password = fields.first("mot_de_passe").unwrap_or_default();
    match service.identite.identify_agent(fields.text("courriel"), password, visite.from).await {
        Ok(entree) => {
            let (next, token) = next_page(&entree);
            let mut response = form::see_other(next);
            form::set_session_cookie(&mut response, token, plain);
            Ok(response)
        }
        Err(IdentiteError::Refusee) => {
            Ok(form_page(service, StatusCode::UNAUTHORIZED, Some("Adresse ou mot de passe incorrect.")))
        }
        Err(error) => Err(Refus::from(error)),
    }
}

/// Where signing in goes on, and the cookie's value.
pub(super) fn next_page(entree: &Entree) -> (&'static str, &str) {
    match entree {
        Entree::Ouverte(token) => ("/guichet", token),
        Entree::CodeAttendu(token) => (ETAPE, token),
    }
}

/// The page that asks for the code, to whom has given a password.
pub(super) async fn show_etape(service: &Service, visite: &Visite) -> Answer {
    match form::session_cookie(&visite.headers, visite.plain) {
        Some(token) if service.identite.awaits_code(token).await? => Ok(code_page(StatusCode::OK, None)),
        _ => Ok(form::see_other("/guichet/connexion")),
    }
}

/// Checks the code.
pub(super) async fn prove_etape(service: &Service, visite: Visite) -> Answer {
    let token = form::session_cookie(&visite.headers, visite.plain).unwrap_or_default().to_owned();
    let fields = form::read(&visite.headers, visite.body).await?;
    match service.identite.prove_second_factor(&token, fields.text("code"), visite.from).await? {
        Preuve::Ouverte(token) => {
            let mut response = form::see_other("/guichet");
            form::set_session_cookie(&mut response, &token, visite.plain);
            Ok(response)
        }
        Preuve::Fausse => Ok(code_page(
            StatusCode::UNAUTHORIZED,
            Some(
                "Ce code n’est pas le bon, ou il a déjà servi. Attendez le suivant, ou donnez un code de secours.",
            ),
        )),
        Preuve::Finie => Ok(form_page(
            service,
            StatusCode::UNAUTHORIZED,
            Some("Trop de temps ou trop d’essais sans le bon code. Recommencez avec votre mot de passe."),
        )),
    }
}

/// Ends the session here and in the base.
pub(super) async fn close_session(service: &Service, agent: &AgentConnecte, visite: Visite) -> Answer {
    let token = form::session_cookie(&visite.headers, visite.plain).map(str::to_owned);
    form::read_signed(agent, &visite.headers, visite.body).await?;
    if let Some(token) = token {
        service.identite.sign_out_agent(&token).await?;
    }
    let mut response = form::see_other("/guichet/connexion");
    form::set_session_cookie(&mut response, "", visite.plain);
    Ok(response)
}

fn code_page(status: StatusCode, error: Option<&str>) -> Response {
    let invalid = error.map(|_| "true");
    let content = html! {
        h1 { "Deuxième étape" }
        @if let Some(error) = error {
            div.alerte.erreur role="alert" id="erreur" { p { (error) } }
        }
        form.bloc method="post" action=(ETAPE) {
            label for="code" {
                "Code de votre application d’authentification"
                small { "6 chiffres, ou un de vos codes de secours si vous n’avez plus l’application" }
            }
            input id="code" name="code" autocomplete="one-time-code" required autofocus maxlength="40" spellcheck="false"
                aria-invalid=[invalid] aria-describedby=[invalid.map(|_| "erreur")];
            button { "Se connecter" }
        }
        p { a href="/guichet/connexion" { "Se connecter avec un autre compte" } }
        p.doux { "Ni application ni code de secours ? L’assistance nationale peut retirer cette étape après avoir vérifié votre identité." }
    };
    page(status, "Deuxième étape", None, &content)
}

/// The sign-in page, with what to do where something went wrong.
pub(super) fn form_page(service: &Service, status: StatusCode, error: Option<&str>) -> Response {
    let invalid = error.map(|_| "true");
    let content = html! {
        h1 { "Se connecter" }
        @if let Some(error) = error {
            div.alerte.erreur role="alert" id="erreur" { p { (error) } }
        }
        form.bloc method="post" action="/guichet/connexion" {
            label for="courriel" { "Adresse électronique professionnelle" }
            input id="courriel" name="courriel" type="email" autocomplete="username" required autofocus maxlength="254"
                aria-invalid=[invalid] aria-describedby=[invalid.map(|_| "erreur")];
            label for="mot_de_passe" { "Mot de passe" }
            input id="mot_de_passe" name="mot_de_passe" type="password" autocomplete="current-password" required
                maxlength=(SECRET_BYTES_MAX) aria-invalid=[invalid] aria-describedby=[invalid.map(|_| "erreur")];
            button { "Se connecter" }
        }
        @if let Some(federation) = &service.federation {
            p { a.bouton href="/guichet/connexion/federee" { "Se connecter avec " (federation.libelle()) } }
        }
        p { a href="/guichet/mot-de-passe" { "Mot de passe oublié" } }
        p { a href="/guichet/inscription" { "Demander un compte" } }
    };
    page(status, "Se connecter", None, &content)
}

//! Signing in and out.

use hyper::StatusCode;
use maud::html;
use wire::limites::SECRET_BYTES_MAX;

use super::{Visite, form, page::page};
use crate::{
    http::{
        problem::Refus,
        respond::{Answer, Response},
    },
    identite::IdentiteError,
    registre::AgentConnecte,
    service::Service,
};

/// The sign-in page.
pub(super) fn show() -> Response {
    form_page(StatusCode::OK, None)
}

/// Checks address and password; a refusal is the same page with one sentence, whichever of the two was wrong.
pub(super) async fn open_session(service: &Service, visite: Visite) -> Answer {
    let plain = visite.plain;
    let fields = form::read(&visite.headers, visite.body).await?;
    // A password may begin or end with a space.
    let password = fields.first("mot_de_passe").unwrap_or_default();
    match service.identite.identify_agent(fields.text("courriel"), password, visite.from).await {
        Ok(token) => {
            let mut response = form::see_other("/guichet");
            form::set_session_cookie(&mut response, &token, plain);
            Ok(response)
        }
        Err(IdentiteError::Refusee) => {
            Ok(form_page(StatusCode::UNAUTHORIZED, Some("Adresse ou mot de passe incorrect.")))
        }
        Err(error) => Err(Refus::from(error)),
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

fn form_page(status: StatusCode, error: Option<&str>) -> Response {
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
        p { a href="/guichet/mot-de-passe" { "Mot de passe oublié" } }
        p { a href="/guichet/inscription" { "Demander un compte" } }
    };
    page(status, "Se connecter", None, &content)
}

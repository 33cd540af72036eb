//! Signing in through the operator's identity provider: the browser is sent there and comes back with a code. Where there
//! is no provider, these pages are absent.
//!
//! Between the two the browser keeps a cookie of its own, and it is the one that is not `SameSite=Strict`: the way back is
//! a navigation from the provider's site, with which browsers send `Lax` cookies and no `Strict` ones. It opens nothing;
//! all it does is to show that this browser began. For the same reason the session's cookie, which is `Strict`, would
//! not travel on a redirect from here: the way back ends on a page of ours, which goes on by itself.

use hyper::{
    StatusCode,
    header::{HeaderName, HeaderValue},
};
use maud::html;

use super::{Visite, connexion, form, page::page};
use crate::{
    federation::{Epreuve, Federation, FederationError, LASTS},
    http::{
        problem::Refus,
        respond::{Answer, Response},
    },
    identite::FedereeError,
    service::Service,
};

/// Sends the browser on after so many seconds, as a page's head could (HTML, "declarative refresh").
const REFRESH: HeaderName = HeaderName::from_static("refresh");

/// The cookie's name; see [`form::Cookie`].
const COOKIE: &str = "connexion-federee";

/// Sends the browser to the provider.
pub(super) async fn begin(service: &Service, federation: &Federation, visite: &Visite) -> Answer {
    let epreuve = Epreuve::draw(service.clock.now()).map_err(crate::identite::IdentiteError::from)?;
    match federation.begin(&service.adresse, &epreuve).await {
        Ok(address) => {
            let mut response = form::see_other(&address);
            set_cookie(&mut response, &epreuve.text(), visite.plain);
            Ok(response)
        }
        Err(error) => Ok(refused(service, federation, &error.into(), visite.plain)),
    }
}

/// The browser comes back.
pub(super) async fn finish(service: &Service, federation: &Federation, visite: Visite) -> Answer {
    let plain = visite.plain;
    let held = form::cookie(&visite.headers, COOKIE, plain);
    let epreuve = held.and_then(|text| Epreuve::read(text, service.clock.now()));
    let retour = Retour::read(&visite.query);
    let begun = epreuve.filter(|epreuve| retour.state.as_deref() == Some(epreuve.state().as_str()));
    let Some(epreuve) = begun else {
        let sentence = "Cette connexion a commencé ailleurs, ou il y a trop longtemps. Recommencez.";
        return Ok(sign_in_again(service, StatusCode::BAD_REQUEST, sentence, plain));
    };
    let Some(code) = retour.code else {
        // What the provider says beside is for its own people.
        let sentence = format!("La connexion avec {} n’a pas abouti. Recommencez.", federation.libelle());
        return Ok(sign_in_again(service, StatusCode::UNAUTHORIZED, &sentence, plain));
    };
    let identified =
        service.identite.identify_federee(federation, &service.adresse, &epreuve, &code, visite.from).await;
    match identified {
        Ok(entree) => {
            let (next, token) = connexion::next_page(&entree);
            let mut response = go_on(next);
            form::set_session_cookie(&mut response, token, plain);
            set_cookie(&mut response, "", plain);
            Ok(response)
        }
        Err(FedereeError::Identite(error)) => Err(Refus::from(error)),
        Err(error) => Ok(refused(service, federation, &error, plain)),
    }
}

/// What the provider gave the browser to bring. What comes twice is nothing: two readers might pick different ones.
#[derive(Default)]
struct Retour {
    state: Option<String>,
    code: Option<String>,
}

impl Retour {
    fn read(query: &str) -> Self {
        let only = |name: &str| {
            let mut values = form_urlencoded::parse(query.as_bytes()).filter(|(known, _)| known == name);
            let value = values.next().map(|(_, value)| value.into_owned());
            value.filter(|_| values.next().is_none())
        };
        Self { state: only("state"), code: only("code") }
    }
}

/// The sign-in page, with what to do. The log has the reason; both without a word of the provider's.
fn refused(service: &Service, federation: &Federation, error: &FedereeError, plain: bool) -> Response {
    tracing::warn!(%error, "nobody was signed in through the provider");
    let libelle = federation.libelle();
    let (status, sentence) = match error {
        FedereeError::Federation(FederationError::Injoignable) => (
            StatusCode::SERVICE_UNAVAILABLE,
            format!(
                "{libelle} ne répond pas. Réessayez dans quelques minutes, ou connectez-vous avec votre mot de passe."
            ),
        ),
        FedereeError::Federation(FederationError::CodeRefuse) => {
            (StatusCode::UNAUTHORIZED, format!("{libelle} n’a pas confirmé cette connexion. Recommencez."))
        }
        FedereeError::Federation(FederationError::CourrielNonVerifie) => (
            StatusCode::FORBIDDEN,
            format!(
                "{libelle} n’a pas vérifié votre adresse électronique. Faites-la vérifier, ou connectez-vous avec votre mot de passe."
            ),
        ),
        FedereeError::Inconnu => (
            StatusCode::FORBIDDEN,
            format!(
                "Aucun compte certifié n’a l’adresse que {libelle} donne de vous. Demandez un compte, ou connectez-vous avec votre mot de passe pour voir où en est le vôtre."
            ),
        ),
        FedereeError::Autre => (
            StatusCode::FORBIDDEN,
            format!(
                "Le compte de cette adresse est relié à une autre identité de {libelle}. Connectez-vous avec votre mot de passe, ou adressez-vous à l’assistance nationale."
            ),
        ),
        FedereeError::Federation(FederationError::Jeton(_)) | FedereeError::Identite(_) => (
            StatusCode::BAD_GATEWAY,
            format!(
                "La réponse de {libelle} n’a pas pu être vérifiée. Recommencez ; si cela continue, connectez-vous avec votre mot de passe et prévenez l’assistance nationale."
            ),
        ),
    };
    sign_in_again(service, status, &sentence, plain)
}

fn sign_in_again(service: &Service, status: StatusCode, sentence: &str, plain: bool) -> Response {
    let mut response = connexion::form_page(service, status, Some(sentence));
    set_cookie(&mut response, "", plain);
    response
}

fn go_on(next: &str) -> Response {
    let content = html! {
        h1 { "Connexion" }
        p role="status" { "Votre identité est reconnue." }
        p { a.bouton href=(next) { "Continuer" } }
    };
    let mut response = page(StatusCode::OK, "Connexion", None, &content);
    // Paths here are our own: always a header value.
    if let Ok(value) = HeaderValue::try_from(format!("0; url={next}")) {
        response.headers_mut().insert(REFRESH, value);
    }
    response
}

fn set_cookie(response: &mut Response, value: &str, plain: bool) {
    let lasts = if value.is_empty() { 0 } else { LASTS.num_seconds() };
    form::set_cookie(response, COOKIE, value, plain, &format!("SameSite=Lax; Max-Age={lasts}"));
}

//! Asking for an account, and for a password: the pages before anybody is signed in. What they answer is the same whether
//! an address is known or not; who owns it reads more in its mail.

use hyper::StatusCode;
use maud::{Markup, html};
use wire::{GuichetCode, limites::SECRET_BYTES_MAX};

use super::{Visite, form, page::page};
use crate::{
    http::{
        problem::Refus,
        respond::{Answer, Response},
    },
    identite::{LinkError, PASSWORD_CHARS_MIN},
    service::Service,
};

/// The form to ask for an account.
pub(super) fn show() -> Response {
    inscription(StatusCode::OK, None)
}

/// Asks for an account.
pub(super) async fn register(service: &Service, visite: Visite) -> Answer {
    let fields = form::read(&visite.headers, visite.body).await?;
    let Ok(guichet) = fields.text("guichet").parse::<GuichetCode>() else {
        return Ok(inscription(StatusCode::BAD_REQUEST, Some("Le code du guichet compte 5 caractères.")));
    };
    let (courriel, nom) = (fields.text("courriel"), fields.text("nom"));
    match service.identite.register(courriel, nom, guichet, &service.adresse, visite.from).await? {
        Ok(()) => Ok(sent("Compte demandé")),
        Err(refused) => Ok(inscription(StatusCode::BAD_REQUEST, Some(&refused.to_string()))),
    }
}

/// The form to ask for a new password.
pub(super) fn show_oubli() -> Response {
    let content = html! {
        h1 { "Mot de passe oublié" }
        form.bloc method="post" action="/guichet/mot-de-passe" {
            label for="courriel" { "Adresse électronique professionnelle" }
            input id="courriel" name="courriel" type="email" autocomplete="username" required maxlength="254";
            button { "Recevoir un lien" }
        }
    };
    page(StatusCode::OK, "Mot de passe oublié", None, &content)
}

/// Asks for a new password.
pub(super) async fn forget(service: &Service, visite: Visite) -> Answer {
    let fields = form::read(&visite.headers, visite.body).await?;
    service.identite.forget(fields.text("courriel"), &service.adresse, visite.from).await?;
    Ok(sent("Lien demandé"))
}

/// The page that a mail's link opens. Opening it spends nothing: programs that look at mail open links too.
pub(super) fn show_lien() -> Response {
    choose(StatusCode::OK, None)
}

/// Sets the password.
pub(super) async fn choose_password(service: &Service, jeton: &str, visite: Visite) -> Answer {
    let fields = form::read(&visite.headers, visite.body).await?;
    let text = |name| fields.first(name).unwrap_or_default();
    match service.identite.choose_password(jeton, text("mot_de_passe"), text("confirmation")).await {
        Ok(()) => {
            let content = html! {
                h1 { "Mot de passe enregistré" }
                p { "Vous pouvez vous connecter." }
                p { a.bouton href="/guichet/connexion" { "Se connecter" } }
            };
            Ok(page(StatusCode::OK, "Mot de passe enregistré", None, &content))
        }
        Err(LinkError::Identite(error)) => Err(Refus::from(error)),
        Err(error) => Ok(choose(StatusCode::BAD_REQUEST, Some(&error.to_string()))),
    }
}

fn inscription(status: StatusCode, error: Option<&str>) -> Response {
    let content = html! {
        h1 { "Demander un compte" }
        p { "Après confirmation de votre adresse, vous remplirez la fiche collecte ; l’assistance nationale certifie ensuite votre compte." }
        (alert(error))
        form.bloc method="post" action="/guichet/inscription" {
            label for="nom" { "Nom et prénom" }
            input id="nom" name="nom" autocomplete="name" required maxlength="200";
            label for="courriel" { "Adresse électronique professionnelle" }
            input id="courriel" name="courriel" type="email" autocomplete="email" required maxlength="254";
            label for="guichet" { "Code du guichet" small { "Les 5 derniers caractères des numéros uniques qu’il a créés" } }
            input id="guichet" name="guichet" required maxlength="5" autocapitalize="characters" spellcheck="false";
            button { "Demander un compte" }
        }
    };
    page(status, "Demander un compte", None, &content)
}

fn choose(status: StatusCode, error: Option<&str>) -> Response {
    let content = html! {
        h1 { "Choisir un mot de passe" }
        (alert(error))
        // Sent to the address of this page, which carries the link's token.
        form.bloc method="post" {
            (new_password("Mot de passe"))
            button { "Enregistrer" }
        }
    };
    // Pages tell their address to nobody but us: this one carries a secret.
    page(status, "Choisir un mot de passe", None, &content)
}

/// The fields of a new password.
pub(super) fn new_password(label: &str) -> Markup {
    html! {
        label for="mot_de_passe" {
            (label)
            small { (PASSWORD_CHARS_MIN) " caractères au moins ; une suite de mots convient" }
        }
        input id="mot_de_passe" name="mot_de_passe" type="password" autocomplete="new-password" required
            minlength=(PASSWORD_CHARS_MIN) maxlength=(SECRET_BYTES_MAX);
        label for="confirmation" { "Le même encore une fois" }
        input id="confirmation" name="confirmation" type="password" autocomplete="new-password" required
            maxlength=(SECRET_BYTES_MAX);
    }
}

fn sent(title: &str) -> Response {
    let content = html! {
        h1 { (title) }
        p role="status" { "Si cette adresse convient, un message vient de lui être envoyé. Il est valable une heure." }
        p { a href="/guichet/connexion" { "Revenir à la connexion" } }
    };
    page(StatusCode::OK, title, None, &content)
}

fn alert(error: Option<&str>) -> Markup {
    html! {
        @if let Some(error) = error {
            div.alerte.erreur role="alert" { p { (error) } }
        }
    }
}

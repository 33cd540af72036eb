//! The agent's own second factor: turned on with an authenticator, its codes de secours shown once, turned off with
//! password and code. The secret stands on the page of its first code only, as a drawing, an address and letters, for
//! whoever cannot photograph a screen.

use hyper::StatusCode;
use maud::{Markup, html};
use wire::limites::SECRET_BYTES_MAX;

use super::{Visite, form, mots, page::page, qr};
use crate::{
    http::{
        problem::Refus,
        respond::{Answer, Response},
    },
    identite::IdentiteError,
    registre::{self, AgentConnecte, SecondFacteur},
    service::Service,
    totp::{self, Secret},
};

/// Where the agent's own second factor stands.
const ADDRESS: &str = "/guichet/compte/deux-etapes";

/// What it is called.
const TITLE: &str = "Connexion en deux étapes";

/// Whether it is on, and the form to change that.
pub(super) async fn show(service: &Service, agent: &AgentConnecte) -> Answer {
    state(service, agent, None).await
}

/// A new secret, for whoever knows the password.
pub(super) async fn begin(service: &Service, agent: &AgentConnecte, visite: Visite) -> Answer {
    let fields = form::read_signed(agent, &visite.headers, visite.body).await?;
    let password = fields.first("mot_de_passe").unwrap_or_default();
    match service.identite.begin_second_factor(agent.id, password, visite.from).await {
        Ok(Some(secret)) => enrol(service, agent, &secret, None).await,
        Ok(None) => Ok(form::see_other(ADDRESS)),
        Err(IdentiteError::Refusee) => state(service, agent, Some("Mot de passe incorrect.")).await,
        Err(error) => Err(Refus::from(error)),
    }
}

/// The first code: the second factor is on, and its codes de secours are shown.
pub(super) async fn confirm(service: &Service, agent: &AgentConnecte, visite: Visite) -> Answer {
    let fields = form::read_signed(agent, &visite.headers, visite.body).await?;
    if let Some(codes) = service.identite.confirm_second_factor(agent, fields.text("code")).await? {
        return Ok(recovery_codes(agent, &codes));
    }
    let id = agent.id;
    match service.store.read(move |tx| registre::find_pending_secret(tx, id)).await? {
        Some(secret) => {
            let error =
                "Ce code n’est pas le bon. Vérifiez l’heure du téléphone, puis donnez le code suivant.";
            enrol(service, agent, &secret, Some(error)).await
        }
        None => Ok(form::see_other(ADDRESS)),
    }
}

/// Turns it off.
pub(super) async fn stop(service: &Service, agent: &AgentConnecte, visite: Visite) -> Answer {
    let fields = form::read_signed(agent, &visite.headers, visite.body).await?;
    let password = fields.first("mot_de_passe").unwrap_or_default();
    match service.identite.stop_second_factor(agent, password, fields.text("code"), visite.from).await {
        Ok(()) => Ok(form::see_other(ADDRESS)),
        Err(IdentiteError::Refusee) => {
            state(service, agent, Some("Mot de passe ou code incorrect. Un code ne sert qu’une fois.")).await
        }
        Err(error) => Err(Refus::from(error)),
    }
}

async fn state(service: &Service, agent: &AgentConnecte, error: Option<&str>) -> Answer {
    let id = agent.id;
    let found = service.store.read(move |tx| registre::find_second_facteur(tx, id)).await?;
    let content = html! {
        p { a href="/guichet/compte" { "Votre compte" } }
        h1 { (TITLE) }
        (alert(error))
        @if agent.a_proteger {
            div.alerte { p { "Votre profil exige la connexion en deux étapes : activez-la pour accéder aux autres pages." } }
        }
        @match found {
            Some(factor) => (on(agent, factor)),
            None => (off(agent)),
        }
    };
    Ok(answer(agent, error, &content))
}

fn off(agent: &AgentConnecte) -> Markup {
    html! {
        p { "Après le mot de passe, un code à 6 chiffres vous sera demandé : une application d’authentification le donne, sur votre téléphone ou votre ordinateur. Un mot de passe volé ne suffira plus." }
        form.bloc method="post" action=(ADDRESS) {
            (form::jeton(agent))
            (password())
            button { "Activer la connexion en deux étapes" }
        }
    }
}

fn on(agent: &AgentConnecte, factor: SecondFacteur) -> Markup {
    html! {
        p { "Active depuis le " (mots::instant(factor.actif_depuis)) ". Codes de secours restants : " (factor.codes_restants) "." }
        h2 { "Arrêter" }
        p { "Pour changer de téléphone ou obtenir de nouveaux codes de secours, arrêtez-la, puis activez-la de nouveau." }
        form.bloc method="post" action={ (ADDRESS) "/arret" } {
            (form::jeton(agent))
            (password())
            (code("Code de l’application, ou un code de secours"))
            button.secondaire { "Arrêter la connexion en deux étapes" }
        }
    }
}

/// The page of the secret and its first code.
async fn enrol(service: &Service, agent: &AgentConnecte, secret: &Secret, error: Option<&str>) -> Answer {
    let id = agent.id;
    let compte = service.store.read(move |tx| registre::find_compte(tx, id)).await?;
    let courriel = compte.map(|compte| compte.courriel).unwrap_or_default();
    let address = totp::address(secret, &courriel);
    let content = html! {
        h1 { "Activer la connexion en deux étapes" }
        (alert(error))
        ol {
            li {
                p { "Dans l’application d’authentification, ajoutez un compte en photographiant ce code :" }
                @if let Some(drawing) = qr::drawing(&address, "Code QR à photographier avec l’application d’authentification") {
                    p { (drawing) }
                }
                p { "Sans appareil photo, tapez cette clé (« selon l’heure », 6 chiffres) :" }
                p { strong { (groups(&totp::secret_text(secret))) } }
                p { "Ou ouvrez cette adresse dans un gestionnaire de mots de passe :" }
                p.doux { (address) }
            }
            li {
                p { "Donnez le code que l’application affiche." }
                form.bloc method="post" action={ (ADDRESS) "/confirmation" } {
                    (form::jeton(agent))
                    (code("Code à 6 chiffres"))
                    button { "Activer" }
                }
            }
        }
        p { a href=(ADDRESS) { "Ne pas activer" } }
    };
    Ok(answer(agent, error, &content))
}

fn recovery_codes(agent: &AgentConnecte, codes: &[String]) -> Response {
    let content = html! {
        h1 { "Connexion en deux étapes activée" }
        div.alerte { p { "Ces codes de secours ne seront plus affichés : imprimez cette page ou notez-les, ailleurs que sur le téléphone. Chacun remplace une fois le code de l’application." } }
        ul { @for code in codes { li { strong { (code) } } } }
        p { a.bouton href="/guichet/compte" { "J’ai gardé mes codes de secours" } }
    };
    answer(agent, None, &content)
}

fn password() -> Markup {
    html! {
        label for="mot_de_passe" { "Votre mot de passe" }
        input id="mot_de_passe" name="mot_de_passe" type="password" autocomplete="current-password" required
            maxlength=(SECRET_BYTES_MAX);
    }
}

fn code(label: &str) -> Markup {
    html! {
        label for="code" { (label) }
        input id="code" name="code" autocomplete="one-time-code" required maxlength="40" spellcheck="false";
    }
}

fn alert(error: Option<&str>) -> Markup {
    html! {
        @if let Some(error) = error {
            div.alerte.erreur role="alert" { p { (error) } }
        }
    }
}

/// In fours, as one types them.
fn groups(text: &str) -> String {
    let spaced = |(at, c)| (at > 0 && at % 4 == 0).then_some(' ').into_iter().chain([c]);
    text.chars().enumerate().flat_map(spaced).collect()
}

fn answer(agent: &AgentConnecte, error: Option<&str>, content: &Markup) -> Response {
    let status = if error.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    page(status, TITLE, Some(agent), content)
}

//! Finding a demande: by its numéro, in any spelling, or by a name where the profile allows it. What is typed travels in
//! the body, never in an address, and stays in no browser's history.

use hyper::StatusCode;
use maud::{Markup, html};
use wire::NumeroUnique;

use super::{Visite, form, mots, page::page};
use crate::{
    http::{
        problem::Refus,
        respond::{Answer, Response},
    },
    registre::{self, AgentConnecte, FOUND_MAX, FindError, PersonneTrouvee, Profil},
    service::Service,
};

/// What was typed, and what was wrong with it.
#[derive(Default)]
struct Essai<'a> {
    numero: &'a str,
    nom: &'a str,
    territoire: Option<&'a str>,
    erreur: Option<(&'static str, String)>,
}

/// The search page.
pub(super) fn show(agent: &AgentConnecte) -> Response {
    recherche_page(StatusCode::OK, agent, &Essai::default(), None)
}

/// Looks a numéro up and goes to the demande.
pub(super) async fn by_numero(service: &Service, agent: &AgentConnecte, visite: Visite) -> Answer {
    let fields = form::read_signed(agent, &visite.headers, visite.body).await?;
    let typed = fields.text("numero");
    let wrong = |status, erreur: String| {
        let essai = Essai { numero: typed, erreur: Some(("numero", erreur)), ..Essai::default() };
        Ok(recherche_page(status, agent, &essai, None))
    };
    let numero: NumeroUnique = match typed.parse() {
        Ok(numero) => numero,
        Err(error) => return wrong(StatusCode::BAD_REQUEST, error.to_string()),
    };
    let asker = agent.clone();
    match service.store.read(move |tx| registre::find_demande_by_numero(tx, &asker, &numero)).await? {
        Some(demande) => Ok(form::see_other(&format!("/guichet/demandes/{demande}"))),
        None => wrong(
            StatusCode::NOT_FOUND,
            "Aucune demande de votre territoire ne porte ce numéro. Vérifiez-le sur l’attestation d’enregistrement."
                .to_owned(),
        ),
    }
}

/// Looks a name up and shows who has it.
pub(super) async fn by_nom(service: &Service, agent: &AgentConnecte, visite: Visite) -> Answer {
    let fields = form::read_signed(agent, &visite.headers, visite.body).await?;
    let (typed, territoire) = (fields.text("nom"), fields.first("territoire"));
    let (asker, nom, now) = (agent.clone(), typed.to_owned(), service.clock.now());
    let chosen = territoire.map(str::to_owned);
    let found =
        service.store.write(move |tx| registre::find_by_name(tx, &asker, chosen.as_deref(), &nom, now)).await;
    let wrong = |status, error: FindError| {
        let erreur = Some(("nom", error.to_string()));
        let essai = Essai { nom: typed, territoire, erreur, ..Essai::default() };
        Ok(recherche_page(status, agent, &essai, None))
    };
    match found {
        Ok(found) => {
            let essai = Essai { nom: typed, territoire, ..Essai::default() };
            Ok(recherche_page(StatusCode::OK, agent, &essai, Some(&found)))
        }
        Err(FindError::Store(error)) => Err(Refus::from(error)),
        Err(error @ FindError::TropCourt) => wrong(StatusCode::BAD_REQUEST, error),
        Err(error @ FindError::TropDeRecherches) => wrong(StatusCode::TOO_MANY_REQUESTS, error),
    }
}

fn recherche_page(
    status: StatusCode,
    agent: &AgentConnecte,
    essai: &Essai<'_>,
    found: Option<&[PersonneTrouvee]>,
) -> Response {
    let wrong = |field| essai.erreur.as_ref().filter(|(at, _)| *at == field).map(|_| "true");
    let described = |field| wrong(field).map(|_| "erreur");
    let content = html! {
        h1 { "Chercher une demande" }
        @if let Some((_, erreur)) = &essai.erreur {
            div.alerte.erreur role="alert" id="erreur" { p { (erreur) } }
        }
        form.bloc method="post" action="/guichet/recherche" {
            (form::jeton(agent))
            label for="numero" {
                "Numéro unique"
                small { "18 caractères, avec ou sans espaces, par exemple 057 1215 073903 10691" }
            }
            input id="numero" name="numero" value=(essai.numero) autocomplete="off" autocapitalize="characters"
                spellcheck="false" required maxlength="40" aria-invalid=[wrong("numero")]
                aria-describedby=[described("numero")];
            button { "Chercher par numéro" }
        }
        @if agent.may(Profil::cherche_par_nom) {
            form.bloc method="post" action="/guichet/recherche/nom" {
                (form::jeton(agent))
                label for="nom" {
                    "Nom de famille"
                    small { "Le début suffit. Chaque recherche par nom est enregistrée." }
                }
                input id="nom" name="nom" value=(essai.nom) autocomplete="off" spellcheck="false" required
                    maxlength="100" aria-invalid=[wrong("nom")] aria-describedby=[described("nom")];
                @if !agent.autres_territoires.is_empty() { (form::territoires(agent, essai.territoire)) }
                button { "Chercher par nom" }
            }
        }
        @if let Some(found) = found { (people(found)) }
    };
    page(status, "Chercher une demande", Some(agent), &content)
}

fn people(found: &[PersonneTrouvee]) -> Markup {
    html! {
        h2 { "Personnes trouvées" }
        @if found.is_empty() {
            p role="status" { "Personne de ce nom sur ce territoire." }
        } @else {
            @if found.len() > FOUND_MAX {
                p role="status" { "Plus de " (FOUND_MAX) " personnes : précisez le nom." }
            }
            div.cadre tabindex="0" role="region" aria-label="Personnes trouvées" {
                table {
                    thead { tr {
                        th scope="col" { "Personne" } th scope="col" { "Née le" } th scope="col" { "Rôle" }
                        th scope="col" { "Demande" }
                    } }
                    tbody {
                        @for personne in found.iter().take(FOUND_MAX) {
                            tr {
                                th scope="row" { (personne.prenom) " " (personne.nom) }
                                td data-titre="Née le" { (personne.date_naissance.map_or_else(|| "—".to_owned(), mots::jour)) }
                                td data-titre="Rôle" { (mots::role(personne.role)) }
                                td data-titre="Demande" {
                                    a href={ "/guichet/demandes/" (personne.demande) } { (personne.numero) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

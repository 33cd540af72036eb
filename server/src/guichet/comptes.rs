//! The accounts, for the national assistance: those that wait come first; each is certified with a profile, refused with a
//! reason, closed or opened again; a consultant is given other territories. What the list of its guichet says stands beside
//! each.

use hyper::StatusCode;
use maud::{Markup, html};
use wire::{AgentId, limites::TEXTE_CHARS_MAX};

use super::{Visite, acces, form, mots, page::page};
use crate::{
    http::{
        problem::Refus,
        respond::{Answer, Response},
    },
    registre::{self, AgentConnecte, Compte, CompteError, CompteListe, Decision, EtatCompte, Profil},
    service::Service,
    store::StoreError,
};

/// The profiles that can be given, in the order of what they may.
const PROFILS: [Profil; 6] = [
    Profil::Guichet,
    Profil::ConsultantSimple,
    Profil::ConsultantDemande,
    Profil::ConsultantSensible,
    Profil::GestionnaireTerritorial,
    Profil::AssistanceNationale,
];

/// How the assistance checks at a distance who an agent is: by what whoever has the agent's mailbox does not have.
const VERIFICATIONS: [&str; 3] = [
    "Rappel au standard du guichet",
    "Confirmation par le responsable du guichet",
    "Pièce d’identité en visioconférence",
];

/// The list.
pub(super) async fn list(service: &Service, agent: &AgentConnecte) -> Answer {
    let comptes = service
        .store
        .read(|tx| {
            let comptes = registre::list_comptes(tx)?.into_iter();
            let beside = comptes.map(|compte| {
                let listed = registre::find_compte_liste(tx, &compte)?;
                Ok((compte, listed))
            });
            beside.collect::<Result<Vec<_>, StoreError>>()
        })
        .await?;
    let content = html! {
        h1 { "Comptes des agents" }
        p { a href="/guichet/acces" { "Listes des guichets : qui doit avoir un accès" } }
        @if comptes.is_empty() {
            p { "Aucun compte." }
        } @else {
            div.cadre tabindex="0" role="region" aria-label="Comptes des agents" {
                table {
                    thead { tr {
                        th scope="col" { "Agent" } th scope="col" { "Guichet" } th scope="col" { "Profil" }
                        th scope="col" { "Fiche reçue le" } th scope="col" { "État" } th scope="col" { "Liste du guichet" }
                    } }
                    tbody {
                        @for (compte, listed) in &comptes {
                            tr {
                                th scope="row" { a href={ "/guichet/comptes/" (compte.id) } { (compte.nom) } }
                                td data-titre="Guichet" { (compte.guichet) " — " (compte.guichet_nom) }
                                td data-titre="Profil" { (compte.profil.libelle()) }
                                td data-titre="Fiche reçue le" { (compte.fiche_envoyee_le.map_or_else(|| "—".to_owned(), mots::instant)) }
                                td data-titre="État" { (etat(compte.etat)) }
                                td data-titre="Liste du guichet" { (acces::of_liste(listed.as_ref())) }
                            }
                        }
                    }
                }
            }
        }
    };
    Ok(page(StatusCode::OK, "Comptes des agents", Some(agent), &content))
}

/// One account.
pub(super) async fn show(service: &Service, agent: &AgentConnecte, id: AgentId) -> Answer {
    answer(service, agent, id, None).await
}

/// Decides on one.
pub(super) async fn decide(service: &Service, agent: &AgentConnecte, id: AgentId, visite: Visite) -> Answer {
    let fields = form::read_signed(agent, &visite.headers, visite.body).await?;
    let (motif, territoires) = (fields.text("motif").to_owned(), fields.text("territoires").to_owned());
    let profil = PROFILS.into_iter().find(|profil| profil.libelle() == fields.text("profil"));
    let decision = match (fields.text("decision"), profil) {
        ("certifier", Some(profil)) => Decision::Certifier { profil, territoires },
        ("territoires", _) => Decision::Territoires(territoires),
        ("refuser", _) => Decision::Refuser { motif },
        ("desactiver", _) => Decision::Desactiver { motif },
        ("reactiver", _) => Decision::Reactiver,
        _ => return answer(service, agent, id, Some("Choisissez une décision.".to_owned())).await,
    };
    let (asker, now) = (agent.clone(), service.clock.now());
    match service.store.write(move |tx| registre::decide_compte(tx, &asker, id, &decision, now)).await {
        Ok(()) => Ok(form::see_other(&format!("/guichet/comptes/{id}"))),
        Err(error) => refused(service, agent, id, error).await,
    }
}

/// Why a decision was not taken, on the account's page.
pub(super) async fn refused(
    service: &Service,
    agent: &AgentConnecte,
    id: AgentId,
    error: CompteError,
) -> Answer {
    match error {
        CompteError::Introuvable => Err(absent()),
        CompteError::Store(error) => Err(Refus::from(error)),
        error => answer(service, agent, id, Some(error.to_string())).await,
    }
}

/// Takes a lost second factor away, once the agent's identity was checked.
pub(super) async fn reset_deux_etapes(
    service: &Service,
    agent: &AgentConnecte,
    id: AgentId,
    visite: Visite,
) -> Answer {
    let fields = form::read_signed(agent, &visite.headers, visite.body).await?;
    let how = VERIFICATIONS.into_iter().find(|known| *known == fields.text("verification"));
    let (Some(how), "oui") = (how, fields.text("verifiee")) else {
        let missing = "Vérifiez l’identité de l’agent, et dites comment.";
        return answer(service, agent, id, Some(missing.to_owned())).await;
    };
    let (asker, now) = (agent.clone(), service.clock.now());
    let reset =
        service.store.write(move |tx| registre::reset_second_facteur(tx, &asker, id, how, now)).await?;
    if reset { Ok(form::see_other(&format!("/guichet/comptes/{id}"))) } else { Err(absent()) }
}

async fn answer(service: &Service, agent: &AgentConnecte, id: AgentId, error: Option<String>) -> Answer {
    let found = service
        .store
        .read(move |tx| {
            let Some(compte) = registre::find_compte(tx, id)? else { return Ok(None) };
            let listed = registre::find_compte_liste(tx, &compte)?;
            Ok::<_, StoreError>(Some((compte, listed)))
        })
        .await?;
    let (compte, listed) = found.ok_or_else(absent)?;
    Ok(whole(agent, &compte, listed.as_ref(), error.as_deref()))
}

fn absent() -> Refus {
    Refus::new(wire::ProblemCode::Introuvable).detail("Ce compte n’existe pas, ou c’est le vôtre.")
}

fn whole(
    agent: &AgentConnecte,
    compte: &Compte,
    listed: Option<&CompteListe>,
    error: Option<&str>,
) -> Response {
    let content = html! {
        p { a href="/guichet/comptes" { "Comptes des agents" } }
        h1 { (compte.nom) }
        p { (etat(compte.etat)) }
        @if let Some(error) = error {
            div.alerte.erreur role="alert" { p { (error) } }
        }
        dl.faits {
            div { dt { "Adresse" } dd { (compte.courriel) } }
            div { dt { "Guichet" } dd { (compte.guichet) " — " (compte.guichet_nom) } }
            div { dt { "Profil" } dd { (compte.profil.libelle()) } }
            div { dt { "Territoires" } dd { (compte.territoires.join(", ")) } }
            div { dt { "Fonction" } dd { (compte.fonction.as_deref().unwrap_or("—")) } }
            div { dt { "Téléphone" } dd { (compte.telephone.as_deref().unwrap_or("—")) } }
            @if let Some(motif) = &compte.motif { div { dt { "Motif" } dd { (motif) } } }
        }
        @if let Some(listed) = listed { (acces::of_compte(agent, compte, listed)) }
        @if compte.etat == EtatCompte::ACertifier { (certify(agent, compte, listed)) (with_reason(agent, compte, "refuser", "Refuser", "Raison, que l’agent lira")) }
        @if compte.etat == EtatCompte::Certifie && compte.profil.consulte() { (other_territories(agent, compte)) }
        @if compte.deux_etapes_depuis.is_some() && compte.id != agent.id { (reset_form(agent, compte)) }
        @match compte.etat {
            EtatCompte::Desactive => form method="post" action={ "/guichet/comptes/" (compte.id) } {
                (form::jeton(agent))
                button.secondaire name="decision" value="reactiver" { "Réactiver ce compte" }
            },
            _ => (with_reason(agent, compte, "desactiver", "Désactiver", "Raison, gardée avec le compte")),
        }
    };
    let status = if error.is_some() { StatusCode::CONFLICT } else { StatusCode::OK };
    page(status, "Compte d’un agent", Some(agent), &content)
}

fn certify(agent: &AgentConnecte, compte: &Compte, listed: Option<&CompteListe>) -> Markup {
    // What the guichet asks for comes first.
    let proposed = listed.and_then(|listed| Some(listed.liste.as_ref()?.profil)).unwrap_or(compte.profil);
    html! {
        h2 { "Certifier" }
        form.bloc method="post" action={ "/guichet/comptes/" (compte.id) } {
            (form::jeton(agent))
            label for="profil" { "Profil" }
            select id="profil" name="profil" {
                @for profil in PROFILS { option selected[profil == proposed] { (profil.libelle()) } }
            }
            (territories(compte))
            button name="decision" value="certifier" { "Certifier ce compte" }
        }
    }
}

fn reset_form(agent: &AgentConnecte, compte: &Compte) -> Markup {
    html! {
        h2 { "Retirer la connexion en deux étapes" }
        p { "À faire quand l’agent n’a plus ni son application ni ses codes de secours. Ses sessions seront fermées, et il en sera prévenu par courriel." }
        form.bloc method="post" action={ "/guichet/comptes/" (compte.id) "/deux-etapes" } {
            (form::jeton(agent))
            label for="verification" { "Comment l’identité a été vérifiée" }
            select id="verification" name="verification" required {
                option value="" { "Choisir" }
                @for known in VERIFICATIONS { option { (known) } }
            }
            div.case {
                input type="checkbox" id="verifiee" name="verifiee" value="oui" required;
                label for="verifiee" { "J’ai vérifié que la personne qui le demande est le titulaire de ce compte" }
            }
            button.secondaire { "Retirer la connexion en deux étapes" }
        }
    }
}

fn other_territories(agent: &AgentConnecte, compte: &Compte) -> Markup {
    html! {
        h2 { "Territoires" }
        form.bloc method="post" action={ "/guichet/comptes/" (compte.id) } {
            (form::jeton(agent))
            (territories(compte))
            button.secondaire name="decision" value="territoires" { "Enregistrer les territoires" }
        }
    }
}

fn territories(compte: &Compte) -> Markup {
    let others = compte.territoires.get(1..).unwrap_or_default();
    html! {
        label for="territoires" {
            "Autres territoires que celui du guichet"
            small { "Pour un consultant seulement. Codes séparés par des espaces, par exemple 54 2A 111 ; vide : aucun" }
        }
        input id="territoires" name="territoires" value=(others.join(" ")) autocomplete="off" maxlength="200";
    }
}

fn with_reason(agent: &AgentConnecte, compte: &Compte, decision: &str, name: &str, label: &str) -> Markup {
    html! {
        h2 { (name) }
        form.bloc method="post" action={ "/guichet/comptes/" (compte.id) } {
            (form::jeton(agent))
            label for={ "motif-" (decision) } { (label) }
            textarea id={ "motif-" (decision) } name="motif" rows="2" required maxlength=(TEXTE_CHARS_MAX) {}
            button.secondaire name="decision" value=(decision) { (name) " ce compte" }
        }
    }
}

pub(super) fn etat(etat: EtatCompte) -> Markup {
    let (class, word) = match etat {
        EtatCompte::AConfirmer => ("", "Adresse à confirmer"),
        EtatCompte::ACompleter => ("", "Fiche à envoyer"),
        EtatCompte::ACertifier => ("attente", "À certifier"),
        EtatCompte::Certifie => ("bon", "Certifié"),
        EtatCompte::Refuse => ("mauvais", "Refusé"),
        EtatCompte::Desactive => ("mauvais", "Désactivé"),
    };
    html! { span class={ "badge " (class) } { (word) } }
}

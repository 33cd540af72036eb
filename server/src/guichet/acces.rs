//! Who should have access at each guichet: the gestionnaire of the territory sends the list, the national assistance
//! reads it beside the accounts and decides on each. What differs is said in words, and stands out.

use hyper::StatusCode;
use maud::{Markup, html};
use wire::{AgentId, GuichetCode, ProblemCode};

use super::{Visite, comptes, form, mots, page::page};
use crate::{
    http::{
        problem::Refus,
        respond::{Answer, Response},
    },
    registre::{
        self, Acces, AgentConnecte, Compare, Compte, CompteListe, Ecart, GuichetAcces, LISTE_CHARS_MAX,
        LigneAcces, ListeInvalide, PROFILS_DEMANDES, Profil, read_liste, write_liste,
    },
    service::Service,
    store::StoreError,
};

/// What was sent and did not read.
struct Refused {
    text: String,
    wrong: Vec<ListeInvalide>,
}

/// The guichets, and one of them: that of the query, else the gestionnaire's own.
pub(super) async fn show(service: &Service, agent: &AgentConnecte, query: &str) -> Answer {
    let asked = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "guichet");
    let asked =
        asked.map(|(_, code)| code.trim().parse::<GuichetCode>().map_err(|_| absent())).transpose()?;
    answer(service, agent, asked, None).await
}

/// Takes a list.
pub(super) async fn send(service: &Service, agent: &AgentConnecte, visite: Visite) -> Answer {
    let fields = form::read_signed(agent, &visite.headers, visite.body).await?;
    let code: GuichetCode = fields.text("guichet").parse().map_err(|_| absent())?;
    // Untrimmed: the lines keep their numbers. A browser sends CRLF.
    let text = fields.first("liste").unwrap_or_default().replace("\r\n", "\n");
    let lignes = match read_liste(&text) {
        Ok(lignes) => lignes,
        Err(wrong) => return answer(service, agent, Some(code), Some(Refused { text, wrong })).await,
    };
    let (asker, now) = (agent.clone(), service.clock.now());
    if !service.store.write(move |tx| registre::send_liste(tx, &asker, code, &lignes, now)).await? {
        return Err(absent());
    }
    Ok(form::see_other(&format!("/guichet/acces?guichet={code}")))
}

/// Applies a list to one account.
pub(super) async fn apply(service: &Service, agent: &AgentConnecte, id: AgentId, visite: Visite) -> Answer {
    let fields = form::read_signed(agent, &visite.headers, visite.body).await?;
    let seen = fields.text("liste").parse().ok().and_then(chrono::DateTime::from_timestamp_millis);
    let seen = seen.ok_or(ProblemCode::RequeteIllisible)?;
    let (asker, now) = (agent.clone(), service.clock.now());
    match service.store.write(move |tx| registre::apply_liste(tx, &asker, id, seen, now)).await {
        Ok(()) => Ok(form::see_other(&format!("/guichet/comptes/{id}"))),
        Err(error) => comptes::refused(service, agent, id, error).await,
    }
}

async fn answer(
    service: &Service,
    agent: &AgentConnecte,
    code: Option<GuichetCode>,
    refused: Option<Refused>,
) -> Answer {
    let asker = agent.clone();
    let (guichets, one) = service
        .store
        .read(move |tx| {
            let own = asker.may(Profil::gere).then_some(asker.guichet);
            let one = code.or(own).map(|code| registre::find_guichet_acces(tx, &asker, code));
            Ok::<_, StoreError>((registre::list_guichets_acces(tx, &asker)?, one.transpose()?.flatten()))
        })
        .await?;
    if code.is_some() && one.is_none() {
        return Err(absent());
    }
    Ok(whole(agent, &guichets, one.as_ref(), refused.as_ref()))
}

fn absent() -> Refus {
    Refus::new(ProblemCode::Introuvable).detail("Ce guichet n’existe pas, ou n’est pas de votre territoire.")
}

fn whole(
    agent: &AgentConnecte,
    guichets: &[GuichetAcces],
    one: Option<&GuichetAcces>,
    refused: Option<&Refused>,
) -> Response {
    let content = html! {
        h1 { "Accès des agents" }
        @if let Some(refused) = refused { (errors(refused)) }
        @if agent.may(Profil::gere) {
            p {
                "Pour chaque guichet du territoire " (agent.territoire) ", la liste des agents qui doivent avoir un accès, \
                 à côté des comptes qui existent. L’assistance nationale ouvre, modifie et ferme les comptes : envoyer une \
                 liste n’en change aucun."
            }
        } @else {
            p {
                "Les listes que les gestionnaires ont envoyées, à côté des comptes. Rien ne s’applique tout seul : chaque \
                 compte se décide sur sa page."
            }
        }
        @if guichets.is_empty() { p { "Aucune liste n’a été envoyée." } } @else { (overview(guichets)) }
        form.filtres method="get" action="/guichet/acces" {
            div {
                label for="guichet" { "Code d’un autre guichet" }
                input id="guichet" name="guichet" required maxlength="5" autocomplete="off";
            }
            button.secondaire { "Afficher" }
        }
        @if let Some(one) = one {
            h2 { "Guichet " (one.code) " — " (one.nom) }
            (sent(one))
            @if !one.compares.is_empty() { (comparison(agent, one)) }
            @if agent.may(Profil::gere) { (editor(agent, one, refused)) }
        }
    };
    let status = if refused.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    page(status, "Accès des agents", Some(agent), &content)
}

fn errors(refused: &Refused) -> Markup {
    html! {
        div.alerte.erreur role="alert" id="erreurs" {
            p { "La liste n’est pas enregistrée. Corrigez-la, puis envoyez-la de nouveau :" }
            ul { @for wrong in &refused.wrong { li { (wrong) } } }
        }
    }
}

fn overview(guichets: &[GuichetAcces]) -> Markup {
    let count =
        |guichet: &GuichetAcces, ecart| guichet.compares.iter().filter(|one| one.ecart() == ecart).count();
    html! {
        div.cadre tabindex="0" role="region" aria-label="Listes des guichets" {
            table {
                thead { tr {
                    th scope="col" { "Guichet" } th scope="col" { "Liste envoyée le" } th scope="col" { "Nouveaux" }
                    th scope="col" { "Modifiés" } th scope="col" { "À fermer" }
                } }
                tbody {
                    @for guichet in guichets {
                        tr {
                            th scope="row" { a href={ "/guichet/acces?guichet=" (guichet.code) } { (guichet.code) " — " (guichet.nom) } }
                            @if let Some(at) = guichet.envoyee_le {
                                td data-titre="Liste envoyée le" { (mots::instant(at)) }
                                td data-titre="Nouveaux" { (count(guichet, Ecart::Nouveau)) }
                                td data-titre="Modifiés" { (count(guichet, Ecart::Modifie)) }
                                td data-titre="À fermer" { (count(guichet, Ecart::AFermer)) }
                            } @else {
                                td data-titre="Liste envoyée le" { "Jamais" }
                                td data-titre="Nouveaux" { "—" } td data-titre="Modifiés" { "—" } td data-titre="À fermer" { "—" }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn sent(guichet: &GuichetAcces) -> Markup {
    html! {
        @match (guichet.envoyee_le, &guichet.envoyee_par) {
            (Some(at), Some(nom)) => p { "Liste envoyée le " (mots::instant(at)) " par " (nom) "." },
            _ => p { "Aucune liste n’a été envoyée pour ce guichet." },
        }
    }
}

fn comparison(agent: &AgentConnecte, guichet: &GuichetAcces) -> Markup {
    html! {
        div.cadre tabindex="0" role="region" aria-label="Liste et comptes du guichet" {
            table.acces {
                thead { tr {
                    th scope="col" { "Adresse" } th scope="col" { "Nom" } th scope="col" { "Profil" }
                    th scope="col" { "Compte" }
                    @if guichet.envoyee_le.is_some() { th scope="col" { "Écart" } }
                } }
                tbody { @for one in &guichet.compares { (line(agent, one, guichet.envoyee_le.is_some())) } }
            }
        }
    }
}

/// One agent; what the list changes is marked, and what it was before stands beside it.
fn line(agent: &AgentConnecte, one: &Compare, listed: bool) -> Markup {
    let ecart = one.ecart();
    let differs = listed && ecart != Ecart::Inchange;
    let decides = agent.may(Profil::certifie);
    let before = one.compte.as_ref().map(|compte| &compte.acces);
    let shown = one.liste.as_ref().or(before);
    let cell = |of: fn(&Acces) -> &str| {
        html! {
            @match (shown.map(of), before.map(of)) {
                (Some(new), Some(old)) if new != old => { ins { (new) } br; span.doux { "avant : " del { (old) } } },
                (Some(text), _) => (text),
                (None, _) => "—",
            }
        }
    };
    html! {
        tr.change[differs] {
            th scope="row" {
                @match &one.compte {
                    Some(compte) if decides => a href={ "/guichet/comptes/" (compte.id) } { (one.courriel) },
                    _ => (one.courriel),
                }
            }
            td data-titre="Nom" { (cell(|acces| &acces.nom)) }
            td data-titre="Profil" { (cell(|acces| acces.profil.libelle())) }
            td data-titre="Compte" { @match &one.compte { Some(compte) => (comptes::etat(compte.etat)), None => "Aucun" } }
            @if listed { td data-titre="Écart" { (mot(ecart)) } }
        }
    }
}

/// How list and account differ.
pub(super) fn mot(ecart: Ecart) -> Markup {
    let (class, word) = match ecart {
        Ecart::Nouveau => ("bon", "Nouveau"),
        Ecart::Modifie => ("attente", "Modifié"),
        Ecart::AFermer => ("mauvais", "À fermer"),
        Ecart::Inchange => ("", "Inchangé"),
    };
    html! { span class={ "badge " (class) } { (word) } }
}

fn editor(agent: &AgentConnecte, guichet: &GuichetAcces, refused: Option<&Refused>) -> Markup {
    let text = refused.map_or_else(|| write_liste(&begun(guichet)), |refused| refused.text.clone());
    let invalid = refused.map(|_| "true");
    let described = refused.map(|_| "erreurs");
    html! {
        h2 { "Envoyer la liste" }
        form method="post" action="/guichet/acces" {
            (form::jeton(agent))
            input type="hidden" name="guichet" value=(guichet.code);
            label for="liste" {
                "Un agent par ligne : adresse ; nom ; profil"
                small {
                    "Collez-la depuis un tableur ou tapez-la ; elle remplace la précédente. Profils : "
                    (PROFILS_DEMANDES.map(Profil::libelle).join(", ")) "."
                }
            }
            // A browser drops the first line break of a text area.
            textarea id="liste" name="liste" rows="12" required spellcheck="false" maxlength=(LISTE_CHARS_MAX)
                aria-invalid=[invalid] aria-describedby=[described] { "\n" (text) }
            button { "Envoyer la liste" }
        }
    }
}

/// What the editor begins with: the list, or the accounts where none was sent.
fn begun(guichet: &GuichetAcces) -> Vec<LigneAcces> {
    if guichet.envoyee_le.is_some() {
        return guichet.lignes.clone();
    }
    let accounts = guichet.compares.iter().filter_map(|one| Some((&one.courriel, one.compte.as_ref()?)));
    accounts
        .map(|(courriel, compte)| LigneAcces {
            courriel: courriel.clone(),
            nom: compte.acces.nom.clone(),
            profil: compte.acces.profil,
        })
        .collect()
}

/// On an account's page: what the list of its guichet says of it, and the button that applies it.
pub(super) fn of_compte(agent: &AgentConnecte, compte: &Compte, listed: &CompteListe) -> Markup {
    html! {
        h2 { "Liste du guichet" }
        p {
            (mot(listed.ecart)) " "
            a href={ "/guichet/acces?guichet=" (compte.guichet) } { "Liste envoyée le " (mots::instant(listed.envoyee_le)) }
        }
        @match &listed.liste {
            None => p { "La liste ne nomme pas cet agent : désactivez son compte s’il a quitté le guichet." },
            Some(liste) => dl.faits {
                div { dt { "Nom sur la liste" } dd { (liste.nom) } }
                div { dt { "Profil sur la liste" } dd { (liste.profil.libelle()) } }
            },
        }
        @if listed.ecart == Ecart::Modifie {
            form method="post" action={ "/guichet/comptes/" (compte.id) "/liste" } {
                (form::jeton(agent))
                input type="hidden" name="liste" value=(listed.envoyee_le.timestamp_millis());
                button { "Donner au compte ce nom et ce profil" }
            }
        }
    }
}

/// A table's cell for one account: the same in a word.
pub(super) fn of_liste(listed: Option<&CompteListe>) -> Markup {
    html! { @match listed { Some(listed) => (mot(listed.ecart)), None => "—" } }
}

//! The first page of the day: what waits to be judged in the agent's territory, oldest first.

use chrono::{DateTime, TimeDelta, Utc};
use hyper::StatusCode;
use maud::{Markup, html};
use wire::Nomenclature;

use super::{form::territoires, mots, page::page};
use crate::{
    http::respond::Answer,
    registre::{self, AgentConnecte, Apres, COUNTED_MAX, FILED_WITHIN, Filtre, Travail, WORK_PER_PAGE},
    service::Service,
    store::StoreError,
};

/// The list; what the query says of filters and of where the page begins names nobody.
pub(super) async fn show(service: &Service, agent: &AgentConnecte, query: &str) -> Answer {
    let (filtre, apres) = read_query(query);
    let (asker, wanted, now) = (agent.clone(), filtre.clone(), service.clock.now());
    let (mut pieces, count) = service
        .store
        .read(move |tx| {
            let count = registre::count_work(tx, &asker, &wanted, now)?;
            Ok::<_, StoreError>((registre::work_list(tx, &asker, &wanted, apres, now)?, count))
        })
        .await?;
    let more = pieces.len() > WORK_PER_PAGE;
    pieces.truncate(WORK_PER_PAGE);
    let next = pieces.last().filter(|_| more).map(|last| next_page(&filtre, last));
    let content = html! {
        h1 { "Pièces à examiner" }
        (filters(agent, &filtre))
        p role="status" { (counted(count)) }
        @if !pieces.is_empty() {
            div.cadre tabindex="0" role="region" aria-label="Pièces à examiner" {
                table {
                    thead { tr {
                        th scope="col" { "Pièce" } th scope="col" { "Demande" } th scope="col" { "Origine" }
                        th scope="col" { "Déposée le" } th scope="col" { "Délai" }
                    } }
                    tbody { @for travail in &pieces { (line(travail, now)) } }
                }
            }
        }
        @if let Some(next) = next {
            p { a.bouton href=(next) { "Pièces suivantes" } }
        }
    };
    Ok(page(StatusCode::OK, "Pièces à examiner", Some(agent), &content))
}

fn read_query(query: &str) -> (Filtre, Option<Apres>) {
    let mut filtre = Filtre::default();
    let (mut day, mut id) = (None, None);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "ouvertes" => filtre.jamais_ouvertes = value == "jamais",
            "retard" => filtre.en_retard = value == "oui",
            "rubrique" => filtre.rubrique = value.parse().ok(),
            "territoire" => filtre.territoire = Some(value.into_owned()),
            "apres" => day = value.parse().ok().and_then(DateTime::from_timestamp_millis),
            "piece" => id = value.parse().ok(),
            _ => {}
        }
    }
    (filtre, day.zip(id).map(|(depose_le, id)| Apres { depose_le, id }))
}

fn next_page(filtre: &Filtre, last: &Travail) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    if filtre.jamais_ouvertes {
        query.append_pair("ouvertes", "jamais");
    }
    if filtre.en_retard {
        query.append_pair("retard", "oui");
    }
    if let Some(rubrique) = &filtre.rubrique {
        query.append_pair("rubrique", rubrique.as_str());
    }
    if let Some(territoire) = &filtre.territoire {
        query.append_pair("territoire", territoire);
    }
    query.append_pair("apres", &last.piece.depose_le.timestamp_millis().to_string());
    query.append_pair("piece", &last.piece.id.to_string());
    format!("/guichet?{}", query.finish())
}

fn filters(agent: &AgentConnecte, filtre: &Filtre) -> Markup {
    html! {
        form.filtres method="get" action="/guichet" {
            @if !agent.autres_territoires.is_empty() {
                div { (territoires(agent, filtre.territoire.as_deref())) }
            }
            div {
                label for="rubrique" { "Rubrique" }
                select id="rubrique" name="rubrique" {
                    option value="" { "Toutes" }
                    @for rubrique in &Nomenclature::embarquee().rubriques {
                        option value=(rubrique.code) selected[filtre.rubrique.as_ref() == Some(&rubrique.code)] {
                            (rubrique.libelle)
                        }
                    }
                }
            }
            div.case {
                input id="ouvertes" name="ouvertes" type="checkbox" value="jamais" checked[filtre.jamais_ouvertes];
                label for="ouvertes" { "Jamais ouvertes" }
            }
            div.case {
                input id="retard" name="retard" type="checkbox" value="oui" checked[filtre.en_retard];
                label for="retard" { "Délai de 15 jours dépassé" }
            }
            button.secondaire { "Filtrer" }
        }
    }
}

fn counted(count: u32) -> String {
    match count {
        0 => "Aucune pièce ne correspond : tout est examiné.".to_owned(),
        1 => "1 pièce.".to_owned(),
        n if n > COUNTED_MAX => format!("Plus de {COUNTED_MAX} pièces, les plus anciennes d’abord."),
        n => format!("{n} pièces, les plus anciennes d’abord."),
    }
}

fn line(travail: &Travail, now: DateTime<Utc>) -> Markup {
    let piece = &travail.piece;
    html! {
        tr {
            th scope="row" {
                a href={ "/guichet/justificatifs/" (piece.id) } { (mots::intitule(piece.faits.as_ref())) }
                @if let Some(faits) = &piece.faits { br; span.doux { (mots::rubrique(faits)) } }
            }
            td data-titre="Demande" { a href={ "/guichet/demandes/" (travail.demande) } { (travail.numero) } }
            td data-titre="Origine" { (piece.origine.libelle()) }
            td data-titre="Déposée le" { (mots::instant(piece.depose_le)) }
            td data-titre="Délai" {
                (delay(piece.depose_le + FILED_WITHIN - now))
                @if !piece.consultee { " " span.badge { "Jamais ouverte" } }
            }
        }
    }
}

/// What is left of the fifteen days, in whole days; the last one is today.
fn delay(left: TimeDelta) -> Markup {
    let days = left.num_days();
    html! {
        @if left < TimeDelta::zero() {
            span.badge.mauvais { "Dépassé de " (days.abs() + 1) " j" }
        } @else if days == 0 {
            span.badge.attente { "Aujourd’hui" }
        } @else {
            span.badge { (days) " j" }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_is_told_in_days() {
        let said = |left| delay(left).into_string();
        assert!(said(TimeDelta::days(14) + TimeDelta::hours(3)).contains("14 j"));
        assert!(said(TimeDelta::hours(2)).contains("Aujourd’hui"));
        assert!(said(TimeDelta::seconds(-1)).contains("Dépassé de 1 j"));
        assert!(said(TimeDelta::hours(-25)).contains("Dépassé de 2 j"));
    }

    #[test]
    fn a_query_is_read_as_it_is_written() {
        let filtre = Filtre {
            jamais_ouvertes: true,
            en_retard: true,
            rubrique: Some("identite".parse().unwrap()),
            territoire: Some("2A".into()),
        };
        let read = read_query(
            "ouvertes=jamais&retard=oui&rubrique=identite&territoire=2A&apres=1764064800000&piece=01913b5c-5b8f-7c3e-9f1a-000000000001",
        );
        assert_eq!(read.0, filtre);
        assert_eq!(read.1.unwrap().depose_le, "2025-11-25T10:00:00Z".parse::<DateTime<Utc>>().unwrap());
        assert_eq!(read_query("apres=x&piece=&retard=&zut=1"), (Filtre::default(), None));
    }
}

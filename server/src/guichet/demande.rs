//! A demande: the header of the SNE's own screen, the household, what is held and missing, and the pieces.

use hyper::StatusCode;
use maud::{Markup, html};
use wire::{
    Controle, DemandeId, Examen, JustificatifId, Nomenclature,
    api::{DemandeVue, Exigence, LigneChecklist, PersonneVue, Presence},
};

use super::{examen, introuvable, mots, page::page};
use crate::{
    http::respond::Answer,
    registre::{self, AgentConnecte, Dalo, DemandeAgent, PieceAgent, Profil},
    service::Service,
    store::StoreError,
};

/// The tabs of a demande.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Onglet {
    /// Header, household, checklist, pieces.
    Demande,
    /// What happened.
    Evenements,
    /// What guichets ask for.
    Demandes,
}

/// A demande's title and tabs: the same on each of its pages.
pub(super) fn head(demande: &DemandeAgent, here: Onglet) -> Markup {
    let tab = |onglet, path: &str, name: &str| {
        let current = (onglet == here).then_some("page");
        html! { li { a href={ "/guichet/demandes/" (demande.id) (path) } aria-current=[current] { (name) } } }
    };
    html! {
        h1 { "Demande " (demande.numero) }
        nav.onglets aria-label="Demande" {
            ul {
                (tab(Onglet::Demande, "", "Demande et pièces"))
                (tab(Onglet::Demandes, "/demandes-de-pieces", "Demandes de pièces"))
                (tab(Onglet::Evenements, "/evenements", "Évènements"))
            }
        }
    }
}

/// A demande and its pieces.
pub(super) async fn show(service: &Service, agent: &AgentConnecte, id: DemandeId) -> Answer {
    let (asker, now) = (agent.clone(), service.clock.now());
    let found = service
        .store
        .read(move |tx| {
            let Some(demande) = registre::find_demande_for_agent(tx, &asker, id)? else { return Ok(None) };
            let Some(vue) = registre::read_demande(tx, id, now)? else { return Ok(None) };
            let pieces = registre::list_justificatifs_for_agent(tx, &asker, id)?;
            Ok::<_, StoreError>(pieces.map(|pieces| (demande, vue, pieces)))
        })
        .await?;
    let (demande, vue, pieces) = found.ok_or_else(introuvable)?;
    let content = html! {
        (head(&demande, Onglet::Demande))
        (header(&demande))
        h2 { "Ménage" }
        (menage(&demande.personnes))
        @if agent.may(Profil::juge) {
            p { a href={ "/guichet/demandes/" (demande.id) "/code" } { "Donner un nouveau code télé-demandeur" } }
        }
        h2 { "Pièces attendues" }
        (checklist(&vue))
        h2 { "Pièces déposées (" (pieces.len()) ")" }
        @if agent.may(Profil::juge) {
            p { a href={ "/guichet/demandes/" (demande.id) "/pieces" } { "Déposer des pièces pour ce ménage" } }
        }
        (liste(agent, &demande, &pieces))
    };
    Ok(page(StatusCode::OK, "Demande", Some(agent), &content))
}

/// The header of the SNE's own screen, in its order.
fn header(demande: &DemandeAgent) -> Markup {
    let none = || "—".to_owned();
    html! {
        dl.faits {
            div { dt { "Date de dépôt" } dd { (mots::jour(demande.date_depot)) } }
            div { dt { "État" } dd { (mots::etat_demande(demande.etat)) } }
            div { dt { "Guichet de la dernière modification" } dd { (demande.guichet.code) " — " (demande.guichet.nom) } }
            div { dt { "Dernière modification" } dd { (mots::jour(demande.modifiee_le)) } }
            div { dt { "Version" } dd { (demande.version) } }
            div { dt { "Dernier renouvellement" } dd { (demande.renouvelee_le.map_or_else(none, mots::jour)) } }
            div { dt { "À renouveler avant le" } dd { (mots::jour(demande.a_renouveler_avant)) } }
            @match &demande.dalo { Some(dalo) => (dalo_facts(dalo)), None => div { dt { "Dalo" } dd { "Non" } } }
        }
    }
}

fn dalo_facts(dalo: &Dalo) -> Markup {
    let day = |day: Option<_>| day.map_or_else(|| "—".to_owned(), mots::jour);
    let yes = |yes| if yes { "Oui" } else { "Non" };
    html! {
        div { dt { "Dalo" } dd { (dalo.statut) } }
        div { dt { "Décision Dalo" } dd { (day(dalo.decision_le)) } }
        div { dt { "Diagnostic social prescrit" } dd { (yes(dalo.diagnostic_social)) } }
        div { dt { "Accompagnement social prescrit" } dd { (yes(dalo.accompagnement_social)) } }
        div { dt { "Typologie Dalo" } dd { (dalo.typologie.as_deref().unwrap_or("—")) } }
        div { dt { "Modification Dalo" } dd { (day(dalo.modifie_le)) } }
    }
}

fn menage(personnes: &[PersonneVue]) -> Markup {
    html! {
        ul {
            @for personne in personnes {
                li { (personne.prenom) " " (personne.nom) " " span.doux { "(" (mots::role(personne.role)) ")" } }
            }
        }
    }
}

/// What the app shows too, in an agent's words. What may be asked for and was not is left out: it is long, and missing
/// nowhere.
fn checklist(vue: &DemandeVue) -> Markup {
    let lines = vue.checklist.iter().filter(|line| line.presence != Presence::NonDemandee);
    html! {
        div.cadre tabindex="0" role="region" aria-label="Pièces attendues" {
            table {
                thead { tr {
                    th scope="col" { "Rubrique" } th scope="col" { "Concerne" } th scope="col" { "Exigence" }
                    th scope="col" { "État" }
                } }
                tbody { @for line in lines { (expected(line, &vue.personnes)) } }
            }
        }
    }
}

fn expected(line: &LigneChecklist, personnes: &[PersonneVue]) -> Markup {
    let rubrique = Nomenclature::embarquee().rubrique(&line.rubrique);
    let exigence = match line.exigence {
        Exigence::Exigee => "Exigée à l’enregistrement",
        Exigence::AInstruction => "À l’instruction",
        Exigence::Demandee => "Demandée par un guichet",
        Exigence::PeutEtreDemandee => "Peut être demandée",
    };
    let (class, presence) = match line.presence {
        Presence::Acceptee => ("bon", "Acceptée"),
        Presence::Deposee => ("attente", "Déposée"),
        Presence::ARemplacer => ("mauvais", "À remplacer"),
        Presence::Manquante => ("mauvais", "Manquante"),
        Presence::NonDemandee => ("", "Non demandée"),
    };
    html! {
        tr {
            th scope="row" { (rubrique.map_or(line.rubrique.as_str(), |known| known.libelle.as_str())) }
            td data-titre="Concerne" { (mots::concerne(line.personne, personnes)) }
            td data-titre="Exigence" { (exigence) }
            td data-titre="État" { span class={ "badge " (class) } { (presence) } }
        }
    }
}

/// The pieces, each followed by the versions that it replaced; boxes to judge several at once.
fn liste(agent: &AgentConnecte, demande: &DemandeAgent, pieces: &[PieceAgent]) -> Markup {
    let replaced_by =
        |id| pieces.iter().filter(move |piece| matches!(piece.examen, Examen::Remplace { par } if par == id));
    let current = |piece: &&PieceAgent| !matches!(piece.examen, Examen::Remplace { .. });
    let several = pieces.iter().filter(|piece| piece.examinable).count() > 1;
    let table = html! {
        div.cadre tabindex="0" role="region" aria-label="Pièces de la demande" {
            table {
                thead {
                    tr {
                        @if several { th scope="col" { "Choisir" } }
                        th scope="col" { "Pièce" }
                        th scope="col" { "Concerne" }
                        th scope="col" { "Origine" }
                        th scope="col" { "Déposée le" }
                        th scope="col" { "Pages" }
                        th scope="col" { "Statut" }
                    }
                }
                tbody {
                    @for piece in pieces.iter().filter(current) {
                        (ligne(piece, &demande.personnes, pieces, several))
                        @for old in replaced_by(piece.id) { (ligne(old, &demande.personnes, pieces, several)) }
                    }
                }
            }
        }
    };
    html! {
        @if pieces.is_empty() {
            p { "Aucune pièce n’a encore été déposée pour cette demande." }
        } @else if several && agent.may(Profil::juge) {
            (examen::bulk_form(agent, demande.id, &table))
        } @else {
            (table)
        }
    }
}

fn ligne(piece: &PieceAgent, personnes: &[PersonneVue], all: &[PieceAgent], several: bool) -> Markup {
    let faits = piece.faits.as_ref();
    let title = mots::intitule(faits);
    html! {
        tr {
            @if several {
                td data-titre="Choisir" {
                    @if piece.examinable {
                        input type="checkbox" name="piece" value=(piece.id) aria-label={ "Choisir : " (title) };
                        input type="hidden" name={ "vu-" (piece.id) } value=(piece.vu);
                    }
                }
            }
            th scope="row" {
                a href={ "/guichet/justificatifs/" (piece.id) } { (title) }
                @if let Some(faits) = faits { br; span.doux { (mots::rubrique(faits)) } }
                @if let Some(twin) = twin(piece, all) {
                    br; span.doux { "Même document que " a href={ "/guichet/justificatifs/" (twin) } { "une autre pièce" } }
                }
            }
            td data-titre="Concerne" {
                @match faits {
                    Some(faits) => (mots::concerne(faits.personne, personnes)),
                    None => "—",
                }
            }
            td data-titre="Origine" { (piece.origine.libelle()) }
            td data-titre="Déposée le" { (mots::instant(piece.depose_le)) }
            td data-titre="Pages" { (piece.pages.map_or_else(|| "—".to_owned(), |pages| pages.to_string())) }
            td data-titre="Statut" {
                (mots::statut(piece.controle, &piece.examen))
                @if let Examen::Remplace { par } = piece.examen {
                    br; a href={ "/guichet/justificatifs/" (par) } { "Voir la nouvelle version" }
                }
            }
        }
    }
}

/// Another piece of the demande with the same content, received or before it was prepared.
fn twin(piece: &PieceAgent, all: &[PieceAgent]) -> Option<JustificatifId> {
    let ours = piece.faits.as_ref().filter(|_| piece.controle == Controle::Disponible)?;
    let same = |other: &&PieceAgent| {
        other.id != piece.id
            && other.faits.as_ref().is_some_and(|theirs| {
                theirs.sha256 == ours.sha256
                    || (ours.sha256_original.is_some() && theirs.sha256_original == ours.sha256_original)
            })
    };
    all.iter().find(same).map(|other| other.id)
}

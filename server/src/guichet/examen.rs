//! What a guichet says of a piece: the form beside the document, the same for several pieces at once, and the way back.
//!
//! A form carries the state that it was made from. What was judged meanwhile by somebody else is not overwritten: the
//! agent's words stay as a draft, and the page shows the colleague's.

use hyper::StatusCode;
use maud::{Markup, html};
use wire::{DemandeId, Examen, JustificatifId, limites::TEXTE_CHARS_MAX};

use super::{Visite, form, introuvable, mots, page::page};
use crate::{
    http::{
        problem::Refus,
        respond::{Answer, Response},
    },
    registre::{self, AgentConnecte, Brouillon, JudgeError, Jugement, MOTIFS, PieceAgent},
    service::Service,
};

/// Pieces judged by one form: more than a demande's page holds.
const BULK_PIECES_MAX: usize = 200;

/// The panel of a piece: the judgement that stands with the way back, or the form.
pub(super) fn panel(agent: &AgentConnecte, piece: &PieceAgent, draft: Option<&Brouillon>) -> Markup {
    if !piece.examinable {
        return html! {};
    }
    let judged = piece.examen != Examen::AExaminer;
    let action = format!("/guichet/justificatifs/{}/examen", piece.id);
    html! {
        @if judged {
            form method="post" action={ (action) "/annulation" } {
                (form::jeton(agent))
                button.secondaire { "Annuler cet avis" }
            }
        }
        details.examen open[!judged || draft.is_some()] {
            summary { @if judged { "Changer d’avis" } @else { "Examiner cette pièce" } }
            @if draft.is_some() { p.doux { "Votre brouillon est repris." } }
            form method="post" action=(action) {
                (form::jeton(agent))
                input type="hidden" name="vu" value=(piece.vu);
                (fields(draft))
                div.actions {
                    button name="action" value="juger" { "Enregistrer l’avis" }
                    button.secondaire name="action" value="brouillon" formnovalidate { "Garder en brouillon" }
                }
            }
        }
    }
}

/// The form around the list of a demande's pieces.
pub(super) fn bulk_form(agent: &AgentConnecte, demande: DemandeId, list: &Markup) -> Markup {
    html! {
        form method="post" action={ "/guichet/demandes/" (demande) "/examen" } {
            (form::jeton(agent))
            (list)
            details.examen {
                summary { "Examiner les pièces choisies" }
                (fields(None))
                div.actions { button { "Enregistrer l’avis sur chacune" } }
            }
        }
    }
}

fn fields(draft: Option<&Brouillon>) -> Markup {
    let was = |avis: &str| draft.is_some_and(|draft| draft.avis == avis);
    let choice = |avis: &str, name: &str| {
        html! {
            div.case {
                input type="radio" name="avis" id={ "avis-" (avis) } value=(avis) required checked[was(avis)];
                label for={ "avis-" (avis) } { (name) }
            }
        }
    };
    html! {
        fieldset {
            legend { "Avis" }
            (choice("accepte", "Acceptée"))
            div.suite {
                div.case {
                    input type="checkbox" name="nir" id="nir" value="oui";
                    label for="nir" { "Le numéro de sécurité sociale est absent ou masqué (exigé pour accepter)" }
                }
            }
            (choice("inexploitable", "Inexploitable"))
            div.suite {
                label for="motif" { "Raison" }
                select id="motif" name="motif" {
                    option value="" { "Choisir une raison" }
                    @for motif in &*MOTIFS {
                        option value=(motif.code) selected[draft.is_some_and(|draft| draft.motif == motif.code)] { (motif.libelle) }
                    }
                }
                label for="precision" { "Précision pour le demandeur" small { "Elle s’ajoute à la raison et sera lue telle quelle." } }
                textarea id="precision" name="precision" rows="3" maxlength=(TEXTE_CHARS_MAX) {
                    (draft.map(|draft| draft.precision.as_str()).unwrap_or_default())
                }
            }
            (choice("hors_perimetre", "Hors périmètre réglementaire"))
            (choice("obsolete", "Obsolète"))
            div.suite {
                label for="date" { "Obsolète depuis le" }
                input type="date" id="date" name="date" value=(draft.map(|draft| draft.date.as_str()).unwrap_or_default());
            }
        }
    }
}

/// Judges a piece, or keeps the form as a draft.
pub(super) async fn judge(
    service: &Service,
    agent: &AgentConnecte,
    id: JustificatifId,
    visite: Visite,
) -> Answer {
    let fields = form::read_signed(agent, &visite.headers, visite.body).await?;
    let draft = Brouillon {
        avis: fields.text("avis").to_owned(),
        motif: fields.text("motif").to_owned(),
        precision: fields.text("precision").to_owned(),
        date: fields.text("date").to_owned(),
    };
    let here = format!("/guichet/justificatifs/{id}");
    let (asker, now) = (agent.clone(), service.clock.now());
    if fields.text("action") == "brouillon" {
        let kept =
            service.store.write(move |tx| registre::keep_brouillon(tx, &asker, id, &draft, now)).await?;
        return if kept { Ok(form::see_other(&here)) } else { Err(introuvable()) };
    }
    let judged = match read(&fields) {
        Ok(jugement) => {
            let vu = fields.text("vu").to_owned();
            let asker = agent.clone();
            service
                .store
                .write(move |tx| registre::judge_for_agent(tx, &asker, id, &vu, &jugement, now))
                .await
        }
        Err(missing) => {
            service.store.write(move |tx| registre::keep_brouillon(tx, &asker, id, &draft, now)).await?;
            return Ok(refused(agent, &here, missing));
        }
    };
    match judged {
        Ok(()) => Ok(form::see_other(&here)),
        Err(JudgeError::Introuvable) => Err(introuvable()),
        Err(JudgeError::Store(error)) => Err(Refus::from(error)),
        Err(error) => {
            // Nothing that was typed is lost.
            service.store.write(move |tx| registre::keep_brouillon(tx, &asker, id, &draft, now)).await?;
            Ok(refused(agent, &here, &error.to_string()))
        }
    }
}

/// Takes a judgement back.
pub(super) async fn undo(
    service: &Service,
    agent: &AgentConnecte,
    id: JustificatifId,
    visite: Visite,
) -> Answer {
    form::read_signed(agent, &visite.headers, visite.body).await?;
    let (asker, now) = (agent.clone(), service.clock.now());
    let here = format!("/guichet/justificatifs/{id}");
    match service.store.write(move |tx| registre::undo_judgement(tx, &asker, id, now)).await {
        Ok(()) => Ok(form::see_other(&here)),
        Err(JudgeError::Introuvable) => Err(introuvable()),
        Err(JudgeError::Store(error)) => Err(Refus::from(error)),
        Err(error) => Ok(refused(agent, &here, &error.to_string())),
    }
}

/// Judges several pieces of a demande, each on its own: one that cannot be judged keeps no other from it.
pub(super) async fn judge_several(
    service: &Service,
    agent: &AgentConnecte,
    demande: DemandeId,
    visite: Visite,
) -> Answer {
    let fields = form::read_signed(agent, &visite.headers, visite.body).await?;
    let here = format!("/guichet/demandes/{demande}");
    let asker = agent.clone();
    let known = service.store.read(move |tx| registre::find_demande_for_agent(tx, &asker, demande)).await?;
    known.ok_or_else(introuvable)?;
    let chosen: Vec<JustificatifId> =
        fields.all("piece").filter_map(|id| id.parse().ok()).take(BULK_PIECES_MAX).collect();
    if chosen.is_empty() {
        return Ok(refused(agent, &here, "Cochez au moins une pièce."));
    }
    let jugement = match read(&fields) {
        Ok(jugement) => jugement,
        Err(missing) => return Ok(refused(agent, &here, missing)),
    };
    let now = service.clock.now();
    let mut results = Vec::new();
    for id in chosen {
        let (asker, jugement) = (agent.clone(), jugement.clone());
        let vu = fields.text(&format!("vu-{id}")).to_owned();
        let name = service
            .store
            .read(move |tx| registre::find_piece_for_agent(tx, &asker, id))
            .await?
            .map_or_else(|| "Pièce".to_owned(), |(_, piece)| mots::intitule(piece.faits.as_ref()));
        let asker = agent.clone();
        let judged = service
            .store
            .write(move |tx| registre::judge_for_agent(tx, &asker, id, &vu, &jugement, now))
            .await;
        results.push((id, name, judged.map_err(|error| error.to_string())));
    }
    let done = results.iter().filter(|(_, _, judged)| judged.is_ok()).count();
    let content = html! {
        h1 { "Examen de plusieurs pièces" }
        p role="status" { (done) " sur " (results.len()) " enregistrées." }
        ul {
            @for (id, name, judged) in &results {
                li {
                    a href={ "/guichet/justificatifs/" (id) } { (name) } " : "
                    @match judged { Ok(()) => "avis enregistré.", Err(why) => (why) }
                }
            }
        }
        p { a.bouton href=(here) { "Revenir à la demande" } }
    };
    Ok(page(StatusCode::OK, "Examen de plusieurs pièces", Some(agent), &content))
}

/// The judgement that a form means, or what it lacks.
fn read(fields: &form::Champs) -> Result<Jugement, &'static str> {
    match fields.text("avis") {
        "accepte" if fields.text("nir") != "oui" => {
            Err("Pour accepter la pièce, confirmez que le numéro de sécurité sociale est absent ou masqué.")
        }
        "accepte" => Ok(Jugement::Accepte),
        "inexploitable" => {
            let motif = MOTIFS.iter().find(|motif| motif.code == fields.text("motif"));
            let motif = motif.ok_or("Choisissez la raison pour laquelle la pièce est inexploitable.")?;
            let precision = fields.text("precision");
            let raison = [motif.phrase.as_str(), precision].join(" ").trim().to_owned();
            if raison.is_empty() {
                return Err("Précisez la raison : le demandeur doit savoir quoi faire.");
            }
            Ok(Jugement::Inexploitable { raison })
        }
        "hors_perimetre" => Ok(Jugement::HorsPerimetre),
        "obsolete" => {
            let date = fields.text("date").parse();
            Ok(Jugement::Obsolete {
                date: date.map_err(|_| "Indiquez depuis quand la pièce est obsolète.")?
            })
        }
        _ => Err("Choisissez un avis."),
    }
}

fn refused(agent: &AgentConnecte, back: &str, why: &str) -> Response {
    let content = html! {
        h1 { "L’avis n’a pas été enregistré" }
        div.alerte.erreur role="alert" { p { (why) } }
        p { a.bouton href=(back) { "Revenir" } }
    };
    page(StatusCode::CONFLICT, "Avis non enregistré", Some(agent), &content)
}

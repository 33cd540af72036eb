//! Masking a number on a page: a rectangle, drawn on the document where a script runs, or given in four numbers. The
//! numbers speak of the page as it is shown; the masks are kept of the page as it lies upright.

use std::sync::Arc;

use hyper::StatusCode;
use maud::{Markup, html};
use wire::{JustificatifId, inspection::Masque};

use super::{Visite, form, introuvable, page::page};
use crate::{
    http::respond::Answer,
    inspection::{self, Geste, MasquageError},
    registre::{AgentConnecte, MaskError, ORIGINAL_KEPT_FOR, Original, PieceAgent},
    service::Service,
};

/// Where the rectangle is before anything is chosen, in percent: from the left, from the top, width, height. In sight, in
/// the middle, and as flat as a number.
const FIRST: [u32; 4] = [35, 45, 30, 5];

/// Below the document: the form for one more rectangle, and the way back.
pub(super) fn panel(agent: &AgentConnecte, piece: &PieceAgent, page: u32) -> Markup {
    if !piece.examinable {
        return html! {};
    }
    let action = format!("/guichet/justificatifs/{}/masques", piece.id);
    let hidden = html! {
        (form::jeton(agent))
        input type="hidden" name="vu" value=(piece.vu_masques);
        input type="hidden" name="page" value=(page);
    };
    let names = [
        ("gauche", "Depuis la gauche, en %"),
        ("haut", "Depuis le haut, en %"),
        ("largeur", "Largeur, en %"),
        ("hauteur", "Hauteur, en %"),
    ];
    html! {
        details #masquage .examen {
            summary { "Masquer un numéro sur cette page" }
            p {
                "Le rectangle sera noirci dans le document que chacun verra. L’original est gardé à part "
                (ORIGINAL_KEPT_FOR.num_days()) " jours, puis effacé."
            }
            p.touches hidden { "Tracez le rectangle sur le document, ou réglez-le par ces nombres : les flèches les changent." }
            form method="post" action=(action) {
                (hidden)
                div.nombres {
                    @for ((name, label), value) in names.iter().zip(FIRST) {
                        div {
                            label for={ "masque-" (name) } { (label) }
                            input type="number" id={ "masque-" (name) } name=(name) min="0" max="100" step="any" required
                                inputmode="decimal" value=(value);
                        }
                    }
                }
                div.actions { button name="geste" value="ajouter" { "Masquer" } }
            }
        }
        @if piece.original != Original::Aucun {
            div.actions {
                form method="post" action=(action) {
                    (hidden)
                    button.secondaire name="geste" value="retirer" { "Retirer le dernier masque" }
                }
                @if piece.original == Original::Ouvrable {
                    a href={ "/guichet/justificatifs/" (piece.id) "/original" } { "Télécharger le document avant masquage" }
                }
            }
        }
    }
}

/// Masks, or takes the last mask away.
pub(super) async fn mask(
    service: &Arc<Service>,
    agent: &AgentConnecte,
    id: JustificatifId,
    visite: Visite,
) -> Answer {
    let fields = form::read_signed(agent, &visite.headers, visite.body).await?;
    let page: u32 = fields.text("page").parse().unwrap_or(1);
    let here = format!("/guichet/justificatifs/{id}?page={page}#document");
    let geste = if fields.text("geste") == "retirer" {
        Geste::Retirer
    } else {
        let rotation = service
            .store
            .read({
                let asker = agent.clone();
                move |tx| crate::registre::find_piece_for_agent(tx, &asker, id)
            })
            .await?
            .ok_or_else(introuvable)?
            .1
            .rotation;
        match read(&fields, page, rotation) {
            Some(masque) => Geste::Ajouter(masque),
            None => {
                return Ok(refused(
                    agent,
                    &here,
                    "Le rectangle doit être sur la page, et avoir une largeur et une hauteur.",
                ));
            }
        }
    };
    match inspection::mask(service, agent, id, fields.text("vu"), geste).await {
        Ok(()) => Ok(form::see_other(&here)),
        Err(MasquageError::Registre(MaskError::Introuvable)) => Err(introuvable()),
        Err(MasquageError::Registre(MaskError::Store(error))) => Err(error.into()),
        Err(error) => Ok(refused(agent, &here, &error.to_string())),
    }
}

/// The rectangle that a form means, on the page as it lies upright; none where it is none.
fn read(fields: &form::Champs, page: u32, rotation: u32) -> Option<Masque> {
    let part = |name| {
        // A comma is how a French reader writes it.
        let percent: f64 = fields.text(name).replace(',', ".").parse().ok()?;
        let inside = (0.0..=100.0).contains(&percent);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 100")]
        inside.then_some((percent * f64::from(Masque::UNIT / 100)).round() as u32)
    };
    let (left, top) = (part("gauche")?, part("haut")?);
    let right = (left + part("largeur")?).min(Masque::UNIT);
    let bottom = (top + part("hauteur")?).min(Masque::UNIT);
    Masque::new(page, upright([left, top, right, bottom], rotation))
}

/// A rectangle on a page that is shown turned by `rotation` degrees clockwise, as it lies on the page that is not.
fn upright([left, top, right, bottom]: [u32; 4], rotation: u32) -> [u32; 4] {
    let other = |side| Masque::UNIT - side;
    match rotation {
        90 => [top, other(right), bottom, other(left)],
        180 => [other(right), other(bottom), other(left), other(top)],
        270 => [other(bottom), left, other(top), right],
        _ => [left, top, right, bottom],
    }
}

fn refused(agent: &AgentConnecte, back: &str, why: &str) -> crate::http::respond::Response {
    let content = html! {
        h1 { "Le document n’a pas été masqué" }
        div.alerte.erreur role="alert" { p { (why) } }
        p { a.bouton href=(back) { "Revenir" } }
    };
    page(StatusCode::CONFLICT, "Masquage non fait", Some(agent), &content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rectangle_follows_the_page_back_upright() {
        // A page whose top left corner is marked, turned by hand: a quarter clockwise puts it at the top right, a half at
        // the bottom right, three quarters at the bottom left.
        let marked = [0, 0, 1_000, 2_000];
        assert_eq!(upright([8_000, 0, 10_000, 1_000], 90), marked);
        assert_eq!(upright([9_000, 8_000, 10_000, 10_000], 180), marked);
        assert_eq!(upright([0, 9_000, 2_000, 10_000], 270), marked);
        assert_eq!(upright(marked, 0), marked);
    }
}

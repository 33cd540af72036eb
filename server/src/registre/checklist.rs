//! What is held and what is asked, by rubrique and person. Computed here and shown as it is, so that every phone and
//! every page says the same.
//!
//! Sources of the rules: the identity piece is the only one exigible at registration, of the demandeur; everyone
//! housed proves theirs when the demande is examined; the tax notice is mandatory then; the rest may be asked for, and
//! is missing only where a guichet has asked (domain notes on the annex of the arrêté).

use chrono::{Datelike as _, NaiveDate};
use wire::{
    Age, Controle, Examen, Nomenclature, PersonneId, Portee, Rubrique, Stade,
    api::{Exigence, LigneChecklist, PersonneVue, PieceDemandee, Presence, Role},
};

use super::piece::Piece;

/// Age of majority, in years (code civil, article 388).
const MAJORITY_YEARS: i32 = 18;

/// One person of a demande, with what the checklist needs and the app does not see.
pub(super) struct Membre {
    pub(super) personne: PersonneVue,
    /// None for a child not yet born.
    pub(super) date_naissance: Option<NaiveDate>,
}

impl Membre {
    fn age(&self, today: NaiveDate) -> Age {
        let Some(birth) = self.date_naissance else { return Age::Mineur };
        let mut years = today.year() - birth.year();
        if (today.month(), today.day()) < (birth.month(), birth.day()) {
            years -= 1;
        }
        if years >= MAJORITY_YEARS { Age::Majeur } else { Age::Mineur }
    }

    fn is_demandeur(&self) -> bool {
        self.personne.role == Role::Demandeur
    }
}

/// The lines, in the order of the nomenclature, then of the household. Confidential pieces count for nothing here: a
/// line that changes would tell the other phone of the household that one was sent.
pub(super) fn checklist(
    nomenclature: &Nomenclature,
    membres: &[Membre],
    pieces: &[Piece],
    slots: &[PieceDemandee],
    today: NaiveDate,
) -> Vec<LigneChecklist> {
    let mut lines = Vec::new();
    for rubrique in &nomenclature.rubriques {
        let mut line = |personne: Option<&Membre>| {
            let id = personne.map(|membre| membre.personne.id);
            let asked = slots.iter().any(|slot| slot.rubrique == rubrique.code && slot.personne == id);
            let exigence = exigence(rubrique, personne, asked);
            lines.push(LigneChecklist {
                rubrique: rubrique.code.clone(),
                personne: id,
                exigence,
                presence: presence(pieces, rubrique, id, exigence),
            });
        };
        if rubrique.portee == Portee::Menage {
            line(None);
        } else {
            let concerned =
                membres.iter().filter(|m| rubrique.portee.concerne(m.age(today), m.is_demandeur()));
            concerned.for_each(|membre| line(Some(membre)));
        }
    }
    lines
}

fn exigence(rubrique: &Rubrique, personne: Option<&Membre>, asked: bool) -> Exigence {
    match rubrique.stade {
        _ if asked => Exigence::Demandee,
        Stade::Enregistrement if personne.is_some_and(Membre::is_demandeur) => Exigence::Exigee,
        Stade::Enregistrement | Stade::Instruction => Exigence::AInstruction,
        Stade::Complementaire => Exigence::PeutEtreDemandee,
    }
}

fn presence(
    pieces: &[Piece],
    rubrique: &Rubrique,
    personne: Option<PersonneId>,
    exigence: Exigence,
) -> Presence {
    let held = || {
        pieces.iter().filter(|piece| {
            piece.rubrique == rubrique.code && piece.personne == personne && !piece.confidentiel()
        })
    };
    let deficient = held().any(|piece| standing(piece) == Some(Standing::Deficient));
    // A slot is open while nothing useful answers it, whatever else is held of the rubrique.
    if exigence != Exigence::Demandee {
        if held().any(|piece| standing(piece) == Some(Standing::Accepted)) {
            return Presence::Acceptee;
        }
        if held().any(|piece| standing(piece) == Some(Standing::Pending)) {
            return Presence::Deposee;
        }
    }
    match exigence {
        _ if deficient => Presence::ARemplacer,
        Exigence::PeutEtreDemandee => Presence::NonDemandee,
        Exigence::Exigee | Exigence::AInstruction | Exigence::Demandee => Presence::Manquante,
    }
}

#[derive(PartialEq, Eq)]
enum Standing {
    Accepted,
    Pending,
    Deficient,
}

/// What a piece is worth to its line; none for one that neither answers nor awaits a new version.
fn standing(piece: &Piece) -> Option<Standing> {
    match (piece.controle, &piece.examen) {
        (_, Examen::Remplace { .. } | Examen::HorsPerimetre) => None,
        (Controle::Refuse { .. }, _) | (_, Examen::Inexploitable { .. } | Examen::Obsolete { .. }) => {
            Some(Standing::Deficient)
        }
        (_, Examen::Accepte) => Some(Standing::Accepted),
        (_, Examen::AExaminer) => Some(Standing::Pending),
    }
}

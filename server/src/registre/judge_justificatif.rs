//! A guichet judges a piece that passed the inspection, and may take its judgement back.
//!
//! What can go wrong: two agents judge the same piece at once. Whoever is second judged something that no longer is: the
//! form says which judgement it was made from ([`Piece::etat_examen`]), and a different one is refused and shown. A
//! judgement that finds a piece unusable opens its slot again and gives places back; taking it back closes and takes
//! them, unless a newer piece stands there meanwhile.

use std::sync::LazyLock;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use wire::{AgentId, Controle, Examen, JustificatifId, limites::TEXTE_CHARS_MAX};

use super::{
    brouillon::forget_brouillons,
    courriel::post,
    for_agent::find_judgeable,
    journal::{self, Acte, Ligne},
    piece::{Piece, piece_by_id},
    release::{close_slot, give_back_useful_places, reopen_slot, take_back_place},
    types::AgentConnecte,
};
use crate::{
    clock::jour_en_france,
    params,
    store::{StoreError, Tx},
};

/// What a guichet can say of a piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Jugement {
    /// Readable, complete, valid.
    Accepte,
    /// Kept, but a new version must replace it.
    Inexploitable {
        /// What the demandeur reads.
        raison: String,
    },
    /// Not a piece that the regulation allows here.
    HorsPerimetre,
    /// No longer valid.
    Obsolete {
        /// Since when.
        date: NaiveDate,
    },
}

/// A reason that guichets give again and again: what the agent chooses, and what the demandeur then reads.
#[derive(Debug, Deserialize)]
pub struct Motif {
    /// Stable word.
    pub code: String,
    /// In the agent's list.
    pub libelle: String,
    /// For the demandeur: what is wrong and what to do; empty for the one that leaves it to free text.
    pub phrase: String,
}

/// Every reason, in the list's order: a data file, since guichets will want others.
pub static MOTIFS: LazyLock<Vec<Motif>> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "the file is part of the program, and the tests read it")]
    serde_json::from_str(include_str!("motifs.json")).expect("motifs.json")
});

/// Why a piece was not judged. `Display` is for the agent.
#[derive(Debug, thiserror::Error)]
pub enum JudgeError {
    /// Absent, withdrawn, foreign, or beyond the agent's profile.
    #[error("Pièce introuvable.")]
    Introuvable,
    /// Nobody can have read it yet, or it was refused.
    #[error("Cette pièce n’est pas encore contrôlée, ou a été refusée au contrôle.")]
    PasDisponible,
    /// A newer version has its place.
    #[error("Une version plus récente a remplacé cette pièce : examinez celle-ci.")]
    Remplacee,
    /// Someone judged it after this agent's page was made.
    #[error(
        "Un collègue a examiné cette pièce entre-temps. Votre avis n’a pas été enregistré : voyez le sien d’abord."
    )]
    Change,
    /// The demandeur would not know what to do, or read for too long.
    #[error(
        "Indiquez au demandeur pourquoi la pièce est inexploitable, en {TEXTE_CHARS_MAX} caractères au plus."
    )]
    Raison,
    /// It is valid until that day.
    #[error("La date depuis laquelle la pièce est obsolète ne peut pas être dans l’avenir.")]
    Avenir,
    /// There is no judgement to take back.
    #[error("Cette pièce n’a pas d’avis à annuler.")]
    RienAAnnuler,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What stood before a judgement, as the base keeps it for the one step back.
#[derive(Serialize, Deserialize)]
struct Avant {
    examen: String,
    raison: Option<String>,
    date: Option<NaiveDate>,
    examinateur: Option<AgentId>,
}

/// Records a judgement of the operator's; a later one takes its place. After it the piece can no longer be withdrawn.
pub fn judge_justificatif(
    tx: &mut Tx<'_>,
    justificatif: JustificatifId,
    jugement: &Jugement,
    now: DateTime<Utc>,
) -> Result<(), JudgeError> {
    let piece = piece_by_id(tx, justificatif)?.ok_or(JudgeError::Introuvable)?;
    apply(tx, &piece, jugement, None, now)
}

/// Records an agent's judgement, made from a page that showed the state `vu`.
pub fn judge_for_agent(
    tx: &mut Tx<'_>,
    agent: &AgentConnecte,
    justificatif: JustificatifId,
    vu: &str,
    jugement: &Jugement,
    now: DateTime<Utc>,
) -> Result<(), JudgeError> {
    let piece = find_judgeable(tx, agent, justificatif)?.ok_or(JudgeError::Introuvable)?;
    if piece.etat_examen() != vu {
        return Err(JudgeError::Change);
    }
    apply(tx, &piece, jugement, Some(agent.id), now)?;
    tell_demandeur(tx, &piece, now)?;
    let ligne = Ligne::by(agent).on(piece.demande, Some(piece.id)).saying(word(jugement));
    Ok(journal::record(tx, Acte::Examen, &ligne, now)?)
}

/// Takes the last judgement back: the one before it stands again, once.
pub fn undo_judgement(
    tx: &mut Tx<'_>,
    agent: &AgentConnecte,
    justificatif: JustificatifId,
    now: DateTime<Utc>,
) -> Result<(), JudgeError> {
    let piece = find_judgeable(tx, agent, justificatif)?.ok_or(JudgeError::Introuvable)?;
    if matches!(piece.examen, Examen::Remplace { .. }) {
        return Err(JudgeError::Remplacee);
    }
    let before: Option<String> =
        tx.query_one("SELECT examen_precedent FROM justificatif WHERE id = $1", params![piece.id], |row| {
            row.get(0)
        })?;
    let before = before.ok_or(JudgeError::RienAAnnuler)?;
    let before: Avant = serde_json::from_str(&before).map_err(|_| StoreError::Colonne(0))?;
    let useless = before.examen == "inexploitable";
    tx.execute(
        "UPDATE justificatif SET examen = $2, examen_raison = $3, examen_date = $4, examinateur = $5, examine_le = $6, \
         examen_precedent = NULL WHERE id = $1",
        params![piece.id, before.examen, before.raison, before.date, before.examinateur, now],
    )?;
    if useless {
        give_back_useful_places(tx, &piece)?;
        reopen_slot(tx, &piece)?;
    } else {
        take_back_place(tx, &piece)?;
        close_slot(tx, &piece, now)?;
    }
    let ligne = Ligne::by(agent).on(piece.demande, Some(piece.id));
    Ok(journal::record(tx, Acte::ExamenAnnule, &ligne, now)?)
}

/// Writes to the demandeur that there is something to read, never what: mail is read over shoulders. Nothing at all of a
/// confidential piece, whose existence the household may not know.
fn tell_demandeur(tx: &mut Tx<'_>, piece: &Piece, now: DateTime<Utc>) -> Result<(), StoreError> {
    if piece.confidentiel() {
        return Ok(());
    }
    let courriel: Option<String> =
        tx.query_one("SELECT courriel FROM demande WHERE id = $1", params![piece.demande], |row| row.get(0))?;
    let Some(courriel) = courriel else { return Ok(()) };
    let text = "Un guichet a examiné une pièce de votre demande de logement social. Ouvrez l’application « Ma Demande » \
                pour lire son avis.";
    post(tx, &courriel, "Une pièce de votre demande a été examinée", text, now)
}

fn word(jugement: &Jugement) -> &'static str {
    match jugement {
        Jugement::Accepte => "accepte",
        Jugement::Inexploitable { .. } => "inexploitable",
        Jugement::HorsPerimetre => "hors_perimetre",
        Jugement::Obsolete { .. } => "obsolete",
    }
}

fn apply(
    tx: &mut Tx<'_>,
    piece: &Piece,
    jugement: &Jugement,
    by: Option<AgentId>,
    now: DateTime<Utc>,
) -> Result<(), JudgeError> {
    if piece.controle != Controle::Disponible {
        return Err(JudgeError::PasDisponible);
    }
    if matches!(piece.examen, Examen::Remplace { .. }) {
        return Err(JudgeError::Remplacee);
    }
    let (raison, date) = match jugement {
        Jugement::Accepte | Jugement::HorsPerimetre => (None, None),
        Jugement::Inexploitable { raison } => {
            if raison.trim().is_empty() || raison.chars().count() > TEXTE_CHARS_MAX {
                return Err(JudgeError::Raison);
            }
            (Some(raison.trim()), None)
        }
        Jugement::Obsolete { date } if *date > jour_en_france(now) => return Err(JudgeError::Avenir),
        Jugement::Obsolete { date } => (None, Some(*date)),
    };
    let before = tx.query_one(
        "SELECT examen, examen_raison, examen_date, examinateur FROM justificatif WHERE id = $1",
        params![piece.id],
        |row| {
            Ok(Avant {
                examen: row.get(0)?,
                raison: row.get(1)?,
                date: row.get(2)?,
                examinateur: row.get(3)?,
            })
        },
    )?;
    let was_useless = before.examen == "inexploitable";
    let before = serde_json::to_string(&before).unwrap_or_default();
    tx.execute(
        "UPDATE justificatif SET examen = $2, examen_raison = $3, examen_date = $4, examinateur = $5, examine_le = $6, \
         examen_precedent = $7 WHERE id = $1",
        params![piece.id, word(jugement), raison, date, by, now, before],
    )?;
    forget_brouillons(tx, piece.id)?;
    if matches!(jugement, Jugement::Inexploitable { .. }) {
        give_back_useful_places(tx, piece)?;
        reopen_slot(tx, piece)?;
    } else if was_useless {
        take_back_place(tx, piece)?;
        close_slot(tx, piece, now)?;
    }
    Ok(())
}

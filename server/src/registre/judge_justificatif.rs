//! A guichet judges a piece that passed the inspection.

use chrono::{DateTime, NaiveDate, Utc};
use wire::{Controle, Examen, JustificatifId, limites::TEXTE_CHARS_MAX};

use super::{
    piece::piece_by_id,
    release::{give_back_useful_places, reopen_slot},
};
use crate::{
    params,
    store::{StoreError, Tx, Value},
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

/// Why a piece was not judged. `Display` is for the agent.
#[derive(Debug, thiserror::Error)]
pub enum JudgeError {
    /// Absent or withdrawn.
    #[error("Pièce introuvable.")]
    Introuvable,
    /// Nobody can have read it yet, or it was refused.
    #[error("Cette pièce n’est pas encore contrôlée, ou a été refusée au contrôle.")]
    PasDisponible,
    /// A newer version has its place.
    #[error("Une version plus récente a remplacé cette pièce : examinez celle-ci.")]
    Remplacee,
    /// The demandeur would not know what to do, or read for too long.
    #[error(
        "Indiquez au demandeur pourquoi la pièce est inexploitable, en {TEXTE_CHARS_MAX} caractères au plus."
    )]
    Raison,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Records a judgement; a later one takes its place. After it the piece can no longer be withdrawn.
pub fn judge_justificatif(
    tx: &mut Tx<'_>,
    justificatif: JustificatifId,
    jugement: &Jugement,
    now: DateTime<Utc>,
) -> Result<(), JudgeError> {
    let piece = piece_by_id(tx, justificatif)?.ok_or(JudgeError::Introuvable)?;
    if piece.controle != Controle::Disponible {
        return Err(JudgeError::PasDisponible);
    }
    if matches!(piece.examen, Examen::Remplace { .. }) {
        return Err(JudgeError::Remplacee);
    }
    let (examen, raison, date) = match jugement {
        Jugement::Accepte => ("accepte", Value::Null, Value::Null),
        Jugement::Inexploitable { raison } => {
            if raison.trim().is_empty() || raison.chars().count() > TEXTE_CHARS_MAX {
                return Err(JudgeError::Raison);
            }
            ("inexploitable", raison.trim().into(), Value::Null)
        }
        Jugement::HorsPerimetre => ("hors_perimetre", Value::Null, Value::Null),
        Jugement::Obsolete { date } => ("obsolete", Value::Null, (*date).into()),
    };
    tx.execute(
        "UPDATE justificatif SET examen = $2, examen_raison = $3, examen_date = $4, examine_le = $5 WHERE id = $1",
        params![justificatif, examen, raison, date, now],
    )?;
    if matches!(jugement, Jugement::Inexploitable { .. }) {
        give_back_useful_places(tx, &piece)?;
        reopen_slot(tx, &piece)?;
    }
    Ok(())
}

//! A guichet asks for a piece: a slot that the demandeur sees, and the event that says so.

use chrono::{DateTime, Utc};
use wire::{
    DemandeId, GuichetCode, Nomenclature, PersonneId, PieceDemandeeId, Portee, RubriqueCode, TypeCode,
    limites::TEXTE_CHARS_MAX,
};

use super::{
    evenement::{DEMANDE_DE_PIECE, EvenementError, NouvelEvenement, add_evenement},
    faits::is_of_demande,
};
use crate::{
    params,
    secrets::new_id,
    store::{StoreError, Tx},
};

/// What a guichet asks for.
#[derive(Debug, Clone)]
pub struct PieceADemander {
    /// Of which demande.
    pub demande: DemandeId,
    /// Which fact.
    pub rubrique: RubriqueCode,
    /// Which type exactly, if it matters.
    pub type_piece: Option<TypeCode>,
    /// Of whom; none for the household.
    pub personne: Option<PersonneId>,
    /// What the demandeur reads.
    pub message: String,
    /// Who asks.
    pub guichet: GuichetCode,
}

/// Why a piece cannot be asked for. `Display` is for the agent.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The rubrique or type is not in the nomenclature.
    #[error("La nomenclature ne connaît pas ce type de pièce dans cette rubrique.")]
    TypeInconnu,
    /// A request would tell everyone in the household.
    #[error(
        "Une pièce confidentielle ne se demande pas par l’application : adressez-vous directement à la personne."
    )]
    Confidentiel,
    /// A person where the household is meant, none where a person is, or someone else's.
    #[error("La personne indiquée ne convient pas à cette rubrique.")]
    Personne,
    /// Nothing to read, or too much.
    #[error("Le message au demandeur compte de 1 à {TEXTE_CHARS_MAX} caractères.")]
    Message,
    /// No such demande or guichet.
    #[error(transparent)]
    Evenement(#[from] EvenementError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Opens a slot.
pub fn ask_piece(
    tx: &mut Tx<'_>,
    asked: &PieceADemander,
    now: DateTime<Utc>,
) -> Result<PieceDemandeeId, AskError> {
    let nomenclature = Nomenclature::embarquee();
    let rubrique = nomenclature.rubrique(&asked.rubrique).ok_or(AskError::TypeInconnu)?;
    if let Some(code) = &asked.type_piece {
        let type_piece = nomenclature.type_piece(&rubrique.code, code).ok_or(AskError::TypeInconnu)?;
        if type_piece.confidentiel {
            return Err(AskError::Confidentiel);
        }
    }
    let person_fits = match asked.personne {
        None => rubrique.portee == Portee::Menage,
        Some(personne) => rubrique.portee != Portee::Menage && is_of_demande(tx, personne, asked.demande)?,
    };
    if !person_fits {
        return Err(AskError::Personne);
    }
    if asked.message.trim().is_empty() || asked.message.chars().count() > TEXTE_CHARS_MAX {
        return Err(AskError::Message);
    }
    let evenement = NouvelEvenement {
        demande: asked.demande,
        code: DEMANDE_DE_PIECE.to_owned(),
        guichet: Some(asked.guichet),
        survenu_le: None,
        details: Some(asked.message.clone()),
    };
    let evenement = add_evenement(tx, &evenement, now)?;
    let id = PieceDemandeeId(new_id(now));
    tx.execute(
        "INSERT INTO piece_demandee (id, demande, rubrique, type, personne, message, guichet, demandee_le, evenement) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        params![
            id,
            asked.demande,
            asked.rubrique.clone(),
            asked.type_piece.clone(),
            asked.personne,
            asked.message.trim(),
            asked.guichet,
            now,
            evenement,
        ],
    )?;
    Ok(id)
}

//! Events of a demande. Their codes are a data file, `evenements.json`: only a few are attested, and they change
//! without us. Which are national and réglementaires stands there too.

use std::sync::LazyLock;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use wire::{DemandeId, EvenementId, GuichetCode, limites::TEXTE_CHARS_MAX};

use super::guichet::guichet_exists;
use crate::{
    clock::jour_en_france,
    params,
    secrets::new_id,
    store::{StoreError, Tx},
};

/// The system's event at the creation of a demande.
pub(super) const CREATION: &str = "CREDEM";

/// A guichet asks for information or a piece.
pub(super) const DEMANDE_DE_PIECE: &str = "TENAD00022";

#[derive(Deserialize)]
struct TypeEvenement {
    code: String,
    libelle: String,
    /// Shown to demandeurs only where the territory has opened it.
    national: bool,
    reglementaire: bool,
}

/// Why an event was not added. `Display` is for the person who adds it.
#[derive(Debug, thiserror::Error)]
pub enum EvenementError {
    /// No such demande.
    #[error("Demande introuvable.")]
    Introuvable,
    /// No such guichet.
    #[error("Le guichet {0} n’est pas enregistré.")]
    GuichetInconnu(GuichetCode),
    /// The code is not in the data file.
    #[error("Le code d’évènement « {0} » est inconnu.")]
    CodeInconnu(String),
    /// It has not happened yet.
    #[error("Un évènement ne peut pas survenir après aujourd’hui.")]
    Avenir,
    /// The details are longer than allowed.
    #[error("Le texte dépasse {TEXTE_CHARS_MAX} caractères.")]
    TexteTropLong,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An event to add.
#[derive(Debug, Clone)]
pub struct NouvelEvenement {
    /// Of which demande.
    pub demande: DemandeId,
    /// As in the data file: `VALDEM`.
    pub code: String,
    /// The guichet that adds it; none for the system.
    pub guichet: Option<GuichetCode>,
    /// Day on which it happened, in France; none for today.
    pub survenu_le: Option<NaiveDate>,
    /// Free text.
    pub details: Option<String>,
}

/// Adds an event.
pub fn add_evenement(
    tx: &mut Tx<'_>,
    nouveau: &NouvelEvenement,
    now: DateTime<Utc>,
) -> Result<EvenementId, EvenementError> {
    let code = TYPES.iter().find(|known| known.code == nouveau.code);
    let code = code.ok_or_else(|| EvenementError::CodeInconnu(nouveau.code.clone()))?;
    let today = jour_en_france(now);
    let survenu_le = nouveau.survenu_le.unwrap_or(today);
    if survenu_le > today {
        return Err(EvenementError::Avenir);
    }
    if nouveau.details.as_ref().is_some_and(|details| details.chars().count() > TEXTE_CHARS_MAX) {
        return Err(EvenementError::TexteTropLong);
    }
    if let Some(guichet) = nouveau.guichet
        && !guichet_exists(tx, guichet)?
    {
        return Err(EvenementError::GuichetInconnu(guichet));
    }
    let id = EvenementId(new_id(now));
    let added = tx.execute(
        "INSERT INTO evenement (id, demande, code, libelle, guichet, survenu_le, national, reglementaire, supprime, \
         details, cree_le) SELECT $1, id, $3, $4, $5, $6, $7, $8, 0, $9, $10 FROM demande WHERE id = $2",
        params![
            id,
            nouveau.demande,
            code.code.as_str(),
            code.libelle.as_str(),
            nouveau.guichet,
            survenu_le,
            code.national,
            code.reglementaire,
            nouveau.details.clone(),
            now,
        ],
    )?;
    if added == 0 { Err(EvenementError::Introuvable) } else { Ok(id) }
}

/// Opens the national events to the demandeurs of a territory. The gestionnaire territorial asks for it, the national
/// team does it; once open it stays so.
pub fn open_evenements(tx: &mut Tx<'_>, territoire: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO territoire_ouvert (territoire, ouvert_le) VALUES ($1, $2) ON CONFLICT (territoire) DO NOTHING",
        params![territoire, now],
    )?;
    Ok(())
}

static TYPES: LazyLock<Vec<TypeEvenement>> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "the file is part of the program, and the tests read it")]
    serde_json::from_str(include_str!("evenements.json")).expect("evenements.json")
});

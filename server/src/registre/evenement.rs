//! Events of a demande. Their codes are a data file, `evenements.json`: only a few are attested, and they change
//! without us. Which are national and réglementaires stands there too.

use std::sync::LazyLock;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use wire::{DemandeId, EvenementId, GuichetCode, limites::TEXTE_CHARS_MAX};

use super::{
    for_agent::is_in_territory,
    guichet::guichet_exists,
    journal::{self, Acte, Ligne},
    types::AgentConnecte,
};
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

/// A kind of event.
#[derive(Debug, Deserialize)]
pub struct TypeEvenement {
    /// As in the SNE: `VALDEM`.
    pub code: String,
    /// As shown.
    pub libelle: String,
    /// Shown to demandeurs only where the territory has opened it.
    national: bool,
    reglementaire: bool,
    /// Made by the system, or by an act of its own (asking for a piece): no agent adds it by hand.
    #[serde(default)]
    pub automatique: bool,
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
    /// No agent adds it by hand, or it is not this guichet's to delete.
    #[error("Seul le guichet qui a créé un évènement peut le supprimer.")]
    PasLeSien,
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

/// An event as an agent sees it, deleted or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvenementAgent {
    /// Its id.
    pub id: EvenementId,
    /// `VALDEM`.
    pub code: String,
    /// As shown.
    pub libelle: String,
    /// The guichet that made it; none for the system.
    pub guichet: Option<GuichetCode>,
    /// Day on which it happened.
    pub survenu_le: NaiveDate,
    /// Whether the regulation knows it.
    pub reglementaire: bool,
    /// Whether it was deleted: the demandeur sees it no more.
    pub supprime: bool,
    /// Free text.
    pub details: Option<String>,
}

/// Every event of a demande of the agent's territory, latest first; none when the demande is absent or foreign.
pub fn list_evenements(
    tx: &Tx<'_>,
    agent: &AgentConnecte,
    demande: DemandeId,
) -> Result<Vec<EvenementAgent>, StoreError> {
    if !is_in_territory(tx, agent, demande)? {
        return Ok(Vec::new());
    }
    tx.query_all(
        "SELECT id, code, libelle, guichet, survenu_le, reglementaire, supprime, details FROM evenement \
         WHERE demande = $1 ORDER BY survenu_le DESC, id DESC",
        params![demande],
        |row| {
            Ok(EvenementAgent {
                id: row.get(0)?,
                code: row.get(1)?,
                libelle: row.get(2)?,
                guichet: row.get(3)?,
                survenu_le: row.get(4)?,
                reglementaire: row.get(5)?,
                supprime: row.get(6)?,
                details: row.get(7)?,
            })
        },
    )
}

/// Adds an agent's event to a demande of its territory.
pub fn add_for_agent(
    tx: &mut Tx<'_>,
    agent: &AgentConnecte,
    demande: DemandeId,
    code: &str,
    survenu_le: NaiveDate,
    details: Option<String>,
    now: DateTime<Utc>,
) -> Result<EvenementId, EvenementError> {
    if !is_in_territory(tx, agent, demande)? {
        return Err(EvenementError::Introuvable);
    }
    if TYPES.iter().any(|known| known.code == code && known.automatique) {
        return Err(EvenementError::CodeInconnu(code.to_owned()));
    }
    let nouveau = NouvelEvenement {
        demande,
        code: code.to_owned(),
        guichet: Some(agent.guichet),
        survenu_le: Some(survenu_le),
        details,
    };
    let id = add_evenement(tx, &nouveau, now)?;
    journal::record(tx, Acte::EvenementAjoute, &Ligne::by(agent).on(demande, None).saying(code), now)?;
    Ok(id)
}

/// Deletes an event of the agent's own guichet: agents still see it, the demandeur does not. With a request for a piece
/// goes its slot, if nothing has answered it.
pub fn delete_evenement(
    tx: &mut Tx<'_>,
    agent: &AgentConnecte,
    demande: DemandeId,
    evenement: EvenementId,
    now: DateTime<Utc>,
) -> Result<(), EvenementError> {
    let found = list_evenements(tx, agent, demande)?.into_iter().find(|known| known.id == evenement);
    let found = found.ok_or(EvenementError::Introuvable)?;
    if found.guichet != Some(agent.guichet) {
        return Err(EvenementError::PasLeSien);
    }
    if found.supprime {
        return Ok(());
    }
    tx.execute("UPDATE evenement SET supprime = 1 WHERE id = $1", params![evenement])?;
    tx.execute(
        "UPDATE piece_demandee SET close_le = $2 WHERE evenement = $1 AND close_le IS NULL",
        params![evenement, now],
    )?;
    let ligne = Ligne::by(agent).on(demande, None).saying(found.code);
    Ok(journal::record(tx, Acte::EvenementSupprime, &ligne, now)?)
}

/// Every kind of event: a data file.
pub static TYPES: LazyLock<Vec<TypeEvenement>> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "the file is part of the program, and the tests read it")]
    serde_json::from_str(include_str!("evenements.json")).expect("evenements.json")
});

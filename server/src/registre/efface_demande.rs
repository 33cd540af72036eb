//! Erasing a demande whole, for good: its people, its pieces, its key, everything that names it but the journal's lines,
//! which hold opaque ids. What lies in copies of the coffre elsewhere cannot be opened any more once the key is gone there
//! too, which a restoration sees to: the erasure is remembered for as long as backups are restored.

use chrono::{DateTime, Utc};
use wire::{DemandeId, NumeroUnique, UploadId};

use super::{
    effacement::EFFACEMENTS_KEPT_FOR,
    journal::{Acte, Ligne, record},
};
use crate::{
    coffre::BlobId,
    params,
    store::{StoreError, Tx},
};

/// Why a demande was erased: a closed list, so that nothing personal can be written there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MotifDemande {
    /// Its time after the radiation is over.
    Radiee,
    /// The person asked for it.
    Demandee,
    /// It should never have been here.
    Erreur,
}

impl MotifDemande {
    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Radiee => "radiee",
            Self::Demandee => "demandee",
            Self::Erreur => "erreur",
        }
    }
}

/// A demande that was erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DemandeEffacee {
    /// Which one it was.
    pub demande: DemandeId,
    /// Why.
    pub motif: MotifDemande,
    /// When.
    pub le: DateTime<Utc>,
}

/// What is left of an erased demande for the caller to remove from the coffre, once the erasure is committed.
#[derive(Debug)]
pub struct Restes {
    /// Its pieces, withdrawn and refused ones too.
    pub pieces: usize,
    /// Sealed bytes: documents, pictures, originals.
    pub blobs: Vec<BlobId>,
    /// Its uploads, each with its last generation.
    pub uploads: Vec<(UploadId, u64)>,
}

/// A demande by its numéro, and how many pieces it has: for whoever is asked whether to erase it.
pub fn find_demande_to_erase(
    tx: &Tx<'_>,
    numero: &NumeroUnique,
) -> Result<Option<(DemandeId, u64)>, StoreError> {
    tx.query_opt(
        "SELECT id, (SELECT count(*) FROM justificatif WHERE justificatif.demande = demande.id) FROM demande \
         WHERE numero = $1",
        params![*numero],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// Erases a demande; none where it is not there. The line of the journal is of its territory, which is known until then.
pub fn erase_demande(
    tx: &mut Tx<'_>,
    effacee: &DemandeEffacee,
    now: DateTime<Utc>,
) -> Result<Option<Restes>, StoreError> {
    let DemandeEffacee { demande, motif, le } = *effacee;
    tx.execute(
        "INSERT INTO demande_effacee (demande, motif, effacee_le) VALUES ($1, $2, $3) ON CONFLICT (demande) DO NOTHING",
        params![demande, motif, le],
    )?;
    let known = tx.query_opt("SELECT 1 FROM demande WHERE id = $1", params![demande], |_| Ok(()))?;
    if known.is_none() {
        return Ok(None);
    }
    let ligne = Ligne { demande: Some(demande), ..Ligne::default() }.saying(motif.word());
    record(tx, Acte::DemandeEffacee, &ligne, now)?;
    let blobs = tx.query_all("SELECT id FROM blob WHERE demande = $1", params![demande], |row| row.get(0))?;
    let uploads =
        tx.query_all("SELECT upload, generation FROM depot WHERE demande = $1", params![demande], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    let mut pieces = 0;
    for (table, sql) in ROWS {
        let gone = tx.execute(sql, params![demande])?;
        if *table == "justificatif" {
            pieces = gone;
        }
    }
    Ok(Some(Restes { pieces, blobs, uploads }))
}

/// What goes, each after what refers to it. Mail on its way to the household says something of it, too.
const ROWS: &[(&str, &str)] = &[
    (
        "depot_partenaire",
        "DELETE FROM depot_partenaire WHERE upload IN (SELECT upload FROM depot WHERE demande = $1)",
    ),
    ("depot", "DELETE FROM depot WHERE demande = $1"),
    ("apercu", "DELETE FROM apercu WHERE justificatif IN (SELECT id FROM justificatif WHERE demande = $1)"),
    ("masque", "DELETE FROM masque WHERE justificatif IN (SELECT id FROM justificatif WHERE demande = $1)"),
    (
        "brouillon",
        "DELETE FROM brouillon WHERE justificatif IN (SELECT id FROM justificatif WHERE demande = $1)",
    ),
    ("justificatif", "DELETE FROM justificatif WHERE demande = $1"),
    ("blob", "DELETE FROM blob WHERE demande = $1"),
    ("piece_demandee", "DELETE FROM piece_demandee WHERE demande = $1"),
    ("evenement", "DELETE FROM evenement WHERE demande = $1"),
    ("session", "DELETE FROM session WHERE demande = $1"),
    ("cle", "DELETE FROM cle WHERE demande = $1"),
    ("personne", "DELETE FROM personne WHERE demande = $1"),
    ("courriel", "DELETE FROM courriel WHERE destinataire = (SELECT courriel FROM demande WHERE id = $1)"),
    ("demande", "DELETE FROM demande WHERE id = $1"),
];

/// The tables of [`ROWS`], for the test that no other one refers to a demande.
#[cfg(test)]
pub(super) fn tables() -> impl Iterator<Item = &'static str> {
    ROWS.iter().map(|(table, _)| *table)
}

/// Every demande whose erasure is remembered, in order.
pub fn list_demandes_effacees(tx: &Tx<'_>) -> Result<Vec<DemandeEffacee>, StoreError> {
    tx.query_all(
        "SELECT demande, motif, effacee_le FROM demande_effacee ORDER BY effacee_le, demande",
        &[],
        |row| Ok(DemandeEffacee { demande: row.get(0)?, motif: row.get(1)?, le: row.get(2)? }),
    )
}

/// Forgets the erasures that no backup can undo any more.
pub(super) fn purge_demandes_effacees(tx: &mut Tx<'_>, now: DateTime<Utc>) -> Result<(), StoreError> {
    tx.execute("DELETE FROM demande_effacee WHERE effacee_le <= $1", params![now - EFFACEMENTS_KEPT_FOR])?;
    Ok(())
}

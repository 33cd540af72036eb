//! Partners and their keys: who may deposit without a session, for which guichet. A key is given out once, by an
//! operator's command; the base keeps its SHA-256. A stolen key deposits for one guichet, reads nothing, and ends when
//! it is revoked.

use chrono::{DateTime, Utc};
use wire::{CleId, GuichetCode, Origine, Sha256, limites::TEXTE_CHARS_MAX};

use super::{
    columns::{origine_columns, read_origine},
    guichet::guichet_exists,
    journal::{self, Acte, Ligne},
};
use crate::{
    params,
    secrets::new_id,
    store::{Row, StoreError, Tx},
};

/// A partner, known by its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partenaire {
    /// The key that was shown.
    pub cle: CleId,
    /// Who shows it.
    pub nom: String,
    /// How its pieces are marked.
    pub origine: Origine,
    /// For which guichet it deposits.
    pub guichet: GuichetCode,
    /// That guichet's territory: it reaches the demandes there and no others.
    pub territoire: String,
}

/// A key to give out.
#[derive(Debug, Clone)]
pub struct NouvelleCle {
    /// To whom.
    pub partenaire: String,
    /// For which guichet it scans.
    pub guichet: GuichetCode,
    /// What the base keeps of the key.
    pub hash: Sha256,
}

/// A key as the operator sees it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ClePartenaire {
    /// What it is revoked by.
    pub id: CleId,
    /// Whose it is.
    pub partenaire: String,
    /// For which guichet.
    pub guichet: GuichetCode,
    /// When it was given out.
    pub creee_le: DateTime<Utc>,
    /// When it ended; none while it works.
    pub revoquee_le: Option<DateTime<Utc>>,
}

/// Why a key was not given out or revoked. `Display` is for the operator.
#[derive(Debug, thiserror::Error)]
pub enum PartenaireError {
    /// No such guichet.
    #[error("Le guichet {0} n’est pas enregistré : importez-le d’abord.")]
    GuichetInconnu(GuichetCode),
    /// No name, or too long.
    #[error("Donnez le nom du partenaire, en {TEXTE_CHARS_MAX} caractères au plus.")]
    Nom,
    /// No such key, or revoked already.
    #[error("Aucune clé en service n’a cet identifiant : voyez « lister-cles ».")]
    CleInconnue,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Gives a partner a key for a guichet; those that it has go on working.
pub fn create_cle(tx: &mut Tx<'_>, cle: &NouvelleCle, now: DateTime<Utc>) -> Result<CleId, PartenaireError> {
    let partenaire = cle.partenaire.trim();
    if partenaire.is_empty() || partenaire.chars().count() > TEXTE_CHARS_MAX {
        return Err(PartenaireError::Nom);
    }
    if !guichet_exists(tx, cle.guichet)? {
        return Err(PartenaireError::GuichetInconnu(cle.guichet));
    }
    let id = CleId(new_id(now));
    let (origine, origine_guichet) = origine_columns(Origine::Numeriseur { code: cle.guichet });
    tx.execute(
        "INSERT INTO cle_partenaire (id, partenaire, origine, origine_guichet, cle_hash, creee_le) \
         VALUES ($1, $2, $3, $4, $5, $6)",
        params![id, partenaire, origine, origine_guichet, cle.hash, now],
    )?;
    record(tx, Acte::CleCreee, id, now)?;
    Ok(id)
}

/// Every key, by partner, the latest first.
pub fn list_cles(tx: &Tx<'_>) -> Result<Vec<ClePartenaire>, StoreError> {
    tx.query_all(
        "SELECT id, partenaire, origine_guichet, creee_le, revoquee_le FROM cle_partenaire \
         ORDER BY partenaire, creee_le DESC, id DESC",
        &[],
        |row| {
            Ok(ClePartenaire {
                id: row.get(0)?,
                partenaire: row.get(1)?,
                guichet: row.get(2)?,
                creee_le: row.get(3)?,
                revoquee_le: row.get(4)?,
            })
        },
    )
}

/// Ends a key.
pub fn revoke_cle(tx: &mut Tx<'_>, id: CleId, now: DateTime<Utc>) -> Result<(), PartenaireError> {
    let revoked = tx.execute(
        "UPDATE cle_partenaire SET revoquee_le = $2 WHERE id = $1 AND revoquee_le IS NULL",
        params![id, now],
    )?;
    if revoked == 0 {
        return Err(PartenaireError::CleInconnue);
    }
    Ok(record(tx, Acte::CleRevoquee, id, now)?)
}

/// Whose key this is, while it works.
pub fn find_partenaire(tx: &Tx<'_>, hash: Sha256) -> Result<Option<Partenaire>, StoreError> {
    tx.query_opt(
        &format!("{PARTENAIRE} WHERE cle_partenaire.cle_hash = $1 AND cle_partenaire.revoquee_le IS NULL"),
        params![hash],
        read_partenaire,
    )
}

const PARTENAIRE: &str = "SELECT cle_partenaire.id, cle_partenaire.partenaire, cle_partenaire.origine, \
    cle_partenaire.origine_guichet, guichet.territoire FROM cle_partenaire \
    JOIN guichet ON guichet.code = cle_partenaire.origine_guichet";

fn read_partenaire(row: &Row) -> Result<Partenaire, StoreError> {
    let door: String = row.get(2)?;
    let guichet = row.get(3)?;
    Ok(Partenaire {
        cle: row.get(0)?,
        nom: row.get(1)?,
        origine: read_origine(&door, Some(guichet), 2)?,
        guichet,
        territoire: row.get(4)?,
    })
}

fn record(tx: &mut Tx<'_>, acte: Acte, id: CleId, now: DateTime<Utc>) -> Result<(), StoreError> {
    let partenaire =
        tx.query_one(&format!("{PARTENAIRE} WHERE cle_partenaire.id = $1"), params![id], read_partenaire)?;
    journal::record(tx, acte, &partenaire.ligne(), now)
}

impl Partenaire {
    /// The beginning of a line of the journal: for which guichet, and whose key it was.
    pub(super) fn ligne(&self) -> Ligne {
        Ligne {
            guichet: Some(self.guichet),
            territoire: Some(self.territoire.clone()),
            details: Some(format!("{}, clé {}", self.nom, self.cle)),
            ..Ligne::default()
        }
    }
}

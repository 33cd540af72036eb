//! Beginning an upload. The key is (demande, deposit id), chosen by the phone: a POST whose answer was lost is sent
//! again and finds its first upload, at its current offset. Content that the demande already holds for the same
//! person and type is not received again: the upload is born attached, with the first piece's receipt. A guichet begins an
//! upload for a demande of its territory in the same way.

use chrono::{DateTime, Utc};
use wire::{
    DemandeId, DepotId, DepotMetadata, JustificatifId, SessionId, Sha256, TypePiece, UploadId,
    api::EtatDemande,
    limites::{BYTES_PAR_DEMANDE_MAX, PIECES_PAR_DEMANDE_MAX, UPLOAD_EXPIRES_AFTER},
};

use super::{
    depot::{DEPOT_COLUMNS, read_depot},
    faits::{FaitsError, check_faits},
    for_agent::is_in_territory,
    types::{Deposant, Depot, EtatDepot},
};
use crate::{
    params,
    secrets::new_id,
    store::{StoreError, Tx},
};

/// Bytes that no document takes: for the base and its log, so that people can still read, withdraw and judge while the
/// operator makes room. The log grows to some megabytes, a large import to a hundred.
pub const PLACE_DE_LA_BASE: u64 = 256 * 1024 * 1024;

/// What [`begin_depot`] answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// The upload.
    pub depot: Depot,
    /// Whether this request made it; else it was there already.
    pub created: bool,
}

/// Why an upload was not begun.
#[derive(Debug, thiserror::Error)]
pub enum BeginError {
    /// The demande is not the session's nor of the guichet's territory, or no longer there.
    #[error("demande introuvable")]
    Introuvable,
    /// The demande is radiée.
    #[error("la demande n’accepte plus de pièces")]
    DemandeFermee,
    /// The facts do not fit; the sentence says which, and is for the person.
    #[error("{0}")]
    FaitsInvalides(String),
    /// The demande holds as many pieces, or bytes, as it may, uploads under way included.
    #[error("quota atteint")]
    QuotaAtteint,
    /// The disk has no room for it beside what others were promised.
    #[error("plus de place pour ce dépôt")]
    DisquePlein,
    /// The same deposit id was used with other facts or another length.
    #[error("dépôt déjà commencé avec d’autres faits")]
    DepotDifferent,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<FaitsError> for BeginError {
    fn from(error: FaitsError) -> Self {
        match error {
            FaitsError::Invalides(detail) => Self::FaitsInvalides(detail),
            FaitsError::Store(error) => Self::Store(error),
        }
    }
}

/// Begins an upload of `taille` bytes, or finds the one that this deposit began before. `entete` is the
/// `Upload-Metadata` header as sent, of which `metadata` was read.
pub fn begin_depot(
    tx: &mut Tx<'_>,
    deposant: &Deposant,
    metadata: &DepotMetadata,
    entete: &str,
    taille: u64,
    now: DateTime<Utc>,
) -> Result<Begun, BeginError> {
    begin_as(tx, UploadId(new_id(now)), deposant, metadata, entete, taille, now)
}

/// The same under an id that the caller made, because it already holds the bytes.
pub(super) fn begin_as(
    tx: &mut Tx<'_>,
    upload: UploadId,
    deposant: &Deposant,
    metadata: &DepotMetadata,
    entete: &str,
    taille: u64,
    now: DateTime<Utc>,
) -> Result<Begun, BeginError> {
    let reached = match deposant {
        Deposant::Demandeur(session) => metadata.demande == session.demande,
        Deposant::Guichet(agent) => is_in_territory(tx, agent, metadata.demande)?,
        // Its demande was looked for in the key's territory only.
        Deposant::Partenaire(_) => true,
    };
    if !reached {
        return Err(BeginError::Introuvable);
    }
    let etat = etat_demande(tx, metadata.demande)?.ok_or(BeginError::Introuvable)?;
    // Before anything else: a repeated request is answered like the first, whatever has happened in between.
    if let Some(depot) = find_living(tx, metadata, now)? {
        let same = depot.taille == taille
            && DepotMetadata::parse(&depot.entete).as_ref() == Ok(metadata)
            && is_own(&depot, deposant);
        return if same { Ok(Begun { depot, created: false }) } else { Err(BeginError::DepotDifferent) };
    }
    if etat != EtatDemande::Active {
        return Err(BeginError::DemandeFermee);
    }
    let type_piece = check_faits(tx, deposant, metadata)?;
    let doublon = match metadata.sha256 {
        Some(sha256) => find_doublon(tx, deposant, metadata, type_piece, sha256)?,
        None => None,
    };
    if doublon.is_none() {
        check_quota(tx, metadata.demande, taille)?;
    }
    let depot = Depot {
        upload,
        demande: metadata.demande,
        agent: match deposant {
            Deposant::Demandeur(_) | Deposant::Partenaire(_) => None,
            Deposant::Guichet(agent) => Some(agent.id),
        },
        entete: entete.to_owned(),
        taille,
        offset: if doublon.is_some() { taille } else { 0 },
        generation: 0,
        etat: if doublon.is_some() { EtatDepot::Attache } else { EtatDepot::EnCours },
        justificatif: doublon,
        doublon: doublon.is_some(),
        expire_le: now + UPLOAD_EXPIRES_AFTER,
    };
    let session = match deposant {
        Deposant::Demandeur(session) => Some(session.id),
        Deposant::Guichet(_) | Deposant::Partenaire(_) => None,
    };
    insert(tx, &depot, metadata.depot, session, now)?;
    Ok(Begun { depot, created: true })
}

/// Whether the disk, of which `libre` bytes are free, holds `more` bytes beside what uploads under way have still to
/// receive. Asked in the transaction that begins one, so that no two are promised the same room. What they have written
/// and not yet recorded counts twice: rather too little room than too much.
pub fn check_place(tx: &Tx<'_>, more: u64, libre: u64) -> Result<(), BeginError> {
    let promised: u64 = tx.query_one(
        "SELECT CAST(coalesce(sum(taille - recus), 0) AS BIGINT) FROM depot WHERE etat = 'en_cours'",
        &[],
        |row| row.get(0),
    )?;
    let wanted = promised.saturating_add(more).saturating_add(PLACE_DE_LA_BASE);
    if wanted > libre { Err(BeginError::DisquePlein) } else { Ok(()) }
}

/// Whether an upload that was found is one that this depositor may go on with: ids of deposits are chosen by clients.
fn is_own(depot: &Depot, deposant: &Deposant) -> bool {
    match deposant {
        Deposant::Demandeur(_) => depot.agent.is_none(),
        Deposant::Guichet(agent) => depot.agent == Some(agent.id),
        // It has an id of ours: what was found is someone's.
        Deposant::Partenaire(_) => false,
    }
}

fn insert(
    tx: &mut Tx<'_>,
    depot: &Depot,
    id: DepotId,
    session: Option<SessionId>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO depot (upload, demande, depot, session, agent, entete, taille, recus, generation, etat, \
         justificatif, doublon, cree_le, expire_le) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        params![
            depot.upload,
            depot.demande,
            id,
            session,
            depot.agent,
            depot.entete.as_str(),
            depot.taille,
            depot.offset,
            depot.generation,
            depot.etat,
            depot.justificatif,
            depot.doublon,
            now,
            depot.expire_le,
        ],
    )?;
    Ok(())
}

pub(super) fn etat_demande(tx: &Tx<'_>, demande: DemandeId) -> Result<Option<EtatDemande>, StoreError> {
    tx.query_opt("SELECT etat FROM demande WHERE id = $1", params![demande], |row| row.get(0))
}

/// The upload of this deposit that is under way or attached. One that has passed its hour ends here, so that the same
/// deposit can be begun again; its staged bytes are for the collection.
fn find_living(
    tx: &mut Tx<'_>,
    metadata: &DepotMetadata,
    now: DateTime<Utc>,
) -> Result<Option<Depot>, StoreError> {
    let found = tx.query_opt(
        &format!(
            "SELECT {DEPOT_COLUMNS} FROM depot WHERE demande = $1 AND depot = $2 AND etat IN ('en_cours', 'attache')"
        ),
        params![metadata.demande, metadata.depot],
        read_depot,
    )?;
    match found {
        Some(depot) if depot.etat == EtatDepot::EnCours && depot.expire_le <= now => {
            tx.execute(
                "UPDATE depot SET etat = $2, generation = generation + 1 WHERE upload = $1",
                params![depot.upload, EtatDepot::Abandonne],
            )?;
            Ok(None)
        }
        other => Ok(other),
    }
}

/// A piece of this demande that still counts, with the same content, person and type; what a guichet brings is known by
/// its content before it was prepared too. None where a guichet asked: two answers to one slot are both kept. A
/// confidential piece is found by the session that deposited it only, since a receipt marked `doublon` would tell the
/// other phone of the household that it is there.
pub(super) fn find_doublon(
    tx: &Tx<'_>,
    deposant: &Deposant,
    metadata: &DepotMetadata,
    type_piece: &TypePiece,
    sha256: Sha256,
) -> Result<Option<JustificatifId>, StoreError> {
    if metadata.demande_piece.is_some() {
        return Ok(None);
    }
    let found = tx.query_all(
        "SELECT id, session FROM justificatif WHERE demande = $1 AND type = $2 AND personne IS NOT DISTINCT FROM $3 \
         AND (sha256 = $4 OR (origine = 'guichet' AND sha256_original = $4)) AND retire_le IS NULL AND controle <> 'refuse' AND remplace_par IS NULL \
         AND examen NOT IN ('inexploitable', 'obsolete') ORDER BY depose_le",
        params![metadata.demande, metadata.type_piece.clone(), metadata.personne, sha256],
        |row| Ok((row.get::<JustificatifId>(0)?, row.get::<Option<SessionId>>(1)?)),
    )?;
    let mut found = found.into_iter();
    Ok(found.find(|(_, of)| deposant.may_know(&type_piece.code, *of)).map(|(id, _)| id))
}

/// Whether the demande may hold one more piece of so many bytes; uploads under way count.
pub(super) fn check_quota(tx: &Tx<'_>, demande: DemandeId, taille: u64) -> Result<(), BeginError> {
    let sums =
        |sql: &str| tx.query_one(sql, params![demande], |row| Ok((row.get::<u64>(0)?, row.get::<u64>(1)?)));
    let (held, held_bytes) = sums(
        "SELECT count(*), CAST(coalesce(sum(CASE WHEN blob IS NULL THEN 0 ELSE taille END), 0) AS BIGINT) \
         FROM justificatif WHERE demande = $1",
    )?;
    let (coming, coming_bytes) = sums(
        "SELECT count(*), CAST(coalesce(sum(taille), 0) AS BIGINT) FROM depot WHERE demande = $1 AND etat = 'en_cours'",
    )?;
    let pieces = held + coming + 1;
    let bytes = held_bytes + coming_bytes + taille;
    if pieces > PIECES_PAR_DEMANDE_MAX.into() || bytes > BYTES_PAR_DEMANDE_MAX {
        return Err(BeginError::QuotaAtteint);
    }
    Ok(())
}

//! The single transaction that makes a piece exist. When it commits, the bytes are already sealed and durable in the
//! coffre; when it does not, nothing of it is there and the blob is an orphan. Rights, state and facts are checked
//! again, because an upload may last for days.

use chrono::{DateTime, Utc};
use wire::{
    DepotMetadata, JustificatifId, Origine, SessionId, Sha256, TypePiece, UploadId, api::EtatDemande,
};

use super::{
    advance_depot::{AdvanceError, advance_depot},
    begin_depot::{BeginError, begin_as, etat_demande, find_doublon},
    columns::origine_columns,
    depot::depot_by_upload,
    faits::{FaitsError, check_faits},
    for_agent::is_in_territory,
    journal::{self, Acte, Ligne},
    types::{Deposant, EtatDepot, SessionCourante},
};
use crate::{
    coffre::BlobId,
    params,
    secrets::new_id,
    store::{StoreError, Tx},
};

/// What [`attach_justificatif`] answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attached {
    /// The piece.
    pub justificatif: JustificatifId,
    /// The content was already held: the piece is the earlier one, and the new blob is nobody's; the caller removes it.
    pub doublon: bool,
}

/// Why a piece was not attached.
#[derive(Debug, thiserror::Error)]
pub enum AttachError {
    /// Another connection has the upload, or it has ended, or bytes are missing.
    #[error("l’envoi n’est plus tenu par cette connexion")]
    Fenced,
    /// The demande was struck off meanwhile.
    #[error("la demande n’accepte plus de pièces")]
    DemandeFermee,
    /// The person, the slot or the piece to replace is gone meanwhile; the sentence is for the person.
    #[error("{0}")]
    FaitsInvalides(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<FaitsError> for AttachError {
    fn from(error: FaitsError) -> Self {
        match error {
            FaitsError::Invalides(detail) => Self::FaitsInvalides(detail),
            FaitsError::Store(error) => Self::Store(error),
        }
    }
}

/// Why a whole document was not deposited.
#[derive(Debug, thiserror::Error)]
pub enum DepositError {
    /// It could not be begun.
    #[error(transparent)]
    Begin(#[from] BeginError),
    /// It could not be attached.
    #[error(transparent)]
    Attach(#[from] AttachError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl DepositError {
    /// Whether nothing is known of what the base did: the bytes may be a piece's, and are not to be removed.
    pub fn leaves_doubt(&self) -> bool {
        matches!(
            self,
            Self::Store(_) | Self::Begin(BeginError::Store(_)) | Self::Attach(AttachError::Store(_))
        )
    }
}

/// Deposits in one step what arrived in one request: the bytes of `upload`, `taille` of them with this digest, sealed
/// already. The rights, limits and facts are those of an upload that is begun and attached.
pub fn deposit_whole(
    tx: &mut Tx<'_>,
    deposant: &Deposant,
    metadata: &DepotMetadata,
    upload: UploadId,
    (blob, taille, sha256): (BlobId, u64, Sha256),
    now: DateTime<Utc>,
) -> Result<Attached, DepositError> {
    let depot = begin_as(tx, upload, deposant, metadata, &metadata.to_header(), taille, now)?.depot;
    if let (EtatDepot::Attache, Some(justificatif)) = (depot.etat, depot.justificatif) {
        return Ok(Attached { justificatif, doublon: true });
    }
    advance_depot(tx, upload, depot.generation, 0, taille, now).map_err(|error| match error {
        AdvanceError::Fenced => AttachError::Fenced,
        AdvanceError::Store(error) => AttachError::Store(error),
    })?;
    Ok(attach_justificatif(tx, upload, depot.generation, deposant, blob, sha256, now)?)
}

/// Attaches the upload's bytes, sealed as `blob` with this digest, to its demande, for whoever sent the last of them.
pub fn attach_justificatif(
    tx: &mut Tx<'_>,
    upload: UploadId,
    generation: u64,
    deposant: &Deposant,
    blob: BlobId,
    sha256: Sha256,
    now: DateTime<Utc>,
) -> Result<Attached, AttachError> {
    let depot = depot_by_upload(tx, upload)?
        .filter(|depot| {
            depot.etat == EtatDepot::EnCours && depot.generation == generation && depot.offset == depot.taille
        })
        .ok_or(AttachError::Fenced)?;
    if etat_demande(tx, depot.demande)? != Some(EtatDemande::Active) {
        return Err(AttachError::DemandeFermee);
    }
    let metadata = DepotMetadata::parse(&depot.entete)
        .map_err(|error| AttachError::FaitsInvalides(error.to_string()))?;
    let deposant = match deposant {
        // A piece is its first session's, whichever sent its last byte.
        Deposant::Demandeur(session) => {
            let begun: Option<SessionId> =
                tx.query_one("SELECT session FROM depot WHERE upload = $1", params![upload], |row| {
                    row.get(0)
                })?;
            Deposant::Demandeur(SessionCourante { id: begun.unwrap_or(session.id), ..*session })
        }
        Deposant::Guichet(agent) if is_in_territory(tx, agent, depot.demande)? => deposant.clone(),
        Deposant::Guichet(_) => return Err(AttachError::Fenced),
        Deposant::Partenaire(_) => deposant.clone(),
    };
    let type_piece = check_faits(tx, &deposant, &metadata)?;

    // Again, and also when it was announced: two phones may have begun before either had finished.
    let held = find_doublon(tx, &deposant, &metadata, type_piece, sha256)?;
    let justificatif = match held {
        Some(held) => held,
        None => insert_piece(tx, &metadata, &deposant, (blob, depot.taille, sha256), now)?,
    };
    if held.is_none() {
        take_place(tx, justificatif, &metadata, type_piece, &deposant)?;
        if let Deposant::Guichet(agent) = &deposant {
            let ligne = Ligne::by(agent).on(depot.demande, Some(justificatif));
            journal::record(tx, Acte::PieceDeposee, &ligne, now)?;
        }
        if let Some(slot) = metadata.demande_piece {
            tx.execute(
                "UPDATE piece_demandee SET close_le = $2 WHERE id = $1 AND close_le IS NULL",
                params![slot, now],
            )?;
        }
    }
    tx.execute(
        "UPDATE depot SET etat = $2, justificatif = $3, doublon = $4 WHERE upload = $1",
        params![upload, EtatDepot::Attache, justificatif, held.is_some()],
    )?;
    Ok(Attached { justificatif, doublon: held.is_some() })
}

fn insert_piece(
    tx: &mut Tx<'_>,
    metadata: &DepotMetadata,
    deposant: &Deposant,
    (blob, taille, sha256): (BlobId, u64, Sha256),
    now: DateTime<Utc>,
) -> Result<JustificatifId, StoreError> {
    let justificatif = JustificatifId(new_id(now));
    let (origine, session, a_preparer) = match deposant {
        Deposant::Demandeur(session) => (Origine::Application, Some(session.id), false),
        // What a guichet brings has passed through no phone.
        Deposant::Guichet(agent) => (Origine::Guichet { code: agent.guichet }, None, true),
        // A scanning service's are prepared already, and its receipt names their digest.
        Deposant::Partenaire(partenaire) => (partenaire.origine, None, false),
    };
    let (origine, origine_guichet) = origine_columns(origine);
    tx.execute(
        "INSERT INTO blob (id, demande, taille, sha256, cree_le) VALUES ($1, $2, $3, $4, $5)",
        params![blob, metadata.demande, taille, sha256, now],
    )?;
    tx.execute(
        "INSERT INTO justificatif (id, demande, personne, rubrique, type, nom, blob, taille, sha256, sha256_original, \
         origine, origine_guichet, session, depose_le, controle, examen, remplace, piece_demandee, a_preparer, \
         territoire) \
         SELECT $1, id, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 'en_verification', 'a_examiner', $15, $16, \
         $17, territoire FROM demande WHERE id = $2",
        params![
            justificatif,
            metadata.demande,
            metadata.personne,
            metadata.rubrique.clone(),
            metadata.type_piece.clone(),
            metadata.filename.clone(),
            blob,
            taille,
            sha256,
            metadata.sha256_original,
            origine,
            origine_guichet,
            session,
            now,
            metadata.remplace,
            metadata.demande_piece,
            a_preparer,
        ],
    )?;
    Ok(justificatif)
}

/// Marks what the new piece takes the place of: the piece that it names; and, where a type stands alone, the earlier
/// ones of the same person that could not be used, since the new one is what was awaited. Usable ones stay, because
/// the front and back of one card are two files. From a phone, a confidential type only reaches its own session's pieces.
fn take_place(
    tx: &mut Tx<'_>,
    new: JustificatifId,
    metadata: &DepotMetadata,
    type_piece: &TypePiece,
    deposant: &Deposant,
) -> Result<(), StoreError> {
    let (only_own, session) = match deposant {
        Deposant::Demandeur(session) => (type_piece.confidentiel, Some(session.id)),
        Deposant::Guichet(_) => (false, None),
        Deposant::Partenaire(_) => (type_piece.confidentiel, None),
    };
    if let Some(old) = metadata.remplace {
        tx.execute(
            "UPDATE justificatif SET remplace_par = $2 WHERE id = $1 AND demande = $3 AND remplace_par IS NULL",
            params![old, new, metadata.demande],
        )?;
    }
    if !type_piece.plusieurs {
        tx.execute(
            "UPDATE justificatif SET remplace_par = $1 WHERE id <> $1 AND demande = $2 AND type = $3 \
             AND personne IS NOT DISTINCT FROM $4 AND retire_le IS NULL AND remplace_par IS NULL \
             AND (controle = 'refuse' OR examen IN ('inexploitable', 'obsolete')) AND ($5 = 0 OR session = $6)",
            params![
                new,
                metadata.demande,
                metadata.type_piece.clone(),
                metadata.personne,
                only_own,
                session,
            ],
        )?;
    }
    Ok(())
}

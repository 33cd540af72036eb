//! The domain's rules, one file per verb, SQL inside. Every verb takes a transaction and, where time matters, `now`;
//! none knows HTTP, and none keeps anything in memory. Whoever calls decides what is one transaction.
//!
//! An upload is begun, grows, is taken over by a newer connection, and ends: attached, failed, abandoned or expired.
//! An attached piece is inspected, listed, read, judged by a guichet, withdrawn by its demandeur.

mod types;

use chrono::{DateTime, Utc};
use wire::{
    AgentId, DemandeId, DepotId, DepotMetadata, JustificatifId, NumeroUnique, Sha256, UploadId,
    api::{DemandeVue, JustificatifsVue, Recu},
    inspection::Verdict,
};

use crate::{
    coffre::BlobId,
    store::{StoreError, Tx},
};
pub use types::*;

macro_rules! stub { ($($arg:ident),*) => {{ $(let _ = $arg;)* unimplemented!() }}; }

/// What [`begin_depot`] answers.
pub struct Begun {
    /** The upload. */
    pub depot: Depot,
    /** Whether it is new. */
    pub created: bool,
}
/// Why not.
#[derive(Debug, thiserror::Error)]
pub enum BeginError {
    /// Not the session's demande.
    #[error("")]
    Introuvable,
    /// Radiée.
    #[error("")]
    DemandeFermee,
    /// French detail for the person.
    #[error("{0}")]
    FaitsInvalides(String),
    /// Quota.
    #[error("")]
    QuotaAtteint,
    /// Same id, other facts.
    #[error("")]
    DepotDifferent,
    /// Engine.
    #[error(transparent)]
    Store(#[from] StoreError),
}
/// Generation or offset moved: another connection has the upload.
#[derive(Debug, thiserror::Error)]
pub enum AdvanceError {
    /// Another connection has the upload, or it ended.
    #[error("")]
    Fenced,
    /// Engine.
    #[error(transparent)]
    Store(#[from] StoreError),
}
/// What [`attach_justificatif`] answers.
pub struct Attached {
    /** The piece. */
    pub justificatif: JustificatifId,
    /** The content was already held: the blob is nobody's and must be removed. */
    pub doublon: bool,
}
/// Why not.
#[derive(Debug, thiserror::Error)]
pub enum AttachError {
    /// Another connection has the upload, or it ended, or bytes are missing.
    #[error("")]
    Fenced,
    /// Radiée meanwhile.
    #[error("")]
    DemandeFermee,
    /// Person, slot or replaced piece gone meanwhile.
    #[error("{0}")]
    FaitsInvalides(String),
    /// Engine.
    #[error(transparent)]
    Store(#[from] StoreError),
}
/// Why no bytes.
#[derive(Debug, thiserror::Error)]
pub enum ContenuError {
    /// Absent, foreign, withdrawn.
    #[error("")]
    Introuvable,
    /// Confidential, or the agent's profile does not allow it.
    #[error("")]
    Interdit,
    /// Not disponible.
    #[error("")]
    PasDisponible,
    /// Engine.
    #[error(transparent)]
    Store(#[from] StoreError),
}
/// Why not withdrawn.
#[derive(Debug, thiserror::Error)]
pub enum WithdrawError {
    /// Absent, foreign, already withdrawn.
    #[error("")]
    Introuvable,
    /// Looked at, judged or replaced.
    #[error("")]
    DejaConsultee,
    /// Engine.
    #[error(transparent)]
    Store(#[from] StoreError),
}
/// Why the verdict was not recorded.
#[derive(Debug, thiserror::Error)]
pub enum VerdictError {
    /// No longer waiting (withdrawn, or already inspected).
    #[error("")]
    PasEnAttente,
    /// The inspection saw other bytes than those acknowledged: the disk, or a bug. The piece stays en vérification.
    #[error("")]
    AutreContenu,
    /// Engine.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Begins.
pub fn begin_depot(
    tx: &mut Tx<'_>,
    session: SessionCourante,
    metadata: &DepotMetadata,
    entete: &str,
    taille: u64,
    now: DateTime<Utc>,
) -> Result<Begun, BeginError> {
    stub!(tx, session, metadata, entete, taille, now)
}
/// The upload, if it is of the session's demande. A dead one (failed, abandoned, expired by `now`) is still found: HEAD says 410.
pub fn find_depot(
    tx: &Tx<'_>,
    upload: UploadId,
    session: SessionCourante,
    now: DateTime<Utc>,
) -> Result<Option<Depot>, StoreError> {
    stub!(tx, upload, session, now)
}
/// Raises the generation; None when it no longer takes bytes.
pub fn take_over_depot(tx: &mut Tx<'_>, upload: UploadId) -> Result<Option<u64>, StoreError> {
    stub!(tx, upload)
}
/// Records durable bytes.
pub fn advance_depot(
    tx: &mut Tx<'_>,
    upload: UploadId,
    generation: u64,
    from: u64,
    to: u64,
    now: DateTime<Utc>,
) -> Result<(), AdvanceError> {
    stub!(tx, upload, generation, from, to, now)
}
/// Fails for good.
pub fn fail_depot(tx: &mut Tx<'_>, upload: UploadId, generation: u64) -> Result<(), AdvanceError> {
    stub!(tx, upload, generation)
}
/// tus DELETE: true when the staged bytes must be removed; an attached piece is never touched.
pub fn abandon_depot(tx: &mut Tx<'_>, upload: UploadId) -> Result<bool, StoreError> {
    stub!(tx, upload)
}
/// Uploads that expired: their staged bytes must be removed.
pub fn expire_depots(tx: &mut Tx<'_>, now: DateTime<Utc>) -> Result<Vec<UploadId>, StoreError> {
    stub!(tx, now)
}
/// Uploads under way and their durable offsets: at the start, what is staged is cut back to them.
pub fn list_depots_en_cours(tx: &Tx<'_>) -> Result<Vec<(UploadId, u64)>, StoreError> {
    stub!(tx)
}
/// Whether a piece owns this blob: what no piece owns is an orphan.
pub fn owns_blob(tx: &Tx<'_>, blob: BlobId) -> Result<bool, StoreError> {
    stub!(tx, blob)
}
/// THE transaction.
pub fn attach_justificatif(
    tx: &mut Tx<'_>,
    upload: UploadId,
    generation: u64,
    blob: BlobId,
    sha256: Sha256,
    now: DateTime<Utc>,
) -> Result<Attached, AttachError> {
    stub!(tx, upload, generation, blob, sha256, now)
}
/// The demande of the app. None when gone.
pub fn read_demande(
    tx: &Tx<'_>,
    demande: DemandeId,
    now: DateTime<Utc>,
) -> Result<Option<DemandeVue>, StoreError> {
    stub!(tx, demande, now)
}
/// The pieces that this session may see.
pub fn list_justificatifs(tx: &Tx<'_>, session: SessionCourante) -> Result<JustificatifsVue, StoreError> {
    stub!(tx, session)
}
/// The receipt of a deposit.
pub fn read_recu(tx: &Tx<'_>, session: SessionCourante, depot: DepotId) -> Result<Option<Recu>, StoreError> {
    stub!(tx, session, depot)
}
/// The bytes for the app.
pub fn find_contenu(
    tx: &Tx<'_>,
    session: SessionCourante,
    justificatif: JustificatifId,
) -> Result<Contenu, ContenuError> {
    stub!(tx, session, justificatif)
}
/// Withdraws; the blob, if any, must now be removed.
pub fn withdraw_justificatif(
    tx: &mut Tx<'_>,
    session: SessionCourante,
    justificatif: JustificatifId,
    now: DateTime<Utc>,
) -> Result<Option<BlobId>, WithdrawError> {
    stub!(tx, session, justificatif, now)
}
/// Oldest first.
pub fn list_a_inspecter(tx: &Tx<'_>, limit: u32) -> Result<Vec<AInspecter>, StoreError> {
    stub!(tx, limit)
}
/// Records; a blob returned (dangerous content) must now be removed.
pub fn record_verdict(
    tx: &mut Tx<'_>,
    justificatif: JustificatifId,
    verdict: &Verdict,
    now: DateTime<Utc>,
) -> Result<Option<BlobId>, VerdictError> {
    stub!(tx, justificatif, verdict, now)
}
/// By numéro, in the agent's territory.
pub fn find_demande_by_numero(
    tx: &Tx<'_>,
    agent: &AgentConnecte,
    numero: &NumeroUnique,
) -> Result<Option<DemandeId>, StoreError> {
    stub!(tx, agent, numero)
}
/// By id, in the agent's territory.
pub fn find_demande_for_agent(
    tx: &Tx<'_>,
    agent: &AgentConnecte,
    demande: DemandeId,
) -> Result<Option<DemandeAgent>, StoreError> {
    stub!(tx, agent, demande)
}
/// The pieces, latest first; None when the demande is absent or foreign.
pub fn list_justificatifs_for_agent(
    tx: &Tx<'_>,
    agent: &AgentConnecte,
    demande: DemandeId,
) -> Result<Option<Vec<PieceAgent>>, StoreError> {
    stub!(tx, agent, demande)
}
/// One piece and its demande, for its page; None when absent or foreign.
pub fn find_piece_for_agent(
    tx: &Tx<'_>,
    agent: &AgentConnecte,
    justificatif: JustificatifId,
) -> Result<Option<(DemandeId, PieceAgent)>, StoreError> {
    stub!(tx, agent, justificatif)
}
/// Records who looked, then gives the bytes.
pub fn open_for_agent(
    tx: &mut Tx<'_>,
    agent: &AgentConnecte,
    justificatif: JustificatifId,
    now: DateTime<Utc>,
) -> Result<Contenu, ContenuError> {
    stub!(tx, agent, justificatif, now)
}
#[expect(dead_code)]
fn unused(_: AgentId) {}

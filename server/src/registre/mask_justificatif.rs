//! Masking: a guichet makes a number unreadable that must not be kept (the NIR, in most cases). A masked version takes the
//! place of what is shown; the document before it is kept apart, for whoever sees sensitive pieces, and purged later.
//!
//! All masks of a piece are burnt again from that original whenever one comes or goes, so that nothing loses quality twice
//! and a mask in the wrong place can be taken back. Once the original is purged, what was masked is the document.
//!
//! What can go wrong: two agents mask at once. Whoever is second worked from a page that no longer is: refused, and what
//! the inspecteur made for it is nobody's ([`MaskError::Change`]).

use chrono::{DateTime, TimeDelta, Utc};
use wire::{Controle, DemandeId, Examen, JustificatifId, MediaType, inspection::Masque};

use super::{
    apercu::{forget_apercus, record_apercus},
    effacement::{MotifEffacement, forget_original, record_effacement},
    find_contenu::ContenuError,
    for_agent::{find_judgeable, find_openable, record_asking},
    inspect::insert_document,
    journal::{self, Acte, Ligne},
    piece::{Piece, piece_by_id},
    types::{AgentConnecte, ApercusDessines, Contenu, DocumentGarde},
};
use crate::{
    coffre::BlobId,
    params,
    store::{Row, StoreError, Tx},
};

/// For how long the document before its last masking is kept: time to notice that too much was hidden, and no longer.
pub const ORIGINAL_KEPT_FOR: TimeDelta = TimeDelta::days(30);

/// What masking starts from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AMasquer {
    /// Whose it is.
    pub demande: DemandeId,
    /// The document without masks.
    pub source: BlobId,
    /// The masks that are burnt in now.
    pub masques: Vec<Masque>,
}

/// What the inspecteur made of it, as the coffre holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Masquage {
    /// All masks, in the order in which they came.
    pub masques: Vec<Masque>,
    /// The masked document; none where no mask is left, and the original stands again.
    pub document: Option<DocumentGarde>,
    /// The pictures of its pages.
    pub apercus: Option<ApercusDessines>,
}

/// Why a piece was not masked. `Display` is for the agent.
#[derive(Debug, thiserror::Error)]
pub enum MaskError {
    /// Absent, withdrawn, foreign, or beyond the agent's profile.
    #[error("Pièce introuvable.")]
    Introuvable,
    /// Nobody can read it, or a newer version has its place.
    #[error(
        "Cette pièce ne peut pas être masquée : elle n’est pas consultable, ou une version plus récente l’a remplacée."
    )]
    PasDisponible,
    /// Someone masked it after this agent's page was made.
    #[error("Un collègue a masqué cette pièce entre-temps. Rechargez la page, puis recommencez si besoin.")]
    Change,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Finds what an agent may mask, from a page that showed the masks `vu`.
pub fn find_a_masquer(
    tx: &Tx<'_>,
    agent: &AgentConnecte,
    justificatif: JustificatifId,
    vu: &str,
) -> Result<AMasquer, MaskError> {
    let piece = find_maskable(tx, agent, justificatif, vu)?;
    let source = piece.original.map(|(blob, _)| blob).or(piece.blob).ok_or(MaskError::PasDisponible)?;
    Ok(AMasquer { demande: piece.demande, source, masques: masques(tx, justificatif)? })
}

/// Records a masking that was made from the page `vu`. The blobs returned are nobody's any more: the caller removes them
/// once this is committed.
pub fn mask_justificatif(
    tx: &mut Tx<'_>,
    agent: &AgentConnecte,
    justificatif: JustificatifId,
    vu: &str,
    masquage: &Masquage,
    now: DateTime<Utc>,
) -> Result<Vec<BlobId>, MaskError> {
    let piece = find_maskable(tx, agent, justificatif, vu)?;
    let (Some(shown), Some(media_type)) = (piece.blob, piece.media_type) else {
        return Err(MaskError::PasDisponible);
    };
    let mut useless = Vec::from_iter(forget_apercus(tx, justificatif)?);
    let (original, original_type) = piece.original.unwrap_or((shown, media_type));
    match &masquage.document {
        Some(document) => {
            insert_document(tx, justificatif, document, now)?;
            let shown = (document.blob, document.media_type, Some(document.taille));
            show(tx, justificatif, shown, Some((original, original_type)), now)?;
        }
        None => show(tx, justificatif, (original, original_type, None), None, now)?,
    }
    if shown != original {
        tx.execute("DELETE FROM blob WHERE id = $1", params![shown])?;
        useless.push(shown);
    }
    if let Some(apercus) = &masquage.apercus {
        record_apercus(tx, justificatif, apercus, now)?;
    }
    tx.execute("DELETE FROM masque WHERE justificatif = $1", params![justificatif])?;
    for (rang, masque) in (0_u32..).zip(&masquage.masques) {
        let Masque { page, gauche, haut, droite, bas } = *masque;
        tx.execute(
            "INSERT INTO masque (justificatif, rang, page, gauche, haut, droite, bas) VALUES ($1, $2, $3, $4, $5, $6, $7)",
            params![justificatif, rang, page, gauche, haut, droite, bas],
        )?;
    }
    let count = masquage.masques.len();
    let ligne = Ligne::by(agent).on(piece.demande, Some(justificatif)).saying(format!("{count} masque(s)"));
    journal::record(tx, Acte::Masquage, &ligne, now)?;
    Ok(useless)
}

/// The document before it was masked, for an agent who may see it: written down like every opening.
pub fn open_original_for_agent(
    tx: &mut Tx<'_>,
    agent: &AgentConnecte,
    justificatif: JustificatifId,
    now: DateTime<Utc>,
) -> Result<Result<Contenu, ContenuError>, StoreError> {
    let found = match find_original(tx, agent, justificatif) {
        Err(ContenuError::Store(error)) => return Err(error),
        found => found,
    };
    record_asking(tx, agent, justificatif, found.is_ok(), now)?;
    Ok(found)
}

fn find_original(
    tx: &Tx<'_>,
    agent: &AgentConnecte,
    justificatif: JustificatifId,
) -> Result<Contenu, ContenuError> {
    let shown = find_openable(tx, agent, justificatif)?;
    if !agent.profil.voit_sensible() {
        return Err(ContenuError::Interdit);
    }
    let original = piece_by_id(tx, justificatif)?.and_then(|piece| piece.original);
    let (blob, media_type) = original.ok_or(ContenuError::Introuvable)?;
    let taille = tx.query_one("SELECT taille FROM blob WHERE id = $1", params![blob], |row| row.get(0))?;
    Ok(Contenu { blob, taille, media_type, nom: shown.nom })
}

/// Forgets the originals that have been kept for long enough, `limit` at most: from now on what was masked is the
/// document. Their bytes are for the caller to remove.
pub fn purge_originals(tx: &mut Tx<'_>, limit: u32, now: DateTime<Utc>) -> Result<Vec<BlobId>, StoreError> {
    let due: Vec<(JustificatifId, BlobId)> = tx.query_all(
        "SELECT id, original FROM justificatif WHERE original IS NOT NULL AND masque_le <= $1 ORDER BY masque_le LIMIT $2",
        params![now - ORIGINAL_KEPT_FOR, limit],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    for (justificatif, original) in &due {
        forget_original(tx, *justificatif, *original)?;
        record_effacement(tx, *original, *justificatif, MotifEffacement::Original, now)?;
    }
    Ok(due.into_iter().map(|(_, original)| original).collect())
}

fn find_maskable(
    tx: &Tx<'_>,
    agent: &AgentConnecte,
    justificatif: JustificatifId,
    vu: &str,
) -> Result<Piece, MaskError> {
    let piece = find_judgeable(tx, agent, justificatif)?.ok_or(MaskError::Introuvable)?;
    if piece.controle != Controle::Disponible || matches!(piece.examen, Examen::Remplace { .. }) {
        return Err(MaskError::PasDisponible);
    }
    if piece.etat_masques() != vu {
        return Err(MaskError::Change);
    }
    Ok(piece)
}

/// What is shown from now on, with its length where it is a masked document, and what is kept apart.
fn show(
    tx: &mut Tx<'_>,
    justificatif: JustificatifId,
    (shown, media_type, taille): (BlobId, MediaType, Option<u64>),
    original: Option<(BlobId, MediaType)>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let (original, original_type) = original.unzip();
    tx.execute(
        "UPDATE justificatif SET blob = $2, media_type = $3, original = $4, original_type = $5, masque_le = $6, \
         masque_taille = $7 WHERE id = $1",
        params![justificatif, shown, media_type, original, original_type, now, taille],
    )?;
    Ok(())
}

fn masques(tx: &Tx<'_>, justificatif: JustificatifId) -> Result<Vec<Masque>, StoreError> {
    let read = |row: &Row| {
        Ok(Masque {
            page: row.get(0)?,
            gauche: row.get(1)?,
            haut: row.get(2)?,
            droite: row.get(3)?,
            bas: row.get(4)?,
        })
    };
    tx.query_all(
        "SELECT page, gauche, haut, droite, bas FROM masque WHERE justificatif = $1 ORDER BY rang",
        params![justificatif],
        read,
    )
}

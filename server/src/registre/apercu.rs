//! The pictures of a piece's pages: recorded with the verdict, shown to whoever may open the piece, erased with it.

use chrono::{DateTime, TimeDelta, Utc};
use wire::{JustificatifId, inspection::EnteteApercu};

use super::{
    find_contenu::{ContenuError, find_contenu},
    for_agent::{find_openable, record_asking},
    journal::Acte,
    types::{AgentConnecte, ApercuContenu, ApercusDessines, SessionCourante},
};
use crate::{
    coffre::BlobId,
    params,
    store::{Row, StoreError, Tx},
};

/// For how long an agent who looks at one page after another makes one opening.
const CONSULTATION_LASTS: TimeDelta = TimeDelta::minutes(15);

/// Records the pictures of a piece that has just been found fit; the coffre holds them already.
pub fn record_apercus(
    tx: &mut Tx<'_>,
    justificatif: JustificatifId,
    apercus: &ApercusDessines,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let ApercusDessines { blob, taille, sha256, images } = apercus;
    tx.execute(
        "INSERT INTO blob (id, demande, taille, sha256, cree_le) \
         SELECT $2, demande, $3, $4, $5 FROM justificatif WHERE id = $1",
        params![justificatif, *blob, *taille, *sha256, now],
    )?;
    for image in images {
        let EnteteApercu { page, largeur, hauteur, taille } = image.entete;
        tx.execute(
            "INSERT INTO apercu (justificatif, page, blob, debut, taille, largeur, hauteur) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            params![justificatif, page, *blob, image.debut, taille, largeur, hauteur],
        )?;
    }
    Ok(())
}

/// The pages of a piece that have a picture, in their order. Their names only: whoever asks for a picture is checked.
pub fn list_apercus(tx: &Tx<'_>, justificatif: JustificatifId) -> Result<Vec<EnteteApercu>, StoreError> {
    tx.query_all(
        "SELECT page, largeur, hauteur, taille FROM apercu WHERE justificatif = $1 AND page <> $2 ORDER BY page",
        params![justificatif, EnteteApercu::VIGNETTE],
        |row| {
            Ok(EnteteApercu {
                page: row.get(0)?,
                largeur: row.get(1)?,
                hauteur: row.get(2)?,
                taille: row.get(3)?,
            })
        },
    )
}

/// The thumbnail of a piece of the session's demande, for whom [`find_contenu`] would give the bytes.
pub fn find_vignette(
    tx: &Tx<'_>,
    session: SessionCourante,
    justificatif: JustificatifId,
) -> Result<ApercuContenu, ContenuError> {
    find_contenu(tx, session, justificatif)?;
    find(tx, justificatif, EnteteApercu::VIGNETTE)
}

/// The picture of a page for an agent whose profile may open the piece. It is an opening like that of the original,
/// written down before a byte leaves; the pages of one look at a document are one opening, or one refusal.
pub fn open_apercu_for_agent(
    tx: &mut Tx<'_>,
    agent: &AgentConnecte,
    justificatif: JustificatifId,
    page: u32,
    now: DateTime<Utc>,
) -> Result<Result<ApercuContenu, ContenuError>, StoreError> {
    let found = match find_openable(tx, agent, justificatif) {
        Err(ContenuError::Store(error)) => return Err(error),
        Err(refused) => Err(refused),
        Ok(_) => match find(tx, justificatif, page) {
            Err(ContenuError::Store(error)) => return Err(error),
            // The piece may be opened, only this page has no picture.
            Err(absent) => return Ok(Err(absent)),
            Ok(apercu) => Ok(apercu),
        },
    };
    let acte = if found.is_ok() { Acte::Consultation } else { Acte::ConsultationRefusee };
    let under_way = tx.query_opt(
        "SELECT 1 FROM journal WHERE justificatif = $1 AND agent = $2 AND le > $3 AND acte = $4",
        params![justificatif, agent.id, now - CONSULTATION_LASTS, acte],
        |_| Ok(()),
    )?;
    if under_way.is_none() {
        record_asking(tx, agent, justificatif, found.is_ok(), now)?;
    }
    Ok(found)
}

/// Erases the record of a piece's pictures; the bytes themselves are for the caller, once this is committed.
pub(super) fn forget_apercus(
    tx: &mut Tx<'_>,
    justificatif: JustificatifId,
) -> Result<Option<BlobId>, StoreError> {
    let blob: Option<BlobId> = tx.query_opt(
        "SELECT blob FROM apercu WHERE justificatif = $1 LIMIT 1",
        params![justificatif],
        |row| row.get(0),
    )?;
    if let Some(blob) = blob {
        tx.execute("DELETE FROM apercu WHERE justificatif = $1", params![justificatif])?;
        tx.execute("DELETE FROM blob WHERE id = $1", params![blob])?;
    }
    Ok(blob)
}

fn find(tx: &Tx<'_>, justificatif: JustificatifId, page: u32) -> Result<ApercuContenu, ContenuError> {
    let read = |row: &Row| Ok(ApercuContenu { blob: row.get(0)?, debut: row.get(1)?, taille: row.get(2)? });
    tx.query_opt(
        "SELECT blob, debut, taille FROM apercu WHERE justificatif = $1 AND page = $2",
        params![justificatif, page],
        read,
    )?
    .ok_or(ContenuError::Introuvable)
}

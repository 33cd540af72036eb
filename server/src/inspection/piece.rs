//! One piece from « en vérification » to its verdict.

use std::{io, sync::Arc};

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};
use wire::{
    RaisonRefus, UploadId,
    inspection::{Constat, Verdict},
};

use super::{
    clamd::{self, ClamdError},
    inspecteur::{Inspecteur, InspecteurError, Lecture},
    reponse::ApercuRecu,
    scelle::Scelle,
};
use crate::{
    coffre::CoffreError,
    registre::{self, AInspecter, ApercuDessine, ApercusDessines, VerdictError},
    secrets::new_id,
    service::Service,
};

/// A fault of ours: the piece stays en vérification.
#[derive(Debug, thiserror::Error)]
pub(super) enum Panne {
    /// The piece's bytes cannot be read.
    #[error(transparent)]
    Coffre(#[from] CoffreError),
    /// No memory for a copy, or no thread.
    #[error("no sealed copy: {0}")]
    Copie(#[from] io::Error),
    /// The reader does not work.
    #[error(transparent)]
    Inspecteur(#[from] InspecteurError),
    /// The antivirus does not work.
    #[error(transparent)]
    Clamd(#[from] ClamdError),
    /// The verdict could not be recorded.
    #[error("the verdict was not recorded: {0}")]
    Verdict(#[from] VerdictError),
}

/// Inspects one piece and records its verdict, and keeps the pictures of its pages.
pub(super) async fn inspect(
    service: &Arc<Service>,
    inspecteur: &Inspecteur,
    piece: &AInspecter,
) -> Result<(), Panne> {
    let (verdict, apercus) = judge(service, inspecteur, piece).await?;
    let (id, now) = (piece.justificatif, service.clock.now());
    let apercus = if apercus.is_empty() { None } else { Some(keep(service, apercus, now).await?) };
    let kept = apercus.as_ref().map(|apercus| apercus.blob);
    let recorded = service.store.write(move |tx| {
        let dangerous = registre::record_verdict(tx, id, &verdict, now)?;
        if let Some(apercus) = &apercus {
            registre::record_apercus(tx, id, apercus, now)?;
        }
        Ok(dangerous)
    });
    let useless = match recorded.await {
        Ok(dangerous) => dangerous,
        // It was withdrawn while it was being read.
        Err(VerdictError::PasEnAttente) => kept,
        Err(error) => return Err(error.into()),
    };
    if let Some(blob) = useless {
        let service = Arc::clone(service);
        blocking(move || service.coffre.remove_blob(blob)).await??;
    }
    Ok(())
}

/// Puts the pictures into the coffre, one after another. Should the piece never get them, they are an orphan there.
async fn keep(
    service: &Arc<Service>,
    recus: Vec<ApercuRecu>,
    now: DateTime<Utc>,
) -> Result<ApercusDessines, Panne> {
    let service = Arc::clone(service);
    blocking(move || {
        let mut staging = service.coffre.open_staging(UploadId(new_id(now)), 0)?;
        let (mut sha256, mut images) = (Sha256::new(), Vec::new());
        for ApercuRecu { entete, jpeg } in recus {
            sha256.update(&jpeg);
            images.push(ApercuDessine { entete, debut: staging.length() });
            staging.append(&jpeg)?;
        }
        let taille = staging.length();
        let blob = service.coffre.seal(staging)?;
        Ok(ApercusDessines { blob, taille, sha256: wire::Sha256(sha256.finalize().into()), images })
    })
    .await?
}

async fn judge(
    service: &Arc<Service>,
    inspecteur: &Inspecteur,
    piece: &AInspecter,
) -> Result<(Verdict, Vec<ApercuRecu>), Panne> {
    let refused = |raison| Ok((Verdict::Refused { raison }, Vec::new()));
    let document = copy(service, piece).await?;
    // Before anything is believed about them: a damaged disk must not be told to people as a damaged document.
    if (document.taille, document.sha256) != (piece.taille, piece.sha256) {
        tracing::error!(justificatif = %piece.justificatif, "the coffre no longer holds the acknowledged bytes");
        return refused(RaisonRefus::NonVerifiable);
    }
    match inspecteur.read(&document).await.map_err(InspecteurError::from)? {
        Lecture::Fit { constat, apercus, echec } => {
            if !is_about(&constat, piece) {
                tracing::error!(justificatif = %piece.justificatif, "the inspecteur answered about other bytes");
                return refused(RaisonRefus::NonVerifiable);
            }
            if let Some(echec) = echec {
                tracing::warn!(justificatif = %piece.justificatif, %echec, "a document stopped the drawing of its pages");
            }
            let infected = match &service.config.clamd {
                Some(clamd) => clamd::scan(clamd, &document).await?,
                None => None,
            };
            match infected {
                Some(raison) => refused(raison),
                None => Ok((Verdict::Fit(constat), apercus)),
            }
        }
        Lecture::Refused(raison) => refused(raison),
        Lecture::Echec(echec, _) => {
            inspecteur.check().await?;
            tracing::warn!(justificatif = %piece.justificatif, %echec, "a document killed its reader");
            refused(RaisonRefus::NonVerifiable)
        }
    }
}

fn is_about(constat: &Constat, piece: &AInspecter) -> bool {
    (constat.taille, constat.sha256) == (piece.taille, piece.sha256)
}

async fn copy(service: &Arc<Service>, piece: &AInspecter) -> Result<Scelle, Panne> {
    let (service, blob) = (Arc::clone(service), piece.blob);
    blocking(move || {
        Scelle::seal(|file| service.coffre.copy_blob_to(blob, file).map(drop).map_err(Panne::from))
    })
    .await?
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, io::Error> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)
}

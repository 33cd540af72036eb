//! One piece from « en vérification » to its verdict.

use std::{io, sync::Arc};

use wire::{
    RaisonRefus,
    inspection::{Constat, Verdict},
};

use super::{
    clamd::{self, ClamdError},
    inspecteur::{Inspecteur, InspecteurError, Lecture},
    scelle::Scelle,
};
use crate::{
    coffre::CoffreError,
    registre::{self, AInspecter, VerdictError},
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

/// Inspects one piece and records its verdict.
pub(super) async fn inspect(
    service: &Arc<Service>,
    inspecteur: &Inspecteur,
    piece: &AInspecter,
) -> Result<(), Panne> {
    let verdict = judge(service, inspecteur, piece).await?;
    let (id, now) = (piece.justificatif, service.clock.now());
    match service.store.write(move |tx| registre::record_verdict(tx, id, &verdict, now)).await {
        Ok(None) => Ok(()),
        Ok(Some(blob)) => {
            let service = Arc::clone(service);
            Ok(blocking(move || service.coffre.remove_blob(blob)).await??)
        }
        // Withdrawn while it was being read.
        Err(VerdictError::PasEnAttente) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

async fn judge(
    service: &Arc<Service>,
    inspecteur: &Inspecteur,
    piece: &AInspecter,
) -> Result<Verdict, Panne> {
    let refused = |raison| Ok(Verdict::Refused { raison });
    let document = copy(service, piece).await?;
    // Before anything is believed about them: a damaged disk must not be told to people as a damaged document.
    if (document.taille, document.sha256) != (piece.taille, piece.sha256) {
        tracing::error!(justificatif = %piece.justificatif, "the coffre no longer holds the acknowledged bytes");
        return refused(RaisonRefus::NonVerifiable);
    }
    match inspecteur.read(&document).await.map_err(InspecteurError::from)? {
        Lecture::Verdict(Verdict::Fit(constat)) => {
            if !is_about(&constat, piece) {
                tracing::error!(justificatif = %piece.justificatif, "the inspecteur answered about other bytes");
                return refused(RaisonRefus::NonVerifiable);
            }
            match &service.config.clamd {
                Some(clamd) => match clamd::scan(clamd, &document).await? {
                    Some(raison) => refused(raison),
                    None => Ok(Verdict::Fit(constat)),
                },
                None => Ok(Verdict::Fit(constat)),
            }
        }
        Lecture::Verdict(refusal) => Ok(refusal),
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

//! One piece from « en vérification » to its verdict.

use std::{io, sync::Arc};

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};
use wire::{
    DemandeId, RaisonRefus, UploadId,
    inspection::{Constat, DocumentFait, Verdict},
};

use super::{
    clamd::{self, ClamdError},
    inspecteur::{Inspecteur, InspecteurError, Lecture, Travail},
    reponse::{ApercuRecu, Fait},
    scelle::Scelle,
};
use crate::{
    coffre::{BlobId, CoffreError},
    mesures,
    octets::OctetsError,
    registre::{self, AInspecter, ApercuDessine, ApercusDessines, DocumentGarde, VerdictError},
    secrets::new_id,
    service::Service,
    store::StoreError,
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
    /// Nor its key.
    #[error(transparent)]
    Octets(#[from] OctetsError),
    /// The verdict could not be recorded.
    #[error("the verdict was not recorded: {0}")]
    Verdict(#[from] VerdictError),
    /// The base does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Panne {
    /// What failed, in a word for the metrics.
    pub(super) fn cause(&self) -> &'static str {
        match self {
            Self::Coffre(_) | Self::Octets(_) => "coffre",
            Self::Copie(_) => "memoire",
            Self::Inspecteur(_) => "inspecteur",
            Self::Clamd(_) => "antivirus",
            Self::Verdict(_) | Self::Store(_) => "base",
        }
    }

    /// The same as a fault of the base's or the coffre's, where it is one.
    pub(super) fn of_base_or_coffre(&self) -> Option<mesures::Panne> {
        match self {
            Self::Coffre(error) => Some(error.into()),
            Self::Octets(error) => Some(error.into()),
            Self::Verdict(VerdictError::Store(error)) | Self::Store(error) => Some(error.into()),
            Self::Copie(_) | Self::Inspecteur(_) | Self::Clamd(_) | Self::Verdict(_) => None,
        }
    }
}

/// What a reader found.
struct Lu {
    verdict: Verdict,
    /// The prepared document, where one was to be made and differs.
    fait: Option<Fait>,
    apercus: Vec<ApercuRecu>,
}

impl Lu {
    fn refused(raison: RaisonRefus) -> Self {
        Self { verdict: Verdict::Refused { raison }, fait: None, apercus: Vec::new() }
    }
}

/// Inspects one piece, unless another server on the same base has done so meanwhile.
pub(super) async fn inspect(
    service: &Arc<Service>,
    inspecteur: &Inspecteur,
    piece: &AInspecter,
) -> Result<(), Panne> {
    let id = piece.justificatif;
    match read(service, inspecteur, piece).await {
        // Whoever was first may have put a prepared document in the place of these bytes.
        Err(Panne::Coffre(CoffreError::Absent { .. }))
            if !service.store.read(move |tx| registre::waits_for_inspection(tx, id)).await? =>
        {
            Ok(())
        }
        outcome => outcome,
    }
}

/// Reads one piece and records its verdict, with the document that was prepared where no phone did, and keeps the
/// pictures of its pages.
async fn read(service: &Arc<Service>, inspecteur: &Inspecteur, piece: &AInspecter) -> Result<(), Panne> {
    let Lu { verdict, fait, apercus } = judge(service, inspecteur, piece).await?;
    let (id, now) = (piece.justificatif, service.clock.now());
    let prepared = keep_document(service, piece.demande, fait, now).await?;
    let apercus = keep_apercus(service, piece.demande, apercus, now).await?;
    let kept = prepared.map(|prepared| prepared.blob).into_iter();
    let kept: Vec<_> = kept.chain(apercus.as_ref().map(|apercus| apercus.blob)).collect();
    let recorded = service.store.write(move |tx| {
        let dangerous = registre::record_verdict(tx, id, &verdict, now)?;
        let received = match &prepared {
            Some(prepared) => registre::record_prepared(tx, id, prepared, now)?,
            None => None,
        };
        if let Some(apercus) = &apercus {
            registre::record_apercus(tx, id, apercus, now)?;
        }
        Ok(dangerous.into_iter().chain(received).collect())
    });
    let useless = match recorded.await {
        Ok(useless) => useless,
        // It was withdrawn while it was being read, or another server was first.
        Err(VerdictError::PasEnAttente) => kept,
        Err(error) => return Err(error.into()),
    };
    remove(service, useless).await
}

/// Removes blobs that nobody owns any more.
pub(super) async fn remove(service: &Arc<Service>, useless: Vec<BlobId>) -> Result<(), Panne> {
    if useless.is_empty() {
        return Ok(());
    }
    let service = Arc::clone(service);
    blocking(move || useless.into_iter().try_for_each(|blob| service.coffre.remove_blob(blob))).await??;
    Ok(())
}

/// Puts a document that was made into the coffre. Should no piece ever get it, it is an orphan there.
pub(super) async fn keep_document(
    service: &Arc<Service>,
    demande: DemandeId,
    fait: Option<Fait>,
    now: DateTime<Utc>,
) -> Result<Option<DocumentGarde>, Panne> {
    let Some(Fait::Document { entete, bytes }) = fait else { return Ok(None) };
    let (service, cle) = (Arc::clone(service), service.cle_for(demande).await?);
    blocking(move || {
        let mut staging = service.coffre.open_staging(UploadId(new_id(now)), 0, cle.as_ref())?;
        staging.append(&bytes)?;
        let (taille, sha256) = (staging.length(), wire::Sha256(Sha256::digest(&bytes).into()));
        let blob = service.coffre.seal(staging)?;
        let DocumentFait { media_type, pages, .. } = entete;
        Ok(Some(DocumentGarde { blob, taille, sha256, media_type, pages }))
    })
    .await?
}

/// Puts the pictures into the coffre, one after another; none where there are none.
pub(super) async fn keep_apercus(
    service: &Arc<Service>,
    demande: DemandeId,
    recus: Vec<ApercuRecu>,
    now: DateTime<Utc>,
) -> Result<Option<ApercusDessines>, Panne> {
    if recus.is_empty() {
        return Ok(None);
    }
    let (service, cle) = (Arc::clone(service), service.cle_for(demande).await?);
    blocking(move || {
        let mut staging = service.coffre.open_staging(UploadId(new_id(now)), 0, cle.as_ref())?;
        let (mut sha256, mut images) = (Sha256::new(), Vec::new());
        for ApercuRecu { entete, jpeg } in recus {
            sha256.update(&jpeg);
            images.push(ApercuDessine { entete, debut: staging.length() });
            staging.append(&jpeg)?;
        }
        let taille = staging.length();
        let blob = service.coffre.seal(staging)?;
        Ok(Some(ApercusDessines { blob, taille, sha256: wire::Sha256(sha256.finalize().into()), images }))
    })
    .await?
}

async fn judge(service: &Arc<Service>, inspecteur: &Inspecteur, piece: &AInspecter) -> Result<Lu, Panne> {
    let refused = |raison| Ok(Lu::refused(raison));
    let document = copy(service, piece.blob).await?;
    // Before anything is believed about them: a damaged disk must not be told to people as a damaged document.
    if (document.taille, document.sha256) != (piece.taille, piece.sha256) {
        tracing::error!(justificatif = %piece.justificatif, "the coffre no longer holds the acknowledged bytes");
        return refused(RaisonRefus::NonVerifiable);
    }
    let travail = if piece.a_preparer { Travail::Preparer(&[]) } else { Travail::Inspecter };
    match inspecteur.read(&document, travail).await.map_err(InspecteurError::from)? {
        Lecture::Fit { constat, fait, apercus, echec } => {
            if !is_about(&constat, piece) {
                tracing::error!(justificatif = %piece.justificatif, "the inspecteur answered about other bytes");
                return refused(RaisonRefus::NonVerifiable);
            }
            if piece.a_preparer && fait.is_none() {
                tracing::warn!(justificatif = %piece.justificatif, "a document could not be prepared: it stays as received");
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
                None => Ok(Lu { verdict: Verdict::Fit(constat), fait, apercus }),
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

/// A sealed copy of these bytes, for a reader.
pub(super) async fn copy(service: &Arc<Service>, blob: BlobId) -> Result<Scelle, Panne> {
    let cle = service.cle_of(blob).await.map_err(OctetsError::from)?;
    let service = Arc::clone(service);
    blocking(move || {
        let copy = |file: &mut _| service.coffre.copy_blob_to(blob, cle.as_ref(), file).map(drop);
        Scelle::seal(|file| copy(file).map_err(Panne::from))
    })
    .await?
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, io::Error> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)
}

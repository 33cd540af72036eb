//! Carries out a [`Plan`]: the file to send, whole, or nothing and why.

use std::{
    io,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

use wire::{MediaType, RaisonRefus, Sha256};

use crate::{
    Avertissement, ErreurInspection, PagePlan, Plan, Rotation, empreinte,
    inspecter::{read_source, sniff, with_large_stack},
    pdf, sortie,
};

/// The prepared file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// JPEG for one photo, else PDF.
    pub media_type: MediaType,
    /// Bytes.
    pub taille: u64,
    /// Digest of the prepared file.
    pub sha256: Sha256,
    /// Digest of the source; of several sources, the digest of their digests (32 bytes each), one after the other in
    /// the plan's order.
    pub sha256_original: Sha256,
    /// Pages; 1 for a photo.
    pub pages: u32,
    /// Width and height in pixels; none for a PDF.
    pub pixels: Option<(u32, u32)>,
    /// What the person should know.
    pub avertissements: Vec<Avertissement>,
}

/// How far [`preparer`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progres {
    /// Steps done.
    pub done: u32,
    /// Steps in all: several for each entry of the plan.
    pub total: u32,
}

/// Why there is no prepared file.
#[derive(Debug, thiserror::Error)]
pub enum ErreurPreparation {
    /// One of the sources cannot be a justificatif.
    #[error("{raison}")]
    Refus {
        /// Which entry of the plan, from 0.
        entry: usize,
        /// Why.
        raison: RaisonRefus,
    },
    /// Only the phone's own decoder reads this photo.
    #[error("{}", RaisonRefus::HeicNonConvertible)]
    NeedsPlatformDecode {
        /// Which entry of the plan, from 0.
        entry: usize,
    },
    /// The plan asks for something that cannot be done to this kind of source.
    #[error("Cette modification n’est pas possible sur ce document.")]
    Impossible {
        /// Which entry of the plan, from 0.
        entry: usize,
    },
    /// A plan without pages.
    #[error("Choisissez au moins une page.")]
    PlanVide,
    /// The caller asked to stop.
    #[error("La préparation a été arrêtée.")]
    Annule,
    /// We could not read or write: our fault or the disk's, not the file's.
    #[error(
        "Le document n’a pas pu être enregistré sur cet appareil. Libérez de la place, puis recommencez."
    )]
    Io(#[from] io::Error),
}

/// Prepares the piece of `plan` and writes it at `out`. `progress` hears of each step done; `cancel` is looked at
/// often. Whatever the failure, nothing is left at `out` that was not there.
pub fn preparer(
    plan: &Plan,
    out: &Path,
    progress: &mut dyn FnMut(Progres),
    cancel: &AtomicBool,
) -> Result<Prepared, ErreurPreparation> {
    let [page] = plan.pages.as_slice() else {
        return Err(if plan.pages.is_empty() {
            ErreurPreparation::PlanVide
        } else {
            ErreurPreparation::Impossible { entry: 1 }
        });
    };
    if page.corners.is_some() || !page.masks.is_empty() || page.rotation != Rotation::Aucune {
        return Err(ErreurPreparation::Impossible { entry: 0 });
    }
    let refus = |raison| ErreurPreparation::Refus { entry: 0, raison };
    let bytes = read(page, 0)?;
    let pages = match sniff(&bytes).map_err(refus)? {
        None => return Err(ErreurPreparation::NeedsPlatformDecode { entry: 0 }),
        Some(MediaType::Pdf) => with_large_stack(|| pdf::count_pages(&pdf::open(&bytes)?))?.map_err(refus)?,
        Some(_) => return Err(ErreurPreparation::Impossible { entry: 0 }),
    };
    if cancel.load(Ordering::Relaxed) {
        return Err(ErreurPreparation::Annule);
    }
    sortie::write_atomically(out, &bytes)?;
    progress(Progres { done: 1, total: 1 });
    let sha256 = empreinte::sha256(&bytes);
    Ok(Prepared {
        media_type: MediaType::Pdf,
        taille: bytes.len() as u64,
        sha256,
        sha256_original: empreinte::sha256_of_sources(&[sha256]),
        pages,
        pixels: None,
        avertissements: Vec::new(),
    })
}

/// Reads the source of one entry.
fn read(page: &PagePlan, entry: usize) -> Result<Vec<u8>, ErreurPreparation> {
    read_source(&page.source).map_err(|error| match error {
        ErreurInspection::Refus(raison) => ErreurPreparation::Refus { entry, raison },
        ErreurInspection::Io(error) => error.into(),
    })
}

//! Carries out a [`Plan`]: the file to send, whole, or nothing and why.

use std::{
    collections::HashSet,
    io,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

use wire::{MediaType, RaisonRefus, Sha256, limites};

use crate::{
    Avertissement, ErreurInspection, PagePlan, Plan, caviardage, empreinte,
    inspecter::{apart, read_source, sniff},
    nir,
    pdf::{self, Assembly},
    photo::{self, PhotoError, Plane, PreparedPhoto},
    sortie,
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
    /// The corners given cannot be a sheet's: outside of the photo, in another order, or nearly on a line.
    #[error(
        "Les quatre coins ne forment pas une page : placez-les sur les coins de la feuille, ou gardez la photo entière."
    )]
    Corners {
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
    let mut work = Work { progress, cancel, done: 0, total: steps(plan), originals: Vec::new() };
    let piece = work.piece(plan)?;
    work.check()?;
    sortie::write_atomically(out, &piece.bytes)?;
    work.step();
    Ok(Prepared {
        media_type: piece.media_type,
        taille: piece.bytes.len() as u64,
        sha256: empreinte::sha256(&piece.bytes),
        sha256_original: empreinte::sha256_of_sources(&work.originals),
        pages: piece.pages,
        pixels: piece.pixels,
        avertissements: piece.avertissements,
    })
}

/// Prepares the file at `path`, whole, without writing.
pub(crate) fn rehearse(path: &Path) -> Result<Piece, ErreurPreparation> {
    let plan = Plan::of_files([path]);
    let (progress, cancel): (&mut dyn FnMut(Progres), _) = (&mut |_| {}, &AtomicBool::new(false));
    Work { progress, cancel, done: 0, total: steps(&plan), originals: Vec::new() }.piece(&plan)
}

/// Two for each entry, read and done, and one for the writing.
fn steps(plan: &Plan) -> u32 {
    u32::try_from(plan.pages.len().saturating_mul(2).saturating_add(1)).unwrap_or(u32::MAX)
}

/// A prepared piece that is not written yet.
pub(crate) struct Piece {
    media_type: MediaType,
    pub(crate) bytes: Vec<u8>,
    pages: u32,
    pixels: Option<(u32, u32)>,
    pub(crate) avertissements: Vec<Avertissement>,
    /// The luminance of a photo alone.
    pub(crate) luma: Option<Plane>,
}

/// One preparation under way.
struct Work<'a> {
    progress: &'a mut dyn FnMut(Progres),
    cancel: &'a AtomicBool,
    done: u32,
    total: u32,
    /// Digests of the sources read, in the plan's order.
    originals: Vec<Sha256>,
}

/// A file that was read.
struct Source {
    bytes: Vec<u8>,
    media_type: MediaType,
}

impl Work<'_> {
    /// The piece, whole and within the limits, in memory.
    fn piece(&mut self, plan: &Plan) -> Result<Piece, ErreurPreparation> {
        let first = self.read(plan.pages.first().ok_or(ErreurPreparation::PlanVide)?, 0)?;
        let mut piece = match plan.pages.as_slice() {
            [only] if first.media_type != MediaType::Pdf => self.one_photo(&first, only)?,
            [only] if *only == PagePlan::new(only.source.clone()) => self.one_pdf(first)?,
            entries => self.several(first, entries)?,
        };
        if piece.bytes.len() as u64 > limites::UPLOAD_BYTES_MAX {
            return Err(ErreurPreparation::Refus { entry: 0, raison: RaisonRefus::TropVolumineux });
        }
        if piece.media_type == MediaType::Pdf {
            // The piece is good in any case: where its text makes the reader fail, there is no warning.
            let warning = apart(|| Ok::<_, RaisonRefus>(nir::warning(&piece.bytes)))?;
            piece.avertissements.extend(warning.unwrap_or_default());
        }
        Ok(piece)
    }

    /// One photo becomes one JPEG.
    fn one_photo(&mut self, source: &Source, plan: &PagePlan) -> Result<Piece, ErreurPreparation> {
        let photo = self.photo(source, plan, 0)?;
        self.step();
        Ok(Piece {
            media_type: MediaType::Jpeg,
            bytes: photo.jpeg,
            pages: 1,
            pixels: Some(photo.size),
            avertissements: photo.avertissements,
            luma: Some(photo.luma),
        })
    }

    /// One PDF of which the plan changes nothing.
    fn one_pdf(&mut self, source: Source) -> Result<Piece, ErreurPreparation> {
        let pdf = apart(|| pdf::prepare(source.bytes, self.cancel))?
            .map_err(|raison| ErreurPreparation::Refus { entry: 0, raison })?;
        self.check()?;
        self.step();
        Ok(Piece {
            media_type: MediaType::Pdf,
            bytes: pdf.bytes,
            pages: pdf.pages,
            pixels: None,
            avertissements: pdf.cleaned.then_some(Avertissement::ContenuActifRetire).into_iter().collect(),
            luma: None,
        })
    }

    /// Photos and PDFs become one PDF.
    fn several(&mut self, first: Source, plans: &[PagePlan]) -> Result<Piece, ErreurPreparation> {
        let mut assembly = Assembly::new();
        let mut avertissements = Vec::new();
        let mut first = Some(first);
        for (entry, plan) in plans.iter().enumerate() {
            let source = match first.take() {
                Some(source) => source,
                None => self.read(plan, entry)?,
            };
            let refus = |raison| ErreurPreparation::Refus { entry, raison };
            if source.media_type == MediaType::Pdf {
                if plan.corners.is_some() || plan.clean {
                    return Err(ErreurPreparation::Impossible { entry });
                }
                let masked = if plan.masks.is_empty() {
                    None
                } else {
                    let burnt = apart(|| caviardage::burn(&source.bytes, plan, self.cancel))?;
                    Some(burnt.map_err(refus)?.ok_or(ErreurPreparation::Annule)?)
                };
                let (bytes, page) = match &masked {
                    Some(masked) => (&masked.bytes, None),
                    None => (&source.bytes, plan.page),
                };
                let facts =
                    apart(|| assembly.add_pdf(bytes, page, plan.rotation, self.cancel))?.map_err(refus)?;
                let facts = masked.map_or(facts, |masked| masked.source);
                if facts.signed {
                    avertissements.push(Avertissement::SignaturePerdue);
                }
                if facts.active {
                    avertissements.push(Avertissement::ContenuActifRetire);
                }
            } else {
                let photo = self.photo(&source, plan, entry)?;
                assembly.add_photo(photo.jpeg, photo.size, photo.grey).map_err(refus)?;
                avertissements.extend(photo.avertissements);
            }
            self.step();
            self.check()?;
        }
        let (bytes, pages) = apart(|| assembly.finish())?
            .map_err(|raison| ErreurPreparation::Refus { entry: plans.len().saturating_sub(1), raison })?;
        let mut told = HashSet::new();
        avertissements.retain(|avertissement| told.insert(*avertissement));
        Ok(Piece { media_type: MediaType::Pdf, bytes, pages, pixels: None, avertissements, luma: None })
    }

    fn photo(
        &self,
        source: &Source,
        plan: &PagePlan,
        entry: usize,
    ) -> Result<PreparedPhoto, ErreurPreparation> {
        if plan.page.into_iter().chain(plan.masks.iter().map(|mask| mask.page)).any(|page| page > 0) {
            return Err(ErreurPreparation::Impossible { entry });
        }
        apart(|| photo::prepare(&source.bytes, source.media_type, plan, self.cancel))?.map_err(|error| {
            match error {
                PhotoError::Refus(raison) => ErreurPreparation::Refus { entry, raison },
                PhotoError::Corners => ErreurPreparation::Corners { entry },
                PhotoError::Cancelled => ErreurPreparation::Annule,
            }
        })
    }

    /// Reads the source of one entry and remembers its digest.
    fn read(&mut self, plan: &PagePlan, entry: usize) -> Result<Source, ErreurPreparation> {
        let refus = |raison| ErreurPreparation::Refus { entry, raison };
        let bytes = read_source(&plan.source).map_err(|error| match error {
            ErreurInspection::Refus(raison) => refus(raison),
            ErreurInspection::Io(error) => error.into(),
        })?;
        let media_type =
            sniff(&bytes).map_err(refus)?.ok_or(ErreurPreparation::NeedsPlatformDecode { entry })?;
        self.originals.push(empreinte::sha256(&bytes));
        self.step();
        self.check()?;
        Ok(Source { bytes, media_type })
    }

    fn step(&mut self) {
        self.done = self.done.saturating_add(1).min(self.total);
        (self.progress)(Progres { done: self.done, total: self.total });
    }

    fn check(&self) -> Result<(), ErreurPreparation> {
        if self.cancel.load(Ordering::Relaxed) { Err(ErreurPreparation::Annule) } else { Ok(()) }
    }
}

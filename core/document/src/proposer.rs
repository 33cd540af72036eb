//! What we suggest before anything is sent: where the sheet lies, what an agent could not read, how large it will be.

use std::{io, path::Path};

use wire::RaisonRefus;

use crate::{
    Avertissement, Corners, DeuxDDoc, ErreurPreparation, deux_d_doc,
    inspecter::apart,
    lisibilite,
    page::{self, Quad},
    preparer::rehearse,
};

/// What [`proposer`] suggests for one file.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposition {
    /// Where the sheet lies, if it was found.
    pub corners: Option<CornersProposes>,
    /// What the person should look at before sending.
    pub avertissements: Vec<Avertissement>,
    /// What the document says of itself by its 2D-Doc, if it carries one that can be read.
    pub code: Option<DeuxDDoc>,
    /// Size of the prepared file if nothing is changed, in bytes.
    pub taille_estimee: u64,
}

/// A sheet found in a photo.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CornersProposes {
    /// Where.
    pub corners: Corners,
    /// From 0 (a guess) to 1 (certain). Below 0.5 the photo is better left as it is.
    pub confiance: f32,
}

impl CornersProposes {
    /// Confidence from which the corners may be applied without asking. On 360 made photos of pages, receipts and cards
    /// on ten kinds of table, or of none, or cut: 166 sheets found above it, all four corners within 2 % of the long side
    /// (half of them within 0.2 %), nothing else taken for a sheet; the highest wrong one had 0.61.
    pub const CONFIANCE_SURE: f32 = 0.7;

    /// The corners, where they may be applied without asking.
    pub fn surs(&self) -> Option<Corners> {
        (self.confiance >= Self::CONFIANCE_SURE).then_some(self.corners)
    }
}

/// Why [`proposer`] suggests nothing.
#[derive(Debug, thiserror::Error)]
pub enum ErreurProposition {
    /// The file cannot be a justificatif.
    #[error(transparent)]
    Refus(#[from] RaisonRefus),
    /// Only the phone's own decoder reads this photo.
    #[error("{}", RaisonRefus::HeicNonConvertible)]
    NeedsPlatformDecode,
    /// We could not read it.
    #[error("Ce fichier ne peut pas être lu sur cet appareil.")]
    Io(#[from] io::Error),
}

/// Suggests what to do with the file at `path`. The file is prepared as it is, without being written: a photo takes a
/// fraction of a second, and the warnings and the size are those of what would really be sent.
pub fn proposer(path: &Path) -> Result<Proposition, ErreurProposition> {
    let piece = rehearse(path).map_err(|error| match error {
        ErreurPreparation::Refus { raison, .. } => ErreurProposition::Refus(raison),
        ErreurPreparation::NeedsPlatformDecode { .. } => ErreurProposition::NeedsPlatformDecode,
        ErreurPreparation::Io(error) => ErreurProposition::Io(error),
        // A plan of one whole file asks for nothing impossible, and nobody can stop it.
        ErreurPreparation::Impossible { .. }
        | ErreurPreparation::Corners { .. }
        | ErreurPreparation::PlanVide
        | ErreurPreparation::Annule => ErreurProposition::Refus(RaisonRefus::NonVerifiable),
    })?;
    let (taille_estimee, mut avertissements) = (piece.bytes.len() as u64, piece.avertissements);
    let seen = apart(|| {
        let corners = piece.luma.as_ref().and_then(page::find);
        let legible = piece.luma.as_ref().zip(corners).and_then(|(luma, corners)| {
            let sheet = Quad::of_corners(&corners.surs()?)?;
            Some(lisibilite::warnings(&lisibilite::measure(luma, Some(&sheet))))
        });
        let picture = piece.luma.or_else(|| deux_d_doc::first_page(&piece.bytes));
        Ok::<_, RaisonRefus>((corners, legible, picture.and_then(deux_d_doc::read)))
    })?;
    // A suggestion is worth nothing to somebody who cannot go on: where looking fails, there is none.
    let (corners, legible, read) = seen.unwrap_or_default();
    if let Some(legible) = legible {
        // Where the sheet is surely found, it is what will be sent.
        avertissements.retain(|seen| !lisibilite::WARNINGS.contains(seen));
        avertissements.extend(legible);
    }
    if read.as_ref().is_some_and(|read| read.nir) {
        avertissements.push(Avertissement::NirDansCode);
    }
    Ok(Proposition { corners, avertissements, code: read.and_then(|read| read.code), taille_estimee })
}

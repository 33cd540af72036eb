//! What we suggest before anything is sent: where the sheet lies, what an agent could not read, how large it will be.

use std::{io, path::Path};

use wire::{RaisonRefus, inspection::Constat, limites};

use crate::{Avertissement, Corners, ErreurInspection, Inspection, inspecter};

/// What [`proposer`] suggests for one file.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposition {
    /// Where the sheet lies, if it was found.
    pub corners: Option<CornersProposes>,
    /// What the person should look at before sending.
    pub avertissements: Vec<Avertissement>,
    /// Estimated size of the prepared file, in bytes.
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

/// Suggests what to do with the file at `path`.
pub fn proposer(path: &Path) -> Result<Proposition, ErreurProposition> {
    let constat = match inspecter(path) {
        Ok(Inspection::Document(constat)) => constat,
        Ok(Inspection::NeedsPlatformDecode) => return Err(ErreurProposition::NeedsPlatformDecode),
        Err(ErreurInspection::Refus(raison)) => return Err(raison.into()),
        Err(ErreurInspection::Io(error)) => return Err(error.into()),
    };
    Ok(Proposition {
        corners: None,
        avertissements: warnings_about(&constat),
        taille_estimee: estimate(&constat),
    })
}

/// Bytes of a prepared photo per pixel, measured on the sample pages.
const BYTES_PER_PIXEL: f64 = 0.08;

/// What the facts alone tell.
fn warnings_about(constat: &Constat) -> Vec<Avertissement> {
    match constat.pixels {
        Some((width, height)) if width.max(height) < Avertissement::SMALL_SIDE_PIXELS => {
            vec![Avertissement::ImagePetite]
        }
        _ => Vec::new(),
    }
}

/// The size to expect of the prepared file.
fn estimate(constat: &Constat) -> u64 {
    let Some((width, height)) = constat.pixels else { return constat.taille };
    let scale = f64::from(limites::PREPARED_SIDE_PIXELS_MIN) / f64::from(width.max(height));
    let pixels = f64::from(width) * f64::from(height) * scale.min(1.0).powi(2);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 4 million pixels")]
    let bytes = (pixels * BYTES_PER_PIXEL) as u64;
    bytes
}

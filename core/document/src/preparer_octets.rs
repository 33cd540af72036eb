//! A document prepared in memory, on the current thread, without opening a file or starting a thread: in the server's
//! sandbox, for what a guichet deposits and for what it masks. The work is the same as [`crate::preparer`]'s on one file.

use std::sync::atomic::AtomicBool;

use wire::{MediaType, RaisonRefus, limites};

use crate::{
    Mask, PagePlan, caviardage,
    inspecter::sniff,
    pdf,
    photo::{self, PhotoError},
};

/// A document that was prepared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Octets {
    /// JPEG for a photo, PDF for a PDF.
    pub media_type: MediaType,
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Pages; 1 for a photo.
    pub pages: u32,
}

/// Prepares the file in `bytes` and burns these masks into it. A PDF without masks may come back as it was. A caller
/// gives it 16 MiB of stack.
pub fn preparer_octets(bytes: Vec<u8>, masks: &[Mask]) -> Result<Octets, RaisonRefus> {
    let never = AtomicBool::new(false);
    let plan = PagePlan { masks: masks.to_vec(), ..PagePlan::new("") };
    let media_type = sniff(&bytes)?.ok_or(RaisonRefus::HeicNonConvertible)?;
    let made = if media_type == MediaType::Pdf {
        let bytes = if masks.is_empty() {
            bytes
        } else {
            // There is none only where somebody cancelled.
            caviardage::burn(&bytes, &plan, &never)?.ok_or(RaisonRefus::NonVerifiable)?.bytes
        };
        let pdf = pdf::prepare(bytes, &never)?;
        Octets { media_type, bytes: pdf.bytes, pages: pdf.pages }
    } else {
        if masks.iter().any(|mask| mask.page > 0) {
            return Err(RaisonRefus::AucunePage);
        }
        let photo = photo::prepare(&bytes, media_type, &plan, &never).map_err(|error| match error {
            PhotoError::Refus(raison) => raison,
            // No corners are given here, and nobody cancels.
            PhotoError::Corners | PhotoError::Cancelled => RaisonRefus::NonVerifiable,
        })?;
        Octets { media_type: MediaType::Jpeg, bytes: photo.jpeg, pages: 1 }
    };
    if made.bytes.len() as u64 > limites::UPLOAD_BYTES_MAX {
        return Err(RaisonRefus::TropVolumineux);
    }
    Ok(made)
}

//! PDF: can it be opened by an agent, and how many pages has it.

use lopdf::{Document, LoadOptions};
use wire::{RaisonRefus, limites};

/// Most bytes that one stream may take decompressed while a PDF is opened: object and cross-reference streams, of
/// which the largest seen in ordinary files take 2 MB.
const STREAM_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Opens a PDF that needs no password.
pub(crate) fn open(bytes: &[u8]) -> Result<Document, RaisonRefus> {
    let options = LoadOptions::with_max_decompressed_size(STREAM_BYTES_MAX);
    let document = Document::load_mem_with_options(bytes, options).map_err(|error| match error {
        lopdf::Error::InvalidPassword => RaisonRefus::MotDePasse,
        _ => RaisonRefus::Illisible,
    })?;
    if document.is_encrypted() {
        return Err(RaisonRefus::MotDePasse);
    }
    Ok(document)
}

/// The number of pages, within the limits.
pub(crate) fn count_pages(document: &Document) -> Result<u32, RaisonRefus> {
    let limit = usize::try_from(limites::PAGES_MAX).unwrap_or(usize::MAX);
    let pages = document.page_iter().take(limit.saturating_add(1)).count();
    match u32::try_from(pages) {
        Ok(0) => Err(RaisonRefus::AucunePage),
        Ok(pages) if pages <= limites::PAGES_MAX => Ok(pages),
        _ => Err(RaisonRefus::TropDePages),
    }
}

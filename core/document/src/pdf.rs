//! PDF: can an agent open it, what pages has it, and several pieces made one.

mod assemble;
mod pages;

use lopdf::{Document, LoadOptions, Object};
use wire::{RaisonRefus, limites};

pub(crate) use assemble::Assembly;
pub(crate) use pages::PageRef;

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
    // The library has decrypted it with the empty password where that opens it.
    if document.is_encrypted() {
        return Err(RaisonRefus::MotDePasse);
    }
    Ok(document)
}

/// The pages in their order, within the limits.
pub(crate) fn pages(document: &Document) -> Result<Vec<PageRef>, RaisonRefus> {
    let limit = usize::try_from(limites::PAGES_MAX).unwrap_or(usize::MAX);
    let pages = pages::walk(document, limit.saturating_add(1));
    match pages.len() {
        0 => Err(RaisonRefus::AucunePage),
        count if count <= limit => Ok(pages),
        _ => Err(RaisonRefus::TropDePages),
    }
}

/// The number of pages, within the limits.
pub(crate) fn count_pages(document: &Document) -> Result<u32, RaisonRefus> {
    pages(document).map(|pages| u32::try_from(pages.len()).unwrap_or(u32::MAX))
}

/// Whether it carries an electronic signature: a dictionary that says which bytes it covers (ISO 32000-1, 12.8).
pub(crate) fn is_signed(document: &Document) -> bool {
    document.objects.values().any(|object| match object {
        Object::Dictionary(dictionary) => dictionary.has(b"ByteRange"),
        _ => false,
    })
}

//! PDF: can an agent open it, is it harmless, what pages has it, and several pieces made one.

mod active;
mod assemble;
mod chiffrement;
mod pages;
mod recompress;

use std::sync::atomic::AtomicBool;

use lopdf::{Document, LoadOptions, Object};
use wire::{RaisonRefus, limites};

pub(crate) use assemble::Assembly;
pub(crate) use pages::PageRef;

/// Most bytes that one stream may take decompressed while a PDF is opened: object and cross-reference streams, of
/// which the largest seen in ordinary files take 2 MB.
const STREAM_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Opens a PDF whose pages need no password.
pub(crate) fn open(bytes: &[u8]) -> Result<Document, RaisonRefus> {
    let document = load(bytes)?;
    // The library has decrypted it with the empty password where that opens it.
    if !chiffrement::is_left(&document) {
        return Ok(document);
    }
    if !chiffrement::spares_pages(&document) {
        return Err(RaisonRefus::MotDePasse);
    }
    let mut document = load(&chiffrement::left_out(bytes))?;
    if chiffrement::is_left(&document) || chiffrement::any_stream_of_its_own(&document) {
        return Err(RaisonRefus::MotDePasse);
    }
    chiffrement::forget(&mut document);
    Ok(document)
}

fn load(bytes: &[u8]) -> Result<Document, RaisonRefus> {
    let options = LoadOptions::with_max_decompressed_size(STREAM_BYTES_MAX);
    Document::load_mem_with_options(bytes, options).map_err(|error| match error {
        lopdf::Error::InvalidPassword => RaisonRefus::MotDePasse,
        _ => RaisonRefus::Illisible,
    })
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

/// What was seen of a PDF that can be a justificatif.
pub(crate) struct Facts {
    /// Its pages.
    pub(crate) pages: u32,
    /// It carries an electronic signature: no byte may change.
    pub(crate) signed: bool,
    /// It can do more than be read: scripts, programs, files inside.
    pub(crate) active: bool,
}

/// Looks at an opened PDF.
pub(crate) fn inspect(document: &Document) -> Result<Facts, RaisonRefus> {
    let pages = count_pages(document)?;
    // A form that only a program draws has nothing else to show than « please wait ».
    if document
        .catalog()
        .is_ok_and(|catalog| catalog.get(b"NeedsRendering").and_then(Object::as_bool).unwrap_or(false))
    {
        return Err(RaisonRefus::NonVerifiable);
    }
    // ISO 32000-1, 12.8: a signature says which bytes it covers.
    let signed = active::any_dictionary(document, &|dictionary| dictionary.has(b"ByteRange"));
    let active = active::is_active(document);
    if signed && active {
        return Err(RaisonRefus::Dangereux);
    }
    Ok(Facts { pages, signed, active })
}

/// A PDF alone, ready to send.
pub(crate) struct PreparedPdf {
    /// The file.
    pub(crate) bytes: Vec<u8>,
    /// Its pages.
    pub(crate) pages: u32,
    /// What was active in it has been removed.
    pub(crate) cleaned: bool,
}

/// Prepares a PDF that is sent alone: as it is, byte for byte, unless something active must go or its photographs
/// can be made a quarter smaller.
pub(crate) fn prepare(bytes: Vec<u8>, cancel: &AtomicBool) -> Result<PreparedPdf, RaisonRefus> {
    let mut document = open(&bytes)?;
    let facts = inspect(&document)?;
    let unchanged = |bytes| Ok(PreparedPdf { bytes, pages: facts.pages, cleaned: false });
    if facts.signed {
        return unchanged(bytes);
    }
    if facts.active {
        active::remove(&mut document);
    }
    let saved = recompress::shrink_photographs(&mut document, cancel);
    if !facts.active && saved < bytes.len() / 4 {
        return unchanged(bytes);
    }
    let bytes = save(document)?;
    // A second reading confirms that nothing was lost.
    let again = inspect(&open(&bytes)?)?;
    if again.pages != facts.pages || again.active {
        return Err(RaisonRefus::NonVerifiable);
    }
    Ok(PreparedPdf { bytes, pages: facts.pages, cleaned: facts.active })
}

/// Writes a document in the compact form, whatever form it was read from.
fn save(mut document: Document) -> Result<Vec<u8>, RaisonRefus> {
    let mut bytes = Vec::new();
    document.save_modern(&mut bytes).map_err(|_| RaisonRefus::Illisible)?;
    Ok(bytes)
}

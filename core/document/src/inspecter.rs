//! What a file is, or why it cannot be a justificatif.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
    thread,
};

use wire::{MediaType, RaisonRefus, Sniff, inspection::Constat, limites};

use crate::{empreinte, pdf, photo};

/// Stack of the thread that reads a PDF, in bytes: its parser recurses a hundred deep on nested objects, more than
/// the 1 MB of a phone's threads holds.
const PDF_STACK_BYTES: usize = 16 * 1024 * 1024;

/// What [`inspecter`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inspection {
    /// A document that can be prepared.
    Document(Constat),
    /// HEIC, HEIF or AVIF: only the phone's own decoder reads it. Where there is none, the refusal is
    /// [`RaisonRefus::HeicNonConvertible`].
    NeedsPlatformDecode,
}

/// Why [`inspecter`] has no answer.
#[derive(Debug, thiserror::Error)]
pub enum ErreurInspection {
    /// The file cannot be a justificatif.
    #[error(transparent)]
    Refus(#[from] RaisonRefus),
    /// We could not read it: our fault or the disk's, not the file's.
    #[error("Ce fichier ne peut pas être lu sur cet appareil.")]
    Io(#[from] io::Error),
}

/// Tells what the file at `path` is, by its content.
pub fn inspecter(path: &Path) -> Result<Inspection, ErreurInspection> {
    let bytes = read_source(path)?;
    Ok(apart(|| inspecter_octets(&bytes))??)
}

/// The same for bytes in memory, on the current thread, without opening a file or starting a thread: it runs in
/// the server's sandbox. A caller gives it 16 MiB of stack.
pub fn inspecter_octets(bytes: &[u8]) -> Result<Inspection, RaisonRefus> {
    if bytes.len() as u64 > limites::SOURCE_BYTES_MAX {
        return Err(RaisonRefus::TropVolumineux);
    }
    let (media_type, pages, pixels) = match sniff(bytes)? {
        None => return Ok(Inspection::NeedsPlatformDecode),
        Some(MediaType::Pdf) => (MediaType::Pdf, pdf::inspect(&pdf::open(bytes)?)?.pages, None),
        Some(media_type) => (media_type, 1, Some(photo::verify(bytes, media_type)?)),
    };
    let sha256 = empreinte::sha256(bytes);
    Ok(Inspection::Document(Constat { media_type, taille: bytes.len() as u64, sha256, pages, pixels }))
}

/// The type of `bytes`; `None` where only the phone's decoder reads it.
pub(crate) fn sniff(bytes: &[u8]) -> Result<Option<MediaType>, RaisonRefus> {
    match wire::sniff(bytes) {
        _ if bytes.is_empty() => Err(RaisonRefus::Vide),
        Sniff::Known(media_type) => Ok(Some(media_type)),
        Sniff::Heif => Ok(None),
        Sniff::TooShort | Sniff::Unknown => Err(RaisonRefus::TypeInconnu),
    }
}

/// Reads a source whole, unless it is too large.
pub(crate) fn read_source(path: &Path) -> Result<Vec<u8>, ErreurInspection> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    if length > limites::SOURCE_BYTES_MAX {
        return Err(RaisonRefus::TropVolumineux.into());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    // The file may grow between the two lines: the limit is held again while reading.
    file.take(limites::SOURCE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limites::SOURCE_BYTES_MAX {
        return Err(RaisonRefus::TropVolumineux.into());
    }
    Ok(bytes)
}

/// Runs `work` on a thread whose stack holds what a PDF's parser needs. A decoder that panics there costs its file and
/// no more.
pub(crate) fn apart<T: Send, E: From<RaisonRefus> + Send>(
    work: impl FnOnce() -> Result<T, E> + Send,
) -> io::Result<Result<T, E>> {
    thread::scope(|scope| {
        let worker = thread::Builder::new().stack_size(PDF_STACK_BYTES).spawn_scoped(scope, work)?;
        Ok(worker.join().unwrap_or_else(|_| Err(RaisonRefus::NonVerifiable.into())))
    })
}

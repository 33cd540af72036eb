//! The length and SHA-256 of a file, read in small pieces.

use std::{fs::File, io, io::Read as _, path::Path};

use sha2::Digest as _;
use wire::Sha256;

/// Bytes read at once.
const PIECE_BYTES: usize = 64 * 1024;

/// What a file holds now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Empreinte {
    pub(crate) taille: u64,
    pub(crate) sha256: Sha256,
}

/// Reads a whole file. Minutes on a slow card for the largest: call it from a blocking thread.
pub(crate) fn read_empreinte(path: &Path) -> io::Result<Empreinte> {
    let mut file = File::open(path)?;
    let mut hash = sha2::Sha256::new();
    let mut piece = vec![0; PIECE_BYTES];
    let mut taille = 0;
    loop {
        let read = match file.read(&mut piece) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hash.update(piece.get(..read).unwrap_or_default());
        taille += read as u64;
    }
    Ok(Empreinte { taille, sha256: Sha256(hash.finalize().into()) })
}

/// [`read_empreinte`] on a blocking thread.
pub(crate) async fn empreinte_of(path: std::path::PathBuf) -> io::Result<Empreinte> {
    tokio::task::spawn_blocking(move || read_empreinte(&path)).await.map_err(io::Error::other)?
}

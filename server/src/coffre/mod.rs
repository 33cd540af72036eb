//! The coffre: where the bytes of pieces lie. Nothing outside this module knows how they lie on disk.
//!
//! An upload grows in a [`Staging`] file; when it is complete and its digest is right it is sealed: the same file,
//! under its final name, never changed again. What can go wrong, and what holds then:
//!
//! - *The process dies while it writes.* What was not synced may be lost, so an offset is promised only after
//!   [`Staging::sync`]; whatever lies beyond the last promised offset is cut off when the upload goes on.
//! - *The process dies between sealing and the commit that makes the piece exist.* The bytes already have their final
//!   name but no piece owns them. A blob keeps the upload's id, so [`Coffre::open_staging`] finds them and takes them
//!   back; if nobody resumes, the collection of orphans removes them.
//! - *A sync fails.* The kernel may have dropped the pages and may report success next time: the caller must promise
//!   nothing of this request, and the next one starts again from the last promised offset.
//! - *The disk is full.* [`CoffreError::DisquePlein`]: what was promised stays.
//!
//! Everything here blocks and belongs on a blocking thread.

mod blob;
mod staging;

use std::{
    fs::{self, DirBuilder, File},
    io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    time::SystemTime,
};

use uuid::Uuid;
use wire::UploadId;

pub use blob::Blob;
pub use staging::Staging;

/// Directories are for the service's own account only: these are identity papers.
const DIRECTORY_MODE: u32 = 0o700;

/// Files too.
const FILE_MODE: u32 = 0o600;

/// The name of sealed bytes. Opaque: it says nothing of the demande or of the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlobId(pub Uuid);

/// Why the coffre could not do what it was asked. Paths are left out: they name nothing an operator needs that the
/// operation does not say.
#[derive(Debug, thiserror::Error)]
pub enum CoffreError {
    /// No room, or the account's quota is used up.
    #[error("plus de place dans le coffre ({operation})")]
    DisquePlein {
        /// What was being done.
        operation: &'static str,
    },
    /// The bytes are not there.
    #[error("fichier absent du coffre ({operation})")]
    Absent {
        /// What was being done.
        operation: &'static str,
    },
    /// Fewer bytes are there than were promised: the disk or someone lost some.
    #[error("fichier du coffre plus court que promis : {presents} octets au lieu de {promis}")]
    TropCourt {
        /// Bytes found.
        presents: u64,
        /// Bytes promised.
        promis: u64,
    },
    /// The system refused.
    #[error("le coffre est en défaut ({operation}) : {source}")]
    Systeme {
        /// What was being done.
        operation: &'static str,
        /// The system's answer.
        source: io::Error,
    },
}

impl CoffreError {
    fn new(operation: &'static str, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DisquePlein { operation },
            io::ErrorKind::NotFound => Self::Absent { operation },
            _ => Self::Systeme { operation, source },
        }
    }
}

/// One directory with two rooms: `staging`, a file per upload under way, and `blobs`, sealed files in 256 directories.
#[derive(Debug, Clone)]
pub struct Coffre {
    staging: PathBuf,
    blobs: PathBuf,
}

impl Coffre {
    /// Opens the coffre under `root`, making what is missing. All 256 directories are made now, so that sealing
    /// never has to make one durable.
    pub fn open(root: &Path) -> Result<Self, CoffreError> {
        let coffre = Self { staging: root.join("staging"), blobs: root.join("blobs") };
        let attempt = || -> io::Result<()> {
            make_directory(root)?;
            make_directory(&coffre.staging)?;
            make_directory(&coffre.blobs)?;
            for shard in 0..=u8::MAX {
                make_directory(&coffre.blobs.join(format!("{shard:02x}")))?;
            }
            sync_directory(&coffre.blobs)?;
            sync_directory(root)
        };
        attempt().map_err(|source| CoffreError::new("ouverture", source))?;
        Ok(coffre)
    }

    /// Opens an upload's bytes to add to them after the first `durable`, the last offset promised. What lies beyond
    /// was promised to nobody and is cut off.
    pub fn open_staging(&self, upload: UploadId, durable: u64) -> Result<Staging, CoffreError> {
        if durable > 0 {
            self.take_back(upload)?;
        }
        Staging::open(self, upload, durable)
    }

    /// Gives a complete upload its final name. Durable order: bytes, then the name, then the directory that holds
    /// the name; only then may the caller commit the piece that owns it.
    pub fn seal(&self, staging: Staging) -> Result<BlobId, CoffreError> {
        let blob = blob_of(staging.upload());
        let from = self.staging_path(staging.upload());
        staging.sync()?;
        // Closed: nothing is ever written to sealed bytes.
        drop(staging);
        let to = self.blob_path(blob);
        fs::rename(from, &to).map_err(|source| CoffreError::new("scellement", source))?;
        sync_directory(&self.shard_path(blob)).map_err(|source| CoffreError::new("scellement", source))?;
        Ok(blob)
    }

    /// Removes an upload's bytes, sealed or not. Only for an upload that became no piece and never will.
    pub fn remove_upload(&self, upload: UploadId) -> Result<(), CoffreError> {
        self.remove_staging(upload)?;
        self.remove_blob(blob_of(upload))
    }

    /// Removes an upload's bytes that are not sealed.
    pub fn remove_staging(&self, upload: UploadId) -> Result<(), CoffreError> {
        remove(&self.staging_path(upload))
    }

    /// Removes sealed bytes. That they are gone already is no error: a removal may be repeated.
    pub fn remove_blob(&self, blob: BlobId) -> Result<(), CoffreError> {
        remove(&self.blob_path(blob))
    }

    /// The uploads with bytes under way, and when each last changed: for the collection of orphans.
    pub fn list_staging(&self) -> Result<Vec<(UploadId, SystemTime)>, CoffreError> {
        let names = list(&self.staging).map_err(|source| CoffreError::new("inventaire", source))?;
        Ok(names.into_iter().map(|(id, changed)| (UploadId(id), changed)).collect())
    }

    /// The sealed blobs, and when each last changed: for the collection of orphans.
    pub fn list_blobs(&self) -> Result<Vec<(BlobId, SystemTime)>, CoffreError> {
        let attempt = || -> io::Result<Vec<_>> {
            let mut found = Vec::new();
            for shard in 0..=u8::MAX {
                let names = list(&self.blobs.join(format!("{shard:02x}")))?;
                found.extend(names.into_iter().map(|(id, changed)| (BlobId(id), changed)));
            }
            Ok(found)
        };
        attempt().map_err(|source| CoffreError::new("inventaire", source))
    }

    /// Undoes a sealing whose piece was never committed.
    fn take_back(&self, upload: UploadId) -> Result<(), CoffreError> {
        let to = self.staging_path(upload);
        if to.exists() {
            return Ok(());
        }
        match fs::rename(self.blob_path(blob_of(upload)), to) {
            Ok(()) => sync_directory(&self.staging).map_err(|source| CoffreError::new("reprise", source)),
            Err(source) => Err(CoffreError::new("reprise", source)),
        }
    }

    fn staging_path(&self, upload: UploadId) -> PathBuf {
        self.staging.join(upload.0.simple().to_string())
    }

    fn blob_path(&self, blob: BlobId) -> PathBuf {
        self.shard_path(blob).join(blob.0.simple().to_string())
    }

    /// The last byte of an id is random, the first ones are a date: the last spreads.
    fn shard_path(&self, blob: BlobId) -> PathBuf {
        let [.., last] = *blob.0.as_bytes();
        self.blobs.join(format!("{last:02x}"))
    }
}

/// A blob keeps the id of the upload that brought it: that is what makes a half-finished sealing findable.
fn blob_of(upload: UploadId) -> BlobId {
    BlobId(upload.0)
}

fn make_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(DIRECTORY_MODE).create(path)
}

/// Makes the names in a directory durable.
fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

fn remove(path: &Path) -> Result<(), CoffreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(CoffreError::new("effacement", error)),
        _ => Ok(()),
    }
}

/// The ids that name files in a directory. Other names are not ours and are left alone.
fn list(path: &Path) -> io::Result<Vec<(Uuid, SystemTime)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name();
        if let Some(id) = name.to_str().and_then(|name| Uuid::try_parse(name).ok()) {
            match entry.metadata() {
                Ok(metadata) => found.push((id, metadata.modified()?)),
                // Removed or sealed since the directory was read.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests;

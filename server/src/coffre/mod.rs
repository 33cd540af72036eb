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
//! - *Bytes are changed, cut or exchanged on the disk.* In an enciphered file they do not open ([`CoffreError::Altere`]);
//!   in a file in clear only the digest in the base tells.
//!
//! With a master key of the operator's everything new is enciphered under a key of its demande (`cle`, `chiffre`);
//! without one it is written in clear. Both may lie here side by side: the form is told by a file's name.
//!
//! Everything here blocks and belongs on a blocking thread.

mod blob;
mod chiffre;
mod cle;
mod staging;

use std::{
    fs::{self, DirBuilder, File},
    io,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use uuid::Uuid;
use wire::{DemandeId, UploadId};

pub use blob::Blob;
pub use cle::{CleError, CleId, Cles, Enveloppe, create_master_key};
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
    /// The bytes, or the key that they need, are not what was written.
    #[error("octets altérés dans le coffre ({operation})")]
    Altere {
        /// What was being done.
        operation: &'static str,
    },
    /// The bytes are enciphered, and their key is gone or was not given.
    #[error("fichier chiffré du coffre dont la clé manque")]
    SansCle,
    /// The key of the bytes is wrapped by a master key that was not given.
    #[error("la clé maîtresse {cle} manque : indiquez son fichier (--cle ou --ancienne-cle)")]
    CleInconnue {
        /// Its name.
        cle: CleId,
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

/// How a file's bytes lie in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Forme {
    /// Enciphered: see `chiffre`.
    Chiffre,
    /// As they came.
    Clair,
}

impl Forme {
    /// In the order in which they are looked for.
    const ALL: [Self; 2] = [Self::Chiffre, Self::Clair];

    /// What the name of a file of this form ends with.
    fn suffix(self) -> &'static str {
        match self {
            Self::Chiffre => ".chiffre",
            Self::Clair => "",
        }
    }
}

/// One directory with two rooms: `staging`, a file per upload under way, and `blobs`, sealed files in 256 directories.
#[derive(Debug, Clone)]
pub struct Coffre {
    staging: PathBuf,
    blobs: PathBuf,
    cles: Option<Arc<Cles>>,
}

impl Coffre {
    /// Opens the coffre under `root`, making what is missing. All 256 directories are made now, so that sealing
    /// never has to make one durable. With keys, what is new is enciphered.
    pub fn open(root: &Path, cles: Option<Cles>) -> Result<Self, CoffreError> {
        let coffre =
            Self { staging: root.join("staging"), blobs: root.join("blobs"), cles: cles.map(Arc::new) };
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

    /// The name of the master key under which new data keys are wrapped; none where everything is written in clear.
    pub fn cle_courante(&self) -> Option<CleId> {
        self.cles.as_deref().map(Cles::courante)
    }

    /// Whether this master key was given.
    pub fn knows(&self, maitresse: CleId) -> bool {
        self.cles.as_deref().is_some_and(|cles| cles.knows(maitresse))
    }

    /// Draws a data key for a demande; none where everything is written in clear.
    pub fn draw_key(&self, demande: DemandeId) -> Result<Option<Enveloppe>, CoffreError> {
        self.cles.as_deref().map(|cles| cles.draw(demande)).transpose()
    }

    /// The same data key under the current master key.
    pub fn rewrap(&self, cle: &Enveloppe) -> Result<Enveloppe, CoffreError> {
        self.cles.as_deref().ok_or(CoffreError::CleInconnue { cle: cle.maitresse })?.rewrap(cle)
    }

    /// Opens an upload's bytes to add to them after the first `durable`, the last offset promised. What lies beyond
    /// was promised to nobody and is cut off. With the key of their demande they are enciphered; what was begun in clear
    /// is ended in clear.
    pub fn open_staging(
        &self,
        upload: UploadId,
        durable: u64,
        cle: Option<&Enveloppe>,
    ) -> Result<Staging, CoffreError> {
        let forme = if durable > 0 {
            self.take_back(upload)?
        } else {
            let (forme, other) =
                if cle.is_some() { (Forme::Chiffre, Forme::Clair) } else { (Forme::Clair, Forme::Chiffre) };
            // What an earlier try left was promised to nobody. In the same form it is written over; in the other one it
            // must not be found in place of what comes.
            remove(&self.staging_path(upload, other))?;
            remove(&self.blob_path(blob_of(upload), other))?;
            forme
        };
        Staging::open(self, upload, durable, forme, cle)
    }

    /// Gives a complete upload its final name. Durable order: bytes, then the name, then the directory that holds
    /// the name; only then may the caller commit the piece that owns it.
    pub fn seal(&self, mut staging: Staging) -> Result<BlobId, CoffreError> {
        let (blob, forme) = (blob_of(staging.upload()), staging.forme());
        let from = self.staging_path(staging.upload(), forme);
        staging.conclude()?;
        staging.sync()?;
        // Closed: nothing is ever written to sealed bytes.
        drop(staging);
        let to = self.blob_path(blob, forme);
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
        Forme::ALL.into_iter().try_for_each(|forme| remove(&self.staging_path(upload, forme)))
    }

    /// Removes sealed bytes. That they are gone already is no error: a removal may be repeated.
    pub fn remove_blob(&self, blob: BlobId) -> Result<(), CoffreError> {
        Forme::ALL.into_iter().try_for_each(|forme| remove(&self.blob_path(blob, forme)))
    }

    /// Copies sealed bytes as they lie here into another coffre, unless it has them; durable when this returns. Whether it
    /// had to. Blocks.
    pub fn copy_to(&self, blob: BlobId, other: &Self) -> Result<bool, CoffreError> {
        if Forme::ALL.into_iter().any(|forme| other.blob_path(blob, forme).exists()) {
            return Ok(false);
        }
        let (mut from, forme) = self.find_blob(blob)?;
        let (staged, to) = (other.staging_path(UploadId(blob.0), forme), other.blob_path(blob, forme));
        let mut attempt = || -> io::Result<()> {
            let mut options = fs::OpenOptions::new();
            let mut file = options.write(true).create(true).truncate(true).mode(FILE_MODE).open(&staged)?;
            io::copy(&mut from, &mut file)?;
            file.sync_data()?;
            fs::rename(&staged, &to)?;
            sync_directory(&other.shard_path(blob))
        };
        attempt().map_err(|source| CoffreError::new("copie", source))?;
        Ok(true)
    }

    /// Bytes that the service's account can still write on the file system of the uploads.
    pub fn free_bytes(&self) -> Result<u64, CoffreError> {
        let measured = rustix::fs::statvfs(&self.staging)
            .map_err(|source| CoffreError::new("mesure de la place", source.into()))?;
        Ok(measured.f_bavail.saturating_mul(measured.f_frsize))
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

    /// Finds an upload's file, and undoes a sealing whose piece was never committed.
    fn take_back(&self, upload: UploadId) -> Result<Forme, CoffreError> {
        let staged = Forme::ALL.into_iter().find(|forme| self.staging_path(upload, *forme).exists());
        if let Some(forme) = staged {
            return Ok(forme);
        }
        let mut absent = io::ErrorKind::NotFound.into();
        for forme in Forme::ALL {
            match fs::rename(self.blob_path(blob_of(upload), forme), self.staging_path(upload, forme)) {
                Ok(()) => {
                    sync_directory(&self.staging).map_err(|source| CoffreError::new("reprise", source))?;
                    return Ok(forme);
                }
                Err(source) if source.kind() == io::ErrorKind::NotFound => absent = source,
                Err(source) => return Err(CoffreError::new("reprise", source)),
            }
        }
        Err(CoffreError::new("reprise", absent))
    }

    /// What enciphered bytes need.
    fn cles_for<'e>(&self, cle: Option<&'e Enveloppe>) -> Result<(&Cles, &'e Enveloppe), CoffreError> {
        self.cles.as_deref().zip(cle).ok_or(CoffreError::SansCle)
    }

    fn staging_path(&self, upload: UploadId, forme: Forme) -> PathBuf {
        self.staging.join(file_name(upload.0, forme))
    }

    fn blob_path(&self, blob: BlobId, forme: Forme) -> PathBuf {
        self.shard_path(blob).join(file_name(blob.0, forme))
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

fn file_name(id: Uuid, forme: Forme) -> String {
    format!("{}{}", id.simple(), forme.suffix())
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
        if let Some(id) = name.to_str().and_then(file_id) {
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

/// The id that a file of ours is named by.
fn file_id(name: &str) -> Option<Uuid> {
    Uuid::try_parse(name.strip_suffix(Forme::Chiffre.suffix()).unwrap_or(name)).ok()
}

#[cfg(test)]
mod tests;

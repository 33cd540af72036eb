//! The first engine: files in a folder. `staging` has a file per upload under way, `blobs` sealed files in 256 directories.
//!
//! Everything is durable when it returns, but for what is being written to a file: see [`super::support`].

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    time::SystemTime,
};

use uuid::Uuid;
use wire::UploadId;

use super::{BlobId, CoffreError, FILE_MODE, Forme, blob_of, file_id, file_name, sync_directory};

/// Directories are for the service's own account only: these are identity papers.
const DIRECTORY_MODE: u32 = 0o700;

/// The folder's two rooms.
#[derive(Debug, Clone)]
pub(super) struct Dossier {
    pub(super) staging: PathBuf,
    blobs: PathBuf,
}

impl Dossier {
    /// The coffre under `root`, as it is there.
    pub(super) fn at(root: &Path) -> Self {
        Self { staging: root.join("staging"), blobs: root.join("blobs") }
    }

    /// The same, making what is missing. All 256 directories are made now, so that sealing never has to make one durable.
    pub(super) fn make(root: &Path) -> io::Result<Self> {
        let dossier = Self::at(root);
        make_directory(root)?;
        make_directory(&dossier.staging)?;
        make_directory(&dossier.blobs)?;
        for shard in 0..=u8::MAX {
            make_directory(&dossier.blobs.join(super::shard_name(shard)))?;
        }
        sync_directory(&dossier.blobs)?;
        sync_directory(root)?;
        Ok(dossier)
    }

    /// An upload's file to write from its beginning, and the directory to be synced before any offset in it is promised.
    /// What an earlier try left was promised to nobody. In the same form it is written over; in the other one it must not be
    /// found in place of what comes.
    pub(super) fn begin(&self, upload: UploadId, forme: Forme) -> Result<(File, PathBuf), CoffreError> {
        let other = forme.other();
        remove(&self.staging_path(upload, other))?;
        remove(&self.blob_path(blob_of(upload), other))?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(true).mode(FILE_MODE);
        let file = options.open(self.staging_path(upload, forme));
        let file = file.map_err(|source| CoffreError::new("ouverture d’un envoi", source))?;
        Ok((file, self.staging.clone()))
    }

    /// An upload's file to go on with; undoes a sealing whose piece was never committed.
    pub(super) fn resume(&self, upload: UploadId) -> Result<(File, Forme), CoffreError> {
        let forme = self.take_back(upload)?;
        let opened = OpenOptions::new().read(true).write(true).open(self.staging_path(upload, forme));
        let file = opened.map_err(|source| CoffreError::new("ouverture d’un envoi", source))?;
        Ok((file, forme))
    }

    /// The bytes of an upload as they lie, sealed or not; nothing is changed.
    pub(super) fn look_at(&self, upload: UploadId) -> Result<(File, Forme), CoffreError> {
        for forme in Forme::ALL {
            match File::open(self.staging_path(upload, forme)) {
                Ok(file) => return Ok((file, forme)),
                Err(source) if source.kind() == io::ErrorKind::NotFound => {}
                Err(source) => return Err(CoffreError::new("lecture", source)),
            }
        }
        self.find_blob(blob_of(upload))
    }

    /// Durable order: bytes, before this is called; then the name, then the directory that holds the name.
    pub(super) fn seal(&self, upload: UploadId, forme: Forme) -> Result<(), CoffreError> {
        let (blob, from) = (blob_of(upload), self.staging_path(upload, forme));
        fs::rename(from, self.blob_path(blob, forme))
            .and_then(|()| sync_directory(&self.shard_path(blob)))
            .map_err(|source| CoffreError::new("scellement", source))
    }

    pub(super) fn find_blob(&self, blob: BlobId) -> Result<(File, Forme), CoffreError> {
        let mut absent = io::ErrorKind::NotFound.into();
        for forme in Forme::ALL {
            match File::open(self.blob_path(blob, forme)) {
                Ok(file) => return Ok((file, forme)),
                Err(source) if source.kind() == io::ErrorKind::NotFound => absent = source,
                Err(source) => return Err(CoffreError::new("lecture", source)),
            }
        }
        Err(CoffreError::new("lecture", absent))
    }

    pub(super) fn holds(&self, blob: BlobId) -> bool {
        Forme::ALL.into_iter().any(|forme| self.blob_path(blob, forme).exists())
    }

    pub(super) fn remove_staging(&self, upload: UploadId) -> Result<(), CoffreError> {
        Forme::ALL.into_iter().try_for_each(|forme| remove(&self.staging_path(upload, forme)))
    }

    pub(super) fn remove_blob(&self, blob: BlobId) -> Result<(), CoffreError> {
        Forme::ALL.into_iter().try_for_each(|forme| remove(&self.blob_path(blob, forme)))
    }

    pub(super) fn free_bytes(&self) -> Result<u64, CoffreError> {
        let measured = rustix::fs::statvfs(&self.staging)
            .map_err(|source| CoffreError::new("mesure de la place", source.into()))?;
        Ok(measured.f_bavail.saturating_mul(measured.f_frsize))
    }

    pub(super) fn list_staging(&self) -> Result<Vec<(Uuid, SystemTime)>, CoffreError> {
        list(&self.staging).map_err(|source| CoffreError::new("inventaire", source))
    }

    pub(super) fn list_blobs(&self, shard: u8) -> Result<Vec<(Uuid, SystemTime)>, CoffreError> {
        list(&self.blobs.join(super::shard_name(shard)))
            .map_err(|source| CoffreError::new("inventaire", source))
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

    pub(super) fn staging_path(&self, upload: UploadId, forme: Forme) -> PathBuf {
        self.staging.join(file_name(upload.0, forme))
    }

    pub(super) fn blob_path(&self, blob: BlobId, forme: Forme) -> PathBuf {
        self.shard_path(blob).join(file_name(blob.0, forme))
    }

    pub(super) fn shard_path(&self, blob: BlobId) -> PathBuf {
        self.blobs.join(super::shard_of(blob))
    }
}

fn make_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(DIRECTORY_MODE).create(path)
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
        if let Some((id, _)) = name.to_str().and_then(file_id) {
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

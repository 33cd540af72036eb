//! The coffre: where the bytes of pieces lie. Nothing outside this module knows how they lie on disk or in S3.
//!
//! Two engines: files in a folder (`dossier`), for one machine or a folder that several share, and objects in a bucket of
//! S3 (`s3`). What is enciphered, staged and read is written once, over either (`support`).
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
//! - *S3 does not answer.* [`CoffreError::Injoignable`], after a few attempts: what was promised stays.
//! - *Bytes are changed, cut or exchanged on the disk.* In an enciphered file they do not open ([`CoffreError::Altere`]);
//!   in a file in clear only the digest in the base tells.
//!
//! With a master key of the operator's everything new is enciphered under a key of its demande (`cle`, `chiffre`);
//! without one it is written in clear. Both may lie here side by side: the form is told by a file's name.
//!
//! Everything here blocks and belongs on a blocking thread.

mod blob;
mod bucket;
mod chiffre;
mod cle;
mod copie;
mod dossier;
#[cfg(test)]
pub(crate) mod essai;
mod objets;
mod s3;
mod staging;
mod support;

use std::{collections::HashMap, fs::File, io, path::Path, sync::Arc, time::SystemTime};

use uuid::Uuid;
use wire::{DemandeId, UploadId};

pub use blob::Blob;
pub use bucket::{AccesError, Bucket, BucketError};
pub use cle::{CleError, CleId, Cles, Enveloppe, create_master_key};
use dossier::Dossier;
use objets::Objets;
use s3::S3;
pub use staging::Staging;
use support::Support;

/// Files are for the service's own account only: these are identity papers.
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
    /// S3 does not answer, or answers that it is in trouble: later it may do.
    #[error("S3 ne répond pas comme il faut ({operation}) : {cause}")]
    Injoignable {
        /// What was being done.
        operation: &'static str,
        /// What came instead of an answer.
        cause: &'static str,
    },
    /// S3 does not let us.
    #[error("S3 refuse l’accès ({operation}) : vérifiez les clés AWS_… et leurs droits sur le bucket")]
    Refuse {
        /// What was being done.
        operation: &'static str,
    },
    /// There is no such bucket.
    #[error("il n’y a pas de bucket « {bucket} » sur ce serveur S3 : créez-le d’abord")]
    SansBucket {
        /// Its name.
        bucket: String,
    },
    /// What opens the bucket.
    #[error(transparent)]
    Acces(#[from] AccesError),
    /// What the settings say cannot be used with S3.
    #[error("le coffre S3 ne peut pas être préparé : vérifiez son adresse")]
    Reglage,
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

    fn other(self) -> Self {
        match self {
            Self::Chiffre => Self::Clair,
            Self::Clair => Self::Chiffre,
        }
    }

    /// The name before the suffix, and the form that this tells.
    fn split(name: &str) -> (&str, Self) {
        match name.strip_suffix(Self::Chiffre.suffix()) {
            Some(name) => (name, Self::Chiffre),
            None => (name, Self::Clair),
        }
    }
}

/// Where bytes lie, and the keys of what is enciphered there. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Coffre {
    moteur: Moteur,
    cles: Option<Arc<Cles>>,
}

/// The two engines.
#[derive(Debug, Clone)]
enum Moteur {
    Dossier(Dossier),
    S3(S3),
}

impl Coffre {
    /// Opens the coffre in a folder, making what is missing. With keys, what is new is enciphered.
    pub fn open(root: &Path, cles: Option<Cles>) -> Result<Self, CoffreError> {
        let dossier = Dossier::make(root).map_err(|source| CoffreError::new("ouverture", source))?;
        Ok(Self { moteur: Moteur::Dossier(dossier), cles: cles.map(Arc::new) })
    }

    /// Opens the coffre in a bucket, which must be there.
    pub fn open_bucket(bucket: &Bucket, cles: Option<Cles>) -> Result<Self, CoffreError> {
        Ok(Self { moteur: Moteur::S3(S3::open(bucket)?), cles: cles.map(Arc::new) })
    }

    /// The coffre in a folder as it is there, only to copy from it: nothing is made, and no key is needed.
    pub fn at(root: &Path) -> Self {
        Self { moteur: Moteur::Dossier(Dossier::at(root)), cles: None }
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
        let (support, forme) = if durable > 0 {
            self.resume(upload)?
        } else {
            let forme = if cle.is_some() { Forme::Chiffre } else { Forme::Clair };
            (self.begin(upload, forme)?, forme)
        };
        Staging::open(self, upload, durable, (support, forme), cle)
    }

    /// Gives a complete upload its final name. Durable when this returns; only then may the caller commit the piece that
    /// owns it.
    pub fn seal(&self, mut staging: Staging) -> Result<BlobId, CoffreError> {
        let (upload, forme) = (staging.upload(), staging.forme());
        let blob = blob_of(upload);
        staging.conclude()?;
        match (&self.moteur, staging.into_support()) {
            (Moteur::Dossier(dossier), mut support) => {
                support.sync_bytes()?;
                // Closed: nothing is ever written to sealed bytes.
                drop(support);
                dossier.seal(upload, forme)?;
            }
            (Moteur::S3(s3), Support::Objets(objets)) => s3.seal(objets, &blob_key(blob, forme))?,
            (Moteur::S3(_), Support::Fichier { .. }) => {
                return Err(CoffreError::Altere { operation: "scellement" });
            }
        }
        Ok(blob)
    }

    /// A piece owns an upload's bytes, of which some had been promised along the way: those may lie apart still, and go.
    pub fn tidy(&self, upload: UploadId) -> Result<(), CoffreError> {
        match &self.moteur {
            // Sealing has taken the file with it.
            Moteur::Dossier(_) => Ok(()),
            Moteur::S3(_) => self.remove_staging(upload),
        }
    }

    /// Removes an upload's bytes, sealed or not. Only for an upload that became no piece and never will.
    pub fn remove_upload(&self, upload: UploadId) -> Result<(), CoffreError> {
        self.remove_staging(upload)?;
        self.remove_blob(blob_of(upload))
    }

    /// Removes an upload's bytes that are not sealed.
    pub fn remove_staging(&self, upload: UploadId) -> Result<(), CoffreError> {
        match &self.moteur {
            Moteur::Dossier(dossier) => dossier.remove_staging(upload),
            Moteur::S3(s3) => {
                let objects = s3.list(&staging_folder(upload))?;
                // The last one first, so that what is there never has a gap.
                objects.iter().rev().try_for_each(|object| s3.remove(&object.key))
            }
        }
    }

    /// Removes sealed bytes. That they are gone already is no error: a removal may be repeated.
    pub fn remove_blob(&self, blob: BlobId) -> Result<(), CoffreError> {
        match &self.moteur {
            Moteur::Dossier(dossier) => dossier.remove_blob(blob),
            Moteur::S3(s3) => Forme::ALL.into_iter().try_for_each(|forme| s3.remove(&blob_key(blob, forme))),
        }
    }

    /// Bytes that the service's account can still write where the uploads go. A bucket tells of no end.
    pub fn free_bytes(&self) -> Result<u64, CoffreError> {
        match &self.moteur {
            Moteur::Dossier(dossier) => dossier.free_bytes(),
            Moteur::S3(_) => Ok(u64::MAX),
        }
    }

    /// The uploads with bytes under way, and when each last changed: for the collection of orphans.
    pub fn list_staging(&self) -> Result<Inventaire<UploadId>, CoffreError> {
        let found = match &self.moteur {
            Moteur::Dossier(dossier) => dossier.list_staging()?,
            Moteur::S3(s3) => {
                let mut last = HashMap::new();
                for object in s3.list(STAGING)? {
                    let id = object.key.split('/').nth(1).and_then(|id| Uuid::try_parse(id).ok());
                    if let Some(id) = id {
                        let changed = last.entry(id).or_insert(object.changed);
                        *changed = object.changed.max(*changed);
                    }
                }
                last.into_iter().collect()
            }
        };
        Ok(found.into_iter().map(|(id, changed)| (UploadId(id), changed)).collect())
    }

    /// Some of the sealed blobs, and when each last changed; and where the next ones begin, if there are more. For the
    /// collection of orphans, which never has all of a country's in memory.
    pub fn list_blobs(&self, from: Suite) -> Result<(Inventaire<BlobId>, Option<Suite>), CoffreError> {
        let (found, next) = match &self.moteur {
            Moteur::Dossier(dossier) => {
                let mut next = if let Suite(Reste::Shard(shard)) = from { Some(shard) } else { None };
                let mut found = Vec::new();
                while let Some(shard) = next.filter(|_| found.len() < LISTED_AT_ONCE) {
                    found.extend(dossier.list_blobs(shard)?);
                    next = shard.checked_add(1);
                }
                (found, next.map(Reste::Shard))
            }
            Moteur::S3(s3) => {
                let after = if let Suite(Reste::After(key)) = from { Some(key) } else { None };
                let listed = s3.list_some(BLOBS, after.as_deref(), LISTED_AT_ONCE)?;
                let full = listed.len() == LISTED_AT_ONCE;
                let next = listed.last().filter(|_| full).map(|last| Reste::After(last.key.clone()));
                let named = listed.into_iter().filter_map(|object| {
                    let (_, name) = object.key.rsplit_once('/')?;
                    Some((file_id(name)?.0, object.changed))
                });
                (named.collect(), next)
            }
        };
        Ok((found.into_iter().map(|(id, changed)| (BlobId(id), changed)).collect(), next.map(Suite)))
    }

    /// Where a new upload's bytes go.
    fn begin(&self, upload: UploadId, forme: Forme) -> Result<Support, CoffreError> {
        Ok(match &self.moteur {
            Moteur::Dossier(dossier) => {
                let (file, directory) = dossier.begin(upload, forme)?;
                Support::file(file, Some(directory))
            }
            Moteur::S3(s3) => Support::Objets(Objets::begin(s3.clone(), staging_folder(upload), forme)),
        })
    }

    /// An upload's bytes, to go on with. Those of a sealing whose piece was never committed are found too.
    fn resume(&self, upload: UploadId) -> Result<(Support, Forme), CoffreError> {
        match &self.moteur {
            Moteur::Dossier(dossier) => {
                let (file, forme) = dossier.resume(upload)?;
                Ok((Support::file(file, None), forme))
            }
            Moteur::S3(s3) => {
                let found = Objets::resume(s3.clone(), staging_folder(upload))?;
                let (objets, forme) = found.ok_or(CoffreError::Absent { operation: "reprise" })?;
                Ok((Support::Objets(objets), forme))
            }
        }
    }

    fn find_blob(&self, blob: BlobId) -> Result<(Support, Forme), CoffreError> {
        match &self.moteur {
            Moteur::Dossier(dossier) => {
                let (file, forme) = dossier.find_blob(blob)?;
                Ok((Support::file(file, None), forme))
            }
            Moteur::S3(s3) => {
                for forme in Forme::ALL {
                    let key = blob_key(blob, forme);
                    match s3.read(&key, 0..Objets::fetched_first()) {
                        Ok((beginning, length)) => {
                            let objets = Objets::sealed(s3.clone(), key, length, beginning);
                            return Ok((Support::Objets(objets), forme));
                        }
                        Err(CoffreError::Absent { .. }) => {}
                        Err(error) => return Err(error),
                    }
                }
                Err(CoffreError::Absent { operation: "lecture" })
            }
        }
    }

    /// What enciphered bytes need.
    fn cles_for<'e>(&self, cle: Option<&'e Enveloppe>) -> Result<(&Cles, &'e Enveloppe), CoffreError> {
        self.cles.as_deref().zip(cle).ok_or(CoffreError::SansCle)
    }
}

/// A blob keeps the id of the upload that brought it: that is what makes a half-finished sealing findable.
fn blob_of(upload: UploadId) -> BlobId {
    BlobId(upload.0)
}

/// Names listed at once, or those of one directory: ten answers of S3, a megabyte.
const LISTED_AT_ONCE: usize = 10_000;

/// What lies there, and when each last changed.
pub type Inventaire<T> = Vec<(T, SystemTime)>;

/// How far a list of the sealed blobs has come.
#[derive(Debug, Clone, Default)]
pub struct Suite(Reste);

#[derive(Debug, Clone)]
enum Reste {
    /// From this directory on.
    Shard(u8),
    /// After this name in a bucket.
    After(String),
}

impl Default for Reste {
    fn default() -> Self {
        Self::Shard(0)
    }
}

/// The rooms of a bucket.
const STAGING: &str = "staging";
const BLOBS: &str = "blobs";

/// Where an upload's objects are in a bucket.
fn staging_folder(upload: UploadId) -> String {
    format!("{STAGING}/{}", upload.0.simple())
}

/// The name of sealed bytes in a bucket.
fn blob_key(blob: BlobId, forme: Forme) -> String {
    format!("{BLOBS}/{}/{}", shard_of(blob), file_name(blob.0, forme))
}

/// The last byte of an id is random, the first ones are a date: the last spreads.
fn shard_of(blob: BlobId) -> String {
    let [.., last] = *blob.0.as_bytes();
    shard_name(last)
}

fn shard_name(shard: u8) -> String {
    format!("{shard:02x}")
}

fn file_name(id: Uuid, forme: Forme) -> String {
    format!("{}{}", id.simple(), forme.suffix())
}

/// The id that a file of ours is named by, and its form.
fn file_id(name: &str) -> Option<(Uuid, Forme)> {
    let (name, forme) = Forme::split(name);
    Some((Uuid::try_parse(name).ok()?, forme))
}

/// Makes the names in a directory durable.
fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(test)]
mod tests;

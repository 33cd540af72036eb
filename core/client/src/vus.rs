//! What was seen stays on the device, to be shown where there is no network: the demande and the list as the server last
//! gave them, and the pieces that were opened.
//!
//! What can go wrong: another person signs in on the device (each demande has its folder, and signing in removes all
//! others); a piece is withdrawn or hidden since (a new list removes the copies of what it no longer serves); the folder
//! grows (at most [`COPIES_BYTES_MAX`], what was not opened for longest goes first); a full disk (then nothing is kept,
//! and nothing else fails). A copy is made by a verified download, and trusted from then on.

use std::{
    collections::HashSet,
    ffi::OsStr,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

use chrono::{DateTime, Utc};
use serde::{Serialize, de::DeserializeOwned};
use wire::{
    DemandeId, JustificatifId,
    api::{DemandeVue, JustificatifsVue},
};

use crate::{Client, Erreur, ProgresTelechargement, Stop, durable};

/// Most bytes of pieces and thumbnails kept: two hundred prepared pieces, and the largest piece fits.
const COPIES_BYTES_MAX: u64 = 60_000_000;

/// Largest list that is read back, in bytes: as much as an answer of the server may have.
const LIST_BYTES_MAX: u64 = 4 << 20;

const DEMANDE: &str = "demande.json";
const LISTE: &str = "justificatifs.json";

/// The folder of what was seen.
pub(crate) struct Vus {
    root: PathBuf,
    /// Makes each change of the folder one step within the process.
    writing: Mutex<()>,
    /// One download of a piece at a time: a second tap finds the first one's copy.
    downloading: tokio::sync::Mutex<()>,
}

impl Vus {
    pub(crate) fn new(dossier: &Path) -> Self {
        Self {
            root: dossier.join("vus"),
            writing: Mutex::default(),
            downloading: tokio::sync::Mutex::default(),
        }
    }

    /// Forgets all.
    pub(crate) fn wipe(&self) -> io::Result<()> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        remove(&self.root)
    }

    /// Forgets what is of other demandes.
    pub(crate) fn keep_only(&self, demande: DemandeId) -> io::Result<()> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let own = self.folder(demande);
        files(&self.root, |path| path != own)?.iter().try_for_each(|path| remove(path))
    }

    /// Keeps the demande as it is now.
    pub(crate) fn keep_demande(&self, vue: &DemandeVue) {
        // Missing later, offline: no reason to fail now.
        let _ = self.keep(vue.id, DEMANDE, vue);
    }

    /// Keeps the list as it is now, and no copy of a piece that it does not serve.
    pub(crate) fn keep_list(&self, demande: DemandeId, vues: &JustificatifsVue) {
        let served = vues.justificatifs.iter().filter(|vue| !vue.confidentiel);
        let served: HashSet<String> = served.map(|vue| vue.id.to_string()).collect();
        // The same.
        let _ = self.keep(demande, LISTE, vues);
        let _ = self.forget_copies(demande, |id| !served.contains(id));
    }

    /// Forgets a piece.
    pub(crate) fn forget(&self, demande: DemandeId, justificatif: JustificatifId) -> io::Result<()> {
        let gone = justificatif.to_string();
        self.forget_copies(demande, |id| id == gone)
    }

    fn forget_copies(&self, demande: DemandeId, goes: impl Fn(&str) -> bool) -> io::Result<()> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let copies = files(&self.folder(demande), is_copy)?.into_iter();
        let of = |path: &PathBuf| path.file_stem().and_then(OsStr::to_str).is_some_and(&goes);
        copies.filter(of).try_for_each(fs::remove_file)
    }

    fn keep(&self, demande: DemandeId, name: &str, value: &impl Serialize) -> io::Result<()> {
        let folder = self.folder(demande);
        durable::create_private_directory(&folder)?;
        self.write(&folder.join(name), &serde_json::to_vec(value)?)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        durable::replace(path, bytes)
    }

    /// What was kept under this name, and when. What a newer version wrote otherwise was not kept.
    fn recall<T: DeserializeOwned>(
        &self,
        demande: DemandeId,
        name: &str,
    ) -> io::Result<Option<(T, DateTime<Utc>)>> {
        let path = self.folder(demande).join(name);
        let Some(metadata) = found(fs::metadata(&path))?.filter(|metadata| metadata.len() <= LIST_BYTES_MAX)
        else {
            return Ok(None);
        };
        let value = serde_json::from_slice(&fs::read(&path)?).ok();
        Ok(value.zip(metadata.modified().ok().map(Into::into)))
    }

    /// Where a copy is to lie, if there is none yet; one that there is counts as opened now.
    fn copy(&self, demande: DemandeId, name: String) -> io::Result<(PathBuf, bool)> {
        let folder = self.folder(demande);
        durable::create_private_directory(&folder)?;
        let path = folder.join(name);
        let Some(file) = found(File::open(&path))? else { return Ok((path, false)) };
        file.set_modified(SystemTime::now())?;
        Ok((path, true))
    }

    /// Holds the limit after a copy was added, which itself stays.
    fn trim(&self, added: &Path) -> io::Result<()> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut copies = Vec::new();
        for path in files(added.parent().unwrap_or(added), is_copy)? {
            let metadata = fs::metadata(&path)?;
            copies.push((metadata.modified()?, metadata.len(), path));
        }
        copies.sort();
        let mut bytes: u64 = copies.iter().map(|(_, len, _)| len).sum();
        for (_, len, path) in copies.into_iter().filter(|(_, _, path)| path != added) {
            if bytes <= COPIES_BYTES_MAX {
                break;
            }
            fs::remove_file(path)?;
            bytes -= len;
        }
        Ok(())
    }

    fn folder(&self, demande: DemandeId) -> PathBuf {
        self.root.join(demande.to_string())
    }
}

impl Client {
    /// The demande signed in to as the server last gave it, and when. Contacts nobody.
    pub async fn demande_connue(&self) -> Result<Option<(DemandeVue, DateTime<Utc>)>, Erreur> {
        Ok(self.vus.recall(self.session().await?.demande, DEMANDE)?)
    }

    /// Its pieces, likewise.
    pub async fn justificatifs_connus(&self) -> Result<Option<(JustificatifsVue, DateTime<Utc>)>, Erreur> {
        Ok(self.vus.recall(self.session().await?.demande, LISTE)?)
    }

    /// The path of a piece's thumbnail, from the server or as kept. None where the server has drawn none.
    pub async fn vignette(&self, justificatif: JustificatifId) -> Result<Option<PathBuf>, Erreur> {
        let demande = self.session().await?.demande;
        let (path, there) = self.vus.copy(demande, format!("{justificatif}.jpg"))?;
        if !there {
            let Some(jpeg) = self.apercu(justificatif).await? else { return Ok(None) };
            self.vus.write(&path, &jpeg)?;
            self.vus.trim(&path)?;
        }
        Ok(Some(path))
    }

    /// The path of a piece's document, from the server or as kept. Other pieces opened later may push it out.
    pub async fn consulter(
        &self,
        justificatif: JustificatifId,
        stop: &Stop,
        progres: ProgresTelechargement<'_>,
    ) -> Result<PathBuf, Erreur> {
        let demande = self.session().await?.demande;
        let _downloading = self.vus.downloading.lock().await;
        let (path, there) = self.vus.copy(demande, format!("{justificatif}.piece"))?;
        if !there {
            // What a process that was killed had begun: nobody else downloads into this folder.
            files(path.parent().unwrap_or(&path), is_begun)?.iter().try_for_each(fs::remove_file)?;
            self.telecharger(justificatif, &path, stop, progres).await?;
            self.vus.trim(&path)?;
        }
        Ok(path)
    }
}

/// A piece or a thumbnail.
fn is_copy(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "piece" || extension == "jpg")
}

/// A download that is not whole.
fn is_begun(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "partiel")
}

/// What lies in a folder and is wanted; nothing where there is no folder.
fn files(folder: &Path, wanted: impl Fn(&Path) -> bool) -> io::Result<Vec<PathBuf>> {
    let Some(entries) = found(fs::read_dir(folder))? else { return Ok(Vec::new()) };
    let paths: io::Result<Vec<PathBuf>> = entries.map(|entry| Ok(entry?.path())).collect();
    Ok(paths?.into_iter().filter(|path| wanted(path)).collect())
}

fn remove(folder: &Path) -> io::Result<()> {
    found(fs::remove_dir_all(folder)).map(|_| ())
}

/// What is not there is none, not an error.
fn found<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        result => result.map(Some),
    }
}

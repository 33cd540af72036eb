//! The queue on disk: one directory per deposit, `depots/<id>/`, that holds the prepared file (`piece`) and its journal
//! (`depot.json`, replaced atomically).
//!
//! What can go wrong is a process killed anywhere. A draft is made under `brouillons/` and enters the queue by one
//! rename, so a deposit is there whole or not at all; its journal is the old one or the new one; a removed deposit
//! leaves `depots/` by one rename before its files go. What a crash leaves in `brouillons/` or `retires/` is cleaned
//! once nobody works there. A journal that cannot be read is shown, not dropped: the prepared file may be all that is
//! left of a document. One process at a time sends, cancels or removes ([`Verrou`]); adding is open to all.

mod brouillon;
mod entree;

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, Weak},
};

use tokio::sync::watch;
use wire::{DepotEtat, DepotId};

pub use brouillon::{Brouillon, Faits};
pub use entree::{DernierEchec, Entree};

use crate::{Client, Erreur, PasMaintenant, durable};

/// The journal's name in a deposit's directory.
const JOURNAL: &str = "depot.json";

/// The prepared file's name in a deposit's directory: never the person's.
const PIECE: &str = "piece";

/// Largest journal that is read, in bytes: ours take about 2 kB.
const JOURNAL_BYTES_MAX: u64 = 64 * 1024;

/// Most deposits in a queue: five times what an applicant ever sends at once, and few enough to be read each time.
const DEPOTS_MAX: usize = 200;

/// What the queue holds.
#[derive(Debug, Default)]
pub struct Contenu {
    /// The deposits, oldest first.
    pub entrees: Vec<Entree>,
    /// Deposits whose journal cannot be read: damaged, or written by a newer version.
    pub illisibles: Vec<DepotId>,
}

impl Contenu {
    /// How many deposits would be lost if the queue were wiped now.
    pub fn waiting(&self) -> usize {
        let waiting = |e: &&Entree| !matches!(e.etat, DepotEtat::Depose { .. } | DepotEtat::Annule);
        self.entrees.iter().filter(waiting).count() + self.illisibles.len()
    }
}

/// The right to change deposits, held by one process at a time and shared inside it.
#[derive(Debug)]
pub(crate) struct Verrou(#[expect(dead_code, reason = "open means locked")] fs::File);

/// The queue of one state directory.
pub(crate) struct FileDepots {
    root: PathBuf,
    verrou: Mutex<Weak<Verrou>>,
    /// Makes read-change-write of a journal one step within the process.
    writing: Mutex<()>,
    /// Rises when a deposit is cancelled, for whoever is sending it.
    cancelled: watch::Sender<u64>,
}

impl FileDepots {
    /// Opens the queue, creating it, and cleans what a crash left.
    pub(crate) fn open(root: &Path) -> io::Result<Self> {
        for name in ["depots", "brouillons", "retires"] {
            durable::create_private_directory(&root.join(name))?;
        }
        let queue = Self {
            root: root.to_owned(),
            verrou: Mutex::new(Weak::new()),
            writing: Mutex::new(()),
            cancelled: watch::Sender::new(0),
        };
        brouillon::clean(root)?;
        if let Ok(_verrou) = queue.lock() {
            for directory in fs::read_dir(root.join("retires"))? {
                fs::remove_dir_all(directory?.path())?;
            }
        }
        Ok(queue)
    }

    /// Takes the right to change deposits, or says that another process has it.
    pub(crate) fn lock(&self) -> Result<Arc<Verrou>, Erreur> {
        let mut held = self.verrou.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(verrou) = held.upgrade() {
            return Ok(verrou);
        }
        let file = durable::open_lock(&self.root.join("file.verrou"))?;
        if !durable::try_lock(&file)? {
            return Err(Erreur::FileOccupee);
        }
        let verrou = Arc::new(Verrou(file));
        *held = Arc::downgrade(&verrou);
        Ok(verrou)
    }

    /// Everything in the queue.
    pub(crate) fn list(&self) -> io::Result<Contenu> {
        let mut contenu = Contenu::default();
        for directory in fs::read_dir(self.root.join("depots"))? {
            let directory = directory?;
            let Some(id) = directory.file_name().to_str().and_then(|name| name.parse().ok()) else {
                continue;
            };
            match self.read(id) {
                Ok(entree) => contenu.entrees.push(entree),
                Err(error) if error.kind() == io::ErrorKind::NotFound && !directory.path().exists() => {}
                Err(_) => contenu.illisibles.push(id),
            }
        }
        // Version 7 ids sort by the time of their creation.
        contenu.entrees.sort_by_key(|entree| entree.depot);
        contenu.illisibles.sort();
        Ok(contenu)
    }

    /// One deposit's journal.
    pub(crate) fn read(&self, id: DepotId) -> io::Result<Entree> {
        let path = self.directory(id).join(JOURNAL);
        if fs::metadata(&path)?.len() > JOURNAL_BYTES_MAX {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let entree = Entree::from_json(&fs::read(path)?)?;
        if entree.depot == id { Ok(entree) } else { Err(io::ErrorKind::InvalidData.into()) }
    }

    /// Changes one deposit's journal and returns it. The closure sees the current one and may refuse.
    pub(crate) fn update<E: From<io::Error>>(
        &self,
        id: DepotId,
        change: impl FnOnce(&mut Entree) -> Result<(), E>,
    ) -> Result<Entree, E> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.read(id)?;
        let mut after = before.clone();
        change(&mut after)?;
        if after != before {
            durable::replace(&self.directory(id).join(JOURNAL), &after.to_json()?)?;
        }
        Ok(after)
    }

    /// Where the prepared file of a deposit lies.
    pub(crate) fn piece(&self, id: DepotId) -> PathBuf {
        self.directory(id).join(PIECE)
    }

    /// Removes a deposit and its file.
    pub(crate) fn remove(&self, id: DepotId) -> io::Result<()> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let away = self.root.join("retires").join(id.to_string());
        match fs::rename(self.directory(id), &away) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            result => result?,
        }
        durable::sync_directory(&self.root.join("depots"))?;
        fs::remove_dir_all(away)
    }

    /// Removes everything.
    pub(crate) fn wipe(&self) -> io::Result<()> {
        let contenu = self.list()?;
        let ids = contenu.entrees.iter().map(|entree| entree.depot).chain(contenu.illisibles);
        ids.into_iter().try_for_each(|id| self.remove(id))
    }

    /// Resolves once this deposit has been cancelled.
    pub(crate) async fn cancelled(&self, id: DepotId) {
        let mut changes = self.cancelled.subscribe();
        loop {
            match self.read(id) {
                Ok(entree) if entree.etat != DepotEtat::Annule => {}
                _ => return,
            }
            // The sender lives in `self`, so waiting cannot fail.
            let _ = changes.changed().await;
        }
    }

    fn directory(&self, id: DepotId) -> PathBuf {
        self.root.join("depots").join(id.to_string())
    }
}

impl Client {
    /// Begins a deposit: gives the place where its prepared file is to be written.
    pub fn brouillon(&self) -> Result<Brouillon, Erreur> {
        Ok(Brouillon::new(&self.file.root)?)
    }

    /// The queue as it stands.
    pub fn file(&self) -> Result<Contenu, Erreur> {
        Ok(self.file.list()?)
    }

    /// Gives up a deposit that is not attached yet. The server is told at the next `envoyer`, which then removes it.
    pub fn annuler(&self, id: DepotId) -> Result<(), Erreur> {
        let _verrou = self.file.lock()?;
        self.known(id)?;
        self.file.update(id, |entree| match entree.etat {
            DepotEtat::Depose { .. } => Err(Erreur::PasMaintenant(PasMaintenant::DejaDepose)),
            DepotEtat::Confirmation => Err(Erreur::PasMaintenant(PasMaintenant::EnConfirmation)),
            _ => {
                entree.etat = DepotEtat::Annule;
                Ok(())
            }
        })?;
        self.file.cancelled.send_modify(|count| *count += 1);
        Ok(())
    }

    /// Puts a blocked deposit back in the queue, once the person has mended the reason.
    pub fn reprendre(&self, id: DepotId) -> Result<(), Erreur> {
        let _verrou = self.file.lock()?;
        self.known(id)?;
        self.file.update(id, |entree| {
            if !matches!(entree.etat, DepotEtat::Bloque { .. }) {
                return Err(Erreur::PasMaintenant(PasMaintenant::PasBloque));
            }
            entree.restart();
            entree.empreintes_differentes = 0;
            Ok(())
        })?;
        Ok(())
    }

    /// Removes from this device a deposit that nothing more is expected of: attached, or with an unreadable journal.
    pub fn oublier(&self, id: DepotId) -> Result<(), Erreur> {
        let _verrou = self.file.lock()?;
        self.known(id)?;
        match self.file.read(id) {
            Ok(entree) if !matches!(entree.etat, DepotEtat::Depose { .. }) => {
                Err(Erreur::PasMaintenant(PasMaintenant::EnConfirmation))
            }
            _ => Ok(self.file.remove(id)?),
        }
    }

    fn known(&self, id: DepotId) -> Result<(), Erreur> {
        if self.file.directory(id).is_dir() { Ok(()) } else { Err(Erreur::DepotInconnu) }
    }
}

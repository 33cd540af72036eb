//! A deposit being made: its directory exists outside the queue until the prepared file is complete.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use uuid::Uuid;
use wire::{
    DemandeId, DepotId, JustificatifId, MediaType, NomAffiche, PersonneId, PieceDemandeeId, RubriqueCode,
    Sha256, TypeCode, limites::UPLOAD_BYTES_MAX,
};

use super::{Entree, FileDepots, JOURNAL, PIECE, entree::Nouveau};
use crate::{Client, Erreur, PasMaintenant, durable, empreinte::read_empreinte};

/// What the person says of a piece, and what the engine found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faits {
    /// Whom it concerns; none for the household.
    pub personne: Option<PersonneId>,
    /// Which fact it proves.
    pub rubrique: RubriqueCode,
    /// Which type of piece.
    pub type_piece: TypeCode,
    /// The name under which the person knows it.
    pub nom: NomAffiche,
    /// The piece of which it is a new version.
    pub remplace: Option<JustificatifId>,
    /// The slot that it answers.
    pub demande_piece: Option<PieceDemandeeId>,
    /// Type of the prepared file.
    pub media_type: MediaType,
    /// Digest of what the person chose.
    pub sha256_original: Option<Sha256>,
}

/// A deposit being made. Dropped before it is queued, it leaves nothing.
#[derive(Debug)]
pub struct Brouillon {
    id: DepotId,
    directory: PathBuf,
    /// Shared by all who make drafts: held alone, it proves that no draft is alive.
    _alive: File,
}

impl Brouillon {
    pub(super) fn new(root: &Path) -> io::Result<Self> {
        let alive = durable::open_lock(&root.join("brouillons.verrou"))?;
        durable::lock_shared(&alive)?;
        let id = DepotId(Uuid::now_v7());
        let directory = root.join("brouillons").join(id.to_string());
        durable::create_private_directory(&directory)?;
        Ok(Self { id, directory, _alive: alive })
    }

    /// The id that the deposit will have.
    pub fn id(&self) -> DepotId {
        self.id
    }

    /// Where the prepared file is to be written. Temporary files beside it vanish with the draft or the deposit.
    pub fn piece(&self) -> PathBuf {
        self.directory.join(PIECE)
    }

    /// Journal first, then one rename into the queue.
    fn enqueue(self, queue: &FileDepots, demande: DemandeId, faits: Faits) -> Result<Entree, Erreur> {
        let seen = read_empreinte(&self.piece())?;
        if seen.taille == 0 || seen.taille > UPLOAD_BYTES_MAX {
            return Err(Erreur::PasMaintenant(PasMaintenant::TailleRefusee));
        }
        if queue.list()?.entrees.len() >= super::DEPOTS_MAX {
            return Err(Erreur::PasMaintenant(PasMaintenant::FilePleine));
        }
        File::open(self.piece())?.sync_all()?;
        let nouveau = Nouveau { depot: self.id, demande, faits, taille: seen.taille, sha256: seen.sha256 };
        let entree = Entree::new(nouveau);
        durable::replace(&self.directory.join(JOURNAL), &entree.to_json()?)?;
        fs::rename(&self.directory, queue.directory(self.id))?;
        durable::sync_directory(&queue.root.join("depots"))?;
        Ok(entree)
    }
}

impl Drop for Brouillon {
    fn drop(&mut self) {
        // Queued, it is no longer there; otherwise what cannot be removed now is cleaned at the next opening.
        let _ = fs::remove_dir_all(&self.directory);
    }
}

impl Client {
    /// Puts a draft, whose prepared file is complete, into the queue. From here it survives anything but the loss of
    /// the device. Reads and syncs the file: on a phone, not for the thread that draws.
    pub fn mettre_en_file(
        &self,
        brouillon: Brouillon,
        demande: DemandeId,
        faits: Faits,
    ) -> Result<Entree, Erreur> {
        brouillon.enqueue(&self.file, demande, faits)
    }
}

/// Removes drafts that a crash left, if no draft is alive in any process.
pub(super) fn clean(root: &Path) -> io::Result<()> {
    let lock = durable::open_lock(&root.join("brouillons.verrou"))?;
    if durable::try_lock(&lock)? {
        for directory in fs::read_dir(root.join("brouillons"))? {
            fs::remove_dir_all(directory?.path())?;
        }
    }
    Ok(())
}

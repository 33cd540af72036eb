//! Backup and restoration.
//!
//! A backup is a folder: the base, copied while the server writes; a coffre with the files that its rows name, as they lie
//! (enciphered ones stay so; the master key is never taken); the date; and the erasures known. It is made in this order: the
//! base at one moment, then the files, which never change, then the base's new copy takes the old one's place, then what
//! no row names any more goes. Interrupted anywhere, the folder holds the earlier backup or the new one. A next backup
//! copies new files only.
//!
//! What can go wrong: a file goes between the base's moment and its turn (its piece was withdrawn, or masked). Then another
//! moment is taken. A piece that is erased after the backup must not come back with it: a restoration does every
//! erasure again, before anything is served. So the list of erasures is to be brought to the backup often, which costs
//! nothing (`sauvegarder --effacements`), and a backup of more than thirty days is not restored.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use wire::{DemandeId, JustificatifId};

use crate::{
    clock::Clock,
    coffre::{BlobId, Bucket, Coffre, CoffreError, Suite},
    config::BASE_FILE,
    octets::OctetsError,
    registre::{self, DemandeEffacee, Effacement, MotifDemande, MotifEffacement, SAUVEGARDE_AGE_MAX},
    service::open_coffre,
    store::{self, Base, OpenError, Store, StoreError},
};

/// The date of a backup, in its folder.
const DATE_FILE: &str = "sauvegarde.json";

/// The erasures known, there.
const EFFACEMENTS_FILE: &str = "effacements.json";

/// A base that is not yet the one that counts.
const NEW_BASE_FILE: &str = "base.nouvelle.sqlite";

/// Moments of the base that are tried, until none of its files has gone meanwhile: what is new is copied already, so that
/// another takes little time.
const MOMENTS_MAX: u32 = 3;

/// Rows looked up at once.
const ROWS_AT_ONCE: u32 = 500;

/// Why nothing was backed up or restored. `Display` is for the operator.
#[derive(Debug, thiserror::Error)]
pub enum SauvegardeError {
    /// A file of the backup cannot be written or read.
    #[error("{} : {source}", path.display())]
    Fichier {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// It is not a backup.
    #[error("{} n’est pas une sauvegarde faite par « sauvegarder », ou elle n’est pas achevée", path.display())]
    Illisible {
        /// The folder.
        path: PathBuf,
    },
    /// A restoration never mixes with what is there.
    #[error("{} n’est pas vide : une restauration se fait dans un dossier vide", path.display())]
    PasVide {
        /// The folder.
        path: PathBuf,
    },
    /// What was erased since can no longer be told.
    #[error("la sauvegarde date du {faite_le} : après trente jours, elle ne se restaure plus")]
    TropAncienne {
        /// When it was made.
        faite_le: DateTime<Utc>,
    },
    /// A base does not open.
    #[error(transparent)]
    Base(#[from] OpenError),
    /// A base fails.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A coffre fails.
    #[error(transparent)]
    Coffre(#[from] CoffreError),
    /// Either of them.
    #[error(transparent)]
    Octets(#[from] OctetsError),
}

/// What was done.
#[derive(Debug, Default)]
pub struct Copie {
    /// Files copied now.
    pub copies: u64,
    /// Files that went, with their rows, between the base's moment and their turn.
    disparus: u64,
    /// Files that the base names and that were nowhere, though nobody erased them.
    pub absents: Vec<BlobId>,
}

/// What was restored.
#[derive(Debug)]
pub struct Restauration {
    /// The files.
    pub copie: Copie,
    /// When the backup was made.
    pub faite_le: DateTime<Utc>,
    /// Until when erasures are known.
    pub effacements_jusqu_au: DateTime<Utc>,
}

#[derive(Serialize, Deserialize)]
struct Date {
    faite_le: DateTime<Utc>,
}

/// What of erasures lies beside a backup.
#[derive(Serialize, Deserialize)]
struct ListeEcrite {
    jusqu_au: DateTime<Utc>,
    effacements: Vec<EffacementEcrit>,
    /// Lists of earlier versions know none.
    #[serde(default)]
    demandes: Vec<DemandeEcrite>,
}

/// A [`DemandeEffacee`] as it is written.
#[derive(Serialize, Deserialize)]
struct DemandeEcrite {
    demande: DemandeId,
    motif: MotifDemandeEcrit,
    le: DateTime<Utc>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum MotifDemandeEcrit {
    Radiee,
    Demandee,
    Erreur,
}

/// An [`Effacement`] as it is written.
#[derive(Serialize, Deserialize)]
struct EffacementEcrit {
    blob: Uuid,
    justificatif: JustificatifId,
    motif: MotifEcrit,
    le: DateTime<Utc>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum MotifEcrit {
    Retire,
    Dangereux,
    Original,
}

/// Backs up the data of `store` and `coffre`, whose base lies in `donnees`, into a folder.
pub(crate) async fn back_up(
    store: &Store,
    coffre: &Coffre,
    donnees: &Path,
    dossier: &Path,
    clock: &Clock,
) -> Result<Copie, SauvegardeError> {
    make_folder(dossier)?;
    let kept = open_coffre(dossier, None, None)?;
    let new = dossier.join(NEW_BASE_FILE);
    // Before the moment that the base shows: no backup is younger than it says.
    let mut faite_le = clock.now();
    let mut copie = snapshot(store, coffre, donnees, &new, &kept).await?;
    for _ in 1..MOMENTS_MAX {
        if copie.disparus == 0 {
            break;
        }
        faite_le = clock.now();
        let again = snapshot(store, coffre, donnees, &new, &kept).await?;
        copie = Copie { copies: copie.copies + again.copies, ..again };
    }
    let base = dossier.join(BASE_FILE);
    fs::rename(&new, &base).map_err(|source| SauvegardeError::Fichier { path: base, source })?;
    write(dossier, DATE_FILE, &Date { faite_le })?;
    write_effacements(store, dossier, clock).await?;
    prune(dossier, &kept)?;
    Ok(copie)
}

/// Copies the base as it is at one moment, and the files that it names.
async fn snapshot(
    store: &Store,
    coffre: &Coffre,
    donnees: &Path,
    new: &Path,
    kept: &Coffre,
) -> Result<Copie, SauvegardeError> {
    remove(new)?;
    let (from, into) = (donnees.join(BASE_FILE), new.to_owned());
    tokio::task::spawn_blocking(move || store::copy_base(&from, &into))
        .await
        .map_err(OctetsError::from)??;
    copy_files(new, coffre, kept, store).await
}

/// Brings the erasures known now to a backup.
pub(crate) async fn write_effacements(
    store: &Store,
    dossier: &Path,
    clock: &Clock,
) -> Result<(), SauvegardeError> {
    make_folder(dossier)?;
    let jusqu_au = clock.now();
    let (effacements, demandes) = store
        .read(|tx| {
            Ok::<_, StoreError>((registre::list_effacements(tx)?, registre::list_demandes_effacees(tx)?))
        })
        .await?;
    let effacements = effacements.into_iter().map(EffacementEcrit::from).collect();
    let demandes = demandes.into_iter().map(DemandeEcrite::from).collect();
    write(dossier, EFFACEMENTS_FILE, &ListeEcrite { jusqu_au, effacements, demandes })
}

/// Restores a backup into an empty folder of data, its files into the bucket where there is one: what lies there already
/// stays.
pub(crate) async fn restore(
    dossier: &Path,
    donnees: &Path,
    bucket: Option<&Bucket>,
    clock: &Clock,
) -> Result<Restauration, SauvegardeError> {
    let now = clock.now();
    let Date { faite_le } = read(dossier, DATE_FILE)?;
    let ListeEcrite { jusqu_au, effacements, demandes } = read(dossier, EFFACEMENTS_FILE)?;
    if now - faite_le > SAUVEGARDE_AGE_MAX {
        return Err(SauvegardeError::TropAncienne { faite_le });
    }
    make_folder(donnees)?;
    let unreadable = |source| SauvegardeError::Fichier { path: donnees.to_owned(), source };
    if fs::read_dir(donnees).map_err(unreadable)?.next().is_some() {
        return Err(SauvegardeError::PasVide { path: donnees.to_owned() });
    }
    // Under another name until all is done: no server finds a base here before.
    let new = donnees.join(NEW_BASE_FILE);
    store::copy_base(&dossier.join(BASE_FILE), &new)?;
    let store = Store::open(&Base::file(&new))?;
    let effacements: Vec<Effacement> = effacements.into_iter().map(Effacement::from).collect();
    let demandes: Vec<DemandeEffacee> = demandes.into_iter().map(DemandeEffacee::from).collect();
    store.write(move |tx| registre::replay_effacements(tx, &effacements, &demandes, now)).await?;
    let (kept, coffre) = (open_coffre(dossier, None, None)?, open_coffre(donnees, bucket, None)?);
    // After the erasures: what they took away is not copied at all.
    let copie = copy_files(&new, &kept, &coffre, &store).await?;
    store.close().await;
    drop(store);
    let base = donnees.join(BASE_FILE);
    fs::rename(&new, &base).map_err(|source| SauvegardeError::Fichier { path: base, source })?;
    sync_folder(donnees)?;
    Ok(Restauration { copie, faite_le, effacements_jusqu_au: jusqu_au })
}

/// Copies the files that the rows of a base name. One that is not there is missing only if it still has its row in
/// `living`.
async fn copy_files(
    base: &Path,
    from: &Coffre,
    into: &Coffre,
    living: &Store,
) -> Result<Copie, SauvegardeError> {
    let mut copie = Copie::default();
    let mut after = None;
    loop {
        let rows = store::read_copy(base, |tx| registre::list_blobs(tx, after, ROWS_AT_ONCE))?;
        let Some(last) = rows.last() else { break };
        after = Some(last.blob);
        for blob in rows.iter().map(|row| row.blob) {
            let (from, into) = (from.clone(), into.clone());
            let copied = tokio::task::spawn_blocking(move || from.copy_to(blob, &into)).await;
            match copied.map_err(OctetsError::from)? {
                Ok(copied) => copie.copies += u64::from(copied),
                Err(CoffreError::Absent { .. }) => {
                    if living.read(move |tx| registre::owns_blob(tx, blob)).await? {
                        copie.absents.push(blob);
                    } else {
                        copie.disparus += 1;
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(copie)
}

/// Removes the files of a backup that its base no longer names.
fn prune(dossier: &Path, kept: &Coffre) -> Result<(), SauvegardeError> {
    let mut next = Some(Suite::default());
    while let Some(from) = next {
        let held;
        (held, next) = kept.list_blobs(from)?;
        let useless = store::read_copy(&dossier.join(BASE_FILE), |tx| {
            let mut useless = Vec::new();
            for (blob, _) in held {
                if !registre::owns_blob(tx, blob)? {
                    useless.push(blob);
                }
            }
            Ok::<_, StoreError>(useless)
        })?;
        useless.into_iter().try_for_each(|blob| kept.remove_blob(blob))?;
    }
    // Half copies of a backup that was interrupted.
    kept.list_staging()?.into_iter().try_for_each(|(half, _)| kept.remove_staging(half))?;
    Ok(())
}

fn make_folder(path: &Path) -> Result<(), SauvegardeError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|source| SauvegardeError::Fichier { path: path.to_owned(), source })
}

/// Puts a small file in the place of the one before, which stays until the new one is on the disk.
fn write(dossier: &Path, name: &str, content: &impl Serialize) -> Result<(), SauvegardeError> {
    let (path, new) = (dossier.join(name), dossier.join(format!("{name}.nouveau")));
    let attempt = || -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        file.write_all(&serde_json::to_vec(content)?)?;
        file.sync_all()?;
        fs::rename(&new, &path)
    };
    attempt().map_err(|source| SauvegardeError::Fichier { path: path.clone(), source })?;
    sync_folder(dossier)
}

fn read<T: for<'de> Deserialize<'de>>(dossier: &Path, name: &str) -> Result<T, SauvegardeError> {
    let unreadable = || SauvegardeError::Illisible { path: dossier.to_owned() };
    let bytes = fs::read(dossier.join(name)).map_err(|_| unreadable())?;
    serde_json::from_slice(&bytes).map_err(|_| unreadable())
}

fn remove(path: &Path) -> Result<(), SauvegardeError> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(SauvegardeError::Fichier { path: path.to_owned(), source })
        }
        _ => Ok(()),
    }
}

fn sync_folder(path: &Path) -> Result<(), SauvegardeError> {
    File::open(path)
        .and_then(|folder| folder.sync_all())
        .map_err(|source| SauvegardeError::Fichier { path: path.to_owned(), source })
}

impl From<Effacement> for EffacementEcrit {
    fn from(effacement: Effacement) -> Self {
        let Effacement { blob, justificatif, motif, le } = effacement;
        let motif = match motif {
            MotifEffacement::Retire => MotifEcrit::Retire,
            MotifEffacement::Dangereux => MotifEcrit::Dangereux,
            MotifEffacement::Original => MotifEcrit::Original,
        };
        Self { blob: blob.0, justificatif, motif, le }
    }
}

impl From<EffacementEcrit> for Effacement {
    fn from(ecrit: EffacementEcrit) -> Self {
        let EffacementEcrit { blob, justificatif, motif, le } = ecrit;
        let motif = match motif {
            MotifEcrit::Retire => MotifEffacement::Retire,
            MotifEcrit::Dangereux => MotifEffacement::Dangereux,
            MotifEcrit::Original => MotifEffacement::Original,
        };
        Self { blob: BlobId(blob), justificatif, motif, le }
    }
}

impl From<DemandeEffacee> for DemandeEcrite {
    fn from(effacee: DemandeEffacee) -> Self {
        let DemandeEffacee { demande, motif, le } = effacee;
        let motif = match motif {
            MotifDemande::Radiee => MotifDemandeEcrit::Radiee,
            MotifDemande::Demandee => MotifDemandeEcrit::Demandee,
            MotifDemande::Erreur => MotifDemandeEcrit::Erreur,
        };
        Self { demande, motif, le }
    }
}

impl From<DemandeEcrite> for DemandeEffacee {
    fn from(ecrite: DemandeEcrite) -> Self {
        let DemandeEcrite { demande, motif, le } = ecrite;
        let motif = match motif {
            MotifDemandeEcrit::Radiee => MotifDemande::Radiee,
            MotifDemandeEcrit::Demandee => MotifDemande::Demandee,
            MotifDemandeEcrit::Erreur => MotifDemande::Erreur,
        };
        Self { demande, motif, le }
    }
}

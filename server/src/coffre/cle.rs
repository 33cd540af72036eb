//! The keys: a master key in a file of the operator's, and under it one data key per demande.
//!
//! A data key is drawn at a demande's first bytes and lies in the base, wrapped by the master key and bound to its
//! demande ([`Enveloppe`]). Whoever has the base and the coffre, but not the file, can read no piece; whoever erases a
//! demande's row, in the base and its backups, has made its pieces unreadable, wherever copies of their bytes may lie. The master key is changed by
//! wrapping the data keys anew: no bytes of pieces are written again.
//!
//! Everything is AES-256-GCM, with keys that HKDF-SHA-256 derives for one purpose each. Nonces are 96 random bits: under
//! one master key there are as many as demandes (some millions), under a file's own key as many as its records, so that a
//! repetition has a probability below 2⁻⁵⁰, against the 2⁻³² that NIST SP 800-38D asks for.
//!
//! What can go wrong: the file is lost (nothing brings the pieces back: keep a copy elsewhere), it is readable by others
//! (refused), it is not the one that wrapped the keys in the base (the server does not start).

use std::{
    fmt,
    fs::{self, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hkdf::{HKDF_SHA256, KeyType, Salt},
};
use uuid::Uuid;
use wire::DemandeId;

use super::{CoffreError, FILE_MODE, sync_directory};
use crate::secrets::random_bytes;

/// Bytes of a key.
const KEY_BYTES: usize = 32;

/// What the file of a master key begins with; the rest of its one line is the key, in base64url.
const FILE_MARK: &str = "ma-demande-cle-1:";

/// Most that is read of such a file, in bytes: a larger one is none.
const FILE_BYTES_MAX: u64 = 256;

/// Bytes by which a file's own key differs from that of every other file.
pub(super) const SALT_BYTES: usize = 32;

/// What a wrapped key is bound to besides its demande.
const WRAPPED: &[u8] = b"ma-demande/coffre/enveloppe/1";

/// The name of a master key: derived from it, it says nothing of it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CleId(pub [u8; 16]);

impl fmt::Display for CleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for CleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a master key cannot be used or made. `Display` is for the operator.
#[derive(Debug, thiserror::Error)]
pub enum CleError {
    /// The system refuses.
    #[error("la clé {} ne peut pas être lue : {source}", path.display())]
    Lecture {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The system refuses, or there is one already, which is never overwritten.
    #[error("la clé {} ne peut pas être créée : {source}", path.display())]
    Creation {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// Others on the machine may read or change it.
    #[error("la clé {} est ouverte à d’autres que le compte du service : chmod 600", path.display())]
    Ouverte {
        /// The file.
        path: PathBuf,
    },
    /// It holds something else.
    #[error("{} n’est pas une clé faite par « ma-demande-server creer-cle-maitresse »", path.display())]
    Contenu {
        /// The file.
        path: PathBuf,
    },
    /// The machine gives no random bytes.
    #[error(transparent)]
    Secret(#[from] crate::secrets::SecretError),
}

/// Makes a new master key in a file that is not there yet, for the service's account alone. Gives its name.
pub fn create_master_key(path: &Path) -> Result<CleId, CleError> {
    let bytes: [u8; KEY_BYTES] = random_bytes()?;
    let refused = |source| CleError::Creation { path: path.to_owned(), source };
    let write = || -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(path)?;
        writeln!(file, "{FILE_MARK}{}", URL_SAFE_NO_PAD.encode(bytes))?;
        // A key that a power cut takes away after the first piece would take the piece with it.
        file.sync_all()?;
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        sync_directory(parent.unwrap_or(Path::new(".")))
    };
    write().map_err(refused)?;
    Ok(MasterKey::derive(&bytes).map_err(|_| refused(io::Error::other("dérivation")))?.id)
}

/// A key that wraps data keys.
pub(super) struct MasterKey {
    id: CleId,
    wrapping: LessSafeKey,
}

/// The length of a [`CleId`], as HKDF wants to be told.
struct IdLength;

impl KeyType for IdLength {
    fn len(&self) -> usize {
        16
    }
}

impl MasterKey {
    fn read(path: &Path) -> Result<Self, CleError> {
        let refused = |source| CleError::Lecture { path: path.to_owned(), source };
        let file = fs::File::open(path).map_err(refused)?;
        let mode = file.metadata().map_err(refused)?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(CleError::Ouverte { path: path.to_owned() });
        }
        let mut text = String::new();
        let unreadable = || CleError::Contenu { path: path.to_owned() };
        file.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(|_| unreadable())?;
        let encoded = text.trim_end().strip_prefix(FILE_MARK).ok_or_else(unreadable)?;
        let bytes = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| unreadable())?;
        let bytes = bytes.try_into().map_err(|_| unreadable())?;
        Self::derive(&bytes).map_err(|_| unreadable())
    }

    fn derive(bytes: &[u8; KEY_BYTES]) -> Result<Self, ring::error::Unspecified> {
        let master = Salt::new(HKDF_SHA256, b"ma-demande/cle-maitresse/1").extract(bytes);
        let mut id = [0; 16];
        master.expand(&[b"identifiant"], IdLength)?.fill(&mut id)?;
        let wrapping = UnboundKey::from(master.expand(&[b"enveloppe"], &AES_256_GCM)?);
        Ok(Self { id: CleId(id), wrapping: LessSafeKey::new(wrapping) })
    }
}

/// The master keys that the operator gave: the one that wraps, and while it is being changed the one before.
pub struct Cles {
    courante: MasterKey,
    ancienne: Option<MasterKey>,
}

/// They are keys.
impl fmt::Debug for Cles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cles(…)")
    }
}

impl Cles {
    /// Reads them from their files.
    pub fn read(courante: &Path, ancienne: Option<&Path>) -> Result<Self, CleError> {
        Ok(Self {
            courante: MasterKey::read(courante)?,
            ancienne: ancienne.map(MasterKey::read).transpose()?,
        })
    }

    /// The name of the one that wraps.
    pub(super) fn courante(&self) -> CleId {
        self.courante.id
    }

    fn find(&self, id: CleId) -> Option<&MasterKey> {
        [Some(&self.courante), self.ancienne.as_ref()].into_iter().flatten().find(|key| key.id == id)
    }

    /// Whether this is one of them.
    pub(super) fn knows(&self, id: CleId) -> bool {
        self.find(id).is_some()
    }

    /// Draws a data key for a demande.
    pub(super) fn draw(&self, demande: DemandeId) -> Result<Enveloppe, CoffreError> {
        self.wrap(demande, &random()?)
    }

    /// The same data key under the master key that wraps now.
    pub(super) fn rewrap(&self, enveloppe: &Enveloppe) -> Result<Enveloppe, CoffreError> {
        self.wrap(enveloppe.demande, &self.unwrap(enveloppe)?)
    }

    fn wrap(&self, demande: DemandeId, key: &[u8; KEY_BYTES]) -> Result<Enveloppe, CoffreError> {
        let nonce: [u8; NONCE_LEN] = random()?;
        let mut sealed = key.to_vec();
        self.courante
            .wrapping
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), bound_to(demande), &mut sealed)
            .map_err(|_| failed())?;
        Ok(Enveloppe { demande, maitresse: self.courante.id, octets: [&nonce[..], &sealed].concat() })
    }

    fn unwrap(&self, enveloppe: &Enveloppe) -> Result<[u8; KEY_BYTES], CoffreError> {
        let master =
            self.find(enveloppe.maitresse).ok_or(CoffreError::CleInconnue { cle: enveloppe.maitresse })?;
        let altered = || CoffreError::Altere { operation: "enveloppe d’une clé" };
        let (nonce, sealed) = enveloppe.octets.split_first_chunk::<NONCE_LEN>().ok_or_else(altered)?;
        let mut sealed = sealed.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let key = master
            .wrapping
            .open_in_place(nonce, bound_to(enveloppe.demande), &mut sealed)
            .map_err(|_| altered())?;
        (&*key).try_into().map_err(|_| altered())
    }

    /// The key of one file: of its demande, of its id, and of the salt that it begins with.
    pub(super) fn file_key(
        &self,
        enveloppe: &Enveloppe,
        file: Uuid,
        salt: &[u8; SALT_BYTES],
    ) -> Result<LessSafeKey, CoffreError> {
        let data_key = self.unwrap(enveloppe)?;
        let derived = Salt::new(HKDF_SHA256, salt).extract(&data_key);
        let of = [&b"ma-demande/coffre/fichier/1"[..], file.as_bytes()];
        let key = derived.expand(&of, &AES_256_GCM).map_err(|_| failed())?;
        Ok(LessSafeKey::new(UnboundKey::from(key)))
    }
}

/// A demande's data key, wrapped: what the base keeps of it. Without the master key it is of no use.
#[derive(Clone, PartialEq, Eq)]
pub struct Enveloppe {
    /// Whose bytes it is for.
    pub demande: DemandeId,
    /// The master key that wraps it.
    pub maitresse: CleId,
    /// Nonce, sealed key and tag.
    pub octets: Vec<u8>,
}

/// The sealed bytes are nothing to look at.
impl fmt::Debug for Enveloppe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Enveloppe({}, sous {})", self.demande, self.maitresse)
    }
}

fn bound_to(demande: DemandeId) -> Aad<Vec<u8>> {
    Aad::from([WRAPPED, demande.0.as_bytes()].concat())
}

/// `N` random bytes, or the coffre's error.
pub(super) fn random<const N: usize>() -> Result<[u8; N], CoffreError> {
    random_bytes().map_err(|error| CoffreError::new("tirage au sort", io::Error::other(error)))
}

/// What the library cannot refuse with keys of the right length.
pub(super) fn failed() -> CoffreError {
    CoffreError::new("chiffrement", io::Error::other("la bibliothèque a refusé"))
}

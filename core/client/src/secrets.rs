//! Where the session's tokens rest: whoever reads them is the demandeur. The command line has a file that its owner
//! alone can read; Android wraps them with a key of its Keystore.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use crate::durable;

/// Keeps one secret, opaque to the store. The code télé-demandeur is never in it.
pub trait SecretStore: Send + Sync {
    /// What was last stored, if anything.
    fn load(&self) -> io::Result<Option<Vec<u8>>>;

    /// Replaces it, durably: after an error or a crash the old secret or the new one is there, whole.
    fn store(&self, secret: &[u8]) -> io::Result<()>;

    /// Forgets it.
    fn wipe(&self) -> io::Result<()>;
}

/// Largest secret that is read back, in bytes: two tokens and two addresses take a few hundred.
const SECRET_FILE_BYTES_MAX: u64 = 16 * 1024;

/// A file readable by its owner only.
#[derive(Debug)]
pub struct FileSecrets(PathBuf);

impl FileSecrets {
    /// The store at this path; its directory is created when needed.
    pub fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }
}

impl SecretStore for FileSecrets {
    fn load(&self) -> io::Result<Option<Vec<u8>>> {
        match fs::metadata(&self.0) {
            Ok(metadata) if metadata.len() > SECRET_FILE_BYTES_MAX => Err(io::ErrorKind::FileTooLarge.into()),
            Ok(_) => fs::read(&self.0).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn store(&self, secret: &[u8]) -> io::Result<()> {
        if let Some(parent) = self.0.parent() {
            durable::create_private_directory(parent)?;
        }
        durable::replace(&self.0, secret)
    }

    fn wipe(&self) -> io::Result<()> {
        match fs::remove_file(&self.0) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// Secrets that end with the process.
#[derive(Debug, Default)]
pub struct MemorySecrets(Mutex<Option<Vec<u8>>>);

impl SecretStore for MemorySecrets {
    fn load(&self) -> io::Result<Option<Vec<u8>>> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    fn store(&self, secret: &[u8]) -> io::Result<()> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(secret.to_vec());
        Ok(())
    }

    fn wipe(&self) -> io::Result<()> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_file_is_its_owners_alone_and_can_be_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("etat/session.json");
        let secrets = FileSecrets::new(&path);
        assert_eq!(secrets.load().unwrap(), None);
        secrets.store(b"un").unwrap();
        secrets.store(b"deux").unwrap();
        assert_eq!(secrets.load().unwrap().as_deref(), Some(&b"deux"[..]));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            assert_eq!(fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
        }
        secrets.wipe().unwrap();
        secrets.wipe().unwrap();
        assert_eq!(secrets.load().unwrap(), None);
    }
}

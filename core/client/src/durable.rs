//! The one durable write of the phone: after it returns, a crash or a flat battery leaves the new content; before,
//! the old one; never a mixture.

use std::{
    fs::{self, File, OpenOptions},
    io,
    io::Write as _,
    path::Path,
};

/// Replaces `path` by `bytes`, readable by its owner only. Order: write a temporary file beside it, fsync it, rename it
/// over, fsync the directory. The temporary file has one fixed name, so that a crash leaves at most one, which the next
/// write takes over; two writers of one path must exclude each other.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension("nouveau");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    sync_directory(path.parent().unwrap_or(Path::new(".")))
}

/// Makes renames and removals in a directory survive a crash.
pub(crate) fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Creates a directory and its parents, open to its owner only.
pub(crate) fn create_private_directory(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Opens, creating it if need be, a file that only serves to be locked.
pub(crate) fn open_lock(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)
}

/// Waits until nobody holds the file alone, and shares it until it is closed.
pub(crate) fn lock_shared(file: &File) -> io::Result<()> {
    platform::lock_shared(file)
}

/// Holds the file alone until it is closed; false when somebody else has it.
pub(crate) fn try_lock(file: &File) -> io::Result<bool> {
    platform::try_lock(file)
}

/// The standard library's own locks are these, but refuse to work on Android.
#[cfg(unix)]
mod platform {
    use std::{fs::File, io};

    use rustix::{
        fs::{FlockOperation, flock},
        io::{Errno, retry_on_intr},
    };

    pub(super) fn lock_shared(file: &File) -> io::Result<()> {
        Ok(retry_on_intr(|| flock(file, FlockOperation::LockShared))?)
    }

    pub(super) fn try_lock(file: &File) -> io::Result<bool> {
        match flock(file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(true),
            Err(Errno::WOULDBLOCK) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

#[cfg(not(unix))]
mod platform {
    use std::{fs::File, fs::TryLockError, io};

    pub(super) fn lock_shared(file: &File) -> io::Result<()> {
        file.lock_shared()
    }

    pub(super) fn try_lock(file: &File) -> io::Result<bool> {
        match file.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

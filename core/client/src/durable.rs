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

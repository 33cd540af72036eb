//! The engine under the registre: SQLite in WAL mode, `synchronous=FULL`.
//!
//! Writing goes through one thread with group commit (see `writer`); reading uses a few connections of its own on
//! blocking threads, each read in one transaction, so that it sees one moment of the base. An answer to a write means
//! that the disk has it. What can go wrong is in [`StoreError`]; after any error nothing of that operation was kept.
//!
//! The registre writes SQL that any engine of ours understands: `$n`, TEXT, BIGINT, BYTEA, times as parameters.

mod error;
mod migrations;
mod readers;
#[cfg(test)]
mod tests;
mod tx;
mod value;
mod writer;

use std::{
    fs::{File, OpenOptions},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    sync::Arc,
    time::Duration,
};

use rusqlite::{Connection, OpenFlags};
use tokio::sync::{mpsc, oneshot};

pub use error::StoreError;
use readers::Readers;
pub use tx::Tx;
pub use value::{Column, Row, Value};
use writer::Message;

/// How long a writer waits for another process's lock: an operator's command holds it for milliseconds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Operations that may wait for the writer. More means that the disk cannot follow: their callers wait at the door.
const WAITING_OPERATIONS_MAX: usize = 1_024;

/// Statements kept prepared on each connection: more than the registre has.
const PREPARED_STATEMENTS: usize = 192;

/// A base that is open. Cheap to clone; every clone is the same base.
#[derive(Clone)]
pub struct Store {
    writer: mpsc::Sender<Message>,
    readers: Arc<Readers>,
}

/// Why a base does not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A newer program made it. It was left as it was.
    #[error(
        "La base est en version {trouvee}, ce programme connaît les versions jusqu’à {connue}. Installez le programme plus récent ; rien n’a été modifié."
    )]
    PlusRecente {
        /// The base's version.
        trouvee: u32,
        /// The program's last one.
        connue: u32,
    },
    /// The file cannot be made or read.
    #[error("La base ne peut pas être ouverte : {0}")]
    Fichier(#[from] std::io::Error),
    /// The engine refuses.
    #[error("La base ne peut pas être ouverte : {0}")]
    Store(#[from] StoreError),
}

impl Store {
    /// Opens a base, made if it is not there, brought to the last version. Blocks.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        // Made here and not by SQLite, because only the service's account may read it; the log takes over its rights.
        OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?;
        let mut connection = Connection::open(path).map_err(StoreError::from)?;
        connection.busy_timeout(BUSY_TIMEOUT).map_err(StoreError::from)?;
        migrations::refuse_newer(&connection)?;
        prepare(&connection)?;
        connection.pragma_update(None, "journal_mode", "WAL").map_err(StoreError::from)?;
        migrations::migrate(&mut connection)?;

        let readers = Readers::open(path)?;
        let (writer, messages) = mpsc::channel(WAITING_OPERATIONS_MAX);
        std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || writer::write_until_closed(&connection, messages))?;
        Ok(Self { writer, readers })
    }

    /// Runs an operation that writes, alone in its transaction; answers when the disk has it.
    pub async fn write<T, E>(
        &self,
        operation: impl FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (job, answer) = writer::job(operation);
        self.writer.send(Message::Job(job)).await.map_err(|_| StoreError::Ferme)?;
        answer.await.unwrap_or_else(|_| Err(StoreError::Ferme.into()))
    }

    /// Runs an operation that only reads; it sees everything that was answered before.
    pub async fn read<T, E>(
        &self,
        operation: impl FnOnce(&Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let mut lent = self.readers.lend().await?;
        tokio::task::spawn_blocking(move || lent.read(operation))
            .await
            .unwrap_or_else(|_| Err(StoreError::Panique.into()))
    }

    /// Ends the writer after everything that was asked before, and empties the log into the base. Later writes are
    /// answered [`StoreError::Ferme`].
    pub async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.writer.send(Message::Close(done)).await.is_ok() {
            // An error means that the thread is already gone.
            drop(closed.await);
        }
    }
}

/// Copies a base into a new file, as it is at one moment; whoever has it open goes on reading and writing. What was deleted
/// from it is not in the copy. Blocks.
pub fn copy_base(from: &Path, into: &Path) -> Result<(), OpenError> {
    let name = into.to_str().ok_or(std::io::ErrorKind::InvalidFilename).map_err(std::io::Error::from)?;
    // Made here and not by SQLite, because only the service's account may read it.
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(into)?;
    let connection = open_existing(from)?;
    connection.execute("VACUUM INTO ?1", [name]).map_err(StoreError::from)?;
    let folder = into.parent().unwrap_or(Path::new("."));
    File::open(into)?.sync_all()?;
    Ok(File::open(folder)?.sync_all()?)
}

/// Runs an operation that reads a base in a file, one moment of it. Blocks.
pub fn read_copy<T, E: From<StoreError>>(
    path: &Path,
    operation: impl FnOnce(&Tx<'_>) -> Result<T, E>,
) -> Result<T, E> {
    let mut connection = open_existing(path)?;
    let moment = connection.transaction().map_err(StoreError::from)?;
    operation(&Tx::new(&moment))
}

fn open_existing(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(connection)
}

/// What every connection needs before it is used.
fn prepare(connection: &Connection) -> Result<(), StoreError> {
    connection.set_prepared_statement_cache_capacity(PREPARED_STATEMENTS);
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // What is deleted is written over: a key that was erased must not be found in a free page.
    connection.pragma_update(None, "secure_delete", true)?;
    Ok(())
}

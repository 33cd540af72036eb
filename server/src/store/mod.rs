//! The engine under the registre: SQLite on one machine, or PostgreSQL for several servers.
//!
//! Writing goes through one thread with group commit (see `writer`), and one process writes at a time (see each engine:
//! `sqlite`, `postgresql`); reading uses a few connections of its own on blocking threads, each read in one transaction, so
//! that it sees one moment of the base. An answer to a write means that the disk has it. What can go wrong is in
//! [`StoreError`]; after any error nothing of that operation was kept.
//!
//! The registre writes SQL that both understand: `$n`, TEXT, BIGINT, BYTEA, times as parameters. Nothing outside of this
//! folder knows which of them it talks to.

mod base;
mod connexion;
mod error;
#[cfg(test)]
pub(crate) mod essai;
mod migrations;
mod migrer;
mod postgresql;
mod readers;
mod sqlite;
#[cfg(test)]
mod tests;
mod tx;
mod value;
mod writer;

use std::{
    path::Path,
    sync::{Arc, mpsc::channel},
};

use tokio::sync::{mpsc, oneshot};

pub use base::{Base, BaseError};
use connexion::Connexion;
pub use error::StoreError;
pub use migrer::{Migre, MigrerError, migrer};
use readers::Readers;
pub use tx::Tx;
pub use value::{Column, Row, Value};
use writer::Message;

/// Operations that may wait for the writer. More means that the disk cannot follow: their callers wait at the door.
const WAITING_OPERATIONS_MAX: usize = 1_024;

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
    /// Facts are still on their way into it from another base.
    #[error("Une migration vers cette base n’est pas terminée : relancez « ma-demande-server migrer ».")]
    Migration,
    /// The file cannot be made or read.
    #[error("La base ne peut pas être ouverte : {0}")]
    Fichier(#[from] std::io::Error),
    /// The engine refuses.
    #[error("La base ne peut pas être ouverte : {0}")]
    Store(#[from] StoreError),
}

impl Store {
    /// Opens a base, made if it is not there, brought to the last version. Blocks.
    pub fn open(base: &Base) -> Result<Self, OpenError> {
        let (writer, messages) = mpsc::channel(WAITING_OPERATIONS_MAX);
        // The writer's thread opens its own connection: not every engine's lets itself be opened in an asynchronous task.
        let (tell, opened) = channel();
        let own = base.clone();
        std::thread::Builder::new().name("store-writer".to_owned()).spawn(move || {
            match open_finished(&own) {
                Ok(connection) => {
                    // Whoever opens waits for it.
                    let _ = tell.send(Ok(()));
                    writer::write_until_closed(&connection, messages);
                }
                Err(error) => {
                    let _ = tell.send(Err(error));
                }
            }
        })?;
        opened.recv().unwrap_or(Err(StoreError::Panique.into()))?;
        Ok(Self { writer, readers: Readers::new(base.clone()) })
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

/// Copies a base in a file into a new file, as it is at one moment; whoever has it open goes on reading and writing. What
/// was deleted from it is not in the copy. Blocks.
pub fn copy_base(from: &Path, into: &Path) -> Result<(), OpenError> {
    sqlite::copy(from, into)
}

/// Runs an operation that reads a base in a file, one moment of it. Blocks.
pub fn read_copy<T, E: From<StoreError>>(
    path: &Path,
    operation: impl FnOnce(&Tx<'_>) -> Result<T, E>,
) -> Result<T, E> {
    let connection = Connexion::open_reader(&Base::file(path))?;
    connection.begin_read()?;
    let read = operation(&Tx::new(&connection));
    connection.rollback();
    read
}

/// The same on a base that is whole.
fn open_finished(base: &Base) -> Result<Connexion, OpenError> {
    let connection = open_writer(base)?;
    if connection.has_table(migrer::MARK)? { Err(OpenError::Migration) } else { Ok(connection) }
}

/// A connection to write with, on a base of the last version.
fn open_writer(base: &Base) -> Result<Connexion, OpenError> {
    let connection = Connexion::open_writer(base)?;
    migrations::refuse_newer(&connection)?;
    connection.settle()?;
    migrations::migrate(&connection)?;
    Ok(connection)
}

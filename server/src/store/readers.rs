//! The read connections: lent one at a time, given back even when the reading operation panics.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use rusqlite::{Connection, OpenFlags};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{BUSY_TIMEOUT, StoreError, Tx, prepare};

/// Read connections: reads are short and mostly in the cache, so a few serve many requests.
const READERS: usize = 4;

/// The connections that nobody is using, and one permit for each.
pub(super) struct Readers {
    free: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn open(path: &Path) -> Result<Arc<Self>, StoreError> {
        let open = || {
            let connection = Connection::open_with_flags(path, OpenFlags::default())?;
            connection.busy_timeout(BUSY_TIMEOUT)?;
            prepare(&connection)?;
            connection.pragma_update(None, "query_only", true)?;
            Ok(connection)
        };
        let free = (0..READERS).map(|_| open()).collect::<Result<Vec<_>, StoreError>>()?;
        Ok(Arc::new(Self { free: Mutex::new(free), permits: Arc::new(Semaphore::new(READERS)) }))
    }

    /// Waits for a free connection.
    pub(super) async fn lend(self: &Arc<Self>) -> Result<Lent, StoreError> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| StoreError::Ferme)?;
        let connection = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        // A permit is given back after its connection, so whoever holds one finds a connection.
        if connection.is_none() {
            return Err(StoreError::Ferme);
        }
        Ok(Lent { connection, owner: Arc::clone(self), _permit: permit })
    }
}

/// A connection in use.
pub(super) struct Lent {
    connection: Option<Connection>,
    owner: Arc<Readers>,
    /// Fields are dropped after `drop` has given the connection back.
    _permit: OwnedSemaphorePermit,
}

impl Lent {
    /// Runs an operation in one transaction: it sees one moment of the base.
    pub(super) fn read<T, E: From<StoreError>>(
        &mut self,
        operation: impl FnOnce(&Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let connection = self.connection.as_mut().ok_or(StoreError::Ferme)?;
        // Dropped without commit, also when the operation panics: there is nothing to commit.
        let moment = connection.transaction().map_err(StoreError::from)?;
        operation(&Tx::new(&moment))
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let mut free = self.owner.free.lock().unwrap_or_else(PoisonError::into_inner);
        free.extend(self.connection.take());
    }
}

//! The read connections: lent one at a time, given back even when the reading operation panics.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{StoreError, Tx, base::Base, connexion::Connexion};

/// Read connections: reads are short and mostly in the cache, so a few serve many requests.
const READERS: usize = 4;

/// The connections that nobody is using, and a permit for each that there may be. They are opened when they are first
/// needed, on the thread that reads.
pub(super) struct Readers {
    base: Base,
    free: Mutex<Vec<Connexion>>,
    permits: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn new(base: Base) -> Arc<Self> {
        Arc::new(Self { base, free: Mutex::default(), permits: Arc::new(Semaphore::new(READERS)) })
    }

    /// Waits for a place.
    pub(super) async fn lend(self: &Arc<Self>) -> Result<Lent, StoreError> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| StoreError::Ferme)?;
        let connection = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Ok(Lent { connection, owner: Arc::clone(self), _permit: permit })
    }
}

/// A connection in use.
pub(super) struct Lent {
    connection: Option<Connexion>,
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
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(Connexion::open_reader(&self.owner.base)?),
        };
        connection.begin_read()?;
        let moment = Moment(connection);
        operation(&Tx::new(moment.0))
    }
}

/// A read under way. There is nothing to commit, also when the operation panics.
struct Moment<'c>(&'c Connexion);

impl Drop for Moment<'_> {
    fn drop(&mut self) {
        self.0.rollback();
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let mut free = self.owner.free.lock().unwrap_or_else(PoisonError::into_inner);
        free.extend(self.connection.take());
    }
}

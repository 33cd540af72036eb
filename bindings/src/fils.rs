//! Where the work runs: on threads of this library, never on the caller's, which may be the one that draws; and how it
//! is stopped and followed.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio_util::task::AbortOnDropHandle;
use wire::DepotId;

use crate::Echec;

/// Ends what is under way, within a second. Once thrown it stays: one for each piece of work.
#[derive(Debug, Default, uniffi::Object)]
pub struct Stop {
    /// For what waits on the network.
    pub(crate) waiting: client::Stop,
    /// For what computes.
    pub(crate) computing: AtomicBool,
}

#[uniffi::export]
impl Stop {
    /// A switch not yet thrown.
    #[uniffi::constructor]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Throws it. From any thread, any number of times.
    pub fn stop(&self) {
        self.computing.store(true, Ordering::Relaxed);
        self.waiting.stop();
    }
}

/// Hears how far a preparation (steps) or a download (bytes) is.
#[uniffi::export(with_foreign)]
pub trait Ecouteur: Send + Sync {
    /// `fait` of `total`.
    fn avance(&self, fait: u64, total: u64) -> Result<(), Echec>;
}

/// Hears how far each deposit is, about ten times a second.
#[uniffi::export(with_foreign)]
pub trait EcouteurEnvoi: Send + Sync {
    /// Bytes handed to the network or confirmed by the server, of all. May step back after a cut.
    fn avance(&self, depot: DepotId, envoyes: u64, taille: u64) -> Result<(), Echec>;
}

/// Runs what waits on the engine's own thread. Dropped with the caller's coroutine, it ends at its next wait.
pub(crate) async fn wait<T, E>(work: impl Future<Output = Result<T, E>> + Send + 'static) -> Result<T, Echec>
where
    T: Send + 'static,
    E: Send + 'static,
    Echec: From<E>,
{
    Ok(AbortOnDropHandle::new(tokio::spawn(work)).await??)
}

/// Runs what computes or reads on a thread of its own.
pub(crate) async fn compute<T, E>(work: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, Echec>
where
    T: Send + 'static,
    E: Send + 'static,
    Echec: From<E>,
{
    Ok(tokio::task::spawn_blocking(work).await??)
}

/// Throws a switch when the coroutine that waits for the work is cancelled: a computation does not notice by itself.
pub(crate) struct StopIfDropped(Option<Arc<Stop>>);

impl StopIfDropped {
    pub(crate) fn new(stop: &Arc<Stop>) -> Self {
        Self(Some(Arc::clone(stop)))
    }

    /// The work is done: the switch stays as it is.
    pub(crate) fn done(mut self) {
        self.0 = None;
    }
}

impl Drop for StopIfDropped {
    fn drop(&mut self) {
        if let Some(stop) = &self.0 {
            stop.stop();
        }
    }
}

//! A switch that ends what is under way: the phone's job scheduler gives a second's notice.

use std::sync::Arc;

use tokio::sync::watch;

/// Asks a running operation to end. Clones are the same switch; once thrown it stays.
#[derive(Debug, Clone)]
pub struct Stop(Arc<watch::Sender<bool>>);

impl Stop {
    /// A switch not yet thrown.
    pub fn new() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }

    /// Throws it.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }

    /// Waits until it is thrown.
    pub(crate) async fn stopped(&self) {
        // The sender lives in `self`, so waiting cannot fail.
        let _ = self.0.subscribe().wait_for(|thrown| *thrown).await;
    }
}

impl Default for Stop {
    fn default() -> Self {
        Self::new()
    }
}

//! The log: one JSON line an event on standard error. Level `error` means a fault of ours.
//!
//! What may stand in it: route names, statuses, durations, request ids, ids of things. What may not: numéros, names,
//! file names, tokens, codes, paths, headers. The level is fixed, because the libraries' own debug lines print
//! headers.

use tracing::Level;
use tracing_subscriber::{filter::Targets, layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// Starts the log. Once, at the start of the process.
pub fn init() {
    let ours = Targets::new()
        .with_target("server", Level::INFO)
        .with_target("ma_demande_server", Level::INFO)
        .with_default(Level::ERROR);
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_writer(std::io::stderr);
    tracing_subscriber::registry().with(lines).with(ours).init();
}

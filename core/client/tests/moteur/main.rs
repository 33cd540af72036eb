//! The engine through its public door, against a small server with a switchboard of faults.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "in a test, helpers included, a panic is the report"
)]

mod apercu;
mod compte;
mod envoyer;
mod file;
mod support;
mod vus;

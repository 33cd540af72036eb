//! The walls around the reader, each sufficient against what it names, and all put up before the first foreign byte.
//!
//! - [`require_empty_environment`]: no secret of the server's environment is in this process.
//! - [`forbid_paths_and_network`]: `no_new_privs` and Landlock; no path can be opened, no TCP port reached, no process
//!   outside signalled.
//! - [`limit_resources`]: memory, CPU time, descriptors, processes, and no byte into any file.
//! - [`filter_calls`]: seccomp; only what a computation on memory needs is answered, anything else is refused.
//!
//! The wall clock is the caller's: a process cannot be trusted to end itself.
//!
//! What can go wrong: a kernel without Landlock or seccomp. Then an error says which wall is missing, and nothing is
//! read.

mod appels;
mod chemins;
mod ressources;

use std::env;

pub use appels::filter_calls;
pub use chemins::forbid_paths_and_network;
pub use ressources::{Limits, limit_resources};

/// A wall that could not be put up.
#[derive(Debug, thiserror::Error)]
pub enum ConfinementError {
    /// There is an environment.
    #[error("confinement impossible : l’environnement doit être vide (env -i)")]
    Environnement,
    /// The kernel did not promise that no program gains rights.
    #[error("confinement impossible : no_new_privs est refusé")]
    NoNewPrivs(#[source] rustix::io::Errno),
    /// The kernel has no Landlock, or it is switched off.
    #[error("confinement impossible : Landlock manque (noyau Linux 5.13 ou plus récent, lsm=landlock)")]
    Landlock(#[source] Option<landlock::RulesetError>),
    /// A limit was refused.
    #[error("confinement impossible : la limite {quoi} est refusée")]
    Limite {
        /// Which one.
        quoi: &'static str,
        /// The kernel's answer.
        source: rustix::io::Errno,
    },
    /// The filter of system calls was refused, or this processor has none.
    #[error("confinement impossible : le filtre d’appels système (seccomp) est refusé")]
    Seccomp(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Refuses to go on with an environment: it may hold the server's secrets, and it cannot be wiped from memory safely
/// once the process runs.
pub fn require_empty_environment() -> Result<(), ConfinementError> {
    if env::vars_os().next().is_some() { Err(ConfinementError::Environnement) } else { Ok(()) }
}

//! What one document may cost.

use rustix::process::{Resource, Rlimit, setrlimit};

use super::ConfinementError;

/// The limits that have a size. Those that are zero are not a choice.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Address space of the whole process, in bytes.
    pub address_space_bytes: u64,
    /// CPU time, in seconds.
    pub cpu_seconds: u64,
}

impl Limits {
    /// Limits of an inspection. The largest upload is 50 MB and its parsed objects a few times that; allocators
    /// reserve more address space than they use. The slowest honest document measured takes less than a second.
    pub const INSPECTION: Self = Self { address_space_bytes: 1 << 30, cpu_seconds: 20 };
}

/// Standard input, output and error: no descriptor beyond them can be made.
const DESCRIPTORS: u64 = 3;

/// Holds the whole process to `limits`, to its three descriptors, to no further thread or process, and to writing into
/// no file (a pipe is none). None of it can be raised again once system calls are filtered.
pub fn limit_resources(limits: &Limits) -> Result<(), ConfinementError> {
    let all = [
        ("d’espace d’adressage", Resource::As, limits.address_space_bytes),
        ("de temps de calcul", Resource::Cpu, limits.cpu_seconds),
        ("de taille de fichier", Resource::Fsize, 0),
        ("d’image mémoire", Resource::Core, 0),
        ("de processus", Resource::Nproc, 0),
        ("de descripteurs", Resource::Nofile, DESCRIPTORS),
    ];
    for (quoi, resource, most) in all {
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })
            .map_err(|source| ConfinementError::Limite { quoi, source })?;
    }
    Ok(())
}

//! No path, no port, no signal: `no_new_privs` and Landlock.

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetStatus, Scope,
};

use super::ConfinementError;

/// Forbids this thread, and those it will start, every path. Where the kernel knows how, also TCP, abstract Unix
/// sockets and signals to other processes; the filter of system calls forbids those on every kernel.
pub fn forbid_paths_and_network() -> Result<(), ConfinementError> {
    rustix::thread::set_no_new_privs(true).map_err(ConfinementError::NoNewPrivs)?;
    match restrict() {
        Ok(RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced) => Ok(()),
        Ok(RulesetStatus::NotEnforced) => Err(ConfinementError::Landlock(None)),
        Err(error) => Err(ConfinementError::Landlock(Some(error))),
    }
}

/// A ruleset that handles every access and grants none.
fn restrict() -> Result<RulesetStatus, landlock::RulesetError> {
    Ok(Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(ABI::V1))?
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(ABI::V10))?
        .handle_access(AccessNet::from_all(ABI::V10))?
        .scope(Scope::from_all(ABI::V10))?
        .create()?
        .restrict_self()?
        .ruleset)
}

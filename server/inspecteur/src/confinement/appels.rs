//! The system calls a computation on memory needs, and no other.

use std::{collections::BTreeMap, env};

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch,
};

use super::ConfinementError;

/// Calls that are answered whatever their arguments. They reach nothing outside this process.
const UNCONDITIONAL: [i64; 15] = [
    // Memory: the allocator and the threads' stacks.
    libc::SYS_brk,
    libc::SYS_madvise,
    libc::SYS_mremap,
    libc::SYS_munmap,
    // Threads that exist already, and their end.
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_futex,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sched_yield,
    libc::SYS_sigaltstack,
    // Seeds of hash maps; the clock where the vDSO does not answer.
    libc::SYS_getrandom,
    libc::SYS_clock_gettime,
];

/// From here on a call that is not listed, in any thread of this process, does nothing and answers EPERM. So does
/// reading anything but standard input and writing to anything but standard output and error: descriptors inherited by
/// mistake are out of reach. Memory can be mapped from no file and never be executed.
///
/// Refused, not killed: the C library opens a file of /proc by itself when it gives memory back, and does without when
/// it may not. Killing at that would refuse honest documents.
pub fn filter_calls() -> Result<(), ConfinementError> {
    let program = program().map_err(|error| ConfinementError::Seccomp(Box::new(error)))?;
    seccompiler::apply_filter_all_threads(&program)
        .map_err(|error| ConfinementError::Seccomp(Box::new(error)))
}

fn program() -> Result<BpfProgram, seccompiler::BackendError> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        UNCONDITIONAL.into_iter().map(|call| (call, Vec::new())).collect();
    rules.insert(libc::SYS_read, vec![rule(&[is(0, libc::STDIN_FILENO)?])?]);
    rules.insert(
        libc::SYS_write,
        vec![rule(&[is(0, libc::STDOUT_FILENO)?])?, rule(&[is(0, libc::STDERR_FILENO)?])?],
    );
    rules.insert(
        libc::SYS_mmap,
        vec![rule(&[bits(2, libc::PROT_EXEC, 0)?, bits(3, libc::MAP_ANONYMOUS, libc::MAP_ANONYMOUS)?])?],
    );
    rules.insert(libc::SYS_mprotect, vec![rule(&[bits(2, libc::PROT_EXEC, 0)?])?]);
    // abort(): how exhausted memory and a stack's end are told.
    let this_process = rustix::process::getpid().as_raw_nonzero().get();
    rules.insert(libc::SYS_tgkill, vec![rule(&[is(0, this_process)?, is(2, libc::SIGABRT)?])?]);

    let architecture = TargetArch::try_from(env::consts::ARCH)?;
    SeccompFilter::new(
        rules,
        SeccompAction::Errno(libc::EPERM.unsigned_abs()),
        SeccompAction::Allow,
        architecture,
    )?
    .try_into()
}

/// All of these conditions together.
fn rule(conditions: &[SeccompCondition]) -> Result<SeccompRule, seccompiler::BackendError> {
    SeccompRule::new(conditions.to_vec())
}

/// Argument number `argument`, 32 bits wide, is `value`.
fn is(argument: u8, value: i32) -> Result<SeccompCondition, seccompiler::BackendError> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value.unsigned_abs().into())
}

/// The bits of argument number `argument` that are in `mask` are those of `value`.
fn bits(argument: u8, mask: i32, value: i32) -> Result<SeccompCondition, seccompiler::BackendError> {
    let (mask, value) = (mask.unsigned_abs().into(), value.unsigned_abs().into());
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, SeccompCmpOp::MaskedEq(mask), value)
}

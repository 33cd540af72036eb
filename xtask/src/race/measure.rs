//! What a process costs, by the kernel's account.

use std::{
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Result, ensure};
use wait4::Wait4 as _;

/// What a process and those it started and waited for have cost.
pub(crate) struct Cost {
    /// Time on a processor, in the program and in the kernel for it.
    pub(crate) cpu: Duration,
    /// Most memory resident at once, of the largest of the processes, in bytes.
    pub(crate) peak_bytes: u64,
}

/// Runs a command to its end.
pub(crate) fn cost_of(command: &mut Command) -> Result<Cost> {
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?;
    let used = child.wait4()?;
    ensure!(used.status.success(), "{}", used.status);
    Ok(Cost { cpu: used.rusage.utime + used.rusage.stime, peak_bytes: used.rusage.maxrss })
}

/// The value in the middle; not a number where there is none.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    values.get(middle).copied().unwrap_or(f64::NAN)
}

/// The mean; not a number where there are no values.
pub(crate) fn mean(values: impl IntoIterator<Item = f64>) -> f64 {
    let (count, sum) = values.into_iter().fold((0.0, 0.0), |(count, sum), value| (count + 1.0, sum + value));
    sum / count
}

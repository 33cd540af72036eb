//! What a contestant's process costs, by the kernel's account.

use std::{process::Command, time::Duration};

use anyhow::{Result, ensure};

use crate::child::{self, Limits};

/// Far more than any contestant takes of 48 megapixels, so that one that never ends is noticed.
const LIMITS: Limits =
    Limits { cpu_seconds: 60, wall: Duration::from_mins(10), address_space_bytes: 8 << 30 };

/// What a process and those it started and waited for have cost.
pub(crate) struct Cost {
    /// Time on a processor, in the program and in the kernel for it.
    pub(crate) cpu: Duration,
    /// Most memory resident at once, of the largest of the processes, in bytes.
    pub(crate) peak_bytes: u64,
}

/// Runs a command to its end.
pub(crate) fn cost_of(command: &mut Command) -> Result<Cost> {
    let ended = child::run(command, &LIMITS)?;
    ensure!(ended.status.success(), "{} : {}", ended.status, ended.stderr);
    Ok(Cost { cpu: ended.cpu, peak_bytes: ended.peak_bytes })
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

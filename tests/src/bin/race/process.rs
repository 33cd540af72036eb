//! What a server's processes have taken, by the kernel's own account.

use std::{collections::HashMap, fs, time::Duration};

use anyhow::{Context as _, Result};

/// Ticks in a second of the times in `/proc/PID/stat`: the same on every Linux that user programs see.
const TICKS_PER_SECOND: u32 = 100;

/// A server with all that it has started.
pub(crate) struct Family(pub(crate) u32);

/// One line of `/proc/PID/stat`.
struct Stat {
    parent: u32,
    /// In ticks: its own and those of children that have ended.
    ticks: u32,
}

impl Family {
    /// Processor time so far, in the programs and in the kernel for them, ended children included.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        let ticks: u32 = self.members()?.values().map(|stat| stat.ticks).sum();
        Ok(Duration::from_secs(1) * ticks / TICKS_PER_SECOND)
    }

    /// Forgets the peaks of memory so far.
    pub(crate) fn reset_peak(&self) -> Result<()> {
        for pid in self.members()?.keys() {
            // One that has just ended has no peak any more.
            let _ = fs::write(format!("/proc/{pid}/clear_refs"), "5");
        }
        Ok(())
    }

    /// Most memory resident at once since [`Family::reset_peak`], of all its living processes together, in bytes.
    pub(crate) fn peak_bytes(&self) -> Result<u64> {
        self.sum_of("VmHWM:")
    }

    /// Memory resident now, in bytes.
    pub(crate) fn resident_bytes(&self) -> Result<u64> {
        self.sum_of("VmRSS:")
    }

    fn sum_of(&self, field: &str) -> Result<u64> {
        let mut sum = 0;
        for pid in self.members()?.keys() {
            let Ok(status) = fs::read_to_string(format!("/proc/{pid}/status")) else { continue };
            let value = status.lines().find_map(|line| line.strip_prefix(field));
            let kib = value.and_then(|value| value.split_whitespace().next());
            sum += kib.map_or(Ok(0), str::parse::<u64>)? * 1024;
        }
        Ok(sum)
    }

    fn members(&self) -> Result<HashMap<u32, Stat>> {
        let mut all = HashMap::new();
        for entry in fs::read_dir("/proc")? {
            let Some(pid) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
            if let Ok(line) = fs::read_to_string(format!("/proc/{pid}/stat")) {
                all.insert(pid, read(&line)?);
            }
        }
        let belongs = |mut pid: u32| {
            while pid != self.0 {
                match all.get(&pid) {
                    Some(stat) if stat.parent != 0 => pid = stat.parent,
                    _ => return false,
                }
            }
            true
        };
        let ours: Vec<u32> = all.keys().copied().filter(|pid| belongs(*pid)).collect();
        Ok(ours.into_iter().filter_map(|pid| all.remove(&pid).map(|stat| (pid, stat))).collect())
    }
}

/// The program's name, the second field, may hold anything: what counts follows its last parenthesis.
fn read(line: &str) -> Result<Stat> {
    let (_, rest) = line.rsplit_once(')').context("not a line of stat")?;
    let fields: Vec<_> = rest.split_whitespace().collect();
    let field = |number: usize| -> Result<u32> {
        // proc_pid_stat(5) counts from 1, and the state is the third.
        Ok(fields.get(number - 3).context("a short line of stat")?.parse()?)
    };
    Ok(Stat { parent: field(4)?, ticks: field(14)? + field(15)? + field(16)? + field(17)? })
}

//! The disk that all write to: how long it takes to make bytes durable, which only ours waits for.

use std::{
    fs::File,
    io::Write as _,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};

/// Writes that are timed: enough for a hundredth.
const SYNCS: usize = 300;

/// What is written each time, in bytes: a page of the base's log.
const PAGE_BYTES: usize = 4096;

/// The median and the hundredth slowest of appending a page and making it durable.
pub(crate) fn sync_latency(folder: &Path) -> Result<(Duration, Duration)> {
    let path = folder.join("latence");
    let mut file = File::create(&path)?;
    let mut times = Vec::with_capacity(SYNCS);
    for _ in 0..SYNCS {
        file.write_all(&[0x5A; PAGE_BYTES])?;
        let start = Instant::now();
        file.sync_data()?;
        times.push(start.elapsed());
    }
    std::fs::remove_file(path)?;
    times.sort();
    let at = |hundredth: usize| times.get(SYNCS * hundredth / 100).copied().context("nothing was timed");
    Ok((at(50)?, at(99)?))
}

/// Brings to the disk what others have left behind, so that it does not slow down who comes next.
pub(crate) fn settle(folder: &Path) -> Result<()> {
    Ok(rustix::fs::syncfs(File::open(folder)?)?)
}

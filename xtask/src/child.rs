//! Another program run alone, held to limits and measured: its processor time, its peak of memory, how it ended.
//!
//! Time is the processor's, which a loaded machine does not lengthen; a child that only waits is ended by a longer limit
//! on the wall. Memory is the peak of what is really held (resident), not the address space: allocators and threads reserve
//! far more than they use. The address space is limited all the same, so that a file cannot take the machine with it.

use std::{
    io,
    os::unix::process::ExitStatusExt as _,
    process::{Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Pid, PidfdFlags, Resource, Rlimit, Signal, pidfd_open, prlimit},
};
use wait4::Wait4 as _;

/// What a child may take before it is ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Processor time, in seconds.
    pub(crate) cpu_seconds: u64,
    /// Time on the wall.
    pub(crate) wall: Duration,
    /// Address space, in bytes.
    pub(crate) address_space_bytes: u64,
}

/// A child that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// How.
    pub(crate) status: ExitStatus,
    /// It was ended by a limit of time, the processor's or the one on the wall.
    pub(crate) out_of_time: bool,
    /// Processor time, its own children's included.
    pub(crate) cpu: Duration,
    /// Peak of memory held, in bytes.
    pub(crate) peak_bytes: u64,
    /// What it wrote.
    pub(crate) stdout: String,
    /// What it complained of.
    pub(crate) stderr: String,
}

/// Runs `command` to its end. It must write less than a pipe holds (64 KiB) on each of its outputs.
pub(crate) fn run(command: &mut Command, limits: &Limits) -> Result<Ended> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("« {} » ne peut pas être lancé", command.get_program().display()))?;
    let (mut stdout, mut stderr) =
        child.stdout.take().zip(child.stderr.take()).context("un processus sans sorties")?;
    let pid = Pid::from_child(&child);
    let limit = |resource, most| prlimit(Some(pid), resource, Rlimit { current: Some(most), maximum: None });
    // A child that has already ended has kept every limit.
    let _ = limit(Resource::Cpu, limits.cpu_seconds);
    let _ = limit(Resource::As, limits.address_space_bytes);
    let _ = limit(Resource::Core, 0);
    let handle = pidfd_open(pid, PidfdFlags::empty())?;
    let until = Instant::now() + limits.wall;
    let waited_too_long = loop {
        let left = until.saturating_duration_since(Instant::now());
        match poll(&mut [PollFd::new(&handle, PollFlags::IN)], Some(&Timespec::try_from(left)?)) {
            Ok(0) => break true,
            Ok(_) => break false,
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    };
    if waited_too_long {
        child.kill()?;
    }
    let ended = child.wait4()?;
    let read = |pipe: &mut dyn io::Read| {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).map(|_| String::from_utf8_lossy(&bytes).into_owned())
    };
    Ok(Ended {
        status: ended.status,
        out_of_time: waited_too_long || ended.status.signal() == Some(Signal::XCPU.as_raw()),
        cpu: ended.rusage.utime + ended.rusage.stime,
        peak_bytes: ended.rusage.maxrss,
        stdout: read(&mut stdout)?,
        stderr: read(&mut stderr)?,
    })
}

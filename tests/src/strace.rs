//! The server's system calls, watched or made to fail: Debian's strace, attached to the running process.
//!
//! It is ended by SIGKILL: asked politely, it waits for ever where the server is just starting another process. The
//! kernel then lets every thread go, and the trace is whole up to the line that was waited for.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc::channel,
    time::Duration,
};

use anyhow::{Context as _, Result};

use crate::{Server, wait_until};

/// How long attaching may take: it takes milliseconds.
const ATTACHED_WITHIN: Duration = Duration::from_secs(20);

/// strace at work on a server, until it is dropped.
pub struct Strace {
    child: Child,
    trace: PathBuf,
}

impl Strace {
    /// Writes down these calls, with the paths of their descriptors and the beginning of what is sent.
    pub fn watch(server: &Server, calls: &str) -> Result<Self> {
        Self::attach(server, &["-e", &format!("trace={calls}")])
    }

    /// Makes calls end as `fault` says (`fdatasync:error=EIO`, `rename:signal=KILL:when=1`); with a path, only those on
    /// that file. Without one, what the server answers is seen too.
    pub fn inject(server: &Server, fault: &str, path: Option<&Path>) -> Result<Self> {
        let calls = fault.split(':').next().unwrap_or_default();
        let answers = if path.is_none() { ",write,writev,sendto" } else { "" };
        let (trace, inject) = (format!("trace={calls}{answers}"), format!("inject={fault}"));
        let mut options = vec!["-e", trace.as_str(), "-e", inject.as_str()];
        let path = path.map(|path| path.to_string_lossy().into_owned());
        if let Some(path) = &path {
            options.extend(["-P", path.as_str()]);
        }
        Self::attach(server, &options)
    }

    fn attach(server: &Server, options: &[&str]) -> Result<Self> {
        let trace = server.scratch().join("appels.txt");
        let mut child = Command::new("strace")
            .args(["-f", "-y", "-s", "40", "-o"])
            .arg(&trace)
            .args(options)
            .args(["-p", &server.pid().to_string()])
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .context("strace is missing: run `cargo xtask soak appels`")?;
        let said = BufReader::new(child.stderr.take().context("no standard error")?).lines();
        let strace = Self { child, trace };
        let (tell, attached) = channel();
        // It reads on to the end, since strace goes on talking.
        std::thread::spawn(move || {
            for line in said.map_while(Result::ok) {
                if line.contains("attached") {
                    let _ = tell.send(());
                }
            }
        });
        attached.recv_timeout(ATTACHED_WITHIN).context("strace could not be attached")?;
        Ok(strace)
    }

    /// Waits for a call with this text, lets the server go, and gives what was seen, call by call in the order in which
    /// they began.
    pub fn stop_after(self, text: &str) -> Result<Vec<Call>> {
        wait_until(text, || Ok(fs::read_to_string(&self.trace)?.contains(text).then_some(())))?;
        let trace = self.trace.clone();
        drop(self);
        let trace = fs::read_to_string(trace)?;
        // The last line may be half written.
        read(trace.rsplit_once('\n').map_or("", |(whole, _)| whole))
    }

    /// Lets the server go, and says whether the fault has struck before a call with this text (or it never came).
    pub fn struck_before(self, text: &str) -> Result<bool> {
        let trace = self.trace.clone();
        drop(self);
        let trace = fs::read_to_string(trace)?;
        let (before, _) = trace.split_once(text).unwrap_or((&trace, ""));
        Ok(before.contains("(INJECTED)"))
    }

    /// Waits until the server is dead (a zombie, until the harness looks after it), and lets it go.
    pub fn wait_for_death(self, server: &Server) -> Result<()> {
        wait_until("the server dies", || {
            let stat = fs::read_to_string(format!("/proc/{}/stat", server.pid()))?;
            Ok(stat.contains(") Z ").then_some(()))
        })
    }
}

impl Drop for Strace {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One system call.
#[derive(Debug, Clone)]
pub struct Call {
    /// Its name and arguments, as strace shows them.
    pub text: String,
    /// The line of the trace on which it began.
    pub began: usize,
    /// The line on which it had ended.
    pub ended: usize,
}

/// Reads a trace. A call that others interrupted stands on two lines: `PID name(… <unfinished ...>` and, after the
/// process's number again, `<... name resumed>`.
fn read(trace: &str) -> Result<Vec<Call>> {
    let mut calls: Vec<Call> = Vec::new();
    let mut open: Vec<(&str, usize)> = Vec::new();
    for (number, line) in trace.lines().enumerate() {
        let (process, rest) = line.split_once(' ').context("a line without a process")?;
        let rest = rest.trim_start();
        if rest.starts_with("<...") {
            let at =
                open.iter().rposition(|(known, _)| *known == process).context("an end without a begin")?;
            let (_, index) = open.remove(at);
            if let Some(call) = calls.get_mut(index) {
                call.ended = number;
                call.text.push_str(rest);
            }
            continue;
        }
        let ended = if rest.ends_with("<unfinished ...>") {
            open.push((process, calls.len()));
            usize::MAX
        } else {
            number
        };
        calls.push(Call { text: rest.to_owned(), began: number, ended });
    }
    Ok(calls)
}

//! The applicant's side as a person uses it: the command line `ma-demande`, its exit code and its JSON.

use std::{
    ffi::{OsStr, OsString},
    io::Write as _,
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::binary;

/// One device: a folder that keeps its session and its queue, and the server it talks to.
pub struct Phone {
    folder: PathBuf,
    server: String,
    ca: Option<PathBuf>,
}

/// How a command ended.
#[derive(Debug)]
pub struct Outcome {
    /// The exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Phone {
    /// A new device that keeps what it needs in `folder` and talks to the server at that address.
    pub fn new(folder: PathBuf, server: &str) -> Self {
        Self { folder, server: server.to_owned(), ca: None }
    }

    /// The same device, which also trusts the certificates in that file.
    #[must_use]
    pub fn trusting(mut self, ca: PathBuf) -> Self {
        self.ca = Some(ca);
        self
    }

    /// Runs `ma-demande --json` with these arguments.
    pub fn run<I: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = I>) -> Result<Outcome> {
        self.run_with(arguments, "")
    }

    /// The same, with that standard input.
    pub fn run_with<I: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = I>,
        input: &str,
    ) -> Result<Outcome> {
        let mut command = Command::new(binary("ma-demande")?);
        command.arg("--json").arg("--serveur").arg(&self.server).arg("--dossier").arg(&self.folder);
        if let Some(ca) = &self.ca {
            command.arg("--ca").arg(ca);
        }
        let arguments: Vec<OsString> = arguments.into_iter().map(|a| a.as_ref().to_owned()).collect();
        let mut child = command
            .args(&arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            // A command that needs no input may be gone before it is written.
            let _ = stdin.write_all(input.as_bytes());
        }
        let output = child.wait_with_output()?;
        Ok(Outcome {
            code: output.status.code().context("the command line was killed by a signal")?,
            out: String::from_utf8(output.stdout)?,
            err: String::from_utf8(output.stderr)?,
        })
    }

    /// Signs in, and gives what the command prints: the token and the demande.
    pub fn sign_in(&self, numero: &str, code: &str) -> Result<Value> {
        self.run_with(["connexion"], &format!("{numero}\n{code}\n"))?.expect(0)?.json()
    }
}

impl Outcome {
    /// Checks the exit code; what the command said is in the error where it differs.
    pub fn expect(self, code: i32) -> Result<Self> {
        ensure!(self.code == code, "expected exit code {code}, got {}: {}{}", self.code, self.out, self.err);
        Ok(self)
    }

    /// What it printed, as one JSON value.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_str(&self.out).with_context(|| format!("not JSON: {}", self.out))
    }

    /// What it printed, a JSON value a line.
    pub fn lines(&self) -> Result<Vec<Value>> {
        self.out
            .lines()
            .map(|line| serde_json::from_str(line).with_context(|| format!("not JSON: {line}")))
            .collect()
    }
}

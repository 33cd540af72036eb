//! adb, for one phone.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail, ensure};

use super::NoEmulator;

const APP: &str = "fr.mademande";
const RUNNER: &str = "fr.mademande.test/fr.mademande.parcours.ParcoursInstrumentation";

/// What an instrumentation says when it is where the host may kill it.
const READY: &str = "INSTRUMENTATION_STATUS: etat=pret";

#[derive(Debug)]
pub(super) struct Adb {
    program: String,
    serial: String,
}

impl Adb {
    /// The phone of that serial number, or the only one that answers.
    pub(super) fn find(program: &str, serial: Option<&str>) -> Result<Self> {
        let Ok(output) = Command::new(program).arg("devices").output() else { bail!(NoEmulator) };
        let listed = String::from_utf8_lossy(&output.stdout).into_owned();
        let ready: Vec<&str> = listed.lines().filter_map(|line| line.strip_suffix("\tdevice")).collect();
        let serial = match (serial, ready.as_slice()) {
            (Some(serial), ready) if ready.contains(&serial) => serial,
            (None, [only]) => only,
            (None, [_, _, ..]) => {
                bail!("plusieurs téléphones répondent : choisissez avec --serial {}", ready.join(" | "))
            }
            _ => bail!(NoEmulator),
        };
        Ok(Self { program: program.to_owned(), serial: serial.to_owned() })
    }

    /// Installs an APK, over an older one of the same key.
    pub(super) fn install(&self, apk: &Path) -> Result<()> {
        self.call(&["install", "-r", "-t", &apk.to_string_lossy()]).map(drop)
    }

    /// Lets the phone reach this machine's port under the same number.
    pub(super) fn reverse(&self, port: u16) -> Result<()> {
        let port = format!("tcp:{port}");
        self.call(&["reverse", &port, &port]).map(drop)
    }

    /// Empties the app, as if it had just been installed.
    pub(super) fn clear(&self) -> Result<()> {
        self.call(&["shell", "pm", "clear", APP]).map(drop)
    }

    /// Runs a journey to its end and gives all that was said.
    pub(super) fn instrument(&self, journey: &str, banc: u16, line: u16) -> Result<String> {
        self.call(&words(&instrument(journey, banc, line)))
    }

    /// Runs a journey until it says that it is where it is to die, and kills the app's process there.
    pub(super) fn start_then_kill(&self, journey: &str, banc: u16, line: u16) -> Result<()> {
        let mut arguments = instrument(journey, banc, line);
        let runner = arguments.pop().context("no runner")?;
        arguments.extend(["-e", "attendre", "oui", &runner].map(str::to_owned));
        let mut child = self.command(&words(&arguments)).stdout(Stdio::piped()).spawn()?;
        let mut said = BufReader::new(child.stdout.take().context("no output")?);
        let mut all = String::new();
        loop {
            let mut line = String::new();
            ensure!(
                said.read_line(&mut line)? > 0,
                "le parcours s’est terminé avant le moment voulu :\n{all}"
            );
            all.push_str(&line);
            if line.starts_with(READY) {
                break;
            }
        }
        self.call(&["shell", &format!("run-as {APP} sh -c 'kill -9 $(pidof {APP})'")])?;
        said.read_to_string(&mut all)?;
        child.wait()?;
        Ok(())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(["-s", &self.serial]).args(arguments).stdin(Stdio::null());
        command
    }

    fn call(&self, arguments: &[&str]) -> Result<String> {
        let output = self.command(arguments).output()?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        ensure!(
            output.status.success(),
            "adb {} : {said}{}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(said)
    }
}

fn instrument(journey: &str, banc: u16, line: u16) -> Vec<String> {
    let (banc, line) = (banc.to_string(), line.to_string());
    [
        "shell",
        "am",
        "instrument",
        "-w",
        "-e",
        "parcours",
        journey,
        "-e",
        "banc",
        &banc,
        "-e",
        "ligne",
        &line,
        RUNNER,
    ]
    .map(str::to_owned)
    .to_vec()
}

fn words(arguments: &[String]) -> Vec<&str> {
    arguments.iter().map(String::as_str).collect()
}

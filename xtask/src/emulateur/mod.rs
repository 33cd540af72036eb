//! `cargo xtask emulateur`: the journeys on a phone or an emulator, through adb.
//!
//! The unshrunk debug app and the test APK (`cargo xtask apk` makes both) are installed; the real server, one household per
//! journey and a line that breaks run here; the phone reaches them through `adb reverse`. The journey of a killed process
//! is two, with `kill -9` between.
//!
//! What can go wrong: there is no phone, which is neither a success nor a failure and has an exit code of its own; or a
//! journey fails, and what it saw last is shown.

mod adb;
mod banc;

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail, ensure};

use crate::command::{cargo, root};
use adb::Adb;
use banc::Banc;

/// There is nothing to run the journeys on. Never counted as passed.
#[derive(Debug)]
pub(crate) struct NoEmulator;

impl std::fmt::Display for NoEmulator {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(
            "aucun téléphone ni émulateur n’est joignable par adb : les parcours n’ont pas été joués. Voir docs/qa.md.",
        )
    }
}

impl std::error::Error for NoEmulator {}

/// What `cargo xtask emulateur` ends with where nothing could be run.
pub(crate) const NO_EMULATOR_CODE: u8 = 3;

/// What is installed, in this order.
const APKS: [&str; 2] = ["target/android/ma-demande-debug.apk", "target/android/ma-demande-parcours.apk"];

/// The journeys that are one run each.
const JOURNEYS: [&str; 3] = ["photo-coupure", "refus-remplacement", "pdf-partage"];

/// Runs everything on the phone of that serial number, or on the only one.
pub(crate) fn run(serial: Option<&str>) -> Result<()> {
    let adb = Adb::find("adb", serial)?;
    let apks = APKS.map(|apk| root().join(apk));
    for apk in &apks {
        ensure!(apk.is_file(), "{} manque : lancez d’abord « cargo xtask apk ».", apk.display());
    }
    cargo(&["build", "--locked", "--package", "ma-demande-server", "--package", "ma-demande-inspecteur"])?;
    let banc = Banc::start()?;
    install(&adb, &apks)?;
    for port in [banc.port(), banc.line_port()] {
        adb.reverse(port)?;
    }
    journeys(&adb, banc.port(), banc.line_port())
}

fn install(adb: &Adb, apks: &[PathBuf]) -> Result<()> {
    apks.iter().try_for_each(|apk| adb.install(apk))
}

/// All journeys, each on an empty app; the first that fails ends the run.
fn journeys(adb: &Adb, banc: u16, line: u16) -> Result<()> {
    for journey in JOURNEYS {
        adb.clear()?;
        play(adb, journey, banc, line)?;
    }
    adb.clear()?;
    adb.start_then_kill("avant-la-mort", banc, line).context("avant-la-mort")?;
    play(adb, "apres-la-mort", banc, line)?;
    println!("Tous les parcours ont réussi.");
    Ok(())
}

fn play(adb: &Adb, journey: &str, banc: u16, line: u16) -> Result<()> {
    println!("Parcours « {journey} »");
    let said = adb.instrument(journey, banc, line)?;
    if !said.contains("INSTRUMENTATION_RESULT: parcours=reussi") {
        bail!("le parcours « {journey} » a échoué :\n{said}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

    use tempfile::TempDir;

    use super::*;

    /// A program called adb that writes down how it was called, and answers like a phone.
    struct FakeAdb {
        folder: TempDir,
    }

    impl FakeAdb {
        fn new(devices: &str, failing: &str) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let program = folder.path().join("adb");
            fs::write(folder.path().join("devices"), format!("List of devices attached\n{devices}\n"))
                .unwrap();
            let script = format!(
                r#"#!/bin/sh
here=$(dirname "$0")
echo "$*" >> "$here/calls"
case "$*" in
  devices) cat "$here/devices" ;;
  *"-e attendre oui"*)
    echo "INSTRUMENTATION_STATUS: etat=pret"
    echo "INSTRUMENTATION_STATUS_CODE: -1"
    while [ ! -e "$here/killed" ]; do sleep 0.01; done
    echo "INSTRUMENTATION_RESULT: shortMsg=Process crashed." ;;
  *"kill -9"*) touch "$here/killed" ;;
  *"-e parcours {failing}"*) echo "INSTRUMENTATION_RESULT: parcours=echoue"; echo "INSTRUMENTATION_CODE: 0" ;;
  *"am instrument"*) echo "INSTRUMENTATION_RESULT: parcours=reussi"; echo "INSTRUMENTATION_CODE: -1" ;;
  *"pm clear"*) echo Success ;;
esac
"#
            );
            fs::write(&program, script).unwrap();
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
            Self { folder }
        }

        fn program(&self) -> String {
            self.folder.path().join("adb").to_string_lossy().into_owned()
        }

        fn calls(&self) -> Vec<String> {
            let calls = fs::read_to_string(self.folder.path().join("calls")).unwrap();
            calls.lines().map(str::to_owned).collect()
        }
    }

    #[test]
    fn every_journey_runs_on_an_empty_app_and_the_killed_one_in_two() {
        let fake = FakeAdb::new("emulator-5554\tdevice", "aucun");
        let adb = Adb::find(&fake.program(), None).unwrap();
        journeys(&adb, 4001, 4002).unwrap();
        let told: Vec<String> = fake
            .calls()
            .into_iter()
            .filter_map(|call| {
                let what = ["pm clear", "kill -9"].into_iter().find(|what| call.contains(what));
                what.map(str::to_owned)
                    .or_else(|| Some(call.split_once("-e parcours ")?.1.split(' ').next()?.to_owned()))
            })
            .collect();
        let wanted = [
            "pm clear",
            "photo-coupure",
            "pm clear",
            "refus-remplacement",
            "pm clear",
            "pdf-partage",
            "pm clear",
            "avant-la-mort",
            "kill -9",
            "apres-la-mort",
        ];
        assert_eq!(told, wanted);
        assert!(fake.calls().iter().all(|call| call == "devices" || call.starts_with("-s emulator-5554 ")));
    }

    #[test]
    fn a_journey_that_fails_fails_the_run() {
        let fake = FakeAdb::new("emulator-5554\tdevice", "refus-remplacement");
        let adb = Adb::find(&fake.program(), None).unwrap();
        let error = journeys(&adb, 4001, 4002).unwrap_err();
        assert!(error.to_string().contains("refus-remplacement"), "{error:#}");
        assert!(!fake.calls().iter().any(|call| call.contains("pdf-partage")));
    }

    #[test]
    fn no_phone_is_not_a_success() {
        for devices in ["", "emulator-5554\toffline", "emulator-5554\tunauthorized"] {
            let fake = FakeAdb::new(devices, "aucun");
            let error = Adb::find(&fake.program(), None).unwrap_err();
            assert!(error.is::<NoEmulator>(), "{devices:?}: {error:#}");
        }
        let error = Adb::find("/nowhere/adb", None).unwrap_err();
        assert!(error.is::<NoEmulator>(), "{error:#}");
    }

    #[test]
    fn one_of_several_must_be_named() {
        let fake = FakeAdb::new("emulator-5554\tdevice\nR58\tdevice", "aucun");
        let error = Adb::find(&fake.program(), None).unwrap_err();
        assert!(error.to_string().contains("--serial"), "{error:#}");
        Adb::find(&fake.program(), Some("R58")).unwrap().install(Path::new("a.apk")).unwrap();
        assert_eq!(fake.calls().last().unwrap(), "-s R58 install -r -t a.apk");
        let error = Adb::find(&fake.program(), Some("autre")).unwrap_err();
        assert!(error.is::<NoEmulator>(), "{error:#}");
    }
}

//! tusd's own end-to-end tests (its `internal/e2e`, by way of the Go module proxy) against our server. They start a program
//! named by `TUSD_BINARY`, read its address from its standard output, and speak HTTP through a proxy of theirs that slows,
//! cuts and resets: `tests/tusd/adaptateur.go` stands there, and says what it adds and translates.
//!
//! Of the eight tests six run. Left out are:
//!
//! - `TestStopUpload`: a hook of tusd's ends an upload.
//! - `TestLockRelease`: any request for an upload ends the one that is sending to it, even over a line that moves ten times
//!   a second. Ours keeps such a line, on purpose; `a_line_that_rests_between_its_bytes_keeps_its_upload` holds the opposite.
//!
//! In two of the six a length of time is ours, because tusd takes it from a flag or has none: see [`TIMES`]. They measure
//! time, which a busy machine may spoil, so one that fails is given two more chances; what is wrong with the server fails
//! each time.
//!
//! `cargo xtask test` installs Go; without it this test fails, it is not skipped.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};
use harness::{Household, Server, Tus};
use serde_json::Value;

/// The release whose tests these are.
const TUSD: &str = "github.com/tus/tusd/v2@v2.10.0";

/// What of the module they need: they are compiled outside of it, with its own choice of versions.
const FILES: [&str; 4] = ["go.mod", "go.sum", "internal/e2e/e2e_test.go", "internal/e2e/e2e_unix_test.go"];

/// Those that run against one server at once.
const TOGETHER: [&str; 5] = [
    "TestSuccessfulUpload",
    "TestNetworkReadTimeout",
    "TestUnexpectedNetworkClose",
    "TestUnexpectedNetworkReset",
    "TestUploadLengthExceeded",
];

/// The one that ends its server.
const SHUTDOWN: &str = "TestShutdown";

/// Those that cannot run here.
const LEFT_OUT: [&str; 2] = ["TestLockRelease", "TestStopUpload"];

/// Where a time that they expect is ours instead: after two seconds of sending, thirty of silence (they ask tusd for five);
/// and seven for a request that is under way when the server is told to stop (tusd cuts it at once).
const TIMES: [(&str, &str, &str); 2] = [
    (
        "internal/e2e/e2e_test.go",
        "isApprox(duration, 7*time.Second, 0.2)",
        "isApprox(duration, 32*time.Second, 0.2)",
    ),
    (
        "internal/e2e/e2e_unix_test.go",
        "isApprox(duration, 2*time.Second, 0.1)",
        "isApprox(duration, 9*time.Second, 0.1)",
    ),
];

/// How often a test may be tried.
const TRIES_MAX: u32 = 3;

#[test]
fn interop_tusd_finds_in_its_own_tests_what_it_expects_of_a_server() -> Result<()> {
    let suite = Suite::build()?;
    let mut listed = suite.list()?;
    listed.sort();
    let mut known = [&TOGETHER[..], &LEFT_OUT, &[SHUTDOWN]].concat();
    known.sort_unstable();
    assert_eq!(listed, known, "each of its tests is run or left out by name");

    let (server, phone) = start()?;
    let mut left = TOGETHER.to_vec();
    for _ in 0..TRIES_MAX {
        let passed = suite.run(&server, &phone, &left)?;
        left.retain(|name| !passed.contains(name));
        if left.is_empty() {
            break;
        }
    }
    assert!(left.is_empty(), "failed each time: {left:?}");

    let ended_well = || -> Result<bool> {
        let (mut server, phone) = start()?;
        let passed = !suite.run(&server, &phone, &[SHUTDOWN])?.is_empty();
        server.wait_for_end()?;
        Ok(passed)
    };
    for _ in 0..TRIES_MAX {
        if ended_well()? {
            return Ok(());
        }
    }
    panic!("{SHUTDOWN} failed each time");
}

/// A server, and somebody signed in.
fn start() -> Result<(Server, Tus)> {
    let server = Server::start()?;
    let phone = Household::import(&server, 1)?.sign_in(server.addr()?)?;
    Ok((server, phone))
}

/// The tests and the adapter, compiled.
struct Suite {
    tests: PathBuf,
    adapter: PathBuf,
}

impl Suite {
    fn build() -> Result<Self> {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = here.join("../target/tusd");
        fs::create_dir_all(folder.join("internal/e2e"))?;
        let folder = folder.canonicalize()?;
        let module: Value = serde_json::from_slice(&go(&folder, &["mod", "download", "-json", TUSD])?)?;
        let module = Path::new(module.get("Dir").and_then(Value::as_str).context("no folder of the module")?);
        for file in FILES {
            let mut text = fs::read_to_string(module.join(file))?;
            for (_, theirs, ours) in TIMES.iter().filter(|(of, ..)| *of == file) {
                ensure!(text.matches(theirs).count() == 1, "{file} no longer says {theirs} once");
                text = text.replace(theirs, ours);
            }
            fs::write(folder.join(file), text)?;
        }
        let suite = Self { tests: folder.join("e2e.test"), adapter: folder.join("adaptateur") };
        go(&folder, &["test", "-c", "-o", text(&suite.tests)?, "./internal/e2e"])?;
        let adapter = here.join("tusd/adaptateur.go");
        go(&folder, &["build", "-o", text(&suite.adapter)?, text(&adapter)?])?;
        Ok(suite)
    }

    /// The names of all tests.
    fn list(&self) -> Result<Vec<String>> {
        let output = Command::new(&self.tests)
            .args(["-test.list", "."])
            .env("TUSD_BINARY", &self.adapter)
            .stderr(Stdio::inherit())
            .output()?;
        let listed = String::from_utf8(output.stdout)?;
        Ok(listed.lines().filter(|line| line.starts_with("Test")).map(str::to_owned).collect())
    }

    /// Runs these tests; gives those that passed.
    fn run<'t>(&self, server: &Server, phone: &Tus, tests: &[&'t str]) -> Result<Vec<&'t str>> {
        let output = Command::new(&self.tests)
            .args(["-test.v", "-test.run", &format!("^({})$", tests.join("|"))])
            .env("TUSD_BINARY", &self.adapter)
            .env("ADAPTATEUR_SERVEUR", server.url())
            .env("ADAPTATEUR_PID", server.pid().to_string())
            .env("ADAPTATEUR_JETON", &phone.token)
            .env("ADAPTATEUR_DEMANDE", phone.demande.to_string())
            .output()?;
        let said = String::from_utf8_lossy(&output.stdout);
        println!("{said}{}", String::from_utf8_lossy(&output.stderr));
        let passed = |name: &&&str| said.contains(&format!("--- PASS: {name} "));
        Ok(tests.iter().filter(passed).copied().collect())
    }
}

/// Runs Go in a folder; gives what it prints.
fn go(folder: &Path, arguments: &[&str]) -> Result<Vec<u8>> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tools/go/bin/go");
    let output = Command::new(if own.exists() { &own } else { Path::new("go") })
        .args(arguments)
        .current_dir(folder)
        // The module names the version of Go that it wants; an older one fetches it as it does modules.
        .env("GOTOOLCHAIN", "auto")
        .stderr(Stdio::inherit())
        .output()
        .context("Go is missing: run `cargo xtask test`")?;
    ensure!(output.status.success(), "go {arguments:?} ended with {}", output.status);
    Ok(output.stdout)
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().context("a path that is no text")
}

//! Independent clients of the upload protocol against our server, through the same door as our own: a bearer token and
//! our metadata keys. Each is interrupted and goes on in a new process, with what it kept itself. And an independent reader
//! of our metrics.
//!
//! `cargo xtask test` installs them; without them these tests fail, they are not skipped.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail, ensure};
use harness::{CuttingProxy, Facts, Fault, Household, Server, Tus, sample, sha256};
use serde_json::{Value, json};
use uuid::Uuid;

/// How far the interrupted request comes, in bytes.
const CUT_AT_BYTES: u64 = 1_000_000;

#[test]
fn interop_tus_js_client_uploads_and_resumes_in_a_new_process() -> Result<()> {
    let world = World::new()?;
    let script = folder().join("upload.mjs");
    ensure!(
        folder().join("node_modules/tus-js-client").is_dir(),
        "tus-js-client is missing: run `cargo xtask test`, or `npm ci` in tests/interop"
    );
    let node = PathBuf::from("node");
    // Infinity cannot stand in JSON: one request as long as the file is the same.
    let job = world.job(50_000_000, None)?;
    world.proxy.arm(Fault::Disconnect { method: "PATCH", bytes: CUT_AT_BYTES });
    assert!(run(&node, &script, &job)?.is_none(), "the first run was not interrupted");
    assert_eq!(world.proxy.struck(), 1);
    world.proxy.reconnect();
    let report = run(&node, &script, &job)?.context("the second run failed")?;
    let resumed = report["resumed_from"].as_u64().context("no offset")?;
    assert!(resumed > 0 && resumed <= CUT_AT_BYTES, "resumed from {resumed}");
    world.check()
}

#[test]
fn interop_tuspy_uploads_with_checksums_and_resumes_in_a_new_process() -> Result<()> {
    let world = World::new()?;
    let script = folder().join("upload.py");
    let python = folder().join("../../target/interop-venv/bin/python");
    ensure!(python.is_file(), "tuspy is missing: run `cargo xtask test`");
    // By its own will after two chunks and a bit, then by a cut in the third.
    let stopped =
        run(&python, &script, &world.job(400_000, Some(900_000))?)?.context("the first run failed")?;
    assert_eq!(stopped["resumed_from"], 0);
    world.proxy.arm(Fault::Disconnect { method: "PATCH", bytes: 200_000 });
    assert!(
        run(&python, &script, &world.job(400_000, None)?)?.is_none(),
        "the second run was not interrupted"
    );
    assert_eq!(world.proxy.struck(), 1);
    world.proxy.reconnect();
    let report = run(&python, &script, &world.job(400_000, None)?)?.context("the third run failed")?;
    // The chunk that was cut had no whole checksum, so that none of its bytes count.
    assert_eq!(report["resumed_from"], 900_000);
    world.check()
}

#[test]
fn interop_prometheus_reads_the_metrics() -> Result<()> {
    let python = folder().join("../../target/interop-venv/bin/python");
    ensure!(python.is_file(), "the parser of metrics is missing: run `cargo xtask test`");
    let server = Server::start_with(vec![("MA_DEMANDE_MESURES", "127.0.0.1:0".to_owned())])?;
    let phone = Household::import(&server, 1)?.sign_in(server.addr()?)?;
    let facts = Facts { rubrique: "motif", type_piece: "photos_logement", personne: None, nom: "photo.jpg" };
    let bytes = std::fs::read(photo())?;
    phone.deposit(&facts, &bytes)?;
    phone.request("POST", "/depots").send(server.addr()?)?.expect(400)?;

    let log = server.log()?;
    let at =
        log.lines().find_map(|line| line.strip_prefix("mesures sur ")).context("no address of metrics")?;
    let output = Command::new(python).arg(folder().join("mesures.py")).arg(at).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read: Value = serde_json::from_slice(&output.stdout)?;
    for (family, kind) in [
        ("envois_commences", "counter"),
        ("envois_attaches", "counter"),
        ("envois_refuses", "counter"),
        ("octets_recus", "counter"),
        ("reponses", "counter"),
        ("base_pannes", "counter"),
        ("coffre_pannes", "counter"),
        ("inspections_manquees", "counter"),
        ("requete_duree_seconds", "histogram"),
        ("connexions_ouvertes", "gauge"),
        ("inspection_attente", "gauge"),
        ("inspection_plus_ancienne_seconds", "gauge"),
        ("courriels_attente", "gauge"),
        ("base_repond", "gauge"),
    ] {
        let family =
            read.get(format!("ma_demande_{family}")).with_context(|| format!("no {family}: {read}"))?;
        ensure!(
            family["type"] == kind && family["help"].as_str().is_some_and(|help| !help.is_empty()),
            "{family}"
        );
    }
    let octets = &read["ma_demande_octets_recus"]["samples"][0];
    ensure!(octets[2].as_u64() == Some(bytes.len() as u64), "{octets}");
    Ok(())
}

#[test]
fn interop_tus_java_client_uploads_and_resumes_in_a_new_process() -> Result<()> {
    let world = World::new()?;
    let jars = folder().join("../../target/interop-jars");
    ensure!(jars.is_dir(), "tus-java-client is missing: run `cargo xtask test`");
    let java = || {
        let mut java = Command::new("java");
        java.arg("-cp").arg(jars.join("*")).arg(folder().join("Upload.java"));
        java
    };
    let job = as_properties(&world.job(50_000_000, None)?)?;
    // Its PATCH goes by as a POST, and its beginning is too short to be cut there.
    world.proxy.arm(Fault::Disconnect { method: "POST", bytes: CUT_AT_BYTES });
    assert!(run_with(java(), &job)?.is_none(), "the first run was not interrupted");
    assert_eq!(world.proxy.struck(), 1);
    world.proxy.reconnect();
    let report = run_with(java(), &job)?.context("the second run failed")?;
    let resumed = report["resumed_from"].as_u64().context("no offset")?;
    assert!(resumed > 0 && resumed <= CUT_AT_BYTES, "resumed from {resumed}");
    world.check()
}

/// A job as Java's properties: a line for each thing, none of which here needs to be quoted.
fn as_properties(job: &Value) -> Result<String> {
    let mut lines = String::new();
    let fields = job.as_object().context("no job")?.iter().map(|(name, value)| (name.clone(), value));
    let facts = job["metadata"].as_object().context("no metadata")?;
    let facts = facts.iter().map(|(name, value)| (format!("metadata.{name}"), value));
    for (name, value) in fields.chain(facts) {
        match value {
            Value::String(text) => writeln!(lines, "{name}={text}")?,
            Value::Number(number) => writeln!(lines, "{name}={number}")?,
            _ => {}
        }
    }
    Ok(lines)
}

/// A server, a cutting line to it, and somebody signed in.
struct World {
    server: Server,
    proxy: CuttingProxy,
    phone: Tus,
    depot: Uuid,
}

impl World {
    fn new() -> Result<Self> {
        let server = Server::start()?;
        let proxy = CuttingProxy::start(server.addr()?)?;
        let phone = Household::import(&server, 1)?.sign_in(server.addr()?)?;
        Ok(Self { server, proxy, phone, depot: Uuid::now_v7() })
    }

    /// What a script is told on its standard input.
    fn job(&self, chunk: u64, stop_at: Option<u64>) -> Result<Value> {
        let facts = Facts {
            rubrique: "motif",
            type_piece: "photos_logement",
            personne: None,
            nom: "Grüße à l’été.jpg",
        };
        let bytes = std::fs::read(photo())?;
        let digest = sha256(&bytes).to_string();
        let metadata: BTreeMap<&str, String> = BTreeMap::from([
            ("depot", self.depot.to_string()),
            ("demande", self.phone.demande.to_string()),
            ("rubrique", facts.rubrique.to_owned()),
            ("type", facts.type_piece.to_owned()),
            ("filename", facts.nom.to_owned()),
            ("sha256", digest),
        ]);
        Ok(json!({
            "endpoint": format!("{}/depots", self.proxy.url()),
            "token": self.phone.token,
            "file": photo(),
            "metadata": metadata,
            "storage": self.server.scratch().join("client.json"),
            "chunk": chunk,
            "stop_at": stop_at,
        }))
    }

    /// Exactly one piece, and it is the file, under its name.
    fn check(&self) -> Result<()> {
        let pieces = self.phone.list()?;
        let [piece] = pieces.as_slice() else { bail!("{} pieces", pieces.len()) };
        assert_eq!(piece.sha256, Some(sha256(&std::fs::read(photo())?)));
        assert_eq!(piece.nom.as_ref().map(wire::NomAffiche::as_str), Some("Grüße à l’été.jpg"));
        Ok(())
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("interop")
}

fn photo() -> PathBuf {
    sample("A_12.jpg")
}

/// Runs a script; gives its report, or nothing where it ended with its exit code for a cut.
fn run(program: &Path, script: &Path, job: &Value) -> Result<Option<Value>> {
    let mut command = Command::new(program);
    command.arg(script);
    run_with(command, &job.to_string())
}

/// The same for a command that wants its job written otherwise.
fn run_with(mut command: Command, job: &str) -> Result<Option<Value>> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("{command:?} cannot be run"))?;
    child.stdin.take().context("no standard input")?.write_all(job.as_bytes())?;
    let output = child.wait_with_output()?;
    let error = String::from_utf8_lossy(&output.stderr);
    println!("{command:?}: {} {error}", output.status);
    match output.status.code() {
        Some(0) => Ok(Some(serde_json::from_slice(&output.stdout)?)),
        Some(1) => Ok(None),
        _ => bail!("{command:?} ended with {}", output.status),
    }
}

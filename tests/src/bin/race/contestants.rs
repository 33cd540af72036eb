//! Who takes part, each as its own documentation starts it, alone on a folder of its own, on the loopback, in clear.
//!
//! tus servers are sent what a telephone sends: a creation, then the bytes in one PATCH. nginx is sent one PUT, half as many
//! requests. None of the others hashes, enciphers or waits for the disk; ours does all three.

use std::{
    fs,
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

use anyhow::{Context as _, Result, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use harness::{Server, wait_until};
use tempfile::TempDir;
use uuid::Uuid;
use wire::{DepotId, DepotMetadata, Sha256, api::Recu};

use crate::{
    line::Line,
    people::{self, Household},
    process::Family,
};

/// Households of ours: with so many, none gathers more documents than a real one has.
const HOUSEHOLDS: usize = 1_024;

/// Where tusd and rustus have their uploads.
const UPLOADS: &str = "/files/";

/// nginx's own files among those that it keeps.
const KEPT: [&str; 2] = ["nginx.conf", "pid"];

/// One who takes part.
pub(crate) struct Contestant {
    /// As shown.
    pub(crate) name: &'static str,
    pub(crate) addr: SocketAddr,
    kind: Kind,
}

enum Kind {
    /// Ours, and the households that deposit.
    Ours { server: Server, households: Vec<Household>, next: AtomicUsize, inspects: bool },
    /// Another, and where what it keeps lies.
    Other { process: Process, kept: TempDir, put: bool },
}

/// A process of another's; it ends with the race.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // nginx's workers end with their master only where it is asked politely.
        if let Some(pid) = rustix::process::Pid::from_raw(self.0.id().cast_signed()) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        let _ = self.0.wait();
    }
}

/// An upload that is about to be sent: everything that can be made before is made before.
pub(crate) struct Upload {
    pub(crate) mark: u128,
    pub(crate) sha256: Sha256,
    /// Headers that say who sends it.
    who: String,
    /// Headers of its creation.
    creation: String,
    /// Where to ask for its receipt.
    receipt: String,
}

impl Contestant {
    /// Ours, enciphering; `inspects` or not.
    pub(crate) fn ours(inspects: bool) -> Result<Self> {
        let mut server = Server::start_with_key()?;
        if !inspects {
            // A reader that never answers: what was deposited waits, and nobody is busy with it. One that fails at once would
            // be tried again and again.
            let reader = server.scratch().join("muet");
            fs::write(&reader, "#!/bin/sh\nexec sleep 3600\n")?;
            fs::set_permissions(&reader, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
            let mut settings = server.settings().to_vec();
            settings.push(("MA_DEMANDE_INSPECTEUR", reader.to_string_lossy().into_owned()));
            server.set(settings);
            server.kill_and_restart()?;
        }
        let households = people::import(&server, HOUSEHOLDS)?;
        let name = if inspects { "ma-demande, file vidée" } else { "ma-demande" };
        let addr = server.addr()?;
        Ok(Self { name, addr, kind: Kind::Ours { server, households, next: AtomicUsize::new(0), inspects } })
    }

    pub(crate) fn tusd(program: &Path) -> Result<Self> {
        Self::other("tusd", false, |port, folder| {
            let mut command = Command::new(program);
            command.args(["-host", "127.0.0.1", "-port", &port.to_string()]);
            command.args(["-base-path", UPLOADS, "-upload-dir"]).arg(folder);
            Ok(command)
        })
    }

    pub(crate) fn rustus(program: &Path) -> Result<Self> {
        Self::other("rustus", false, |port, folder| {
            let mut command = Command::new(program);
            command.args(["--host", "127.0.0.1", "--port", &port.to_string(), "--url", UPLOADS]);
            command.args(["--log-level", "ERROR", "--max-body-size", "60000000"]);
            command.arg("--data-dir").arg(folder.join("data")).arg("--info-dir").arg(folder.join("info"));
            Ok(command)
        })
    }

    pub(crate) fn nginx() -> Result<Self> {
        Self::other("nginx PUT", true, |port, folder| {
            let text = folder.to_str().context("a path that is no text")?;
            let config = format!(
                "daemon off; worker_processes auto; pid {text}/pid; error_log stderr error; \
                 events {{ worker_connections 4096; }} \
                 http {{ access_log off; client_max_body_size 0; client_body_temp_path {text}/temp; \
                 keepalive_requests 1000000; server {{ listen 127.0.0.1:{port}; root {text}/data; \
                 location / {{ dav_methods PUT; dav_access user:rw; }} }} }}"
            );
            fs::create_dir(folder.join("data"))?;
            // The workers are another account's.
            let open = std::os::unix::fs::PermissionsExt::from_mode(0o777);
            fs::set_permissions(folder.join("data"), open)?;
            fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
            fs::write(folder.join("nginx.conf"), config)?;
            let mut command = Command::new("nginx");
            command.arg("-e").arg("stderr").arg("-c").arg(folder.join("nginx.conf"));
            Ok(command)
        })
    }

    fn other(
        name: &'static str,
        put: bool,
        command: impl FnOnce(u16, &Path) -> Result<Command>,
    ) -> Result<Self> {
        let kept = tempfile::tempdir()?;
        // Free a moment ago: nobody else on this machine is likely to take it meanwhile.
        let addr = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let mut command = command(addr.port(), kept.path())?;
        let process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let mut process = Process(process.with_context(|| format!("{name} cannot be started"))?);
        wait_until(name, || match process.0.try_wait()? {
            Some(status) => anyhow::bail!("{name} ended with {status}"),
            None => Ok(TcpStream::connect(addr).ok().map(drop)),
        })?;
        Ok(Self { name, addr, kind: Kind::Other { process, kept, put } })
    }

    /// Its processes.
    pub(crate) fn family(&self) -> Family {
        Family(match &self.kind {
            Kind::Ours { server, .. } => server.pid(),
            Kind::Other { process, .. } => process.0.id(),
        })
    }

    /// Whether it waits for the disk, hashes and enciphers: none of the others does any of it.
    pub(crate) fn is_ours(&self) -> bool {
        matches!(self.kind, Kind::Ours { .. })
    }

    /// Whether what it is sent is read by the inspecteur too.
    pub(crate) fn inspects(&self) -> bool {
        matches!(self.kind, Kind::Ours { inspects: true, .. })
    }

    /// Makes the next upload of these bytes ready.
    pub(crate) fn prepare(&self, mark: u128, sha256: Sha256, bytes: usize) -> Result<Upload> {
        let (who, metadata, receipt) = match &self.kind {
            Kind::Ours { households, next, .. } => {
                let turn = next.fetch_add(1, Relaxed) % households.len();
                let household = households.get(turn).context("no household")?;
                let metadata = DepotMetadata {
                    depot: DepotId(Uuid::now_v7()),
                    demande: household.demande,
                    personne: None,
                    rubrique: "motif".parse()?,
                    type_piece: "photos_logement".parse()?,
                    sha256: Some(sha256),
                    sha256_original: None,
                    filename: None,
                    remplace: None,
                    demande_piece: None,
                };
                let receipt = format!("/api/v1/demandes/{}/depots/{}", household.demande, metadata.depot);
                (format!("Authorization: Bearer {}\r\n", household.token), metadata.to_header(), receipt)
            }
            Kind::Other { .. } => {
                (String::new(), format!("filename {}", STANDARD.encode("photo.jpg")), String::new())
            }
        };
        let creation =
            format!("{who}Tus-Resumable: 1.0.0\r\nUpload-Length: {bytes}\r\nUpload-Metadata: {metadata}\r\n");
        Ok(Upload { mark, sha256, who, creation, receipt })
    }

    /// Sends an upload. Gives where it is.
    pub(crate) fn send(&self, line: &mut Line, upload: &Upload, bytes: &[u8]) -> Result<String> {
        let path = match &self.kind {
            Kind::Other { put: true, .. } => {
                let path = format!("/{:032x}.jpg", upload.mark);
                line.ask("PUT", &path, "", bytes)?.expect(&[201])?;
                return Ok(path);
            }
            Kind::Other { .. } => UPLOADS,
            Kind::Ours { .. } => "/depots",
        };
        let created = line.ask("POST", path, &upload.creation, &[])?.expect(&[201])?;
        let path = created.location.context("an upload without address")?;
        let headers = format!(
            "{}Tus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\n",
            upload.who
        );
        line.ask("PATCH", &path, &headers, bytes)?.expect(&[204])?;
        Ok(path)
    }

    /// Waits until all that was deposited is inspected.
    pub(crate) fn drain(&self) -> Result<()> {
        let Kind::Ours { server, inspects: true, .. } = &self.kind else { return Ok(()) };
        let base = people::open(&people::base_of(server))?;
        loop {
            let waiting = "SELECT count(*) FROM justificatif WHERE controle = 'en_verification'";
            let waiting: u32 = base.query_row(waiting, [], |row| row.get(0))?;
            if waiting == 0 {
                let refused = "SELECT count(*) FROM justificatif WHERE controle = 'refuse'";
                let refused: u32 = base.query_row(refused, [], |row| row.get(0))?;
                ensure!(refused == 0, "the inspecteur refuses {refused} documents of the race");
                return Ok(());
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }

    /// Compares what is kept with what was sent: the bytes that others serve, and the digests of our receipts, which
    /// [`Contestant::verify`] holds against the bytes.
    pub(crate) fn check(&self, sent: &[(Upload, String)]) -> Result<()> {
        let mut line = Line::open(self.addr)?;
        for (upload, path) in sent {
            let kept = match &self.kind {
                Kind::Ours { .. } => {
                    let answer = line.ask("GET", &upload.receipt, &upload.who, &[])?.expect(&[200])?;
                    serde_json::from_slice::<Recu>(&answer.body)?.sha256
                }
                Kind::Other { .. } => harness::sha256(&line.ask("GET", path, "", &[])?.expect(&[200])?.body),
            };
            ensure!(kept == upload.sha256, "{}: {path} is not what was sent", self.name);
        }
        if let Kind::Other { kept, .. } = &self.kind {
            empty(kept.path())?;
        }
        Ok(())
    }

    /// Ours: has every byte that is kept read, opened and hashed, by the operator's command, and says how large the base is.
    pub(crate) fn verify(&self) -> Result<()> {
        let Kind::Ours { server, .. } = &self.kind else { return Ok(()) };
        let verified = server.admin(&["verifier"], "")?;
        let base = people::open(&people::base_of(server))?;
        let documents: i64 = base.query_row("SELECT count(*) FROM justificatif", [], |row| row.get(0))?;
        let pages: i64 = base.query_row("PRAGMA page_count", [], |row| row.get(0))?;
        let page_bytes: i64 = base.query_row("PRAGMA page_size", [], |row| row.get(0))?;
        println!(
            "{} : {documents} documents, base de {} octets ; {}",
            self.name,
            pages * page_bytes,
            verified.trim()
        );
        Ok(())
    }
}

/// Removes files, and keeps folders: the next round finds them.
fn empty(folder: &Path) -> Result<()> {
    let mut folders: Vec<PathBuf> = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else if !KEPT.iter().any(|kept| entry.file_name() == *kept) {
                fs::remove_file(entry.path())?;
            }
        }
    }
    Ok(())
}

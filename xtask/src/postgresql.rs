//! `cargo xtask postgresql`: the server's tests once more, on the large store: facts on PostgreSQL, bytes in S3. The server of
//! the base is Debian's, started in a temporary folder on a Unix socket, by the account `postgres` where this runs as root: it
//! refuses to be root's. That of the bytes is s3s-fs, which checks signatures and conditions as S3 does and keeps each
//! object in a file.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use tempfile::TempDir;

use crate::{command, tools};

/// Where the tests look for the server: see `server/tests/commun/base.rs`.
const VARIABLE: &str = "MA_DEMANDE_ESSAI_POSTGRESQL";

/// Where they look for S3, and for what lies there: see `server/tests/commun/bucket.rs`.
const S3_VARIABLE: &str = "MA_DEMANDE_ESSAI_S3";
const S3_FOLDER_VARIABLE: &str = "MA_DEMANDE_ESSAI_S3_DOSSIER";

/// The bucket of the tests, and what opens it.
const BUCKET: &str = "essais";
const ACCESS_KEY: &str = "essai-cle";
const SECRET_KEY: &str = "essai-secret-canari";

/// How often and how many times it is looked whether S3 listens: ten seconds in all, for what takes a tenth of one.
const LOOK_EVERY: Duration = Duration::from_millis(50);
const LOOKS_MAX: u32 = 200;

/// What of the server's own tests keeps facts or bytes, with the tests that want these servers and no others.
const MODULES: &[&str] =
    &["store::", "registre::", "identite::", "inspection::tests::file", "coffre::", "depot::"];

/// Runs the tests.
pub(crate) fn run() -> Result<()> {
    tools::postgresql()?;
    let programme = tools::s3()?;
    let (server, s3) = (Server::start()?, S3::start(&programme)?);
    let (url, bucket, objects) = (server.url(), s3.url(), s3.objects());
    let variables = [
        (VARIABLE, url.as_str()),
        (S3_VARIABLE, &bucket),
        (S3_FOLDER_VARIABLE, &objects.to_string_lossy()),
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY),
        ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
    ];
    let files = files()?;
    let mut chosen_files = vec!["--test", "noeuds", "--test", "s3"];
    chosen_files.extend(files.iter().flat_map(|file| ["--test", file.as_str()]));
    let mut modules = vec!["--lib", "--"];
    modules.extend(MODULES);
    for chosen in [modules, chosen_files] {
        let arguments = [&["test", "--locked", "--workspace"][..], &chosen].concat();
        command::cargo_with(&variables, &arguments)?;
    }
    Ok(())
}

/// The server's integration tests, all of them, so that a new one is never forgotten.
fn files() -> Result<Vec<String>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(command::root().join("server/tests"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            files.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
        }
    }
    Ok(files)
}

/// A server of PostgreSQL's own; it ends with this value.
struct Server {
    folder: TempDir,
    programs: PathBuf,
}

impl Server {
    fn start() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("ma-demande-pg").tempdir()?;
        if is_root() {
            command::run("chown", &["postgres", &folder.path().to_string_lossy()])?;
        }
        let server = Self { folder, programs: tools::postgresql_programs()? };
        server.run(
            "initdb",
            &["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "-U", "postgres"],
        )?;
        // Its disk is thrown away: what a test waits for is no disk. Each test has sessions of its own.
        let options = format!(
            "-c listen_addresses= -c unix_socket_directories={} -c fsync=off -c max_connections=400",
            server.folder.path().display()
        );
        let log = server.folder.path().join("journal");
        server.run("pg_ctl", &["start", "-w", "-s", "-l", &log.to_string_lossy(), "-o", &options])?;
        Ok(server)
    }

    fn url(&self) -> String {
        format!("postgresql://postgres@/postgres?host={}", self.folder.path().display())
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Result<()> {
        let program = self.programs.join(program);
        let data = self.folder.path().join("donnees");
        let status = as_its_account(&program)
            .arg("-D")
            .arg(data)
            .args(arguments)
            .current_dir(self.folder.path())
            .stdout(std::process::Stdio::null())
            .status()
            .with_context(|| format!("« {} » ne peut pas être lancé", program.display()))?;
        ensure!(status.success(), "« {} » a échoué ({status})", program.display());
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // What is left of it goes with its folder.
        let _ = self.run("pg_ctl", &["stop", "-s", "-m", "immediate"]);
    }
}

/// A server of S3's kind; it ends with this value.
struct S3 {
    folder: TempDir,
    address: SocketAddr,
    process: Child,
}

impl S3 {
    fn start(programme: &Path) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("ma-demande-s3").tempdir()?;
        // A bucket is a folder there.
        std::fs::create_dir(folder.path().join(BUCKET))?;
        // It wants to be told a port. Between this moment and its start another process may take this one: the tests then
        // fail before they begin.
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let process = Command::new(programme)
            .args(["--host", &address.ip().to_string(), "--port", &address.port().to_string()])
            .args(["--access-key", ACCESS_KEY, "--secret-key", SECRET_KEY])
            .arg(folder.path())
            .env("RUST_LOG", "error")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .with_context(|| format!("« {} » ne peut pas être lancé", programme.display()))?;
        let s3 = Self { folder, address, process };
        for _ in 0..LOOKS_MAX {
            if TcpStream::connect(address).is_ok() {
                return Ok(s3);
            }
            thread::sleep(LOOK_EVERY);
        }
        bail!("« {} » n’écoute pas", programme.display())
    }

    fn url(&self) -> String {
        format!("s3://{BUCKET}?endpoint=http://{}", self.address)
    }

    /// Where the bucket's objects lie.
    fn objects(&self) -> PathBuf {
        self.folder.path().join(BUCKET)
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn as_its_account(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--"]).arg(program);
    command
}

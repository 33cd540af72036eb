//! `cargo xtask postgresql`: the server's tests once more, on PostgreSQL. The server of the base is Debian's, started in a
//! temporary folder on a Unix socket, by the account `postgres` where this runs as root: it refuses to be root's.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

use crate::{command, tools};

/// Where the tests look for the server: see `server/tests/commun/base.rs`.
const VARIABLE: &str = "MA_DEMANDE_ESSAI_POSTGRESQL";

/// What of the server's own tests keeps facts, with the tests that want this server and no other.
const MODULES: &[&str] = &["store::", "registre::", "identite::", "inspection::tests::file"];

/// Runs the tests.
pub(crate) fn run() -> Result<()> {
    tools::postgresql()?;
    let server = Server::start()?;
    let url = server.url();
    let files = files()?;
    let mut chosen_files = vec!["--test", "noeuds"];
    chosen_files.extend(files.iter().flat_map(|file| ["--test", file.as_str()]));
    let mut modules = vec!["--lib", "--"];
    modules.extend(MODULES);
    for chosen in [modules, chosen_files] {
        let arguments = [&["test", "--locked", "--workspace"][..], &chosen].concat();
        command::cargo_with(&[(VARIABLE, &url)], &arguments)?;
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

//! The server as an operator runs it: the binary `ma-demande-server` on a folder of its own, a free port of the
//! loopback and plain HTTP, with the administration commands beside it on the same folder.
//!
//! Everything that it says on its standard output and error is kept in one file, for the sentence that a failed test
//! ends with and for the test that looks for personal data in it.

use std::{
    fs::{self, File, OpenOptions},
    io::Write as _,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use tempfile::TempDir;

use crate::binary;

/// How long a test waits for something that happens by itself, in seconds: far beyond what it takes.
const PATIENCE_S: u64 = 60;

/// What the server prints, followed by its address, once it listens.
pub(crate) const LISTENS: &str = "écoute sur ";

/// A running server; it ends with the test.
pub struct Server {
    // Before the folder: the process must be gone when the folder is removed.
    process: Process,
    folder: Arc<TempDir>,
    url: String,
    way: Way,
}

/// How it is started.
#[derive(Clone, Default)]
struct Way {
    tls: bool,
    /// What its environment says.
    settings: Vec<(&'static str, String)>,
}

struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Server {
    /// Starts a server without TLS on an empty folder.
    pub fn start() -> Result<Self> {
        Self::start_with(Vec::new())
    }

    /// The same with these settings more, by the environment.
    pub fn start_with(settings: Vec<(&'static str, String)>) -> Result<Self> {
        Self::start_in(empty_folder()?, Way { tls: false, settings })
    }

    /// Starts a server with a certificate that it makes itself.
    pub fn start_with_tls() -> Result<Self> {
        Self::start_in(empty_folder()?, Way { tls: true, settings: Vec::new() })
    }

    /// Starts a server without TLS on an empty folder, that enciphers what it keeps.
    pub fn start_with_key() -> Result<Self> {
        Self::start_with_key_and(Vec::new())
    }

    /// The same with these settings more, by the environment.
    pub fn start_with_key_and(mut settings: Vec<(&'static str, String)>) -> Result<Self> {
        let folder = empty_folder()?;
        settings.push(("MA_DEMANDE_CLE", create_key(folder.path(), "cle")?));
        Self::start_in(folder, Way { tls: false, settings })
    }

    /// Starts a server without TLS on data that are there already, with these settings by the environment.
    pub fn start_on(folder: TempDir, settings: Vec<(&'static str, String)>) -> Result<Self> {
        Self::start_in(Arc::new(folder), Way { tls: false, settings })
    }

    /// Starts a server without TLS on an empty folder, its base on PostgreSQL at that address.
    pub fn start_on_postgresql(base: String) -> Result<Self> {
        Self::start_with(vec![("MA_DEMANDE_BASE", base)])
    }

    /// Starts one more server on the same folder and base: a second node.
    pub fn start_beside(&self) -> Result<Self> {
        Self::start_in(Arc::clone(&self.folder), self.way.clone())
    }

    fn start_in(folder: Arc<TempDir>, way: Way) -> Result<Self> {
        let (process, url) = launch(folder.path(), &way)?;
        Ok(Self { process, folder, url, way })
    }

    /// Kills the server and starts none in its place.
    pub fn kill(&mut self) -> Result<()> {
        self.process.0.kill()?;
        self.process.0.wait()?;
        Ok(())
    }

    /// Tells the server to stop, as the system does (SIGTERM).
    pub fn terminate(&self) -> Result<()> {
        let pid = rustix::process::Pid::from_child(&self.process.0);
        Ok(rustix::process::kill_process(pid, rustix::process::Signal::TERM)?)
    }

    /// Makes a master key beside the data; its path.
    pub fn create_key(&self, name: &str) -> Result<String> {
        create_key(self.folder.path(), name)
    }

    /// The settings from the next start on, by the environment.
    pub fn set(&mut self, settings: Vec<(&'static str, String)>) {
        self.way.settings = settings;
    }

    /// The settings that it was given.
    pub fn settings(&self) -> &[(&'static str, String)] {
        &self.way.settings
    }

    /// Kills the server as a power cut would (SIGKILL: nothing is tidied up) and starts it again on the same folder,
    /// on another port.
    pub fn kill_and_restart(&mut self) -> Result<()> {
        self.kill()?;
        (self.process, self.url) = launch(self.folder.path(), &self.way)?;
        Ok(())
    }

    /// Kills the server, has its base taken over to PostgreSQL at that address by the operator's command, and starts it
    /// again on it. Gives what the command says.
    pub fn move_to(&mut self, base: String) -> Result<String> {
        self.kill()?;
        self.way.settings.push(("MA_DEMANDE_BASE", base));
        let said = self.admin(&["migrer"], "")?;
        (self.process, self.url) = launch(self.folder.path(), &self.way)?;
        Ok(said)
    }

    /// Waits until the server has ended by itself, and well.
    pub fn wait_for_end(&mut self) -> Result<()> {
        let status = wait_until("the server ends", || Ok(self.process.0.try_wait()?))?;
        ensure!(status.success(), "the server ended with {status}");
        Ok(())
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.process.0.id()
    }

    /// Where it listens, as an address of the web.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where it listens.
    pub fn addr(&self) -> Result<SocketAddr> {
        let (_, addr) = self.url.split_once("://").context("an address without scheme")?;
        addr.parse().with_context(|| format!("the server says that it listens on {addr}"))
    }

    /// The folder of its data.
    pub fn data(&self) -> PathBuf {
        data(self.folder.path())
    }

    /// A folder for the test's own files, removed with the server.
    pub fn scratch(&self) -> &Path {
        self.folder.path()
    }

    /// Everything that it has said so far.
    pub fn log(&self) -> Result<String> {
        Ok(fs::read_to_string(log(self.folder.path()))?)
    }

    /// Runs an administration command beside the server, with that standard input, and gives what it prints.
    pub fn admin(&self, arguments: &[&str], input: &str) -> Result<String> {
        let output = self.run_admin(arguments, input)?;
        ensure!(
            output.status.success(),
            "ma-demande-server {} ended with {}: {}",
            arguments.join(" "),
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(String::from_utf8(output.stdout)?)
    }

    /// The same for a command that may fail: what it prints, and whether it ended well.
    pub fn try_admin(&self, arguments: &[&str], input: &str) -> Result<(String, bool)> {
        let output = self.run_admin(arguments, input)?;
        Ok((String::from_utf8(output.stdout)?, output.status.success()))
    }

    fn run_admin(&self, arguments: &[&str], input: &str) -> Result<Output> {
        let mut child = Command::new(binary("ma-demande-server")?)
            .args(arguments)
            .env("MA_DEMANDE_DONNEES", self.data())
            .envs(self.way.settings.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            // A command that needs no input may be gone before it is written.
            let _ = stdin.write_all(input.as_bytes());
        }
        Ok(child.wait_with_output()?)
    }
}

/// Waits for something that happens by itself, looking often; an error after [`PATIENCE_S`] says what never came.
pub fn wait_until<T>(what: &str, mut look: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(PATIENCE_S) {
        if let Some(found) = look()? {
            return Ok(found);
        }
        thread::sleep(Duration::from_millis(20));
    }
    bail!("{what}: not within {PATIENCE_S} s")
}

fn empty_folder() -> Result<Arc<TempDir>> {
    Ok(Arc::new(tempfile::tempdir().context("a folder for the server")?))
}

fn data(folder: &Path) -> PathBuf {
    folder.join("donnees")
}

fn log(folder: &Path) -> PathBuf {
    folder.join("journal.txt")
}

/// Makes a master key with the operator's command.
fn create_key(folder: &Path, name: &str) -> Result<String> {
    let path = folder.join(name);
    let made = Command::new(binary("ma-demande-server")?).arg("creer-cle-maitresse").arg(&path).output()?;
    ensure!(made.status.success(), "creer-cle-maitresse: {}", String::from_utf8_lossy(&made.stderr));
    Ok(path.to_str().context("a path that is no text")?.to_owned())
}

/// Starts the process and waits until it says where it listens.
fn launch(folder: &Path, way: &Way) -> Result<(Process, String)> {
    let log = log(folder);
    let out = OpenOptions::new().create(true).append(true).open(&log)?;
    let before = fs::metadata(&log)?.len();
    let child = Command::new(binary("ma-demande-server")?)
        .arg("servir")
        .arg("--donnees")
        .arg(data(folder))
        .args(["--ecoute", "127.0.0.1:0", if way.tls { "--tls-auto-signe" } else { "--sans-tls" }])
        .envs(way.settings.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stderr(out.try_clone()?)
        .stdout(out)
        .spawn()?;
    let mut process = Process(child);
    let url = wait_until("the server listens", || {
        let said = read_from(&log, before)?;
        if let Some((_, rest)) = said.split_once(LISTENS) {
            // The line may not be whole yet.
            return Ok(rest.split_once('\n').map(|(url, _)| url.trim().to_owned()));
        }
        match process.0.try_wait()? {
            Some(status) => bail!("the server ended with {status}: {said}"),
            None => Ok(None),
        }
    })?;
    Ok((process, url))
}

/// What was written to a file since it had that length.
fn read_from(path: &Path, offset: u64) -> Result<String> {
    use std::io::{Read as _, Seek as _, SeekFrom};
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(offset))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    // The last character may be half written.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

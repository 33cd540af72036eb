//! clamd itself, Debian's, on a socket of ours and with one signature of ours: no database of viruses is fetched. Where it
//! is not installed these tests fail, they are not skipped; `cargo xtask test` installs it.

use std::{
    fmt::Write as _,
    fs,
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;
use wire::{Controle, RaisonRefus};

use super::{BON, Serveur, refuse, vrai_inspecteur};
use crate::config::Clamd;

/// Where Debian puts it.
const PROGRAM: &str = "/usr/sbin/clamd";

/// What our signature finds; harmless.
const FOUND: &str = "signature d'essai de Ma Demande 5b1f7c";

/// Longest wait for it to start.
const STARTS_WITHIN: Duration = Duration::from_mins(1);

/// A real clamd; ended with this value.
struct Antivirus {
    folder: TempDir,
    process: Option<Child>,
}

impl Antivirus {
    /// Starts one with these lines more in its configuration.
    fn start(lines: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("signatures");
        fs::create_dir(&database).unwrap();
        // Name, any type of file, anywhere in it, the bytes.
        let bytes = FOUND.bytes().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        fs::write(database.join("essai.ndb"), format!("MaDemande.Essai:0:*:{bytes}\n")).unwrap();
        let mut antivirus = Self { folder, process: None };
        antivirus.restart(lines);
        antivirus
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("clamd.sock")
    }

    fn config(&self) -> Clamd {
        Clamd::Unix(self.socket())
    }

    /// Ends it, and starts it again with these lines in its configuration.
    fn restart(&mut self, lines: &str) {
        self.end();
        let (socket, file) = (self.socket(), self.folder.path().join("clamd.conf"));
        let own = format!(
            "LocalSocket {}\nDatabaseDirectory {}\nForeground yes\nAlertExceedsMax yes\n{lines}\n",
            socket.display(),
            self.folder.path().join("signatures").display(),
        );
        fs::write(&file, own).unwrap();
        let log = fs::File::create(self.folder.path().join("journal")).unwrap();
        let process = Command::new(PROGRAM)
            .arg(format!("--config-file={}", file.display()))
            .stdout(Stdio::from(log.try_clone().unwrap()))
            .stderr(Stdio::from(log))
            .spawn()
            .expect("clamd is missing: `cargo xtask test` installs it");
        self.process = Some(process);
        let until = std::time::Instant::now() + STARTS_WITHIN;
        while UnixStream::connect(&socket).is_err() {
            assert!(std::time::Instant::now() < until, "clamd does not start: {}", self.said());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn said(&self) -> String {
        fs::read_to_string(self.folder.path().join("journal")).unwrap()
    }

    fn end(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
            let _ = fs::remove_file(self.socket());
        }
    }

    fn signal(&self, name: &str) {
        let pid = self.process.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }
}

impl Drop for Antivirus {
    fn drop(&mut self) {
        self.end();
    }
}

/// A page that our signature finds.
fn infected() -> Vec<u8> {
    [BON, b"% ", FOUND.as_bytes(), b"\n"].concat()
}

/// A photo of more than a megabyte.
fn photo() -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/samples/A_12.jpg");
    let photo = fs::read(path).unwrap();
    assert!(photo.len() > 1_000_000);
    photo
}

/// Long enough for several tries of the queue.
async fn a_while() {
    tokio::time::sleep(Duration::from_secs(3)).await;
}

#[tokio::test]
async fn clamd_itself_finds_our_signature_and_passes_the_rest() {
    let antivirus = Antivirus::start("");
    let serveur = Serveur::new(vrai_inspecteur(), Some(antivirus.config())).await;
    let (bad, bad_blob) = serveur.attach(&infected(), &infected()).await;
    let (good, _) = serveur.attach(BON, BON).await;
    let (photo, _) = serveur.attach(&photo(), &photo()).await;
    let inspection = serveur.inspect();
    assert_eq!(serveur.verdict(bad).await, refuse(RaisonRefus::Dangereux));
    assert_eq!(serveur.verdict(good).await, Controle::Disponible);
    assert_eq!(serveur.verdict(photo).await, Controle::Disponible);
    assert!(antivirus.said().contains("MaDemande.Essai"), "{}", antivirus.said());
    let erased = async {
        while serveur.service.coffre.open_blob(bad_blob, None).is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), erased).await.unwrap();
    inspection.abort();
}

#[tokio::test]
async fn clamd_itself_stopped_or_stalled_keeps_pieces_waiting() {
    let mut antivirus = Antivirus::start("");
    let serveur = Serveur::new(vrai_inspecteur(), Some(antivirus.config())).await;
    serveur.inspect();
    // Stalled: it takes the connection, and says nothing.
    antivirus.signal("STOP");
    let (stalled, _) = serveur.attach(BON, BON).await;
    a_while().await;
    assert_eq!(serveur.controle(stalled).await, Controle::EnVerification);
    antivirus.signal("CONT");
    assert_eq!(serveur.verdict(stalled).await, Controle::Disponible);
    // Gone, with its socket left behind; then back.
    antivirus.process.as_mut().unwrap().kill().unwrap();
    let (bad, _) = serveur.attach(&infected(), &infected()).await;
    let (good, _) = serveur.attach(BON, BON).await;
    a_while().await;
    assert_eq!(serveur.controle(bad).await, Controle::EnVerification);
    assert_eq!(serveur.controle(good).await, Controle::EnVerification);
    antivirus.restart("");
    assert_eq!(serveur.verdict(bad).await, refuse(RaisonRefus::Dangereux));
    assert_eq!(serveur.verdict(good).await, Controle::Disponible);
}

#[tokio::test]
async fn clamd_itself_beyond_its_limits_is_never_a_pass() {
    // What is longer than it takes: no verdict, the operator's to mend.
    let mut antivirus = Antivirus::start("StreamMaxLength 500K");
    let serveur = Serveur::new(vrai_inspecteur(), Some(antivirus.config())).await;
    let (long, _) = serveur.attach(&photo(), &photo()).await;
    let (short, _) = serveur.attach(BON, BON).await;
    serveur.inspect();
    assert_eq!(serveur.verdict(short).await, Controle::Disponible);
    a_while().await;
    assert_eq!(serveur.controle(long).await, Controle::EnVerification);
    assert!(antivirus.said().contains("Size limit reached"), "{}", antivirus.said());
    antivirus.restart("StreamMaxLength 50M");
    assert_eq!(serveur.verdict(long).await, Controle::Disponible);
    // What it takes and does not read to its end: a document that cannot be verified.
    antivirus.restart("StreamMaxLength 50M\nMaxFileSize 500K");
    let (unread, _) = serveur.attach(&photo(), &photo()).await;
    assert_eq!(serveur.verdict(unread).await, refuse(RaisonRefus::NonVerifiable));
}

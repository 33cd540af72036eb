//! The server on a machine whose power goes off: a small virtual one (qemu) with a disk of its own.
//!
//! What lives in the machine's memory is lost when qemu is killed, and with it everything that the server wrote and did not
//! sync. The disk has a cache that is lost too: a boot writes into a layer over the disk, whose table of what it holds
//! lies in qemu's memory until the machine asks its disk to flush. It forgets only what is written for the first time
//! since the boot, in parts of 64 KiB; what is written again over flushed bytes reaches the disk at once, and nothing is
//! torn or written out of order beyond that.
//!
//! `cargo xtask soak courant` makes the kernel and the first files; see there. What can go wrong: /dev/kvm opens and is
//! good for nothing, so that the accelerator is found out by a first boot; qemu's port is taken by somebody else.

use std::{
    fs::{self, File},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};

use crate::server::LISTENS;

/// Where `cargo xtask soak courant` has put what a machine starts from.
const VARIABLE: &str = "MA_DEMANDE_MACHINE";

/// The disk, in bytes: more than a trial writes and the server keeps free; what is not written takes no room.
const DISK_BYTES: u64 = 2 * 1024 * 1024 * 1024;

/// Memory, in MiB: what the trial has not synced must have room, or the kernel would write it out.
const MEMORY_MIB: u32 = 1_024;

/// How long a boot may take with the processor's help: it takes two seconds.
const KVM_STARTS_WITHIN: Duration = Duration::from_secs(30);

/// How long it may take where every instruction is emulated.
const STARTS_WITHIN: Duration = Duration::from_mins(5);

/// What the machine does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Serves.
    Servir,
    /// Serves, and syncs nothing: every sync says that it was done.
    Temoin,
    /// Serves, its clock two hours ahead.
    Plus,
    /// Verifies the coffre and ends, with the same clock.
    Verifier,
}

impl Mode {
    fn name(self) -> &'static str {
        match self {
            Self::Servir | Self::Plus => "servir",
            Self::Temoin => "temoin",
            Self::Verifier => "verifier",
        }
    }
}

/// A machine with its disk; it ends with the test.
pub struct Machine {
    /// Kernel and first files.
    parts: PathBuf,
    /// Disk, layer and console.
    folder: PathBuf,
    addr: SocketAddr,
    accelerator: &'static str,
    running: Option<Child>,
}

impl Machine {
    /// A machine whose disk holds what is in `files`, with its own files in `folder`.
    pub fn new(folder: &Path, files: &Path) -> Result<Self> {
        let parts = std::env::var_os(VARIABLE).context("run `cargo xtask soak courant`")?.into();
        let addr = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let disk = folder.join("disque");
        File::create(&disk)?.set_len(DISK_BYTES)?;
        run(Command::new("mkfs.ext4").args(["-q", "-d"]).arg(files).arg(&disk))?;
        let mut machine = Self { parts, folder: folder.to_owned(), addr, accelerator: "kvm", running: None };
        if File::options().read(true).write(true).open("/dev/kvm").is_err() {
            println!("/dev/kvm ne s’ouvre pas : la machine est émulée.");
            machine.accelerator = "tcg";
        } else if machine.boot(Mode::Servir, KVM_STARTS_WITHIN).is_err() {
            println!("/dev/kvm s’ouvre, mais aucune machine n’y démarre : elle est émulée.");
            machine.accelerator = "tcg";
        }
        machine.cut()?;
        Ok(machine)
    }

    /// Where its server is reached.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Switches it on, and waits until its server listens.
    pub fn start(&mut self, mode: Mode) -> Result<()> {
        self.boot(mode, STARTS_WITHIN)
    }

    /// Switches it off without warning.
    pub fn cut(&mut self) -> Result<()> {
        if let Some(mut qemu) = self.running.take() {
            qemu.kill()?;
            qemu.wait()?;
            // What the layer knows becomes the disk; what it has forgotten is lost.
            run(Command::new("qemu-img").args(["commit", "-q"]).arg(self.layer()))?;
        }
        Ok(())
    }

    /// Lets it verify its coffre; what the command says, and whether it ended well.
    pub fn verify(&mut self) -> Result<(String, bool)> {
        self.launch(Mode::Verifier)?;
        let said = self.wait_for(STARTS_WITHIN, "FIN ")?;
        self.cut()?;
        let (said, status) = said.rsplit_once("FIN ").context("no end")?;
        // What the kernel says when it ends may follow.
        Ok((said.to_owned(), status.split_whitespace().next() == Some("0")))
    }

    /// Everything that it has said since it was switched on.
    pub fn console(&self) -> Result<String> {
        Ok(String::from_utf8_lossy(&fs::read(self.folder.join("console"))?).into_owned())
    }

    fn layer(&self) -> PathBuf {
        self.folder.join("couche")
    }

    fn boot(&mut self, mode: Mode, within: Duration) -> Result<()> {
        self.launch(mode)?;
        self.wait_for(within, LISTENS).map(drop)
    }

    fn launch(&mut self, mode: Mode) -> Result<()> {
        ensure!(self.running.is_none(), "the machine runs already");
        run(Command::new("qemu-img")
            .args(["create", "-q", "-f", "qcow2", "-F", "raw", "-b"])
            .arg(self.folder.join("disque"))
            .arg(self.layer()))?;
        let console = self.folder.join("console");
        File::create(&console)?;
        let later = if matches!(mode, Mode::Plus | Mode::Verifier) {
            chrono::TimeDelta::hours(2)
        } else {
            chrono::TimeDelta::zero()
        };
        let clock = (chrono::Utc::now() + later).format("base=%Y-%m-%dT%H:%M:%S").to_string();
        let port = self.addr.port();
        let qemu = Command::new("qemu-system-x86_64")
            .args(["-accel", self.accelerator, "-cpu", "max", "-smp", "1", "-m", &MEMORY_MIB.to_string()])
            .args(["-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-rtc", &clock])
            .arg("-serial")
            .arg(format!("file:{}", console.display()))
            .arg("-kernel")
            .arg(self.parts.join("noyau"))
            .arg("-initrd")
            .arg(self.parts.join("premiers-fichiers"))
            .args(["-append", &format!("console=ttyS0 quiet loglevel=1 panic=-1 essai={}", mode.name())])
            .arg("-drive")
            .arg(format!("file={},format=qcow2,if=virtio,cache=writeback", self.layer().display()))
            .args(["-device", "virtio-net-pci,netdev=ligne", "-netdev"])
            .arg(format!("user,id=ligne,restrict=on,hostfwd=tcp:127.0.0.1:{port}-10.0.2.15:8080"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .context("qemu-system-x86_64")?;
        self.running = Some(qemu);
        Ok(())
    }

    /// Waits until the console holds a whole line with this text.
    fn wait_for(&mut self, within: Duration, text: &str) -> Result<String> {
        let start = Instant::now();
        while start.elapsed() < within {
            let said = self.console()?;
            if said.split_once(text).is_some_and(|(_, rest)| rest.contains('\n')) {
                return Ok(said);
            }
            if let Some(status) = self.running.as_mut().map(Child::try_wait).transpose()?.flatten() {
                bail!("the machine ended with {status}: {said}");
            }
            thread::sleep(Duration::from_millis(50));
        }
        bail!("{text}: not within {} s: {}", within.as_secs(), self.console()?)
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        if let Some(qemu) = &mut self.running {
            let _ = qemu.kill();
            let _ = qemu.wait();
        }
    }
}

fn run(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let done = command.output().with_context(|| name.clone())?;
    ensure!(done.status.success(), "{name}: {}", String::from_utf8_lossy(&done.stderr));
    Ok(())
}

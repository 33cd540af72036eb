//! What the machine of `cargo xtask soak courant` starts from, made under `target/courant`: Debian's kernel, and a first
//! file system with the server, the libraries it wants, busybox and a script. The kernel is taken out of its package,
//! not installed.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};

use crate::{
    command::{root, run, run_in},
    tools,
};

/// Depends on the kernel's package of the day.
const KERNEL: &str = "linux-image-cloud-amd64";

/// What of the kernel is not in one piece with it, and leads to a disk and a line.
const MODULES: &[&str] = &[
    "virtio",
    "virtio_ring",
    "virtio_pci_legacy_dev",
    "virtio_pci_modern_dev",
    "virtio_pci",
    "virtio_blk",
    "failover",
    "net_failover",
    "virtio_net",
];

/// Makes both; where they are.
pub(crate) fn make() -> Result<String> {
    tools::machine()?;
    let folder = root().join("target/courant");
    let kernel = kernel(&folder)?;
    let files = folder.join("fichiers");
    if files.exists() {
        fs::remove_dir_all(&files)?;
    }
    for name in ["bin", "modules"] {
        fs::create_dir_all(files.join(name))?;
    }
    modules(&kernel, &files)?;
    copy(&first_of(&["/bin/busybox", "/usr/bin/busybox"])?, &files.join("bin/busybox"))?;
    for name in ["ma-demande-server", "ma-demande-inspecteur"] {
        let built = std::env::current_exe()?.with_file_name(name);
        libraries(&built, &files)?;
        // Without what debuggers read, a tenth: all of it lies in the machine's memory.
        let to = files.join(name);
        run("strip", &["-o", &text(&to), &text(&built)])?;
    }
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/soak");
    run(
        "cc",
        &[
            "-shared",
            "-fPIC",
            "-Wno-builtin-declaration-mismatch",
            "-o",
            &text(&files.join("sans-sync.so")),
            &text(&sources.join("sans_sync.c")),
        ],
    )?;
    copy(&sources.join("init.sh"), &files.join("init"))?;
    archive(&files, &folder.join("premiers-fichiers"))?;
    Ok(text(&folder))
}

/// Fetches the kernel's package and takes it apart; where its files are. Its own name holds its version: what is there
/// already is taken as it is.
fn kernel(folder: &Path) -> Result<PathBuf> {
    let files = folder.join("noyau-debian");
    let image = folder.join("noyau");
    if !image.exists() {
        fs::create_dir_all(folder)?;
        let depends = Command::new("apt-cache").args(["depends", KERNEL]).output()?;
        let depends = String::from_utf8(depends.stdout)?;
        let package = depends
            .lines()
            .find_map(|line| line.trim().strip_prefix("Depends: "))
            .with_context(|| format!("apt ne connaît pas {KERNEL}"))?;
        run_in(folder, "apt-get", &["download", package])?;
        let archive = find(folder, |name| name.starts_with(&format!("{package}_")))?;
        run("dpkg", &["-x", &text(&archive), &text(&files)])?;
        fs::remove_file(archive)?;
        fs::copy(find(&files.join("boot"), |name| name.starts_with("vmlinuz"))?, &image)?;
    }
    Ok(files)
}

fn modules(kernel: &Path, files: &Path) -> Result<()> {
    for name in MODULES {
        // Newer kernels have some of them in one piece.
        let Ok(module) =
            find(kernel, |file| file.strip_prefix(name).is_some_and(|rest| rest.starts_with(".ko")))
        else {
            continue;
        };
        let to = files.join(format!("modules/{name}.ko"));
        if module.extension().is_some_and(|extension| extension == "xz") {
            let plain = Command::new("xz").args(["--decompress", "--stdout"]).arg(&module).output()?;
            ensure!(plain.status.success(), "xz : {}", module.display());
            fs::write(to, plain.stdout)?;
        } else {
            copy(&module, &to)?;
        }
    }
    Ok(())
}

/// Copies the libraries that a program is linked to, each to its own place, as `ldd` tells them.
fn libraries(program: &Path, files: &Path) -> Result<()> {
    let told = Command::new("ldd").arg(program).output()?;
    ensure!(told.status.success(), "ldd {}", program.display());
    for word in String::from_utf8(told.stdout)?.split_whitespace().filter(|word| word.starts_with('/')) {
        copy(Path::new(word), &files.join(word.trim_start_matches('/')))?;
    }
    Ok(())
}

/// Packs the files as a kernel unpacks them.
fn archive(files: &Path, to: &Path) -> Result<()> {
    let names = Command::new("find").arg(".").current_dir(files).output()?;
    let mut cpio = Command::new("busybox")
        .args(["cpio", "-o", "-H", "newc"])
        .current_dir(files)
        .stdin(Stdio::piped())
        .stdout(fs::File::create(to)?)
        .stderr(Stdio::null())
        .spawn()?;
    cpio.stdin.take().context("cpio sans entrée")?.write_all(&names.stdout)?;
    ensure!(cpio.wait()?.success(), "busybox cpio");
    Ok(())
}

/// The first file below a folder with such a name.
fn find(folder: &Path, named: impl Fn(&str) -> bool) -> Result<PathBuf> {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else if named(&entry.file_name().to_string_lossy()) {
                return Ok(entry.path());
            }
        }
    }
    anyhow::bail!("un fichier manque sous {}", folder.display())
}

fn first_of(paths: &[&str]) -> Result<PathBuf> {
    let found = paths.iter().map(PathBuf::from).find(|path| path.exists());
    found.with_context(|| format!("il manque {}", paths.join(" ou ")))
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::copy(from, to).with_context(|| format!("{} → {}", from.display(), to.display()))?;
    fs::set_permissions(to, fs::Permissions::from_mode(0o755))?;
    Ok(())
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

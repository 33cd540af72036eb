//! What the tests need beyond Rust: curl, cargo-deny, Node with npm, Python with venv, Maven with a JDK, and in them the
//! three independent tus clients and a parser of metrics; Go, for tusd's own tests; PostgreSQL's server, and one of S3's
//! kind; clamd; testssl.sh. What is missing is installed, and said; where that is not possible, the stage fails with what to
//! do. Nothing is skipped.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

use crate::command::{cargo, root, run, run_in, works};

/// The release of cargo-deny that the checks are written for.
const CARGO_DENY: &str = "cargo-deny@0.20.2";

/// The release of s3s-fs that the tests of S3 are run on: signatures are checked, `If-None-Match: *` is kept.
const S3S_FS: &str = "s3s-fs@0.14.1";

/// Checks the dependencies' bans, licences and sources, after installing cargo-deny under `target/tools` where there
/// is none. Without optimisation: it runs for a second and is built for minutes.
pub(crate) fn deny() -> Result<()> {
    let own = root().join("target/tools/bin/cargo-deny");
    let own = own.to_string_lossy();
    let deny = if works("cargo-deny", &["--version"]) { "cargo-deny" } else { &own };
    if !works(deny, &["--version"]) {
        println!("cargo-deny manque : installation sous target/tools.");
        let light = ["--debug", "--config", "profile.dev.debug=false"];
        let what = ["install", "--quiet", "--locked", CARGO_DENY, "--root", "target/tools"];
        cargo(&[&what[..], &light[..]].concat())?;
    }
    run(deny, &["check", "--hide-inclusion-graph", "bans", "licenses", "sources"])
}

/// Installs what takes part in the race of photos, what makes them and what reads them.
pub(crate) fn race() -> Result<()> {
    apt("djpeg", &["-version"], &["libjpeg-turbo-progs"])?;
    apt("vipsthumbnail", &["--version"], &["libvips-tools"])?;
    apt("convert", &["--version"], &["imagemagick"])?;
    apt("pdftoppm", &["-v"], &["poppler-utils"])?;
    apt("tesseract", &["--version"], &["tesseract-ocr", "tesseract-ocr-fra"])?;
    apt("python3", &["-c", "import ensurepip, venv"], &["python3", "python3-venv"])?;
    python("race")
}

/// The releases of the servers that ours races with.
const TUSD: &str = "github.com/tus/tusd/v2/cmd/tusd@v2.10.0";
const RUSTUS: &str = "rustus@0.5.10";

/// Installs the servers that ours races with: nginx from Debian, tusd and rustus from their registries under
/// `target/tools/bin`.
pub(crate) fn race_server() -> Result<()> {
    apt("nginx", &["-v"], &["nginx-light"])?;
    let programs = root().join("target/tools/bin");
    if !programs.join("tusd").exists() {
        println!("tusd manque : installation sous target/tools.");
        go()?;
        let own = root().join("target/tools/go/bin/go");
        let go = if own.exists() { own.to_string_lossy().into_owned() } else { "go".to_owned() };
        run("env", &[&format!("GOBIN={}", programs.display()), "GOTOOLCHAIN=auto", &go, "install", TUSD])?;
    }
    if !programs.join("rustus").exists() {
        println!("rustus manque : installation sous target/tools.");
        cargo(&["install", "--quiet", "--locked", RUSTUS, "--root", "target/tools"])?;
    }
    Ok(())
}

/// Makes sure of npm, with which the server's build fetches a script of the counter's.
pub(crate) fn npm() -> Result<()> {
    apt("npm", &["--version"], &["npm"])
}

/// The Go that tusd's module asks for.
const GO: &str = "go1.25.8";

/// Ends well where Go is new enough (1.21) to fetch the one that a module asks for.
const GO_FETCHES_ITSELF: &str = r"go version | grep --extended-regexp --quiet 'go1\.(2[1-9]|[3-9][0-9])'";

/// Makes sure of a Go that builds tusd's tests. Debian's may be too old to fetch a newer one by itself: then it is asked for
/// it as for any module, and what comes lies under `target/tools/go`, where the tests look first.
pub(crate) fn go() -> Result<()> {
    let own = root().join("target/tools/go");
    if own.join("bin/go").exists() {
        return Ok(());
    }
    apt("go", &["version"], &["golang-go"])?;
    if works("sh", &["-c", GO_FETCHES_ITSELF]) {
        return Ok(());
    }
    println!("Ce Go est trop ancien : {GO} par le proxy des modules de Go.");
    let machine = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => bail!("Il manque un Go assez récent ({GO}) : pour {other}, installez-le, puis relancez."),
    };
    let module = format!("golang.org/toolchain@v0.0.1-{GO}.linux-{machine}");
    let cache = root().join("target/tools/go-modules");
    let cache = cache.to_string_lossy();
    run("env", &[&format!("GOMODCACHE={cache}"), "GOFLAGS=-modcacherw", "go", "mod", "download", &module])?;
    run("mv", &[&format!("{cache}/{module}"), &own.to_string_lossy()])?;
    // A module's files are never programs.
    run("chmod", &["-R", "+x", &format!("{}/bin", own.display()), &format!("{}/pkg/tool", own.display())])
}

/// Installs tus-js-client, tuspy and tus-java-client in the versions that `tests/interop` pins, and what tusd's own tests
/// are built with.
pub(crate) fn interop() -> Result<()> {
    let folder = root().join("tests/interop");
    apt("node", &["--version"], &["nodejs"])?;
    apt("npm", &["--version"], &["npm"])?;
    apt("python3", &["-c", "import ensurepip, venv"], &["python3", "python3-venv"])?;
    run_in(&folder, "npm", &["ci", "--no-audit", "--no-fund", "--ignore-scripts"])?;
    python("interop")?;
    maven()?;
    run_in(&folder, "mvn", &["--batch-mode", "--no-transfer-progress", "dependency:copy-dependencies"])?;
    go()
}

/// Installs what the tests call: a reader of PDF that is not ours, what README sends a partner's document with, and Python
/// for an authenticator that is not ours either.
pub(crate) fn tests() -> Result<()> {
    apt("curl", &["--version"], &["curl"])?;
    apt("python3", &["--version"], &["python3"])?;
    apt("pdftotext", &["-v"], &["poppler-utils"])?;
    soak()
}

/// Installs clamd. The tests bring a signature of their own; freshclam comes with it all the same, and where systemd runs it
/// begins to fetch the real ones. Named with its folder, where no shell looks.
pub(crate) fn antivirus() -> Result<()> {
    apt("/usr/sbin/clamd", &["--version"], &["clamav-daemon"])
}

/// Installs testssl.sh.
pub(crate) fn testssl() -> Result<()> {
    apt("testssl", &["--version"], &["testssl.sh"])
}

/// Installs strace, which watches the server and breaks its calls.
pub(crate) fn soak() -> Result<()> {
    apt("strace", &["--version"], &["strace"])
}

/// Installs what makes and runs a virtual machine.
pub(crate) fn machine() -> Result<()> {
    apt("qemu-system-x86_64", &["--version"], &["qemu-system-x86"])?;
    apt("qemu-img", &["--version"], &["qemu-utils"])?;
    apt("busybox", &["cpio", "--help"], &["busybox-static"])?;
    apt("mkfs.ext4", &["-V"], &["e2fsprogs"])?;
    apt("strip", &["--version"], &["binutils"])
}

/// Installs PostgreSQL: the server's programs lie where no shell looks.
pub(crate) fn postgresql() -> Result<()> {
    apt("sh", &["-c", "psql --version && ls /usr/lib/postgresql/*/bin/initdb"], &["postgresql"])
}

/// Builds a server of S3's kind under `target/tools`, where there is none; its path. Without optimisation but for its digests:
/// it is built for longer than it runs.
pub(crate) fn s3() -> Result<PathBuf> {
    let own = root().join("target/tools/bin/s3s-fs");
    if !works(&own.to_string_lossy(), &["--version"]) {
        println!("s3s-fs manque : installation sous target/tools.");
        let mut arguments = vec!["install", "--quiet", "--locked", S3S_FS, "--features", "binary", "--debug"];
        arguments.extend(["--root", "target/tools", "--config", "profile.dev.debug=false"]);
        arguments.extend(["--config", "profile.dev.package.sha2.opt-level=3"]);
        arguments.extend(["--config", "profile.dev.package.md-5.opt-level=3"]);
        cargo(&arguments)?;
    }
    Ok(own)
}

/// Where Debian puts the programs of PostgreSQL's server, of its last version.
pub(crate) fn postgresql_programs() -> Result<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions
        .map(|version| version.path().join("bin"))
        .filter(|programs| programs.join("initdb").exists())
        .max();
    newest.context("Il manque postgresql : le serveur de Debian, sous /usr/lib/postgresql.")
}

/// Installs Debian's Chromium and what `tests/navigateur` pins.
pub(crate) fn navigateur() -> Result<()> {
    apt("chromium", &["--version"], &["chromium"])?;
    apt("npm", &["--version"], &["npm"])?;
    let folder = root().join("tests/navigateur");
    run_in(&folder, "npm", &["ci", "--no-audit", "--no-fund", "--ignore-scripts"])
}

/// Makes `target/NAME-venv` with the Python packages of `tests/NAME/requirements.txt`.
fn python(name: &str) -> Result<()> {
    let venv = format!("target/{name}-venv");
    run("python3", &["-m", "venv", &venv])?;
    let pip = root().join(&venv).join("bin/pip");
    let requirements = format!("tests/{name}/requirements.txt");
    let arguments = ["install", "--quiet", "--disable-pip-version-check", "--requirement", &requirements];
    run(&pip.to_string_lossy(), &arguments)
}

/// Makes sure of Maven and of a JDK.
pub(crate) fn maven() -> Result<()> {
    apt("javac", &["-version"], &["default-jdk-headless"])?;
    apt("mvn", &["--version"], &["maven"])
}

/// Makes sure of what packages of the app are made and checked with.
pub(crate) fn android() -> Result<()> {
    apt("clang", &["--version"], &["clang"])?;
    apt("apksigner", &["--version"], &["apksigner"])?;
    // It has no option with which it ends well.
    apt("which", &["dexdump"], &["dexdump"])
}

/// Makes sure that a program works, by Debian's packages if need be.
pub(crate) fn apt(program: &str, trial: &[&str], packages: &[&str]) -> Result<()> {
    if works(program, trial) {
        return Ok(());
    }
    let names = packages.join(" ");
    println!("Il manque {names} : installation par apt-get.");
    let installed = works("apt-get", &["--version"])
        && run("apt-get", &["update", "--quiet"]).is_ok()
        && run("apt-get", &[&["install", "--yes", "--no-install-recommends"], packages].concat()).is_ok();
    if installed && works(program, trial) {
        return Ok(());
    }
    bail!("Il manque {names}, et apt-get n’a pas pu l’installer. Installez-le, puis relancez.")
}

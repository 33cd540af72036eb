//! The engine as a native library, one for each kind of processor, without a vendor's kit: Rust's own target and linker,
//! clang for the little C and assembly there is.
//!
//! What a kit would bring is made here. Android's libraries: stand-ins that hold the names of [`Bionic`] and nothing
//! else, so that a name which phones lack is an error of the linker. Their headers: `bionic.h`, a page. The unwinder,
//! without which a panic would end the app instead of becoming an error: LLVM's, from the sources that come with Rust.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, ensure};

use super::{
    abi::Abi,
    bionic::{Bionic, LIBRARIES},
    elf, execute, output,
};
use crate::command::root;

/// The library's file name, as `System.loadLibrary("ma_demande")` looks for it.
pub(crate) const LIBRARY: &str = "libma_demande.so";

const PACKAGE: &str = "ma-demande-bindings";

/// Of the C library, all that the unwinder includes.
const HEADERS: [&str; 11] = [
    "assert", "dlfcn", "errno", "inttypes", "link", "pthread", "signal", "stdio", "stdlib", "string",
    "unistd",
];

const UNWINDER: [&str; 6] = [
    "libunwind.cpp",
    "Unwind-EHABI.cpp",
    "UnwindLevel1.c",
    "UnwindLevel1-gcc-ext.c",
    "UnwindRegistersRestore.S",
    "UnwindRegistersSave.S",
];

/// C without a C library under it.
const FREESTANDING: [&str; 2] = ["-ffreestanding", "-nostdlibinc"];

/// How the library is optimised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// For people: small.
    Phone,
    /// For the test command: soonest built, and its checks at run time are on.
    Trial,
}

impl Profile {
    const fn name(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Trial => "trial",
        }
    }
}

/// Builds, checks and names the library for one kind of processor.
pub(crate) fn build(abi: &Abi, profile: Profile, bionic: &Bionic) -> Result<PathBuf> {
    let toolchain = Toolchain::of(abi)?;
    let folder = abi.folder();
    fs::create_dir_all(&folder)?;
    for library in LIBRARIES {
        stand_in(abi, &toolchain, bionic, library)?;
    }
    unwinder(abi, &toolchain)?;
    cargo(abi, profile, &folder)?;

    let built = root().join("target").join(abi.rust).join(profile.name()).join(LIBRARY);
    let library = folder.join(LIBRARY);
    let mut strip = Command::new(&toolchain.stripper);
    execute(strip.arg("--strip-all").args([&built, &library]))?;
    let bytes = fs::read(&library).with_context(|| library.display().to_string())?;
    elf::check(&bytes, bionic).with_context(|| format!("{LIBRARY} pour {}", abi.android))?;
    Ok(library)
}

/// What comes with Rust.
struct Toolchain {
    linker: PathBuf,
    stripper: PathBuf,
    unwinder: PathBuf,
}

impl Toolchain {
    /// Adds to Rust what is missing for the target.
    fn of(abi: &Abi) -> Result<Self> {
        let (rustlib, programs) = rust_folders()?;
        if !rustlib.join(abi.rust).is_dir() {
            execute(Command::new("rustup").args(["target", "add", abi.rust]))?;
        }
        let unwinder = rustlib.join("src/rust/src/llvm-project/libunwind");
        if !unwinder.is_dir() {
            execute(Command::new("rustup").args(["component", "add", "rust-src"]))?;
        }
        let toolchain =
            Self { linker: programs.join("rust-lld"), stripper: programs.join("rust-objcopy"), unwinder };
        for part in [&toolchain.linker, &toolchain.stripper, &toolchain.unwinder] {
            ensure!(part.exists(), "{} manque : il faut Rust installé par rustup", part.display());
        }
        Ok(toolchain)
    }
}

/// Rust's linker, under the name by which clang calls it.
pub(crate) fn gnu_linker() -> Result<PathBuf> {
    Ok(rust_folders()?.1.join("gcc-ld/ld.lld"))
}

/// Where Rust keeps its targets and, among them, its programs for this machine.
fn rust_folders() -> Result<(PathBuf, PathBuf)> {
    let ask = |what| {
        Ok::<_, anyhow::Error>(output(Command::new("rustc").args(["--print", what]))?.trim().to_owned())
    };
    let rustlib = PathBuf::from(ask("sysroot")?).join("lib/rustlib");
    let programs = rustlib.join(ask("host-tuple")?).join("bin");
    Ok((rustlib, programs))
}

/// Makes a library that has the listed names and nothing behind them: on the phone the real one is found instead.
fn stand_in(abi: &Abi, toolchain: &Toolchain, bionic: &Bionic, library: &str) -> Result<()> {
    let nothing = abi.folder().join("nothing");
    fs::write(&nothing, "")?;
    let file = format!("{library}.so");
    let mut linker = Command::new(&toolchain.linker);
    linker.args(["-flavor", "gnu", "-m", abi.lld, "-shared", "-soname", &file]);
    linker.args(bionic.names_of(library).map(|name| format!("--defsym={name}=0")));
    linker.arg("--format=binary").arg(nothing).arg("-o").arg(abi.folder().join(file));
    execute(&mut linker)
}

/// Compiles the unwinder into the `libunwind.a` that Rust's library asks for.
fn unwinder(abi: &Abi, toolchain: &Toolchain) -> Result<()> {
    let folder = abi.folder().join("unwinder");
    let headers = folder.join("include");
    fs::create_dir_all(&headers)?;
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/apk/bionic.h");
    fs::create_dir_all(headers.join("sys"))?;
    for name in HEADERS.into_iter().chain(["sys/syscall"]) {
        fs::write(headers.join(name).with_extension("h"), format!("#include \"{}\"\n", all.display()))?;
    }
    let mut objects = Vec::new();
    for source in UNWINDER {
        let object = folder.join(source).with_extension("o");
        let mut clang = Command::new("clang");
        clang.arg(format!("--target={}", abi.clang)).args(FREESTANDING);
        clang.arg("-isystem").arg(&headers).arg("-I").arg(toolchain.unwinder.join("include"));
        clang.args([
            "-Os",
            "-fPIC",
            "-fno-exceptions",
            "-fno-rtti",
            "-funwind-tables",
            "-Wno-unused-command-line-argument",
        ]);
        clang.args(["-DNDEBUG", "-D_LIBUNWIND_IS_NATIVE_ONLY", "-D_LIBUNWIND_HIDE_SYMBOLS"]);
        clang.arg("-c").arg(toolchain.unwinder.join("src").join(source)).arg("-o").arg(&object);
        execute(&mut clang)?;
        objects.push(object);
    }
    let archive = abi.folder().join("libunwind.a");
    let _ = fs::remove_file(&archive);
    execute(Command::new("ar").arg("crs").arg(archive).args(objects))
}

/// Lets cargo build the library, linked by Rust's own linker against the stand-ins.
fn cargo(abi: &Abi, profile: Profile, folder: &Path) -> Result<()> {
    let variable = abi.rust.replace('-', "_");
    let mut flags = OsString::from("-Clinker-flavor=ld.lld -Lnative=");
    flags.push(folder);
    let page = format!("-zmax-page-size={}", elf::PAGE_BYTES);
    let soname = format!("-soname={LIBRARY}");
    for argument in ["--no-undefined", "--hash-style=gnu", "--build-id", "-Bsymbolic", &page, &soname] {
        flags.push(" -Clink-arg=");
        flags.push(argument);
    }
    let target = format!("CARGO_TARGET_{}", variable.to_uppercase());
    execute(
        Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args([
                "build",
                "--locked",
                "--package",
                PACKAGE,
                "--lib",
                "--profile",
                profile.name(),
                "--target",
                abi.rust,
            ])
            .current_dir(root())
            .env(format!("{target}_LINKER"), "rust-lld")
            .env(format!("{target}_RUSTFLAGS"), flags)
            .env(format!("CC_{variable}"), "clang")
            .env(format!("AR_{variable}"), "ar")
            .env(
                format!("CFLAGS_{variable}"),
                // ring's own switch: its C asks for no header then.
                format!("--target={} {} -DRING_CORE_NOSTDLIBINC=1", abi.clang, FREESTANDING.join(" ")),
            ),
    )
}

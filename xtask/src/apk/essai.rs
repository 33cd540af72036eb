//! Android's library executed on this machine: not on a phone, but the very bytes that are packed. It prepares a photo,
//! signs in over TLS and deposits at a real server.
//!
//! Android's C library is not here. Most of its names are glibc's too, with the same meaning and layout as far as the
//! engine uses them; `passerelle.c` has the others. The caller is Python, because UniFFI can write its side of the
//! interface; for arm64, Debian's Python for arm64 under qemu.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};
use harness::{Household, Server, sample};
use serde_json::{Value, json};
use uniffi::{GenerateOptions, TargetLanguage};

use super::{Machine, abi::Abi, execute, natif::LIBRARY};
use crate::command::root;

/// A page photographed with 12 megapixels, what the person says of it, and how many bytes the prepared file may have: a
/// seventh of the photo.
const PHOTO: (&str, &str, &str, u64) = ("A_12.jpg", "motif", "photos_logement", 400_000);

/// Tries the library on a machine that can execute it.
pub(crate) fn run(abi: &Abi, machine: &Machine, library: &Path) -> Result<()> {
    let folder = abi.folder().join("essai");
    fs::create_dir_all(&folder)?;
    fs::copy(library, folder.join(LIBRARY))?;
    python(&folder)?;
    let gateway = gateway(machine, &folder)?;

    let said = deposit(machine, &folder, &gateway)?;
    println!("  {} : exécutée ; photo préparée puis déposée par TLS : {said}", abi.android);
    Ok(())
}

/// Deposits a photo with a server of its own, and gives what was said.
fn deposit(machine: &Machine, folder: &Path, gateway: &Path) -> Result<Value> {
    let server = Server::start_with_tls()?;
    let household = Household::import(&server, 1)?;
    let (photo, rubrique, type_piece, bytes_max) = PHOTO;
    let trial = json!({
        "serveur": server.url(),
        "autorite": server.data().join("certificat-auto-signe.pem"),
        "dossier": server.scratch(),
        "numero": household.numero,
        "code": household.code,
        "photo": sample(photo),
        "rubrique": rubrique,
        "type_piece": type_piece,
    });
    let said = call(machine, folder, gateway, &trial)?;
    check(&said, bytes_max).map(|()| said)
}

/// Writes the Python side of the interface, read from this machine's build of the library: Android's is stripped. Python
/// compares the two when it begins.
fn python(folder: &Path) -> Result<()> {
    let path = |path: PathBuf| path.try_into().context("un chemin qui n’est pas en UTF-8");
    uniffi::generate(GenerateOptions {
        languages: vec![TargetLanguage::Python],
        source: path(root().join("target/debug").join(LIBRARY))?,
        out_dir: path(folder.to_owned())?,
        crate_filter: Some("ma_demande".to_owned()),
        ..GenerateOptions::default()
    })
}

/// Makes Android's four libraries out of glibc's.
fn gateway(machine: &Machine, folder: &Path) -> Result<PathBuf> {
    let gateway = folder.join("passerelle");
    fs::create_dir_all(&gateway)?;
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/apk/essai/passerelle.c");
    for (library, glibc) in
        [("libc", "libc.so.6"), ("libm", "libm.so.6"), ("libdl", "libc.so.6"), ("liblog", "libc.so.6")]
    {
        let file = format!("{library}.so");
        let mut clang = Command::new("clang");
        clang.arg(format!("--target={}", machine.gnu)).arg(format!("--ld-path={}", machine.linker.display()));
        clang.args(["-shared", "-nostdlib", "-fPIC", "-Wl,--no-as-needed", &format!("-Wl,-soname,{file}")]);
        clang
            .arg(format!("-D{library}"))
            .arg(&source)
            .arg(machine.library(glibc))
            .arg("-o")
            .arg(gateway.join(file));
        execute(&mut clang)?;
    }
    Ok(gateway)
}

/// Lets Python call the library, and gives the line of JSON that it says.
fn call(machine: &Machine, folder: &Path, gateway: &Path, trial: &Value) -> Result<Value> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/apk/essai/essai.py");
    let mut python = machine
        .python()
        .args(["-B".as_ref(), script.as_os_str()])
        .env("PYTHONPATH", folder)
        .env("LD_LIBRARY_PATH", gateway)
        // The trial makes the library panic: a backtrace there reads tables of Android's loader, which glibc has not.
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("Python ne peut pas être lancé")?;
    python.stdin.take().context("no standard input")?.write_all(trial.to_string().as_bytes())?;
    let output = python.wait_with_output()?;
    ensure!(output.status.success(), "l’essai de la bibliothèque a échoué ({})", output.status);
    serde_json::from_slice(&output.stdout).context("l’essai ne dit pas ce qu’il a fait")
}

/// One piece, as large as what was prepared, and that is small.
fn check(said: &Value, bytes_max: u64) -> Result<()> {
    let size = said.get("taille").and_then(Value::as_u64).context("l’essai ne dit pas la taille")?;
    ensure!((1..=bytes_max).contains(&size), "la photo préparée a {size} octets");
    ensure!(said.get("deposees") == Some(&json!([size])), "le serveur n’a pas ce qui a été préparé : {said}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_trial_says_is_compared() {
        check(&json!({"taille": 100, "deposees": [100]}), 100).unwrap();
        for wrong in [
            json!({"taille": 101, "deposees": [101]}),
            json!({"taille": 100, "deposees": [99]}),
            json!({"taille": 100, "deposees": []}),
            json!({"taille": 100, "deposees": [100, 100]}),
            json!({"taille": 0, "deposees": [0]}),
            json!({}),
        ] {
            assert!(check(&wrong, 100).is_err(), "{wrong}");
        }
    }
}

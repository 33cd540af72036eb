//! `cargo xtask corpus DOSSIER`: every file of a folder, whatever it is, through inspection and preparation, each in a
//! process of its own that may take two seconds and 256 MB. It reports how many were accepted, how many refused and why,
//! and names each file that panicked, broke a promise, or took too much; with one such, it fails.
//!
//! Without a folder, and in `cargo xtask test`, it is a short one: the project's own samples, the same harmed, files made to be hostile, and the
//! shared samples where they lie beside the repository.

mod hostile;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};

use crate::{
    child::{self, Ended, Limits},
    command::{cargo, root},
};

/// Most memory one file may take, in bytes: a phone of 2 GB leaves an app about as much.
const PEAK_BYTES_MAX: u64 = 256_000_000;

/// Two seconds for one file, on one core. On the wall it is more: other programs run on the same machine. Address space is
/// what the server's inspecteur gives.
const LIMITS: Limits = Limits { cpu_seconds: 2, wall: Duration::from_secs(20), address_space_bytes: 1 << 30 };

/// How the program that reads a file ends when a promise was broken.
const EXIT_BROKEN: i32 = 3;

/// Runs the files of `folder`, by the program as it is shipped.
pub(crate) fn run(folder: &str) -> Result<()> {
    let program = build(&["--release"], "release")?;
    let folder = Path::new(folder);
    try_all(&program, &files(folder).with_context(|| format!("« {} »", folder.display()))?)
}

/// Runs the short corpus, by the development build, which also stops at an overflow.
pub(crate) fn run_short() -> Result<()> {
    let program = build(&[], "debug")?;
    let made = tempfile::tempdir()?;
    let mut own = files(&root().join("tests/samples"))?;
    own.extend(files(&root().join("core/document/tests/donnees"))?);
    hostile::make(&own, made.path())?;
    let mut all = files(made.path())?;
    all.extend(own);
    let shared = root().join("../shared/samples");
    if shared.is_dir() {
        all.extend(files(&shared)?);
    } else {
        println!("{} n’est pas là : les fichiers du dépôt seulement.", shared.display());
    }
    try_all(&program, &all)
}

fn build(profile: &[&str], folder: &str) -> Result<PathBuf> {
    let what = ["build", "--quiet", "--locked", "--workspace", "--example", "epreuve"];
    cargo(&[&what, profile].concat())?;
    Ok(root().join("target").join(folder).join("examples/epreuve"))
}

/// All files below a folder, in an order that stays the same.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            found.extend(files(&entry.path())?);
        } else if kind.is_file() {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

/// What became of one file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Accepted,
    /// The refusal's code.
    Refused(String),
    /// It took the program down.
    Panicked,
    /// Something that we promise of every file did not hold.
    Broken,
    OverTime,
    OverMemory,
}

impl Verdict {
    fn of(ended: &Ended) -> Self {
        match ended.status.code() {
            _ if ended.out_of_time => Self::OverTime,
            _ if ended.peak_bytes > PEAK_BYTES_MAX => Self::OverMemory,
            // The words of Rust's allocator before it aborts.
            None if ended.stderr.contains("memory allocation of") => Self::OverMemory,
            Some(0) if ended.stdout.trim() == "accepte" => Self::Accepted,
            Some(0) if !ended.stdout.trim().is_empty() => Self::Refused(ended.stdout.trim().to_owned()),
            Some(EXIT_BROKEN) => Self::Broken,
            // A panic's exit code, a signal, or an end that the program does not know.
            _ => Self::Panicked,
        }
    }

    fn is_fault(&self) -> bool {
        !matches!(self, Self::Accepted | Self::Refused(_))
    }

    fn line(&self) -> String {
        match self {
            Self::Accepted => "accepté".to_owned(),
            Self::Refused(code) => format!("refusé : {code}"),
            Self::Panicked => "PANIQUE".to_owned(),
            Self::Broken => "PROMESSE ROMPUE".to_owned(),
            Self::OverTime => format!("PLUS DE {} s", LIMITS.cpu_seconds),
            Self::OverMemory => format!("PLUS DE {} Mo", PEAK_BYTES_MAX / 1_000_000),
        }
    }
}

fn try_all(program: &Path, files: &[PathBuf]) -> Result<()> {
    ensure!(!files.is_empty(), "aucun fichier à essayer");
    let mut counts: BTreeMap<Verdict, usize> = BTreeMap::new();
    let (mut slowest, mut largest) = ((Duration::ZERO, None), (0, None));
    for file in files {
        let ended = try_one(program, file)?;
        let verdict = Verdict::of(&ended);
        if verdict.is_fault() {
            println!("{} : {}\n  {}", verdict.line(), file.display(), ended.stderr.trim());
        }
        slowest = slowest.max((ended.cpu, Some(file)));
        largest = largest.max((ended.peak_bytes, Some(file)));
        *counts.entry(verdict).or_default() += 1;
    }
    for (verdict, count) in &counts {
        println!("{count:7}  {}", verdict.line());
    }
    println!("{:7}  fichiers", files.len());
    if let (Some(slow), Some(large)) = (slowest.1, largest.1) {
        println!("le plus lent : {:.2} s, {}", slowest.0.as_secs_f64(), slow.display());
        println!("le plus gourmand : {} Mo, {}", largest.0 / 1_000_000, large.display());
    }
    let faults: usize = counts.iter().filter(|(verdict, _)| verdict.is_fault()).map(|(_, count)| count).sum();
    ensure!(faults == 0, "{faults} fichiers en faute");
    Ok(())
}

fn try_one(program: &Path, file: &Path) -> Result<Ended> {
    let folder = tempfile::tempdir()?;
    child::run(Command::new(program).arg(file).arg(folder.path()), &LIMITS)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// What becomes of a file whose reader behaves like this shell script.
    fn verdict(script: &str) -> Verdict {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("lecteur");
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        Verdict::of(&try_one(&program, &program).unwrap())
    }

    #[test]
    fn what_a_reader_says_is_counted() {
        assert_eq!(verdict("echo accepte"), Verdict::Accepted);
        assert_eq!(verdict("echo illisible"), Verdict::Refused("illisible".to_owned()));
    }

    #[test]
    fn a_panic_and_a_crash_are_noticed() {
        assert_eq!(verdict("echo accepte; exit 101"), Verdict::Panicked);
        assert_eq!(verdict("kill -SEGV $$"), Verdict::Panicked);
        // Nor does a reader pass that says nothing.
        assert_eq!(verdict("exit 0"), Verdict::Panicked);
    }

    #[test]
    fn a_broken_promise_is_noticed() {
        assert_eq!(verdict(&format!("exit {EXIT_BROKEN}")), Verdict::Broken);
    }

    #[test]
    fn a_file_that_takes_too_long_is_noticed() {
        assert_eq!(verdict("while :; do :; done"), Verdict::OverTime);
    }

    #[test]
    fn a_file_that_takes_too_much_memory_is_noticed() {
        // The last line of 300 MB without an end of line is held whole.
        assert_eq!(
            verdict("head -c 300000000 /dev/zero | tail -n 1 >/dev/null; echo accepte"),
            Verdict::OverMemory
        );
    }

    #[test]
    fn one_fault_fails_the_run() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("fichier");
        fs::write(&file, "x").unwrap();
        assert!(try_all(Path::new("/bin/false"), &[file]).is_err());
        assert!(try_all(Path::new("/bin/false"), &[]).is_err());
    }
}

//! `cargo xtask apk`: the app as a file that a phone can install, from Rust's targets, Debian's packages and Maven Central
//! alone: no vendor's kit, no Gradle. In order: the native library for each kind of processor ([`natif`]), the Kotlin
//! part and the resources ([`application`]), one file of both ([`paquet`]), signed ([`signature`]), looked at
//! ([`controles`], [`elf`]), and the library executed on this machine ([`essai`]).
//!
//! What can go wrong: a name that phones do not have, a permission that nobody asked for, a library that is read where it
//! does not lie, a package that grew. Each ends the command with the name of what is wrong. What it cannot tell: how the
//! app behaves on a phone.

mod abi;
mod application;
mod bionic;
mod controles;
mod elf;
mod essai;
mod machine;
mod natif;
mod paquet;
mod signature;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail, ensure};

use self::{
    abi::{ABIS, Abi},
    application::{Maven, Variant},
    bionic::Bionic,
    controles::{check_badging, check_journeys, check_size, check_structures, size},
    machine::Machine,
    natif::Profile,
    paquet::Entry,
    signature::Key,
};
use crate::{command::root, kotlin, tools};

/// What was asked for.
struct Asked {
    abis: Vec<&'static Abi>,
    profile: Profile,
    key: Option<PathBuf>,
    parameters: Option<PathBuf>,
}

impl Asked {
    fn parse(arguments: &[&str]) -> Result<Self> {
        let mut asked = Self { abis: Vec::new(), profile: Profile::Phone, key: None, parameters: None };
        for option in arguments.chunks(2) {
            match option {
                ["--abi", name] => asked.abis.push(Abi::named(name)?),
                ["--cle", file] => asked.key = Some(PathBuf::from(file)),
                ["--parametres", folder] => asked.parameters = Some(PathBuf::from(folder)),
                _ => bail!("« {} » n’est pas une option de cargo xtask apk", option.join(" ")),
            }
        }
        if asked.abis.is_empty() {
            asked.abis.extend(&ABIS);
        }
        Ok(asked)
    }
}

/// Makes, checks and tries everything.
pub(crate) fn run(arguments: &[&str]) -> Result<()> {
    let asked = Asked::parse(arguments)?;
    tools::android()?;
    kotlin::sources()?;
    make(&asked, Maven::build)
}

/// The same for this machine's kind of processor, with a library that is soonest built and has no limit of size; and with
/// the classes that [`kotlin::run_tests`] has left.
pub(crate) fn run_short() -> Result<()> {
    tools::android()?;
    let abis = vec![Abi::named("x86_64")?];
    make(&Asked { abis, profile: Profile::Trial, key: None, parameters: None }, Maven::built)
}

fn make(asked: &Asked, maven: impl FnOnce() -> Result<Maven>) -> Result<()> {
    fs::create_dir_all(folder())?;
    let key = asked.key.as_deref().map_or_else(Key::trial, Key::given)?;
    let bionic = Bionic::read()?;
    let libraries: Vec<(&Abi, PathBuf)> = asked
        .abis
        .iter()
        .map(|abi| Ok((*abi, natif::build(abi, asked.profile, &bionic)?)))
        .collect::<Result<_>>()?;
    for (abi, library) in &libraries {
        match Machine::executing(abi)? {
            Some(machine) => essai::run(abi, &machine, library)?,
            None => println!("  {} : construite et vérifiée, exécutée nulle part", abi.android),
        }
    }

    let workshop = Workshop { maven: maven()?, key, profile: asked.profile, bionic };
    let release = workshop.application(Variant::Release, asked.parameters.as_deref())?;
    workshop.maven.try_shrunk()?;
    for library in &libraries {
        workshop.package(&release, &[library], &format!("ma-demande-{}", library.0.android))?;
    }
    let all: Vec<_> = libraries.iter().collect();
    if all.len() > 1 {
        workshop.package(&release, &all, "ma-demande")?;
    }
    let debug = workshop.application(Variant::Debug, asked.parameters.as_deref())?;
    workshop.package(&debug, &all, "ma-demande-debug")?;
    let journeys = workshop.application(Variant::Parcours, None)?;
    workshop.package(&journeys, &[], "ma-demande-parcours")
}

/// What packages are made with.
struct Workshop {
    maven: Maven,
    profile: Profile,
    key: Key,
    bionic: Bionic,
}

/// The app without native libraries.
struct Application {
    variant: Variant,
    resources: PathBuf,
    dex: Vec<PathBuf>,
}

impl Workshop {
    fn application(&self, variant: Variant, parameters: Option<&Path>) -> Result<Application> {
        let resources = self.maven.resources(variant, parameters)?;
        let dex = self.maven.dex(variant)?;
        if variant == Variant::Release {
            let bytes = dex.iter().map(|dex| Ok(fs::metadata(dex)?.len())).sum::<Result<u64>>()?;
            check_size("Kotlin, après R8", bytes, size::DEX_BYTES_MAX)?;
            check_structures(&output(Command::new("dexdump").arg("-a").args(&dex))?)?;
        }
        Ok(Application { variant, resources, dex })
    }

    /// Puts one package together, signs it and checks it.
    fn package(&self, application: &Application, libraries: &[&(&Abi, PathBuf)], name: &str) -> Result<()> {
        let mut added: Vec<_> =
            application.dex.iter().map(|dex| Entry::at_the_top(dex)).collect::<Result<_>>()?;
        for (abi, ours) in libraries {
            for library in self.maven.libraries(abi, ours) {
                elf::check(&fs::read(&library.file)?, &self.bionic).with_context(|| library.name.clone())?;
                added.push(library);
            }
        }
        let folder = folder();
        let (unsigned, out) = (folder.join("sans-signature.zip"), folder.join(name).with_extension("apk"));
        paquet::pack(&application.resources, &added, &unsigned)?;
        self.key.sign(&unsigned, &out)?;
        fs::remove_file(unsigned)?;

        paquet::check_alignment(&paquet::placed(&out)?)?;
        let badging = output(Command::new(self.maven.aapt2()).args(["dump", "badging"]).arg(&out))?;
        let abis: Vec<_> = libraries.iter().map(|(abi, _)| abi.android).collect();
        match application.variant {
            Variant::Release => check_badging(&badging, &abis, false)?,
            Variant::Debug => check_badging(&badging, &abis, true)?,
            Variant::Parcours => check_journeys(&badging)?,
        }
        let bytes = fs::metadata(&out)?.len();
        match (application.variant, self.profile, libraries.len()) {
            (Variant::Release, Profile::Phone, 1) => check_size(name, bytes, size::ONE_ABI_BYTES_MAX)?,
            (Variant::Release, Profile::Phone, _) => check_size(name, bytes, size::UNIVERSAL_BYTES_MAX)?,
            _ => println!("  {name} : {bytes} octets"),
        }
        Ok(())
    }
}

/// Where everything made for Android lies, and stays: what did not change is not made again.
fn folder() -> PathBuf {
    root().join("target/android")
}

/// Runs a program, its output shown, and fails where it fails.
fn execute(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.status().with_context(|| format!("« {name} » ne peut pas être lancé"))?;
    ensure!(status.success(), "« {command:?} » a échoué ({status})");
    Ok(())
}

/// Runs a program and gives what it prints.
fn output(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("« {name} » ne peut pas être lancé"))?;
    ensure!(
        output.status.success(),
        "« {command:?} » a échoué ({}) : {}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout)?)
}

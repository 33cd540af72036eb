//! The app's part that is not native: resources and manifest by aapt2, classes by Maven and R8.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, ensure};
use harness::sample;
use zip::ZipArchive;

use super::{abi::Abi, controles, execute, folder, natif::LIBRARY, output, paquet::Entry};
use crate::{command::root, tools};

/// R8's memory: enough for Kotlin's library, and it leaves some of 2 GB. Compiled once and collected by one thread, it takes
/// half the processor's time: it ends before more would pay.
const JAVA: [&str; 3] = ["-Xmx1g", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"];

/// What is made of the app's sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Variant {
    /// For people: shrunk by R8, not debuggable, the operator's server only.
    Release,
    /// For quality assurance: everything is there, debuggable, another server and authority may be set.
    Debug,
    /// The journeys on a device: what they need besides the debuggable app, into whose process they are loaded.
    Parcours,
}

impl Variant {
    const fn name(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Debug => "debug",
            Self::Parcours => "parcours",
        }
    }

    const fn manifest(self) -> &'static str {
        match self {
            Self::Release | Self::Debug => "main/AndroidManifest.xml",
            Self::Parcours => "androidTest/AndroidManifest.xml",
        }
    }

    /// Folders of resources, each over those before it.
    const fn resources(self) -> &'static [&'static str] {
        match self {
            Self::Release => &["main/res"],
            Self::Debug => &["main/res", "debug/res"],
            Self::Parcours => &[],
        }
    }
}

/// What Maven has put together for packages: `android/paquet`.
pub(crate) struct Maven {
    target: PathBuf,
}

impl Maven {
    /// Compiles the app and fetches the tools.
    pub(crate) fn build() -> Result<Self> {
        tools::maven()?;
        let mut maven = Command::new("mvn");
        maven.args(["--batch-mode", "--no-transfer-progress", "--file", "android/pom.xml"]);
        // Without tests: they have a command of their own.
        execute(maven.args(["-DskipTests", "package"]).current_dir(root()))?;
        Self::built()
    }

    /// Takes what Maven has made.
    pub(crate) fn built() -> Result<Self> {
        let maven = Self { target: root().join("android/paquet/target") };
        // Maven unpacks any archive but this one.
        ZipArchive::new(File::open(maven.tool("jna.aar"))?)?.extract(maven.target.join("jna"))?;
        // Unpacked from a jar, which keeps no permissions.
        execute(Command::new("chmod").arg("+x").arg(maven.aapt2()))?;
        Ok(maven)
    }

    /// The program that makes and reads Android's resources.
    pub(crate) fn aapt2(&self) -> PathBuf {
        self.target.join("tools/prebuilt/linux/aapt2")
    }

    fn tool(&self, name: &str) -> PathBuf {
        self.target.join("tools").join(name)
    }

    /// The native libraries of a package: ours, and the one through which Kotlin calls it.
    pub(crate) fn libraries(&self, abi: &Abi, ours: &Path) -> [Entry; 2] {
        const JNA: &str = "libjnidispatch.so";
        let name = |library: &str| format!("lib/{}/{library}", abi.android);
        [
            Entry { name: name(LIBRARY), file: ours.to_owned() },
            Entry { name: name(JNA), file: self.target.join("jna/jni").join(abi.android).join(JNA) },
        ]
    }

    /// Links manifest and resources into a package without code, and writes what of the classes they name. `parameters`
    /// is a folder of resources of the operator's, which replace the app's.
    pub(crate) fn resources(&self, variant: Variant, parameters: Option<&Path>) -> Result<PathBuf> {
        let folder = folder().join(variant.name());
        fs::create_dir_all(&folder)?;
        let sources = root().join("android/app/src");
        let mut link = Command::new(self.aapt2());
        link.arg("link").arg("-I").arg(self.tool("prebuilt/android-framework.jar"));
        link.arg("--manifest").arg(sources.join(variant.manifest()));
        link.arg("--java").arg(folder.join("java")).arg("--proguard").arg(folder.join("manifest.pro"));
        if variant == Variant::Debug {
            link.arg("--debug-mode");
        }
        let base = folder.join("resources.apk");
        link.arg("--auto-add-overlay").arg("-o").arg(&base);
        let own = variant.resources().iter().map(|resources| sources.join(resources));
        for (at, resources) in own.chain(parameters.map(Path::to_owned)).enumerate() {
            let compiled = folder.join(format!("resources-{at}.zip"));
            execute(
                Command::new(self.aapt2()).args(["compile", "--dir"]).arg(resources).arg("-o").arg(&compiled),
            )?;
            if at > 0 {
                link.arg("-R");
            }
            link.arg(compiled);
        }
        execute(&mut link)?;
        if variant != Variant::Parcours {
            same_numbers(&folder.join("java"))?;
        }
        Ok(base)
    }

    /// Makes the classes into what Android executes.
    pub(crate) fn dex(&self, variant: Variant) -> Result<Vec<PathBuf>> {
        let out = folder().join(variant.name()).join("dex");
        let _ = fs::remove_dir_all(&out);
        fs::create_dir_all(&out)?;
        let mut app = files(&self.target.join("classes"), "jar")?;
        app.push(self.target.join("jna/classes.jar"));
        let mut java = self.r8(if variant == Variant::Release { "R8" } else { "D8" })?;
        match variant {
            Variant::Release => {
                java.args(app);
                java.arg("--release").arg("--pg-conf").arg(root().join("android/paquet/rules.pro"));
                java.arg("--pg-conf").arg(folder().join("release/manifest.pro"));
                java.arg("--pg-map-output").arg(folder().join("ma-demande-noms.txt"));
            }
            Variant::Debug => {
                java.arg("--debug").args(app);
            }
            Variant::Parcours => {
                for jar in app {
                    java.arg("--classpath").arg(jar);
                }
                java.arg("--debug").arg(root().join("android/parcours/target/parcours.jar"));
            }
        }
        execute(java.arg("--output").arg(&out))?;
        let dex = files(&out, "dex")?;
        dex.iter().try_for_each(|dex| controles::check_dex(dex))?;
        Ok(dex)
    }

    /// Lets the shrunk classes work on this machine's Java, with this machine's library: R8 makes classes of the same
    /// inputs by the same rules, and a program that it shrinks along calls the engine. What the rules should have kept is
    /// missing here too. Not the very dex: nothing here executes that.
    pub(crate) fn try_shrunk(&self) -> Result<()> {
        let out = folder().join("essai-java");
        let _ = fs::remove_dir_all(&out);
        fs::create_dir_all(out.join("classes"))?;
        let source = root().join("android/paquet/essai");
        let mut app = files(&self.target.join("classes"), "jar")?;
        app.push(self.target.join("jna/classes.jar"));
        let mut javac = Command::new("javac");
        javac.arg("-cp").arg(std::env::join_paths(&app)?).arg("-d").arg(out.join("classes"));
        execute(javac.arg(source.join("Essai.java")))?;
        execute(
            Command::new("jar")
                .arg("cf")
                .arg(out.join("essai.jar"))
                .arg("-C")
                .args([&out.join("classes"), Path::new(".")]),
        )?;

        let shrunk = out.join("reduit.jar");
        let mut java = self.java("R8")?;
        java.arg("--classfile").arg("--release").args(app).arg(out.join("essai.jar"));
        for rules in [&root().join("android/paquet/rules.pro"), &source.join("essai.pro")] {
            java.arg("--pg-conf").arg(rules);
        }
        java.arg("--pg-conf").arg(folder().join("release/manifest.pro"));
        execute(java.arg("--output").arg(&shrunk))?;

        let mut jna = ZipArchive::new(File::open(self.tool("jna.jar"))?)?;
        let mut dispatch = jna.by_name("com/sun/jna/linux-x86-64/libjnidispatch.so")?;
        io::copy(&mut dispatch, &mut File::create(out.join("libjnidispatch.so"))?)?;
        let mut essai = Command::new("java");
        essai.arg(format!("-Djna.boot.library.path={}", out.display())).arg("-Djna.nounpack=true");
        let library = root().join("target/debug").join(LIBRARY);
        essai.arg(format!("-Duniffi.component.ma_demande.libraryOverride={}", library.display()));
        essai.arg("-cp").arg(shrunk).arg("Essai").arg(sample("A_12.jpg")).arg(source.join("Essai.java"));
        let said = output(&mut essai)?;
        ensure!(said.trim() == "1 page, Echec", "les classes réduites disent « {} »", said.trim());
        println!("  Kotlin, après R8 : exécuté en Java ; {}", said.trim());
        Ok(())
    }

    /// One of R8's programs for Android 8.
    fn r8(&self, program: &str) -> Result<Command> {
        let mut java = self.java(program)?;
        java.args(["--min-api", "26"]);
        Ok(java)
    }

    /// One of R8's programs, with what Android and Java bring themselves.
    fn java(&self, program: &str) -> Result<Command> {
        let properties =
            output(Command::new("sh").args(["-c", "java -XshowSettings:properties -version 2>&1"]))?;
        let home = properties.lines().find_map(|line| line.trim().strip_prefix("java.home = "));
        let mut java = Command::new("java");
        java.args(JAVA).arg("-cp").arg(self.tool("r8.jar")).arg(format!("com.android.tools.r8.{program}"));
        java.arg("--lib").arg(self.tool("android.jar"));
        java.arg("--lib").arg(home.context("java ne dit pas où il est")?);
        Ok(java)
    }
}

/// The classes were compiled with numbers of resources, which the package must have too.
fn same_numbers(java: &Path) -> Result<()> {
    let class = "fr/mademande/R.java";
    let packed = fs::read(java.join(class))?;
    let compiled = fs::read(root().join("android/app/target/gen").join(class))?;
    ensure!(
        packed == compiled,
        "les ressources du paquet n’ont pas les numéros avec lesquels l’app est compilée"
    );
    Ok(())
}

fn files(folder: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut files: Vec<_> = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    files.retain(|file| file.extension().is_some_and(|found| found == extension));
    files.sort();
    Ok(files)
}

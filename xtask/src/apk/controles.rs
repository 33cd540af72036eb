//! What is looked at in a finished package before anybody installs it. Each look is a function of what a tool said, so that
//! it can be shown to fail.

use std::{collections::BTreeSet, path::Path, process::Command};

use anyhow::{Context as _, Result, ensure};

use super::output;

/// What the app may do, and no more: see the manifest for what each is for.
const PERMISSIONS: [&str; 5] = [
    "ACCESS_NETWORK_STATE",
    "INTERNET",
    "POST_NOTIFICATIONS",
    "RECEIVE_BOOT_COMPLETED",
    "RUN_USER_INITIATED_JOBS",
];

/// Android 8: the oldest phone; Google Play's demand since August 2026.
const SDK: (&str, &str) = ("26", "36");

/// Sizes, in bytes: what a phone on a small data plan can bear.
pub(crate) mod size {
    /// A package for one kind of processor.
    pub(crate) const ONE_ABI_BYTES_MAX: u64 = 6_000_000;
    /// The package for all of them.
    pub(crate) const UNIVERSAL_BYTES_MAX: u64 = 18_000_000;
    /// The program's Kotlin part, before compression: loaded at every start.
    pub(crate) const DEX_BYTES_MAX: u64 = 600_000;
}

/// Fails where something is larger than it may be.
pub(crate) fn check_size(what: &str, bytes: u64, bytes_max: u64) -> Result<()> {
    println!("  {what} : {bytes} octets (au plus {bytes_max})");
    ensure!(bytes <= bytes_max, "{what} : {bytes} octets, plus que {bytes_max}");
    Ok(())
}

/// Checks what Android reads of a package before it installs it: `aapt2 dump badging`.
pub(crate) fn check_badging(said: &str, abis: &[&str], debuggable: bool) -> Result<()> {
    let wanted: BTreeSet<_> = PERMISSIONS.iter().map(|name| format!("android.permission.{name}")).collect();
    let asked: BTreeSet<_> = said
        .lines()
        .filter(|line| line.starts_with("uses-permission"))
        .filter_map(quoted)
        .map(str::to_owned)
        .collect();
    ensure!(asked == wanted, "autorisations {asked:?}, attendues {wanted:?}");

    let value = |key: &str| said.lines().find_map(|line| line.strip_prefix(key)).and_then(quoted);
    ensure!(value("package: name=") == Some("fr.mademande"), "ce n’est pas le paquet fr.mademande");
    let sdk = (value("minSdkVersion:").or(value("sdkVersion:")), value("targetSdkVersion:"));
    ensure!(sdk == (Some(SDK.0), Some(SDK.1)), "versions d’Android {sdk:?}, attendues {SDK:?}");
    ensure!(value("launchable-activity: name=").is_some(), "rien ne s’ouvre depuis l’écran d’accueil");
    ensure!(
        said.contains("application-debuggable") == debuggable,
        "débogable, il le serait à tort, ou ne l’est pas"
    );

    let native = said.lines().find_map(|line| line.strip_prefix("native-code:")).unwrap_or_default();
    let native: BTreeSet<_> = native.split_whitespace().map(|abi| abi.trim_matches('\'')).collect();
    ensure!(native == abis.iter().copied().collect(), "processeurs {native:?}, attendus {abis:?}");
    Ok(())
}

/// Checks the same of the journeys' package: it may do nothing by itself, and is loaded into the app.
pub(crate) fn check_journeys(said: &str) -> Result<()> {
    let named = said.lines().find_map(|line| line.strip_prefix("package: name=")).and_then(quoted);
    ensure!(named == Some("fr.mademande.test"), "ce n’est pas le paquet fr.mademande.test");
    ensure!(!said.contains("uses-permission"), "les parcours demandent une autorisation");
    Ok(())
}

/// The first word between apostrophes.
fn quoted(line: &str) -> Option<&str> {
    line.split('\'').nth(1)
}

/// Checks what `apksigner verify --verbose` said.
pub(crate) fn check_signature(said: &str) -> Result<()> {
    for (scheme, wanted) in [("v1", false), ("v2", true), ("v3", true)] {
        let line = said
            .lines()
            .find(|line| line.starts_with(&format!("Verified using {scheme} scheme")))
            .with_context(|| format!("apksigner ne dit rien du schéma {scheme}"))?;
        ensure!(line.ends_with(&format!(": {wanted}")), "signature {scheme} : « {line} »");
    }
    Ok(())
}

/// Lets dexdump verify the program's Kotlin part.
pub(crate) fn check_dex(dex: &Path) -> Result<()> {
    let said = output(Command::new("dexdump").arg("-f").arg(dex))?;
    ensure!(said.contains("DEX file header"), "dexdump ne lit pas {}", dex.display());
    Ok(())
}

/// Checks that JNA can lay out what the bindings hand over: it reads the order of a structure's fields from an annotation,
/// which R8 takes away unless it is told otherwise, and the app would end at its first call. Of `dexdump -a`.
pub(crate) fn check_structures(said: &str) -> Result<()> {
    let ordered = |line: &str| line.contains("VISIBILITY_RUNTIME Lcom/sun/jna/Structure$FieldOrder;");
    ensure!(said.lines().any(ordered), "JNA ne trouverait pas l’ordre des champs : R8 a ôté FieldOrder");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn structures_without_their_order_are_noticed() {
        let kept = "    VISIBILITY_RUNTIME Lcom/sun/jna/Structure$FieldOrder; value={ \"len\" \"data\" }";
        check_structures(kept).unwrap();
        check_structures("    (in Lcom/sun/jna/Structure$FieldOrder;)").unwrap_err();
    }

    const BADGING: &str = "\
package: name='fr.mademande' versionCode='1' versionName='0.1.0'
minSdkVersion:'26'
targetSdkVersion:'36'
uses-permission: name='android.permission.INTERNET'
uses-permission: name='android.permission.ACCESS_NETWORK_STATE'
uses-permission: name='android.permission.POST_NOTIFICATIONS'
uses-permission: name='android.permission.RUN_USER_INITIATED_JOBS'
uses-permission: name='android.permission.RECEIVE_BOOT_COMPLETED'
launchable-activity: name='fr.mademande.demande.DemandeActivity'  label='' icon=''
native-code: 'arm64-v8a' 'x86_64'
";

    const ABIS: [&str; 2] = ["x86_64", "arm64-v8a"];

    #[test]
    fn what_is_intended_passes() {
        check_badging(BADGING, &ABIS, false).unwrap();
    }

    #[test]
    fn one_permission_more_or_less_is_found() {
        let more = format!("{BADGING}uses-permission: name='android.permission.CAMERA'\n");
        let newer = format!("{BADGING}uses-permission-sdk-23: name='android.permission.CAMERA'\n");
        let less = BADGING.replace("uses-permission: name='android.permission.INTERNET'\n", "");
        for wrong in [more, newer, less] {
            assert!(check_badging(&wrong, &ABIS, false).unwrap_err().to_string().contains("autorisations"));
        }
    }

    #[test]
    fn another_package_version_processor_or_a_debuggable_one_is_found() {
        let changes = [
            ("fr.mademande'", "fr.autre'"),
            ("SdkVersion:'36'", "SdkVersion:'35'"),
            ("minSdkVersion:'26'", "minSdkVersion:'24'"),
            ("'arm64-v8a' ", ""),
            ("launchable", "x"),
            ("native-code", "application-debuggable\nnative-code"),
        ];
        for (from, to) in changes {
            assert!(BADGING.contains(from), "{from}");
            assert!(check_badging(&BADGING.replace(from, to), &ABIS, false).is_err(), "{from}");
        }
    }

    #[test]
    fn journeys_have_a_package_of_their_own_and_no_permission() {
        let said = "package: name='fr.mademande.test' versionCode='1'\nminSdkVersion:'26'\n";
        check_journeys(said).unwrap();
        assert!(check_journeys(BADGING).is_err());
        assert!(
            check_journeys(&format!("{said}uses-permission: name='android.permission.CAMERA'\n")).is_err()
        );
    }

    #[test]
    fn both_signature_schemes_are_wanted_and_the_old_one_is_not() {
        let said = |v1, v2, v3| {
            format!(
                "Verifies\nVerified using v1 scheme (JAR signing): {v1}\n\
                 Verified using v2 scheme (APK Signature Scheme v2): {v2}\n\
                 Verified using v3 scheme (APK Signature Scheme v3): {v3}\n"
            )
        };
        check_signature(&said(false, true, true)).unwrap();
        for (v1, v2, v3) in [(true, true, true), (false, false, true), (false, true, false)] {
            assert!(check_signature(&said(v1, v2, v3)).is_err());
        }
        assert!(check_signature("Verifies\n").is_err());
    }

    #[test]
    fn a_byte_too_many_is_found() {
        check_size("essai", 10, 10).unwrap();
        assert!(check_size("essai", 11, 10).is_err());
    }
}

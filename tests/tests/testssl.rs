//! Our TLS as testssl.sh sees it, Debian's: an examiner who is not of this house. Where it is not installed this test fails,
//! it is not skipped; `cargo xtask test` installs it.

use std::{collections::BTreeSet, process::Command};

use anyhow::{Context as _, Result, ensure};
use harness::Server;
use serde::Deserialize;

/// What is asked of it: versions, suites one by one, order, certificate, known weaknesses. Not the headers (other tests
/// hold them) and not its simulated browsers.
const CHECKS: [&str; 6] =
    ["--protocols", "--each-cipher", "--pfs", "--server-preference", "--server-defaults", "--vulnerable"];

/// What it finds of a certificate that a server makes for itself at its start, and would not of one that was issued.
const OF_A_TRIAL_CERTIFICATE: [&str; 3] = [
    // Nobody signed it.
    "cert_chain_of_trust",
    // It is never renewed, so it is valid for ever.
    "cert_validityPeriod",
    // Nobody could revoke it.
    "cert_revocation",
];

/// Severities that must not come. WARN says that the examiner itself could not look.
const WEAK: [&str; 4] = ["MEDIUM", "HIGH", "CRITICAL", "FATAL"];

/// What the ANSSI recommends (« Recommandations de sécurité relatives à TLS », 1.2, tables of suites): for TLS 1.3 its
/// suites with AES-GCM and ChaCha20, for TLS 1.2 ECDHE with these, by their names in the IANA's registry.
const RECOMMENDED: [&str; 9] = [
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
];

/// One line of its report.
#[derive(Debug, Deserialize)]
struct Line {
    id: String,
    severity: String,
    finding: String,
}

#[test]
fn testssl_finds_no_weakness_and_only_recommended_suites() -> Result<()> {
    let server = Server::start_with_tls()?;
    let report = server.scratch().join("testssl.json");
    let output = Command::new("testssl")
        .args(CHECKS)
        .args(["--quiet", "--color", "0", "--warnings", "off", "--nodns", "none", "--jsonfile"])
        .arg(&report)
        .arg(server.addr()?.to_string())
        // Its exit code counts findings; the report says which.
        .output()
        .context("testssl is missing: run `cargo xtask test`")?;
    let text = std::fs::read_to_string(&report)
        .with_context(|| String::from_utf8_lossy(&output.stdout).into_owned())?;
    let found: Vec<Line> = serde_json::from_str(&text)?;

    let weak: Vec<_> = found
        .iter()
        .filter(|finding| WEAK.contains(&finding.severity.as_str()))
        .filter(|finding| !OF_A_TRIAL_CERTIFICATE.contains(&finding.id.as_str()))
        .collect();
    ensure!(weak.is_empty(), "weaknesses: {weak:#?}");

    let said = |id: &str| -> Result<&str> {
        let finding = found.iter().find(|finding| finding.id == id);
        Ok(&finding.with_context(|| format!("testssl says nothing of {id}"))?.finding)
    };
    for old in ["SSLv2", "SSLv3", "TLS1", "TLS1_1"] {
        ensure!(said(old)? == "not offered", "{old} is {}", said(old)?);
    }
    ensure!(said("TLS1_2")? == "offered" && said("TLS1_3")?.starts_with("offered"));

    // « x1302   TLS_AES_256_GCM_SHA384   ECDH 253   AESGCM   256   TLS_AES_256_GCM_SHA384 »: the last word is the IANA's.
    let offered: BTreeSet<&str> = found
        .iter()
        .filter(|finding| finding.id.starts_with("cipher_x"))
        .filter_map(|finding| finding.finding.split_whitespace().last())
        .collect();
    ensure!(offered.len() >= 6, "so few suites: {offered:?}");
    let strange: Vec<_> = offered.iter().filter(|suite| !RECOMMENDED.contains(suite)).collect();
    ensure!(strange.is_empty(), "not recommended: {strange:?}");
    Ok(())
}

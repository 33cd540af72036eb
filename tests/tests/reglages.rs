//! `ma-demande-server config`: what is in force and where it came from, without a secret, and as settings that give the same
//! ones again.

use std::{fs, path::Path, process::Command};

use anyhow::{Context as _, Result, ensure};
use harness::binary;

/// Stands in every place where a secret may be.
const CANARY: &str = "canari-7Zq";

const FILE: &str = "\
donnees = '/srv/du-fichier'
ecoute = '10.0.0.1:8443'
tls_auto_signe = true
proxys = ['10.0.0.2', '10.0.0.3']
coffre = 's3://pieces/ici?endpoint=https://s3.exemple.example:9000&region=fr-par'
origines = ['https://portail.exemple.example']
clamd = 'unix:/run/clamd.sock'
expediteur = 'Demande <demande@exemple.example>'
oidc_emetteur = 'https://sso.exemple.example'
oidc_client = 'ma-demande'
oidc_libelle = 'le \"SSO\" du département'
";

/// What the command prints with this file, options and environment.
fn config(file: &Path, options: &[&str], environment: &[(&str, &str)]) -> Result<String> {
    let output = Command::new(binary("ma-demande-server")?)
        .args(["config", "--config"])
        .arg(file)
        .args(options)
        .envs(environment.iter().copied())
        .output()?;
    let said = String::from_utf8(output.stderr)?;
    ensure!(output.status.success(), "{said}");
    Ok(String::from_utf8(output.stdout)?)
}

#[test]
fn what_is_in_force_is_shown_with_its_origin_and_without_secrets() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name);
    let secret = path("secret");
    fs::write(&secret, CANARY)?;
    fs::write(path("cle"), CANARY)?;
    fs::write(
        path("reglages.toml"),
        format!("{FILE}oidc_secret = '{}'\ncle = '{}'\n", secret.display(), path("cle").display()),
    )?;

    let smtp = format!("smtps://facteur:{CANARY}@courrier.exemple.example:465");
    let base = format!("postgresql://demande:{CANARY}@/demande?host=/var/run/postgresql");
    let options = ["--sans-tls", "--mesures", "127.0.0.1:9100"];
    let environment =
        [("MA_DEMANDE_SMTP", &*smtp), ("MA_DEMANDE_BASE", &*base), ("MA_DEMANDE_ECOUTE", "127.0.0.1:1234")];
    let shown = config(&path("reglages.toml"), &options, &environment)?;
    ensure!(!shown.contains(CANARY), "a secret is shown:\n{shown}");
    for line in [
        "donnees = \"/srv/du-fichier\"  # fichier",
        "ecoute = \"127.0.0.1:1234\"  # environnement",
        "mesures = \"127.0.0.1:9100\"  # option",
        "sans_tls = true  # option",
        // One decision, not mixed with the weaker one.
        "# tls_auto_signe : non réglé",
        "proxys = [\"10.0.0.2\", \"10.0.0.3\"]  # fichier",
        "clamd = \"unix:/run/clamd.sock\"  # fichier",
        "coffre = \"s3://pieces/ici?endpoint=https://s3.exemple.example:9000&region=fr-par\"  # fichier",
        "origines = [\"https://portail.exemple.example\"]  # fichier",
        "second_facteur_exige = false  # défaut",
        "# adresse : non réglé",
        "# smtp = \"smtps://facteur:***@courrier.exemple.example:465\"  # environnement, mot de passe masqué",
        "# base = \"postgresql://demande:***@/demande?host=/var/run/postgresql\"  # environnement, mot de passe masqué",
    ] {
        ensure!(shown.lines().any(|shown| shown == line), "« {line} » is missing:\n{shown}");
    }

    // Fed back it says the same, all of it from the file now, but for the two addresses.
    fs::write(path("retour.toml"), &shown)?;
    let again = config(&path("retour.toml"), &[], &[])?;
    let values = |text: &str| -> Result<toml::Table> { text.parse().context("not TOML") };
    ensure!(values(&again)? == values(&shown)?, "{again}");
    ensure!(again.contains("mesures = \"127.0.0.1:9100\"  # fichier"), "{again}");
    Ok(())
}

#[test]
fn every_password_is_masked_however_it_is_written() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("reglages.toml");
    fs::write(&file, "donnees = '/srv'\nsans_tls = true\n")?;
    for (variable, value) in [
        ("MA_DEMANDE_BASE", "postgresql:///demande?host=/tmp&user=demande&password=canari-7Zq"),
        ("MA_DEMANDE_BASE", "postgres://demande:canari%2D7Zq@localhost/demande"),
        ("MA_DEMANDE_SMTP", "smtp://:canari-7Zq@127.0.0.1:25"),
        ("MA_DEMANDE_SMTP", "smtp://facteur:canari%2D7Zq@127.0.0.1:587?tls=required"),
    ] {
        let shown = config(&file, &[], &[(variable, value)])?;
        ensure!(!shown.contains("7Zq") && shown.contains("mot de passe masqué"), "{value}:\n{shown}");
    }
    // Without a password there is nothing to hide, and the address is fed back.
    let base = "postgresql://demande@/demande?host=/var/run/postgresql";
    let shown = config(&file, &[], &[("MA_DEMANDE_BASE", base)])?;
    ensure!(shown.contains(&format!("\nbase = \"{base}\"  # environnement")), "{shown}");
    Ok(())
}

#[test]
fn what_the_server_would_refuse_is_refused() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("reglages.toml");
    fs::write(&file, "donnees = '/srv'\n")?;
    let Err(refused) = config(&file, &[], &[]) else { anyhow::bail!("no decision about TLS was needed") };
    ensure!(refused.to_string().contains("comment protéger la ligne"), "{refused}");
    Ok(())
}

//! Who made the package. A given key is the publisher's and stays where it is; without one, a key for trials is made on
//! this machine, under `target`, and is good for nothing else.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};

use super::{controles, execute, folder, output};

/// The variable that holds the password of a given key: a password on a command line can be read by every process.
pub(crate) const PASSWORD_VARIABLE: &str = "MA_DEMANDE_CLE_PASSE";

/// The trial key's password: it protects nothing.
const TRIAL_PASSWORD: &str = "essais";

/// A key to sign with.
#[derive(Debug)]
pub(crate) struct Key {
    store: PathBuf,
    /// As apksigner takes it: `pass:…` or `env:…`.
    password: String,
}

impl Key {
    /// The publisher's, a PKCS #12 file with one key; its password in [`PASSWORD_VARIABLE`].
    pub(crate) fn given(store: &Path) -> Result<Self> {
        std::env::var_os(PASSWORD_VARIABLE).with_context(|| {
            format!("le mot de passe de la clé manque : mettez-le dans {PASSWORD_VARIABLE}")
        })?;
        Ok(Self { store: store.to_owned(), password: format!("env:{PASSWORD_VARIABLE}") })
    }

    /// This machine's, for trials; made when first asked for, kept so that an app can be installed over itself.
    pub(crate) fn trial() -> Result<Self> {
        let store = folder().join("essais.p12");
        if !store.exists() {
            execute(
                Command::new("keytool")
                    .args([
                        "-genkeypair",
                        "-storetype",
                        "PKCS12",
                        "-storepass",
                        TRIAL_PASSWORD,
                        "-alias",
                        "essais",
                    ])
                    .args([
                        "-keyalg",
                        "EC",
                        "-groupname",
                        "secp256r1",
                        "-validity",
                        "10000",
                        "-dname",
                        "CN=Essais",
                    ])
                    .arg("-keystore")
                    .arg(&store),
            )?;
        }
        Ok(Self { store, password: format!("pass:{TRIAL_PASSWORD}") })
    }

    /// Signs a package, by the schemes that phones since Android 8 read, and checks it.
    pub(crate) fn sign(&self, unsigned: &Path, out: &Path) -> Result<()> {
        execute(
            Command::new("apksigner")
                .args(["sign", "--min-sdk-version", "26", "--v1-signing-enabled", "false"])
                .args(["--v2-signing-enabled", "true", "--v3-signing-enabled", "true"])
                .arg("--ks")
                .arg(&self.store)
                .args(["--ks-pass", &self.password, "--out"])
                .arg(out)
                .arg(unsigned),
        )?;
        let said = output(
            Command::new("apksigner").args(["verify", "--verbose", "--min-sdk-version", "26"]).arg(out),
        )?;
        controles::check_signature(&said)
    }
}

//! Where a base lies: a file of SQLite's on this machine, or a database on a PostgreSQL server.

use std::{
    fmt,
    net::IpAddr,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use postgres::config::Host;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::config::MASK;

/// How long a server may take to accept a connection.
const CONNECTED_WITHIN: Duration = Duration::from_secs(5);

/// How long bytes may stay unacknowledged before the server counts as gone: a node must not wait for a dead one for hours.
const ACKNOWLEDGED_WITHIN: Duration = Duration::from_secs(15);

/// A base's address.
#[derive(Clone)]
pub struct Base(pub(super) Lieu);

/// The two engines.
#[derive(Clone)]
pub(super) enum Lieu {
    /// SQLite, in this file.
    Sqlite(PathBuf),
    /// A server.
    Postgresql {
        /// How to sign in there.
        config: Box<postgres::Config>,
        /// Its address, without a password.
        shown: String,
    },
}

impl Base {
    /// A file on this machine.
    pub fn file(path: &Path) -> Self {
        Self(Lieu::Sqlite(path.to_owned()))
    }

    /// Whether a password stands in its address.
    pub fn has_password(&self) -> bool {
        matches!(&self.0, Lieu::Postgresql { config, .. } if config.get_password().is_some())
    }

    /// Whether it is a file of ours, and no server's affair.
    pub fn is_file(&self) -> bool {
        matches!(self.0, Lieu::Sqlite(_))
    }
}

/// It may hold a password.
impl fmt::Debug for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Base(…)")
    }
}

/// Why an address is not taken. It is not repeated: it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BaseError {
    /// Not an address of PostgreSQL's.
    #[error(
        "l’adresse de la base n’est pas lisible : attendu postgresql://nom@/base?host=/var/run/postgresql"
    )]
    Illisible,
    /// It would go over a network in clear.
    #[error(
        "la base n’est atteinte qu’à travers cette machine : une socket Unix (host=/var/run/postgresql) ou 127.0.0.1 ; vers une autre machine, passez par un tunnel chiffré"
    )]
    EnClair,
}

impl FromStr for Base {
    type Err = BaseError;

    fn from_str(text: &str) -> Result<Self, BaseError> {
        if !text.starts_with("postgresql://") && !text.starts_with("postgres://") {
            return Err(BaseError::Illisible);
        }
        let mut config: postgres::Config = text.parse().map_err(|_| BaseError::Illisible)?;
        // The line to the server is not encrypted by us, and what passes there is people's identity.
        let here = |host: &Host| match host {
            Host::Unix(_) => true,
            Host::Tcp(name) => name == "localhost" || is_loopback(name),
        };
        let hosts = config.get_hosts();
        let addresses = config.get_hostaddrs();
        if (hosts.is_empty() && addresses.is_empty())
            || !(hosts.iter().all(here) && addresses.iter().all(IpAddr::is_loopback))
        {
            return Err(BaseError::EnClair);
        }
        config.application_name("ma-demande").connect_timeout(CONNECTED_WITHIN);
        config.tcp_user_timeout(ACKNOWLEDGED_WITHIN);
        let shown = if config.get_password().is_none() { text.to_owned() } else { without_password(&config) };
        Ok(Self(Lieu::Postgresql { config: Box::new(config), shown }))
    }
}

/// As much of an address as tells which base it is. Made of its parts, so that no way of writing a password slips through.
fn without_password(config: &postgres::Config) -> String {
    let hosts: Vec<String> = config.get_hosts().iter().map(host_name).collect();
    format!(
        "postgresql://{}:{MASK}@/{}?host={}",
        config.get_user().unwrap_or_default(),
        config.get_dbname().unwrap_or_default(),
        hosts.join(",")
    )
}

fn host_name(host: &Host) -> String {
    match host {
        Host::Unix(path) => path.display().to_string(),
        Host::Tcp(name) => name.clone(),
    }
}

fn is_loopback(host: &str) -> bool {
    host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl<'de> Deserialize<'de> for Base {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// Without a password.
impl Serialize for Base {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            // No setting has this form: a base in a file is where no server is named.
            Lieu::Sqlite(path) => serializer.collect_str(&path.display()),
            Lieu::Postgresql { shown, .. } => serializer.serialize_str(shown),
        }
    }
}

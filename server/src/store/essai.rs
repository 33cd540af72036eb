//! The bases of tests.

use std::{fs, path::Path, process::Command};

use super::{Base, base::Lieu};

#[path = "../../tests/commun/base.rs"]
mod commun;

pub(crate) use commun::{new_database, run_sql};

/// A new empty base: a file in this folder, or a database on the server that the tests are run with.
pub(crate) fn new_base(folder: &Path) -> Base {
    new_database().map_or_else(|| Base::file(&folder.join("base.sqlite")), |url| url.parse().unwrap())
}

/// What somebody sees who reads the whole base.
pub(crate) fn content(base: &Base) -> Vec<u8> {
    match &base.0 {
        Lieu::Sqlite(path) => fs::read(path).unwrap(),
        Lieu::Postgresql { config, .. } => {
            let server = std::env::var(commun::SERVER).unwrap();
            let database = server.replace("/postgres?", &format!("/{}?", config.get_dbname().unwrap()));
            let output = Command::new("pg_dump").arg(database).output().unwrap();
            assert!(output.status.success());
            output.stdout
        }
    }
}

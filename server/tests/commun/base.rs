//! Where a test's base is: a file, or, where `cargo xtask postgresql` runs the test, a database of its own on the server
//! that it has started.

use std::process::Command;

/// Names the server: `postgresql://postgres@/postgres?host=FOLDER`.
pub(crate) const SERVER: &str = "MA_DEMANDE_ESSAI_POSTGRESQL";

/// A new empty database on that server; none without one.
pub(crate) fn new_database() -> Option<String> {
    let server = std::env::var(SERVER).ok()?;
    let name = format!("essai_{}", uuid::Uuid::now_v7().simple());
    run_sql(&server, &format!("CREATE DATABASE {name}"));
    Some(server.replace("/postgres?", &format!("/{name}?")))
}

/// Runs a statement on a database, by a client that is not ours.
pub(crate) fn run_sql(database: &str, sql: &str) -> String {
    let ran = Command::new("psql").args([database, "-XAtqc", sql]).output();
    assert!(ran.as_ref().is_ok_and(|output| output.status.success()), "{sql}: {ran:?}");
    ran.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default()
}

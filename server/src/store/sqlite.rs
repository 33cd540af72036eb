//! SQLite, in WAL mode with `synchronous=FULL`: COMMIT answers when the disk has it.
//!
//! What can go wrong:
//!
//! - *The disk is full.* SQLite undoes the statement, or the whole transaction.
//! - *COMMIT fails otherwise* (a failed fsync, above all). What is on the disk is no longer known, so nothing can be
//!   promised any more: the process says so and ends. A restart reads what is really there.
//! - *Another process writes* (the operator's commands). `busy_timeout` waits for it.

use std::{
    fs::{File, OpenOptions},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    time::Duration,
};

use rusqlite::{
    Connection, OpenFlags,
    config::DbConfig,
    types::{ToSqlOutput, ValueRef},
};

use super::{
    OpenError, StoreError,
    value::{Row, Value},
};

/// How long a writer waits for another process's lock: an operator's command holds it for milliseconds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Statements kept prepared on each connection: more than the registre has.
const PREPARED_STATEMENTS: usize = 192;

/// Exit code when nothing can be promised any more (`EX_IOERR` of sysexits.h).
pub(super) const EXIT_IO_ERROR: i32 = 74;

/// A connection.
pub(super) struct Sqlite(Connection);

/// A table's columns, and which of them are its key.
pub(super) struct Table {
    pub(super) name: String,
    pub(super) columns: Vec<String>,
    key: Vec<usize>,
}

impl Table {
    /// The names of the key's columns.
    pub(super) fn keys(&self) -> String {
        let names = self.key.iter().filter_map(|at| self.columns.get(*at));
        names.map(String::as_str).collect::<Vec<_>>().join(", ")
    }

    /// The key of a row of all columns.
    pub(super) fn key_of(&self, row: &Row) -> Vec<Value> {
        self.key.iter().filter_map(|at| row.0.get(*at)).cloned().collect()
    }
}

impl Sqlite {
    pub(super) fn open_writer(path: &Path) -> Result<Self, OpenError> {
        // Made here and not by SQLite, because only the service's account may read it; the log takes over its rights.
        OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?;
        let connection = Connection::open(path).map_err(StoreError::from)?;
        connection.busy_timeout(BUSY_TIMEOUT).map_err(StoreError::from)?;
        Ok(Self(connection))
    }

    pub(super) fn open_reader(path: &Path) -> Result<Self, StoreError> {
        let sqlite = Self(Connection::open_with_flags(path, OpenFlags::default())?);
        sqlite.0.busy_timeout(BUSY_TIMEOUT)?;
        sqlite.prepare()?;
        sqlite.0.pragma_update(None, "query_only", true)?;
        Ok(sqlite)
    }

    /// Opens a base only to read it, in a transaction that keeps everybody from writing. Nothing of it changes: the log is
    /// not even emptied into it at the end.
    pub(super) fn open_source(path: &Path) -> Result<Self, StoreError> {
        let sqlite = Self(Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?);
        sqlite.0.busy_timeout(BUSY_TIMEOUT)?;
        sqlite.0.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        sqlite.begin_write()?;
        sqlite.0.pragma_update(None, "query_only", true)?;
        Ok(sqlite)
    }

    /// Every table, after those that it refers to.
    pub(super) fn tables(&self) -> Result<Vec<Table>, StoreError> {
        let names = self.query(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
            &[],
        )?;
        let mut waiting = names.iter().map(|row| row.get(0)).collect::<Result<Vec<String>, _>>()?;
        let mut tables: Vec<Table> = Vec::new();
        while !waiting.is_empty() {
            let mut later = Vec::new();
            let before = tables.len();
            for name in waiting {
                let to = self.query(
                    "SELECT DISTINCT \"table\" FROM pragma_foreign_key_list($1)",
                    &[name.as_str().into()],
                )?;
                let to = to.iter().map(|row| row.get(0)).collect::<Result<Vec<String>, _>>()?;
                if to.iter().all(|to| tables.iter().any(|table| table.name == *to)) {
                    tables.push(self.table(name)?);
                } else {
                    later.push(name);
                }
            }
            if tables.len() == before {
                return Err(StoreError::Moteur(format!("{} : références en cercle", later.join(", "))));
            }
            waiting = later;
        }
        Ok(tables)
    }

    fn table(&self, name: String) -> Result<Table, StoreError> {
        let rows =
            self.query("SELECT name, pk FROM pragma_table_info($1) ORDER BY cid", &[name.as_str().into()])?;
        let mut columns = Vec::new();
        let mut key = Vec::new();
        for (at, row) in rows.iter().enumerate() {
            columns.push(row.get(0)?);
            let place: u32 = row.get(1)?;
            if place > 0 {
                key.push((place, at));
            }
        }
        key.sort_unstable();
        Ok(Table { name, columns, key: key.into_iter().map(|(_, at)| at).collect() })
    }

    /// Writes are logged from here on.
    pub(super) fn settle(&self) -> Result<(), StoreError> {
        self.prepare()?;
        Ok(self.0.pragma_update(None, "journal_mode", "WAL")?)
    }

    fn prepare(&self) -> Result<(), StoreError> {
        self.0.set_prepared_statement_cache_capacity(PREPARED_STATEMENTS);
        self.0.pragma_update(None, "foreign_keys", true)?;
        self.0.pragma_update(None, "synchronous", "FULL")?;
        // What is deleted is written over: a key that was erased must not be found in a free page.
        self.0.pragma_update(None, "secure_delete", true)?;
        Ok(())
    }

    pub(super) fn begin_write(&self) -> Result<(), StoreError> {
        self.run("BEGIN IMMEDIATE")
    }

    pub(super) fn begin_read(&self) -> Result<(), StoreError> {
        self.run("BEGIN")
    }

    pub(super) fn commit(&self) -> Result<(), StoreError> {
        match self.run("COMMIT") {
            Ok(()) => Ok(()),
            Err(StoreError::DisquePlein) if self.0.is_autocommit() || self.run("ROLLBACK").is_ok() => {
                Err(StoreError::DisquePlein)
            }
            Err(error) => {
                tracing::error!(%error, "COMMIT failed: what is on the disk is unknown, the process ends");
                std::process::exit(EXIT_IO_ERROR)
            }
        }
    }

    pub(super) fn rollback(&self) {
        if !self.0.is_autocommit() {
            let _ = self.run("ROLLBACK");
        }
    }

    /// A full disk may have undone the whole transaction, and the savepoint with it.
    pub(super) fn undone(&self) -> Option<StoreError> {
        self.0.is_autocommit().then_some(StoreError::DisquePlein)
    }

    pub(super) fn run(&self, sql: &str) -> Result<(), StoreError> {
        self.0.prepare_cached(sql)?.execute([])?;
        Ok(())
    }

    pub(super) fn run_script(&self, script: &str) -> Result<(), StoreError> {
        Ok(self.0.execute_batch(script)?)
    }

    pub(super) fn execute(&self, sql: &str, params: &[Value]) -> Result<usize, StoreError> {
        let mut statement = self.0.prepare_cached(&numbered(sql))?;
        Ok(statement.execute(rusqlite::params_from_iter(params.iter().map(Bound)))?)
    }

    pub(super) fn query(&self, sql: &str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        let mut statement = self.0.prepare_cached(&numbered(sql))?;
        let width = statement.column_count();
        let mut rows = statement.query(rusqlite::params_from_iter(params.iter().map(Bound)))?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            let columns =
                (0..width).map(|at| owned(row.get_ref(at)?, at)).collect::<Result<_, StoreError>>()?;
            all.push(Row(columns));
        }
        Ok(all)
    }

    /// Empties the log into the base. Readers may still be there: then as far as they allow, which loses nothing.
    pub(super) fn finish(&self) {
        if let Err(error) = self.0.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())) {
            tracing::warn!(%error, "the log could not be emptied into the base");
        }
    }
}

/// Copies a base into a new file, as it is at one moment.
pub(super) fn copy(from: &Path, into: &Path) -> Result<(), OpenError> {
    let name = into.to_str().ok_or(std::io::ErrorKind::InvalidFilename).map_err(std::io::Error::from)?;
    // Made here and not by SQLite, because only the service's account may read it.
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(into)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(from, flags).map_err(StoreError::from)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(StoreError::from)?;
    connection.execute("VACUUM INTO ?1", [name]).map_err(StoreError::from)?;
    let folder = into.parent().unwrap_or(Path::new("."));
    File::open(into)?.sync_all()?;
    Ok(File::open(folder)?.sync_all()?)
}

/// SQLite takes `$2` for a name and numbers names in order of appearance, so that `$2, $1` would be bound the wrong
/// way round without a word. `?2` is a number. No text of ours holds a `$` otherwise.
fn numbered(sql: &str) -> String {
    sql.replace('$', "?")
}

/// A [`Value`] on its way into a statement, not copied.
struct Bound<'v>(&'v Value);

impl rusqlite::ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Value::Null => ValueRef::Null,
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Bigint(n) => ValueRef::Integer(*n),
            Value::Bytea(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

fn owned(value: ValueRef<'_>, column: usize) -> Result<Value, StoreError> {
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(n) => Value::Bigint(n),
        ValueRef::Text(text) => {
            Value::Text(std::str::from_utf8(text).map_err(|_| StoreError::Colonne(column))?.to_owned())
        }
        ValueRef::Blob(bytes) => Value::Bytea(bytes.to_vec()),
        // No column of ours is a floating-point number.
        ValueRef::Real(_) => return Err(StoreError::Colonne(column)),
    })
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => Self::DisquePlein,
            Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => Self::Occupe,
            // Its text names tables and columns, never values.
            _ => Self::Moteur(error.to_string()),
        }
    }
}

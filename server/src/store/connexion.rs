//! One connection to a base, of either engine. What differs between them ends here: the rest of the store, and all that
//! is above it, begins transactions, runs statements and commits.

use super::{
    OpenError, StoreError,
    base::{Base, Lieu},
    postgresql::Postgresql,
    sqlite::Sqlite,
    value::{Row, Value},
};

/// A connection; used by one thread at a time.
pub(super) enum Connexion {
    /// To a file.
    Sqlite(Sqlite),
    /// To a server.
    Postgresql(Box<Postgresql>),
}

/// Calls the same function of either engine.
macro_rules! either {
    ($connexion:expr, $engine:ident => $call:expr) => {
        match $connexion {
            Connexion::Sqlite($engine) => $call,
            Connexion::Postgresql($engine) => $call,
        }
    };
}

impl Connexion {
    /// Opens a base for writing, made where it can be; nothing of its content is changed.
    pub(super) fn open_writer(base: &Base) -> Result<Self, OpenError> {
        Ok(match &base.0 {
            Lieu::Sqlite(path) => Self::Sqlite(Sqlite::open_writer(path)?),
            Lieu::Postgresql { config, .. } => Self::Postgresql(Box::new(Postgresql::connect(config)?)),
        })
    }

    /// Opens a base for reading.
    pub(super) fn open_reader(base: &Base) -> Result<Self, StoreError> {
        Ok(match &base.0 {
            Lieu::Sqlite(path) => Self::Sqlite(Sqlite::open_reader(path)?),
            Lieu::Postgresql { config, .. } => Self::Postgresql(Box::new(Postgresql::connect(config)?)),
        })
    }

    /// What is set once the base is known to be ours.
    pub(super) fn settle(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.settle(),
            Self::Postgresql(_) => Ok(()),
        }
    }

    /// Begins a transaction that is the only one to write, in any process.
    pub(super) fn begin_write(&self) -> Result<(), StoreError> {
        either!(self, engine => engine.begin_write())
    }

    /// Begins a transaction that sees one moment of the base and writes nothing.
    pub(super) fn begin_read(&self) -> Result<(), StoreError> {
        either!(self, engine => engine.begin_read())
    }

    /// Commits, or undoes everything; an error means that nothing is kept. Where that can no longer be known, the process
    /// ends.
    pub(super) fn commit(&self) -> Result<(), StoreError> {
        either!(self, engine => engine.commit())
    }

    /// Undoes the transaction. Where that fails the engine has done it already, or does it when the connection ends.
    pub(super) fn rollback(&self) {
        either!(self, engine => engine.rollback());
    }

    /// Why the transaction under way is gone without anybody having ended it.
    pub(super) fn undone(&self) -> Option<StoreError> {
        either!(self, engine => engine.undone())
    }

    /// Runs one statement without parameters that gives no row.
    pub(super) fn run(&self, sql: &str) -> Result<(), StoreError> {
        either!(self, engine => engine.run(sql))
    }

    /// Runs a migration's script.
    pub(super) fn run_script(&self, script: &str) -> Result<(), StoreError> {
        either!(self, engine => engine.run_script(script))
    }

    /// Runs a statement that changes rows; how many it changed.
    pub(super) fn execute(&self, sql: &str, params: &[Value]) -> Result<usize, StoreError> {
        either!(self, engine => engine.execute(sql, params))
    }

    /// Every row that a query gives.
    pub(super) fn query(&self, sql: &str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        either!(self, engine => engine.query(sql, params))
    }

    /// Whether the base has this table.
    pub(super) fn has_table(&self, name: &str) -> Result<bool, StoreError> {
        let sql = match self {
            Self::Sqlite(_) => "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $1",
            Self::Postgresql(_) => {
                "SELECT 1 FROM pg_catalog.pg_tables WHERE schemaname = current_schema() AND tablename = $1"
            }
        };
        Ok(!self.query(sql, &[name.into()])?.is_empty())
    }

    /// Tidies up before the last connection of this process ends.
    pub(super) fn finish(&self) {
        match self {
            Self::Sqlite(sqlite) => sqlite.finish(),
            Self::Postgresql(_) => {}
        }
    }
}

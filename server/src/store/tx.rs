//! A transaction as the registre sees it: SQL with `$1..$n`, plain values in, typed columns out. Nothing of it names
//! an engine.

use rusqlite::{
    Connection,
    types::{ToSqlOutput, ValueRef},
};

use super::{
    StoreError,
    value::{Row, Value},
};

/// A transaction under way. Writing wants `&mut`, so that a read-only door gives `&Tx` and no more.
pub struct Tx<'c> {
    connection: &'c Connection,
}

impl<'c> Tx<'c> {
    pub(super) fn new(connection: &'c Connection) -> Self {
        Self { connection }
    }

    /// Runs a statement that changes rows; returns how many it changed.
    pub fn execute(&mut self, sql: &str, params: &[Value]) -> Result<usize, StoreError> {
        let mut statement = self.connection.prepare_cached(&numbered(sql))?;
        Ok(statement.execute(rusqlite::params_from_iter(params.iter().map(Bound)))?)
    }

    /// Every row that the query gives, each read by `read`.
    pub fn query_all<T>(
        &self,
        sql: &str,
        params: &[Value],
        mut read: impl FnMut(&Row) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let mut statement = self.connection.prepare_cached(&numbered(sql))?;
        let width = statement.column_count();
        let mut rows = statement.query(rusqlite::params_from_iter(params.iter().map(Bound)))?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            let columns =
                (0..width).map(|at| owned(row.get_ref(at)?, at)).collect::<Result<_, StoreError>>()?;
            all.push(read(&Row(columns))?);
        }
        Ok(all)
    }

    /// The first row that the query gives, if it gives one.
    pub fn query_opt<T>(
        &self,
        sql: &str,
        params: &[Value],
        read: impl FnMut(&Row) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        Ok(self.query_all(sql, params, read)?.into_iter().next())
    }

    /// The row that the query always gives: a count, a sum, or a row whose presence a foreign key proves.
    pub fn query_one<T>(
        &self,
        sql: &str,
        params: &[Value],
        read: impl FnMut(&Row) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.query_opt(sql, params, read)?.ok_or_else(|| rusqlite::Error::QueryReturnedNoRows.into())
    }
}

/// The parameters of a statement, each made a [`Value`].
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$($crate::store::Value::from($value)),*] };
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

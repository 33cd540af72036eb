//! A transaction as the registre sees it: SQL with `$1..$n`, plain values in, typed columns out. Nothing of it names
//! an engine.

use super::{
    StoreError,
    connexion::Connexion,
    value::{Row, Value},
};

/// A transaction under way. Writing wants `&mut`, so that a read-only door gives `&Tx` and no more.
pub struct Tx<'c> {
    connection: &'c Connexion,
}

impl<'c> Tx<'c> {
    pub(super) fn new(connection: &'c Connexion) -> Self {
        Self { connection }
    }

    /// Runs a statement that changes rows; returns how many it changed.
    pub fn execute(&mut self, sql: &str, params: &[Value]) -> Result<usize, StoreError> {
        self.connection.execute(sql, params)
    }

    /// Every row that the query gives, each read by `read`.
    pub fn query_all<T>(
        &self,
        sql: &str,
        params: &[Value],
        read: impl FnMut(&Row) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        self.connection.query(sql, params)?.iter().map(read).collect()
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
        self.query_opt(sql, params, read)?.ok_or(StoreError::SansLigne)
    }
}

/// The parameters of a statement, each made a [`Value`].
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$($crate::store::Value::from($value)),*] };
}

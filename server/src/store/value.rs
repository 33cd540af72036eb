//! The three kinds of column that every engine of ours has, and how the domain's types lie in them: ids and digests
//! as BYTEA, instants as BIGINT (Unix milliseconds, UTC), days as TEXT `YYYY-MM-DD`, everything else as TEXT or
//! BIGINT. One place, so that no rule ever writes a date in another way.

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;
use wire::{
    AgentId, CleId, DemandeId, DepotId, EvenementId, GuichetCode, JustificatifId, MediaType, NomAffiche,
    NumeroUnique, PersonneId, PieceDemandeeId, RubriqueCode, SessionId, Sha256, TypeCode, UploadId,
};

use super::StoreError;

/// A column's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    Null,
    /// TEXT.
    Text(String),
    /// BIGINT.
    Bigint(i64),
    /// BYTEA.
    Bytea(Vec<u8>),
}

/// One row of an answer, columns numbered from 0.
#[derive(Debug)]
pub struct Row(pub(super) Vec<Value>);

impl Row {
    /// The column's content as a `T`.
    pub fn get<T: Column>(&self, column: usize) -> Result<T, StoreError> {
        self.0.get(column).and_then(T::from_value).ok_or(StoreError::Colonne(column))
    }
}

/// A type that can be read from a column.
pub trait Column: Sized {
    /// None where the column holds something else.
    fn from_value(value: &Value) -> Option<Self>;
}

impl<T: Column> Column for Option<T> {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            value => T::from_value(value).map(Some),
        }
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// Both directions of one type, side by side.
macro_rules! columns {
    ($($type:ty: $to:expr, $from:expr;)*) => {$(
        impl From<$type> for Value {
            fn from(value: $type) -> Self {
                let to: fn($type) -> Value = $to;
                to(value)
            }
        }

        impl Column for $type {
            fn from_value(value: &Value) -> Option<Self> {
                let from: fn(&Value) -> Option<$type> = $from;
                from(value)
            }
        }
    )*};
}

/// Ids: sixteen bytes.
macro_rules! ids {
    ($($id:ident),*) => {
        columns! {$($id: |id| id.0.into(), |value| Uuid::from_value(value).map($id);)*}
    };
}

/// Codes: their text, read back by their own parser.
macro_rules! codes {
    ($($code:ty),*) => {
        columns! {$($code: |code| Value::Text(code.as_str().to_owned()), |value| text(value)?.parse().ok();)*}
    };
}

columns! {
    String: Value::Text, |value| text(value).map(str::to_owned);
    i64: Value::Bigint, bigint;
    u32: |n| Value::Bigint(n.into()), |value| bigint(value)?.try_into().ok();
    // Counts of bytes: the largest possible file is far below 2^63, and a larger number could only come from a bug.
    u64: |n| Value::Bigint(i64::try_from(n).unwrap_or(i64::MAX)), |value| bigint(value)?.try_into().ok();
    bool: |b| Value::Bigint(b.into()), |value| match bigint(value)? { 0 => Some(false), 1 => Some(true), _ => None };
    Vec<u8>: Value::Bytea, |value| bytea(value).map(<[u8]>::to_vec);
    Uuid: |id| Value::Bytea(id.as_bytes().to_vec()), |value| Uuid::from_slice(bytea(value)?).ok();
    Sha256: |digest| Value::Bytea(digest.0.to_vec()), |value| bytea(value)?.try_into().ok().map(Sha256);
    DateTime<Utc>: |at| Value::Bigint(at.timestamp_millis()), |value| DateTime::from_timestamp_millis(bigint(value)?);
    NaiveDate: |day| Value::Text(day.to_string()), |value| text(value)?.parse().ok();
    MediaType: |media| Value::Text(media.mime().to_owned()), |value| MediaType::from_mime(text(value)?);
    NomAffiche: |nom| Value::Text(nom.as_str().to_owned()), |value| text(value).map(NomAffiche::new);
    NumeroUnique: |numero| Value::Text(numero.compact().to_owned()), |value| text(value)?.parse().ok();
}

ids!(
    AgentId,
    CleId,
    DemandeId,
    DepotId,
    EvenementId,
    JustificatifId,
    PersonneId,
    PieceDemandeeId,
    SessionId,
    UploadId
);

codes!(GuichetCode, RubriqueCode, TypeCode);

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

fn bigint(value: &Value) -> Option<i64> {
    match value {
        Value::Bigint(n) => Some(*n),
        _ => None,
    }
}

fn bytea(value: &Value) -> Option<&[u8]> {
    match value {
        Value::Bytea(bytes) => Some(bytes),
        _ => None,
    }
}

//! PostgreSQL (13 or later): the base of several servers at once.
//!
//! The registre's verbs were thought for one writer: a number is the highest plus one, a quota is counted and then
//! used. They stay right because here too one transaction writes at a time, in whichever process: each begins by taking one
//! lock, an advisory one that goes with the transaction. Many operations share it and its COMMIT (see `writer`), and
//! readers never wait for it. SERIALIZABLE with retries would let more write at once, but every verb would have to be able
//! to run twice, and the journal's chain would make most of them collide anyway.
//!
//! What can go wrong:
//!
//! - *The server is away, or was restarted.* What was under way is undone and answered [`StoreError::Injoignable`]; the
//!   next transaction connects again.
//! - *The connection breaks while COMMIT is under way.* The transaction's number is known, and the server is asked what
//!   became of it. Where it cannot say, the process ends: an error here promises that nothing was kept, and bytes are
//!   removed on the strength of that.
//! - *Another process stops while it holds the lock.* The server ends a session that lies idle inside a transaction, and
//!   whoever waits gives up after a while: [`StoreError::Occupe`].
//! - *A statement fails.* The server then refuses the rest of the transaction up to a savepoint; a COMMIT would be taken
//!   for a ROLLBACK without a word. So COMMIT is sent behind a statement that fails in such a transaction.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    error::Error,
    thread,
    time::{Duration, Instant},
};

use bytes::BytesMut;
use postgres::{
    Client, Config, NoTls, SimpleQueryMessage, Statement,
    error::{Severity, SqlState},
    types::{IsNull, ToSql, Type, WrongType, to_sql_checked},
};

use super::{
    StoreError,
    sqlite::EXIT_IO_ERROR,
    value::{Row, Value},
};

/// The lock of whoever writes. Any number will do, as long as nothing else in the same database locks it.
const WRITER_LOCK: i64 = 0x6d61_6465_6d61_6e64;

/// What each session begins with. Waiting for the lock ends when a person would have given up; a writer that is frozen
/// inside its transaction is ended long before that is noticed otherwise. An answer means the disk, whatever the server's
/// default.
const SESSION: &str = "SET lock_timeout = '10s'; SET idle_in_transaction_session_timeout = '30s'; \
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";

/// Statements kept prepared on each connection: more than the registre has. Beyond it all are forgotten.
const PREPARED_STATEMENTS: usize = 192;

/// How long the fate of a transaction is asked for.
const FATE_KNOWN_WITHIN: Duration = Duration::from_mins(1);

/// Between two such questions.
const FATE_ASKED_EVERY: Duration = Duration::from_millis(200);

/// A connection, made again when it was lost.
pub(super) struct Postgresql {
    config: Config,
    client: RefCell<Option<Client>>,
    statements: RefCell<HashMap<String, Statement>>,
    /// The number of the writing transaction under way.
    transaction: RefCell<String>,
    /// The connection was lost in the transaction under way.
    lost: Cell<bool>,
}

impl Postgresql {
    pub(super) fn connect(config: &Config) -> Result<Self, StoreError> {
        let postgresql = Self {
            config: config.clone(),
            client: RefCell::new(None),
            statements: RefCell::default(),
            transaction: RefCell::default(),
            lost: Cell::new(false),
        };
        postgresql.reconnect()?;
        let encoding = postgresql.query("SELECT current_setting('server_encoding')", &[])?;
        if encoding.first().map(|row| row.get::<String>(0)).transpose()?.as_deref() != Some("UTF8") {
            return Err(StoreError::Encodage);
        }
        Ok(postgresql)
    }

    fn reconnect(&self) -> Result<(), StoreError> {
        self.statements.borrow_mut().clear();
        // The old one is dropped first: the server may have no place for both.
        *self.client.borrow_mut() = None;
        let mut client = self.config.connect(NoTls)?;
        client.batch_execute(SESSION)?;
        *self.client.borrow_mut() = Some(client);
        self.lost.set(false);
        Ok(())
    }

    /// Begins with this script, on a new connection where the last one turns out to be lost: nothing was done on it yet.
    fn begin(&self, script: &str) -> Result<Vec<SimpleQueryMessage>, StoreError> {
        self.lost.set(false);
        match self.with(|client| client.simple_query(script)) {
            Err(StoreError::Injoignable) => {
                self.reconnect()?;
                self.with(|client| client.simple_query(script))
            }
            begun => begun,
        }
        .inspect_err(|_| self.rollback())
    }

    pub(super) fn begin_write(&self) -> Result<(), StoreError> {
        // READ COMMITTED: every statement after the lock sees all that was committed before it was given.
        let begun = self.begin(&format!(
            "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SELECT pg_advisory_xact_lock({WRITER_LOCK}); \
             SELECT pg_current_xact_id()::text"
        ))?;
        let number = begun.iter().rev().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        });
        *self.transaction.borrow_mut() = number.ok_or(StoreError::Colonne(0))?;
        Ok(())
    }

    pub(super) fn begin_read(&self) -> Result<(), StoreError> {
        self.begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").map(drop)
    }

    pub(super) fn commit(&self) -> Result<(), StoreError> {
        match self.with(|client| client.batch_execute("SELECT 1; COMMIT")) {
            Ok(()) => Ok(()),
            Err(StoreError::Injoignable) => self.ask_fate(),
            Err(error) => {
                self.rollback();
                Err(error)
            }
        }
    }

    /// The connection was lost on COMMIT: asks what became of the transaction.
    fn ask_fate(&self) -> Result<(), StoreError> {
        let asked_from = Instant::now();
        while asked_from.elapsed() < FATE_KNOWN_WITHIN {
            let fate = self.reconnect().and_then(|()| {
                let number = self.transaction.borrow().as_str().into();
                self.query("SELECT pg_xact_status(CAST(CAST($1 AS text) AS xid8))", &[number])
            });
            match fate.ok().and_then(|rows| rows.first().and_then(|row| row.get::<String>(0).ok())).as_deref()
            {
                Some("committed") => return Ok(()),
                Some("aborted") => return Err(StoreError::Injoignable),
                // The server has not noticed yet that nobody is there any more, or is not there itself.
                _ => thread::sleep(FATE_ASKED_EVERY),
            }
        }
        tracing::error!("the connection was lost on COMMIT: what the base has is unknown, the process ends");
        std::process::exit(EXIT_IO_ERROR)
    }

    pub(super) fn rollback(&self) {
        if !self.lost.get() {
            let _ = self.run("ROLLBACK");
        }
    }

    pub(super) fn undone(&self) -> Option<StoreError> {
        self.lost.get().then_some(StoreError::Injoignable)
    }

    pub(super) fn run(&self, sql: &str) -> Result<(), StoreError> {
        self.with(|client| client.batch_execute(sql))
    }

    /// Texts are compared byte by byte, as the other engine does and as ranges of names need it, whatever the database's
    /// own order. No script holds the word otherwise.
    pub(super) fn run_script(&self, script: &str) -> Result<(), StoreError> {
        self.run(&script.replace(" TEXT", " TEXT COLLATE \"C\""))
    }

    pub(super) fn execute(&self, sql: &str, params: &[Value]) -> Result<usize, StoreError> {
        let statement = self.prepared(sql)?;
        let changed = self.with(|client| client.execute(&statement, &bound(params)))?;
        Ok(usize::try_from(changed).unwrap_or(usize::MAX))
    }

    pub(super) fn query(&self, sql: &str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        let statement = self.prepared(sql)?;
        let rows = self.with(|client| client.query(&statement, &bound(params)))?;
        rows.iter().map(read).collect()
    }

    fn prepared(&self, sql: &str) -> Result<Statement, StoreError> {
        if let Some(statement) = self.statements.borrow().get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.with(|client| client.prepare(sql))?;
        let mut statements = self.statements.borrow_mut();
        if statements.len() >= PREPARED_STATEMENTS {
            statements.clear();
        }
        statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    fn with<T>(&self, call: impl FnOnce(&mut Client) -> Result<T, postgres::Error>) -> Result<T, StoreError> {
        let mut client = self.client.borrow_mut();
        let connected = client.as_mut().filter(|client| !client.is_closed());
        let result = match connected {
            // After a loss nothing more is said in this transaction, least of all on a new connection.
            Some(client) if !self.lost.get() => call(client).map_err(StoreError::from),
            _ => Err(StoreError::Injoignable),
        };
        if matches!(result, Err(StoreError::Injoignable)) {
            self.lost.set(true);
        }
        result
    }
}

/// A client waits for its connection to end, which no thread of the asynchronous runtime may do.
impl Drop for Postgresql {
    fn drop(&mut self) {
        let client = self.client.take();
        let _ = thread::Builder::new().spawn(move || drop(client));
    }
}

fn bound(params: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    params.iter().map(|value| value as _).collect()
}

/// As what the server takes the parameter for.
impl ToSql for Value {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match (self, ty) {
            (Self::Null, _) => Ok(IsNull::Yes),
            // The one character that the server's TEXT cannot hold; shown as a reader would show it.
            (Self::Text(text), _) if <&str as ToSql>::accepts(ty) && text.contains('\0') => {
                text.replace('\0', "\u{fffd}").to_sql(ty, out)
            }
            (Self::Text(text), _) if <&str as ToSql>::accepts(ty) => text.to_sql(ty, out),
            (Self::Bigint(n), &Type::INT8) => n.to_sql(ty, out),
            // A parameter beside a small number in the text of a statement.
            (Self::Bigint(n), &Type::INT4) => i32::try_from(*n)?.to_sql(ty, out),
            (Self::Bytea(bytes), &Type::BYTEA) => bytes.as_slice().to_sql(ty, out),
            _ => Err(Box::new(WrongType::new::<Self>(ty.clone()))),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

fn read(row: &postgres::Row) -> Result<Row, StoreError> {
    let columns = row.columns().iter().enumerate().map(|(at, column)| {
        let value = match *column.type_() {
            Type::INT8 => row.try_get::<_, Option<i64>>(at)?.map(Value::Bigint),
            // Numbers in the text of a statement.
            Type::INT4 => row.try_get::<_, Option<i32>>(at)?.map(|n| Value::Bigint(n.into())),
            Type::BYTEA => row.try_get::<_, Option<Vec<u8>>>(at)?.map(Value::Bytea),
            Type::TEXT | Type::VARCHAR | Type::NAME => row.try_get::<_, Option<String>>(at)?.map(Value::Text),
            _ => return Err(StoreError::Colonne(at)),
        };
        Ok(value.unwrap_or(Value::Null))
    });
    Ok(Row(columns.collect::<Result<_, StoreError>>()?))
}

impl From<postgres::Error> for StoreError {
    fn from(error: postgres::Error) -> Self {
        let Some(answer) = error.as_db_error() else {
            // No answer of the server's: there is no connection, or no longer one; else a parameter of ours was wrong.
            let io = error.source().is_some_and(<dyn Error>::is::<std::io::Error>);
            return if io || error.is_closed() { Self::Injoignable } else { Self::Moteur(error.to_string()) };
        };
        let code = answer.code();
        match *code {
            SqlState::DISK_FULL => Self::DisquePlein,
            SqlState::LOCK_NOT_AVAILABLE | SqlState::T_R_DEADLOCK_DETECTED => Self::Occupe,
            SqlState::TOO_MANY_CONNECTIONS | SqlState::READ_ONLY_SQL_TRANSACTION => Self::Injoignable,
            _ if answer.parsed_severity() != Some(Severity::Error) || code.code().starts_with("57P") => {
                Self::Injoignable
            }
            // What the server says of a faulty statement names tables and columns; what it says of data may name values.
            _ if code.code().starts_with("42") => {
                Self::Moteur(format!("{}, {}", code.code(), answer.message()))
            }
            _ => {
                Self::Moteur(format!("{}, {}", code.code(), answer.constraint().unwrap_or("sans contrainte")))
            }
        }
    }
}

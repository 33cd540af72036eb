//! A base taken from a file to a server, table by table, while no server runs on either.
//!
//! Rows go in the order of their keys, a few hundred in one transaction, so that what the new base has of a table is
//! always its beginning: an interrupted migration goes on there. At the end both bases are read again, and counted and
//! hashed. What can go wrong:
//!
//! - *It is interrupted.* The new base carries a mark, and no server opens it until the migration was finished.
//! - *The new base already holds facts.* Refused: two bases are not mixed.
//! - *A server still runs on the old one.* It cannot write meanwhile, since its lock is held; the old base itself is only
//!   read, and nothing of it changes.
//! - *A row arrives otherwise than it left.* The table is named, and the mark stays.

use chrono::Utc;
use sha2::{Digest as _, Sha256};

use super::{
    OpenError, StoreError, Tx,
    base::{Base, Lieu},
    connexion::Connexion,
    migrations, open_writer,
    sqlite::{Sqlite, Table},
    value::{Row, Value},
};
use crate::params;

/// Rows copied in one transaction, and read at once: none of ours is longer than a few kilobytes.
const ROWS_AT_ONCE: i64 = 500;

/// The table that marks a base into which facts are still on their way.
pub(super) const MARK: &str = "migration_en_cours";

/// Of each base's own making, so not copied.
const OWN_TABLE: &str = "schema_version";

/// What was taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migre {
    /// Tables.
    pub tables: usize,
    /// Rows in all of them, those of an earlier, interrupted migration included.
    pub lignes: u64,
}

/// Why a base was not taken over. `Display` is for the operator.
#[derive(Debug, thiserror::Error)]
pub enum MigrerError {
    /// It goes from a file to a server only.
    #[error(
        "indiquez la base d’arrivée : --base postgresql://…, MA_DEMANDE_BASE ou « base » dans les réglages"
    )]
    SansArrivee,
    /// There is no such file.
    #[error("il n’y a pas de base dans le dossier des données")]
    SansDepart,
    /// The old base is of another version than this program's.
    #[error(
        "la base de départ est en version {trouvee}, ce programme écrit la version {connue} : démarrez-le une fois sur elle, puis recommencez"
    )]
    Version {
        /// The base's version.
        trouvee: u32,
        /// The program's.
        connue: u32,
    },
    /// The new base holds facts.
    #[error("la base d’arrivée n’est pas vide (table {0}) : rien n’a été copié")]
    PasVide(String),
    /// Both bases do not say the same.
    #[error(
        "la table {0} n’est pas arrivée telle qu’elle est partie : la base d’arrivée reste fermée aux serveurs"
    )]
    Differe(String),
    /// The new base does not open.
    #[error(transparent)]
    Arrivee(#[from] OpenError),
    /// A statement failed, or the old base is in use.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Takes the base in a file over to a server. Once all its rows are there, and before any server may open it, `also` is
/// given the old base: what else must be there is then taken over too. Blocks, for as long as it takes.
pub fn migrer<E: From<MigrerError>>(
    depart: &Base,
    arrivee: &Base,
    also: impl FnOnce(&Tx<'_>) -> Result<(), E>,
) -> Result<Migre, E> {
    let source = open_source(depart, arrivee)?;
    let target = open_writer(arrivee).map_err(MigrerError::from)?;
    let migre = take_over(&source.0, &target, &source.1)?;
    also(&Tx::new(&source.0))?;
    open_to_servers(&target)?;
    Ok(migre)
}

fn open_source(depart: &Base, arrivee: &Base) -> Result<(Connexion, Vec<Table>), MigrerError> {
    let (Lieu::Sqlite(file), Lieu::Postgresql { .. }) = (&depart.0, &arrivee.0) else {
        return Err(MigrerError::SansArrivee);
    };
    if !file.exists() {
        return Err(MigrerError::SansDepart);
    }
    let source = Sqlite::open_source(file)?;
    let mut tables = source.tables()?;
    tables.retain(|table| table.name != OWN_TABLE);
    let source = Connexion::Sqlite(source);
    check_version(&source)?;
    Ok((source, tables))
}

fn check_version(source: &Connexion) -> Result<(), MigrerError> {
    let (trouvee, connue) = (migrations::version(source)?, migrations::last());
    if trouvee == connue { Ok(()) } else { Err(MigrerError::Version { trouvee, connue }) }
}

fn take_over(source: &Connexion, target: &Connexion, tables: &[Table]) -> Result<Migre, MigrerError> {
    in_transaction(target, |tx| mark(target, tx, tables))?;
    for table in tables {
        copy(source, target, table)?;
    }
    let mut lignes = 0;
    for table in tables {
        let left = Print::of(source, table)?;
        if left != Print::of(target, table)? {
            return Err(MigrerError::Differe(table.name.clone()));
        }
        lignes += left.rows;
    }
    Ok(Migre { tables: tables.len(), lignes })
}

/// Takes the mark away.
fn open_to_servers(target: &Connexion) -> Result<(), MigrerError> {
    in_transaction(target, |tx| Ok(tx.execute(&format!("DROP TABLE {MARK}"), &[]).map(drop)?))
}

/// Marks an empty base, or finds the mark of an interrupted migration.
fn mark(target: &Connexion, tx: &mut Tx<'_>, tables: &[Table]) -> Result<(), MigrerError> {
    if target.has_table(MARK)? {
        return Ok(());
    }
    for table in tables {
        let row = tx.query_opt(&format!("SELECT 1 FROM {} LIMIT 1", table.name), &[], |_| Ok(()))?;
        if row.is_some() {
            return Err(MigrerError::PasVide(table.name.clone()));
        }
    }
    tx.execute(&format!("CREATE TABLE {MARK} (commencee_le BIGINT NOT NULL)"), &[])?;
    tx.execute(&format!("INSERT INTO {MARK} (commencee_le) VALUES ($1)"), params![Utc::now()])?;
    Ok(())
}

/// Copies what the new base does not have yet of a table.
fn copy(source: &Connexion, target: &Connexion, table: &Table) -> Result<(), MigrerError> {
    let keys = table.keys();
    let last =
        format!("SELECT {keys} FROM {} ORDER BY {} DESC LIMIT 1", table.name, keys.replace(", ", " DESC, "));
    let mut after = target.query(&last, &[])?.pop().map(|row| row.0);
    let places: Vec<_> = (1..=table.columns.len()).map(|n| format!("${n}")).collect();
    let insert =
        format!("INSERT INTO {} ({}) VALUES ({})", table.name, table.columns.join(", "), places.join(", "));
    loop {
        let rows = read_after(source, table, after.as_deref())?;
        let Some(end) = rows.last() else { return Ok(()) };
        after = Some(table.key_of(end));
        in_transaction(target, |tx| {
            for row in &rows {
                tx.execute(&insert, &row.0)?;
            }
            Ok(())
        })?;
    }
}

/// The next rows of a table in the order of its key.
fn read_after(base: &Connexion, table: &Table, after: Option<&[Value]>) -> Result<Vec<Row>, StoreError> {
    let (keys, columns) = (table.keys(), table.columns.join(", "));
    let mut params = after.map(<[Value]>::to_vec).unwrap_or_default();
    let places: Vec<_> = (1..=params.len()).map(|n| format!("${n}")).collect();
    let from =
        if params.is_empty() { String::new() } else { format!("WHERE ({keys}) > ({})", places.join(", ")) };
    params.push(Value::Bigint(ROWS_AT_ONCE));
    let limit = params.len();
    base.query(
        &format!("SELECT {columns} FROM {} {from} ORDER BY {keys} LIMIT ${limit}", table.name),
        &params,
    )
}

/// What a table holds, in short.
#[derive(PartialEq, Eq)]
struct Print {
    rows: u64,
    digest: [u8; 32],
}

impl Print {
    fn of(base: &Connexion, table: &Table) -> Result<Self, StoreError> {
        let (mut rows, mut digest, mut after) = (0, Sha256::new(), None);
        loop {
            let some = read_after(base, table, after.as_deref())?;
            let Some(end) = some.last() else {
                return Ok(Self { rows, digest: digest.finalize().into() });
            };
            after = Some(table.key_of(end));
            for row in some {
                rows += 1;
                row.0.iter().for_each(|value| hash(&mut digest, value));
            }
        }
    }
}

/// Each value with its kind and its length, so that no two rows are hashed alike.
fn hash(digest: &mut Sha256, value: &Value) {
    let number;
    let (kind, bytes): (u8, &[u8]) = match value {
        Value::Null => (0, &[]),
        Value::Text(text) => (1, text.as_bytes()),
        Value::Bigint(n) => {
            number = n.to_be_bytes();
            (2, &number)
        }
        Value::Bytea(bytes) => (3, bytes),
    };
    digest.update([kind]);
    digest.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
    digest.update(bytes);
}

fn in_transaction(
    target: &Connexion,
    work: impl FnOnce(&mut Tx<'_>) -> Result<(), MigrerError>,
) -> Result<(), MigrerError> {
    target.begin_write()?;
    match work(&mut Tx::new(target)) {
        Ok(()) => Ok(target.commit()?),
        Err(error) => {
            target.rollback();
            Err(error)
        }
    }
}

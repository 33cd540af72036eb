use std::{
    fs,
    path::{Path, PathBuf},
};

use rusqlite::Connection;

use super::*;
use crate::params;

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("base.sqlite");
    (folder, path)
}

async fn add(store: &Store, code: &'static str) -> Result<(), StoreError> {
    store.write(move |tx| insert(tx, code)).await
}

fn insert(tx: &mut Tx<'_>, code: &str) -> Result<(), StoreError> {
    tx.execute("INSERT INTO guichet (code, nom, territoire) VALUES ($1, 'g', '57')", params![code])?;
    Ok(())
}

async fn codes(store: &Store) -> Vec<String> {
    store
        .read(|tx| tx.query_all("SELECT code FROM guichet ORDER BY code", &[], |row| row.get::<String>(0)))
        .await
        .unwrap()
}

#[test]
fn what_was_answered_is_there_for_the_next_process() {
    let (_folder, path) = folder();
    block_on(async {
        let store = Store::open(&path).unwrap();
        add(&store, "a").await.unwrap();
        // A second process on the same base, while the first still runs.
        let other = Store::open(&path).unwrap();
        assert_eq!(codes(&other).await, ["a"]);
        add(&other, "b").await.unwrap();
        assert_eq!(codes(&store).await, ["a", "b"]);
    });
}

#[test]
fn only_the_service_may_read_the_base() {
    use std::os::unix::fs::PermissionsExt as _;
    let (folder, path) = folder();
    block_on(async {
        let store = Store::open(&path).unwrap();
        add(&store, "a").await.unwrap();
        let modes: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().metadata().unwrap().permissions().mode() & 0o777)
            .collect();
        assert!(modes.len() > 1, "the log is a file of its own");
        assert!(modes.iter().all(|mode| *mode == 0o600), "{modes:?}");
    });
}

#[test]
fn an_operation_that_fails_or_panics_undoes_itself_and_no_other() {
    let (_folder, path) = folder();
    block_on(async {
        let store = Store::open(&path).unwrap();
        // Asked at once, so that they may share a commit.
        let failing = store.write(|tx| {
            insert(tx, "failed")?;
            insert(tx, "failed")
        });
        let panicking = store.write(|tx| {
            insert(tx, "panicked")?;
            assert_eq!(codes_in(tx), 0, "fails on purpose: there is one at least");
            Ok::<_, StoreError>(())
        });
        let (before, failed, panicked, after) =
            tokio::join!(add(&store, "before"), failing, panicking, add(&store, "after"));
        before.unwrap();
        after.unwrap();
        assert!(matches!(failed, Err(StoreError::Moteur(_))), "{failed:?}");
        assert!(matches!(panicked, Err(StoreError::Panique)), "{panicked:?}");
        assert_eq!(codes(&store).await, ["after", "before"]);
    });
}

fn codes_in(tx: &Tx<'_>) -> u64 {
    tx.query_one("SELECT count(*) FROM guichet", &[], |row| row.get(0)).unwrap()
}

#[test]
fn every_one_of_many_writers_at_once_is_answered_and_kept() {
    let (_folder, path) = folder();
    block_on(async {
        let store = Store::open(&path).unwrap();
        let writers: Vec<_> = (0..600)
            .map(|n| {
                let store = store.clone();
                tokio::spawn(async move {
                    store.write(move |tx| insert(tx, &n.to_string())).await.unwrap();
                    // Read through another connection: an answer means that it is committed.
                    let found = store
                        .read(move |tx| {
                            tx.query_opt(
                                "SELECT 1 FROM guichet WHERE code = $1",
                                params![n.to_string()],
                                |_| Ok(()),
                            )
                        })
                        .await;
                    assert!(found.unwrap().is_some());
                })
            })
            .collect();
        for writer in writers {
            writer.await.unwrap();
        }
        assert_eq!(codes(&store).await.len(), 600);
    });
}

#[test]
fn a_read_that_panics_gives_its_connection_back() {
    let (_folder, path) = folder();
    block_on(async {
        let store = Store::open(&path).unwrap();
        for _ in 0..20 {
            let read = store.read(|_| -> Result<(), StoreError> { panic!("on purpose") }).await;
            assert!(matches!(read, Err(StoreError::Panique)));
        }
        assert!(codes(&store).await.is_empty());
    });
}

#[test]
fn a_full_disk_undoes_the_operation_and_the_next_one_works() {
    let (_folder, path) = folder();
    block_on(async {
        let store = Store::open(&path).unwrap();
        let limit = |pages: u32| {
            let sql = format!("PRAGMA max_page_count = {pages}");
            store.write(move |tx| tx.query_one(&sql, &[], |row| row.get::<u32>(0)))
        };
        // The engine answers a limit of pages like a disk without room.
        limit(1).await.unwrap();
        let big = store
            .write(|tx| {
                insert(tx, "small")?;
                insert(tx, &"x".repeat(1_000_000))
            })
            .await;
        assert!(matches!(big, Err(StoreError::DisquePlein)), "{big:?}");
        assert!(codes(&store).await.is_empty());
        limit(1_000_000).await.unwrap();
        add(&store, "later").await.unwrap();
        assert_eq!(codes(&store).await, ["later"]);
    });
}

#[test]
fn parameters_are_bound_by_number_whatever_their_order() {
    let (_folder, path) = folder();
    block_on(async {
        let store = Store::open(&path).unwrap();
        let read = store
            .read(|tx| {
                tx.query_one("SELECT $2, $1, $2", params!["one", "two"], |row| {
                    Ok([row.get::<String>(0)?, row.get(1)?, row.get(2)?])
                })
            })
            .await;
        assert_eq!(read.unwrap(), ["two", "one", "two"]);
    });
}

#[test]
fn closing_finishes_what_was_asked_and_takes_nothing_more() {
    let (folder, path) = folder();
    block_on(async {
        let store = Store::open(&path).unwrap();
        let asked: Vec<_> = ["a", "b", "c"]
            .map(|code| {
                let store = store.clone();
                tokio::spawn(async move { add(&store, code).await })
            })
            .into();
        for one in asked {
            one.await.unwrap().unwrap();
        }
        store.close().await;
        assert!(matches!(add(&store, "late").await, Err(StoreError::Ferme)));
        store.close().await;
        let log = folder.path().join("base.sqlite-wal");
        assert_eq!(fs::metadata(log).map_or(0, |log| log.len()), 0, "the log is emptied into the base");
    });
}

#[test]
fn what_was_deleted_is_nowhere_in_the_file() {
    const SECRET: &str = "a wrapped key that was erased";
    let (_folder, path) = folder();
    block_on(async {
        let store = Store::open(&path).unwrap();
        add(&store, SECRET).await.unwrap();
        store.close().await;
        let holds = || {
            let raw = fs::read(&path).unwrap();
            raw.windows(SECRET.len()).any(|window| window == SECRET.as_bytes())
        };
        assert!(holds());
        let store = Store::open(&path).unwrap();
        let gone = store.write(|tx| tx.execute("DELETE FROM guichet", &[]));
        assert_eq!(gone.await.unwrap(), 1);
        store.close().await;
        assert!(!holds());
    });
}

/// A base as the first `version` scripts leave it.
fn base_of_version(path: &Path, version: u32) {
    let connection = Connection::open(path).unwrap();
    for (number, script) in migrations::scripts().filter(|(number, _)| *number <= version) {
        connection.execute_batch(script).unwrap();
        connection.execute("INSERT INTO schema_version VALUES (?1, 0)", [number]).unwrap();
    }
}

#[test]
fn every_old_schema_opens_and_a_newer_one_is_refused_untouched() {
    let last = migrations::scripts().map(|(version, _)| version).max().unwrap();
    for version in 0..=last {
        let (_folder, path) = folder();
        base_of_version(&path, version);
        block_on(async {
            let store = Store::open(&path).unwrap();
            add(&store, "a").await.unwrap();
        });
        assert_eq!(migrations::version(&Connection::open(&path).unwrap()).unwrap(), last);
    }

    let (folder, path) = folder();
    base_of_version(&path, last);
    Connection::open(&path)
        .unwrap()
        .execute("INSERT INTO schema_version VALUES (?1, 0)", [last + 1])
        .unwrap();
    let before = fs::read(&path).unwrap();
    let refused = Store::open(&path);
    assert!(
        matches!(refused, Err(OpenError::PlusRecente { trouvee, connue }) if (trouvee, connue) == (last + 1, last))
    );
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no log was made beside it");
}

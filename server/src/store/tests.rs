use std::{fs, path::PathBuf};

use super::{
    essai::{new_base, new_database, run_sql},
    *,
};
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

fn base() -> (tempfile::TempDir, Base) {
    let folder = tempfile::tempdir().unwrap();
    let base = new_base(folder.path());
    (folder, base)
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
    let (_folder, base) = base();
    block_on(async {
        let store = Store::open(&base).unwrap();
        add(&store, "a").await.unwrap();
        // A second process on the same base, while the first still runs.
        let other = Store::open(&base).unwrap();
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
        let store = Store::open(&Base::file(&path)).unwrap();
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
    let (_folder, base) = base();
    block_on(async {
        let store = Store::open(&base).unwrap();
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
    let (_folder, base) = base();
    block_on(async {
        let store = Store::open(&base).unwrap();
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
    let (_folder, base) = base();
    block_on(async {
        let store = Store::open(&base).unwrap();
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
        let store = Store::open(&Base::file(&path)).unwrap();
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
    let (_folder, base) = base();
    block_on(async {
        let store = Store::open(&base).unwrap();
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
        let store = Store::open(&Base::file(&path)).unwrap();
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
        // What a file leaves behind is its affair alone.
        let log = folder.path().join("base.sqlite-wal");
        assert_eq!(fs::metadata(log).map_or(0, |log| log.len()), 0, "the log is emptied into the base");
    });
}

#[test]
fn what_was_deleted_is_nowhere_in_the_file() {
    const SECRET: &str = "a wrapped key that was erased";
    let (_folder, path) = folder();
    block_on(async {
        let store = Store::open(&Base::file(&path)).unwrap();
        add(&store, SECRET).await.unwrap();
        store.close().await;
        let holds = || {
            let raw = fs::read(&path).unwrap();
            raw.windows(SECRET.len()).any(|window| window == SECRET.as_bytes())
        };
        assert!(holds());
        let store = Store::open(&Base::file(&path)).unwrap();
        let gone = store.write(|tx| tx.execute("DELETE FROM guichet", &[]));
        assert_eq!(gone.await.unwrap(), 1);
        store.close().await;
        assert!(!holds());
    });
}

/// A base as the first `version` scripts leave it.
fn base_of_version(base: &Base, version: u32) {
    let connection = open(base);
    connection.begin_write().unwrap();
    for (number, script) in migrations::scripts().filter(|(number, _)| *number <= version) {
        connection.run_script(script).unwrap();
        set_version(&connection, number);
    }
    connection.commit().unwrap();
}

fn set_version(connection: &Connexion, version: u32) {
    let mut tx = Tx::new(connection);
    tx.execute("INSERT INTO schema_version VALUES ($1, 0)", params![version]).unwrap();
}

/// A connection, made where any engine lets it be made.
fn open(base: &Base) -> Connexion {
    Connexion::open_writer(base).unwrap()
}

#[test]
fn every_old_schema_opens() {
    for version in 0..=migrations::last() {
        let (_folder, base) = base();
        base_of_version(&base, version);
        block_on(async {
            let store = Store::open(&base).unwrap();
            add(&store, "a").await.unwrap();
        });
        assert_eq!(migrations::version(&open(&base)).unwrap(), migrations::last());
    }
}

#[test]
fn a_newer_schema_is_refused_untouched() {
    let last = migrations::last();
    let (folder, base) = base();
    base_of_version(&base, last);
    set_version(&open(&base), last + 1);
    let files = || {
        let entries = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
        entries.map(|path| (fs::read(&path).unwrap(), path)).collect::<Vec<_>>()
    };
    let before = files();
    let refused = Store::open(&base);
    assert!(
        matches!(refused, Err(OpenError::PlusRecente { trouvee, connue }) if (trouvee, connue) == (last + 1, last))
    );
    assert_eq!(files(), before, "and no log was made beside it");
}

/// Writers of two processes at work on one base at once.
#[test]
fn of_two_processes_that_write_at_once_each_sees_what_the_other_has_done() {
    let (_folder, base) = base();
    block_on(async {
        let stores = [Store::open(&base).unwrap(), Store::open(&base).unwrap()];
        let writers: Vec<_> = (0..400)
            .map(|n: usize| {
                let store = stores[n % 2].clone();
                tokio::spawn(async move {
                    store
                        .write(|tx| {
                            // The highest plus one, read and then written: two at once would take the same.
                            let next = codes_in(tx) + 1;
                            insert(tx, &format!("{next:04}"))
                        })
                        .await
                })
            })
            .collect();
        for writer in writers {
            writer.await.unwrap().unwrap();
        }
        let expected: Vec<_> = (1..=400).map(|n| format!("{n:04}")).collect();
        assert_eq!(codes(&stores[0]).await, expected);
    });
}

#[test]
fn many_processes_open_a_new_base_at_once() {
    let (_folder, base) = base();
    let openers: Vec<_> = (0..6)
        .map(|_| {
            let base = base.clone();
            std::thread::spawn(move || Store::open(&base).map(drop))
        })
        .collect();
    for opener in openers {
        opener.join().unwrap().unwrap();
    }
    assert_eq!(migrations::version(&open(&base)).unwrap(), migrations::last());
}

#[test]
fn text_that_no_engine_can_hold_harms_nothing() {
    let (_folder, base) = base();
    block_on(async {
        let store = Store::open(&base).unwrap();
        store.write(|tx| insert(tx, "a\0b")).await.unwrap();
        let codes = codes(&store).await;
        assert!(codes == ["a\0b"] || codes == ["a\u{fffd}b"], "{codes:?}");
    });
}

/// What only a server of its own can show.
mod postgresql {
    use std::time::Duration;

    use super::*;

    /// A database, as we reach it and as a client that is not ours does.
    fn database() -> (Base, String) {
        let url = new_database().expect("cargo xtask postgresql runs these tests");
        (url.parse().unwrap(), url)
    }

    fn end_sessions(url: &str) {
        run_sql(
            url,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE datname = current_database() AND application_name = 'ma-demande'",
        );
    }

    #[test]
    fn postgresql_after_its_sessions_were_ended_the_base_answers_again() {
        let (base, url) = database();
        block_on(async {
            let store = Store::open(&base).unwrap();
            add(&store, "a").await.unwrap();
            assert_eq!(codes(&store).await, ["a"]);
            end_sessions(&url);
            add(&store, "b").await.unwrap();
            assert_eq!(codes(&store).await, ["a", "b"]);
        });
    }

    #[test]
    fn postgresql_a_session_ended_in_an_operation_keeps_nothing_of_it() {
        let (base, url) = database();
        block_on(async {
            let store = Store::open(&base).unwrap();
            let lost = store.write(move |tx| {
                insert(tx, "lost")?;
                end_sessions(&url);
                insert(tx, "lost too")
            });
            assert!(matches!(lost.await, Err(StoreError::Injoignable)));
            add(&store, "kept").await.unwrap();
            assert_eq!(codes(&store).await, ["kept"]);
        });
    }

    #[test]
    fn postgresql_a_session_ended_before_commit_tells_its_fate() {
        let (base, url) = database();
        block_on(async {
            let store = Store::open(&base).unwrap();
            // The operation itself ends well; only COMMIT finds nobody.
            let lost = store.write(move |tx| {
                insert(tx, "lost")?;
                std::thread::spawn(move || {
                    std::thread::sleep(Duration::from_millis(50));
                    end_sessions(&url);
                });
                tx.query_one("SELECT 1", &[], |_| Ok(()))
            });
            let fate = lost.await;
            // Either is right, as long as it is true.
            assert_eq!(codes(&store).await.len(), usize::from(fate.is_ok()), "{fate:?}");
        });
    }

    #[test]
    fn postgresql_what_a_refusal_says_of_data_is_not_repeated() {
        let (base, _) = database();
        block_on(async {
            let store = Store::open(&base).unwrap();
            add(&store, "personne@exemple.example").await.unwrap();
            let refused = add(&store, "personne@exemple.example").await.unwrap_err();
            assert_eq!(refused.to_string(), "base de données : 23505, guichet_pkey");
        });
    }

    #[test]
    fn postgresql_a_statement_that_fails_and_is_passed_over_is_not_taken_for_done() {
        let (base, _) = database();
        block_on(async {
            let store = Store::open(&base).unwrap();
            let passed_over = store.write(|tx| {
                insert(tx, "a")?;
                let _ = insert(tx, "a");
                Ok::<_, StoreError>(())
            });
            let (passed_over, other) = tokio::join!(passed_over, add(&store, "other"));
            assert!(passed_over.is_err());
            other.unwrap();
            assert_eq!(codes(&store).await, ["other"]);
        });
    }

    #[test]
    fn postgresql_a_database_without_utf8_is_refused() {
        let (_, url) = database();
        let name = format!("latin_{}", uuid::Uuid::now_v7().simple());
        run_sql(&url, &format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'"));
        let (before, after) = url.split_once("/essai_").unwrap();
        let (_, query) = after.split_once('?').unwrap();
        let base: Base = format!("{before}/{name}?{query}").parse().unwrap();
        assert!(matches!(Store::open(&base), Err(OpenError::Store(StoreError::Encodage))));
    }

    #[test]
    fn postgresql_only_a_line_within_this_machine_is_taken() {
        for (address, taken) in [
            ("postgresql://nom@/base?host=/var/run/postgresql", true),
            ("postgresql://nom:mot@127.0.0.1:5433/base", true),
            ("postgresql://nom@localhost/base", true),
            ("postgresql://nom@base.exemple.example/base", false),
            ("postgresql://nom@127.0.0.1,192.0.2.7/base", false),
            ("postgresql://nom@/base", false),
            ("postgresql://nom@localhost/base?hostaddr=192.0.2.7", false),
            ("mysql://nom@localhost/base", false),
            ("host=/var/run/postgresql", false),
        ] {
            assert_eq!(address.parse::<Base>().is_ok(), taken, "{address}");
        }
        let base: Base = "postgresql://nom:secret@127.0.0.1/base".parse().unwrap();
        assert!(!format!("{base:?}").contains("secret"));
    }
}

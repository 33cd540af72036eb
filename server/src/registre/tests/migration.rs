//! A base in a file, with something of every kind in it, taken over to a server.

use std::fs;

use super::*;
use crate::store::{Migre, MigrerError, OpenError};

/// A base in a file, and its path.
fn file() -> (Base, std::path::PathBuf) {
    let base = Base::in_file();
    let path = base.folder.path().join("base.sqlite");
    (base, path)
}

/// Fills it: pieces through every state, a slot, agents, more lines of journal than are copied at once.
fn fill(base: &Base) {
    let phone = base.phone();
    let good = base.deposit(phone, &base.facts("identite", "passeport"), 1).justificatif;
    base.pass(good, 1);
    let bad = base.deposit(phone, &base.facts("identite", "carte_identite"), 2).justificatif;
    base.verdict(bad, Verdict::Refused { raison: wire::RaisonRefus::Illisible }).unwrap();
    base.begin(phone, &base.facts("identite", "passeport"), 100).unwrap();
    base.ask("identite", Some(base.of_role(Role::Demandeur)));
    let (agent, now) = (base.agent(Profil::Guichet, "10691", "57"), base.clock.now());
    base.write(move |tx| open_for_agent(tx, &agent, good, now)).unwrap().unwrap();
    let agent = base.agent(Profil::Guichet, "10691", "57");
    base.write(move |tx| {
        (0..1_200).try_for_each(|n| {
            record(tx, Acte::Recherche, &Ligne::by(&agent).saying(format!("« {n} » d’été")), now)
        })
    })
    .unwrap();
}

fn server() -> (store::Base, String) {
    let url = essai::new_database().expect("cargo xtask postgresql runs these tests");
    (url.parse().unwrap(), url)
}

/// Takes the base alone over.
fn migrer(from: &store::Base, to: &store::Base) -> Result<Migre, MigrerError> {
    store::migrer(from, to, |_| Ok(()))
}

#[test]
fn postgresql_a_base_in_a_file_is_taken_over_whole_and_stays_as_it_was() {
    let (base, path) = file();
    fill(&base);
    let phone = base.phone();
    let (pieces, head) = (base.list(phone), base.read(|tx| verify_journal(tx, None)).unwrap());
    let before = fs::read(&path).unwrap();
    let log = path.with_extension("sqlite-wal");
    let log_before = fs::read(&log).unwrap();
    let (to, url) = server();

    let migrated = migrer(&base.lieu, &to).unwrap();
    assert!(migrated.lignes > 1_200, "{migrated:?}");
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(fs::read(&log).unwrap(), log_before);

    let there = Base { store: Store::open(&to).unwrap(), lieu: to.clone(), ..base };
    assert_eq!(there.list(phone), pieces);
    assert_eq!(there.read(|tx| verify_journal(tx, None)).unwrap(), head);
    // Counted by a client that is not ours.
    assert_eq!(essai::run_sql(&url, "SELECT count(*), max(rang) FROM journal").trim(), "1201|1201");

    // What was taken over once is not mixed with what came since.
    there.deposit(phone, &there.facts("identite", "passeport"), 9);
    let again = migrer(&store::Base::file(&path), &to);
    assert!(matches!(again, Err(MigrerError::PasVide(_))), "{again:?}");
}

#[test]
fn postgresql_an_interrupted_migration_goes_on_and_no_server_opens_it_before() {
    let (base, _) = file();
    fill(&base);
    let (to, url) = server();
    let whole = migrer(&base.lieu, &to).unwrap();
    // As an interruption leaves it: the mark, and of each table the beginning.
    essai::run_sql(&url, "CREATE TABLE migration_en_cours (commencee_le BIGINT NOT NULL)");
    essai::run_sql(&url, "DELETE FROM journal WHERE rang > 500; DELETE FROM depot; DELETE FROM courriel");
    assert!(matches!(Store::open(&to), Err(OpenError::Migration)));
    assert_eq!(migrer(&base.lieu, &to).unwrap(), whole);
    Store::open(&to).unwrap();
}

#[test]
fn postgresql_a_row_that_arrives_otherwise_is_told_and_the_base_stays_closed() {
    let (base, _) = file();
    fill(&base);
    let (to, url) = server();
    migrer(&base.lieu, &to).unwrap();
    essai::run_sql(&url, "CREATE TABLE migration_en_cours (commencee_le BIGINT NOT NULL)");
    essai::run_sql(&url, "UPDATE personne SET prenom = 'Autre' WHERE prenom = 'Lou'");
    let told = migrer(&base.lieu, &to);
    assert!(matches!(&told, Err(MigrerError::Differe(table)) if table == "personne"), "{told:?}");
    assert!(matches!(Store::open(&to), Err(OpenError::Migration)));
}

#[test]
fn postgresql_a_migration_goes_from_a_file_to_a_server_only() {
    let (base, path) = file();
    let (to, _) = server();
    assert!(matches!(migrer(&base.lieu, &base.lieu), Err(MigrerError::SansArrivee)));
    assert!(matches!(migrer(&to, &to), Err(MigrerError::SansArrivee)));
    let absent = store::Base::file(&path.with_file_name("absente.sqlite"));
    assert!(matches!(migrer(&absent, &to), Err(MigrerError::SansDepart)));
}

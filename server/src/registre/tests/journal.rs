//! What shows when somebody who may write to the base touches the journal.

use super::*;

/// Five consultations, and what the journal then says of itself.
fn journal_of_five() -> (Base, Tete) {
    let base = Base::new();
    let piece = base.deposit(base.phone(), &base.facts("identite", "passeport"), 1).justificatif;
    base.pass(piece, 1);
    let agent = base.agent(Profil::Guichet, "10691", "57");
    for _ in 0..5 {
        let (agent, now) = (agent.clone(), base.clock.now());
        base.write(move |tx| open_for_agent(tx, &agent, piece, now)).unwrap().unwrap();
    }
    let head = verify(&base, None).unwrap().unwrap();
    assert_eq!(head.rang, 5);
    (base, head)
}

fn verify(base: &Base, kept: Option<Tete>) -> Result<Option<Tete>, JournalError> {
    base.read(move |tx| verify_journal(tx, kept))
}

fn tamper(base: &Base, sql: &'static str) {
    base.write(move |tx| tx.execute(sql, &[])).unwrap();
}

#[test]
fn a_line_that_is_changed_removed_or_moved_shows() {
    for (sql, expected) in [
        ("UPDATE journal SET le = le + 1 WHERE rang = 3", "La ligne 3"),
        ("UPDATE journal SET agent = NULL WHERE rang = 5", "La ligne 5"),
        ("UPDATE journal SET details = '' WHERE rang = 1", "La ligne 1"),
        ("UPDATE journal SET sceau = NULL WHERE rang = 2", "La ligne 2"),
        ("DELETE FROM journal WHERE rang = 2", "la ligne 2 manque"),
        ("DELETE FROM journal WHERE rang = 1", "la ligne 1 manque"),
        // The hole closed again by moving the later lines up.
        ("UPDATE journal SET rang = CASE rang WHEN 2 THEN 9 ELSE rang END", "la ligne 2 manque"),
    ] {
        let (base, _) = journal_of_five();
        tamper(&base, sql);
        let said = verify(&base, None).unwrap_err().to_string();
        assert!(said.contains(expected), "{sql}: {said}");
    }
    let (base, _) = journal_of_five();
    tamper(&base, "DELETE FROM journal WHERE rang = 2");
    for at in ["UPDATE journal SET rang = 2 WHERE rang = 3", "UPDATE journal SET rang = 3 WHERE rang = 4"] {
        tamper(&base, at);
    }
    assert!(matches!(verify(&base, None), Err(JournalError::Modifiee(2))));
}

#[test]
fn an_end_that_is_removed_shows_by_a_head_that_was_kept() {
    let (base, head) = journal_of_five();
    assert_eq!(verify(&base, Some(head.to_string().parse().unwrap())).unwrap(), Some(head));
    tamper(&base, "DELETE FROM journal WHERE rang > 3");
    assert_eq!(verify(&base, None).unwrap().unwrap().rang, 3, "the base alone cannot tell");
    assert!(matches!(verify(&base, Some(head)), Err(JournalError::Tete(5))));
    // Written anew, with seals that fit.
    let (now, agent) = (base.clock.now(), base.agent(Profil::Guichet, "10691", "57"));
    for _ in 0..2 {
        let ligne = Ligne::by(&agent);
        base.write(move |tx| record(tx, Acte::Consultation, &ligne, now)).unwrap();
    }
    assert_eq!(verify(&base, None).unwrap().unwrap().rang, 5);
    assert!(matches!(verify(&base, Some(head)), Err(JournalError::Tete(5))));
}

#[test]
fn a_journal_from_before_seals_is_sealed_with_the_next_line() {
    let (base, head) = journal_of_five();
    tamper(&base, "UPDATE journal SET sceau = NULL");
    let (now, agent) = (base.clock.now(), base.agent(Profil::Guichet, "10691", "57"));
    let ligne = Ligne::by(&agent);
    base.write(move |tx| record(tx, Acte::Export, &ligne, now)).unwrap();
    assert_eq!(verify(&base, Some(head)).unwrap().unwrap().rang, 6, "the same lines have the same seals");
}

#[test]
fn a_gestionnaire_reads_the_lines_of_its_territory_latest_first() {
    let (base, _) = journal_of_five();
    let read =
        |territoire: &'static str, before| base.read(move |tx| read_journal(tx, territoire, before)).unwrap();
    assert_eq!(read("57", None).iter().map(|line| line.rang).collect::<Vec<_>>(), [5, 4, 3, 2, 1]);
    assert_eq!(read("57", Some(3)).len(), 2);
    assert!(read("111", None).is_empty());
}

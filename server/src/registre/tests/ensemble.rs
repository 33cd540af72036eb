//! Two servers on one base, at work at the same time: what a verb reads before it writes must still be true when it does.

use std::sync::{Arc, Barrier};

use wire::limites::{BYTES_PAR_DEMANDE_MAX, UPLOAD_BYTES_MAX};

use super::*;

/// Those who write at the same time.
const WRITERS: usize = 24;

/// Runs a verb many times at once, half of them through another server's store, and gives the answers.
fn all_at_once<T: Send + 'static, E: From<StoreError> + Send + 'static>(
    base: &Base,
    verb: impl Fn(&mut Tx<'_>, usize) -> Result<T, E> + Send + Sync + 'static,
) -> Vec<Result<T, E>> {
    let stores = [base.store.clone(), Store::open(&base.lieu).unwrap()];
    let (verb, start) = (Arc::new(verb), Arc::new(Barrier::new(WRITERS)));
    let writers: Vec<_> = (0..WRITERS)
        .map(|n| {
            let (store, verb, start) = (stores[n % 2].clone(), Arc::clone(&verb), Arc::clone(&start));
            let runtime = base.runtime.handle().clone();
            std::thread::spawn(move || {
                start.wait();
                runtime.block_on(store.write(move |tx| verb(tx, n)))
            })
        })
        .collect();
    writers.into_iter().map(|writer| writer.join().unwrap()).collect()
}

#[test]
fn the_journal_of_two_servers_is_one_chain_without_a_hole() {
    let base = Base::new();
    let (now, agent) = (base.clock.now(), base.agent(Profil::Guichet, "10691", "57"));
    let written = all_at_once(&base, move |tx, n| {
        record(tx, Acte::Recherche, &Ligne::by(&agent).saying(format!("{n}")), now)
    });
    assert!(written.iter().all(Result::is_ok), "{written:?}");
    let head = base.read(|tx| verify_journal(tx, None)).unwrap().unwrap();
    assert_eq!(head.rang, i64::try_from(WRITERS).unwrap());
}

#[test]
fn one_content_that_comes_through_two_servers_is_one_piece() {
    let base = Base::new();
    let facts = base.facts("identite", "passeport");
    let uploads: Vec<_> = (0..WRITERS)
        .map(|_| {
            let facts = DepotMetadata { depot: DepotId(Uuid::now_v7()), ..facts.clone() };
            let upload = base.begin(base.phone(), &facts, 10).unwrap().depot.upload;
            base.advance(upload, 0, 0, 10).unwrap();
            upload
        })
        .collect();
    let (now, phone) = (base.clock.now(), base.phone());
    let attached = all_at_once(&base, move |tx, n| {
        let upload = uploads[n];
        attach_justificatif(tx, upload, 0, &Deposant::Demandeur(phone), BlobId(upload.0), digest(1), now)
    });
    let attached: Vec<_> = attached.into_iter().map(Result::unwrap).collect();
    assert_eq!(attached.iter().filter(|attached| !attached.doublon).count(), 1);
    assert!(attached.iter().all(|one| one.justificatif == attached[0].justificatif));
    assert_eq!(base.list(base.phone()).len(), 1);
}

#[test]
fn a_request_sent_to_two_servers_is_one_upload() {
    let base = Base::new();
    let (now, phone, facts) = (base.clock.now(), base.phone(), base.facts("identite", "passeport"));
    let begun = all_at_once(&base, move |tx, _| {
        begin_depot(tx, &Deposant::Demandeur(phone), &facts, &facts.to_header(), 10, now)
    });
    let begun: Vec<_> = begun.into_iter().map(Result::unwrap).collect();
    assert_eq!(begun.iter().filter(|begun| begun.created).count(), 1);
    assert!(begun.iter().all(|one| one.depot.upload == begun[0].depot.upload));
}

#[test]
fn two_servers_together_keep_the_quota() {
    let base = Base::new();
    let (now, phone, facts) = (base.clock.now(), base.phone(), base.facts("identite", "passeport"));
    let begun = all_at_once(&base, move |tx, _| {
        let facts = DepotMetadata { depot: DepotId(Uuid::now_v7()), ..facts.clone() };
        begin_depot(tx, &Deposant::Demandeur(phone), &facts, &facts.to_header(), UPLOAD_BYTES_MAX, now)
    });
    let fit = usize::try_from(BYTES_PAR_DEMANDE_MAX / UPLOAD_BYTES_MAX).unwrap();
    assert!(fit < WRITERS, "more are tried than fit");
    assert_eq!(begun.iter().filter(|begun| begun.is_ok()).count(), fit);
    assert!(begun.iter().all(|begun| matches!(begun, Ok(_) | Err(BeginError::QuotaAtteint))));
}

#[test]
fn of_two_servers_that_take_an_upload_over_one_may_write() {
    let base = Base::new();
    let upload = base.begin(base.phone(), &base.facts("identite", "passeport"), 10).unwrap().depot.upload;
    let taken = all_at_once(&base, move |tx, _| take_over_depot(tx, upload));
    let mut generations: Vec<_> = taken.into_iter().map(|taken| taken.unwrap().unwrap()).collect();
    generations.sort_unstable();
    let last = u64::try_from(WRITERS).unwrap();
    assert_eq!(generations, (1..=last).collect::<Vec<_>>(), "each has a generation of its own");
    let now = base.clock.now();
    let advanced =
        all_at_once(&base, move |tx, n| advance_depot(tx, upload, u64::try_from(n).unwrap() + 1, 0, 10, now));
    assert_eq!(advanced.iter().filter(|advanced| advanced.is_ok()).count(), 1);
    assert!(advanced[WRITERS - 1].is_ok());
}

#[test]
fn a_mail_is_taken_by_one_server_and_again_when_that_one_is_gone() {
    let base = Base::new();
    let now = base.clock.now();
    base.write(move |tx| {
        (0..10).try_for_each(|n| courriel::post(tx, &format!("{n}@exemple.example"), "Objet", "Texte", now))
    })
    .unwrap();
    let taken = all_at_once(&base, move |tx, _| take_courriels(tx, now, 3));
    assert_eq!(taken.into_iter().map(|taken| taken.unwrap().len()).sum::<usize>(), 10);
    assert!(!base.read(move |tx| is_courriel_due(tx, now)).unwrap());
    base.wait(TimeDelta::minutes(15));
    let later = base.clock.now();
    assert_eq!(base.write(move |tx| take_courriels(tx, later, 20)).unwrap().len(), 10);
}

use proptest::prelude::*;
use wire::limites::{BYTES_PAR_DEMANDE_MAX, PIECES_PAR_DEMANDE_MAX, UPLOAD_BYTES_MAX, UPLOAD_EXPIRES_AFTER};

use super::*;

fn found(base: &Base, upload: UploadId, session: SessionCourante) -> Option<Depot> {
    let now = base.clock.now();
    base.read(move |tx| find_depot(tx, upload, &Deposant::Demandeur(session), now)).unwrap()
}

fn take_over(base: &Base, upload: UploadId) -> Option<u64> {
    base.write(move |tx| take_over_depot(tx, upload)).unwrap()
}

#[test]
fn a_request_sent_twice_is_one_upload_where_it_stands() {
    let base = Base::new();
    let (phone, facts) = (base.phone(), base.facts("identite", "passeport"));
    let first = base.begin(phone, &facts, 100).unwrap();
    assert!(first.created);
    base.advance(first.depot.upload, 0, 0, 60).unwrap();

    // Another phone of the household, or the same after signing in again.
    let again = base.begin(base.phone(), &facts, 100).unwrap();
    assert!(!again.created);
    assert_eq!((again.depot.upload, again.depot.offset), (first.depot.upload, 60));

    let other_type = DepotMetadata { type_piece: "titre_sejour".parse().unwrap(), ..facts.clone() };
    assert!(matches!(base.begin(phone, &other_type, 100), Err(BeginError::DepotDifferent)));
    assert!(matches!(base.begin(phone, &facts, 101), Err(BeginError::DepotDifferent)));

    base.advance(first.depot.upload, 0, 60, 100).unwrap();
    base.attach(first.depot.upload, 0, digest(1)).unwrap();
    let attached = base.begin(phone, &facts, 100).unwrap();
    assert!(!attached.created);
    assert_eq!((attached.depot.etat, attached.depot.offset), (EtatDepot::Attache, 100));
}

#[test]
fn a_deposit_has_its_receipt_once_attached_and_not_before() {
    let base = Base::new();
    let (phone, facts) = (base.phone(), base.facts("identite", "passeport"));
    let recu = || {
        let depot = facts.depot;
        base.read(move |tx| read_recu(tx, phone, depot)).unwrap()
    };
    let upload = base.begin(phone, &facts, 10).unwrap().depot.upload;
    assert_eq!(recu(), None);
    assert!(matches!(base.attach(upload, 0, digest(7)), Err(AttachError::Fenced)), "bytes are missing");
    base.advance(upload, 0, 0, 10).unwrap();
    let attached = base.attach(upload, 0, digest(7)).unwrap();
    let receipt = recu().unwrap();
    assert_eq!(
        (receipt.justificatif, receipt.taille, receipt.sha256),
        (attached.justificatif, 10, digest(7))
    );
    assert_eq!((receipt.depose_le, receipt.doublon), (base.clock.now(), false));
    assert_eq!(receipt.service, "Mairie d’Exemple");

    // Withdrawn or not, the deposit took place.
    base.withdraw(phone, attached.justificatif).unwrap();
    assert!(recu().is_some());
    let foreign = SessionCourante { demande: base.temoin, ..phone };
    let depot = facts.depot;
    assert_eq!(base.read(move |tx| read_recu(tx, foreign, depot)).unwrap(), None);
}

#[test]
fn whoever_was_taken_over_has_no_more_say() {
    let base = Base::new();
    let upload = base.begin(base.phone(), &base.facts("identite", "passeport"), 10).unwrap().depot.upload;
    base.advance(upload, 0, 0, 4).unwrap();
    assert_eq!(take_over(&base, upload), Some(1));
    assert!(matches!(base.advance(upload, 0, 4, 10), Err(AdvanceError::Fenced)));
    assert!(matches!(base.write(move |tx| fail_depot(tx, upload, 0)), Err(AdvanceError::Fenced)));
    assert!(matches!(base.advance(upload, 1, 3, 10), Err(AdvanceError::Fenced)), "not the durable offset");
    assert!(matches!(base.advance(upload, 1, 4, 11), Err(AdvanceError::Fenced)), "beyond the end");
    base.advance(upload, 1, 4, 10).unwrap();
    assert!(matches!(base.attach(upload, 0, digest(1)), Err(AttachError::Fenced)));
    base.attach(upload, 1, digest(1)).unwrap();
    assert_eq!(take_over(&base, upload), None);
    assert!(matches!(base.attach(upload, 1, digest(1)), Err(AttachError::Fenced)), "only once");
}

#[test]
fn facts_that_do_not_fit_are_refused_with_their_reason() {
    let base = Base::new();
    let phone = base.phone();
    let identite = base.facts("identite", "passeport");
    let famille = base.facts("situation_familiale", "livret_famille");
    let foreign = base.vue(base.temoin).personnes[0].id;
    let absent = Uuid::now_v7();
    let cases = [
        (
            DepotMetadata { rubrique: "inconnue".parse().unwrap(), ..identite.clone() },
            "rubrique « inconnue »",
        ),
        (DepotMetadata { type_piece: "bail".parse().unwrap(), ..identite.clone() }, "type « bail »"),
        (DepotMetadata { personne: None, ..identite.clone() }, "indiquez laquelle"),
        (DepotMetadata { personne: Some(foreign), ..identite.clone() }, "ne figure pas"),
        (DepotMetadata { personne: identite.personne, ..famille.clone() }, "tout le ménage"),
        (DepotMetadata { remplace: Some(JustificatifId(absent)), ..identite.clone() }, "à remplacer"),
        (
            DepotMetadata { demande_piece: Some(wire::PieceDemandeeId(absent)), ..identite.clone() },
            "pas demandé",
        ),
        (
            DepotMetadata { demande_piece: Some(base.ask("motif", None)), ..identite.clone() },
            "une autre rubrique",
        ),
    ];
    for (facts, expected) in cases {
        match base.begin(phone, &facts, 10) {
            Err(BeginError::FaitsInvalides(detail)) => assert!(detail.contains(expected), "{detail}"),
            other => panic!("{expected}: {other:?}"),
        }
    }
    assert!(base.begin(phone, &famille, 10).is_ok());
}

#[test]
fn a_foreign_demande_is_absent_and_a_struck_off_one_takes_nothing_new() {
    let base = Base::new();
    let (phone, facts) = (base.phone(), base.facts("identite", "passeport"));
    let foreign = DepotMetadata { demande: base.temoin, ..facts.clone() };
    assert!(matches!(base.begin(phone, &foreign, 10), Err(BeginError::Introuvable)));

    let done = base.facts("identite", "carte_identite");
    base.deposit(phone, &done, 1);
    let upload = base.begin(phone, &facts, 10).unwrap().depot.upload;
    base.advance(upload, 0, 0, 10).unwrap();
    assert!(found(&base, upload, phone).is_some());
    assert_eq!(found(&base, upload, SessionCourante { demande: base.temoin, ..phone }), None);

    base.radiate(base.exemple);
    let new = base.facts("identite", "passeport");
    assert!(matches!(base.begin(phone, &new, 10), Err(BeginError::DemandeFermee)));
    assert!(matches!(base.attach(upload, 0, digest(2)), Err(AttachError::DemandeFermee)));
    assert!(!base.begin(phone, &done, 10).unwrap().created, "what was attached is still answered");
}

#[test]
fn the_quota_counts_what_is_held_and_what_is_coming() {
    let base = Base::new();
    let phone = base.phone();
    let facts = || base.facts("identite", "passeport");
    let uploads: Vec<_> = (0..BYTES_PAR_DEMANDE_MAX / UPLOAD_BYTES_MAX)
        .map(|_| base.begin(phone, &facts(), UPLOAD_BYTES_MAX).unwrap().depot.upload)
        .collect();
    assert!(matches!(base.begin(phone, &facts(), 1), Err(BeginError::QuotaAtteint)));
    for upload in uploads {
        assert!(base.write(move |tx| abandon_depot(tx, upload)).unwrap());
    }
    for _ in 0..PIECES_PAR_DEMANDE_MAX {
        base.begin(phone, &facts(), 1).unwrap();
    }
    assert!(matches!(base.begin(phone, &facts(), 1), Err(BeginError::QuotaAtteint)));
}

#[test]
fn content_already_held_gives_the_first_receipt() {
    let base = Base::new();
    let phone = base.phone();
    let facts = || DepotMetadata { sha256: Some(digest(1)), ..base.facts("identite", "passeport") };
    let first = base.deposit(phone, &facts(), 1);
    assert!(!first.doublon);

    // Announced: nothing is sent at all.
    let second = facts();
    let begun = base.begin(base.phone(), &second, 10).unwrap();
    assert!(begun.created && begun.depot.doublon);
    assert_eq!((begun.depot.etat, begun.depot.offset), (EtatDepot::Attache, 10));
    let depot = second.depot;
    let recu = base.read(move |tx| read_recu(tx, phone, depot)).unwrap().unwrap();
    assert_eq!((recu.justificatif, recu.doublon), (first.justificatif, true));

    // Not announced: found at the end, and the new bytes are nobody's.
    let third = base.deposit(phone, &base.facts("identite", "passeport"), 1);
    assert_eq!(third, Attached { justificatif: first.justificatif, doublon: true });
    assert_eq!(base.list(phone).len(), 1);

    // Another type or person, or an earlier piece that no longer counts: a piece of its own.
    let child = DepotMetadata { personne: Some(base.of_role(Role::PersonneACharge)), ..facts() };
    assert!(!base.deposit(phone, &child, 1).doublon);
    assert!(!base.deposit(phone, &base.facts("identite", "carte_identite"), 1).doublon);
    base.withdraw(phone, first.justificatif).unwrap();
    assert!(!base.deposit(phone, &facts(), 1).doublon);
}

#[test]
fn two_answers_to_one_slot_are_both_kept() {
    let base = Base::new();
    let slot = base.ask("motif", None);
    let answer = || DepotMetadata {
        demande_piece: Some(slot),
        sha256: Some(digest(1)),
        ..base.facts("motif", "photos_logement")
    };
    let (one, two) = (base.deposit(base.phone(), &answer(), 1), base.deposit(base.phone(), &answer(), 1));
    assert!(!one.doublon && !two.doublon);
    assert_ne!(one.justificatif, two.justificatif);
}

#[test]
fn a_failed_deposit_may_begin_again_and_an_attached_one_is_never_given_up() {
    let base = Base::new();
    let (phone, facts) = (base.phone(), base.facts("identite", "passeport"));
    let failed = base.begin(phone, &facts, 10).unwrap().depot.upload;
    base.write(move |tx| fail_depot(tx, failed, 0)).unwrap();
    let again = base.begin(phone, &facts, 10).unwrap();
    assert!(again.created && again.depot.upload != failed);
    assert_eq!(found(&base, failed, phone).unwrap().etat, EtatDepot::Echoue);

    let upload = again.depot.upload;
    base.advance(upload, 0, 0, 10).unwrap();
    let piece = base.attach(upload, 0, digest(1)).unwrap().justificatif;
    assert!(!base.write(move |tx| abandon_depot(tx, upload)).unwrap());
    assert_eq!(found(&base, upload, phone).unwrap().justificatif, Some(piece));
}

#[test]
fn an_upload_without_bytes_expires_and_is_forgotten_later() {
    let base = Base::new();
    let (phone, facts) = (base.phone(), base.facts("identite", "passeport"));
    let lasts = TimeDelta::from_std(UPLOAD_EXPIRES_AFTER).unwrap();
    let expire = || {
        let now = base.clock.now();
        base.write(move |tx| expire_depots(tx, now)).unwrap()
    };
    let upload = base.begin(phone, &facts, 10).unwrap().depot.upload;
    base.wait(lasts - TimeDelta::milliseconds(1));
    // Bytes let it live on.
    base.advance(upload, 0, 0, 5).unwrap();
    base.wait(lasts - TimeDelta::milliseconds(1));
    assert!(expire().is_empty());
    assert_eq!(found(&base, upload, phone).unwrap().etat, EtatDepot::EnCours);

    base.wait(TimeDelta::milliseconds(1));
    assert_eq!(found(&base, upload, phone).unwrap().etat, EtatDepot::Abandonne, "before the collection too");
    assert_eq!(expire(), [(upload, 0)]);
    assert!(matches!(base.advance(upload, 0, 5, 10), Err(AdvanceError::Fenced)));
    let again = base.begin(phone, &facts, 10).unwrap();
    assert!(again.created && again.depot.upload != upload);

    base.wait(lasts);
    assert!(expire().iter().any(|(gone, _)| *gone == upload));
    assert_eq!(found(&base, upload, phone), None);
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Begin,
    /// By the holder of that many takeovers ago.
    Advance {
        lag: u64,
        bytes: u64,
    },
    TakeOver,
    Attach {
        lag: u64,
    },
    Fail {
        lag: u64,
    },
    Abandon,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => Just(Step::Begin),
        4 => (0u64..2, 0u64..8).prop_map(|(lag, bytes)| Step::Advance { lag, bytes }),
        1 => Just(Step::TakeOver),
        2 => (0u64..2).prop_map(|lag| Step::Attach { lag }),
        1 => (0u64..3).prop_map(|lag| Step::Fail { lag }),
        1 => Just(Step::Abandon),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// One deposit under any order of requests: the offset is what the holder recorded, only the newest holder records,
    /// and there is never more than one piece.
    #[test]
    fn one_deposit_is_one_piece_whatever_the_order(steps in proptest::collection::vec(step(), 1..40)) {
        let base = Base::new();
        let (phone, facts) = (base.phone(), base.facts("identite", "passeport"));
        let mut upload: Option<UploadId> = None;
        let (mut offset, mut generation, mut attached) = (0, 0, false);
        for step in steps {
            let holder = |lag: u64| (lag <= generation).then(|| generation - lag);
            match (step, upload) {
                (Step::Begin, _) => {
                    let begun = base.begin(phone, &facts, 10).unwrap();
                    prop_assert_eq!(begun.created, upload.is_none());
                    if begun.created {
                        (offset, generation) = (0, 0);
                    }
                    prop_assert_eq!(begun.depot.offset, offset);
                    upload = Some(begun.depot.upload);
                }
                (_, None) => {}
                (Step::Advance { lag, bytes }, Some(id)) => {
                    let Some(by) = holder(lag) else { continue };
                    let done = base.advance(id, by, offset, offset + bytes).is_ok();
                    prop_assert_eq!(done, lag == 0 && !attached && offset + bytes <= 10);
                    if done {
                        offset += bytes;
                    }
                }
                (Step::TakeOver, Some(id)) => {
                    let taken = take_over(&base, id);
                    prop_assert_eq!(taken, (!attached).then_some(generation + 1));
                    generation = taken.unwrap_or(generation);
                }
                (Step::Attach { lag }, Some(id)) => {
                    let Some(by) = holder(lag) else { continue };
                    let done = base.attach(id, by, digest(1)).is_ok();
                    prop_assert_eq!(done, lag == 0 && !attached && offset == 10);
                    attached |= done;
                }
                (Step::Fail { lag }, Some(id)) => {
                    let Some(by) = holder(lag) else { continue };
                    let done = base.write(move |tx| fail_depot(tx, id, by)).is_ok();
                    prop_assert_eq!(done, lag == 0 && !attached);
                    if done {
                        upload = None;
                    }
                }
                (Step::Abandon, Some(id)) => {
                    prop_assert_eq!(base.write(move |tx| abandon_depot(tx, id)).unwrap(), !attached);
                    if !attached {
                        upload = None;
                    }
                }
            }
        }
        prop_assert_eq!(base.list(phone).len(), usize::from(attached));
    }
}

#[test]
fn a_disk_is_not_filled_by_promises() {
    let base = Base::new();
    let phone = base.phone();
    let first = base.begin(phone, &base.facts("identite", "passeport"), 1_000).unwrap().depot.upload;
    base.begin(phone, &base.facts("identite", "titre_sejour"), 500).unwrap();
    base.advance(first, 0, 0, 400).unwrap();
    // 600 and 500 bytes are still to come, and the base keeps its room.
    let fits = |more: u64, libre: u64| base.read(move |tx| check_place(tx, more, libre)).is_ok();
    assert!(fits(0, 1_100 + PLACE_DE_LA_BASE));
    assert!(!fits(0, 1_099 + PLACE_DE_LA_BASE));
    assert!(fits(50, 1_150 + PLACE_DE_LA_BASE));
    assert!(!fits(50, 1_149 + PLACE_DE_LA_BASE));
    // What has ended, well or badly, wants nothing more.
    base.advance(first, 0, 400, 1_000).unwrap();
    base.attach(first, 0, digest(1)).unwrap();
    assert!(fits(0, 500 + PLACE_DE_LA_BASE));
    assert!(!fits(0, 0) && !fits(u64::MAX, u64::MAX - 1));
}

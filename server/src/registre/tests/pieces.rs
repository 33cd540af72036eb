use wire::{Controle, Examen, RaisonRefus};

use super::*;

fn contenu(base: &Base, session: SessionCourante, piece: JustificatifId) -> Result<Contenu, ContenuError> {
    base.read(move |tx| find_contenu(tx, session, piece))
}

fn refused(raison: RaisonRefus) -> Verdict {
    Verdict::Refused { raison }
}

fn inexploitable() -> Jugement {
    Jugement::Inexploitable { raison: "Page 2 floue".into() }
}

#[test]
fn bytes_are_served_once_inspected_and_to_their_demande_only() {
    let base = Base::new();
    let phone = base.phone();
    let facts = DepotMetadata {
        filename: Some(wire::NomAffiche::new("Grüße.pdf")),
        ..base.facts("identite", "passeport")
    };
    let piece = base.deposit(phone, &facts, 1).justificatif;
    assert!(matches!(contenu(&base, phone, piece), Err(ContenuError::PasDisponible)));
    let waiting = base.read(|tx| list_a_inspecter(tx, 10)).unwrap();
    assert_eq!(waiting.len(), 1);
    assert_eq!((waiting[0].justificatif, waiting[0].sha256, waiting[0].taille), (piece, digest(1), 10));

    assert!(matches!(base.verdict(piece, fit(2)), Err(VerdictError::AutreContenu)));
    assert_eq!(base.listed(phone, piece).controle, Controle::EnVerification);
    base.pass(piece, 1);
    assert!(matches!(base.verdict(piece, refused(RaisonRefus::Illisible)), Err(VerdictError::PasEnAttente)));
    assert!(base.read(|tx| list_a_inspecter(tx, 10)).unwrap().is_empty());

    let served = contenu(&base, phone, piece).unwrap();
    assert_eq!((served.blob, served.taille, served.media_type), (waiting[0].blob, 10, MediaType::Pdf));
    assert_eq!(served.nom.unwrap().as_str(), "Grüße.pdf");
    assert!(contenu(&base, base.phone(), piece).is_ok(), "the household's other phone");
    let foreign = SessionCourante { demande: base.temoin, ..phone };
    assert!(matches!(contenu(&base, foreign, piece), Err(ContenuError::Introuvable)));
    let listed = base.listed(phone, piece);
    assert_eq!((listed.pages, listed.sha256, listed.mot.mot.as_str()), (Some(2), Some(digest(1)), "Déposé"));
}

#[test]
fn dangerous_bytes_are_not_kept_and_other_refused_ones_are() {
    let base = Base::new();
    let phone = base.phone();
    let owned = |blob| base.read(move |tx| owns_blob(tx, blob)).unwrap();
    let piece = |content| base.deposit(phone, &base.facts("identite", "passeport"), content).justificatif;
    let (dangerous, damaged) = (piece(1), piece(2));
    let waiting = base.read(|tx| list_a_inspecter(tx, 10)).unwrap();
    // Attached in the same millisecond: in no order.
    let blob = |id| waiting.iter().find(|piece| piece.justificatif == id).unwrap().blob;
    assert_eq!(base.verdict(damaged, refused(RaisonRefus::Illisible)).unwrap(), None);
    assert_eq!(base.verdict(dangerous, refused(RaisonRefus::Dangereux)).unwrap(), Some(blob(dangerous)));
    assert!(!owned(blob(dangerous)) && owned(blob(damaged)));
    for id in [dangerous, damaged] {
        assert!(matches!(contenu(&base, phone, id), Err(ContenuError::PasDisponible)));
        assert!(base.listed(phone, id).mot.a_faire);
    }
}

#[test]
fn a_piece_can_be_withdrawn_until_an_agent_looked() {
    let base = Base::new();
    let phone = base.phone();
    let piece = |content| {
        let id = base.deposit(phone, &base.facts("identite", "passeport"), content).justificatif;
        base.pass(id, content);
        id
    };
    let (gone, seen, judged) = (piece(1), piece(2), piece(3));
    let foreign = SessionCourante { demande: base.temoin, ..phone };
    assert!(matches!(base.withdraw(foreign, gone), Err(WithdrawError::Introuvable)));
    let blob = contenu(&base, phone, gone).unwrap().blob;
    assert_eq!(base.withdraw(phone, gone).unwrap(), [blob]);
    assert!(!base.read(move |tx| owns_blob(tx, blob)).unwrap());
    assert!(matches!(base.withdraw(phone, gone), Err(WithdrawError::Introuvable)));
    assert!(matches!(contenu(&base, phone, gone), Err(ContenuError::Introuvable)));

    let agent = base.agent(Profil::Guichet, "10691", "57");
    let now = base.clock.now();
    assert!(base.listed(phone, seen).retirable);
    base.write(move |tx| open_for_agent(tx, &agent, seen, now)).unwrap().unwrap();
    base.judge(judged, Jugement::Accepte).unwrap();
    for id in [seen, judged] {
        assert!(!base.listed(phone, id).retirable);
        assert!(matches!(base.withdraw(phone, id), Err(WithdrawError::DejaConsultee)));
    }
}

#[test]
fn a_withdrawn_piece_is_not_inspected_any_more() {
    let base = Base::new();
    let phone = base.phone();
    let piece = base.deposit(phone, &base.facts("identite", "passeport"), 1).justificatif;
    base.withdraw(phone, piece).unwrap();
    assert!(base.read(|tx| list_a_inspecter(tx, 10)).unwrap().is_empty());
    assert!(matches!(base.verdict(piece, fit(1)), Err(VerdictError::PasEnAttente)));
}

#[test]
fn a_new_version_takes_the_place_until_it_proves_useless() {
    let base = Base::new();
    let phone = base.phone();
    let piece = |content, remplace| {
        let facts = DepotMetadata { remplace, ..base.facts("ressources_mensuelles", "bulletin_salaire") };
        base.deposit(phone, &facts, content).justificatif
    };
    let old = piece(1, None);
    base.pass(old, 1);
    let examen = |id| base.listed(phone, id).examen;

    // Refused by the inspection: the old one counts again.
    let new = piece(2, Some(old));
    assert_eq!(examen(old), Examen::Remplace { par: new });
    assert!(matches!(base.judge(old, Jugement::Accepte), Err(JudgeError::Remplacee)));
    base.verdict(new, refused(RaisonRefus::MotDePasse)).unwrap();
    assert_eq!(examen(old), Examen::AExaminer);

    // Withdrawn: likewise.
    let new = piece(3, Some(old));
    base.withdraw(phone, new).unwrap();
    assert_eq!(examen(old), Examen::AExaminer);

    // Found unusable by the guichet: likewise; but what was itself unusable stays replaced.
    let new = piece(4, Some(old));
    base.pass(new, 4);
    base.judge(new, inexploitable()).unwrap();
    assert_eq!(examen(old), Examen::AExaminer);
    base.judge(old, inexploitable()).unwrap();
    let newer = piece(5, Some(old));
    base.pass(newer, 5);
    base.judge(newer, inexploitable()).unwrap();
    assert_eq!(examen(old), Examen::Remplace { par: newer });
}

#[test]
fn a_type_that_stands_alone_replaces_what_could_not_be_used_and_nothing_else() {
    let base = Base::new();
    let phone = base.phone();
    let deposit = |type_piece, content| {
        let id = base.deposit(phone, &base.facts("identite", type_piece), content).justificatif;
        base.pass(id, content);
        id
    };
    let examen = |id| base.listed(phone, id).examen;
    // The front and the back of one card are two files.
    let (front, back) = (deposit("carte_identite", 1), deposit("carte_identite", 2));
    assert_eq!((examen(front), examen(back)), (Examen::AExaminer, Examen::AExaminer));
    base.judge(front, inexploitable()).unwrap();
    let again = deposit("carte_identite", 3);
    assert_eq!((examen(front), examen(back)), (Examen::Remplace { par: again }, Examen::AExaminer));

    // Of a type of which several stand side by side, none takes another's place unasked.
    let payslip = |content| {
        let facts = base.facts("ressources_mensuelles", "bulletin_salaire");
        let id = base.deposit(phone, &facts, content).justificatif;
        base.pass(id, content);
        id
    };
    let may = payslip(4);
    base.judge(may, inexploitable()).unwrap();
    payslip(5);
    assert_eq!(examen(may), Examen::Inexploitable { raison: "Page 2 floue".into() });
}

#[test]
fn a_slot_is_open_until_something_useful_answers_it() {
    let base = Base::new();
    let phone = base.phone();
    let slot = base.ask("motif", None);
    let open = || base.vue(base.exemple).pieces_demandees.iter().any(|piece| piece.id == slot);
    let answer = |content| {
        let facts = DepotMetadata { demande_piece: Some(slot), ..base.facts("motif", "conge_bailleur") };
        base.deposit(phone, &facts, content).justificatif
    };
    assert!(open());
    let first = answer(1);
    assert!(!open());
    let second = answer(2);
    base.withdraw(phone, first).unwrap();
    assert!(!open(), "the second answers it");
    base.verdict(second, refused(RaisonRefus::Illisible)).unwrap();
    assert!(open());
    let third = answer(3);
    base.pass(third, 3);
    assert!(!open());
    base.judge(third, inexploitable()).unwrap();
    assert!(open());
}

#[test]
fn a_confidential_piece_is_known_to_the_device_that_sent_it_and_to_no_other() {
    let base = Base::new();
    let (hers, his) = (base.phone(), base.phone());
    let facts = || DepotMetadata {
        sha256: Some(digest(1)),
        filename: Some(wire::NomAffiche::new("plainte.pdf")),
        ..base.facts("motif", "plainte_violences")
    };
    let before = base.vue(base.exemple);
    let piece = base.deposit(hers, &facts(), 1).justificatif;
    base.pass(piece, 1);
    assert_eq!(base.vue(base.exemple), before, "nothing of the demande tells");

    let own = base.listed(hers, piece);
    assert!(own.confidentiel);
    assert_eq!((own.rubrique, own.type_piece, own.personne), (None, None, None));
    assert_eq!((own.nom, own.sha256), (None, None));
    assert!(matches!(contenu(&base, hers, piece), Err(ContenuError::Interdit)));

    assert!(base.list(his).is_empty());
    assert!(matches!(contenu(&base, his, piece), Err(ContenuError::Introuvable)));
    assert!(matches!(base.withdraw(his, piece), Err(WithdrawError::Introuvable)));
    let replacing = DepotMetadata { remplace: Some(piece), ..base.facts("motif", "photos_logement") };
    assert!(matches!(base.begin(his, &replacing, 10), Err(BeginError::FaitsInvalides(_))));
    // The same content from the other phone is received as if it were the first.
    assert!(!base.begin(his, &facts(), 10).unwrap().depot.doublon);
    assert!(base.begin(hers, &facts(), 10).unwrap().depot.doublon);

    let (now, demande) = (base.clock.now(), base.exemple);
    let asked = PieceADemander {
        demande,
        rubrique: "motif".parse().unwrap(),
        type_piece: Some("plainte_violences".parse().unwrap()),
        personne: None,
        message: "Merci.".into(),
        guichet: guichet("10691"),
    };
    assert!(matches!(base.write(move |tx| ask_piece(tx, &asked, now)), Err(AskError::Confidentiel)));
    base.withdraw(hers, piece).unwrap();
}

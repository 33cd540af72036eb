use wire::api::{EtatDemande, Exigence, LigneChecklist, Presence};

use super::*;

fn line(base: &Base, rubrique: &str, personne: Option<PersonneId>) -> Option<(Exigence, Presence)> {
    let checklist = base.vue(base.exemple).checklist;
    let found: Vec<&LigneChecklist> =
        checklist.iter().filter(|l| l.rubrique.as_str() == rubrique && l.personne == personne).collect();
    assert!(found.len() <= 1);
    found.first().map(|l| (l.exigence, l.presence))
}

#[test]
fn a_new_demande_wants_identity_then_the_tax_notice_of_adults_and_nothing_else() {
    let base = Base::new();
    let [camille, dominique, lou] =
        [Role::Demandeur, Role::Cotitulaire, Role::PersonneACharge].map(|role| base.of_role(role));
    let missing = Presence::Manquante;
    assert_eq!(line(&base, "identite", Some(camille)), Some((Exigence::Exigee, missing)));
    for other in [dominique, lou] {
        assert_eq!(line(&base, "identite", Some(other)), Some((Exigence::AInstruction, missing)));
    }
    assert_eq!(line(&base, "revenu_fiscal", Some(dominique)), Some((Exigence::AInstruction, missing)));
    assert_eq!(line(&base, "revenu_fiscal", Some(lou)), None);
    let optional = Some((Exigence::PeutEtreDemandee, Presence::NonDemandee));
    assert_eq!(line(&base, "motif", None), optional);
    assert_eq!(line(&base, "ressources_mensuelles", Some(dominique)), optional);
    assert_eq!(line(&base, "logement_actuel", Some(camille)), optional);
    assert_eq!(line(&base, "logement_actuel", Some(dominique)), None);
    let roles: Vec<_> = base.vue(base.exemple).personnes.iter().map(|personne| personne.role).collect();
    assert_eq!(roles, [Role::Demandeur, Role::Cotitulaire, Role::PersonneACharge]);
}

#[test]
fn a_child_becomes_an_adult_on_the_day_in_france() {
    let base = Base::new();
    let lou = base.of_role(Role::PersonneACharge);
    // Born on 30 November 2016; it is 25 November 2026. 29 November 2034, 22:59 UTC is still the 29th in France.
    let eve: chrono::DateTime<chrono::Utc> = "2034-11-29T22:59:59Z".parse().unwrap();
    base.wait(eve - base.clock.now());
    assert_eq!(line(&base, "revenu_fiscal", Some(lou)), None);
    base.wait(TimeDelta::seconds(1));
    assert!(line(&base, "revenu_fiscal", Some(lou)).is_some());
}

#[test]
fn a_line_follows_its_pieces() {
    let base = Base::new();
    let phone = base.phone();
    let camille = base.of_role(Role::Demandeur);
    let presence = || line(&base, "identite", Some(camille)).unwrap().1;
    let deposit = |content| {
        let id = base.deposit(phone, &base.facts("identite", "passeport"), content).justificatif;
        base.pass(id, content);
        id
    };
    let first = deposit(1);
    assert_eq!(presence(), Presence::Deposee);
    base.judge(first, Jugement::Inexploitable { raison: "Floue.".into() }).unwrap();
    assert_eq!(presence(), Presence::ARemplacer);
    let second = deposit(2);
    assert_eq!(presence(), Presence::Deposee);
    base.judge(second, Jugement::Accepte).unwrap();
    assert_eq!(presence(), Presence::Acceptee);
    base.judge(second, Jugement::Obsolete { date: "2026-10-01".parse().unwrap() }).unwrap();
    assert_eq!(presence(), Presence::ARemplacer);
    base.judge(second, Jugement::HorsPerimetre).unwrap();
    assert_eq!(presence(), Presence::Manquante);
}

#[test]
fn a_complementary_piece_is_missing_only_where_a_guichet_asked() {
    let base = Base::new();
    let phone = base.phone();
    let camille = base.of_role(Role::Demandeur);
    let slot = base.ask("logement_actuel", Some(camille));
    let asked = line(&base, "logement_actuel", Some(camille));
    assert_eq!(asked, Some((Exigence::Demandee, Presence::Manquante)));
    // Something else of the rubrique does not answer what was asked.
    base.deposit(phone, &base.facts("logement_actuel", "quittance"), 1);
    assert_eq!(line(&base, "logement_actuel", Some(camille)), asked);
    let answer = DepotMetadata { demande_piece: Some(slot), ..base.facts("logement_actuel", "bail") };
    base.deposit(phone, &answer, 2);
    let answered = line(&base, "logement_actuel", Some(camille));
    assert_eq!(answered, Some((Exigence::PeutEtreDemandee, Presence::Deposee)));
    assert!(base.vue(base.exemple).pieces_demandees.is_empty());
}

#[test]
fn national_events_are_shown_once_the_territory_is_open_and_deleted_ones_never() {
    let base = Base::new();
    base.ask("motif", None);
    let codes = |demande| -> Vec<String> {
        base.vue(demande).evenements.into_iter().map(|evenement| evenement.code).collect()
    };
    assert!(codes(base.exemple).is_empty());
    let now = base.clock.now();
    base.write(move |tx| open_evenements(tx, "57", now)).unwrap();
    assert_eq!(codes(base.exemple), ["TENAD00022", "CREDEM"]);
    assert!(codes(base.temoin).is_empty(), "another territory");
    base.write(|tx| tx.execute("UPDATE evenement SET supprime = 1 WHERE code = 'CREDEM'", &[]).map(drop))
        .unwrap();
    assert_eq!(codes(base.exemple), ["TENAD00022"]);
}

#[test]
fn an_event_is_of_a_known_code_and_has_happened() {
    let base = Base::new();
    let (now, demande) = (base.clock.now(), base.exemple);
    let add = |code: &str, survenu_le: Option<&str>, guichet: Option<&str>| {
        let nouveau = NouvelEvenement {
            demande,
            code: code.into(),
            guichet: guichet.map(super::guichet),
            survenu_le: survenu_le.map(|day| day.parse().unwrap()),
            details: None,
        };
        base.write(move |tx| add_evenement(tx, &nouveau, now))
    };
    assert!(add("DESCAL", None, Some("10691")).is_ok());
    assert!(matches!(add("AUTRE", None, None), Err(EvenementError::CodeInconnu(_))));
    assert!(matches!(add("VALDEM", Some("2026-11-26"), None), Err(EvenementError::Avenir)));
    assert!(matches!(add("VALDEM", None, Some("99999")), Err(EvenementError::GuichetInconnu(_))));
}

#[test]
fn importing_again_changes_what_changed_and_keeps_every_id() {
    let base = Base::new();
    let now = base.clock.now();
    let import = move |demande: DemandeImportee| {
        base.write(move |tx| import_demandes(tx, &[demande], 1, now))
            .map(|bilan| (bilan, base.vue(base.exemple)))
    };
    let (bilan, before) = import(exemple()).unwrap();
    assert_eq!(bilan, Bilan { crees: 0, mis_a_jour: 1 });
    // Twelve months from the deposit of 15 January 2026, where the file says nothing.
    assert_eq!(before.a_renouveler_avant.to_string(), "2027-01-15");
    let mut changed = exemple();
    changed.renouvelee_le = Some("2026-11-20".parse().unwrap());
    changed.etat = Some(EtatDemande::Radiee);
    changed.personnes.push(personne(Role::PersonneACharge, "À naître", None));
    let (_, after) = import(changed).unwrap();
    assert_eq!(after.personnes.len(), 4);
    assert_eq!(after.personnes[..3], before.personnes[..]);
    assert_eq!((after.id, after.etat), (before.id, EtatDemande::Radiee));
    assert_eq!(after.a_renouveler_avant.to_string(), "2027-11-20");

    let mut nobody = exemple();
    nobody.personnes.retain(|personne| personne.role != Role::Demandeur);
    assert!(matches!(import(nobody), Err(ImportError::Menage { rang: 1 })));
    let mut nowhere = exemple();
    nowhere.territoire = "Moselle".into();
    assert!(matches!(import(nowhere), Err(ImportError::Territoire { rang: 1, .. })));
    let mut unknown = exemple();
    unknown.guichet = guichet("99999");
    assert!(matches!(import(unknown), Err(ImportError::GuichetInconnu { rang: 1, .. })));
}

#[test]
fn a_territory_has_one_spelling() {
    for (typed, code) in
        [("057", "57"), ("57", "57"), (" 2a", "2A"), ("02B", "2B"), ("974", "974"), ("111", "111")]
    {
        assert_eq!(normalise_territoire(typed).as_deref(), Some(code));
    }
    for typed in ["", "5", "0057", "5 7", "Île"] {
        assert_eq!(normalise_territoire(typed), None, "{typed}");
    }
}

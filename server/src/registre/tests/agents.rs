use wire::Examen;

use super::*;

fn seen(base: &Base, agent: &AgentConnecte, demande: DemandeId) -> Option<Vec<PieceAgent>> {
    let agent = agent.clone();
    base.read(move |tx| list_justificatifs_for_agent(tx, &agent, demande)).unwrap()
}

fn open(base: &Base, agent: &AgentConnecte, piece: JustificatifId) -> Result<Contenu, ContenuError> {
    let (agent, now) = (agent.clone(), base.clock.now());
    base.write(move |tx| open_for_agent(tx, &agent, piece, now)).unwrap()
}

#[test]
fn an_agent_reaches_its_territory_and_nothing_else_is_there() {
    let base = Base::new();
    let piece = base.deposit(base.phone(), &base.facts("identite", "passeport"), 1).justificatif;
    base.pass(piece, 1);
    let here = base.agent(Profil::ConsultantSensible, "10691", "57");
    let elsewhere = base.agent(Profil::ConsultantSensible, "GDPUB", "111");
    let find = |agent: &AgentConnecte| {
        let (agent, numero) = (agent.clone(), EXEMPLE.parse().unwrap());
        base.read(move |tx| find_demande_by_numero(tx, &agent, &numero)).unwrap()
    };
    let header = |agent: &AgentConnecte| {
        let (agent, demande) = (agent.clone(), base.exemple);
        base.read(move |tx| find_demande_for_agent(tx, &agent, demande)).unwrap()
    };
    let one = |agent: &AgentConnecte| {
        let agent = agent.clone();
        base.read(move |tx| find_piece_for_agent(tx, &agent, piece)).unwrap()
    };
    assert_eq!(find(&here), Some(base.exemple));
    assert_eq!(header(&here).unwrap().personnes.len(), 3);
    assert_eq!(seen(&base, &here, base.exemple).unwrap().len(), 1);
    assert_eq!(one(&here).unwrap().0, base.exemple);

    assert_eq!(find(&elsewhere), None);
    assert_eq!(header(&elsewhere), None);
    assert_eq!(seen(&base, &elsewhere, base.exemple), None);
    assert_eq!(one(&elsewhere), None);
    assert!(matches!(open(&base, &elsewhere, piece), Err(ContenuError::Introuvable)));
    assert!(base.listed(base.phone(), piece).retirable, "who was refused has seen nothing");
}

#[test]
fn a_profile_sees_what_it_may() {
    let base = Base::new();
    let deposit = |rubrique, type_piece, content| {
        let id = base.deposit(base.phone(), &base.facts(rubrique, type_piece), content).justificatif;
        base.pass(id, content);
        base.judge(id, Jugement::Inexploitable { raison: "Certificat du Dr X illisible".into() }).unwrap();
        id
    };
    let plain = deposit("identite", "passeport", 1);
    let medical = deposit("motif", "certificat_medical", 2);
    let violence = deposit("motif", "plainte_violences", 3);
    // Profile; opens plain pieces; knows and opens sensitive ones.
    for (profil, opens, sensitive) in [
        (Profil::Guichet, true, false),
        (Profil::ConsultantSimple, false, false),
        (Profil::ConsultantDemande, true, false),
        (Profil::ConsultantSensible, true, true),
    ] {
        let agent = base.agent(profil, "10691", "57");
        for piece in seen(&base, &agent, base.exemple).unwrap() {
            let known = piece.id == plain || sensitive;
            let openable = if piece.id == plain { opens } else { sensitive };
            assert_eq!(piece.faits.is_some(), known, "{profil:?}");
            assert_eq!(piece.ouvrable, openable, "{profil:?}");
            let raison = if known { "Certificat du Dr X illisible" } else { "" };
            assert_eq!(piece.examen, Examen::Inexploitable { raison: raison.into() });
        }
        for (id, may) in [(plain, opens), (medical, sensitive), (violence, sensitive)] {
            let opened = open(&base, &agent, id);
            assert!(if may { opened.is_ok() } else { matches!(opened, Err(ContenuError::Interdit)) });
        }
    }
}

#[test]
fn every_opening_leaves_who_and_when() {
    let base = Base::new();
    let piece = base.deposit(base.phone(), &base.facts("identite", "passeport"), 1).justificatif;
    let agent = base.agent(Profil::Guichet, "10691", "57");
    let trace = || {
        base.read(move |tx| {
            let openings = tx.query_all(
                "SELECT agent, le, acte FROM journal WHERE justificatif = $1 ORDER BY rang",
                params![piece],
                |row| Ok((row.get::<wire::AgentId>(0)?, row.get::<DateTime<Utc>>(1)?, row.get::<Acte>(2)?)),
            )?;
            let first = tx.query_one(
                "SELECT premiere_consultation FROM justificatif WHERE id = $1",
                params![piece],
                |row| row.get::<Option<DateTime<Utc>>>(0),
            )?;
            Ok::<_, StoreError>((openings, first))
        })
        .unwrap()
    };
    assert!(matches!(open(&base, &agent, piece), Err(ContenuError::PasDisponible)));
    let first = base.clock.now();
    let refused = (agent.id, first, Acte::ConsultationRefusee);
    assert_eq!(trace(), (vec![refused], None), "what was not shown was not seen, and who asked is known");
    base.pass(piece, 1);
    open(&base, &agent, piece).unwrap();
    base.wait(TimeDelta::minutes(1));
    open(&base, &agent, piece).unwrap();
    let openings = vec![
        refused,
        (agent.id, first, Acte::Consultation),
        (agent.id, base.clock.now(), Acte::Consultation),
    ];
    assert_eq!(trace(), (openings, Some(first)));
    assert!(seen(&base, &agent, base.exemple).unwrap()[0].consultee);
}

#[test]
fn a_piece_is_judged_after_its_inspection_and_with_a_reason_that_helps() {
    let base = Base::new();
    let piece = base.deposit(base.phone(), &base.facts("identite", "passeport"), 1).justificatif;
    assert!(matches!(base.judge(piece, Jugement::Accepte), Err(JudgeError::PasDisponible)));
    base.pass(piece, 1);
    for raison in ["", " \n", &"x".repeat(wire::limites::TEXTE_CHARS_MAX + 1)] {
        let jugement = Jugement::Inexploitable { raison: raison.into() };
        assert!(matches!(base.judge(piece, jugement), Err(JudgeError::Raison)));
    }
    let absent = JustificatifId(Uuid::now_v7());
    assert!(matches!(base.judge(absent, Jugement::Accepte), Err(JudgeError::Introuvable)));
    base.judge(piece, Jugement::Accepte).unwrap();
    assert_eq!(base.listed(base.phone(), piece).mot.mot, "Accepté");
}

#[test]
fn an_account_has_its_own_address_and_a_known_guichet() {
    let base = Base::new();
    let now = base.clock.now();
    let create = |courriel: &str, code: &str| {
        let agent = NouvelAgent {
            courriel: courriel.into(),
            nom: "Agent".into(),
            guichet: guichet(code),
            profil: Profil::Guichet,
            mot_de_passe_hash: "-".into(),
        };
        base.write(move |tx| create_agent(tx, &agent, now))
    };
    create("Agent@Mairie.example", "10691").unwrap();
    assert!(matches!(create(" agent@mairie.example ", "GDPUB"), Err(AgentError::DejaConnu)));
    assert!(matches!(create("autre@mairie.example", "99999"), Err(AgentError::GuichetInconnu(_))));
    for courriel in ["", "agent", "@mairie", "a b@mairie.example"] {
        assert!(matches!(create(courriel, "10691"), Err(AgentError::Courriel)), "{courriel}");
    }
}

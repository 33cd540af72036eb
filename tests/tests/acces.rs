//! Who may see what: a foreign thing answers like an absent one on every route, and a wrong code like an unknown
//! numéro.

use anyhow::Result;
use harness::{Counter, Facts, Household, Request, Response, Server, Tus, sample, wait_until};
use uuid::Uuid;
use wire::{
    Controle, DemandeId, ProblemCode,
    api::{DemandeVue, Identification},
};

const PHOTO: Facts<'_> =
    Facts { rubrique: "motif", type_piece: "photos_logement", personne: None, nom: "photo.jpg" };

#[test]
fn an_unknown_numero_and_a_wrong_code_are_answered_alike() -> Result<()> {
    let server = Server::start()?;
    let household = Household::import(&server, 1)?;
    let identify = |numero: &str, code: &str| {
        let body = Identification { numero: numero.to_owned(), code: code.to_owned() };
        Request::new("POST", "/api/v1/session").json(&body)?.send(server.addr()?)
    };
    let wrong_code = identify(&household.numero, "0000-0000-0000-0000")?;
    let unknown = identify("057 1215 999999 10691", &household.code)?;
    assert_eq!((wrong_code.status, wrong_code.problem()?), (401, ProblemCode::IdentificationRefusee));
    assert_eq!(visible(&wrong_code), visible(&unknown));

    let malformed = identify("057 1215", &household.code)?;
    assert_eq!(malformed.problem()?, ProblemCode::NumeroInvalide);
    // As people type it: in lower case, without spaces.
    identify(&household.numero.replace(' ', "").to_lowercase(), &household.code.to_lowercase())?
        .expect(200)?;
    Ok(())
}

#[test]
fn a_piece_about_violence_shows_to_its_depositor_without_type_and_to_the_spouse_not_at_all() -> Result<()> {
    let server = Server::start()?;
    let household = Household::import(&server, 1)?;
    // Spouses share numéro and code: two devices of one household.
    let (depositor, spouse) = (household.sign_in(server.addr()?)?, household.sign_in(server.addr()?)?);
    let demande =
        || spouse.get(&format!("/api/v1/demandes/{}", spouse.demande))?.expect(200)?.json::<DemandeVue>();
    let before = demande()?;
    let facts =
        Facts { rubrique: "motif", type_piece: "plainte_violences", personne: None, nom: "plainte.jpg" };
    let recu = depositor.deposit(&facts, &std::fs::read(sample("A_12.jpg"))?)?;

    let piece = wait_until("inspected", || {
        Ok(depositor.list()?.into_iter().find(|piece| piece.controle == Controle::Disponible))
    })?;
    assert!(piece.confidentiel);
    assert_eq!((piece.rubrique, piece.type_piece, piece.personne), (None, None, None));
    assert_eq!((piece.nom, piece.sha256), (None, None));
    assert_eq!(spouse.list()?, []);
    assert_eq!(demande()?, before, "the demande tells the spouse of the piece");

    let contenu = format!("/api/v1/justificatifs/{}/contenu", recu.justificatif);
    assert_ne!(depositor.get(&contenu)?.status, 200, "the app got the bytes of a confidential piece");
    let absent = spouse.get(&format!("/api/v1/justificatifs/{}/contenu", Uuid::now_v7()))?;
    assert_eq!(visible(&spouse.get(&contenu)?), visible(&absent));

    let page = Counter::open(&server, 1)?.find(&household.numero)?.expect(200)?.text().to_lowercase();
    assert!(page.contains("pièce confidentielle"), "{page}");
    for word in ["plainte", "violence", "motif de la demande"] {
        assert!(!page.contains(word), "an ordinary agent reads « {word} »");
    }
    Ok(())
}

/// A route of the API or of the upload protocol, on the things of one demande.
struct Route {
    method: &'static str,
    path: fn(&Things) -> String,
}

/// What a household has, or what nobody has.
struct Things {
    demande: DemandeId,
    depot: String,
    upload: String,
    justificatif: String,
}

const ROUTES: [Route; 8] = [
    Route { method: "GET", path: |t| format!("/api/v1/demandes/{}", t.demande) },
    Route { method: "GET", path: |t| format!("/api/v1/demandes/{}/justificatifs", t.demande) },
    Route { method: "GET", path: |t| format!("/api/v1/demandes/{}/depots/{}", t.demande, t.depot) },
    Route { method: "GET", path: |t| format!("/api/v1/justificatifs/{}/contenu", t.justificatif) },
    Route { method: "DELETE", path: |t| format!("/api/v1/justificatifs/{}", t.justificatif) },
    Route { method: "HEAD", path: |t| t.upload.clone() },
    Route { method: "PATCH", path: |t| t.upload.clone() },
    Route { method: "DELETE", path: |t| t.upload.clone() },
];

#[test]
fn on_every_route_a_foreign_thing_answers_like_an_absent_one_and_nobody_gets_nothing() -> Result<()> {
    let server = Server::start()?;
    let addr = server.addr()?;
    let owner = Household::import(&server, 1)?.sign_in(addr)?;
    let other = Household::import(&server, 2)?.sign_in(addr)?;

    let photo = std::fs::read(sample("A_12.jpg"))?;
    let recu = owner.deposit(&PHOTO, &photo)?;
    let begun = owner.begin(&owner.metadata(&PHOTO, b"begun")?, 5)?;
    let foreign = Things {
        demande: owner.demande,
        depot: recu.depot.to_string(),
        upload: begun.clone(),
        justificatif: recu.justificatif.to_string(),
    };
    let absent = Things {
        demande: DemandeId(Uuid::now_v7()),
        depot: Uuid::now_v7().to_string(),
        upload: format!("/depots/{}", Uuid::now_v7()),
        justificatif: Uuid::now_v7().to_string(),
    };
    for route in &ROUTES {
        let ask = |things: &Things| request(&other, route, things).send(addr);
        let (of_owner, of_nobody) = (ask(&foreign)?, ask(&absent)?);
        let name = format!("{} {}", route.method, (route.path)(&absent));
        assert_eq!(of_owner.status, 404, "{name}");
        assert_eq!(visible(&of_owner), visible(&of_nobody), "{name}");

        let anonymous = Tus { token: "x".repeat(43), ..other.clone() };
        let refused = request(&anonymous, route, &foreign).send(addr)?;
        assert_eq!(refused.status, 401, "{name} without a session");
    }
    let ask = |demande| -> Result<Response> {
        let mut facts = other.metadata(&PHOTO, b"begun")?;
        facts.demande = demande;
        other.create(&facts, 5)
    };
    let (of_owner, of_nobody) = (ask(foreign.demande)?, ask(absent.demande)?);
    assert_eq!((of_owner.status, of_owner.problem()?), (404, ProblemCode::Introuvable));
    assert_eq!(visible(&of_owner), visible(&of_nobody), "POST /depots");

    // A person of another household is no person of this one, whether it exists or not.
    let mut facts =
        other.metadata(&Facts { rubrique: "identite", type_piece: "passeport", ..PHOTO }, b"begun")?;
    facts.personne = Some(owner.personne(wire::api::Role::Demandeur)?);
    assert_eq!(other.create(&facts, 5)?.problem()?, ProblemCode::FaitsInvalides);

    // Nothing of this touched what is the owner's.
    assert_eq!(owner.list()?.len(), 1);
    assert_eq!(owner.offset(&begun)?, 0);
    Ok(())
}

fn request(who: &Tus, route: &Route, things: &Things) -> Request {
    let path = (route.path)(things);
    match route.method {
        "PATCH" => who.patch(&path, 0, b"begun"),
        method => who.request(method, &path),
    }
}

/// What the asker can tell two answers apart by: everything but the moment and the request's own number.
fn visible(answer: &Response) -> (u16, Vec<(String, String)>, String) {
    let headers = answer.headers.iter().filter(|(name, _)| !matches!(name.as_str(), "date" | "x-request-id"));
    (answer.status, headers.cloned().collect(), answer.text())
}

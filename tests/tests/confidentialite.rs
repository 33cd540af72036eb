//! Nothing personal reaches the log, whatever happens: every name, number and secret of these people is looked for in
//! everything that the server has said.

use anyhow::Result;
use harness::{Counter, Facts, Household, Request, Server, sample, sha256, wait_until};
use wire::{
    Controle,
    api::{Identification, Renouvellement, Role, Session},
};

const NAME: &str = "certificat-Quintessence.jpg";

#[test]
fn no_numero_name_token_or_code_is_in_the_log() -> Result<()> {
    let server = Server::start()?;
    let addr = server.addr()?;
    let household = Household::import(&server, 1)?;
    let session = household.session(addr)?;
    let phone = household.sign_in(addr)?;
    let photo = std::fs::read(sample("A_12.jpg"))?;
    let demandeur = phone.personne(Role::Demandeur)?;
    let facts = Facts { rubrique: "identite", type_piece: "passeport", personne: Some(demandeur), nom: NAME };

    // What goes well.
    let recu = phone.deposit(&facts, &photo)?;
    wait_until("inspected", || {
        Ok(phone.list()?.into_iter().find(|piece| piece.controle == Controle::Disponible).map(drop))
    })?;
    let contenu = format!("/api/v1/justificatifs/{}/contenu", recu.justificatif);
    phone.get(&contenu)?.expect(200)?;
    let counter = Counter::open(&server, 1)?;
    counter.find(&household.numero)?.expect(200)?;
    let renewal = Renouvellement { refresh_token: session.refresh_token.clone() };
    let renewed: Session = Request::new("POST", "/api/v1/session/renouvellement")
        .json(&renewal)?
        .send(addr)?
        .expect(200)?
        .json()?;

    // What goes wrong: secrets in the wrong place, files of no type, broken digests, unreadable requests.
    let identify = |numero: &str, code: &str| {
        let body = Identification { numero: numero.to_owned(), code: code.to_owned() };
        Request::new("POST", "/api/v1/session").json(&body)?.send(addr)
    };
    identify(&household.numero, "mauvais-code-Zinnia")?.expect(401)?;
    identify("mauvais-numero-Zinnia", &household.code)?;
    for path in [&household.numero, &household.code, &household.names[0], &phone.token] {
        let path = format!("/api/v1/demandes/{}", path.replace(' ', "%20"));
        phone.get(&path)?.expect(404)?;
    }
    phone.get(&format!("/api/v1/demandes/{}?numero={}", phone.demande, household.code))?;
    let mut wrong = phone.metadata(&facts, &photo)?;
    wrong.sha256 = Some(sha256(b"another file"));
    let path = phone.begin(&wrong, photo.len() as u64)?;
    phone.patch(&path, 0, &photo).send(addr)?.expect(460)?;
    Request::new("POST", "/api/v1/session")
        .header("Content-Type", "application/json")
        .body(format!("{{\"numero\": \"{}\", \"code\": ", household.numero).as_bytes())
        .send(addr)?;
    phone.request("POST", "/depots").header("Upload-Metadata", &format!("filename {NAME}")).send(addr)?;

    let log = server.log()?.to_lowercase();
    assert!(log.lines().count() > 10, "the log says too little to prove anything:\n{log}");
    let compact = household.numero.replace(' ', "");
    let mut canaries: Vec<&str> = vec![
        &household.numero,
        &compact,
        &household.code,
        &phone.token,
        &session.access_token,
        &session.refresh_token,
        &renewed.access_token,
        &renewed.refresh_token,
        &counter.courriel,
        &counter.mot_de_passe,
        "quintessence",
        "zinnia",
        "1984-02-29",
    ];
    canaries.extend(household.names.iter().map(String::as_str));
    for canary in canaries {
        assert!(!log.contains(&canary.to_lowercase()), "« {canary} » is in the log:\n{log}");
    }
    Ok(())
}

//! Who should have access at a guichet, over real sockets: the list that a gestionnaire sends, what differs from the
//! accounts, and what the assistance does with it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it did not expect should say so and stop"
)]

mod commun;

use commun::{
    CODE, Server,
    agent::{Agent, connect, hidden},
};
use server::registre::Profil;

const PAGE: &str = "/guichet/acces";

fn send(agent: &Agent<'_>, guichet: &str, liste: &str) -> commun::Reply {
    agent.post(PAGE, &[("guichet", guichet), ("liste", liste)])
}

/// The row of the page that is about this address.
fn row<'p>(page: &'p str, courriel: &str) -> &'p str {
    let rows = page.split("<tr").skip(1).map(|rest| rest.split("</tr>").next().unwrap());
    let mut of_it = rows.filter(|row| row.contains("data-titre=\"Compte\"") && row.contains(courriel));
    let found = of_it.next().unwrap_or_else(|| panic!("no row of {courriel}: {page}"));
    assert!(of_it.next().is_none(), "two rows of {courriel}");
    found
}

/// The text of the page's list, as a browser would send it again.
fn editor(page: &str) -> String {
    let text = page.split_once("<textarea").expect("an editor").1.split_once('>').unwrap().1;
    let text = text.split_once("</textarea>").unwrap().0;
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
    text.strip_prefix('\n').unwrap_or(&text).to_owned()
}

/// The address of this account's page, as the list of accounts shows it.
fn account(page: &str) -> String {
    let id = page.split_once("href=\"/guichet/comptes/").expect("a link").1.split('"').next().unwrap();
    format!("/guichet/comptes/{id}")
}

/// Waits for a mail to this address with these words.
fn mailed(server: &Server, to: &str, words: &str) {
    for _ in 0..200 {
        let folder = std::fs::read_dir(server.donnees.path().join("courriels"));
        let mails =
            folder.into_iter().flatten().map(|mail| std::fs::read_to_string(mail.unwrap().path()).unwrap());
        if mails.map(|mail| mail.replace("=\r\n", "")).any(|mail| mail.contains(to) && mail.contains(words)) {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    panic!("no mail said « {words} »");
}

fn profil_of(server: &Server, courriel: &str) -> String {
    let courriel = courriel.to_owned();
    server.write(move |tx| {
        tx.query_one(
            "SELECT nom || ', ' || profil || ', ' || etat FROM agent WHERE courriel = $1",
            server::params![courriel],
            |row| row.get(0),
        )
    })
}

#[test]
fn a_list_is_compared_and_changes_nothing_until_the_assistance_decides() {
    let server = Server::start();
    let gestionnaire = Agent::sign_in(&server, Profil::GestionnaireTerritorial);
    let same = Agent::sign_in(&server, Profil::Guichet);
    let other = Agent::sign_in(&server, Profil::ConsultantSimple);
    let gone = Agent::sign_in(&server, Profil::ConsultantDemande);
    let assistance = Agent::sign_in(&server, Profil::AssistanceNationale);

    let before = gestionnaire.get(PAGE).text();
    assert!(before.contains("Aucune liste n’a été envoyée pour ce guichet"), "{before}");
    // The editor begins with the accounts that there are; the assistance is no guichet's.
    let begun = editor(&before);
    assert_eq!(begun.lines().count(), 4, "{begun}");
    assert!(begun.contains(&format!("{};Agent;consultant simple\n", other.courriel)), "{begun}");
    assert!(assistance.get(PAGE).text().contains("Aucune liste n’a été envoyée"));

    let list = format!(
        "Courriel;Nom;Profil\r\n{};Agent;gestionnaire territorial\r\n{};Agent;guichet\r\n\r\n{};Ève <b>Nouveau</b>;consultant sensible\r\nneuve@mairie.example;Nina;guichet\r\n",
        gestionnaire.courriel, same.courriel, other.courriel
    );
    let sent = send(&gestionnaire, "10691", &list);
    assert_eq!((sent.status, sent.header("location")), (303, Some("/guichet/acces?guichet=10691")));
    for reader in [&gestionnaire, &assistance] {
        let page = reader.get("/guichet/acces?guichet=10691").text();
        assert!(page.contains("Liste envoyée le 25/11/2026") && page.contains("par Agent"), "{page}");
        let says = |courriel: &str, word: &str, marked: bool| {
            let row = row(&page, courriel);
            assert!(row.contains(&format!(">{word}</span>")), "{courriel}: {row}");
            assert_eq!(row.starts_with(" class=\"change\""), marked, "{courriel}: {row}");
        };
        says(&gestionnaire.courriel, "Inchangé", false);
        says(&same.courriel, "Inchangé", false);
        says(&other.courriel, "Modifié", true);
        says("neuve@mairie.example", "Nouveau", true);
        says(&gone.courriel, "À fermer", true);
        let changed = row(&page, &other.courriel);
        for part in [
            "<ins>Ève &lt;b&gt;Nouveau&lt;/b&gt;</ins>",
            "avant : <del>Agent</del>",
            "<ins>consultant sensible</ins>",
            "avant : <del>consultant simple</del>",
        ] {
            assert!(changed.contains(part), "{part}: {changed}");
        }
        assert_eq!(page.contains("<textarea"), reader.courriel == gestionnaire.courriel, "who sends lists");
    }
    assert_eq!(profil_of(&server, &other.courriel), "Agent, consultant_simple, certifie");
    assert_eq!(profil_of(&server, &gone.courriel), "Agent, consultant_demande, certifie");
    assert_eq!(gone.get("/guichet").status, 200, "nothing is closed by itself");
    // The editor has the list again, and sending it again changes nothing.
    let again = editor(&gestionnaire.get(PAGE).text());
    assert_eq!(again.lines().count(), 4, "{again}");

    // The assistance: beside the accounts, and on the page of each.
    let comptes = assistance.get("/guichet/comptes").text();
    for (word, count) in [("Inchangé", 2), ("Modifié", 1), ("À fermer", 1), ("Nouveau", 0)] {
        assert_eq!(comptes.matches(&format!(">{word}</span>")).count(), count, "{word}: {comptes}");
    }
    let page = assistance.get("/guichet/acces?guichet=10691").text();
    let path = account(row(&page, &other.courriel));
    let shown = assistance.get(&path).text();
    assert!(shown.contains("Profil sur la liste") && shown.contains("Donner au compte ce nom et ce profil"));
    let seen = hidden(&shown, "liste");
    // Meanwhile the gestionnaire sends another list: what was seen is not applied.
    server.clock.advance(chrono::TimeDelta::seconds(1));
    assert_eq!(send(&gestionnaire, "10691", &again).status, 303);
    let apply = format!("{path}/liste");
    assert_eq!(assistance.post(&apply, &[("liste", &seen)]).status, 409);
    assert_eq!(profil_of(&server, &other.courriel), "Agent, consultant_simple, certifie");
    let seen = hidden(&assistance.get(&path).text(), "liste");
    assert_eq!(assistance.post_bare(&apply, &[("liste", &seen)]).status, 403, "a form without its token");
    assert_eq!(assistance.post(&apply, &[("liste", &seen)]).status, 303);
    assert_eq!(profil_of(&server, &other.courriel), "Ève <b>Nouveau</b>, consultant_sensible, certifie");
    assert_eq!(assistance.post(&apply, &[("liste", &seen)]).status, 409, "once");
    assert_eq!(assistance.post(&apply, &[("liste", "hier")]).status, 400);

    mailed(&server, &other.courriel, "a mis votre compte");

    let path = account(row(&page, &gone.courriel));
    let shown = assistance.get(&path).text();
    assert!(shown.contains("La liste ne nomme pas cet agent"), "{shown}");
    assert!(!shown.contains("Donner au compte"), "{shown}");
    let fields = [("decision", "desactiver"), ("motif", "N’est plus sur la liste.")];
    assert_eq!(assistance.post(&path, &fields).status, 303);
    assert_eq!(connect(&server, &gone.courriel, CODE).status, 401);
    let page = gestionnaire.get(PAGE).text();
    assert!(!page.contains(&gone.courriel), "a closed account waits for nothing");
    assert!(row(&page, &other.courriel).contains("Inchangé"));

    let journal = gestionnaire.get("/guichet/journal").text();
    assert_eq!(journal.matches("Liste des accès envoyée").count(), 2, "{journal}");
    assert_eq!(journal.matches("Compte modifié d’après la liste du guichet").count(), 1, "{journal}");
    assert!(!journal.contains("neuve@"), "no address in the journal");
}

#[test]
fn a_bad_list_is_refused_line_by_line_and_nothing_typed_is_lost() {
    let server = Server::start();
    let gestionnaire = Agent::sign_in(&server, Profil::GestionnaireTerritorial);
    let typed = "\nclaire@mairie.example;Claire Moreau;guichet\nsans arobase;X;guichet\nali@mairie.example;Ali;chef\n</textarea><script>canari()</script>\n";
    let reply = send(&gestionnaire, "10691", typed);
    assert_eq!(reply.status, 400);
    let page = reply.text();
    let page = page.split_once(' ').unwrap().1;
    for said in [
        "Ligne 3 : « sans arobase » n’est pas une adresse électronique bien formée.",
        "Ligne 4 : « chef » n’est pas un profil :",
        "Ligne 5 : il faut trois colonnes (adresse ; nom ; profil), il y en a 1.",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert!(!page.contains("Ligne 2 :") && !page.contains("<script>"), "{page}");
    assert_eq!(editor(page), typed, "what was typed is there again, with its numbers");
    assert!(page.contains("aria-invalid=\"true\"") && page.contains("aria-describedby=\"erreurs\""));
    assert!(gestionnaire.get(PAGE).text().contains("Aucune liste n’a été envoyée pour ce guichet"));

    // Its limits are those that the page gives: 300 lines, 20,000 characters.
    let lines =
        |count: usize| (0..count).map(|n| format!("a{n}@b.example;A;guichet\n")).collect::<Vec<_>>().concat();
    assert!(send(&gestionnaire, "10691", &lines(301)).text().contains("La liste dépasse 300 lignes."));
    assert!(send(&gestionnaire, "10691", "").text().contains("La liste est vide."));
    let long = send(&gestionnaire, "10691", &"x".repeat(20_001));
    assert!(long.text().contains("La liste dépasse 20000 caractères."));
    assert_eq!(send(&gestionnaire, "10691", &lines(300)).status, 303);
    // A list of all the characters that there may be, of names with many accents, is no longer than a form may be.
    let full = (100..390)
        .map(|n| format!("e.b{n}@mairie.example;Éléonore Bézière-Désiré;consultant sensible\r\n"))
        .collect::<Vec<_>>()
        .concat();
    assert!((19_000..=20_000).contains(&full.replace('\r', "").chars().count()), "{}", full.chars().count());
    assert_eq!(send(&gestionnaire, "10691", &full).status, 303);
}

#[test]
fn who_registers_is_certified_with_the_profile_that_the_list_asks_for() {
    let server = Server::start();
    let gestionnaire = Agent::sign_in(&server, Profil::GestionnaireTerritorial);
    let new = Agent::sign_in(&server, Profil::Guichet);
    let assistance = Agent::sign_in(&server, Profil::AssistanceNationale);
    let list = format!("{};Agent;consultant demande", new.courriel);
    assert_eq!(send(&gestionnaire, "10691", &list).status, 303);
    server.write_sql("UPDATE agent SET etat = 'a_certifier', fiche_envoyee_le = 1 WHERE profil = 'guichet'");
    let comptes = assistance.get("/guichet/comptes").text();
    let page = assistance.get(&account(&comptes)).text();
    assert!(page.contains("À certifier") && page.contains("Modifié"), "{page}");
    assert!(page.contains("<option selected>consultant demande</option>"), "{page}");
}

#[test]
fn a_guichet_of_another_territory_is_absent() {
    let server = Server::start();
    server.write_sql(
        "INSERT INTO guichet (code, nom, territoire, contact) VALUES ('GDPUB', 'Ailleurs', '111', NULL), \
         ('10692', 'Mairie voisine', '57', NULL)",
    );
    let gestionnaire = Agent::sign_in(&server, Profil::GestionnaireTerritorial);
    let assistance = Agent::sign_in(&server, Profil::AssistanceNationale);
    let list = "claire@mairie.example;Claire Moreau;guichet";
    for foreign in ["GDPUB", "99999", "x"] {
        assert_eq!(send(&gestionnaire, foreign, list).status, 404, "{foreign}");
        assert_eq!(gestionnaire.get(&format!("{PAGE}?guichet={foreign}")).status, 404, "{foreign}");
    }
    let page = gestionnaire.get(PAGE).text();
    assert!(page.contains("Mairie voisine") && !page.contains("Ailleurs"), "{page}");
    assert_eq!(send(&gestionnaire, "10692", list).status, 303);
    // The assistance sees every guichet's.
    assert_eq!(assistance.get(&format!("{PAGE}?guichet=GDPUB")).status, 200);
    assert!(assistance.get(PAGE).text().contains("Mairie voisine"));
}

//! The counter in a real browser: Debian's Chromium, driven by the scripts of `tests/navigateur`. Every page is looked at
//! by axe in light, dark, at 320 pixels and at 200 %; what others wrote runs nothing; a piece is judged without script and
//! by keyboard alone; pieces are deposited over a line that is cut, and masked; an agent's day is played, from asking for
//! an account to receiving the new version; and an agent comes in through an identity provider on another site.
//!
//! `cargo xtask test` installs what is needed; without it these tests fail, they are not skipped.

use std::{
    io::Write as _,
    net::TcpListener,
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};
use harness::{Counter, Household, Phone, Server, sample, wait_until};
use serde_json::{Value, json};

/// Checks that each script makes at least: fewer means that it looked at less than it says.
const PAGES_CHECKS_MIN: u64 = 150;

/// The same for deposits and masks.
const DEPOSIT_CHECKS_MIN: u64 = 14;

/// The same for each half of the day.
const DAY_CHECKS_MIN: u64 = 3;

/// The guichet of household 1.
const GUICHET: &str = "10691";
/// The same for the way to the provider and back.
const FEDERATION_CHECKS_MIN: u64 = 10;

#[test]
fn navigateur_every_page_in_every_size_without_script_and_by_keyboard() -> Result<()> {
    let world = World::new()?;
    let compte = account(&world.assistance, &world.consultant.courriel)?;
    // With a second territory the consultant has one to choose in its lists.
    Household::import(&world.server, 2)?;
    let territories = [("decision", "territoires"), ("territoires", "52")];
    world.assistance.post(&format!("/guichet/comptes/{compte}"), &territories)?.expect(303)?;
    let titre = "Attestation de l’hébergeant";
    // One agent is new, one changes profile, the others are no longer named.
    let list = format!(
        "{};Claire Moreau;consultant simple\nneuf@essai.example;Ali Neuf;guichet",
        world.agent.courriel
    );
    world.gestionnaire.post("/guichet/acces", &[("guichet", GUICHET), ("liste", &list)])?.expect(303)?;
    let more = json!({ "compte": compte, "titre": titre, "acces": GUICHET });
    let checked = run("pages.mjs", &world.job(&more))?;
    ensure!(checked >= PAGES_CHECKS_MIN, "{checked} checks only");
    Ok(())
}

#[test]
fn navigateur_an_agents_day() -> Result<()> {
    let world = World::new()?;
    let more = |phase| json!({ "phase": phase, "guichet": GUICHET, "courriels": world.server.data().join("courriels") });
    ensure!(run("journee.mjs", &world.job(&more("matin")))? >= DAY_CHECKS_MIN);
    let asked = world.phone.run(["demande"])?.expect(0)?.json()?;
    let slot =
        asked.pointer("/pieces_demandees/0/id").and_then(Value::as_str).context("nothing is asked for")?;
    let facts =
        ["--rubrique", "logement_actuel", "--type", "attestation_hebergement", "--personne", "demandeur"];
    let answer = ["--demande-piece", slot];
    deposit(&world.phone, "B_12.jpg", facts.into_iter().chain(answer))?;
    ensure!(run("journee.mjs", &world.job(&more("soir")))? >= DAY_CHECKS_MIN);
    Ok(())
}

#[test]
fn navigateur_a_guichet_deposits_and_masks() -> Result<()> {
    let world = World::new()?;
    let files =
        json!({ "photo": sample("B_12.jpg"), "autre": sample("A_12.jpg"), "pdf": sample("page_C.pdf") });
    ensure!(run("depot.mjs", &world.job(&files))? >= DEPOSIT_CHECKS_MIN);
    Ok(())
}

#[test]
fn navigateur_through_an_identity_provider() -> Result<()> {
    // Free a moment ago: the script listens there.
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    // Another site than the service's, which is an address.
    let emetteur = format!("http://localhost:{port}");
    let folder = tempfile::tempdir()?;
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "canari-du-secret")?;
    let server = Server::start_with(vec![
        ("MA_DEMANDE_OIDC_EMETTEUR", emetteur.clone()),
        ("MA_DEMANDE_OIDC_CLIENT", "guichet".to_owned()),
        ("MA_DEMANDE_OIDC_SECRET", secret.to_string_lossy().into_owned()),
        ("MA_DEMANDE_OIDC_LIBELLE", "Compte Agent".to_owned()),
    ])?;
    Household::import(&server, 1)?;
    let agent = Counter::open(&server, 1)?;
    let job = json!({
        "url": server.url(),
        "emetteur": emetteur,
        "sujet": "canari-du-sujet",
        "agents": { "guichet": { "courriel": agent.courriel } },
    });
    ensure!(run("federation.mjs", &job)? >= FEDERATION_CHECKS_MIN);
    let log = server.log()?;
    ensure!(log.contains("guichet_finish_federation"), "{log}");
    for canary in ["canari", agent.courriel.as_str(), "code=", "state="] {
        ensure!(!log.contains(canary), "« {canary} » is in the log:\n{log}");
    }
    Ok(())
}

/// A server with a household whose first piece is there, and four agents.
struct World {
    server: Server,
    phone: Phone,
    demande: String,
    piece: String,
    agent: Counter,
    consultant: Counter,
    gestionnaire: Counter,
    assistance: Counter,
}

impl World {
    fn new() -> Result<Self> {
        let server = Server::start()?;
        let household = Household::import(&server, 1)?;
        let agent = Counter::open(&server, 1)?;
        let consultant = Counter::open_as(&server, 1, "consultant_demande")?;
        let gestionnaire = Counter::open_as(&server, 1, "gestionnaire_territorial")?;
        let assistance = Counter::open_as(&server, 1, "assistance_nationale")?;
        let phone = household.phone(&server, server.url())?;
        let facts =
            ["--rubrique", "logement_actuel", "--type", "attestation_hebergement", "--personne", "demandeur"];
        let piece = deposit(&phone, "A_12.jpg", facts)?;
        let demande = phone.run(["demande"])?.expect(0)?.json()?;
        let demande = demande.get("id").and_then(Value::as_str).context("no demande")?.to_owned();
        Ok(Self { server, phone, demande, piece, agent, consultant, gestionnaire, assistance })
    }

    /// What a script is told.
    fn job(&self, more: &Value) -> Value {
        let agent =
            |counter: &Counter| json!({ "courriel": counter.courriel, "mot_de_passe": counter.mot_de_passe });
        let mut job = json!({
            "url": self.server.url(),
            "demande": self.demande,
            "piece": self.piece,
            "agents": {
                "guichet": agent(&self.agent),
                "consultant": agent(&self.consultant),
                "gestionnaire": agent(&self.gestionnaire),
                "assistance": agent(&self.assistance),
            },
        });
        if let (Some(job), Some(more)) = (job.as_object_mut(), more.as_object()) {
            job.extend(more.clone());
        }
        job
    }
}

/// Deposits a photo, and gives the piece once it is drawn.
fn deposit<'a>(phone: &Phone, file: &str, facts: impl IntoIterator<Item = &'a str>) -> Result<String> {
    let known = pieces(phone)?.len();
    let file = sample(file).into_os_string();
    phone.run(["deposer".into(), file].into_iter().chain(facts.into_iter().map(Into::into)))?.expect(0)?;
    wait_until("la pièce est contrôlée", || {
        let pieces = pieces(phone)?;
        let ready =
            |piece: &&Value| piece.pointer("/controle/etat").and_then(Value::as_str) == Some("disponible");
        Ok(pieces
            .first()
            .filter(|_| pieces.len() > known)
            .filter(ready)
            .and_then(|piece| piece.get("id").and_then(Value::as_str).map(str::to_owned)))
    })
}

fn pieces(phone: &Phone) -> Result<Vec<Value>> {
    let listed = phone.run(["lister"])?.expect(0)?.json()?;
    listed.get("justificatifs").and_then(Value::as_array).cloned().context("no list")
}

/// The account of that name in the assistance's list.
fn account(assistance: &Counter, nom: &str) -> Result<String> {
    let list = assistance.get("/guichet/comptes")?.expect(200)?.text();
    let before = list.split_once(&format!("\">{nom}<")).map(|(before, _)| before);
    let id = before.and_then(|before| before.rsplit_once("/guichet/comptes/"));
    Ok(id.context("no such account")?.1.to_owned())
}

/// Runs a script and gives how many checks it made.
fn run(script: &str, job: &Value) -> Result<u64> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("navigateur");
    ensure!(
        folder.join("node_modules/playwright-core").is_dir(),
        "playwright-core is missing: run `cargo xtask test`"
    );
    let mut node = Command::new("node")
        .arg(script)
        .current_dir(&folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("node")?;
    node.stdin.take().context("no input")?.write_all(job.to_string().as_bytes())?;
    let output = node.wait_with_output()?;
    ensure!(output.status.success(), "{script} failed: see above");
    let said: Value = serde_json::from_slice(&output.stdout)?;
    said.get("checked").and_then(Value::as_u64).context("no count")
}

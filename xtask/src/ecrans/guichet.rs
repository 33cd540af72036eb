//! `cargo xtask ecrans guichet`: the pages of the counter that README shows, drawn anew by Debian's Chromium from a real
//! server with the invented household of `server/exemples`, so that README never shows what is no longer there.
//!
//! What can go wrong: a picture becomes too heavy for a page that is read on any line (the command fails and says which).

use std::{
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};
use harness::{Phone, Server, sample, wait_until};
use serde_json::{Value, json};

use crate::{
    command::root,
    demo::{DOCUMENTS, build_programs, is_disponible, list},
    tools,
};

/// Where README's pictures are.
const TO: &str = "docs/images";

/// Heaviest picture, in bytes: README shows three of them at once.
const PICTURE_BYTES_MAX: u64 = 200_000;

/// The household of the examples that the pictures show.
const NUMERO: &str = "057 1215 073903 10691";

const GUICHET: &str = "10691";

pub(crate) fn run() -> Result<()> {
    build_programs()?;
    tools::navigateur()?;
    let server = Server::start()?;
    let phone = household(&server)?;
    for document in &DOCUMENTS {
        let file = sample(document.file).into_os_string();
        let facts =
            ["--rubrique", document.rubrique, "--type", document.type_piece, "--personne", "demandeur"];
        phone.run(["deposer".into(), file].into_iter().chain(facts.map(Into::into)))?.expect(0)?;
    }
    let pieces = wait_until("le contrôle des documents", || {
        let pieces = list(&phone)?;
        Ok((pieces.len() == DOCUMENTS.len() && pieces.iter().all(is_disponible)).then_some(pieces))
    })?;
    // The first document is a letter photographed on a table.
    let letter = pieces.iter().find(|piece| piece.get("type") == Some(&json!(DOCUMENTS[0].type_piece)));
    let agent = created(
        &server.admin(
            &[
                "creer-agent",
                "--json",
                "--courriel",
                "claire.moreau@valmont.example",
                "--nom",
                "Claire Moreau",
                "--guichet",
                GUICHET,
                "--profil",
                "guichet",
            ],
            "",
        )?,
        "mot_de_passe",
    )?;
    let job = json!({
        "url": server.url(),
        "demande": phone.run(["demande"])?.expect(0)?.json()?.get("id"),
        "piece": letter.and_then(|piece| piece.get("id")),
        "agent": { "courriel": "claire.moreau@valmont.example", "mot_de_passe": agent },
        "dossier": root().join(TO),
    });
    draw(&job)?;
    for name in ["guichet-travail.png", "guichet-demande.png", "guichet-piece.jpg"] {
        let bytes = fs::metadata(root().join(TO).join(name))?.len();
        ensure!(bytes <= PICTURE_BYTES_MAX, "{TO}/{name} pèse {bytes} octets, {PICTURE_BYTES_MAX} au plus");
        println!("{TO}/{name} : {} Ko", bytes.div_ceil(1_000));
    }
    Ok(())
}

/// Imports the examples, with the Dalo facts that few demandes have, and gives a device of the household.
fn household(server: &Server) -> Result<Phone> {
    let examples = root().join("server/exemples");
    server.admin(&["importer-guichets", &examples.join("guichets.csv").to_string_lossy()], "")?;
    let mut demandes: Value = serde_json::from_slice(&fs::read(examples.join("demandes.json"))?)?;
    let first =
        demandes.get_mut(0).and_then(Value::as_object_mut).context("no demande among the examples")?;
    first.insert(
        "dalo".to_owned(),
        json!({
            "statut": "Reconnu prioritaire",
            "decision_le": "2026-03-12",
            "diagnostic_social": true,
            "accompagnement_social": false,
            "typologie": "T3",
            "modifie_le": "2026-03-12",
        }),
    );
    let file = server.scratch().join("demandes.json");
    fs::write(&file, demandes.to_string())?;
    server.admin(&["importer-demandes", &file.to_string_lossy()], "")?;
    let code = created(&server.admin(&["emettre-code", "--json"], &format!("{NUMERO}\n"))?, "code")?;
    let phone = Phone::new(server.scratch().join("telephone"), server.url());
    phone.sign_in(NUMERO, &code)?;
    Ok(phone)
}

/// What an administration command has made.
fn created(answer: &str, name: &str) -> Result<String> {
    let answer: Value = serde_json::from_str(answer)?;
    Ok(answer.get(name).and_then(Value::as_str).with_context(|| format!("no {name}"))?.to_owned())
}

/// Lets the browser draw.
fn draw(job: &Value) -> Result<()> {
    let folder: &Path = &root().join("tests/navigateur");
    let mut node = Command::new("node")
        .arg("ecrans.mjs")
        .current_dir(folder)
        .stdin(Stdio::piped())
        .spawn()
        .context("node")?;
    node.stdin.take().context("no input")?.write_all(job.to_string().as_bytes())?;
    ensure!(node.wait()?.success(), "ecrans.mjs a échoué : voir ci-dessus");
    Ok(())
}

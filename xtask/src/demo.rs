//! `cargo xtask demo`: the whole way of a document, for somebody who has just cloned the repository.
//!
//! It builds the programs (development profile: a newcomer waits least; the libraries that compute are optimised in
//! it all the same), starts the server on a temporary folder and this machine's loopback, makes an invented household
//! and an agent known to it, deposits two photos and a PDF with the command line `ma-demande`, cuts the line in the
//! middle of one and lets it go on, then shows what became of each. The counter stays open until Ctrl-C.

use std::{fs, path::PathBuf, sync::mpsc, time::Instant};

use anyhow::{Context as _, Result, ensure};
use harness::{Counter, CuttingProxy, Fault, Household, Phone, Server, sample, wait_until};
use serde_json::Value;

use crate::command::cargo;

/// How much of the payslip's photo passes before the line is cut, in bytes: about half of what is sent.
const CUT_AT_BYTES: u64 = 70_000;

/// The command line's exit code for a deposit that will go on when it is asked to.
const EXIT_NETWORK: i32 = 5;

/// One document of the demo.
pub(crate) struct Document {
    pub(crate) file: &'static str,
    pub(crate) rubrique: &'static str,
    pub(crate) type_piece: &'static str,
    what: &'static str,
    cut: bool,
}

pub(crate) const DOCUMENTS: [Document; 3] = [
    Document {
        file: "A_12.jpg",
        rubrique: "logement_actuel",
        type_piece: "attestation_hebergement",
        what: "photo d’une lettre (12 mégapixels)",
        cut: false,
    },
    Document {
        file: "B_12.jpg",
        rubrique: "ressources_mensuelles",
        type_piece: "bulletin_salaire",
        what: "photo d’un bulletin de salaire (12 mégapixels)",
        cut: true,
    },
    Document {
        file: "page_C.pdf",
        rubrique: "revenu_fiscal",
        type_piece: "avis_imposition",
        what: "avis d’imposition en PDF",
        cut: false,
    },
];

/// Runs the demo; with `once`, ends where it would wait for Ctrl-C.
pub(crate) fn run(once: bool) -> Result<()> {
    println!("Construction des programmes (la première fois, quelques minutes)…");
    build_programs()?;
    let start = Instant::now();

    println!("\nLe serveur démarre sur un dossier temporaire ; il connaît un ménage inventé et un agent.");
    let server = Server::start()?;
    let household = Household::import(&server, 1)?;
    let counter = Counter::open(&server, 1)?;
    let gestionnaire = Counter::open_as(&server, 1, "gestionnaire_territorial")?;
    let assistance = Counter::open_as(&server, 1, "assistance_nationale")?;
    let line = CuttingProxy::start(server.addr()?)?;
    let phone = household.phone(&server, &line.url())?;

    for document in &DOCUMENTS {
        deposit(&phone, &line, document)?;
    }

    let pieces = wait_until("le contrôle des trois documents", || {
        let pieces = list(&phone)?;
        Ok((pieces.len() == DOCUMENTS.len() && pieces.iter().all(is_disponible)).then_some(pieces))
    })?;
    print_sizes(&pieces)?;
    println!(
        "\nTrois documents déposés, contrôlés et consultables en {:.1} s.",
        start.elapsed().as_secs_f64()
    );

    println!("\nLe guichet, dans un navigateur :");
    println!("  adresse        {}/guichet", server.url());
    for (who, counter) in
        [("guichet", &counter), ("gestionnaire", &gestionnaire), ("assistance", &assistance)]
    {
        println!("  {who:<13}  {}   mot de passe {}", counter.courriel, counter.mot_de_passe);
    }
    println!("  numéro unique  {}   (à rechercher)", household.numero);
    println!("\nLe demandeur, dans un terminal :");
    println!("  target/debug/ma-demande --serveur {} connexion", server.url());
    println!("  code           {}", household.code);
    if once {
        return Ok(());
    }
    println!("\nCtrl-C arrête le serveur et efface le dossier temporaire.");
    wait_for_ctrl_c()
}

/// Builds what runs: the server, its inspecteur, the command line.
pub(crate) fn build_programs() -> Result<()> {
    let packages = ["ma-demande-server", "ma-demande-inspecteur", "ma-demande-cli"];
    let packages = packages.iter().flat_map(|package| ["--package", package]);
    cargo(&["build", "--locked", "--bins"].into_iter().chain(packages).collect::<Vec<_>>())
}

fn deposit(phone: &Phone, line: &CuttingProxy, document: &Document) -> Result<()> {
    println!("\n• {} — {}", document.file, document.what);
    if document.cut {
        line.arm(Fault::Disconnect { method: "PATCH", bytes: CUT_AT_BYTES });
    }
    let file = sample(document.file).into_os_string();
    let facts = ["--rubrique", document.rubrique, "--type", document.type_piece, "--personne", "demandeur"];
    let outcome = phone.run(["deposer".into(), file].into_iter().chain(facts.map(Into::into)))?;
    if document.cut {
        ensure!(line.struck() == 1, "la ligne n’a pas été coupée");
        outcome.expect(EXIT_NETWORK)?;
        println!("  ligne coupée après {} ; le document attend dans la file.", octets(CUT_AT_BYTES));
        line.reconnect();
        phone.run(["file", "envoyer"])?.expect(0)?;
        println!("  ligne rétablie ; l’envoi a repris où il en était.");
    } else {
        outcome.expect(0)?;
    }
    println!("  déposé.");
    Ok(())
}

pub(crate) fn list(phone: &Phone) -> Result<Vec<Value>> {
    let listed = phone.run(["lister"])?.expect(0)?.json()?;
    listed.get("justificatifs").and_then(Value::as_array).cloned().context("la liste n’est pas lisible")
}

pub(crate) fn is_disponible(piece: &Value) -> bool {
    piece.pointer("/controle/etat").and_then(Value::as_str) == Some("disponible")
}

fn print_sizes(pieces: &[Value]) -> Result<()> {
    println!("\n{:<12} {:>12} {:>12}   état", "document", "choisi", "envoyé");
    for document in &DOCUMENTS {
        let path: PathBuf = sample(document.file);
        let text = |piece: &Value, at: &str| piece.pointer(at).and_then(Value::as_str).map(str::to_owned);
        let piece = pieces
            .iter()
            .find(|piece| text(piece, "/type").as_deref() == Some(document.type_piece))
            .with_context(|| format!("{} n’est pas dans la liste", document.file))?;
        let sent = piece.get("taille").and_then(Value::as_u64).context("une pièce sans taille")?;
        println!(
            "{:<12} {:>12} {:>12}   {}",
            document.file,
            octets(fs::metadata(path)?.len()),
            octets(sent),
            text(piece, "/mot/mot").unwrap_or_default()
        );
    }
    Ok(())
}

/// A size as people read it.
fn octets(bytes: u64) -> String {
    format!("{} Ko", bytes.div_ceil(1_000))
}

/// Waits for Ctrl-C; the caller then ends in order, so that the server is stopped and its folder removed.
fn wait_for_ctrl_c() -> Result<()> {
    let (sender, receiver) = mpsc::channel();
    ctrlc::set_handler(move || {
        let _ = sender.send(());
    })?;
    receiver.recv().context("l’attente de Ctrl-C")
}

//! What is done with this repository, one word each: `cargo xtask demo` shows the whole way of a document,
//! `cargo xtask test` checks everything that a change must pass.

mod apk;
mod child;
mod command;
mod corpus;
mod demo;
mod ecrans;
mod emulateur;
mod fuzz;
mod kotlin;
mod postgresql;
mod race;
mod soak;
mod test;
mod tools;

use std::process::ExitCode;

use anyhow::{Result, bail};

const USAGE: &str = "\
cargo xtask apk             fait, vérifie et essaie les paquets de l’app ; --abi NOM, --cle FICHIER, --parametres DOSSIER : voir README
cargo xtask corpus [DOSSIER]  fait passer chaque fichier d’un dossier par l’inspection et la préparation, sous limites ;
                            sans dossier : les échantillons du projet et des fichiers hostiles
cargo xtask demo [--once]   montre le chemin d’un document, du téléphone au guichet ; --once : s’arrête à la fin
cargo xtask ecrans          dessine chaque écran de l’application dans target/ecrans : clair, sombre, grand, anglais, de droite à gauche
cargo xtask ecrans guichet  dessine dans docs/images les pages du guichet que README montre
cargo xtask emulateur [--serial N]  joue les parcours sur un téléphone ou un émulateur, par adb ; 3 : il n’y en a pas
cargo xtask fuzz [CIBLE] [--minutes N]  cherche, au hasard guidé, des octets que le moteur de documents lit mal
cargo xtask kotlin          construit la bibliothèque du téléphone et son Kotlin, et lance leurs tests ; --sources : sans les tests
cargo xtask postgresql      lance les tests du serveur sur PostgreSQL et S3, démarrés pour eux
cargo xtask race photo      compare la préparation d’une photo à ce qui pourrait la remplacer : temps, mémoire, octets, lisibilité
cargo xtask race server     compare notre serveur à tusd, rustus et nginx : envois par seconde, processeur, mémoire
cargo xtask race liste [DEMANDES]  compare la liste d’une demande dans une base de deux millions de demandes (ou tant) et une petite
cargo xtask soak ESSAI [FOIS]  éprouve longuement ce que le serveur promet : appels (chaque appel système échoue ou tue),
                            arret (SIGTERM sous charge), courant (coupé dans une machine virtuelle), disque (plein),
                            lents (connexions qui traînent), reseau (qui coupe), tuer (kill -9 n’importe quand)
cargo xtask test            vérifie tout : format, clippy, licences, tests unitaires et de bout en bout, corpus, app et son paquet,
                            clients indépendants de tus, essais de tusd, clamd, testssl.sh";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask : {error:#}");
            if error.is::<emulateur::NoEmulator>() {
                return ExitCode::from(emulateur::NO_EMULATOR_CODE);
            }
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["apk", options @ ..] => apk::run(options),
        ["corpus"] => corpus::run_short(),
        ["corpus", folder] => corpus::run(folder),
        ["demo"] => demo::run(false),
        ["demo", "--once"] => demo::run(true),
        ["ecrans"] => ecrans::run_drawing(),
        ["ecrans", "guichet"] => ecrans::run_guichet(),
        ["emulateur"] => emulateur::run(None),
        ["emulateur", "--serial", serial] => emulateur::run(Some(serial)),
        ["fuzz", rest @ ..] => fuzz::run(rest),
        ["kotlin"] => kotlin::run_tests(),
        ["kotlin", "--sources"] => kotlin::sources(),
        ["postgresql"] => postgresql::run(),
        ["race", "liste"] => race::liste(None),
        ["race", "liste", demandes] => race::liste(Some(demandes)),
        ["race", "photo"] => race::photo(),
        ["race", "server"] => race::server(),
        ["soak", essai] => soak::run(essai, None),
        ["soak", essai, fois] => soak::run(essai, Some(fois)),
        ["test"] => test::run(),
        _ => bail!("usage :\n{USAGE}"),
    }
}

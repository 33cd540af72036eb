//! `ma-demande-inspecteur < document`: see the library's story.

use std::{env, process::ExitCode};

use inspecteur::{Mode, Panne, run};

/// Exit codes, after sysexits.h where it has a word. The server treats every one but 0 alike: it asks again with a
/// document it knows, to tell a bad machine from a bad document.
const EXIT_USAGE: u8 = 64;
const EXIT_PANIC: u8 = 70;
const EXIT_IO: u8 = 74;
const EXIT_CONFINEMENT: u8 = 78;

const USAGE: &str = "ma-demande-inspecteur lit un document sur l’entrée standard et écrit son verdict (une ligne \
JSON), puis les images de ses pages, sur la sortie standard.\n\
Il s’enferme avant de lire, et exige un environnement vide : env -i ma-demande-inspecteur < document | head -n 1\n\
Il n’écrit que dans un tube, jamais dans un fichier.\n\
--sans-confinement : ne pas s’enfermer. Jamais pour un document reçu d’autrui.";

fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1);
    let mode = match (arguments.next(), arguments.next()) {
        (None, _) => Mode::Confine,
        (Some(flag), None) if flag == "--sans-confinement" => Mode::SansConfinement,
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(EXIT_USAGE);
        }
    };
    let Err(panne) = run(mode) else { return ExitCode::SUCCESS };
    eprintln!("ma-demande-inspecteur : {panne}");
    ExitCode::from(match panne {
        Panne::Panique => EXIT_PANIC,
        Panne::Flux(_) => EXIT_IO,
        Panne::Confinement(_) | Panne::Fil(_) => EXIT_CONFINEMENT,
    })
}

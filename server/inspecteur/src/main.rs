//! `ma-demande-inspecteur < document`: see the library's story.

use std::{env, process::ExitCode};

use inspecteur::{Mode, Panne, Travail, run};
use wire::inspection::Masque;

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
--preparer [page,gauche,haut,droite,bas ...] : écrire aussi, après le verdict, le document tel qu’un téléphone l’aurait \
préparé, ces rectangles noircis (en dix-millièmes des côtés de la page).\n\
--sans-confinement : ne pas s’enfermer. Jamais pour un document reçu d’autrui.";

fn main() -> ExitCode {
    let arguments: Vec<String> =
        env::args_os().skip(1).map(|argument| argument.to_string_lossy().into_owned()).collect();
    let Some((mode, travail)) = understand(&arguments) else {
        eprintln!("{USAGE}");
        return ExitCode::from(EXIT_USAGE);
    };
    let Err(panne) = run(mode, travail) else { return ExitCode::SUCCESS };
    eprintln!("ma-demande-inspecteur : {panne}");
    ExitCode::from(match panne {
        Panne::Panique => EXIT_PANIC,
        Panne::Flux(_) => EXIT_IO,
        Panne::Confinement(_) | Panne::Fil(_) => EXIT_CONFINEMENT,
    })
}

/// None where the arguments mean nothing.
fn understand(arguments: &[String]) -> Option<(Mode, Travail)> {
    let (mode, rest) = match arguments {
        [flag, rest @ ..] if flag == "--sans-confinement" => (Mode::SansConfinement, rest),
        rest => (Mode::Confine, rest),
    };
    match rest {
        [] => Some((mode, Travail::Inspecter)),
        [flag, masques @ ..] if flag == "--preparer" => {
            let masques: Result<Vec<Masque>, _> = masques.iter().map(|masque| masque.parse()).collect();
            Some((mode, Travail::Preparer(masques.ok()?)))
        }
        _ => None,
    }
}

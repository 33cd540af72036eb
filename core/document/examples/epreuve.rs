//! One file through inspection and preparation, alone in its process, so that `cargo xtask corpus` can limit and measure
//! it: `epreuve FICHIER DOSSIER`, the folder empty. Writes `accepte` or the code of the refusal. Ends with 101 at the
//! first panic, caught or not, and with 3 where a promise was broken.

use std::{
    panic,
    path::Path,
    process::{self, ExitCode},
};

#[path = "../tests/common/promesses.rs"]
mod promesses;

use promesses::Outcome;

/// As Rust's own programs end when they panic.
const EXIT_PANIC: i32 = 101;

const EXIT_BROKEN: u8 = 3;

const EXIT_USAGE: u8 = 2;

fn main() -> ExitCode {
    let tell = panic::take_hook();
    panic::set_hook(Box::new(move |what| {
        tell(what);
        process::exit(EXIT_PANIC);
    }));
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let [source, folder] = arguments.as_slice() else { return ExitCode::from(EXIT_USAGE) };
    match promesses::keep(Path::new(source), Path::new(folder)) {
        Ok(Outcome::Accepted) => println!("accepte"),
        Ok(Outcome::Refused(raison)) => println!("{}", raison.code()),
        Ok(Outcome::PlatformOnly) => println!("decodeur_du_telephone"),
        Err(broken) => {
            eprintln!("{broken}");
            return ExitCode::from(EXIT_BROKEN);
        }
    }
    ExitCode::SUCCESS
}

//! Tries one thing a parser taken over by a hostile document would try, behind the walls asked for: the confinement's
//! tests run it. `tentative MURS ACTE [ARGUMENT]`; exit code 0 when the act worked, the system's error number when it
//! was refused; or the process dies.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    net::TcpStream,
    os::unix::{net::UnixStream, process::CommandExt},
    process::{Command, ExitCode},
    thread,
};

use inspecteur::confinement::{Limits, filter_calls, forbid_paths_and_network, limit_resources};
use rustix::process::{Pid, Resource, Rlimit};

/// Says that the act failed, but not by the system's refusal.
const EXIT_STRANGE: u8 = 255;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [walls, act, rest @ ..] = arguments.as_slice() else { return ExitCode::from(EXIT_STRANGE) };
    put_up(walls);
    match attempt(act, rest.first().map_or("", String::as_str)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            ExitCode::from(error.raw_os_error().and_then(|n| u8::try_from(n).ok()).unwrap_or(EXIT_STRANGE))
        }
    }
}

fn put_up(walls: &str) {
    let limits = Limits { cpu_seconds: 1, ..Limits::INSPECTION };
    let done = match walls {
        "aucun" => Ok(()),
        "landlock" => forbid_paths_and_network(),
        "limites" => limit_resources(&limits),
        "seccomp" => filter_calls(),
        _ => forbid_paths_and_network().and_then(|()| limit_resources(&limits)).and_then(|()| filter_calls()),
    };
    if let Err(error) = done {
        eprintln!("{error}");
        std::process::exit(EXIT_STRANGE.into());
    }
}

fn attempt(act: &str, argument: &str) -> io::Result<()> {
    match act {
        // The honest work: memory, a line out.
        "calculer" => {
            let sum: u64 = (0..10_000_000_u64).collect::<Vec<_>>().iter().sum();
            writeln!(io::stdout(), "{sum}")
        }
        "ouvrir" => File::open(argument).map(drop),
        "creer" => File::create(argument).map(drop),
        "supprimer" => fs::remove_file(argument),
        "lister" => fs::read_dir(argument).map(drop),
        "lire-environnement" => fs::read("/proc/self/environ").map(drop),
        // Its standard output is a file.
        "ecrire-sortie" => io::stdout().write_all(b"x\n"),
        // Standard output stands for a descriptor inherited by mistake.
        "lire-autre-descripteur" => {
            rustix::io::read(io::stdout(), &mut [0_u8; 1]).map(drop).map_err(io::Error::from)
        }
        "connecter" => TcpStream::connect(argument).map(drop),
        "connecter-unix" => UnixStream::connect(argument).map(drop),
        "executer" => Err(Command::new("/bin/true").exec()),
        "engendrer" => Command::new("/bin/true").spawn()?.wait().map(drop),
        "fil" => thread::Builder::new().spawn(|| ()).map(drop),
        "signaler" => {
            let process = argument.parse().ok().and_then(Pid::from_raw).ok_or(io::ErrorKind::InvalidInput)?;
            Ok(rustix::process::test_kill_process(process)?)
        }
        "relever" => Ok(rustix::process::setrlimit(
            Resource::Fsize,
            Rlimit { current: Some(1 << 20), maximum: Some(1 << 20) },
        )?),
        "allouer" => Vec::<u8>::new()
            .try_reserve_exact(argument.parse().map_err(io::Error::other)?)
            .map_err(|_| io::Error::from_raw_os_error(libc::ENOMEM)),
        "tourner" => loop {
            std::hint::spin_loop();
        },
        "lire-entree" => io::stdin().read_to_end(&mut Vec::new()).map(drop),
        _ => Err(io::ErrorKind::Unsupported.into()),
    }
}

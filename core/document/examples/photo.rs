//! One photo prepared, and nothing else: `photo PHOTO SORTIE`. The command line also looks for the sheet and for a code,
//! which nobody else in `cargo xtask race photo` does.

use std::{env, process::ExitCode, sync::atomic::AtomicBool};

use document::{Plan, preparer};

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    let [photo, out] = arguments.as_slice() else { return ExitCode::from(2) };
    match preparer(&Plan::of_files([photo]), out.as_ref(), &mut |_| {}, &AtomicBool::new(false)) {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

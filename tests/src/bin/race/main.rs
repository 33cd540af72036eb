//! `cargo xtask race server` and `cargo xtask race liste`: our server beside what could be used instead of it, and a full
//! base beside a small one.
//!
//! It is built optimised, beside the server, so that whoever makes the load takes little of the machine from those who
//! carry it. `upload` tells the race of uploads, `listing` that of lists. Nothing fails for being slow: these are measures,
//! not checks. What fails is an upload that was refused, or a byte that was kept otherwise than it was sent.

mod content;
mod contestants;
mod disk;
mod idle;
mod line;
mod listing;
mod people;
mod process;
mod report;
mod upload;

use anyhow::{Result, bail};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["server", photos, tools] => upload::run(photos.as_ref(), tools.as_ref()),
        ["liste", demandes] => listing::run(demandes.parse()?),
        _ => bail!("see cargo xtask race"),
    }
}

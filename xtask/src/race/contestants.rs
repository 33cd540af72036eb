//! Who takes part, each used as somebody who knows it would: decoded at a fraction where it can, sampled 4:2:0, Huffman
//! tables optimised, metadata dropped.

use std::{path::Path, process::Command};

use crate::command::root;

/// A photo to prepare.
pub(crate) struct Job<'a> {
    pub(crate) photo: &'a Path,
    pub(crate) out: &'a Path,
    /// The photo's long side, in pixels.
    pub(crate) long: u32,
    pub(crate) quality: u8,
}

/// The long side of what is made, in pixels: half of 12 megapixels', a quarter of 48's.
pub(crate) const SIDE_PIXELS: u32 = 2_016;

/// One who takes part.
pub(crate) struct Contestant {
    /// As shown.
    pub(crate) name: &'static str,
    /// Where its results go.
    pub(crate) folder: &'static str,
    /// Whether the quality can be chosen.
    pub(crate) takes_quality: bool,
    pub(crate) command: fn(&Job) -> Command,
}

/// Which of the contestants is ours.
pub(crate) const OURS: usize = 0;

/// The baseline in C.
pub(crate) const BASELINE: usize = 1;

/// The one that careful programmers take.
pub(crate) const VIPS: usize = 2;

/// All who take part.
pub(crate) const CONTESTANTS: [Contestant; 6] = [
    Contestant { name: "ma-demande", folder: "nous", takes_quality: false, command: ours },
    Contestant { name: "djpeg | cjpeg", folder: "djpeg", takes_quality: true, command: baseline },
    Contestant { name: "vipsthumbnail", folder: "vips", takes_quality: true, command: vips },
    Contestant { name: "Pillow", folder: "pillow", takes_quality: true, command: pillow },
    Contestant { name: "ImageMagick", folder: "imagemagick", takes_quality: true, command: image_magick },
    Contestant { name: "crate image", folder: "image", takes_quality: true, command: naive },
];

fn ours(job: &Job) -> Command {
    let mut command = Command::new(root().join("target/release/examples/photo"));
    command.arg(job.photo).arg(job.out);
    command
}

/// Without turning the photo, which the others do. Its tables are those of the standard, as whoever pipes the two writes
/// it: optimising would cost it a tenth more.
fn baseline(job: &Job) -> Command {
    let eighths = (SIDE_PIXELS * 8).div_ceil(job.long);
    let mut command = Command::new("sh");
    command
        .args(["-c", r#"djpeg -scale "$1/8" "$2" | cjpeg -quality "$3" -outfile "$4""#, "sh"])
        .arg(eighths.to_string())
        .arg(job.photo)
        .arg(job.quality.to_string())
        .arg(job.out);
    command
}

fn vips(job: &Job) -> Command {
    let mut command = Command::new("vipsthumbnail");
    let out = format!("{}[Q={},strip,optimize_coding]", job.out.display(), job.quality);
    command.arg(job.photo).args(["--size", &format!("{SIDE_PIXELS}x{SIDE_PIXELS}"), "-o", &out]);
    command
}

fn pillow(job: &Job) -> Command {
    let mut command = Command::new(root().join("target/race-venv/bin/python"));
    command
        .arg(root().join("tests/race/pillow_thumbnail.py"))
        .arg(job.photo)
        .arg(job.out)
        .args([SIDE_PIXELS.to_string(), job.quality.to_string()]);
    command
}

fn image_magick(job: &Job) -> Command {
    let size = format!("{SIDE_PIXELS}x{SIDE_PIXELS}");
    let mut command = Command::new("convert");
    command
        .args(["-define", &format!("jpeg:size={size}")])
        .arg(job.photo)
        .args(["-auto-orient", "-resize", &size, "-strip", "-sampling-factor", "4:2:0"])
        .args(["-quality", &job.quality.to_string()])
        .arg(job.out);
    command
}

fn naive(job: &Job) -> Command {
    let mut command = Command::new(root().join("target/release/examples/photo_naive"));
    command.arg(job.photo).arg(job.out).args([SIDE_PIXELS.to_string(), job.quality.to_string()]);
    command
}

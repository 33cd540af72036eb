//! What a prepared photo is worth: its bytes, its likeness to the photo made as small without loss, the words read of
//! it.

use std::{
    collections::HashMap,
    fs,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Result, anyhow, ensure};
use image::{DynamicImage, ImageDecoder as _, ImageReader, imageops::FilterType};
use ssimulacra2::{ColorPrimaries, Rgb, TransferCharacteristic, compute_frame_ssimulacra2};

use super::{contestants::SIDE_PIXELS, photos::Photo};

/// What a photo shows, and how well it can be read as it is.
pub(crate) struct Page {
    /// Each word that stands on the page, and how often.
    words: HashMap<String, u32>,
    /// The photo upright, at the size of what is made of it.
    reference: DynamicImage,
    /// Words read of the photo itself, in percent.
    pub(crate) recall_of_photo: f64,
}

/// What was seen of a prepared photo.
pub(crate) struct Look {
    pub(crate) bytes: f64,
    /// SSIMULACRA2 beside the reference: 90 cannot be told from it, 50 is a medium quality.
    pub(crate) similarity: f64,
    /// Words read, in percent.
    pub(crate) recall: f64,
}

impl Page {
    pub(crate) fn of(photo: &Photo) -> Result<Self> {
        let picture = standing(&photo.path)?;
        let reference = picture.resize(SIDE_PIXELS, SIDE_PIXELS, FilterType::Lanczos3);
        let words = counted(&fs::read_to_string(&photo.text)?);
        let mut page = Self { words, reference, recall_of_photo: 0.0 };
        page.recall_of_photo = page.recall_of(&picture)?;
        Ok(page)
    }

    /// Looks at what a contestant made of the photo.
    pub(crate) fn look_at(&self, out: &Path) -> Result<Look> {
        let picture = standing(out)?;
        ensure!(
            (picture.width(), picture.height()) == (self.reference.width(), self.reference.height()),
            "{} a une autre taille que les autres",
            out.display()
        );
        let similarity = compute_frame_ssimulacra2(in_floats(&self.reference)?, in_floats(&picture)?)?;
        Ok(Look { bytes: bytes_of(out)?, similarity, recall: self.recall_of(&picture)? })
    }

    /// How many of the page's words an OCR reads of a picture, in percent. Their order does not count.
    pub(crate) fn recall_of(&self, picture: &DynamicImage) -> Result<f64> {
        let file = tempfile::Builder::new().suffix(".png").tempfile()?;
        picture.save(file.path())?;
        let output = Command::new("tesseract")
            .arg(file.path())
            .args(["stdout", "-l", "fra"])
            .env("OMP_THREAD_LIMIT", "1")
            .stderr(Stdio::null())
            .output()?;
        ensure!(output.status.success(), "tesseract : {}", output.status);
        let read = counted(&String::from_utf8(output.stdout)?);
        let found = self.words.iter().map(|(word, count)| *count.min(read.get(word).unwrap_or(&0)));
        Ok(100.0 * f64::from(found.sum::<u32>()) / f64::from(self.words.values().sum::<u32>()))
    }
}

fn counted(text: &str) -> HashMap<String, u32> {
    text.split_whitespace().fold(HashMap::new(), |mut words, word| {
        *words.entry(word.to_owned()).or_default() += 1;
        words
    })
}

/// The picture in a JPEG, upright. All pages stand, and all photos are stored lying, the page's head to the left: one that
/// still lies was not turned.
pub(crate) fn standing(jpeg: &Path) -> Result<DynamicImage> {
    let mut decoder = ImageReader::open(jpeg)?.into_decoder()?;
    let orientation = decoder.orientation()?;
    let mut picture = DynamicImage::from_decoder(decoder)?;
    picture.apply_orientation(orientation);
    Ok(if picture.width() > picture.height() { picture.rotate90() } else { picture })
}

/// A file's size.
pub(crate) fn bytes_of(file: &Path) -> Result<f64> {
    let bytes = u32::try_from(fs::metadata(file)?.len())?;
    Ok(f64::from(bytes))
}

fn in_floats(picture: &DynamicImage) -> Result<Rgb> {
    let floats = picture.to_rgb32f();
    let (width, height) = (floats.width(), floats.height());
    let pixels = floats.pixels().map(|pixel| pixel.0).collect();
    let rgb = Rgb::new(
        pixels,
        usize::try_from(width)?,
        usize::try_from(height)?,
        TransferCharacteristic::SRGB,
        ColorPrimaries::BT709,
    );
    rgb.map_err(|error| anyhow!("{error:?}"))
}

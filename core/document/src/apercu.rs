//! Pictures of a document's pages, for whoever looks at it: a small JPEG made by us, upright and on white paper, in
//! place of foreign bytes.
//!
//! A photo takes the way of a photo to send, at another size. A page of a PDF is drawn by `hayro`, fonts that the file
//! lacks replaced by its own. What can go wrong: a page that is not there, has no size, or holds a picture too large
//! to be drawn; a renderer that panics. Then that page has no picture, and the others are as good as before.
//!
//! Pixels drawn, pictures inside and pages are limited here; how long a page may take is its caller's affair, because
//! only a process can be stopped. [`Apercus`] opens no file and starts no thread: it runs in the server's sandbox, whose
//! caller gives it 16 MiB of stack. [`apercu_fichier`] does both for the phone.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::Arc,
};

use hayro::{
    PixmapSettings, RenderCache, RenderSettings,
    hayro_interpret::InterpreterSettings,
    hayro_syntax::{
        Pdf,
        object::{Object, dict::Dict, dict::keys},
        page::Page,
    },
    vello_cpu::color::palette::css::WHITE,
};
use wire::{MediaType, RaisonRefus, limites};

use crate::{
    ErreurInspection,
    inspecter::{apart, read_source, sniff},
    photo,
    sortie::write_atomically,
};

/// Longest side of a preview, in pixels: a page of A4 at 200 dots an inch, above which nobody reads more on a screen.
const SIDE_PIXELS_MAX: u32 = 2_400;

/// Most pixels for each of a PDF's points: a visiting card is not blown up to the size of a page.
const PIXELS_PER_POINT_MAX: f32 = 4.0;

/// Most pixels of one picture inside a PDF, which is unpacked whole to four bytes each: a page of A4 scanned at 600
/// dots an inch has 35 million.
const PICTURE_PIXELS_MAX: u64 = 40_000_000;

/// A document whose pages can be drawn.
pub struct Apercus(Source);

enum Source {
    Photo(Vec<u8>, MediaType),
    Pdf(Box<Pdf>),
}

/// A drawn page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Apercu {
    /// The picture, without metadata.
    pub jpeg: Vec<u8>,
    /// Its width and height, in pixels.
    pub size: (u32, u32),
}

impl Apercus {
    /// Opens a document that [`crate::inspecter_octets`] found fit.
    pub fn open(bytes: Vec<u8>) -> Result<Self, RaisonRefus> {
        match sniff(&bytes)? {
            None => Err(RaisonRefus::HeicNonConvertible),
            Some(MediaType::Pdf) => open_pdf(bytes).map(Box::new).map(Source::Pdf).map(Self),
            Some(media_type) => Ok(Self(Source::Photo(bytes, media_type))),
        }
    }

    /// How many pages there are to draw.
    pub fn pages(&self) -> u32 {
        match &self.0 {
            Source::Photo(..) => 1,
            Source::Pdf(pdf) => u32::try_from(pdf.pages().len()).unwrap_or(u32::MAX).min(limites::PAGES_MAX),
        }
    }

    /// Draws a page, counted from 1, with a long side of `side` pixels or less.
    pub fn page(&self, page: u32, side: u32) -> Result<Apercu, RaisonRefus> {
        if page == 0 || page > self.pages() {
            return Err(RaisonRefus::AucunePage);
        }
        let side = side.clamp(1, SIDE_PIXELS_MAX);
        match &self.0 {
            Source::Photo(bytes, media_type) => photo::preview(bytes, *media_type, side),
            Source::Pdf(pdf) => {
                let index = usize::try_from(page - 1).unwrap_or(usize::MAX);
                let page = pdf.pages().get(index).ok_or(RaisonRefus::AucunePage)?;
                // The renderer owns nothing that outlives it.
                let drawn = catch_unwind(AssertUnwindSafe(|| draw(page, side)));
                drawn.unwrap_or(Err(RaisonRefus::NonVerifiable))
            }
        }
        .map(|(jpeg, size)| Apercu { jpeg, size })
    }
}

/// Draws a page, counted from 1, of the file at `path`, as a JPEG at `out`; gives its width and height. Whatever the
/// failure, nothing is left at `out` that was not there.
pub fn apercu_fichier(path: &Path, page: u32, side: u32, out: &Path) -> Result<(u32, u32), ErreurInspection> {
    let bytes = read_source(path)?;
    let apercu = apart(|| Apercus::open(bytes)?.page(page, side))??;
    write_atomically(out, &apercu.jpeg)?;
    Ok(apercu.size)
}

fn open_pdf(bytes: Vec<u8>) -> Result<Pdf, RaisonRefus> {
    let opened = catch_unwind(|| {
        let pdf = Pdf::new(Arc::new(bytes)).map_err(|_| RaisonRefus::Illisible)?;
        if pdf.objects().into_iter().any(|object| is_too_large(&object)) {
            return Err(RaisonRefus::TropDePixels);
        }
        Ok(pdf)
    });
    opened.unwrap_or(Err(RaisonRefus::NonVerifiable))
}

/// Whether an object is a picture that declares more pixels than may be unpacked.
fn is_too_large(object: &Object<'_>) -> bool {
    let Object::Stream(stream) = object else { return false };
    let side = |dict: &Dict<'_>, key: &[u8]| dict.get::<u32>(key).map_or(0, u64::from);
    let dict = stream.dict();
    side(dict, keys::WIDTH).saturating_mul(side(dict, keys::HEIGHT)) > PICTURE_PIXELS_MAX
}

fn draw(page: &Page<'_>, side: u32) -> Result<(Vec<u8>, (u32, u32)), RaisonRefus> {
    let (width, height) = page.render_dimensions();
    let long = width.max(height);
    if !(width > 0.0 && height > 0.0 && long.is_finite()) {
        return Err(RaisonRefus::Illisible);
    }
    #[expect(clippy::cast_precision_loss, reason = "a side has four digits")]
    let scale = (side as f32 / long).min(PIXELS_PER_POINT_MAX);
    // The renderer cuts fractions of a pixel off: half a pixel more gives the nearest whole number, and at least one.
    let enlarged = |length: f32| ((length * scale).round().max(1.0) + 0.5) / length;
    let settings = PixmapSettings { x_scale: enlarged(width), y_scale: enlarged(height), bg_color: WHITE };
    let drawn = hayro::render(
        page,
        &RenderCache::new(),
        &InterpreterSettings::default(),
        &RenderSettings::default(),
        &settings,
    );
    // Laid on white, every pixel is opaque: its colours are as they are.
    let pixels = drawn.data().iter().map(|pixel| [pixel.r, pixel.g, pixel.b]);
    photo::jpeg_of_rgb(drawn.width().into(), drawn.height().into(), pixels)
}

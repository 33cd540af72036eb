//! One page of a PDF as pixels.

use hayro::{
    PixmapSettings, RenderCache, RenderSettings,
    hayro_interpret::InterpreterSettings,
    hayro_syntax::Pdf,
    vello_cpu::{Pixmap, color::palette::css::WHITE},
};
use wire::{RaisonRefus, limites};

/// A page, drawn upright on white.
pub(crate) struct Page {
    pixmap: Pixmap,
    /// Width and height in pixels.
    pub(crate) size: (usize, usize),
    /// Width and height in points of 1/72 inch.
    pub(super) points: (f32, f32),
}

impl Page {
    /// Red, green and blue, row by row.
    pub(crate) fn pixels(&self) -> impl Iterator<Item = [u8; 3]> + '_ {
        // On white nothing is transparent, so that a colour multiplied by its opacity is the colour.
        self.pixmap.data().iter().map(|pixel| [pixel.r, pixel.g, pixel.b])
    }
}

/// Draws the only page of this PDF, as large as a prepared photo.
pub(super) fn page(pdf: Vec<u8>) -> Result<Page, RaisonRefus> {
    let pdf = Pdf::new(pdf).map_err(|_| RaisonRefus::NonVerifiable)?;
    let [page] = pdf.pages().as_ref() else { return Err(RaisonRefus::NonVerifiable) };
    let points = page.render_dimensions();
    #[expect(clippy::cast_precision_loss, reason = "2,000")]
    let scale = limites::PREPARED_SIDE_PIXELS_MIN as f32 / points.0.max(points.1);
    // A page a thousand times as long as wide, or without a size, shows nothing.
    if !scale.is_finite() || points.0.min(points.1) * scale < 1.0 {
        return Err(RaisonRefus::NonVerifiable);
    }
    // The renderer cuts fractions of a pixel off: half a pixel more gives the nearest whole number.
    let enlarged = |length: f32| ((length * scale).round() + 0.5) / length;
    let pixmap = hayro::render(
        page,
        &RenderCache::new(),
        &InterpreterSettings::default(),
        &RenderSettings::default(),
        &PixmapSettings { x_scale: enlarged(points.0), y_scale: enlarged(points.1), bg_color: WHITE },
    );
    let size = (usize::from(pixmap.width()), usize::from(pixmap.height()));
    Ok(Page { pixmap, size, points })
}

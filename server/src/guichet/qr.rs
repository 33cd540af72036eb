//! A QR code as a drawing in the page: no picture to load, no style, attributes only.

use maud::{Markup, html};
use qrcodegen::{QrCode, QrCodeEcc};

/// Light modules around a code, without which readers do not find it (ISO/IEC 18004).
const QUIET_ZONE: i32 = 4;

/// Width on the page, in CSS pixels: a telephone reads it at arm's length, and a page of 320 pixels holds it.
const WIDTH: i32 = 232;

/// The drawing; none when the text is longer than a QR code can be.
pub(super) fn drawing(text: &str, label: &str) -> Option<Markup> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let dark = (0..code.size())
        .flat_map(|y| (0..code.size()).map(move |x| (x, y)))
        .filter(|(x, y)| code.get_module(*x, *y))
        .map(|(x, y)| format!("M{} {}h1v1h-1z", x + QUIET_ZONE, y + QUIET_ZONE))
        .collect::<Vec<_>>()
        .concat();
    let side = code.size() + 2 * QUIET_ZONE;
    // Black on white in dark pages too: some readers know no other.
    Some(html! {
        svg role="img" aria-label=(label) width=(WIDTH) height=(WIDTH) viewBox={ "0 0 " (side) " " (side) }
            shape-rendering="crispEdges" {
            rect width=(side) height=(side) fill="#ffffff" {}
            path d=(dark) fill="#000000" {}
        }
    })
}

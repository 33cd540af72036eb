//! Planes in, JPEG out, with no metadata at all.

use mozjpeg_rs::{Encoder, Subsampling};
use wire::RaisonRefus;

use super::plane::Picture;

/// Quality on the usual scale of 1 to 100. Down to about 30, at 2000 px, it costs no word of an 8-point table: bytes go
/// to pixels.
const QUALITY: u8 = 40;

/// The JPEG of `picture`.
pub(crate) fn to_jpeg(picture: &Picture) -> Result<Vec<u8>, RaisonRefus> {
    let (width, height) = picture.size();
    let encoder = Encoder::baseline_optimized().quality(QUALITY).subsampling(Subsampling::S420);
    let luma = picture.luma.samples();
    match &picture.chroma {
        None => encoder.encode_gray(luma, width, height),
        Some([cb, cr]) => encoder.encode_ycbcr_planar(luma, cb.samples(), cr.samples(), width, height),
    }
    .map_err(|_| RaisonRefus::Illisible)
}

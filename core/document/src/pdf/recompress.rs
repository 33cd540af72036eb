//! Photographs inside a scanned PDF, made as small as a photo of ours. All else in the file stays as it is.

use std::sync::atomic::{AtomicBool, Ordering};

use lopdf::{Dictionary, Document, Object, ObjectId, Stream};

use crate::photo::{self, Recompressed};

/// Least size of a photograph worth the work, in bytes: that of a prepared page.
const IMAGE_BYTES_MIN: usize = 200_000;

/// Most bytes of one image's samples: those of 48 megapixels in RGB.
const SAMPLE_BYTES_MAX: usize = 160_000_000;

/// A photograph is replaced where that saves at least one part in this many of its bytes.
const LEAST_SHARE_SAVED: usize = 4;

/// Makes the large photographs of `document` smaller, each where it saves at least a quarter, and returns the bytes
/// saved. Stops early when told to.
pub(crate) fn shrink_photographs(document: &mut Document, cancel: &AtomicBool) -> usize {
    let large: Vec<(ObjectId, Photograph)> = document
        .objects
        .iter()
        .filter_map(|(id, object)| Some((*id, photograph(object, document)?)))
        .collect();
    let mut saved = 0;
    for (id, kind) in large {
        if cancel.load(Ordering::Relaxed) {
            break;
        }
        if let Some(Object::Stream(stream)) = document.objects.get_mut(&id)
            && let Some(smaller) = recompress(stream, kind)
            && let Some(gain) = stream.content.len().checked_sub(smaller.jpeg.len())
            && gain >= stream.content.len() / LEAST_SHARE_SAVED
        {
            replace(stream, smaller);
            saved += gain;
        }
    }
    saved
}

/// How a photograph is stored.
#[derive(Debug, Clone, Copy)]
enum Photograph {
    /// As a JPEG.
    Jpeg { grey: bool },
    /// As samples, compressed without loss.
    Samples { width: usize, height: usize, grey: bool },
}

/// What `object` is, if it is a large image of 8 bits in grey or colours, drawn without a mask or a change of values.
fn photograph(object: &Object, document: &Document) -> Option<Photograph> {
    let Object::Stream(Stream { dict, content, .. }) = object else { return None };
    let is_image = dict.get(b"Subtype").and_then(Object::as_name).is_ok_and(|kind| kind == b"Image");
    let special = [b"SMask".as_slice(), b"Mask", b"ImageMask", b"Decode", b"SMaskInData"];
    if !is_image || content.len() < IMAGE_BYTES_MIN || special.iter().any(|key| dict.has(key)) {
        return None;
    }
    let number = |key| dict.get_deref(key, document).and_then(Object::as_i64).ok();
    if number(b"BitsPerComponent")? != 8 {
        return None;
    }
    let grey = match components(dict, document)? {
        1 => true,
        3 => false,
        _ => return None,
    };
    let parameters = dict.get_deref(b"DecodeParms", document).ok();
    let [filter] = *object.as_stream().ok()?.filters().ok()? else { return None };
    match filter {
        // A colour transform told from outside the JPEG would have to be told again.
        b"DCTDecode" if parameters.is_none() => Some(Photograph::Jpeg { grey }),
        b"FlateDecode" => {
            let side = |key| number(key).and_then(|side| u16::try_from(side).ok()).map(usize::from);
            Some(Photograph::Samples { width: side(b"Width")?, height: side(b"Height")?, grey })
        }
        _ => None,
    }
}

/// How many components the colour space of an image has, where it is one of the simple ones.
fn components(image: &Dictionary, document: &Document) -> Option<i64> {
    match image.get_deref(b"ColorSpace", document).ok()? {
        Object::Name(name) => match name.as_slice() {
            b"DeviceGray" => Some(1),
            b"DeviceRGB" => Some(3),
            _ => None,
        },
        Object::Array(space) => match space.first()?.as_name().ok()? {
            b"CalGray" => Some(1),
            b"CalRGB" => Some(3),
            b"ICCBased" => {
                let (_, profile) = document.dereference(space.get(1)?).ok()?;
                profile.as_stream().ok()?.dict.get_deref(b"N", document).and_then(Object::as_i64).ok()
            }
            _ => None,
        },
        _ => None,
    }
}

fn recompress(stream: &Stream, kind: Photograph) -> Option<Recompressed> {
    match kind {
        Photograph::Jpeg { grey } => photo::shrink_jpeg(&stream.content).filter(|photo| photo.grey == grey),
        Photograph::Samples { width, height, grey } => {
            let samples = stream.decompressed_content_with_limit(SAMPLE_BYTES_MAX).ok()?;
            photo::shrink_samples(width, height, grey, samples)
        }
    }
}

/// Puts the JPEG in the place of what was there. The colour space stays: it has as many components.
fn replace(stream: &mut Stream, photo: Recompressed) {
    stream.dict.set("Width", i64::from(photo.size.0));
    stream.dict.set("Height", i64::from(photo.size.1));
    stream.dict.set("Filter", "DCTDecode");
    stream.dict.remove(b"DecodeParms");
    stream.set_content(photo.jpeg);
}

//! A password for the attachments alone (ISO 32000-2, 7.6.6): streams and strings keep an identity filter, so that anybody
//! reads the pages, and only embedded files are encrypted. The library asks for the password all the same; but nothing of
//! what we keep needs it, since attachments are removed. So the document is read as if it had never heard of encryption.

use lopdf::{Document, Object, Stream};

/// Where a document says how it is encrypted.
const KEY: &[u8] = b"Encrypt";

/// Another key, which means nothing: as long, so that every offset stays.
const OTHER_KEY: &[u8] = b"Encryp_";

/// Whether the library has left a document encrypted, for want of a password.
pub(super) fn is_left(document: &Document) -> bool {
    document.trailer.has(KEY)
}

/// Whether the pages of a document that wants a password can be read without it.
pub(super) fn spares_pages(document: &Document) -> bool {
    let Ok(how) = document.trailer.get_deref(KEY, document).and_then(Object::as_dict) else {
        return false;
    };
    // What is not said is not encrypted; before version 4 it could not be said.
    let spared =
        |filter| how.get(filter).map_or(true, |name| name.as_name().is_ok_and(|name| name == b"Identity"));
    let version = how.get(b"V").and_then(Object::as_i64);
    version.is_ok_and(|version| version >= 4) && spared(b"StmF") && spared(b"StrF")
}

/// The document's bytes in which it is not said any more, wherever it was.
pub(super) fn left_out(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let names = bytes.windows(KEY.len() + 2).enumerate().filter_map(|(at, window)| match window {
        [b'/', name @ .., next] => (name == KEY && !next.is_ascii_alphanumeric()).then_some(at + 1),
        _ => None,
    });
    for at in names.collect::<Vec<_>>() {
        if let Some(name) = bytes.get_mut(at..at + KEY.len()) {
            name.copy_from_slice(OTHER_KEY);
        }
    }
    bytes
}

/// Whether a stream is encrypted in its own way (ISO 32000-2, 7.4.10).
pub(super) fn any_stream_of_its_own(document: &Document) -> bool {
    document.objects.values().filter_map(|object| object.as_stream().ok()).any(is_crypt)
}

fn is_crypt(stream: &Stream) -> bool {
    stream.filters().is_ok_and(|filters| filters.contains(&b"Crypt".as_slice()))
}

/// Takes out what is left of the key.
pub(super) fn forget(document: &mut Document) {
    document.trailer.remove(OTHER_KEY);
}

//! Any header is read or refused, and facts that were read are the same when they are written and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::{DepotMetadata, limites};

fuzz_target!(|bytes: &[u8]| {
    let Ok(header) = std::str::from_utf8(bytes) else { return };
    if let Ok(facts) = DepotMetadata::parse(header) {
        assert!(header.len() <= limites::UPLOAD_METADATA_BYTES_MAX);
        let written = facts.to_header();
        assert!(written.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' '));
        assert_eq!(DepotMetadata::parse(&written), Ok(facts));
    }
});

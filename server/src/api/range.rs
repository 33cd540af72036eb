//! The part of a file that a request asks for (RFC 9110, section 14): one range of bytes. Several ranges, another
//! unit or a header we cannot read are passed over, as the RFC allows: then the whole is sent.

/// What to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Everything.
    Whole,
    /// From the first to the last byte, both included.
    Bytes {
        /// First.
        first: u64,
        /// Last.
        last: u64,
    },
    /// The range lies outside the file.
    Outside,
}

/// Reads a `Range` header for a file of `length` bytes.
pub(super) fn part(header: Option<&str>, length: u64) -> Part {
    let Some((unit, spec)) = header.and_then(|header| header.split_once('=')) else { return Part::Whole };
    let Some((first, last)) = spec.trim().split_once('-') else { return Part::Whole };
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return Part::Whole;
    }
    match (first, last) {
        ("", suffix) => match number(suffix) {
            None => Part::Whole,
            Some(0) => Part::Outside,
            Some(_) if length == 0 => Part::Outside,
            Some(suffix) => Part::Bytes { first: length.saturating_sub(suffix), last: length - 1 },
        },
        (first, "") => match number(first) {
            None => Part::Whole,
            Some(first) if first >= length => Part::Outside,
            Some(first) => Part::Bytes { first, last: length - 1 },
        },
        (first, last) => match (number(first), number(last)) {
            (Some(first), Some(last)) if first > last => Part::Whole,
            (Some(first), Some(_)) if first >= length => Part::Outside,
            (Some(first), Some(last)) => Part::Bytes { first, last: last.min(length - 1) },
            _ => Part::Whole,
        },
    }
}

/// Digits only; a number beyond any file is as good as the largest.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_range_of_bytes_is_understood() {
        let bytes = |first, last| Part::Bytes { first, last };
        // The RFC's own examples, section 14.1.2, for a representation of 10000 bytes.
        for (header, expected) in [
            ("bytes=0-499", bytes(0, 499)),
            ("bytes=500-999", bytes(500, 999)),
            ("bytes=-500", bytes(9500, 9999)),
            ("bytes=9500-", bytes(9500, 9999)),
            ("bytes=9999-9999", bytes(9999, 9999)),
            ("bytes=9000-99999999999999999999999", bytes(9000, 9999)),
            ("bytes=-20000", bytes(0, 9999)),
            ("bytes=10000-", Part::Outside),
            ("bytes=10000-10001", Part::Outside),
            ("bytes=-0", Part::Outside),
            ("bytes=0-0,-1", Part::Whole),
            ("bytes=5-2", Part::Whole),
            ("bytes=a-b", Part::Whole),
            ("bytes=-", Part::Whole),
            ("lines=1-2", Part::Whole),
            ("bytes", Part::Whole),
        ] {
            assert_eq!(part(Some(header), 10_000), expected, "{header}");
        }
        assert_eq!(part(None, 10_000), Part::Whole);
        assert_eq!(part(Some("bytes=-5"), 0), Part::Outside);
    }

    proptest! {
        #[test]
        fn a_part_lies_within_the_file(header in "bytes=[0-9]{0,6}-[0-9]{0,6}", length in 0u64..200_000) {
            if let Part::Bytes { first, last } = part(Some(&header), length) {
                prop_assert!(first <= last && last < length);
            }
        }

        #[test]
        fn no_header_panics(header in any::<String>(), length: u64) {
            let _ = part(Some(&header), length);
        }
    }
}

//! The lowest quality that is good enough.

use anyhow::Result;

/// The qualities tried, on the usual scale: from one at which letters fall apart to one at which nothing is lost.
const QUALITIES: [u8; 20] = [12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 52, 56, 60, 64, 68, 72, 76, 80, 84, 88];

/// A quality, and what came of it.
pub(crate) struct Found {
    pub(crate) quality: u8,
    /// Words read, in percent.
    pub(crate) recall: f64,
    pub(crate) bytes: f64,
}

/// The lowest quality at which as many words are read as `wanted`, if recall grows with quality, which it does but for an
/// OCR's moods.
pub(crate) fn with_recall(wanted: f64, at: &dyn Fn(u8) -> Result<Found>) -> Result<Option<Found>> {
    let mut best = None;
    let mut rest = QUALITIES.as_slice();
    while let Some((below, [middle, above @ ..])) = rest.split_at_checked(rest.len() / 2) {
        let found = at(*middle)?;
        if found.recall >= wanted {
            best = Some(found);
            rest = below;
        } else {
            rest = above;
        }
    }
    Ok(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lowest(enough_from: u8) -> Option<u8> {
        let at = |quality| Ok(Found { quality, recall: f64::from(quality), bytes: 0.0 });
        with_recall(f64::from(enough_from), &at).unwrap().map(|found| found.quality)
    }

    #[test]
    fn the_lowest_quality_that_is_enough_is_found() {
        assert_eq!(QUALITIES.map(lowest), QUALITIES.map(Some));
        assert_eq!(lowest(13), Some(16));
        assert_eq!(lowest(0), Some(12));
        assert_eq!(lowest(89), None);
    }
}

//! Files made to do harm: what anybody could send without a camera.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// How many harmed copies are made of each sample.
const HARMED: u64 = 12;

/// Writes into `folder` harmed copies of `samples` and files that lie about what they hold.
pub(super) fn make(samples: &[PathBuf], folder: &Path) -> io::Result<()> {
    for (index, sample) in samples.iter().enumerate() {
        let bytes = fs::read(sample)?;
        for round in 0..HARMED {
            let name = format!("abime-{index}-{round}");
            fs::write(folder.join(name), harmed(&bytes, index as u64 * HARMED + round))?;
        }
    }
    let page = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 1e30 -1e30] /Contents 4 0 R >>";
    let lie = "<< /Length 4294967295 /Filter /FlateDecode >>\nstream\nx\nendstream";
    let lies: [(&str, Vec<u8>); 6] = [
        ("vide", Vec::new()),
        ("jpeg-sans-image", b"\xFF\xD8\xFF\xD9".to_vec()),
        ("pdf-sans-rien", b"%PDF-1.7\n%%EOF".to_vec()),
        ("pdf-imbrique", pdf(&[CATALOG, &"[".repeat(1_000_000)])),
        ("pdf-en-boucle", pdf(&[CATALOG, "<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 2 >>"])),
        ("pdf-qui-ment", pdf(&[CATALOG, "<< /Type /Pages /Kids [3 0 R] /Count 99999999 >>", page, lie])),
    ];
    lies.iter().try_for_each(|(name, bytes)| fs::write(folder.join(name), bytes))
}

const CATALOG: &str = "<< /Type /Catalog /Pages 2 0 R >>";

/// A PDF of these objects, numbered from 1; the first is its catalog.
fn pdf(objects: &[&str]) -> Vec<u8> {
    let mut file = "%PDF-1.7\n".to_owned();
    let mut table = vec!["0000000000 65535 f \n".to_owned()];
    for (index, object) in objects.iter().enumerate() {
        table.push(format!("{:010} 00000 n \n", file.len()));
        file.extend([&(index + 1).to_string(), " 0 obj\n", object, "\nendobj\n"]);
    }
    let (count, start) = (table.len(), file.len());
    let trailer = format!("trailer\n<< /Size {count} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF");
    format!("{file}xref\n0 {count}\n{}{trailer}", table.concat()).into_bytes()
}

/// `bytes` with some of them changed, a part repeated and the end cut, the same for the same `seed`.
fn harmed(bytes: &[u8], seed: u64) -> Vec<u8> {
    // D. Knuth's MMIX generator: its high bits are good enough to choose places.
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mut below = |limit: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap_or_default() % limit.max(1)
    };
    let mut bytes = bytes.to_vec();
    for _ in 0..=below(20) {
        // One place in two is in the first kilobytes, where the headers are.
        let span = if below(2) == 0 { bytes.len().min(4_096) } else { bytes.len() };
        let at = below(span);
        if let Some(byte) = bytes.get_mut(at) {
            *byte = u8::try_from(below(256)).unwrap_or_default();
        }
    }
    if below(3) == 0 {
        let from = below(bytes.len());
        let part: Vec<u8> = bytes.iter().skip(from).take(1 + below(5_000)).copied().collect();
        bytes.splice(from..from, part);
    }
    if below(3) == 0 {
        bytes.truncate(below(bytes.len()));
    }
    bytes
}

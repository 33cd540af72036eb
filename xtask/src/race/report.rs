//! The tables.

use super::{
    Results,
    contestants::{BASELINE, Contestant, OURS, VIPS},
    legibility::Look,
    lowest::Found,
    measure::{Cost, mean, median},
};

/// The slow line on which the time from the shutter to the receipt is counted, in bits a second.
const LINE_BITS_PER_SECOND: f64 = 400_000.0;

/// Prints what each contestant took and made.
pub(crate) fn table(megapixels: u32, all: &[Results], looks: &[Vec<Look>]) {
    println!(
        "\n{megapixels} mégapixels : médianes des tours et des photos ; ko, ressemblance et mots : moyennes"
    );
    println!(
        "{:<14} {:>8} {:>11} {:>8} {:>7} {:>12} {:>9} {:>11}",
        "", "ms (CPU)", "nous ÷ lui", "Mio", "ko", "SSIMULACRA2", "mots lus", "à 400 kb/s"
    );
    for (results, looks) in all.iter().zip(looks) {
        let cpu = median(costs(results).map(milliseconds).collect());
        let bytes = mean(looks.iter().map(|look| look.bytes));
        println!(
            "{:<14} {cpu:>8.0} {:>11.2} {:>8.1} {:>7.0} {:>12.1} {:>7.1} % {:>9.2} s",
            results.contestant.name,
            ratio(all, results).unwrap_or(f64::NAN),
            median(costs(results).map(mebibytes).collect()),
            bytes / 1e3,
            mean(looks.iter().map(|look| look.similarity)),
            mean(looks.iter().map(|look| look.recall)),
            cpu / 1e3 + bytes * 8.0 / LINE_BITS_PER_SECOND,
        );
    }
    let against = |index: usize| all.get(index).and_then(|other| ratio(all, other)).unwrap_or(f64::NAN);
    println!(
        "objectifs : {:.2} ≤ 1,3 × djpeg | cjpeg, {:.2} ≤ 0,5 × vipsthumbnail",
        against(BASELINE),
        against(VIPS)
    );
}

/// Prints at which quality a contestant is read as well as we are, and how its bytes compare.
pub(crate) fn equal(contestant: &Contestant, found: Option<&Found>, our_bytes: f64) {
    match found {
        Some(Found { quality, recall, bytes }) => println!(
            "{:<14} qualité {quality:>2} : {:>4.0} ko, {recall:.1} % des mots ; nous ÷ lui {:.2}",
            contestant.name,
            bytes / 1e3,
            our_bytes / bytes
        ),
        None => println!("{:<14} jamais aussi lisible", contestant.name),
    }
}

/// Our processor time over another's, of the same photo in the same round: the median.
fn ratio(all: &[Results], other: &Results) -> Option<f64> {
    let pairs = costs(all.get(OURS)?).zip(costs(other));
    Some(median(pairs.map(|(ours, its)| milliseconds(ours) / milliseconds(its)).collect()))
}

fn costs(results: &Results) -> impl Iterator<Item = &Cost> {
    results.costs.iter().flatten()
}

fn milliseconds(cost: &Cost) -> f64 {
    cost.cpu.as_secs_f64() * 1e3
}

fn mebibytes(cost: &Cost) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a process's memory has fewer than 2^52 bytes")]
    let bytes = cost.peak_bytes as f64;
    bytes / f64::from(1 << 20)
}

//! The tables, in Markdown, as they stand in `docs/croissance.md`.

use std::{fs, time::Duration};

use crate::{
    contestants::Contestant,
    upload::{Turn, Workload},
};

/// What is aimed at, as ratios to tusd: at least so many uploads a second, at most so much processor time.
pub(crate) struct Target {
    pub(crate) rate: Option<f64>,
    pub(crate) cpu: Option<f64>,
}

/// Prints what machine this is, and how long its disk takes.
pub(crate) fn machine((median, hundredth): (Duration, Duration)) {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("?");
    let cores = cpu.lines().filter(|line| line.starts_with("processor")).count();
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    println!(
        "\n{}, {cores} cœurs, Linux {} ; fdatasync d’une page ajoutée : médiane {:.2} ms, centième {:.2} ms",
        model.trim_start_matches([' ', '\t', ':']),
        kernel.trim(),
        median.as_secs_f64() * 1e3,
        hundredth.as_secs_f64() * 1e3
    );
}

/// Prints a workload's table. The first contestant is the one that all are compared with.
pub(crate) fn table(workload: &Workload, all: &[(Contestant, Vec<Turn>)]) {
    println!("\n**{}**\n", workload.name);
    println!(
        "| | attend le disque, hache, chiffre | envois/s | ms de CPU par envoi | mémoire, Mio | envois/s ÷ tusd | CPU ÷ tusd | mémoire ÷ tusd | muettes restées |"
    );
    println!("| --- | --- | --: | --: | --: | --: | --: | --: | --: |");
    let base = all.first().map(|(_, turns)| turns.as_slice()).unwrap_or_default();
    for (contestant, turns) in all {
        let of = |value: fn(&Turn) -> f64| median(turns.iter().map(value).collect());
        // Of the same round: what slowed one down slowed down the other.
        let ratio = |value: fn(&Turn) -> f64| {
            median(turns.iter().zip(base).map(|(turn, base)| value(turn) / value(base)).collect())
        };
        let peak = |turns: &[Turn]| turns.iter().map(mebibytes).fold(0.0, f64::max);
        println!(
            "| {} | {} | {:.1} | {:.2} | {:.1} | {:.2} | {:.2} | {:.2} | {} |",
            contestant.name,
            if contestant.is_ours() { "oui" } else { "non" },
            of(rate),
            of(cpu_ms),
            peak(turns),
            ratio(rate),
            ratio(cpu_ms),
            peak(turns) / peak(base),
            turns.iter().map(|turn| turn.idle).min().unwrap_or_default(),
        );
    }
    let told = |what: Option<f64>, sign: &str| what.map_or("—".to_owned(), |what| format!("{sign} {what}"));
    println!(
        "| *objectif* | | | | | {} | {} | ≤ 1 | |",
        told(workload.target.rate, "≥"),
        told(workload.target.cpu, "≤")
    );
}

fn rate(turn: &Turn) -> f64 {
    count(turn.uploads) / turn.wall.as_secs_f64()
}

fn cpu_ms(turn: &Turn) -> f64 {
    turn.cpu.as_secs_f64() * 1e3 / count(turn.uploads)
}

fn mebibytes(turn: &Turn) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a process's memory has fewer than 2^52 bytes")]
    let bytes = turn.peak_bytes as f64;
    bytes / f64::from(1 << 20)
}

fn count(uploads: usize) -> f64 {
    u32::try_from(uploads).map_or(f64::NAN, f64::from)
}

/// The value in the middle; not a number where there is none.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

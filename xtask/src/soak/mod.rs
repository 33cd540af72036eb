//! `cargo xtask soak ESSAI [FOIS]`: what the server promises, tried at length. Each trial is a test of `tests/`, which the
//! test command runs too, shorter; but for the power cut, which wants a virtual machine.
//!
//! A trial prints its seed; `MA_DEMANDE_SEED` makes the same choices again, though not the same moments.

mod machine;

use anyhow::{Context as _, Result, bail};

use crate::{
    command::{EVERYTHING, cargo, cargo_with},
    tools,
};

/// One trial.
struct Essai {
    nom: &'static str,
    /// Which file of `tests/tests`.
    file: &'static str,
    /// What the names of its tests begin with.
    prefix: &'static str,
    /// How often, where nothing is said: the count that was promised.
    fois: u32,
}

const ESSAIS: &[Essai] = &[
    // So many calls of each kind, or as many as there are.
    Essai { nom: "appels", file: "durabilite", prefix: "durabilite_", fois: 60 },
    Essai { nom: "arret", file: "soak", prefix: "arret_", fois: 100 },
    Essai { nom: "courant", file: "soak", prefix: "courant_", fois: 30 },
    Essai { nom: "disque", file: "soak", prefix: "disque_", fois: 30 },
    Essai { nom: "lents", file: "soak", prefix: "lents_", fois: 1_000 },
    Essai { nom: "reseau", file: "soak", prefix: "reseau_", fois: 500 },
    Essai { nom: "tuer", file: "soak", prefix: "tuer_", fois: 1_000 },
];

/// Runs one trial so many times.
pub(crate) fn run(nom: &str, fois: Option<&str>) -> Result<()> {
    let Some(essai) = ESSAIS.iter().find(|essai| essai.nom == nom) else {
        let noms: Vec<_> = ESSAIS.iter().map(|essai| essai.nom).collect();
        bail!("essais : {}", noms.join(", "));
    };
    let fois: u32 = fois.map_or(Ok(essai.fois), str::parse).context("FOIS est un nombre")?;
    tools::soak()?;
    cargo(&EVERYTHING)?;
    let fois = fois.to_string();
    let mut variables = vec![("MA_DEMANDE_FOIS", fois.as_str())];
    let machine;
    if essai.nom == "courant" {
        machine = machine::make()?;
        variables.push(("MA_DEMANDE_MACHINE", &machine));
    }
    let test = ["test", "--locked", "--workspace", "--test", essai.file, "--"];
    // One after another: a trial is enough for a machine.
    cargo_with(&variables, &[&test[..], &[essai.prefix, "--nocapture", "--test-threads=1"]].concat())
}

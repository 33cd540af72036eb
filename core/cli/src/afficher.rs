//! Words and numbers as a French reader expects them.

use indicatif::{ProgressBar, ProgressStyle};
use wire::{Controle, DepotEtat};

/// A size: « 2,7 Mo ».
pub(crate) fn taille(bytes: u64) -> String {
    // Display only: the lost digits are not shown.
    #[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
    let (value, unit) = match bytes {
        0..1_000 => return format!("{bytes} octets"),
        1_000..1_000_000 => (bytes as f64 / 1_000.0, "ko"),
        _ => (bytes as f64 / 1_000_000.0, "Mo"),
    };
    format!("{value:.1} {unit}").replace('.', ",")
}

/// Where a deposit stands, in a few words.
pub(crate) fn etat(etat: &DepotEtat, taille_totale: u64) -> String {
    match etat {
        DepotEtat::EnAttente => "en attente".to_owned(),
        DepotEtat::EnCours { offset } => {
            format!("en cours : {} sur {}", taille(*offset), taille(taille_totale))
        }
        DepotEtat::Confirmation => "envoyé, confirmation attendue".to_owned(),
        DepotEtat::Depose { recu } => {
            let controle = match recu.controle {
                Controle::EnVerification => "en vérification".to_owned(),
                Controle::Disponible => "vérifié".to_owned(),
                Controle::Refuse { raison } => format!("refusé : {raison}"),
            };
            format!("déposé, reçu {}, {controle}", recu.numero)
        }
        DepotEtat::Bloque { raison } => format!("bloqué : {raison}"),
        DepotEtat::Annule => "annulé, sera effacé au prochain envoi".to_owned(),
    }
}

/// A bar on the terminal's standard error; nothing elsewhere.
pub(crate) fn bar(total: u64, json: bool) -> ProgressBar {
    if json {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{msg} {bar:30} {bytes}/{total_bytes} {eta}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(total).with_style(style)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_in_french() {
        assert_eq!(taille(999), "999 octets");
        assert_eq!(taille(345_600), "345,6 ko");
        assert_eq!(taille(2_749_000), "2,7 Mo");
    }
}

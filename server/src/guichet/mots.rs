//! How things read on the counter's pages.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Europe::Paris;
use maud::{Markup, html};
use wire::{
    Controle, Examen, MediaType, Nomenclature, PersonneId,
    api::{EtatDemande, PersonneVue, Role},
};

use crate::registre::{Acte, FaitsPiece};

/// A day: 25/11/2026.
pub(super) fn jour(day: NaiveDate) -> String {
    day.format("%d/%m/%Y").to_string()
}

/// An instant, as the clock on the wall shows it in France.
pub(super) fn instant(at: DateTime<Utc>) -> String {
    at.with_timezone(&Paris).format("%d/%m/%Y à\u{a0}%H\u{a0}h\u{a0}%M").to_string()
}

/// What was done, for a reader of the journal.
pub(super) fn acte(acte: Acte) -> &'static str {
    match acte {
        Acte::Consultation => "Consultation d’une pièce",
        Acte::ConsultationRefusee => "Consultation refusée",
        Acte::Recherche => "Recherche par nom",
        Acte::Examen => "Examen d’une pièce",
        Acte::ExamenAnnule => "Examen annulé",
        Acte::PieceDeposee => "Pièce déposée par le guichet",
        Acte::Masquage => "Masquage d’une pièce",
        Acte::DemandeDePiece => "Demande d’informations ou de pièces",
        Acte::EvenementAjoute => "Évènement ajouté",
        Acte::EvenementSupprime => "Évènement supprimé",
        Acte::CodeReemis => "Code télé-demandeur réémis",
        Acte::CompteCertifie => "Compte certifié",
        Acte::CompteRefuse => "Compte refusé",
        Acte::CompteDesactive => "Compte désactivé",
        Acte::CompteReactive => "Compte réactivé",
        Acte::TerritoiresDonnes => "Territoires d’un compte changés",
        Acte::OuvertureDemandee => "Ouverture des évènements nationaux demandée",
        Acte::CompteModifie => "Compte modifié d’après la liste du guichet",
        Acte::ListeAccesEnvoyee => "Liste des accès envoyée",
        Acte::IdentiteReliee => "Compte relié à une identité professionnelle",
        Acte::DeuxEtapesActivees => "Connexion en deux étapes activée",
        Acte::DeuxEtapesArretees => "Connexion en deux étapes arrêtée",
        Acte::DeuxEtapesRetirees => "Connexion en deux étapes retirée",
        Acte::Export => "Journal exporté",
        Acte::DepotPartenaire => "Dépôt par un partenaire",
        Acte::CleCreee => "Clé de partenaire créée",
        Acte::CleRevoquee => "Clé de partenaire révoquée",
        Acte::DemandeEffacee => "Demande effacée",
    }
}

/// A size, in the unit that gives a short number.
pub(super) fn taille(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} octets"),
        1_000..1_000_000 => format!("{} ko", bytes.div_ceil(1_000)),
        _ => format!("{},{} Mo", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    }
}

/// What kind of file it is.
pub(super) fn format(media_type: MediaType) -> &'static str {
    match media_type {
        MediaType::Jpeg => "photo JPEG",
        MediaType::Png => "image PNG",
        MediaType::Webp => "image WebP",
        MediaType::Pdf => "PDF",
    }
}

/// Whether a demande is alive.
pub(super) fn etat_demande(etat: EtatDemande) -> Markup {
    match etat {
        EtatDemande::Active => html! { span.badge.bon { "Active" } },
        EtatDemande::Radiee => html! { span.badge.mauvais { "Radiée" } },
    }
}

/// A person's place in the household.
pub(super) fn role(role: Role) -> &'static str {
    match role {
        Role::Demandeur => "Demandeur",
        Role::Cotitulaire => "Conjoint ou cotitulaire",
        Role::PersonneACharge => "Personne à charge",
    }
}

/// What a piece is called: its type or, where the agent may not know it, nothing but that it exists.
pub(super) fn intitule(faits: Option<&FaitsPiece>) -> String {
    let Some(faits) = faits else { return "Pièce confidentielle".to_owned() };
    let known = Nomenclature::embarquee().type_piece(&faits.rubrique, &faits.type_piece);
    known.map_or_else(|| faits.type_piece.to_string(), |known| known.libelle.clone())
}

/// The name of a rubrique.
pub(super) fn rubrique(faits: &FaitsPiece) -> String {
    let known = Nomenclature::embarquee().rubrique(&faits.rubrique);
    known.map_or_else(|| faits.rubrique.to_string(), |known| known.libelle.clone())
}

/// Whom a piece concerns.
pub(super) fn concerne(personne: Option<PersonneId>, personnes: &[PersonneVue]) -> String {
    let Some(id) = personne else { return "Le ménage".to_owned() };
    let known = personnes.iter().find(|personne| personne.id == id);
    known.map_or_else(
        || "Personne retirée de la demande".to_owned(),
        |known| format!("{} {}", known.prenom, known.nom),
    )
}

/// Where a piece stands, for an agent.
pub(super) fn statut(controle: Controle, examen: &Examen) -> Markup {
    let (class, word) = match (controle, examen) {
        (_, Examen::Remplace { .. }) => ("", "Remplacé".to_owned()),
        (Controle::EnVerification, _) => ("attente", "En vérification".to_owned()),
        (Controle::Refuse { .. }, _) => ("mauvais", "Refusé au contrôle".to_owned()),
        (Controle::Disponible, Examen::AExaminer) => ("attente", "À examiner".to_owned()),
        (Controle::Disponible, Examen::Accepte) => ("bon", "Accepté".to_owned()),
        (Controle::Disponible, Examen::Inexploitable { .. }) => ("mauvais", "Inexploitable".to_owned()),
        (Controle::Disponible, Examen::HorsPerimetre) => {
            ("mauvais", "Hors périmètre réglementaire".to_owned())
        }
        (Controle::Disponible, Examen::Obsolete { date }) => {
            ("mauvais", format!("Obsolète depuis le {}", jour(*date)))
        }
    };
    html! { span class={ "badge " (class) } { (word) } }
}

/// Why a piece stands where it stands, where there is more to say.
pub(super) fn raison(controle: Controle, examen: &Examen) -> Option<String> {
    match (controle, examen) {
        (Controle::Refuse { raison }, _) => Some(format!("Vu par le demandeur : « {raison} »")),
        (_, Examen::Inexploitable { raison }) if !raison.is_empty() => Some(raison.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_follow_the_clock_of_paris_in_both_seasons() {
        let at = |text: &str| instant(text.parse().unwrap());
        assert_eq!(at("2026-01-31T23:30:00Z"), "01/02/2026 à\u{a0}00\u{a0}h\u{a0}30");
        assert_eq!(at("2026-07-14T10:05:00Z"), "14/07/2026 à\u{a0}12\u{a0}h\u{a0}05");
    }

    #[test]
    fn sizes_are_short() {
        assert_eq!(taille(999), "999 octets");
        assert_eq!(taille(200_001), "201 ko");
        assert_eq!(taille(2_750_905), "2,7 Mo");
    }
}

//! Where a piece is, in three words said by three different parties: the phone ([`DepotEtat`]), the server's
//! inspection ([`Controle`]) and the guichet ([`Examen`]). One table, [`mot_du_demandeur`], gives what the demandeur
//! reads of the last two, and the next step.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::{JustificatifId, RaisonRefus, api::Recu};

/// Where a deposit is on the phone.
///
/// `EnAttente → EnCours → Confirmation → Depose`; `Bloque` waits for the person, `Annule` is final.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "etat", rename_all = "snake_case")]
pub enum DepotEtat {
    /// Prepared, not yet begun.
    EnAttente,
    /// The server holds the first `offset` bytes.
    EnCours {
        /// Bytes that the server has confirmed.
        offset: u64,
    },
    /// All bytes are sent; the receipt is being asked for.
    Confirmation,
    /// The server's receipt was verified; the prepared file stays until the inspection has passed.
    Depose {
        /// What the server confirmed.
        recu: Box<Recu>,
    },
    /// Nothing more happens until the person acts.
    Bloque {
        /// Why, and so what to do.
        raison: RaisonBlocage,
    },
    /// The person gave it up before it was attached.
    Annule,
}

/// Why a deposit does not go on by itself. `Display` says it to the person, with the remedy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum RaisonBlocage {
    /// The session ended; nothing is lost.
    #[error("Votre session a expiré. Reconnectez-vous : l’envoi reprendra où il en était.")]
    SessionExpiree,
    /// The server refused the file.
    #[error("{raison}")]
    FichierRefuse {
        /// Why.
        raison: RaisonRefus,
    },
    /// The demande holds as many pieces, or bytes, as it may.
    #[error(
        "Votre demande contient déjà le nombre maximal de pièces. Retirez une pièce qui n’a pas encore été vue, ou adressez-vous à votre guichet."
    )]
    QuotaAtteint,
    /// The server no longer takes pieces for this demande, or it is not this person's.
    #[error("Cette demande n’accepte plus de pièces. Adressez-vous à votre guichet enregistreur.")]
    DemandeFermee,
    /// The prepared file on the phone is missing or changed.
    #[error(
        "Le fichier préparé n’est plus sur cet appareil. Reprenez la photo ou choisissez à nouveau le document."
    )]
    FichierPerdu,
    /// The server received other bytes than those prepared, several times over.
    #[error(
        "Le document a été abîmé pendant l’envoi. Relancez l’envoi ; si cela se répète, changez de réseau."
    )]
    EmpreinteDifferente,
    /// The same deposit was begun with other facts, or the facts name something that does not exist.
    #[error("Cet envoi ne correspond plus à votre demande. Annulez-le, puis ajoutez la pièce à nouveau.")]
    FaitsRefuses,
    /// The server no longer understands this version of the program.
    #[error(
        "Cette version de l’application est trop ancienne pour ce service. Mettez-la à jour, puis relancez l’envoi : rien n’est perdu."
    )]
    VersionDepassee,
}

impl RaisonBlocage {
    /// The stable code, as in JSON: `quota_atteint`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::SessionExpiree => "session_expiree",
            Self::FichierRefuse { .. } => "fichier_refuse",
            Self::QuotaAtteint => "quota_atteint",
            Self::DemandeFermee => "demande_fermee",
            Self::FichierPerdu => "fichier_perdu",
            Self::EmpreinteDifferente => "empreinte_differente",
            Self::FaitsRefuses => "faits_refuses",
            Self::VersionDepassee => "version_depassee",
        }
    }
}

/// What the server's inspection says of a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "etat", rename_all = "snake_case")]
pub enum Controle {
    /// Not inspected yet: its bytes are served to nobody.
    EnVerification,
    /// Inspected and fit to be shown.
    Disponible,
    /// Not fit; a new version is awaited.
    Refuse {
        /// Why.
        raison: RaisonRefus,
    },
}

/// What the guichet says of a piece.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "etat", rename_all = "snake_case")]
pub enum Examen {
    /// No agent has judged it.
    AExaminer,
    /// Readable, complete, valid: never asked for again while it is not obsolete.
    Accepte,
    /// Unreadable or incomplete: kept, the demandeur is told, a new version replaces it.
    Inexploitable {
        /// The agent's reason, shown to the demandeur.
        raison: String,
    },
    /// Not a piece that the regulation allows to be kept for this demande.
    HorsPerimetre,
    /// No longer valid.
    Obsolete {
        /// Since when.
        date: NaiveDate,
    },
    /// A newer version took its place.
    Remplace {
        /// The newer version.
        par: JustificatifId,
    },
}

/// How a piece's state reads to the demandeur.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MotDuDemandeur {
    /// One or two words: « En vérification ».
    pub mot: String,
    /// What happens next, or what to do.
    pub suite: String,
    /// Whether the demandeur has something to do.
    pub a_faire: bool,
}

/// The table of words: what the demandeur reads of a piece, and the next step.
pub fn mot_du_demandeur(controle: Controle, examen: &Examen) -> MotDuDemandeur {
    let (mot, suite, a_faire) = match (controle, examen) {
        (_, Examen::Remplace { .. }) => ("Remplacé", "Une version plus récente a pris sa place.".to_owned(), false),
        (Controle::EnVerification, _) => {
            ("En vérification", "Le document est bien reçu ; il est contrôlé automatiquement.".to_owned(), false)
        }
        (Controle::Refuse { raison }, _) => ("Refusé", raison.to_string(), true),
        (Controle::Disponible, Examen::AExaminer) => {
            ("Déposé", "Votre guichet l’examinera sous 15 jours ; vous n’avez rien à faire.".to_owned(), false)
        }
        (Controle::Disponible, Examen::Accepte) => {
            ("Accepté", "Ce document ne vous sera pas redemandé tant qu’il est valable.".to_owned(), false)
        }
        (Controle::Disponible, Examen::Inexploitable { raison }) => {
            ("Inexploitable", format!("{} Envoyez-en une nouvelle version.", sentence(raison)), true)
        }
        (Controle::Disponible, Examen::HorsPerimetre) => (
            "Non retenu",
            "Ce document ne fait pas partie des pièces prévues par la réglementation ; vous n’avez rien à faire.".to_owned(),
            false,
        ),
        (Controle::Disponible, Examen::Obsolete { date }) => (
            "Périmé",
            format!("Ce document n’est plus valable depuis le {}. Envoyez-en un plus récent.", date.format("%d/%m/%Y")),
            true,
        ),
    };
    MotDuDemandeur { mot: mot.to_owned(), suite, a_faire }
}

/// An agent's reason, ended like a sentence.
fn sentence(raison: &str) -> String {
    let raison = raison.trim();
    if raison.is_empty() || raison.ends_with(['.', '!', '?']) {
        raison.to_owned()
    } else {
        format!("{raison}.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_piece_says_what_to_do_and_a_replaced_one_asks_nothing() {
        let refused =
            mot_du_demandeur(Controle::Refuse { raison: RaisonRefus::MotDePasse }, &Examen::AExaminer);
        assert_eq!((refused.mot.as_str(), refused.a_faire), ("Refusé", true));
        assert!(refused.suite.contains("mot de passe"));
        let par = JustificatifId(uuid::Uuid::nil());
        assert!(
            !mot_du_demandeur(
                Controle::Refuse { raison: RaisonRefus::MotDePasse },
                &Examen::Remplace { par }
            )
            .a_faire
        );
    }

    #[test]
    fn the_agents_reason_is_one_sentence_before_the_remedy() {
        let word =
            mot_du_demandeur(Controle::Disponible, &Examen::Inexploitable { raison: "Page 2 floue ".into() });
        assert_eq!(word.suite, "Page 2 floue. Envoyez-en une nouvelle version.");
    }

    #[test]
    fn the_code_of_a_block_is_the_one_in_its_json() {
        for raison in [
            RaisonBlocage::SessionExpiree,
            RaisonBlocage::FichierRefuse { raison: RaisonRefus::Vide },
            RaisonBlocage::QuotaAtteint,
            RaisonBlocage::DemandeFermee,
            RaisonBlocage::FichierPerdu,
            RaisonBlocage::EmpreinteDifferente,
            RaisonBlocage::FaitsRefuses,
            RaisonBlocage::VersionDepassee,
        ] {
            assert_eq!(serde_json::to_value(&raison).unwrap()["code"], raison.code());
        }
    }

    #[test]
    fn states_have_stable_json() {
        assert_eq!(
            serde_json::to_string(&Controle::EnVerification).unwrap(),
            r#"{"etat":"en_verification"}"#
        );
        assert_eq!(
            serde_json::to_string(&Examen::Obsolete { date: NaiveDate::from_ymd_opt(2026, 3, 1).unwrap() })
                .unwrap(),
            r#"{"etat":"obsolete","date":"2026-03-01"}"#
        );
        assert_eq!(
            serde_json::to_string(&DepotEtat::Bloque { raison: RaisonBlocage::SessionExpiree }).unwrap(),
            r#"{"etat":"bloque","raison":{"code":"session_expiree"}}"#
        );
    }
}

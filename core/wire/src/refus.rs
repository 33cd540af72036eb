//! Why a file cannot be a justificatif, said once for the phone (before sending) and for the server's inspection
//! (after it): one stable code, one sentence that says what to do.

use serde::{Deserialize, Serialize};

/// The reason a file was refused. The serialised form is the stable code; `Display` is the sentence for the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum RaisonRefus {
    /// Zero bytes.
    #[error("Ce fichier est vide. Reprenez la photo ou choisissez un autre fichier.")]
    Vide,
    /// More bytes than a source or an upload may have.
    #[error(
        "Ce fichier est trop volumineux. Photographiez le document page par page, ou exportez-le en PDF plus léger."
    )]
    TropVolumineux,
    /// No type of ours by its content.
    #[error("Ce type de fichier n’est pas accepté. Envoyez une photo (JPEG, PNG, WebP) ou un PDF.")]
    TypeInconnu,
    /// HEIC, HEIF or AVIF where no platform decoder helps.
    #[error(
        "Cette photo est au format HEIC, que cet appareil ne sait pas convertir. Dans les réglages de l’appareil photo, choisissez « JPEG » ou « le plus compatible », puis reprenez la photo."
    )]
    HeicNonConvertible,
    /// The image or PDF is damaged beyond reading.
    #[error(
        "Ce fichier est abîmé et ne peut pas être ouvert. Reprenez la photo ou téléchargez à nouveau le document."
    )]
    Illisible,
    /// More pixels than a phone or an inspection can hold.
    #[error(
        "Cette image est trop grande. Enregistrez-la en JPEG, ou reprenez la photo avec une résolution ordinaire (12 ou 50 mégapixels)."
    )]
    TropDePixels,
    /// A password is needed to open the PDF.
    #[error(
        "Ce PDF est protégé par un mot de passe. Ouvrez-le avec son mot de passe, imprimez-le en PDF (ou photographiez-le), puis envoyez la copie."
    )]
    MotDePasse,
    /// The PDF has no page.
    #[error("Ce PDF ne contient aucune page. Téléchargez-le à nouveau auprès de l’organisme qui l’a émis.")]
    AucunePage,
    /// More pages than one piece may have.
    #[error("Ce document a trop de pages (100 au plus). Envoyez-le en plusieurs pièces.")]
    TropDePages,
    /// The antivirus recognised the file.
    #[error(
        "Ce fichier contient un élément dangereux et n’a pas été conservé. Photographiez le document papier ou demandez-en une autre copie."
    )]
    Dangereux,
    /// The inspection crashed or ran out of time or memory on this file.
    #[error(
        "Ce fichier n’a pas pu être vérifié. Photographiez le document ou imprimez-le en PDF, puis envoyez la copie."
    )]
    NonVerifiable,
}

impl RaisonRefus {
    /// Every reason, for tables and tests.
    pub const ALL: [Self; 11] = [
        Self::Vide,
        Self::TropVolumineux,
        Self::TypeInconnu,
        Self::HeicNonConvertible,
        Self::Illisible,
        Self::TropDePixels,
        Self::MotDePasse,
        Self::AucunePage,
        Self::TropDePages,
        Self::Dangereux,
        Self::NonVerifiable,
    ];

    /// The stable code, as in JSON: `mot_de_passe`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Vide => "vide",
            Self::TropVolumineux => "trop_volumineux",
            Self::TypeInconnu => "type_inconnu",
            Self::HeicNonConvertible => "heic_non_convertible",
            Self::Illisible => "illisible",
            Self::TropDePixels => "trop_de_pixels",
            Self::MotDePasse => "mot_de_passe",
            Self::AucunePage => "aucune_page",
            Self::TropDePages => "trop_de_pages",
            Self::Dangereux => "dangereux",
            Self::NonVerifiable => "non_verifiable",
        }
    }

    /// The reverse of [`RaisonRefus::code`].
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|raison| raison.code() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_the_serialised_form_and_comes_back() {
        for raison in RaisonRefus::ALL {
            assert_eq!(serde_json::to_value(raison).unwrap(), raison.code());
            assert_eq!(RaisonRefus::from_code(raison.code()), Some(raison));
        }
        assert_eq!(RaisonRefus::from_code("autre"), None);
    }

    #[test]
    fn the_sentence_about_pages_tells_the_limit_in_force() {
        assert!(RaisonRefus::TropDePages.to_string().contains(&crate::limites::PAGES_MAX.to_string()));
    }
}

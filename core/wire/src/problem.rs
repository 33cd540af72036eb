//! The server's refusals as the client reads them: RFC 9457 (problem+json) with a stable code. Which HTTP status goes
//! with which code is the server's affair, in one file; what the client does about it depends on the code alone.

use serde::{Deserialize, Serialize};

/// The media type of a refusal's body.
pub const PROBLEM_MEDIA_TYPE: &str = "application/problem+json";

/// The stable code of a refusal. `Display` is the sentence for the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum ProblemCode {
    /// The numéro is malformed; the detail says where.
    #[error("Ce numéro unique n’est pas bien formé.")]
    NumeroInvalide,
    /// Unknown numéro or wrong code: one answer for both.
    #[error(
        "Numéro unique ou code incorrect. Vérifiez-les sur votre attestation d’enregistrement ; en cas de perte, votre guichet peut vous remettre un nouveau code."
    )]
    IdentificationRefusee,
    /// Too many failed attempts.
    #[error("Trop d’essais. Attendez quelques minutes, puis réessayez.")]
    TropDEssais,
    /// No session, or an access token that has expired.
    #[error("Votre session a expiré. Reconnectez-vous.")]
    SessionExpiree,
    /// A partner's key that is unknown or was revoked, or none where one must be.
    #[error("Cette clé de partenaire n’est pas connue, ou a été révoquée. Demandez-en une autre au service.")]
    CleInconnue,
    /// The thing does not exist, or is someone else's: answered alike.
    #[error("Introuvable.")]
    Introuvable,
    /// The person is known but may not do this.
    #[error("Vous n’avez pas accès à cette fonction.")]
    Interdit,
    /// This address does not take this method.
    #[error("Opération inconnue à cette adresse.")]
    MethodeInconnue,
    /// The request cannot be read; the detail says where.
    #[error("La demande envoyée au serveur n’est pas lisible.")]
    RequeteIllisible,
    /// A header or body is longer than allowed.
    #[error("La demande envoyée au serveur est trop longue.")]
    RequeteTropLongue,
    /// The body is of another type than this address takes.
    #[error("Le serveur n’attend pas ce type de contenu.")]
    TypeDeContenu,
    /// The client speaks another version of the upload protocol.
    #[error("Version du protocole d’envoi inconnue.")]
    VersionTus,
    /// The upload continues elsewhere than at the server's offset.
    #[error("L’envoi ne reprend pas au bon endroit.")]
    OffsetDifferent,
    /// Another connection is writing to this upload.
    #[error("Cet envoi est déjà en cours sur une autre connexion.")]
    EnvoiOccupe,
    /// The upload is finished, failed or expired.
    #[error("Cet envoi est terminé.")]
    EnvoiTermine,
    /// The chunk's checksum, given by the client, differs.
    #[error("Une partie de l’envoi a été abîmée en route.")]
    SommeDifferente,
    /// The whole file's SHA-256 differs from what was announced: the upload has failed for good.
    #[error("Le document reçu n’est pas celui qui était annoncé.")]
    EmpreinteDifferente,
    /// Same deposit id, other facts.
    #[error("Cet envoi existe déjà avec d’autres renseignements.")]
    DepotDifferent,
    /// The facts of the deposit are unknown or contradict each other; the detail says which.
    #[error("Les renseignements sur la pièce ne conviennent pas.")]
    FaitsInvalides,
    /// Zero bytes announced.
    #[error("Ce fichier est vide.")]
    FichierVide,
    /// More bytes announced than an upload may have.
    #[error("Ce fichier est trop volumineux.")]
    FichierTropVolumineux,
    /// The first bytes are of no known type.
    #[error("Ce type de fichier n’est pas accepté. Envoyez une photo (JPEG, PNG, WebP) ou un PDF.")]
    FichierInconnu,
    /// The demande holds as much as it may.
    #[error("Cette demande contient déjà le nombre maximal de pièces.")]
    QuotaAtteint,
    /// The demande takes no more pieces (radiée).
    #[error("Cette demande n’accepte plus de pièces.")]
    DemandeFermee,
    /// The piece was already looked at, judged or replaced: it can no longer be withdrawn.
    #[error("Cette pièce a déjà été consultée par un agent et ne peut plus être retirée.")]
    DejaConsultee,
    /// The piece is not inspected yet, or was refused: its bytes are shown to nobody.
    #[error("Ce document n’est pas encore consultable.")]
    PasDisponible,
    /// The asked range lies outside the file.
    #[error("La partie demandée n’existe pas.")]
    PartieInexistante,
    /// No room on the server's disk; what was received is kept.
    #[error("Le service manque de place pour le moment. Votre envoi reprendra plus tard, rien n’est perdu.")]
    DisquePlein,
    /// The server is stopping or overloaded.
    #[error("Le service est momentanément indisponible. Réessayez dans quelques minutes.")]
    Indisponible,
    /// A fault of ours.
    #[error("Une erreur est survenue de notre côté. Réessayez ; rien de ce qui a été déposé n’est perdu.")]
    ErreurInterne,
}

impl ProblemCode {
    /// The stable name, as in JSON: `numero_invalide`.
    pub fn name(self) -> String {
        serde_json::to_value(self).ok().and_then(|name| Some(name.as_str()?.to_owned())).unwrap_or_default()
    }
}

/// The body of a refusal (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// `urn:ma-demande:probleme:` and the code.
    #[serde(rename = "type")]
    pub type_uri: String,
    /// The code's sentence, in French.
    pub title: String,
    /// The HTTP status, repeated.
    pub status: u16,
    /// The stable code.
    pub code: ProblemCode,
    /// What exactly was wrong with this request, where there is more to say than the title.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub detail: Option<String>,
}

impl Problem {
    /// The body for a code.
    pub fn new(code: ProblemCode, status: u16, detail: Option<String>) -> Self {
        Self {
            type_uri: format!("urn:ma-demande:probleme:{}", code.name()),
            title: code.to_string(),
            status,
            code,
            detail,
        }
    }

    /// What to show to the person: the detail where there is one, else the title.
    pub fn sentence(&self) -> &str {
        self.detail.as_deref().unwrap_or(&self.title)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_carries_its_code_twice_and_comes_back() {
        let problem = Problem::new(ProblemCode::OffsetDifferent, 409, None);
        let json = serde_json::to_value(&problem).unwrap();
        assert_eq!(json["type"], "urn:ma-demande:probleme:offset_different");
        assert_eq!(json["code"], "offset_different");
        assert_eq!(json.get("detail"), None);
        assert_eq!(serde_json::from_value::<Problem>(json).unwrap(), problem);
    }
}

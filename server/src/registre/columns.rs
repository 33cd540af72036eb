//! How the registre's closed lists lie in a column: by their stable words, the same as in JSON.

use wire::{
    GuichetCode, Origine,
    api::{EtatDemande, Role},
};

use super::{
    efface_demande::MotifDemande,
    effacement::MotifEffacement,
    journal::Acte,
    types::{EtatCompte, EtatDepot, Profil},
};
use crate::{
    coffre::{BlobId, CleId},
    store::{Column, StoreError, Value},
};

/// Both directions of one list, from one table.
macro_rules! words {
    ($($type:ident { $($variant:ident = $word:literal),* $(,)? })*) => {$(
        impl From<$type> for Value {
            fn from(value: $type) -> Self {
                match value { $($type::$variant => $word,)* }.into()
            }
        }

        impl Column for $type {
            fn from_value(value: &Value) -> Option<Self> {
                match String::from_value(value)?.as_str() { $($word => Some($type::$variant),)* _ => None }
            }
        }
    )*};
}

words! {
    EtatDemande { Active = "active", Radiee = "radiee" }
    Role { Demandeur = "demandeur", Cotitulaire = "cotitulaire", PersonneACharge = "personne_a_charge" }
    EtatDepot { EnCours = "en_cours", Attache = "attache", Echoue = "echoue", Abandonne = "abandonne" }
    Profil {
        Guichet = "guichet",
        ConsultantSimple = "consultant_simple",
        ConsultantDemande = "consultant_demande",
        ConsultantSensible = "consultant_sensible",
        GestionnaireTerritorial = "gestionnaire_territorial",
        AssistanceNationale = "assistance_nationale",
    }
    Acte {
        Consultation = "consultation",
        ConsultationRefusee = "consultation_refusee",
        Recherche = "recherche",
        Examen = "examen",
        ExamenAnnule = "examen_annule",
        PieceDeposee = "piece_deposee",
        Masquage = "masquage",
        DemandeDePiece = "demande_de_piece",
        EvenementAjoute = "evenement_ajoute",
        EvenementSupprime = "evenement_supprime",
        CodeReemis = "code_reemis",
        CompteCertifie = "compte_certifie",
        CompteRefuse = "compte_refuse",
        CompteDesactive = "compte_desactive",
        CompteReactive = "compte_reactive",
        TerritoiresDonnes = "territoires_donnes",
        OuvertureDemandee = "ouverture_demandee",
        CompteModifie = "compte_modifie",
        ListeAccesEnvoyee = "liste_acces_envoyee",
        IdentiteReliee = "identite_reliee",
        DeuxEtapesActivees = "deux_etapes_activees",
        DeuxEtapesArretees = "deux_etapes_arretees",
        DeuxEtapesRetirees = "deux_etapes_retirees",
        Export = "export",
        DepotPartenaire = "depot_partenaire",
        CleCreee = "cle_creee",
        CleRevoquee = "cle_revoquee",
        DemandeEffacee = "demande_effacee",
    }
    MotifDemande { Radiee = "radiee", Demandee = "demandee", Erreur = "erreur" }
    MotifEffacement { Retire = "retire", Dangereux = "dangereux", Original = "original" }
    EtatCompte {
        AConfirmer = "a_confirmer",
        ACompleter = "a_completer",
        ACertifier = "a_certifier",
        Certifie = "certifie",
        Refuse = "refuse",
        Desactive = "desactive",
    }
}

impl From<BlobId> for Value {
    fn from(blob: BlobId) -> Self {
        blob.0.into()
    }
}

impl Column for BlobId {
    fn from_value(value: &Value) -> Option<Self> {
        Column::from_value(value).map(BlobId)
    }
}

impl From<CleId> for Value {
    fn from(cle: CleId) -> Self {
        Self::Bytea(cle.0.to_vec())
    }
}

impl Column for CleId {
    fn from_value(value: &Value) -> Option<Self> {
        Vec::from_value(value)?.try_into().ok().map(CleId)
    }
}

/// An origin lies in two columns: the door, and the guichet where there is one.
pub(super) fn origine_columns(origine: Origine) -> (Value, Value) {
    match origine {
        Origine::Application => ("application".into(), Value::Null),
        Origine::Portail => ("portail".into(), Value::Null),
        Origine::Guichet { code } => ("guichet".into(), code.into()),
        Origine::Numeriseur { code } => ("numeriseur".into(), code.into()),
    }
}

/// The reverse; `column` is the first of the two, to be named in the error.
pub(super) fn read_origine(
    door: &str,
    guichet: Option<GuichetCode>,
    column: usize,
) -> Result<Origine, StoreError> {
    match (door, guichet) {
        ("application", None) => Ok(Origine::Application),
        ("portail", None) => Ok(Origine::Portail),
        ("guichet", Some(code)) => Ok(Origine::Guichet { code }),
        ("numeriseur", Some(code)) => Ok(Origine::Numeriseur { code }),
        _ => Err(StoreError::Colonne(column)),
    }
}

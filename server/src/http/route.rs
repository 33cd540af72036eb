//! Every address of the server, once, as a list that reads like a table of contents.
//!
//! Ids are parsed here: a segment that is no id names nothing, and is answered like an absent thing.

use hyper::Method;
use wire::{DemandeId, DepotId, JustificatifId, UploadId};

use crate::guichet::{Page, Script};

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    /// Whether the server lives: who asks restarts one that does not.
    Vie,
    /// Whether it can do its work now: who asks sends requests elsewhere meanwhile.
    Pret,
    /// Sign in.
    OpenSession,
    /// New tokens.
    RenewSession,
    /// Sign out.
    CloseSession,
    /// The nomenclature in force.
    ReadNomenclature,
    /// A demande and its checklist.
    ReadDemande(DemandeId),
    /// The pieces of a demande.
    ListJustificatifs(DemandeId),
    /// The receipt of a deposit.
    ReadRecu(DemandeId, DepotId),
    /// The bytes of a piece.
    ReadContenu(JustificatifId),
    /// A thumbnail of its first page.
    ReadApercu(JustificatifId),
    /// Take a piece back.
    WithdrawJustificatif(JustificatifId),
    /// A partner's document, whole.
    DepositPartenaire,
    /// What the upload protocol offers here.
    DescribeDepots,
    /// Begin an upload.
    BeginDepot,
    /// Where an upload stands.
    ReadDepot(UploadId),
    /// Add bytes to an upload.
    AppendDepot(UploadId),
    /// Give an upload up.
    AbandonDepot(UploadId),
    /// A page of the counter.
    Guichet(Page),
}

/// Why a request asks for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoRoute {
    /// There is nothing at this address.
    Absent,
    /// The address exists; these are its methods, for the header `Allow`.
    Method(&'static str),
}

impl Route {
    /// Reads a method and a path. `HEAD` is `GET` without the body, except for uploads, where tus gives it a meaning.
    pub(crate) fn parse(method: &Method, path: &str) -> Result<Self, NoRoute> {
        let segments: Vec<&str> = path.strip_prefix('/').unwrap_or_default().split('/').collect();
        let get = |route| match *method {
            Method::GET | Method::HEAD => Ok(route),
            _ => Err(NoRoute::Method("GET, HEAD")),
        };
        let post = |route| if method == Method::POST { Ok(route) } else { Err(NoRoute::Method("POST")) };
        let delete =
            |route| if method == Method::DELETE { Ok(route) } else { Err(NoRoute::Method("DELETE")) };

        match segments.as_slice() {
            ["healthz"] => get(Self::Vie),
            ["readyz"] => get(Self::Pret),

            ["api", "v1", "session"] => match *method {
                Method::POST => Ok(Self::OpenSession),
                Method::DELETE => Ok(Self::CloseSession),
                _ => Err(NoRoute::Method("POST, DELETE")),
            },
            ["api", "v1", "session", "renouvellement"] => post(Self::RenewSession),
            ["api", "v1", "nomenclature"] => get(Self::ReadNomenclature),
            ["api", "v1", "demandes", demande] => get(Self::ReadDemande(id(demande)?)),
            ["api", "v1", "demandes", demande, "justificatifs"] => get(Self::ListJustificatifs(id(demande)?)),
            ["api", "v1", "demandes", demande, "depots", depot] => {
                get(Self::ReadRecu(id(demande)?, id(depot)?))
            }
            ["api", "v1", "justificatifs", justificatif] => {
                delete(Self::WithdrawJustificatif(id(justificatif)?))
            }
            ["api", "v1", "justificatifs", justificatif, "contenu"] => {
                get(Self::ReadContenu(id(justificatif)?))
            }
            ["api", "v1", "justificatifs", justificatif, "apercu"] => {
                get(Self::ReadApercu(id(justificatif)?))
            }

            ["api", "v1", "partenaire", "justificatifs"] => post(Self::DepositPartenaire),

            ["depots"] => match *method {
                Method::POST => Ok(Self::BeginDepot),
                Method::OPTIONS => Ok(Self::DescribeDepots),
                _ => Err(NoRoute::Method("POST, OPTIONS")),
            },
            ["depots", upload] => {
                let upload = id(upload)?;
                match *method {
                    Method::HEAD => Ok(Self::ReadDepot(upload)),
                    Method::PATCH => Ok(Self::AppendDepot(upload)),
                    Method::DELETE => Ok(Self::AbandonDepot(upload)),
                    Method::OPTIONS => Ok(Self::DescribeDepots),
                    _ => Err(NoRoute::Method("HEAD, PATCH, DELETE, OPTIONS")),
                }
            }

            ["guichet", page @ ..] => Ok(Self::Guichet(counter_page(method, page)?)),

            _ => Err(NoRoute::Absent),
        }
    }

    /// The route's name in the log, where a path would carry ids.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Vie => "vie",
            Self::Pret => "pret",
            Self::OpenSession => "open_session",
            Self::RenewSession => "renew_session",
            Self::CloseSession => "close_session",
            Self::ReadNomenclature => "read_nomenclature",
            Self::ReadDemande(_) => "read_demande",
            Self::ListJustificatifs(_) => "list_justificatifs",
            Self::ReadRecu(..) => "read_recu",
            Self::ReadContenu(_) => "read_contenu",
            Self::ReadApercu(_) => "read_apercu",
            Self::WithdrawJustificatif(_) => "withdraw_justificatif",
            Self::DepositPartenaire => "deposit_partenaire",
            Self::DescribeDepots => "describe_depots",
            Self::BeginDepot => "begin_depot",
            Self::ReadDepot(_) => "read_depot",
            Self::AppendDepot(_) => "append_depot",
            Self::AbandonDepot(_) => "abandon_depot",
            Self::Guichet(Page::Style) => "guichet_style",
            Self::Guichet(Page::ShowConnexion) => "guichet_show_connexion",
            Self::Guichet(Page::OpenSession) => "guichet_open_session",
            Self::Guichet(Page::CloseSession) => "guichet_close_session",
            Self::Guichet(Page::Script(_)) => "guichet_script",
            Self::Guichet(Page::ShowTravail) => "guichet_show_travail",
            Self::Guichet(Page::ShowRecherche) => "guichet_show_recherche",
            Self::Guichet(Page::FindByNumero) => "guichet_find_by_numero",
            Self::Guichet(Page::FindByNom) => "guichet_find_by_nom",
            Self::Guichet(Page::ShowCode(_)) => "guichet_show_code",
            Self::Guichet(Page::IssueCode(_)) => "guichet_issue_code",
            Self::Guichet(Page::JudgeSeveral(_)) => "guichet_judge_several",
            Self::Guichet(Page::ShowDemandes(_)) => "guichet_show_demandes",
            Self::Guichet(Page::AskPiece(_)) => "guichet_ask_piece",
            Self::Guichet(Page::ShowEvenements(_)) => "guichet_show_evenements",
            Self::Guichet(Page::AddEvenement(_)) => "guichet_add_evenement",
            Self::Guichet(Page::DeleteEvenement(..)) => "guichet_delete_evenement",
            Self::Guichet(Page::JudgePiece(_)) => "guichet_judge_piece",
            Self::Guichet(Page::UndoJudgement(_)) => "guichet_undo_judgement",
            Self::Guichet(Page::MaskPiece(_)) => "guichet_mask_piece",
            Self::Guichet(Page::ShowDepot(_)) => "guichet_show_depot",
            Self::Guichet(Page::DepositPieces(_)) => "guichet_deposit_pieces",
            Self::Guichet(Page::ReadOriginal(_)) => "guichet_read_original",
            Self::Guichet(Page::RotatePiece(_)) => "guichet_rotate_piece",
            Self::Guichet(Page::ShowDemande(_)) => "guichet_show_demande",
            Self::Guichet(Page::ShowPiece(_)) => "guichet_show_piece",
            Self::Guichet(Page::ReadContenu(_)) => "guichet_read_contenu",
            Self::Guichet(Page::ReadApercu(..)) => "guichet_read_apercu",
            Self::Guichet(Page::ShowInscription) => "guichet_show_inscription",
            Self::Guichet(Page::Register) => "guichet_register",
            Self::Guichet(Page::ShowOubli) => "guichet_show_oubli",
            Self::Guichet(Page::ForgetPassword) => "guichet_forget_password",
            Self::Guichet(Page::ShowLien) => "guichet_show_lien",
            Self::Guichet(Page::ChoosePassword(_)) => "guichet_choose_password",
            Self::Guichet(Page::ShowCompte) => "guichet_show_compte",
            Self::Guichet(Page::ChangePassword) => "guichet_change_password",
            Self::Guichet(Page::SendFiche) => "guichet_send_fiche",
            Self::Guichet(Page::ListComptes) => "guichet_list_comptes",
            Self::Guichet(Page::ShowUnCompte(_)) => "guichet_show_un_compte",
            Self::Guichet(Page::DecideCompte(_)) => "guichet_decide_compte",
            Self::Guichet(Page::ShowTerritoire) => "guichet_show_territoire",
            Self::Guichet(Page::AskOuverture) => "guichet_ask_ouverture",
            Self::Guichet(Page::ApplyListe(_)) => "guichet_apply_liste",
            Self::Guichet(Page::ShowAcces) => "guichet_show_acces",
            Self::Guichet(Page::SendAcces) => "guichet_send_acces",
            Self::Guichet(Page::BeginFederation) => "guichet_begin_federation",
            Self::Guichet(Page::FinishFederation) => "guichet_finish_federation",
            Self::Guichet(Page::ShowEtape) => "guichet_show_etape",
            Self::Guichet(Page::ProveEtape) => "guichet_prove_etape",
            Self::Guichet(Page::ShowDeuxEtapes) => "guichet_show_deux_etapes",
            Self::Guichet(Page::BeginDeuxEtapes) => "guichet_begin_deux_etapes",
            Self::Guichet(Page::ConfirmDeuxEtapes) => "guichet_confirm_deux_etapes",
            Self::Guichet(Page::StopDeuxEtapes) => "guichet_stop_deux_etapes",
            Self::Guichet(Page::ResetDeuxEtapes(_)) => "guichet_reset_deux_etapes",
            Self::Guichet(Page::ShowJournal) => "guichet_show_journal",
            Self::Guichet(Page::ExportJournal) => "guichet_export_journal",
        }
    }

    /// Whether this is there only with an identity provider.
    pub(crate) fn is_federated(&self) -> bool {
        matches!(self, Self::Guichet(Page::BeginFederation | Page::FinishFederation))
    }

    /// Whether it brings bytes of a document, so that its refusal is an upload's.
    pub(crate) fn sends(&self) -> bool {
        matches!(self, Self::BeginDepot | Self::AppendDepot(_) | Self::DepositPartenaire)
    }

    /// Whether the answer speaks tus: its version header goes on every one.
    pub(crate) fn is_tus(&self) -> bool {
        matches!(
            self,
            Self::DescribeDepots
                | Self::BeginDepot
                | Self::ReadDepot(_)
                | Self::AppendDepot(_)
                | Self::AbandonDepot(_)
        )
    }
}

/// A page of the counter, by what follows `/guichet`.
fn counter_page(method: &Method, segments: &[&str]) -> Result<Page, NoRoute> {
    let get = |page| match *method {
        Method::GET | Method::HEAD => Ok(page),
        _ => Err(NoRoute::Method("GET, HEAD")),
    };
    let post = |page| if method == Method::POST { Ok(page) } else { Err(NoRoute::Method("POST")) };
    // A page and the form on it have one address.
    let both = |shown, sent| match *method {
        Method::GET | Method::HEAD => Ok(shown),
        Method::POST => Ok(sent),
        _ => Err(NoRoute::Method("GET, HEAD, POST")),
    };
    match segments {
        [] => get(Page::ShowTravail),
        ["style.css"] => get(Page::Style),
        ["visionneuse.js"] => get(Page::Script(Script::Visionneuse)),
        ["envoi.js"] => get(Page::Script(Script::Envoi)),
        ["tus.js"] => get(Page::Script(Script::Tus)),
        ["connexion"] => both(Page::ShowConnexion, Page::OpenSession),
        ["connexion", "federee"] => get(Page::BeginFederation),
        ["connexion", "federee", "retour"] => get(Page::FinishFederation),
        ["connexion", "code"] => both(Page::ShowEtape, Page::ProveEtape),
        ["deconnexion"] => post(Page::CloseSession),
        ["recherche"] => both(Page::ShowRecherche, Page::FindByNumero),
        ["recherche", "nom"] => post(Page::FindByNom),
        ["demandes", demande] => get(Page::ShowDemande(id(demande)?)),
        ["demandes", demande, "code"] => both(Page::ShowCode(id(demande)?), Page::IssueCode(id(demande)?)),
        ["demandes", demande, "examen"] => post(Page::JudgeSeveral(id(demande)?)),
        ["demandes", demande, "demandes-de-pieces"] => {
            both(Page::ShowDemandes(id(demande)?), Page::AskPiece(id(demande)?))
        }
        ["demandes", demande, "pieces"] => {
            both(Page::ShowDepot(id(demande)?), Page::DepositPieces(id(demande)?))
        }
        ["demandes", demande, "evenements"] => {
            both(Page::ShowEvenements(id(demande)?), Page::AddEvenement(id(demande)?))
        }
        ["demandes", demande, "evenements", evenement, "suppression"] => {
            post(Page::DeleteEvenement(id(demande)?, id(evenement)?))
        }
        ["inscription"] => both(Page::ShowInscription, Page::Register),
        ["mot-de-passe"] => both(Page::ShowOubli, Page::ForgetPassword),
        ["mot-de-passe", jeton] => both(Page::ShowLien, Page::ChoosePassword((*jeton).into())),
        ["compte"] => get(Page::ShowCompte),
        ["compte", "mot-de-passe"] => post(Page::ChangePassword),
        ["compte", "fiche"] => post(Page::SendFiche),
        ["compte", "deux-etapes"] => both(Page::ShowDeuxEtapes, Page::BeginDeuxEtapes),
        ["compte", "deux-etapes", "confirmation"] => post(Page::ConfirmDeuxEtapes),
        ["compte", "deux-etapes", "arret"] => post(Page::StopDeuxEtapes),
        ["comptes"] => get(Page::ListComptes),
        ["comptes", compte] => both(Page::ShowUnCompte(id(compte)?), Page::DecideCompte(id(compte)?)),
        ["comptes", compte, "liste"] => post(Page::ApplyListe(id(compte)?)),
        ["territoire"] => both(Page::ShowTerritoire, Page::AskOuverture),
        ["acces"] => both(Page::ShowAcces, Page::SendAcces),
        ["comptes", compte, "deux-etapes"] => post(Page::ResetDeuxEtapes(id(compte)?)),
        ["journal"] => get(Page::ShowJournal),
        ["journal", "export"] => post(Page::ExportJournal),
        ["justificatifs", piece] => get(Page::ShowPiece(id(piece)?)),
        ["justificatifs", piece, "examen"] => post(Page::JudgePiece(id(piece)?)),
        ["justificatifs", piece, "examen", "annulation"] => post(Page::UndoJudgement(id(piece)?)),
        ["justificatifs", piece, "masques"] => post(Page::MaskPiece(id(piece)?)),
        ["justificatifs", piece, "original"] => get(Page::ReadOriginal(id(piece)?)),
        ["justificatifs", piece, "rotation"] => post(Page::RotatePiece(id(piece)?)),
        ["justificatifs", piece, "contenu"] => get(Page::ReadContenu(id(piece)?)),
        ["justificatifs", piece, "apercus", page] => get(Page::ReadApercu(id(piece)?, id(page)?)),
        _ => Err(NoRoute::Absent),
    }
}

fn id<T: std::str::FromStr>(segment: &str) -> Result<T, NoRoute> {
    segment.parse().map_err(|_| NoRoute::Absent)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: &str = "01913b5c-5b8f-7c3e-9f1a-000000000001";

    #[test]
    fn addresses_are_read_with_their_ids() {
        let parse = |method: Method, path: &str| Route::parse(&method, &path.replace("ID", ID));
        let uuid = |text: &str| text.parse().unwrap();
        assert_eq!(parse(Method::GET, "/healthz"), Ok(Route::Vie));
        assert_eq!(parse(Method::HEAD, "/api/v1/nomenclature"), Ok(Route::ReadNomenclature));
        assert_eq!(
            parse(Method::GET, "/api/v1/demandes/ID/depots/ID"),
            Ok(Route::ReadRecu(ID.parse().unwrap(), ID.parse().unwrap()))
        );
        assert_eq!(parse(Method::POST, "/api/v1/partenaire/justificatifs"), Ok(Route::DepositPartenaire));
        assert_eq!(parse(Method::HEAD, "/depots/ID"), Ok(Route::ReadDepot(uuid(ID))));
        assert_eq!(parse(Method::PATCH, "/depots/ID"), Ok(Route::AppendDepot(uuid(ID))));
        assert_eq!(parse(Method::GET, "/guichet"), Ok(Route::Guichet(Page::ShowTravail)));
        assert_eq!(
            parse(Method::GET, "/guichet/justificatifs/ID/contenu"),
            Ok(Route::Guichet(Page::ReadContenu(ID.parse().unwrap())))
        );
        assert_eq!(
            parse(Method::GET, "/api/v1/justificatifs/ID/apercu"),
            Ok(Route::ReadApercu(ID.parse().unwrap()))
        );
        assert_eq!(
            parse(Method::GET, "/guichet/justificatifs/ID/apercus/12"),
            Ok(Route::Guichet(Page::ReadApercu(ID.parse().unwrap(), 12.try_into().unwrap())))
        );
    }

    #[test]
    fn what_is_no_address_is_absent_and_a_wrong_method_is_named() {
        let parse = |method: Method, path: &str| Route::parse(&method, &path.replace("ID", ID));
        for path in [
            "",
            "/",
            "//healthz",
            "/healthz/",
            "/depots/",
            "/depots/../healthz",
            "/depots/{ID}",
            "*",
            "/guichet/",
            "/guichet/justificatifs/ID/apercus/0",
            "/guichet/justificatifs/ID/apercus/x",
        ] {
            assert_eq!(parse(Method::GET, path), Err(NoRoute::Absent), "{path}");
        }
        assert_eq!(parse(Method::GET, "/depots/ID"), Err(NoRoute::Method("HEAD, PATCH, DELETE, OPTIONS")));
        assert_eq!(parse(Method::PUT, "/api/v1/session"), Err(NoRoute::Method("POST, DELETE")));
    }

    proptest! {
        #[test]
        fn no_path_panics(path in any::<String>()) {
            let _ = Route::parse(&Method::GET, &path);
        }
    }
}

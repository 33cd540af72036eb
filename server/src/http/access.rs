//! Who may ask for what: one table, Route × identity. It has no default line, so a new route does not compile until
//! it is classified. That a thing is the asker's own is for the registre to say: here only the kind of person counts.

use super::route::Route;
use crate::{
    guichet::Page,
    registre::{AgentConnecte, Profil},
};

/// Who asks, as far as the table cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Identity {
    /// Nobody known.
    Anonyme,
    /// A demandeur with a session.
    Demandeur,
    /// A partner with a key.
    Partenaire,
    /// An agent with a session, whose account is certified for this profile.
    Agent(Profil),
    /// An agent with a session, whose account is not certified, or not protected as the operator wants it.
    AgentEnAttente,
}

impl Identity {
    /// Of someone who has signed in at the counter.
    pub(crate) fn of(agent: &AgentConnecte) -> Self {
        if agent.works() { Self::Agent(agent.profil) } else { Self::AgentEnAttente }
    }
}

/// Whom a route is open to.
#[derive(Clone, Copy)]
enum Open {
    Everyone,
    Demandeurs,
    /// Demandeurs, and the agents who judge pieces.
    Deposants,
    Partenaires,
    /// Certified agents of the profiles for which this holds.
    Agents(fn(Profil) -> bool),
    /// Agents, certified or not, protected or not: their own account.
    SignedIn,
}

/// Whether someone of this identity may ask for this.
pub(crate) fn permits(route: &Route, identity: Identity) -> bool {
    let open = match route {
        // Renewing is open, because the refresh token in the body is the proof.
        Route::Vie
        | Route::Pret
        | Route::OpenSession
        | Route::RenewSession
        | Route::ReadNomenclature
        | Route::DescribeDepots => Open::Everyone,
        Route::CloseSession
        | Route::ReadDemande(_)
        | Route::ListJustificatifs(_)
        | Route::ReadRecu(..)
        | Route::ReadContenu(_)
        | Route::ReadApercu(_)
        | Route::WithdrawJustificatif(_) => Open::Demandeurs,
        Route::BeginDepot | Route::ReadDepot(_) | Route::AppendDepot(_) | Route::AbandonDepot(_) => {
            Open::Deposants
        }
        Route::DepositPartenaire => Open::Partenaires,
        Route::Guichet(page) => match page {
            // A mail's link carries its own proof.
            Page::Style
            | Page::Script(_)
            | Page::ShowConnexion
            | Page::OpenSession
            | Page::ShowInscription
            | Page::Register
            | Page::ShowOubli
            | Page::ForgetPassword
            | Page::ShowLien
            | Page::ChoosePassword(_)
            // So does who comes back from the identity provider.
            | Page::BeginFederation
            | Page::FinishFederation
            // And a session that waits for its code: in the table's eyes its bearer is still nobody.
            | Page::ShowEtape
            | Page::ProveEtape => Open::Everyone,
            // The first page leads everyone to his own work.
            Page::ShowTravail
            | Page::CloseSession
            | Page::ShowCompte
            | Page::ChangePassword
            | Page::SendFiche
            | Page::ShowDeuxEtapes
            | Page::BeginDeuxEtapes
            | Page::ConfirmDeuxEtapes
            | Page::StopDeuxEtapes => Open::SignedIn,
            Page::ListComptes
            | Page::ShowUnCompte(_)
            | Page::DecideCompte(_)
            | Page::ApplyListe(_)
            | Page::ResetDeuxEtapes(_) => {
                Open::Agents(Profil::certifie)
            }
            Page::ShowAcces => Open::Agents(Profil::voit_acces),
            // Which pieces a profile may open is the registre's to say, which writes the refusal down.
            Page::ShowRecherche
            | Page::FindByNumero
            | Page::ShowDemande(_)
            | Page::ShowDemandes(_)
            | Page::ShowEvenements(_)
            | Page::RotatePiece(_)
            | Page::ShowPiece(_)
            | Page::ReadContenu(_)
            | Page::ReadOriginal(_)
            | Page::ReadApercu(..) => Open::Agents(Profil::voit_demandes),
            Page::FindByNom => Open::Agents(Profil::cherche_par_nom),
            Page::JudgePiece(_)
            | Page::JudgeSeveral(_)
            | Page::UndoJudgement(_)
            | Page::MaskPiece(_)
            | Page::ShowDepot(_)
            | Page::DepositPieces(_)
            | Page::AskPiece(_)
            | Page::ShowCode(_)
            | Page::IssueCode(_)
            | Page::AddEvenement(_)
            | Page::DeleteEvenement(..) => Open::Agents(Profil::juge),
            Page::SendAcces
            | Page::ShowTerritoire
            | Page::AskOuverture
            | Page::ShowJournal
            | Page::ExportJournal => Open::Agents(Profil::gere),
        },
    };
    match open {
        Open::Everyone => true,
        Open::Demandeurs => identity == Identity::Demandeur,
        Open::Deposants => match identity {
            Identity::Demandeur => true,
            Identity::Agent(profil) => profil.juge(),
            Identity::Anonyme | Identity::Partenaire | Identity::AgentEnAttente => false,
        },
        Open::Partenaires => identity == Identity::Partenaire,
        Open::Agents(may) => matches!(identity, Identity::Agent(profil) if may(profil)),
        Open::SignedIn => matches!(identity, Identity::Agent(_) | Identity::AgentEnAttente),
    }
}

//! The counter: pages for agents, made on the server, readable without script.
//!
//! An agent signs in ([`connexion`], through [`federation`] where there is one, with a second factor where
//! [`second_facteur`] was turned on) and sees what waits ([`travail`]), or finds a demande ([`recherche`], [`demande`]);
//! opens a piece ([`piece`]): the opening is written down before the first byte leaves; masks a number on it ([`masquer`]),
//! judges it ([`examen`]), asks for another ([`demander`]) or deposits one ([`deposer`]), keeps the events ([`evenements`]). A
//! gestionnaire reads who did what ([`journal`]), says who should have access ([`acces`]) and asks that demandeurs see the
//! national events ([`territoire`]). Pages are French; every one states its own security headers, since a browser is told here to run nothing of others and to
//! send forms nowhere else.
//!
//! What can go wrong: a session that ended in mid-work (the sign-in page says so); a demande of another territory
//! (absent and foreign look alike); a form sent from another site (refused by its origin, and the cookie does not
//! travel); a document that is hostile (its bytes are never shown inside our pages, only pictures that the inspecteur
//! drew of it; the original is downloaded).

mod acces;
mod code;
mod compte;
mod comptes;
mod connexion;
mod demande;
mod demander;
mod deposer;
mod evenements;
mod examen;
mod federation;
mod form;
mod inscription;
mod journal;
mod masquer;
mod mots;
mod page;
mod piece;
mod qr;
mod recherche;
mod second_facteur;
mod territoire;
mod travail;

use std::{net::IpAddr, num::NonZeroU32, sync::Arc};

use hyper::{HeaderMap, body::Incoming};
use wire::{AgentId, DemandeId, EvenementId, JustificatifId, ProblemCode};

use crate::{
    http::{problem::Refus, respond::Response},
    identite::IdentiteError,
    registre::{AgentConnecte, EtatCompte, Profil},
    service::Service,
};

/// The counter's addresses, all under `/guichet`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Page {
    /// `GET /guichet/style.css`.
    Style,
    /// `GET /guichet/connexion`.
    ShowConnexion,
    /// `POST /guichet/connexion`.
    OpenSession,
    /// `GET /guichet/connexion/federee`: to the identity provider.
    BeginFederation,
    /// `GET /guichet/connexion/federee/retour`: back from there.
    FinishFederation,
    /// `GET /guichet/connexion/code`: the second factor.
    ShowEtape,
    /// `POST /guichet/connexion/code`.
    ProveEtape,
    /// `POST /guichet/deconnexion`.
    CloseSession,
    /// `GET /guichet/visionneuse.js` and the others.
    Script(Script),
    /// `GET /guichet`: what waits to be judged.
    ShowTravail,
    /// `GET /guichet/recherche`: find a demande.
    ShowRecherche,
    /// `POST /guichet/recherche`: the numéro travels in the body, never in an address.
    FindByNumero,
    /// `POST /guichet/recherche/nom`.
    FindByNom,
    /// `GET /guichet/demandes/{demande}`.
    ShowDemande(DemandeId),
    /// `GET /guichet/demandes/{demande}/code`: a lost code télé-demandeur.
    ShowCode(DemandeId),
    /// `POST /guichet/demandes/{demande}/code`.
    IssueCode(DemandeId),
    /// `POST /guichet/demandes/{demande}/examen`: several pieces at once.
    JudgeSeveral(DemandeId),
    /// `GET /guichet/demandes/{demande}/pieces`: deposit pieces.
    ShowDepot(DemandeId),
    /// `POST /guichet/demandes/{demande}/pieces`: by a form, where no script runs.
    DepositPieces(DemandeId),
    /// `GET /guichet/demandes/{demande}/demandes-de-pieces`.
    ShowDemandes(DemandeId),
    /// `POST /guichet/demandes/{demande}/demandes-de-pieces`.
    AskPiece(DemandeId),
    /// `GET /guichet/demandes/{demande}/evenements`.
    ShowEvenements(DemandeId),
    /// `POST /guichet/demandes/{demande}/evenements`.
    AddEvenement(DemandeId),
    /// `POST /guichet/demandes/{demande}/evenements/{evenement}/suppression`.
    DeleteEvenement(DemandeId, EvenementId),
    /// `GET /guichet/justificatifs/{justificatif}`.
    ShowPiece(JustificatifId),
    /// `POST /guichet/justificatifs/{justificatif}/examen`.
    JudgePiece(JustificatifId),
    /// `POST /guichet/justificatifs/{justificatif}/examen/annulation`.
    UndoJudgement(JustificatifId),
    /// `POST /guichet/justificatifs/{justificatif}/masques`.
    MaskPiece(JustificatifId),
    /// `GET /guichet/justificatifs/{justificatif}/original`: the document before it was masked.
    ReadOriginal(JustificatifId),
    /// `POST /guichet/justificatifs/{justificatif}/rotation`.
    RotatePiece(JustificatifId),
    /// `GET /guichet/justificatifs/{justificatif}/contenu`.
    ReadContenu(JustificatifId),
    /// `GET /guichet/justificatifs/{justificatif}/apercus/{page}`, from 1.
    ReadApercu(JustificatifId, NonZeroU32),
    /// `GET /guichet/inscription`: ask for an account.
    ShowInscription,
    /// `POST /guichet/inscription`.
    Register,
    /// `GET /guichet/mot-de-passe`: ask for a new password.
    ShowOubli,
    /// `POST /guichet/mot-de-passe`.
    ForgetPassword,
    /// `GET /guichet/mot-de-passe/{jeton}`: what a mail's link opens.
    ShowLien,
    /// `POST /guichet/mot-de-passe/{jeton}`.
    ChoosePassword(JetonDeLien),
    /// `GET /guichet/compte`: where the agent's own account stands.
    ShowCompte,
    /// `POST /guichet/compte/mot-de-passe`: the own password, by whoever knows it.
    ChangePassword,
    /// `POST /guichet/compte/fiche`: the fiche collecte.
    SendFiche,
    /// `GET /guichet/compte/deux-etapes`: the agent's own second factor.
    ShowDeuxEtapes,
    /// `POST /guichet/compte/deux-etapes`: a new secret.
    BeginDeuxEtapes,
    /// `POST /guichet/compte/deux-etapes/confirmation`: its first code.
    ConfirmDeuxEtapes,
    /// `POST /guichet/compte/deux-etapes/arret`.
    StopDeuxEtapes,
    /// `GET /guichet/comptes`: the assistance's list.
    ListComptes,
    /// `GET /guichet/comptes/{compte}`.
    ShowUnCompte(AgentId),
    /// `POST /guichet/comptes/{compte}`.
    DecideCompte(AgentId),
    /// `GET /guichet/territoire`: what the gestionnaire has asked for.
    ShowTerritoire,
    /// `POST /guichet/territoire`: ask that demandeurs see the national events.
    AskOuverture,
    /// `POST /guichet/comptes/{compte}/liste`: what the guichet's list says of it is applied.
    ApplyListe(AgentId),
    /// `GET /guichet/acces`: who should have access at each guichet, beside who has.
    ShowAcces,
    /// `POST /guichet/acces`: the list of a guichet.
    SendAcces,
    /// `POST /guichet/comptes/{compte}/deux-etapes`: the assistance takes a lost second factor away.
    ResetDeuxEtapes(AgentId),
    /// `GET /guichet/journal`: who did what in the gestionnaire's territory.
    ShowJournal,
    /// `POST /guichet/journal/export`: the same as a file.
    ExportJournal,
}

/// The scripts of the counter's pages. None is needed to work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Script {
    /// The reader's: zoom, keys, a rectangle drawn.
    Visionneuse,
    /// The deposit's: progress, resumption.
    Envoi,
    /// tus-js-client, which the deposit's script calls.
    Tus,
}

/// The secret of a mail's link, as it stands in an address: nothing prints it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct JetonDeLien(String);

impl std::fmt::Debug for JetonDeLien {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JetonDeLien(…)")
    }
}

impl From<&str> for JetonDeLien {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// What a request brings besides its address.
pub(crate) struct Visite {
    /// Its headers.
    pub(crate) headers: HeaderMap,
    /// What stands behind the question mark.
    pub(crate) query: String,
    /// Its body.
    pub(crate) body: Incoming,
    /// Where the browser is, for the limit on attempts.
    pub(crate) from: IpAddr,
    /// Whether this is a trial on plain HTTP: the cookie can then not be `Secure`.
    pub(crate) plain: bool,
}

/// Shows someone whom the table keeps from a page where to go instead: to sign in, to the account that waits or has to be
/// protected, or nowhere.
pub(crate) fn turn_away(agent: Option<&AgentConnecte>) -> Response {
    match agent {
        None => form::see_other("/guichet/connexion"),
        Some(agent) if agent.etat != EtatCompte::Certifie => form::see_other("/guichet/compte"),
        Some(agent) if agent.a_proteger => form::see_other("/guichet/compte/deux-etapes"),
        Some(_) => page::refus(
            Refus::new(ProblemCode::Interdit).detail("Votre profil ne donne pas accès à cette page."),
            agent,
        ),
    }
}

/// Answers a page. `agent` is whoever the cookie names, where the page needs someone: the table has let them.
pub(crate) async fn answer(
    service: Arc<Service>,
    page: Page,
    agent: Option<AgentConnecte>,
    visite: Visite,
) -> Response {
    let service = &service;
    let answered = match (page, agent.as_ref()) {
        (Page::Style, _) => Ok(page::style()),
        (Page::Script(script), _) => page::script(script),
        (Page::ShowConnexion, _) => Ok(connexion::show(service)),
        (Page::OpenSession, _) => connexion::open_session(service, visite).await,
        (Page::BeginFederation, _) => match &service.federation {
            Some(federation) => federation::begin(service, federation, &visite).await,
            None => Err(introuvable()),
        },
        (Page::FinishFederation, _) => match &service.federation {
            Some(federation) => federation::finish(service, federation, visite).await,
            None => Err(introuvable()),
        },
        (Page::ShowEtape, _) => connexion::show_etape(service, &visite).await,
        (Page::ProveEtape, _) => connexion::prove_etape(service, visite).await,
        (Page::ShowInscription, _) => Ok(inscription::show()),
        (Page::Register, _) => inscription::register(service, visite).await,
        (Page::ShowOubli, _) => Ok(inscription::show_oubli()),
        (Page::ForgetPassword, _) => inscription::forget(service, visite).await,
        (Page::ShowLien, _) => Ok(inscription::show_lien()),
        (Page::ChoosePassword(jeton), _) => inscription::choose_password(service, &jeton.0, visite).await,
        (_, None) => Ok(form::see_other("/guichet/connexion")),
        (Page::CloseSession, Some(agent)) => connexion::close_session(service, agent, visite).await,
        (Page::ShowTravail, Some(agent)) if agent.may(Profil::certifie) => {
            Ok(form::see_other("/guichet/comptes"))
        }
        (Page::ShowTravail, Some(agent)) if !agent.works() => Ok(turn_away(Some(agent))),
        (Page::ShowTravail, Some(agent)) => travail::show(service, agent, &visite.query).await,
        (Page::ShowRecherche, Some(agent)) => Ok(recherche::show(agent)),
        (Page::FindByNumero, Some(agent)) => recherche::by_numero(service, agent, visite).await,
        (Page::FindByNom, Some(agent)) => recherche::by_nom(service, agent, visite).await,
        (Page::ShowDemande(id), Some(agent)) => demande::show(service, agent, id).await,
        (Page::ShowCode(id), Some(agent)) => code::show(service, agent, id).await,
        (Page::IssueCode(id), Some(agent)) => code::issue(service, agent, id, visite).await,
        (Page::JudgeSeveral(id), Some(agent)) => examen::judge_several(service, agent, id, visite).await,
        (Page::ShowDepot(id), Some(agent)) => deposer::show(service, agent, id).await,
        (Page::DepositPieces(id), Some(agent)) => deposer::deposit(service, agent, id, visite).await,
        (Page::ShowDemandes(id), Some(agent)) => demander::show(service, agent, id).await,
        (Page::AskPiece(id), Some(agent)) => demander::ask(service, agent, id, visite).await,
        (Page::ShowEvenements(id), Some(agent)) => evenements::show(service, agent, id).await,
        (Page::AddEvenement(id), Some(agent)) => evenements::add(service, agent, id, visite).await,
        (Page::DeleteEvenement(id, evenement), Some(agent)) => {
            evenements::delete(service, agent, id, evenement, visite).await
        }
        (Page::ShowPiece(id), Some(agent)) => piece::show(service, agent, id, &visite.query).await,
        (Page::JudgePiece(id), Some(agent)) => examen::judge(service, agent, id, visite).await,
        (Page::UndoJudgement(id), Some(agent)) => examen::undo(service, agent, id, visite).await,
        (Page::MaskPiece(id), Some(agent)) => masquer::mask(service, agent, id, visite).await,
        (Page::ReadOriginal(id), Some(agent)) => {
            piece::read_original(service, agent, id, &visite.headers).await
        }
        (Page::RotatePiece(id), Some(agent)) => piece::rotate(service, agent, id, visite).await,
        (Page::ReadContenu(id), Some(agent)) => {
            piece::read_contenu(service, agent, id, &visite.headers).await
        }
        (Page::ReadApercu(id, page), Some(agent)) => piece::read_apercu(service, agent, id, page).await,
        (Page::ShowCompte, Some(agent)) => compte::show(service, agent).await,
        (Page::ChangePassword, Some(agent)) => compte::change_password(service, agent, visite).await,
        (Page::SendFiche, Some(agent)) => compte::send_fiche(service, agent, visite).await,
        (Page::ShowDeuxEtapes, Some(agent)) => second_facteur::show(service, agent).await,
        (Page::BeginDeuxEtapes, Some(agent)) => second_facteur::begin(service, agent, visite).await,
        (Page::ConfirmDeuxEtapes, Some(agent)) => second_facteur::confirm(service, agent, visite).await,
        (Page::StopDeuxEtapes, Some(agent)) => second_facteur::stop(service, agent, visite).await,
        (Page::ListComptes, Some(agent)) => comptes::list(service, agent).await,
        (Page::ShowUnCompte(id), Some(agent)) => comptes::show(service, agent, id).await,
        (Page::DecideCompte(id), Some(agent)) => comptes::decide(service, agent, id, visite).await,
        (Page::ShowTerritoire, Some(agent)) => territoire::show(service, agent).await,
        (Page::AskOuverture, Some(agent)) => territoire::ask(service, agent, visite).await,
        (Page::ApplyListe(id), Some(agent)) => acces::apply(service, agent, id, visite).await,
        (Page::ShowAcces, Some(agent)) => acces::show(service, agent, &visite.query).await,
        (Page::SendAcces, Some(agent)) => acces::send(service, agent, visite).await,
        (Page::ResetDeuxEtapes(id), Some(agent)) => {
            comptes::reset_deux_etapes(service, agent, id, visite).await
        }
        (Page::ShowJournal, Some(agent)) => journal::show(service, agent, &visite.query).await,
        (Page::ExportJournal, Some(agent)) => journal::export(service, agent, visite).await,
    };
    answered.unwrap_or_else(|refus| page::refus(refus, agent.as_ref()))
}

/// Who visits, where the cookie names a session that lives.
pub(crate) async fn authenticate(
    service: &Service,
    headers: &HeaderMap,
    plain: bool,
) -> Result<Option<AgentConnecte>, Refus> {
    let Some(token) = form::session_cookie(headers, plain) else { return Ok(None) };
    match service.identite.authenticate_agent(token).await {
        Ok(agent) => Ok(Some(agent)),
        Err(IdentiteError::SessionExpiree) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The agent whose page sends an upload, or only asks where it stands. The cookie alone is not enough: the page shows its
/// token in a header too, and whatever changes something comes from our own origin.
pub(crate) async fn authenticate_upload(
    service: &Service,
    headers: &HeaderMap,
    plain: bool,
    only_asks: bool,
) -> Result<Option<AgentConnecte>, Refus> {
    match authenticate(service, headers, plain).await? {
        Some(agent) if form::is_signed(&agent, headers, only_asks) => Ok(Some(agent)),
        Some(_) => Err(form::foreign()),
        None => Ok(None),
    }
}

/// The registre found nothing, or nothing that this agent may see: one answer for both.
fn introuvable() -> Refus {
    Refus::new(ProblemCode::Introuvable)
        .detail("Cette page n’existe pas, ou la demande n’est pas sur votre territoire.")
}

//! What the phone does about each refusal: one table from the server's code, and one from the bare status where no code
//! came (HEAD has no body; proxies and captive portals speak in the server's place).
//!
//! Only our server, by its code, can block a deposit. Whatever else answers, the deposit waits.

use reqwest::StatusCode;
use wire::{ProblemCode, RaisonBlocage, RaisonRefus};

use crate::http::Echec;

/// Where in a deposit a refusal came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Etape {
    /// `POST`: the upload is opened.
    Ouverture,
    /// `HEAD` and `PATCH` on an upload that the server opened.
    Envoi,
    /// The receipt is asked for.
    Recu,
}

/// What to do next with a deposit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reaction {
    /// The access token is no longer good: renew it, once.
    RenewSession,
    /// Ask the server where it stands, and go on from there.
    AskOffset,
    /// Open the upload again, with the same deposit id.
    Restart,
    /// The same, counting that the server received other bytes.
    RestartAfterMismatch,
    /// The upload is over: ask whether the piece is attached.
    AskReceipt,
    /// Try this deposit again later; others may go on.
    Wait,
    /// Nothing passes for now: all deposits wait.
    WaitAll,
    /// Only the person can help.
    Block(RaisonBlocage),
}

/// The table by code.
pub(crate) fn on_code(etape: Etape, code: ProblemCode) -> Reaction {
    use ProblemCode as P;
    let refused = |raison| Reaction::Block(RaisonBlocage::FichierRefuse { raison });
    match code {
        P::SessionExpiree => Reaction::RenewSession,
        P::OffsetDifferent | P::EnvoiOccupe | P::SommeDifferente => Reaction::AskOffset,
        P::EnvoiTermine => Reaction::AskReceipt,
        P::EmpreinteDifferente => Reaction::RestartAfterMismatch,
        P::Introuvable => match etape {
            Etape::Ouverture => Reaction::Block(RaisonBlocage::DemandeFermee),
            Etape::Envoi | Etape::Recu => Reaction::Restart,
        },
        P::FichierVide => refused(RaisonRefus::Vide),
        P::FichierTropVolumineux => refused(RaisonRefus::TropVolumineux),
        P::FichierInconnu => refused(RaisonRefus::TypeInconnu),
        P::QuotaAtteint => Reaction::Block(RaisonBlocage::QuotaAtteint),
        P::DemandeFermee | P::Interdit => Reaction::Block(RaisonBlocage::DemandeFermee),
        P::DepotDifferent | P::FaitsInvalides => Reaction::Block(RaisonBlocage::FaitsRefuses),
        P::DisquePlein | P::Indisponible | P::TropDEssais => Reaction::WaitAll,
        // A fault of the server may concern this one piece: the others need not wait for its repair.
        P::ErreurInterne => Reaction::Wait,
        // The server does not understand this program: a newer one will do better, so nothing is given up.
        P::NumeroInvalide
        | P::IdentificationRefusee
        | P::CleInconnue
        | P::MethodeInconnue
        | P::RequeteIllisible
        | P::RequeteTropLongue
        | P::TypeDeContenu
        | P::VersionTus
        | P::DejaConsultee
        | P::PasDisponible
        | P::PartieInexistante => Reaction::Block(RaisonBlocage::VersionDepassee),
    }
}

/// The table by status, for refusals without a code.
fn on_status(etape: Etape, status: StatusCode, tus: bool) -> Reaction {
    match (etape, status) {
        (_, StatusCode::UNAUTHORIZED) => Reaction::RenewSession,
        (Etape::Envoi, StatusCode::NOT_FOUND | StatusCode::GONE | StatusCode::FORBIDDEN) if tus => {
            Reaction::Restart
        }
        (Etape::Envoi, StatusCode::CONFLICT | StatusCode::LOCKED) if tus => Reaction::AskOffset,
        _ => Reaction::WaitAll,
    }
}

/// What to do about any failed exchange of a deposit, the session's own failures aside.
pub(crate) fn on_echec(etape: Etape, echec: &Echec) -> Reaction {
    match echec {
        Echec::Refus { problem: Some(problem), .. } => on_code(etape, problem.code),
        Echec::Refus { status, tus, problem: None } => on_status(etape, *status, *tus),
        Echec::Reseau | Echec::Illisible | Echec::Session(_) => match etape {
            // Bytes may have arrived although the answer did not.
            Etape::Envoi => Reaction::AskOffset,
            Etape::Ouverture | Etape::Recu => Reaction::WaitAll,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stranger_in_the_servers_place_blocks_nothing() {
        for etape in [Etape::Ouverture, Etape::Envoi, Etape::Recu] {
            for status in (300..600).filter_map(|status| StatusCode::from_u16(status).ok()) {
                let reaction = on_echec(etape, &Echec::Refus { status, tus: false, problem: None });
                assert!(
                    reaction == Reaction::WaitAll || status == StatusCode::UNAUTHORIZED,
                    "{etape:?} {status}: {reaction:?}"
                );
            }
        }
    }

    #[test]
    fn an_absent_upload_is_opened_again_but_an_absent_demande_is_not() {
        assert_eq!(on_code(Etape::Envoi, ProblemCode::Introuvable), Reaction::Restart);
        assert_eq!(
            on_code(Etape::Ouverture, ProblemCode::Introuvable),
            Reaction::Block(RaisonBlocage::DemandeFermee)
        );
        let gone = Echec::Refus { status: StatusCode::GONE, tus: true, problem: None };
        assert_eq!(on_echec(Etape::Envoi, &gone), Reaction::Restart);
    }
}

//! The domain's rules, one file per verb, SQL inside. Every verb takes a transaction and, where time matters, `now`;
//! none knows HTTP, and none keeps anything in memory. Whoever calls decides what is one transaction.
//!
//! An upload is begun, grows, is taken over by a newer connection, and ends: attached, failed, abandoned or expired.
//! An attached piece is inspected, listed, read, opened and judged by a guichet, withdrawn by its demandeur.

mod access;
mod advance_depot;
mod apercu;
mod ask_piece;
mod attach_justificatif;
mod attente;
mod begin_depot;
mod blob;
mod brouillon;
mod checklist;
mod cle;
mod columns;
mod compte;
mod courriel;
mod deposit_partenaire;
mod depot;
mod efface_demande;
mod effacement;
mod evenement;
mod faits;
mod federation;
mod find_by_name;
mod find_contenu;
mod for_agent;
mod guichet;
mod import;
mod inspect;
mod journal;
mod judge_justificatif;
mod list_justificatifs;
mod liste_acces;
mod mask_justificatif;
mod ouverture;
mod partenaire;
mod piece;
mod read_demande;
mod read_recu;
mod recensement;
mod release;
mod second_facteur;
mod territoires;
#[cfg(test)]
mod tests;
mod types;
mod withdraw_justificatif;
mod work_list;

pub use access::{AgentError, NouvelAgent, create_agent, issue_code, normalise_courriel, reissue_code};
pub use advance_depot::{
    AdvanceError, abandon_depot, advance_depot, expire_depots, fail_depot, take_over_depot,
};
pub use apercu::{find_vignette, list_apercus, open_apercu_for_agent, record_apercus};
pub use ask_piece::{
    AskError, DemandeDePiece, PieceADemander, ask_for_agent, ask_piece, list_demandes_de_pieces,
};
pub use attach_justificatif::{AttachError, Attached, DepositError, attach_justificatif, deposit_whole};
pub use attente::{Attente, count_attente};
pub use begin_depot::{BeginError, Begun, PLACE_DE_LA_BASE, begin_depot, check_place};
pub use blob::{BlobGarde, find_some_blob, list_blobs};
pub use brouillon::{Brouillon, find_brouillon, keep_brouillon};
pub use cle::{find_cle, find_cle_of_blob, keep_cle, list_cles_not_under, list_maitresses, replace_cle};
pub use compte::{
    Compte, CompteError, Decision, Lien, change_password, decide_compte, find_compte, find_link,
    forget_password, list_comptes, register_agent, send_fiche, set_password,
};
pub use courriel::{Courriel, courriel_failed, forget_courriel, is_courriel_due, take_courriels};
pub use deposit_partenaire::{
    Concerne, ConcerneInvalide, DeposePartenaire, DepotPartenaire, Reference, ReferenceInvalide,
    check_partenaire, deposit_partenaire,
};
pub use depot::{find_depot, list_depots_en_cours, list_promesses};
pub use efface_demande::{
    DemandeEffacee, MotifDemande, Restes, erase_demande, find_demande_to_erase, list_demandes_effacees,
};
pub use effacement::{
    Effacement, MotifEffacement, SAUVEGARDE_AGE_MAX, list_effacements, purge_effacements, replay_effacements,
};
pub use evenement::{
    EvenementAgent, EvenementError, NouvelEvenement, TYPES, TypeEvenement, add_evenement, add_for_agent,
    delete_evenement, list_evenements,
};
pub use federation::{Reconnu, recognise_agent};
pub use find_by_name::{FOUND_MAX, FindError, PersonneTrouvee, find_by_name};
pub use find_contenu::{ContenuError, find_contenu};
pub use for_agent::{
    find_demande_by_numero, find_demande_for_agent, find_piece_for_agent, list_justificatifs_for_agent,
    open_for_agent, rotate_justificatif,
};
pub use import::{
    Bilan, DemandeImportee, GuichetImporte, ImportError, PersonneImportee, import_demandes, import_guichets,
    normalise_territoire,
};
pub use inspect::{VerdictError, list_a_inspecter, record_prepared, record_verdict, waits_for_inspection};
pub use journal::{
    Acte, JournalError, LINES_PER_PAGE, Ligne, LigneLue, Tete, journal_head, read_journal, record,
    verify_journal,
};
pub use judge_justificatif::{
    JudgeError, Jugement, MOTIFS, Motif, judge_for_agent, judge_justificatif, undo_judgement,
};
pub use list_justificatifs::list_justificatifs;
pub use liste_acces::{
    Acces, Compare, CompteExistant, CompteListe, Ecart, GuichetAcces, apply_liste, find_compte_liste,
    find_guichet_acces, list_guichets_acces, send_liste,
};
pub use mask_justificatif::{
    AMasquer, MaskError, Masquage, ORIGINAL_KEPT_FOR, find_a_masquer, mask_justificatif,
    open_original_for_agent, purge_originals,
};
pub use ouverture::{
    Ouverture, OuvertureDemandee, ask_ouverture, find_ouverture, list_ouvertures_demandees, open_evenements,
};
pub use partenaire::{
    ClePartenaire, NouvelleCle, Partenaire, PartenaireError, create_cle, find_partenaire, list_cles,
    revoke_cle,
};
pub use piece::owns_blob;
pub use read_demande::read_demande;
pub use read_recu::read_recu;
pub use recensement::{
    LIGNES_MAX, LISTE_CHARS_MAX, LigneAcces, LigneInvalide, ListeInvalide, PROFILS_DEMANDES, read_liste,
    write_liste,
};
pub use second_facteur::{
    SecondFacteur, begin_second_facteur, confirm_second_facteur, find_pending_secret, find_second_facteur,
    prove_second_facteur, remove_second_facteur, reset_second_facteur, stop_second_facteur,
};
pub use territoires::autres_territoires;
pub use types::{
    AInspecter, AgentConnecte, ApercuContenu, ApercuDessine, ApercusDessines, Contenu, Dalo, DemandeAgent,
    Deposant, Depot, DocumentGarde, EtatCompte, EtatDepot, FaitsPiece, Original, PieceAgent, Profil,
    Promesse, SessionCourante,
};
pub use withdraw_justificatif::{WithdrawError, withdraw_justificatif};
pub use work_list::{
    Apres, COUNTED_MAX, FILED_WITHIN, Filtre, Travail, WORK_PER_PAGE, count_work, work_list,
};

//! Masking, as the base sees it: what is shown, what is kept, for how long.

use wire::inspection::Masque;

use super::*;
use crate::registre::AgentConnecte;

pub(super) fn blob(n: u8) -> BlobId {
    BlobId(Uuid::from_bytes([n; 16]))
}

fn document(n: u8) -> DocumentGarde {
    DocumentGarde { blob: blob(n), taille: 7, sha256: digest(n), media_type: MediaType::Jpeg, pages: 1 }
}

/// Masks as the agent's page stands now; gives what is nobody's any more.
pub(super) fn mask(
    base: &Base,
    agent: &AgentConnecte,
    piece: JustificatifId,
    masques: &[&str],
    made: Option<u8>,
) -> Vec<BlobId> {
    base.wait(TimeDelta::seconds(1));
    let masquage = Masquage {
        masques: masques.iter().map(|masque| masque.parse().unwrap()).collect(),
        document: made.map(document),
        apercus: None,
    };
    let (vu, agent, now) = (vu(base, agent, piece), agent.clone(), base.clock.now());
    base.write(move |tx| mask_justificatif(tx, &agent, piece, &vu, &masquage, now)).unwrap()
}

fn vu(base: &Base, agent: &AgentConnecte, piece: JustificatifId) -> String {
    let agent = agent.clone();
    base.read(move |tx| find_piece_for_agent(tx, &agent, piece)).unwrap().unwrap().1.vu_masques
}

pub(super) fn purge(base: &Base) -> Vec<BlobId> {
    let now = base.clock.now();
    base.write(move |tx| purge_originals(tx, 10, now)).unwrap()
}

#[test]
fn the_original_is_kept_until_its_day_and_every_masking_starts_from_it() {
    let base = Base::new();
    let phone = base.phone();
    let piece = base.deposit(phone, &base.facts("identite", "passeport"), 1).justificatif;
    base.pass(piece, 1);
    let agent = base.agent(Profil::Guichet, "10691", "57");
    let source = |base: &Base| {
        let (agent, vu) = (agent.clone(), vu(base, &agent, piece));
        base.read(move |tx| find_a_masquer(tx, &agent, piece, &vu)).unwrap()
    };
    let received = source(&base).source;
    assert_eq!(mask(&base, &agent, piece, &["1,0,0,10,10"], Some(1)), []);
    // Twice masked: what was made first is nobody's, and the masks are all known.
    assert_eq!(mask(&base, &agent, piece, &["1,0,0,10,10", "1,5,5,20,20"], Some(2)), [blob(1)]);
    let both: Vec<Masque> = vec!["1,0,0,10,10".parse().unwrap(), "1,5,5,20,20".parse().unwrap()];
    assert_eq!(source(&base), AMasquer { demande: base.exemple, source: received, masques: both });
    // What the deposit acknowledged stays what it was.
    let vue = base.listed(phone, piece);
    assert_eq!((vue.taille, vue.sha256), (10, Some(digest(1))));
    let contenu = base.read(move |tx| find_contenu(tx, phone, piece)).unwrap();
    assert_eq!((contenu.blob, contenu.taille, contenu.media_type), (blob(2), 7, MediaType::Jpeg));

    base.wait(ORIGINAL_KEPT_FOR - TimeDelta::seconds(1));
    assert_eq!(purge(&base), []);
    base.wait(TimeDelta::seconds(1));
    assert_eq!(purge(&base), [received]);
    assert_eq!(purge(&base), []);
    let gone = base.read(move |tx| owns_blob(tx, received)).unwrap();
    assert!(!gone);
    // From here on the masked one is the document.
    assert_eq!(source(&base), AMasquer { demande: base.exemple, source: blob(2), masques: Vec::new() });
}

#[test]
fn taken_back_the_original_stands_again_and_nothing_else_is_kept() {
    let base = Base::new();
    let phone = base.phone();
    let piece = base.deposit(phone, &base.facts("identite", "passeport"), 1).justificatif;
    base.pass(piece, 1);
    let agent = base.agent(Profil::Guichet, "10691", "57");
    let before = base.read(move |tx| find_contenu(tx, phone, piece)).unwrap();
    mask(&base, &agent, piece, &["1,0,0,10,10"], Some(1));
    assert_eq!(mask(&base, &agent, piece, &[], None), [blob(1)]);
    assert_eq!(base.read(move |tx| find_contenu(tx, phone, piece)).unwrap(), before);
    base.wait(ORIGINAL_KEPT_FOR);
    assert_eq!(purge(&base), []);
}

#[test]
fn a_masking_made_from_an_old_page_by_another_territory_or_on_nothing_readable_is_refused() {
    let base = Base::new();
    let phone = base.phone();
    let piece = base.deposit(phone, &base.facts("identite", "passeport"), 1).justificatif;
    let agent = base.agent(Profil::Guichet, "10691", "57");
    let find = |agent: &AgentConnecte, vu: &str| {
        let (agent, vu) = (agent.clone(), vu.to_owned());
        base.read(move |tx| find_a_masquer(tx, &agent, piece, &vu))
    };
    assert!(matches!(find(&agent, "0"), Err(MaskError::PasDisponible)));
    base.pass(piece, 1);
    find(&agent, "0").unwrap();
    mask(&base, &agent, piece, &["1,0,0,10,10"], Some(1));
    assert!(matches!(find(&agent, "0"), Err(MaskError::Change)));
    let foreign = base.agent(Profil::Guichet, "GDPUB", "111");
    assert!(matches!(find(&foreign, "0"), Err(MaskError::Introuvable)));
}

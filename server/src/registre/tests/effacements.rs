//! What was erased after a backup is erased again when it is restored. Backups are of bases in a file.

use wire::{Controle, RaisonRefus};

use super::*;

impl Base {
    /// The base as it is now, kept beside.
    fn back_up(&self) -> std::path::PathBuf {
        let copy = self.folder.path().join(Uuid::now_v7().to_string());
        crate::store::copy_base(&self.folder.path().join("base.sqlite"), &copy).unwrap();
        copy
    }

    /// Goes back to what was kept, with the erasures known until now.
    fn restore(&mut self, copy: &std::path::Path) {
        let known = self.read(list_effacements).unwrap();
        self.store = Store::open(&crate::store::Base::file(copy)).unwrap();
        let now = self.clock.now();
        self.write(move |tx| replay_effacements(tx, &known, now)).unwrap();
    }

    fn owns(&self, blob: BlobId) -> bool {
        self.read(move |tx| owns_blob(tx, blob)).unwrap()
    }
}

#[test]
fn a_piece_withdrawn_after_the_backup_does_not_come_back_and_its_slot_is_open() {
    let mut base = Base::in_file();
    let phone = base.phone();
    let personne = base.of_role(Role::Demandeur);
    let slot = base.ask("identite", Some(personne));
    let facts = DepotMetadata { demande_piece: Some(slot), ..base.facts("identite", "passeport") };
    let piece = base.deposit(phone, &facts, 1).justificatif;
    let other = base.deposit(phone, &base.facts("identite", "titre_sejour"), 2).justificatif;
    base.pass(piece, 1);
    let blob = base.read(move |tx| find_contenu(tx, phone, piece)).unwrap().blob;
    let backup = base.back_up();
    base.withdraw(phone, piece).unwrap();
    base.restore(&backup);
    assert_eq!(base.list(phone).into_iter().map(|piece| piece.id).collect::<Vec<_>>(), [other]);
    assert!(!base.owns(blob));
    let asked = base.vue(base.exemple).pieces_demandees;
    assert!(asked.iter().any(|asked| asked.id == slot), "the slot is not open again: {asked:?}");
    // Known there too, for the next backup.
    assert_eq!(base.read(list_effacements).unwrap().len(), 1);
}

#[test]
fn bytes_found_dangerous_after_the_backup_are_refused_there() {
    let mut base = Base::in_file();
    let phone = base.phone();
    let piece = base.deposit(phone, &base.facts("identite", "passeport"), 1).justificatif;
    let backup = base.back_up();
    let blob = base.verdict(piece, Verdict::Refused { raison: RaisonRefus::Dangereux }).unwrap().unwrap();
    base.restore(&backup);
    let refused = Controle::Refuse { raison: RaisonRefus::Dangereux };
    assert_eq!(base.listed(phone, piece).controle, refused);
    assert!(!base.owns(blob));
}

#[test]
fn an_original_purged_after_the_backup_is_not_shown_again() {
    // Masked before the backup: the masked document stands. After it: nothing is left to show.
    for masked_before in [true, false] {
        let mut base = Base::in_file();
        let phone = base.phone();
        let piece = base.deposit(phone, &base.facts("identite", "passeport"), 1).justificatif;
        base.pass(piece, 1);
        let agent = base.agent(Profil::Guichet, "10691", "57");
        let original = base.read(move |tx| find_contenu(tx, phone, piece)).unwrap().blob;
        let early = base.back_up();
        masques::mask(&base, &agent, piece, &["1,0,0,10,10"], Some(1));
        let late = base.back_up();
        base.wait(ORIGINAL_KEPT_FOR);
        assert_eq!(masques::purge(&base), [original]);
        base.restore(if masked_before { &late } else { &early });
        assert!(!base.owns(original));
        let shown = base.read(move |tx| find_contenu(tx, phone, piece));
        if masked_before {
            assert_eq!(shown.unwrap().blob, masques::blob(1));
        } else {
            assert!(matches!(shown, Err(ContenuError::PasDisponible)));
            let refused = Controle::Refuse { raison: RaisonRefus::NonVerifiable };
            assert_eq!(base.listed(phone, piece).controle, refused);
        }
    }
}

#[test]
fn a_restored_base_asks_everybody_to_sign_in_and_ends_the_uploads_without_bytes() {
    let mut base = Base::in_file();
    let phone = base.phone();
    let facts = base.facts("identite", "passeport");
    let upload = base.begin(phone, &facts, 10).unwrap().depot.upload;
    base.advance(upload, 0, 0, 5).unwrap();
    let backup = base.back_up();
    base.restore(&backup);
    let again = base.begin(phone, &facts, 10).unwrap();
    assert!(again.created && again.depot.offset == 0 && again.depot.upload != upload);
}

#[test]
fn erasures_are_forgotten_when_no_backup_can_undo_them() {
    let base = Base::in_file();
    let phone = base.phone();
    let piece = base.deposit(phone, &base.facts("identite", "passeport"), 1).justificatif;
    base.withdraw(phone, piece).unwrap();
    let purge = || {
        let now = base.clock.now();
        base.write(move |tx| purge_effacements(tx, now)).unwrap();
        base.read(list_effacements).unwrap().len()
    };
    // Twice a backup's age.
    base.wait(SAUVEGARDE_AGE_MAX * 2 - TimeDelta::seconds(1));
    assert_eq!(purge(), 1);
    base.wait(TimeDelta::seconds(1));
    assert_eq!(purge(), 0);
}

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
        let demandes = self.read(list_demandes_effacees).unwrap();
        self.store = Store::open(&crate::store::Base::file(copy)).unwrap();
        let now = self.clock.now();
        self.write(move |tx| replay_effacements(tx, &known, &demandes, now)).unwrap();
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

#[test]
fn no_table_that_refers_to_a_demande_is_forgotten_when_one_is_erased() {
    let base = Base::in_file();
    let all: Vec<String> = base
        .read(|tx| {
            tx.query_all(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
                &[],
                |row| row.get(0),
            )
        })
        .unwrap();
    let refers = |from: &str| -> Vec<String> {
        let sql = format!("SELECT \"table\" FROM pragma_foreign_key_list('{from}')");
        base.read(move |tx| tx.query_all(&sql, &[], |row| row.get(0))).unwrap()
    };
    let mut reached = vec!["demande".to_owned()];
    while let Some(next) = all
        .iter()
        .find(|table| !reached.contains(table) && refers(table).iter().any(|to| reached.contains(to)))
    {
        reached.push(next.clone());
    }
    // No reference, but an address.
    reached.push("courriel".to_owned());
    let mut erased: Vec<_> = efface_demande::tables().map(str::to_owned).collect();
    reached.sort();
    erased.sort();
    assert_eq!(erased, reached);
}

/// Everything that somebody reads who has the base: its log too, where it is a file.
fn whole(base: &Base) -> String {
    let log = std::fs::read(base.folder.path().join("base.sqlite-wal")).unwrap_or_default();
    String::from_utf8_lossy(&[essai::content(&base.lieu), log].concat()).into_owned()
}

#[test]
fn an_erased_demande_leaves_nothing_in_the_base_and_others_stay() {
    // On either engine.
    let base = Base::new();
    let phone = base.phone();
    let (exemple, address) = (base.exemple, "canari@quintefeuille.example");
    base.write(move |tx| {
        tx.execute("UPDATE demande SET courriel = $2 WHERE id = $1", params![exemple, address])?;
        // Mail that waits for the household.
        tx.execute(
            "INSERT INTO courriel (id, destinataire, sujet, corps, essais, a_envoyer_le) VALUES ($1, $2, '', '', 0, 0)",
            params![exemple, address],
        )
    })
    .unwrap();
    let facts = DepotMetadata {
        filename: Some(wire::NomAffiche::new("canari-quintefeuille.pdf")),
        ..base.facts("identite", "passeport")
    };
    let piece = base.deposit(phone, &facts, 1).justificatif;
    base.pass(piece, 1);
    let agent = base.agent(Profil::Guichet, "10691", "57");
    base.judge(piece, Jugement::Accepte).unwrap();
    let now = base.clock.now();
    base.write(move |tx| open_for_agent(tx, &agent, piece, now)).unwrap().unwrap();
    base.ask("identite", Some(base.of_role(Role::Demandeur)));
    let under_way = base.begin(phone, &base.facts("identite", "titre_sejour"), 10).unwrap().depot.upload;
    base.write(move |tx| take_over_depot(tx, under_way)).unwrap();
    let before = whole(&base);
    assert!(before.contains("canari-quintefeuille.pdf") && before.contains("Dominique"));

    let effacee = DemandeEffacee { demande: base.exemple, motif: MotifDemande::Demandee, le: now };
    let restes = base.write(move |tx| erase_demande(tx, &effacee, now)).unwrap().unwrap();
    assert_eq!((restes.pieces, restes.blobs.len()), (1, 1));
    assert!(restes.uploads.contains(&(under_way, 1)), "{restes:?}");
    assert!(base.write(move |tx| erase_demande(tx, &effacee, now)).unwrap().is_none());

    let numero: NumeroUnique = EXEMPLE.parse().unwrap();
    assert!(base.read(move |tx| find_demande_to_erase(tx, &numero)).unwrap().is_none());
    assert!(base.read(|tx| verify_journal(tx, None)).unwrap().is_some());
    assert_eq!(base.read(list_demandes_effacees).unwrap(), [effacee]);
    // Emptied into the file, where there is one.
    base.runtime.block_on(base.store.close());
    let after = whole(&base);
    for canary in ["quintefeuille", "Dominique", "Camille", "057121507390310691", "1986-07-14"] {
        assert!(!after.contains(canary), "« {canary} » is still there");
    }
    assert!(after.contains("Andr\u{e9}e"), "the other demande is gone too");
}

#[test]
fn erased_demandes_are_forgotten_with_the_other_erasures() {
    let base = Base::in_file();
    let now = base.clock.now();
    let effacee = DemandeEffacee { demande: base.temoin, motif: MotifDemande::Radiee, le: now };
    base.write(move |tx| erase_demande(tx, &effacee, now)).unwrap().unwrap();
    base.wait(SAUVEGARDE_AGE_MAX * 2);
    let now = base.clock.now();
    base.write(move |tx| purge_effacements(tx, now)).unwrap();
    assert!(base.read(list_demandes_effacees).unwrap().is_empty());
}

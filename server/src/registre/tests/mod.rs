//! The verbs on a real base, with two households: the Exemples (a couple and a child) in territory 57, the Témoin in
//! the Île-de-France.

mod agents;
mod demandes;
mod depots;
mod effacements;
mod ensemble;
mod journal;
mod masques;
mod migration;
mod pieces;
mod plans;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;
use wire::{
    DemandeId, DepotId, DepotMetadata, GuichetCode, JustificatifId, MediaType, NumeroUnique, PersonneId,
    SessionId, Sha256, UploadId,
    api::{DemandeVue, JustificatifVue, Role},
    inspection::{Constat, Verdict},
};

use super::*;
use crate::{
    clock::Clock,
    coffre::BlobId,
    params,
    store::{self, Store, StoreError, Tx, essai},
};

const EXEMPLE: &str = "057 1215 073903 10691";
const TEMOIN: &str = "111 1023 517879 GDPUB";

struct Base {
    store: Store,
    clock: Clock,
    runtime: tokio::runtime::Runtime,
    exemple: DemandeId,
    temoin: DemandeId,
    lieu: store::Base,
    folder: tempfile::TempDir,
}

fn guichet(code: &str) -> GuichetCode {
    code.parse().unwrap()
}

fn personne(role: Role, prenom: &str, naissance: Option<&str>) -> PersonneImportee {
    PersonneImportee {
        role,
        nom: "Exemple".into(),
        prenom: prenom.into(),
        date_naissance: naissance.map(|day| day.parse().unwrap()),
    }
}

fn demande(numero: &str, territoire: &str, code: &str, personnes: Vec<PersonneImportee>) -> DemandeImportee {
    DemandeImportee {
        numero: numero.parse().unwrap(),
        territoire: territoire.into(),
        date_depot: "2026-01-15".parse().unwrap(),
        etat: None,
        version: None,
        guichet: guichet(code),
        modifiee_le: None,
        renouvelee_le: None,
        a_renouveler_avant: None,
        courriel: None,
        dalo: None,
        personnes,
    }
}

fn exemple() -> DemandeImportee {
    let household = vec![
        personne(Role::PersonneACharge, "Lou", Some("2016-11-30")),
        personne(Role::Cotitulaire, "Dominique", Some("1986-07-14")),
        personne(Role::Demandeur, "Camille", Some("1984-02-29")),
    ];
    demande(EXEMPLE, "57", "10691", household)
}

impl Base {
    fn new() -> Self {
        Self::at(essai::new_base)
    }

    /// In a file, whatever the tests are run with.
    fn in_file() -> Self {
        Self::at(|folder| store::Base::file(&folder.join("base.sqlite")))
    }

    fn at(lieu: impl FnOnce(&std::path::Path) -> store::Base) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let lieu = lieu(folder.path());
        let store = Store::open(&lieu).unwrap();
        let clock = Clock::set_to("2026-11-25T10:00:00Z".parse().unwrap());
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let now = clock.now();
        let filled = store.write(move |tx| {
            let row = |code, nom: &str, territoire: &str| GuichetImporte {
                code: guichet(code),
                nom: nom.into(),
                territoire: territoire.into(),
                contact: Some("03 00 00 00 00".into()),
            };
            import_guichets(tx, &[row("10691", "Mairie d’Exemple", "057"), row("GDPUB", "Portail", "111")])?;
            let temoin = demande(
                TEMOIN,
                "111",
                "GDPUB",
                vec![personne(Role::Demandeur, "Andrée", Some("1957-08-15"))],
            );
            import_demandes(tx, &[exemple(), temoin], 1, now)?;
            let id = |numero: &str| {
                let numero: NumeroUnique = numero.parse().unwrap();
                tx.query_one("SELECT id FROM demande WHERE numero = $1", params![numero], |row| row.get(0))
            };
            Ok::<_, ImportError>((id(EXEMPLE)?, id(TEMOIN)?))
        });
        let (exemple, temoin) = runtime.block_on(filled).unwrap();
        Self { store, clock, runtime, exemple, temoin, lieu, folder }
    }

    fn write<T: Send + 'static, E: From<StoreError> + Send + 'static>(
        &self,
        verb: impl FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E> {
        self.runtime.block_on(self.store.write(verb))
    }

    fn read<T: Send + 'static, E: From<StoreError> + Send + 'static>(
        &self,
        verb: impl FnOnce(&Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E> {
        self.runtime.block_on(self.store.read(verb))
    }

    /// A device of the Exemples.
    fn phone(&self) -> SessionCourante {
        SessionCourante { id: SessionId(Uuid::now_v7()), demande: self.exemple }
    }

    fn vue(&self, demande: DemandeId) -> DemandeVue {
        let now = self.clock.now();
        self.read(move |tx| read_demande(tx, demande, now)).unwrap().unwrap()
    }

    fn of_role(&self, role: Role) -> PersonneId {
        self.vue(self.exemple).personnes.iter().find(|personne| personne.role == role).unwrap().id
    }

    /// The facts of a piece, of the demandeur or of the household as the rubrique wants.
    fn facts(&self, rubrique: &str, type_piece: &str) -> DepotMetadata {
        let household = matches!(rubrique, "situation_familiale" | "motif");
        DepotMetadata {
            depot: DepotId(Uuid::now_v7()),
            demande: self.exemple,
            personne: (!household).then(|| self.of_role(Role::Demandeur)),
            rubrique: rubrique.parse().unwrap(),
            type_piece: type_piece.parse().unwrap(),
            sha256: None,
            sha256_original: None,
            filename: None,
            remplace: None,
            demande_piece: None,
        }
    }

    fn begin(
        &self,
        session: SessionCourante,
        metadata: &DepotMetadata,
        taille: u64,
    ) -> Result<Begun, BeginError> {
        let (metadata, now) = (metadata.clone(), self.clock.now());
        self.write(move |tx| {
            begin_depot(tx, &Deposant::Demandeur(session), &metadata, &metadata.to_header(), taille, now)
        })
    }

    fn advance(&self, upload: UploadId, generation: u64, from: u64, to: u64) -> Result<(), AdvanceError> {
        let now = self.clock.now();
        self.write(move |tx| advance_depot(tx, upload, generation, from, to, now)).map(drop)
    }

    fn attach(&self, upload: UploadId, generation: u64, sha256: Sha256) -> Result<Attached, AttachError> {
        // Whichever session of the demande sends the last byte, the piece is that of the first.
        let (now, last) = (self.clock.now(), Deposant::Demandeur(self.phone()));
        self.write(move |tx| {
            attach_justificatif(tx, upload, generation, &last, BlobId(upload.0), sha256, now)
        })
    }

    /// The whole way of a piece of ten bytes whose digest is `content` repeated; fails where the way ends early.
    fn deposit(&self, session: SessionCourante, metadata: &DepotMetadata, content: u8) -> Attached {
        let upload = self.begin(session, metadata, 10).unwrap().depot.upload;
        self.advance(upload, 0, 0, 10).unwrap();
        self.attach(upload, 0, digest(content)).unwrap()
    }

    fn verdict(
        &self,
        justificatif: JustificatifId,
        verdict: Verdict,
    ) -> Result<Option<BlobId>, VerdictError> {
        let now = self.clock.now();
        self.write(move |tx| record_verdict(tx, justificatif, &verdict, now))
    }

    /// The inspection passes a piece of [`Base::deposit`].
    fn pass(&self, justificatif: JustificatifId, content: u8) {
        assert_eq!(self.verdict(justificatif, fit(content)).unwrap(), None);
    }

    fn judge(&self, justificatif: JustificatifId, jugement: Jugement) -> Result<(), JudgeError> {
        let now = self.clock.now();
        self.write(move |tx| judge_justificatif(tx, justificatif, &jugement, now))
    }

    fn withdraw(
        &self,
        session: SessionCourante,
        justificatif: JustificatifId,
    ) -> Result<Vec<BlobId>, WithdrawError> {
        let now = self.clock.now();
        self.write(move |tx| withdraw_justificatif(tx, session, justificatif, now))
    }

    fn list(&self, session: SessionCourante) -> Vec<JustificatifVue> {
        self.read(move |tx| list_justificatifs(tx, session)).unwrap().justificatifs
    }

    fn listed(&self, session: SessionCourante, id: JustificatifId) -> JustificatifVue {
        self.list(session).into_iter().find(|piece| piece.id == id).unwrap()
    }

    fn radiate(&self, demande: DemandeId) {
        self.write(move |tx| {
            tx.execute("UPDATE demande SET etat = 'radiee' WHERE id = $1", params![demande]).map(drop)
        })
        .unwrap();
    }

    fn wait(&self, by: TimeDelta) {
        self.clock.advance(by);
    }

    fn agent(&self, profil: Profil, code: &str, territoire: &str) -> AgentConnecte {
        let now = self.clock.now();
        let agent = NouvelAgent {
            courriel: format!("{}@exemple.example", Uuid::now_v7()),
            nom: "Agent".into(),
            guichet: guichet(code),
            profil,
            mot_de_passe_hash: "-".into(),
        };
        let id = self.write(move |tx| create_agent(tx, &agent, now)).unwrap();
        AgentConnecte {
            id,
            nom: "Agent".into(),
            guichet: guichet(code),
            territoire: territoire.into(),
            autres_territoires: Vec::new(),
            profil,
            etat: EtatCompte::Certifie,
            a_proteger: false,
            jeton: String::new(),
        }
    }

    fn ask(&self, rubrique: &str, personne: Option<PersonneId>) -> wire::PieceDemandeeId {
        let (now, demande) = (self.clock.now(), self.exemple);
        let asked = PieceADemander {
            demande,
            rubrique: rubrique.parse().unwrap(),
            type_piece: None,
            personne,
            message: "Merci d’envoyer cette pièce.".into(),
            guichet: guichet("10691"),
        };
        self.write(move |tx| ask_piece(tx, &asked, now)).unwrap()
    }
}

fn digest(content: u8) -> Sha256 {
    Sha256([content; 32])
}

fn fit(content: u8) -> Verdict {
    Verdict::Fit(Constat {
        media_type: MediaType::Pdf,
        taille: 10,
        sha256: digest(content),
        pages: 2,
        pixels: None,
    })
}

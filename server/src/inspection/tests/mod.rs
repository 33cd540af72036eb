//! The inspection through the doors that the rest of the server has: a base, a coffre, programs and sockets.

mod antivirus;
mod clamd;
mod file;
mod lecteur;

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, OnceLock},
    time::Duration,
};

use tempfile::TempDir;
use uuid::Uuid;
use wire::{Controle, JustificatifId, RaisonRefus, UploadId};

use crate::{
    clock::Clock,
    coffre::BlobId,
    config::{Clamd, Config, Courrier, Tls},
    params,
    secrets::new_id,
    service::Service,
    store::{StoreError, Tx, essai},
};

/// One empty page: passes.
const BON: &[u8] = include_bytes!("../temoin.pdf");

/// What a reader says of [`BON`]; its digest by `sha256sum`.
const CONSTAT_BON: &str = r#"{"verdict":"fit","media_type":"application/pdf","taille":310,"sha256":"7cf994725d658748241f51cc7b2506ffa4d3dc78b9fd854f6c1b47c9488f7e4a","pages":1,"pixels":null}"#;

/// The real program, beside this test's folder. Built when it is not there: testing one package builds no other's
/// programs.
fn vrai_inspecteur() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let tests = std::env::current_exe().unwrap();
        let program = tests.parent().unwrap().parent().unwrap().join("ma-demande-inspecteur");
        if !program.exists() {
            let build = Command::new(env!("CARGO"))
                .args(["build", "--quiet", "-p", "ma-demande-inspecteur"])
                .current_dir(env!("CARGO_MANIFEST_DIR"))
                .status()
                .unwrap();
            assert!(build.success());
        }
        program
    })
}

/// A program that a shell runs. Written by another process: a file that this one has open for writing while a second
/// test starts a program cannot be executed.
fn faux_inspecteur(dossier: &Path, texte: &str) -> PathBuf {
    let path = dossier.join("inspecteur");
    let written = Command::new("/bin/sh")
        .args(["-c", r#"printf '#!/bin/sh\n%s\n' "$2" > "$1" && chmod +x "$1""#, "sh"])
        .arg(&path)
        .arg(texte)
        .status()
        .unwrap();
    assert!(written.success());
    path
}

/// A server without doors.
struct Serveur {
    service: Arc<Service>,
    demande: Uuid,
    /// Kept until the end: it goes with this value.
    _dossier: TempDir,
}

impl Serveur {
    async fn new(inspecteur: &Path, clamd: Option<Clamd>) -> Self {
        let dossier = tempfile::tempdir().unwrap();
        let config = Config {
            donnees: dossier.path().join("donnees"),
            cles: None,
            base: essai::new_base(dossier.path()),
            coffre: crate::coffre::essai::new_bucket(),
            ecoute: "127.0.0.1:0".parse().unwrap(),
            mesures: None,
            tls: Tls::Sans,
            proxys: Vec::new(),
            origines: Vec::new(),
            inspecteur: Some(inspecteur.to_owned()),
            clamd,
            adresse: None,
            courrier: Courrier {
                smtp: None,
                dossier: "/absent".into(),
                expediteur: "essai@exemple.example".parse().unwrap(),
            },
            second_facteur_exige: false,
            fournisseur: None,
        };
        let service = Arc::new(Service::open(config, Clock::System).unwrap());
        let demande = new_id(service.clock.now());
        service
            .store
            .write(move |tx: &mut Tx<'_>| {
                tx.execute(
                    "INSERT INTO guichet (code, nom, territoire) VALUES ('10691', 'Mairie', '057')",
                    params![],
                )?;
                tx.execute(
                    "INSERT INTO demande (id, numero, territoire, date_depot, etat, version, guichet, modifiee_le, \
                     a_renouveler_avant) VALUES ($1, '057121507390310691', '057', '2026-01-05', 'active', '02.00', \
                     '10691', '2026-01-05', '2027-01-05')",
                    params![demande.as_bytes().to_vec()],
                )?;
                Ok::<_, StoreError>(())
            })
            .await
            .unwrap();
        Self { service, demande, _dossier: dossier }
    }

    /// A piece that waits, whose deposit was acknowledged for `acknowledged` while the coffre holds `held`.
    async fn attach(&self, acknowledged: &[u8], held: &[u8]) -> (JustificatifId, BlobId) {
        use sha2::{Digest as _, Sha256};
        let now = self.service.clock.now();
        let coffre = &self.service.coffre;
        let mut staging = coffre.open_staging(UploadId(new_id(now)), 0, None).unwrap();
        staging.append(held).unwrap();
        let blob = coffre.seal(staging).unwrap();
        let (demande, id, taille) = (self.demande, new_id(now), acknowledged.len() as u64);
        let sha256 = Sha256::digest(acknowledged).to_vec();
        self.service
            .store
            .write(move |tx: &mut Tx<'_>| {
                let bytes = |id: Uuid| id.as_bytes().to_vec();
                tx.execute(
                    "INSERT INTO blob (id, demande, taille, sha256, cree_le) VALUES ($1, $2, $3, $4, $5)",
                    params![bytes(blob.0), bytes(demande), taille, sha256.clone(), now],
                )?;
                tx.execute(
                    "INSERT INTO justificatif (id, demande, rubrique, type, blob, taille, sha256, origine, depose_le, \
                     controle, examen) VALUES ($1, $2, 'ressources', 'avis_imposition', $3, $4, $5, 'application', \
                     $6, 'en_verification', 'a_examiner')",
                    params![bytes(id), bytes(demande), bytes(blob.0), taille, sha256, now],
                )?;
                Ok::<_, StoreError>(())
            })
            .await
            .unwrap();
        self.service.a_inspecter.notify_one();
        (JustificatifId(id), blob)
    }

    async fn controle(&self, piece: JustificatifId) -> Controle {
        self.service
            .store
            .read(move |tx| {
                tx.query_one(
                    "SELECT controle, controle_raison FROM justificatif WHERE id = $1",
                    params![piece],
                    |row| {
                        let (controle, raison): (String, Option<String>) = (row.get(0)?, row.get(1)?);
                        Ok(match (controle.as_str(), raison) {
                            ("disponible", _) => Controle::Disponible,
                            ("refuse", Some(raison)) => {
                                Controle::Refuse { raison: RaisonRefus::from_code(&raison).unwrap() }
                            }
                            _ => Controle::EnVerification,
                        })
                    },
                )
            })
            .await
            .unwrap_or_else(|error: StoreError| panic!("{error}"))
    }

    /// The piece's verdict, as soon as it has one.
    async fn verdict(&self, piece: JustificatifId) -> Controle {
        let decided = async {
            loop {
                match self.controle(piece).await {
                    Controle::EnVerification => tokio::time::sleep(Duration::from_millis(10)).await,
                    decided => return decided,
                }
            }
        };
        tokio::time::timeout(Duration::from_mins(1), decided).await.unwrap()
    }

    fn inspect(&self) -> tokio::task::JoinHandle<()> {
        tokio::spawn(super::run(Arc::clone(&self.service)))
    }
}

fn refuse(raison: RaisonRefus) -> Controle {
    Controle::Refuse { raison }
}

//! A server of our own on a free port, two invented demandes, and a client that writes HTTP by hand, so that a test
//! can also send what no library would.

#![allow(dead_code, reason = "each test file uses a part of it")]

pub(crate) mod adresses;
pub(crate) mod agent;
pub(crate) mod base;
pub(crate) mod bucket;

use std::{
    fmt::Write as _,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use server::{
    clock::Clock,
    coffre::Coffre,
    config::{Config, Courrier, Tls, base_file},
    http::limites::Delais,
    params, registre, secrets,
    service::Service,
    servir::{Running, start},
    store::{Store, StoreError, Tx},
};
use sha2::Digest as _;
use uuid::Uuid;
use wire::{DemandeId, DepotId, JustificatifId, MediaType, PersonneId, UploadId, inspection};

pub(crate) const CODE: &str = "7K3QX-0M2TE-4F9AB";

/// A demande of the fixture.
#[derive(Clone, Copy)]
pub(crate) struct Foyer {
    pub(crate) numero: &'static str,
    pub(crate) demande: DemandeId,
    pub(crate) demandeur: PersonneId,
}

pub(crate) const MARTIN: Foyer = Foyer {
    numero: "057121507390310691",
    demande: DemandeId(Uuid::from_u128(1)),
    demandeur: PersonneId(Uuid::from_u128(11)),
};

pub(crate) const PETIT: Foyer = Foyer {
    numero: "057012600000110691",
    demande: DemandeId(Uuid::from_u128(2)),
    demandeur: PersonneId(Uuid::from_u128(12)),
};

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    running: Option<Running>,
    runtime: tokio::runtime::Runtime,
    pub(crate) donnees: tempfile::TempDir,
    /// The address of its base, where that is no file among its data.
    pub(crate) base: Option<String>,
    /// The bucket of its coffre, where that is not among its data.
    bucket: Option<String>,
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::with(Delais::default())
    }

    pub(crate) fn with(delais: Delais) -> Self {
        Self::prepared(|_| {}, |service| service.delais = delais)
    }

    /// Its mail goes to the mail server at this address.
    pub(crate) fn with_smtp(address: SocketAddr) -> Self {
        Self::configured(|config| config.courrier.smtp = Some(format!("smtp://{address}").parse().unwrap()))
    }

    /// As its operator wants it.
    pub(crate) fn configured(decide: impl FnOnce(&mut Config)) -> Self {
        Self::prepared(decide, |_| {})
    }

    /// The same, by a clock that others go by too.
    pub(crate) fn configured_at(clock: Clock, decide: impl FnOnce(&mut Config)) -> Self {
        Self::open(clock, decide, |_| {})
    }

    /// The same, with other limits than those in force.
    pub(crate) fn prepared(decide: impl FnOnce(&mut Config), limits: impl FnOnce(&mut Service)) -> Self {
        Self::open(matin(), decide, limits)
    }

    fn open(clock: Clock, decide: impl FnOnce(&mut Config), limits: impl FnOnce(&mut Service)) -> Self {
        let donnees = tempfile::tempdir().unwrap();
        let base = base::new_database();
        let bucket = bucket::new_bucket();
        let mut config = config(&donnees, base.as_deref(), bucket.as_deref());
        decide(&mut config);
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let mut service = Service::open(config, clock.clone()).unwrap();
        limits(&mut service);
        let store = service.store.clone();
        runtime.block_on(fill(&store)).unwrap();
        let running = runtime.block_on(start(service)).unwrap();
        Self {
            address: running.address,
            store,
            clock,
            running: Some(running),
            runtime,
            donnees,
            base,
            bucket,
        }
    }

    /// Where its coffre lies, for who looks there without it.
    pub(crate) fn coffre(&self) -> std::path::PathBuf {
        match &self.bucket {
            Some(bucket) => {
                let folder = bucket::folder_of(bucket).unwrap();
                // As in a folder of ours, the rooms are there while they are empty.
                for room in ["staging", "blobs"] {
                    std::fs::create_dir_all(folder.join(room)).unwrap();
                }
                folder
            }
            None => self.donnees.path().join("donnees/coffre"),
        }
    }

    /// Its coffre, as it opens it.
    pub(crate) fn open_coffre(&self) -> Coffre {
        match &self.bucket {
            Some(bucket) => Coffre::open_bucket(&bucket.parse().unwrap(), None).unwrap(),
            None => Coffre::open(&self.coffre(), None).unwrap(),
        }
    }

    /// Stops, then starts again on the same data and another port.
    pub(crate) fn restart(&mut self) {
        self.stop();
        let config = config(&self.donnees, self.base.as_deref(), self.bucket.as_deref());
        let service = Service::open(config, self.clock.clone()).unwrap();
        self.store = service.store.clone();
        let running = self.runtime.block_on(start(service)).unwrap();
        self.address = running.address;
        self.running = Some(running);
    }

    pub(crate) fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            self.runtime.block_on(running.stop()).unwrap();
        }
    }

    /// Where its metrics are read.
    pub(crate) fn metrics(&self) -> Option<SocketAddr> {
        self.running.as_ref().unwrap().mesures
    }

    /// Has the certificate read again.
    pub(crate) fn reload(&self) -> Result<(), server::servir::ServirError> {
        self.runtime.block_on(self.running.as_ref().unwrap().reload())
    }

    /// Signs in.
    pub(crate) fn session(&self, foyer: Foyer) -> Session<'_> {
        let body = serde_json::json!({ "numero": foyer.numero, "code": CODE }).to_string();
        let reply =
            self.send("POST", "/api/v1/session", &[("Content-Type", "application/json")], body.as_bytes());
        assert_eq!(reply.status, 200, "{}", reply.text());
        let token = reply.json()["access_token"].as_str().unwrap().to_owned();
        Session { server: self, foyer, token }
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        // Each write is a packet, as a test that counts on moving bytes needs it.
        stream.set_nodelay(true).unwrap();
        stream
    }

    /// One request on a connection of its own.
    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let mut stream = self.connect();
        stream.write_all(&head(method, path, headers, body.len())).unwrap();
        // A refusal may come before all is sent.
        let _ = stream.write_all(body);
        Reply::read(&mut stream)
    }

    /// What the inspection would say of a good PDF.
    pub(crate) fn pass_inspection(&self, justificatif: JustificatifId, bytes: &[u8]) {
        self.pass_inspection_of(justificatif, bytes, 1);
    }

    /// The same for so many pages.
    pub(crate) fn pass_inspection_of(&self, justificatif: JustificatifId, bytes: &[u8], pages: u32) {
        let verdict = inspection::Verdict::Fit(inspection::Constat {
            media_type: MediaType::Pdf,
            taille: bytes.len() as u64,
            sha256: wire::Sha256(sha2::Sha256::digest(bytes).into()),
            pages,
            pixels: None,
        });
        let now = self.clock.now();
        self.runtime
            .block_on(self.store.write(move |tx| registre::record_verdict(tx, justificatif, &verdict, now)))
            .unwrap();
    }

    pub(crate) fn write_sql(&self, sql: &'static str) {
        self.write(move |tx| tx.execute(sql, &[]).map(drop));
    }

    /// Carries something out in the base.
    pub(crate) fn write<T: Send + 'static>(
        &self,
        verb: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        self.runtime.block_on(self.store.write(verb)).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A working day.
pub(crate) fn matin() -> Clock {
    Clock::set_to("2026-11-25T10:00:00Z".parse().unwrap())
}

fn config(folder: &tempfile::TempDir, base: Option<&str>, bucket: Option<&str>) -> Config {
    let donnees = folder.path().join("donnees");
    Config {
        base: base.map_or_else(|| base_file(&donnees), |url| url.parse().unwrap()),
        donnees,
        coffre: bucket.map(|url| url.parse().unwrap()),
        cles: None,
        ecoute: "127.0.0.1:0".parse().unwrap(),
        mesures: None,
        tls: Tls::Sans,
        proxys: Vec::new(),
        origines: Vec::new(),
        // These tests say themselves what the inspection found.
        inspecteur: Some("/absent".into()),
        clamd: None,
        adresse: None,
        courrier: Courrier {
            smtp: None,
            dossier: folder.path().join("courriels"),
            expediteur: "essai@exemple.example".parse().unwrap(),
        },
        second_facteur_exige: false,
        fournisseur: None,
    }
}

/// A guichet and two demandes, with invented people.
async fn fill(store: &Store) -> Result<(), StoreError> {
    let hash = secrets::hash_secret(&secrets::normalise_code(CODE)).unwrap();
    store
        .write(move |tx| {
            tx.execute(
                "INSERT INTO guichet (code, nom, territoire, contact) VALUES ('10691', 'Mairie inventée', '57', '03 00 00 00 00')",
                &[],
            )?;
            for (foyer, nom) in [(MARTIN, "Martin"), (PETIT, "Petit")] {
                tx.execute(
                    "INSERT INTO demande (id, numero, territoire, date_depot, etat, version, guichet, modifiee_le, a_renouveler_avant, code_hash) \
                     VALUES ($1, $2, '57', '2025-12-15', 'active', '02.00', '10691', '2026-01-05', '2027-12-15', $3)",
                    params![foyer.demande, foyer.numero, hash.clone()],
                )?;
                tx.execute(
                    "INSERT INTO personne (id, demande, role, nom, prenom, date_naissance) VALUES ($1, $2, 'demandeur', $3, 'Camille', '1990-05-17')",
                    params![foyer.demandeur, foyer.demande, nom],
                )?;
            }
            Ok(())
        })
        .await
}

/// A demandeur who has signed in.
pub(crate) struct Session<'s> {
    pub(crate) server: &'s Server,
    pub(crate) foyer: Foyer,
    pub(crate) token: String,
}

impl Session<'_> {
    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        self.server.send(method, path, &self.headers(headers), body)
    }

    /// These headers and those of every request to the upload protocol.
    pub(crate) fn headers<'h>(&'h self, headers: &[(&'h str, &'h str)]) -> Vec<(&'h str, &'h str)> {
        let mut all = vec![("Tus-Resumable", "1.0.0"), ("Authorization", self.token.as_str())];
        all.extend_from_slice(headers);
        all
    }

    /// Begins the upload of `length` bytes of a passport.
    pub(crate) fn begin(&self, depot: DepotId, length: usize, sha256: Option<&[u8]>) -> Reply {
        self.begin_with(&self.facts(depot, sha256), length)
    }

    pub(crate) fn begin_with(&self, metadata: &str, length: usize) -> Reply {
        let length = length.to_string();
        self.send("POST", "/depots", &[("Upload-Length", &length), ("Upload-Metadata", metadata)], b"")
    }

    /// The facts of a passport; with the digest of these bytes.
    pub(crate) fn facts(&self, depot: DepotId, content: Option<&[u8]>) -> String {
        let mut facts = vec![
            ("depot", depot.to_string()),
            ("demande", self.foyer.demande.to_string()),
            ("personne", self.foyer.demandeur.to_string()),
            ("rubrique", "identite".to_owned()),
            ("type", "passeport".to_owned()),
            ("filename", "Passeport d’été.pdf".to_owned()),
        ];
        if let Some(content) = content {
            facts.push(("sha256", hex(content)));
        }
        let pairs: Vec<_> =
            facts.iter().map(|(key, value)| format!("{key} {}", STANDARD.encode(value))).collect();
        pairs.join(",")
    }

    pub(crate) fn patch(&self, upload: UploadId, offset: usize, bytes: &[u8]) -> Reply {
        self.patch_with(upload, offset, &[], bytes)
    }

    pub(crate) fn patch_with(
        &self,
        upload: UploadId,
        offset: usize,
        headers: &[(&str, &str)],
        bytes: &[u8],
    ) -> Reply {
        let offset = offset.to_string();
        let mut all =
            vec![("Content-Type", "application/offset+octet-stream"), ("Upload-Offset", offset.as_str())];
        all.extend_from_slice(headers);
        self.send("PATCH", &format!("/depots/{upload}"), &all, bytes)
    }

    pub(crate) fn head(&self, upload: UploadId) -> Reply {
        self.send("HEAD", &format!("/depots/{upload}"), &[], b"")
    }

    /// The first part of a PATCH whose client then says nothing more.
    pub(crate) fn stalled_patch(
        &self,
        upload: UploadId,
        offset: usize,
        announced: usize,
        bytes: &[u8],
    ) -> TcpStream {
        let offset = offset.to_string();
        let headers =
            [("Content-Type", "application/offset+octet-stream"), ("Upload-Offset", offset.as_str())];
        let mut stream = self.server.connect();
        let path = format!("/depots/{upload}");
        stream.write_all(&head("PATCH", &path, &self.headers(&headers), announced)).unwrap();
        stream.write_all(bytes).unwrap();
        stream
    }

    /// A whole deposit; the piece's id.
    pub(crate) fn deposit(&self, bytes: &[u8]) -> JustificatifId {
        let depot = new_depot();
        let upload = self.begin(depot, bytes.len(), Some(bytes)).upload();
        assert_eq!(self.patch(upload, 0, bytes).status, 204);
        self.receipt(depot).json()["justificatif"].as_str().unwrap().parse().unwrap()
    }

    pub(crate) fn receipt(&self, depot: DepotId) -> Reply {
        self.send("GET", &format!("/api/v1/demandes/{}/depots/{depot}", self.foyer.demande), &[], b"")
    }

    pub(crate) fn list(&self) -> Vec<serde_json::Value> {
        let reply =
            self.send("GET", &format!("/api/v1/demandes/{}/justificatifs", self.foyer.demande), &[], b"");
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()["justificatifs"].as_array().unwrap().clone()
    }
}

/// A request's line and headers. The token goes in as a bearer.
pub(crate) fn head(method: &str, path: &str, headers: &[(&str, &str)], length: usize) -> Vec<u8> {
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: essai\r\nConnection: close\r\n");
    if length > 0 || method == "PATCH" || method == "POST" {
        let _ = write!(head, "Content-Length: {length}\r\n");
    }
    for (name, value) in headers {
        let bearer = if *name == "Authorization" { "Bearer " } else { "" };
        let _ = write!(head, "{name}: {bearer}{value}\r\n");
    }
    head.push_str("\r\n");
    head.into_bytes()
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// Reads until the server closes.
    pub(crate) fn read(stream: &mut TcpStream) -> Self {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        let end = bytes.windows(4).position(|w| w == b"\r\n\r\n").expect("an answer");
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect();
        Self { status, headers, body: bytes[end + 4..].to_vec() }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        format!("{} {}", self.status, String::from_utf8_lossy(&self.body))
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    /// The stable code of a refusal.
    pub(crate) fn code(&self) -> String {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{}", self.text());
        self.json()["code"].as_str().unwrap().to_owned()
    }

    /// The upload of a 201.
    pub(crate) fn upload(&self) -> UploadId {
        assert_eq!(self.status, 201, "{}", self.text());
        self.header("location").unwrap().strip_prefix("/depots/").unwrap().parse().unwrap()
    }

    pub(crate) fn offset(&self) -> Option<usize> {
        self.header("upload-offset").map(|offset| offset.parse().unwrap())
    }
}

/// The mails written so far, once there are so many; decoded from quoted-printable as far as a link needs it.
pub(crate) fn mails(server: &Server, count: usize) -> Vec<String> {
    for _ in 0..200 {
        let files: Vec<_> = std::fs::read_dir(server.donnees.path().join("courriels"))
            .map(|folder| folder.map(|entry| entry.unwrap().path()).collect())
            .unwrap_or_default();
        if files.len() >= count {
            let mut files = files;
            files.sort();
            let decoded =
                |path| std::fs::read_to_string(path).unwrap().replace("=\r\n", "").replace("=3D", "=");
            return files.into_iter().map(decoded).collect();
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("{count} mails never came");
}

pub(crate) fn new_depot() -> DepotId {
    DepotId(Uuid::now_v7())
}

/// Bytes that pass for a PDF at the door, different for each seed.
pub(crate) fn pdf(length: usize, seed: u8) -> Vec<u8> {
    let mut bytes = b"%PDF-1.7\n".to_vec();
    bytes.extend((bytes.len()..length).map(|i| u8::try_from(i % 251).unwrap() ^ seed));
    bytes.truncate(length);
    bytes
}

pub(crate) fn hex(content: &[u8]) -> String {
    wire::Sha256(sha2::Sha256::digest(content).into()).to_string()
}

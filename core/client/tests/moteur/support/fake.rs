//! A small server that keeps the contract, over real sockets, with a switchboard of faults. It shares no code with the
//! real one, so that a misunderstanding of the contract is not made twice.

use std::{
    collections::{HashMap, VecDeque},
    convert::Infallible,
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use chrono::{DateTime, Utc};
use client::{Client, MemorySecrets, Options, Patience, SecretStore};
use http_body_util::{BodyExt as _, Full};
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    header::HeaderMap,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use uuid::Uuid;
use wire::{
    Controle, DemandeId, DepotId, DepotMetadata, Examen, JustificatifId, MediaType, Origine, ProblemCode,
    UploadId,
    api::{Identification, JustificatifVue, JustificatifsVue, Recu, Renouvellement, Session},
    mot_du_demandeur,
};

use super::{
    answers::{answer, json, problem, tus},
    digest,
    faults::{Fault, Lost, On, kind_of},
    identification,
};

pub(crate) struct Upload {
    pub(crate) facts: DepotMetadata,
    pub(crate) length: u64,
    pub(crate) bytes: Vec<u8>,
    pub(crate) failed: bool,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) faults: VecDeque<(On, Fault)>,
    pub(crate) requests: Vec<String>,
    pub(crate) uploads: HashMap<UploadId, Upload>,
    pub(crate) pieces: HashMap<JustificatifId, (DepotId, Vec<u8>)>,
    pub(crate) controle: Option<Controle>,
    pub(crate) access: Vec<String>,
    pub(crate) refresh: String,
    pub(crate) previous_refresh: Option<String>,
    pub(crate) renewals: u32,
    pub(crate) demande: Option<DemandeId>,
    /// The k-th request from now hangs, before or after it is carried out.
    pub(crate) kill_at: Option<(usize, bool)>,
    pub(crate) hung: bool,
}

#[derive(Clone)]
pub(crate) struct Fake {
    pub(crate) address: SocketAddr,
    state: Arc<Mutex<State>>,
}

pub(crate) const CODE: &str = "7K3QX-0M2TE-AB";

impl Fake {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let fake = Self { address: listener.local_addr().unwrap(), state: Arc::default() };
        fake.state().demande = Some(DemandeId(Uuid::now_v7()));
        let server = fake.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = server.clone();
                tokio::spawn(async move {
                    let service = service_fn(move |request| server.clone().serve(request));
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        fake
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(crate) fn fault(&self, on: On, fault: Fault) {
        self.state().faults.push_back((on, fault));
    }

    /// How often a kind of request came.
    pub(crate) fn count(&self, kind: On) -> usize {
        self.state().requests.iter().filter(|seen| **seen == format!("{kind:?}")).count()
    }

    pub(crate) fn expire_access(&self) {
        self.state().access.clear();
    }

    pub(crate) fn client(&self, dossier: &Path) -> Client {
        self.client_with(dossier, Box::new(MemorySecrets::default()))
    }

    pub(crate) fn client_with(&self, dossier: &Path, secrets: Box<dyn SecretStore>) -> Client {
        Client::new(Options {
            serveur: format!("http://{}", self.address).parse().unwrap(),
            dossier: dossier.to_owned(),
            secrets,
            autorite_pem: None,
            patience: Patience {
                connect: Duration::from_secs(2),
                stall: Duration::from_millis(500),
                tries_max: 4,
                first_delay: Duration::from_millis(4),
            },
        })
        .unwrap()
    }

    /// A client already signed in.
    pub(crate) async fn signed_in(&self, dossier: &Path) -> Client {
        let client = self.client(dossier);
        client.connecter(&identification(CODE)).await.unwrap();
        client
    }

    async fn serve(self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Lost> {
        let kind = kind_of(&request);
        let (fault, kill_after) = {
            let mut state = self.state();
            state.requests.push(format!("{kind:?}"));
            let mut kill_after = false;
            if let Some((left, after)) = &mut state.kill_at {
                if *left == 0 && *after {
                    kill_after = true;
                } else if *left == 0 {
                    state.faults.push_front((On::Any, Fault::Hang));
                } else {
                    *left -= 1;
                }
            }
            let at = state.faults.iter().position(|(on, _)| *on == kind || *on == On::Any);
            (at.and_then(|at| state.faults.remove(at)).map(|(_, fault)| fault), kill_after)
        };
        match &fault {
            Some(Fault::Hang) => return self.hang().await,
            Some(Fault::LoseRequest) => return Err(Lost),
            Some(Fault::Refuse(status, code)) => return Ok(problem(*status, *code)),
            Some(Fault::Stranger(status)) => return Ok(answer(*status, "<html>portail</html>")),
            Some(Fault::Bare(status)) => return Ok(tus(*status)),
            _ => {}
        }
        let response = self.carry_out(kind, request, fault.as_ref()).await?;
        match fault {
            Some(Fault::LoseReply) => Err(Lost),
            Some(Fault::HangAfter) => self.hang().await,
            _ if kill_after => self.hang().await,
            _ => Ok(response),
        }
    }

    async fn hang(&self) -> Result<Response<Full<Bytes>>, Lost> {
        self.state().hung = true;
        std::future::pending::<Infallible>().await;
        Err(Lost)
    }

    async fn carry_out(
        &self,
        kind: On,
        request: Request<Incoming>,
        fault: Option<&Fault>,
    ) -> Result<Response<Full<Bytes>>, Lost> {
        let (head, body) = request.into_parts();
        let path = head.uri.path().to_owned();
        let last = path.rsplit('/').next().unwrap().to_owned();
        if !matches!(kind, On::SignIn | On::Renew) && !self.authorized(&head.headers) {
            return Ok(problem(401, ProblemCode::SessionExpiree));
        }
        match kind {
            On::SignIn => {
                let body = body.collect().await.map_err(|_| Lost)?.to_bytes();
                let identification: Identification = serde_json::from_slice(&body).unwrap();
                if identification.code == CODE {
                    Ok(json(&self.new_session()))
                } else {
                    Ok(problem(401, ProblemCode::IdentificationRefusee))
                }
            }
            On::Renew => {
                let body = body.collect().await.map_err(|_| Lost)?.to_bytes();
                let token = serde_json::from_slice::<Renouvellement>(&body).unwrap().refresh_token;
                let known = {
                    let state = self.state();
                    token == state.refresh || Some(&token) == state.previous_refresh.as_ref()
                };
                if known {
                    Ok(json(&self.new_session()))
                } else {
                    Ok(problem(401, ProblemCode::SessionExpiree))
                }
            }
            On::Post => Ok(self.create(&head.headers)),
            On::Head => Ok(self.offset(last.parse().unwrap())),
            On::Patch => self.append(last.parse().unwrap(), &head.headers, body, fault).await,
            On::Delete if path.starts_with("/depots/") => {
                self.state().uploads.remove(&last.parse().unwrap());
                Ok(tus(204))
            }
            On::Delete => {
                self.state().pieces.remove(&last.parse().unwrap());
                Ok(answer(204, ""))
            }
            On::Receipt => Ok(self.receipt(last.parse().unwrap(), fault)),
            On::Content => Ok(self.content(&path, &head.headers, fault)),
            On::Preview => Ok(self.preview(&path)),
            On::Any if path.ends_with("/session") => {
                let mut state = self.state();
                state.access.clear();
                state.refresh.clear();
                Ok(answer(204, ""))
            }
            On::Any => Ok(json(&self.list())),
        }
    }

    fn authorized(&self, headers: &HeaderMap) -> bool {
        let header = headers.get("authorization").map(|value| value.to_str().unwrap().to_owned());
        header
            .is_some_and(|header| self.state().access.iter().any(|token| header == format!("Bearer {token}")))
    }

    fn new_session(&self) -> Session {
        let mut state = self.state();
        state.renewals += 1;
        let access_token = format!("access-{}", Uuid::now_v7());
        state.previous_refresh =
            Some(std::mem::replace(&mut state.refresh, format!("refresh-{}", Uuid::now_v7())));
        state.access = vec![access_token.clone()];
        Session {
            access_token,
            expire_dans_s: 900,
            refresh_token: state.refresh.clone(),
            demande: state.demande.unwrap(),
        }
    }

    fn create(&self, headers: &HeaderMap) -> Response<Full<Bytes>> {
        let text = |name: &str| headers.get(name).unwrap().to_str().unwrap().to_owned();
        assert_eq!(text("tus-resumable"), "1.0.0");
        let facts = DepotMetadata::parse(&text("upload-metadata")).unwrap();
        let length: u64 = text("upload-length").parse().unwrap();
        let mut state = self.state();
        if Some(facts.demande) != state.demande {
            return problem(404, ProblemCode::Introuvable);
        }
        let known =
            state.uploads.iter().find(|(_, upload)| upload.facts.depot == facts.depot && !upload.failed).map(
                |(id, upload)| {
                    assert_eq!(upload.facts, facts);
                    (*id, upload.bytes.len())
                },
            );
        let (id, offset) = known.unwrap_or_else(|| {
            let id = UploadId(Uuid::now_v7());
            state.uploads.insert(id, Upload { facts, length, bytes: Vec::new(), failed: false });
            (id, 0)
        });
        let mut response = tus(201);
        response.headers_mut().insert("location", format!("/depots/{id}").parse().unwrap());
        response.headers_mut().insert("upload-offset", offset.into());
        response
    }

    fn offset(&self, id: UploadId) -> Response<Full<Bytes>> {
        match self.state().uploads.get(&id) {
            None => tus(404),
            Some(upload) if upload.failed => tus(410),
            Some(upload) => {
                let mut response = tus(200);
                response.headers_mut().insert("upload-offset", upload.bytes.len().into());
                response.headers_mut().insert("upload-length", upload.length.into());
                response
            }
        }
    }

    async fn append(
        &self,
        id: UploadId,
        headers: &HeaderMap,
        mut body: Incoming,
        fault: Option<&Fault>,
    ) -> Result<Response<Full<Bytes>>, Lost> {
        let offset: usize = headers.get("upload-offset").unwrap().to_str().unwrap().parse().unwrap();
        assert_eq!(headers.get("content-type").unwrap(), "application/offset+octet-stream");
        match self.state().uploads.get(&id) {
            None => return Ok(problem(404, ProblemCode::Introuvable)),
            Some(upload) if upload.bytes.len() != offset => {
                return Ok(problem(409, ProblemCode::OffsetDifferent));
            }
            Some(_) => {}
        }
        let mut got = Vec::new();
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else { break };
            got.extend_from_slice(frame.data_ref().unwrap());
            if let Some(Fault::CutAfter(bytes)) = fault
                && got.len() >= *bytes
            {
                got.truncate(*bytes);
                self.state().uploads.get_mut(&id).unwrap().bytes.extend_from_slice(&got);
                return Err(Lost);
            }
        }
        if fault == Some(&Fault::Corrupt) {
            got[0] ^= 1;
        }
        let mut state = self.state();
        let upload = state.uploads.get_mut(&id).unwrap();
        upload.bytes.extend_from_slice(&got);
        let (done, bytes, facts) =
            (upload.bytes.len() as u64 == upload.length, upload.bytes.clone(), upload.facts.clone());
        if done && facts.sha256 != Some(digest(&bytes)) {
            upload.failed = true;
            return Ok(problem(460, ProblemCode::EmpreinteDifferente));
        }
        let attached = state.pieces.values().any(|(depot, _)| *depot == facts.depot);
        let length = bytes.len();
        if done && !attached {
            state.pieces.insert(JustificatifId(Uuid::now_v7()), (facts.depot, bytes));
        }
        let mut response = tus(204);
        response.headers_mut().insert("upload-offset", length.into());
        Ok(response)
    }

    fn receipt(&self, depot: DepotId, fault: Option<&Fault>) -> Response<Full<Bytes>> {
        let state = self.state();
        let Some((justificatif, (_, bytes))) = state.pieces.iter().find(|(_, (id, _))| *id == depot) else {
            return problem(404, ProblemCode::Introuvable);
        };
        let mut recu = Recu {
            numero: Recu::numero_de(*justificatif),
            depot,
            justificatif: *justificatif,
            demande: state.demande.unwrap(),
            depose_le: Utc::now(),
            taille: bytes.len() as u64,
            sha256: digest(bytes),
            controle: state.controle.unwrap_or(Controle::EnVerification),
            doublon: false,
            service: "Service d’essai".to_owned(),
            contact: None,
        };
        match fault {
            Some(Fault::WrongDigest) => recu.sha256 = digest(b"autre"),
            Some(Fault::WrongDemande) => recu.demande = DemandeId(Uuid::now_v7()),
            _ => {}
        }
        json(&recu)
    }

    fn content(&self, path: &str, headers: &HeaderMap, fault: Option<&Fault>) -> Response<Full<Bytes>> {
        let id: JustificatifId = path.split('/').nth(4).unwrap().parse().unwrap();
        let bytes = self.state().pieces.get(&id).unwrap().1.clone();
        let from = headers.get("range").map_or(0, |range| {
            let range = range.to_str().unwrap().strip_prefix("bytes=").unwrap().strip_suffix('-').unwrap();
            range.parse::<usize>().unwrap()
        });
        let mut rest = bytes[from..].to_vec();
        if fault == Some(&Fault::Corrupt) {
            rest[0] ^= 1;
        }
        let status = if from == 0 { 200 } else { 206 };
        match fault {
            // The announced length is that of what comes: the client has to notice that it is not what was listed.
            Some(Fault::Short(bytes)) => answer(status, rest[..*bytes].to_vec()),
            _ => answer(status, rest),
        }
    }

    /// A piece's first bytes stand for its picture; an empty piece has none.
    fn preview(&self, path: &str) -> Response<Full<Bytes>> {
        let id: JustificatifId = path.split('/').nth(4).unwrap().parse().unwrap();
        match self.state().pieces.get(&id) {
            Some((_, bytes)) if !bytes.is_empty() => answer(200, bytes.clone()),
            _ => problem(404, ProblemCode::Introuvable),
        }
    }

    fn list(&self) -> JustificatifsVue {
        let state = self.state();
        let controle = state.controle.unwrap_or(Controle::EnVerification);
        let vue = |(id, (_, bytes)): (&JustificatifId, &(DepotId, Vec<u8>))| JustificatifVue {
            id: *id,
            confidentiel: false,
            rubrique: Some("identite".parse().unwrap()),
            type_piece: Some("passeport".parse().unwrap()),
            personne: None,
            nom: None,
            sha256: Some(digest(bytes)),
            origine: Origine::Application,
            depose_le: DateTime::UNIX_EPOCH,
            media_type: Some(MediaType::Pdf),
            taille: bytes.len() as u64,
            pages: Some(1),
            controle,
            examen: Examen::AExaminer,
            mot: mot_du_demandeur(controle, &Examen::AExaminer),
            retirable: true,
            remplace: None,
        };
        JustificatifsVue { justificatifs: state.pieces.iter().map(vue).collect() }
    }
}

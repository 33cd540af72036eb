//! The bare upload protocol (tus 1.0.0), one request at a time, so that a test decides what is sent when.

use std::net::SocketAddr;

use anyhow::{Context as _, Result};
use sha2::Digest as _;
use uuid::Uuid;
use wire::{
    DemandeId, DepotId, DepotMetadata, NomAffiche, PersonneId, Sha256,
    api::{JustificatifVue, JustificatifsVue, Recu},
};

use crate::{Request, Response};

/// A signed-in client of the upload protocol and of what the API says of its uploads.
#[derive(Clone)]
pub struct Tus {
    /// Where to connect: the server, or a proxy in front of it.
    pub addr: SocketAddr,
    /// The session's access token.
    pub token: String,
    /// The session's demande.
    pub demande: DemandeId,
}

/// The facts of a deposit, in short.
pub struct Facts<'a> {
    /// The rubrique's code.
    pub rubrique: &'a str,
    /// The type's code.
    pub type_piece: &'a str,
    /// Whom it concerns; none for the household.
    pub personne: Option<PersonneId>,
    /// The file's name.
    pub nom: &'a str,
}

/// The SHA-256 of some bytes.
pub fn sha256(bytes: &[u8]) -> Sha256 {
    Sha256(sha2::Sha256::digest(bytes).into())
}

impl Tus {
    /// The metadata of a new deposit of these bytes.
    pub fn metadata(&self, facts: &Facts<'_>, bytes: &[u8]) -> Result<DepotMetadata> {
        Ok(DepotMetadata {
            depot: DepotId(Uuid::now_v7()),
            demande: self.demande,
            personne: facts.personne,
            rubrique: facts.rubrique.parse()?,
            type_piece: facts.type_piece.parse()?,
            sha256: Some(sha256(bytes)),
            sha256_original: None,
            filename: Some(NomAffiche::new(facts.nom)),
            remplace: None,
            demande_piece: None,
        })
    }

    /// `POST /depots`.
    pub fn create(&self, metadata: &DepotMetadata, taille: u64) -> Result<Response> {
        self.creation(metadata, taille).send(self.addr)
    }

    /// The request that [`Tus::create`] sends.
    pub fn creation(&self, metadata: &DepotMetadata, taille: u64) -> Request {
        self.request("POST", "/depots")
            .header("Upload-Length", &taille.to_string())
            .header("Upload-Metadata", &metadata.to_header())
    }

    /// Creates an upload and gives its path.
    pub fn begin(&self, metadata: &DepotMetadata, taille: u64) -> Result<String> {
        location(&self.create(metadata, taille)?.expect(201)?)
    }

    /// The request that continues an upload.
    pub fn patch(&self, path: &str, offset: u64, bytes: &[u8]) -> Request {
        self.request("PATCH", path)
            .header("Content-Type", "application/offset+octet-stream")
            .header("Upload-Offset", &offset.to_string())
            .body(bytes)
    }

    /// `HEAD`: how far the server has come.
    pub fn offset(&self, path: &str) -> Result<u64> {
        offset(&self.request("HEAD", path).send(self.addr)?.expect(200)?)
    }

    /// Sends what is missing of `bytes`, from the server's offset on, in one request.
    pub fn finish(&self, path: &str, bytes: &[u8]) -> Result<Response> {
        let offset = self.offset(path)?;
        let rest = bytes.get(usize::try_from(offset)?..).context("the server has more than was sent")?;
        self.patch(path, offset, rest).send(self.addr)
    }

    /// A whole deposit without a fault; gives its receipt.
    pub fn deposit(&self, facts: &Facts<'_>, bytes: &[u8]) -> Result<Recu> {
        let metadata = self.metadata(facts, bytes)?;
        let path = self.begin(&metadata, bytes.len() as u64)?;
        self.patch(&path, 0, bytes).send(self.addr)?.expect(204)?;
        self.recu(metadata.depot)
    }

    /// The receipt of a deposit.
    pub fn recu(&self, depot: DepotId) -> Result<Recu> {
        self.get(&format!("/api/v1/demandes/{}/depots/{depot}", self.demande))?.expect(200)?.json()
    }

    /// The pieces of the demande.
    pub fn list(&self) -> Result<Vec<JustificatifVue>> {
        let path = format!("/api/v1/demandes/{}/justificatifs", self.demande);
        Ok(self.get(&path)?.expect(200)?.json::<JustificatifsVue>()?.justificatifs)
    }

    /// Any address of the API.
    pub fn get(&self, path: &str) -> Result<Response> {
        Request::new("GET", path).bearer(&self.token).send(self.addr)
    }

    /// A request of the upload protocol.
    pub fn request(&self, method: &str, path: &str) -> Request {
        Request::new(method, path).bearer(&self.token).header("Tus-Resumable", "1.0.0")
    }
}

/// Where a created upload is.
pub fn location(response: &Response) -> Result<String> {
    Ok(response.header("location").context("no Location")?.to_owned())
}

/// The offset that an answer tells.
pub fn offset(response: &Response) -> Result<u64> {
    Ok(response.header("upload-offset").context("no Upload-Offset")?.parse()?)
}

//! Downloading a piece: into a file that appears complete and verified, or not at all.
//!
//! What can go wrong: cuts (the rest is asked for with a range), a server that ignores the range (the file is begun
//! again), more bytes than were listed (ended at once), other bytes than were listed (the digest tells).

use std::path::{Path, PathBuf};

use reqwest::{Method, Response, StatusCode, header};
use tokio::io::AsyncWriteExt as _;
use wire::{JustificatifId, ProblemCode, api::JustificatifVue};

use crate::{
    Client, Erreur, Stop, durable,
    empreinte::empreinte_of,
    http::{Echec, chance, pause},
    retry::Tries,
};

/// Hears of progress: bytes received, bytes in all.
pub type ProgresTelechargement<'a> = &'a (dyn Fn(u64, u64) + Send + Sync);

/// A file beside its target, removed unless it became the target.
struct Partiel(PathBuf);

impl Drop for Partiel {
    fn drop(&mut self) {
        // Gone by its rename, or never made: nothing to say about it.
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Client {
    /// Downloads a piece of the demande signed in to. What stands at `out` is replaced only by the verified whole.
    pub async fn telecharger(
        &self,
        justificatif: JustificatifId,
        out: &Path,
        stop: &Stop,
        progres: ProgresTelechargement<'_>,
    ) -> Result<JustificatifVue, Erreur> {
        tokio::select! {
            biased;
            () = stop.stopped() => Err(Erreur::Interrompu),
            vue = self.download(justificatif, out, progres) => vue,
        }
    }

    async fn download(
        &self,
        id: JustificatifId,
        out: &Path,
        progres: ProgresTelechargement<'_>,
    ) -> Result<JustificatifVue, Erreur> {
        let listed = self.justificatifs().await?.justificatifs.into_iter().find(|piece| piece.id == id);
        let refusal = |code: ProblemCode| Erreur::Refus { code, phrase: code.to_string() };
        let vue = listed.ok_or_else(|| refusal(ProblemCode::Introuvable))?;
        let Some(sha256) = vue.sha256 else { return Err(refusal(ProblemCode::PasDisponible)) };
        let partiel = Partiel(out.with_file_name(format!(".{id}.partiel")));
        let mut file = tokio::fs::File::create(&partiel.0).await?;
        let mut tries = Tries::default();
        let mut received = 0;
        while let Err(echec) = self.fetch_rest(&vue, &mut file, &mut received, progres).await {
            tries.confirm(received);
            let passing = matches!(echec, Fetch::Echec(Echec::Reseau));
            match tries.fail(self.http.patience(), chance()) {
                Some(delay) if passing => pause(delay).await,
                _ => return Err(echec.into_erreur()),
            }
        }
        file.sync_all().await?;
        let seen = empreinte_of(partiel.0.clone()).await?;
        if (seen.taille, seen.sha256) != (vue.taille, sha256) {
            return Err(Erreur::TelechargementAbime);
        }
        tokio::fs::rename(&partiel.0, out).await?;
        let parent = out.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        durable::sync_directory(parent)?;
        Ok(vue)
    }

    /// Asks for what is missing and writes it.
    async fn fetch_rest(
        &self,
        vue: &JustificatifVue,
        file: &mut tokio::fs::File,
        received: &mut u64,
        progres: ProgresTelechargement<'_>,
    ) -> Result<(), Fetch> {
        let mut response = self.ask_content(vue.id, *received).await?;
        if response.status() != StatusCode::PARTIAL_CONTENT && *received > 0 {
            // The whole again.
            file.set_len(0).await?;
            tokio::io::AsyncSeekExt::rewind(file).await?;
            *received = 0;
        }
        while let Some(piece) = self.http.next_piece(&mut response).await? {
            if *received + piece.len() as u64 > vue.taille {
                return Err(Fetch::Erreur(Erreur::TelechargementAbime));
            }
            file.write_all(&piece).await?;
            *received += piece.len() as u64;
            progres(*received, vue.taille);
        }
        file.flush().await?;
        // A body that ends early without an error is a cut as well.
        if *received < vue.taille { Err(Fetch::Echec(Echec::Reseau)) } else { Ok(()) }
    }

    async fn ask_content(&self, id: JustificatifId, from: u64) -> Result<Response, Echec> {
        let path = format!("/api/v1/justificatifs/{id}/contenu");
        let range = format!("bytes={from}-");
        self.authorized_with(Method::GET, &path, &|request| {
            if from == 0 { request } else { request.header(header::RANGE, &range) }
        })
        .await
    }
}

/// Why the rest did not come.
enum Fetch {
    Echec(Echec),
    Erreur(Erreur),
}

impl Fetch {
    fn into_erreur(self) -> Erreur {
        match self {
            Self::Echec(echec) => echec.into_erreur(),
            Self::Erreur(erreur) => erreur,
        }
    }
}

impl From<Echec> for Fetch {
    fn from(echec: Echec) -> Self {
        Self::Echec(echec)
    }
}

impl From<std::io::Error> for Fetch {
    fn from(error: std::io::Error) -> Self {
        Self::Erreur(error.into())
    }
}

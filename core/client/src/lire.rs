//! What the server knows: the demande, its pieces, the nomenclature; and withdrawing a piece.

use reqwest::{Method, RequestBuilder, Response};
use serde::de::DeserializeOwned;
use wire::{
    DepotEtat, JustificatifId, MediaType, Nomenclature, ProblemCode, Sniff,
    api::{DemandeVue, JustificatifsVue},
    inspection::APERCU_BYTES_MAX,
};

use crate::{Client, Erreur, Genre, http::Echec};

impl Client {
    /// The demande signed in to: header, people, checklist, requested pieces, events.
    pub async fn demande(&self) -> Result<DemandeVue, Erreur> {
        let path = format!("/api/v1/demandes/{}", self.session().await?.demande);
        let vue = self.authorized_json(Method::GET, &path).await.map_err(Echec::into_erreur)?;
        self.vus.keep_demande(&vue);
        Ok(vue)
    }

    /// Its pieces, latest first.
    pub async fn justificatifs(&self) -> Result<JustificatifsVue, Erreur> {
        let demande = self.session().await?.demande;
        let path = format!("/api/v1/demandes/{demande}/justificatifs");
        let vues = self.authorized_json(Method::GET, &path).await.map_err(Echec::into_erreur)?;
        self.vus.keep_list(demande, &vues);
        Ok(vues)
    }

    /// The thumbnail of a piece's first page, a JPEG. None where the server has drawn none; a confidential piece or one
    /// that is not `disponible` is refused.
    pub async fn apercu(&self, justificatif: JustificatifId) -> Result<Option<Vec<u8>>, Erreur> {
        let path = format!("/api/v1/justificatifs/{justificatif}/apercu");
        let response = match self.authorized(Method::GET, &path).await {
            Err(echec) if echec.is_problem(ProblemCode::Introuvable) => return Ok(None),
            response => response.map_err(Echec::into_erreur)?,
        };
        let bytes_max = usize::try_from(APERCU_BYTES_MAX).unwrap_or(usize::MAX);
        let jpeg = self.http.read(response, bytes_max).await.map_err(Echec::into_erreur)?;
        let is_jpeg = wire::sniff(&jpeg) == Sniff::Known(MediaType::Jpeg);
        if is_jpeg { Ok(Some(jpeg)) } else { Err(Erreur::ReponseInattendue) }
    }

    /// The nomenclature in force on the server; it needs no session.
    pub async fn nomenclature(&self) -> Result<Nomenclature, Erreur> {
        let request = self.http.request(Method::GET, "/api/v1/nomenclature");
        self.http.json(request).await.map_err(Echec::into_erreur)
    }

    /// The same; where it cannot be had now, the one that this program ships with, so that a piece can be prepared
    /// without network.
    pub async fn nomenclature_ou_embarquee(&self) -> Result<Nomenclature, Erreur> {
        match self.nomenclature().await {
            Err(erreur) if erreur.genre() == Genre::Reseau => Ok(Nomenclature::embarquee().clone()),
            nomenclature => nomenclature,
        }
    }

    /// Withdraws a piece that no agent has looked at yet, and forgets what this device still held of it.
    pub async fn retirer(&self, justificatif: JustificatifId) -> Result<(), Erreur> {
        let path = format!("/api/v1/justificatifs/{justificatif}");
        self.authorized(Method::DELETE, &path).await.map_err(Echec::into_erreur)?;
        for entree in self.file.list()?.entrees {
            if matches!(&entree.etat, DepotEtat::Depose { recu } if recu.justificatif == justificatif) {
                let _verrou = self.file.lock()?;
                self.file.remove(entree.depot)?;
            }
        }
        self.vus.forget(self.session().await?.demande, justificatif)?;
        Ok(())
    }

    /// A request without body, in the name of the session; its token renewed once if it has expired.
    pub(crate) async fn authorized(&self, method: Method, path: &str) -> Result<Response, Echec> {
        self.authorized_with(method, path, &|request| request).await
    }

    /// The same, with what `dress` adds to the request.
    pub(crate) async fn authorized_with(
        &self,
        method: Method,
        path: &str,
        dress: &(dyn Fn(RequestBuilder) -> RequestBuilder + Send + Sync),
    ) -> Result<Response, Echec> {
        let session = self.session().await.map_err(Echec::Session)?;
        let request = |token: &str| dress(self.http.request(method.clone(), path).bearer_auth(token));
        match self.http.send(request(&session.access_token)).await {
            Err(echec) if echec.is_unauthorized() => {}
            result => return result,
        }
        self.compte.renew(&self.http, &session.access_token).await?;
        let session = self.session().await.map_err(Echec::Session)?;
        self.http.send(request(&session.access_token)).await
    }

    /// The same for an answer in JSON.
    pub(crate) async fn authorized_json<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
    ) -> Result<T, Echec> {
        let response = self.authorized(method, path).await?;
        self.http.read_json(response).await
    }
}

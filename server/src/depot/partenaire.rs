//! A partner's document, in one request: its facts in headers, its bytes in the body. Nothing is resumed: scanning
//! services have good lines, and whatever ends the request early is answered by sending it again under the same
//! reference. How it can end:
//!
//! - *The body ends with the last byte announced.* Digest compared, file sealed, piece attached, in this order, before
//!   the answer; a client that has gone meanwhile finds its receipt when it asks again.
//! - *The body ends earlier, falls silent, or is of no known type or not what was announced.* Nothing is attached and
//!   what was staged goes at once.
//! - *The process dies.* No upload in the base owns the bytes: the collection takes them, staged or sealed.

use std::{pin::pin, sync::Arc};

use futures_util::stream;
use http_body_util::BodyExt as _;
use hyper::{
    HeaderMap, StatusCode,
    body::Incoming,
    header::{CONTENT_LENGTH, CONTENT_TYPE},
};
use wire::{DemandeId, MediaType, NumeroUnique, ProblemCode, UploadId, limites::UPLOAD_BYTES_MAX};

use super::{guichet::receive, holders::Held, receive::incomplete, remove_upload, writer::Arrived};
use crate::{
    http::{
        problem::Refus,
        request::{header, number},
        respond::{Answer, json},
    },
    registre::{self, BeginError, DeposePartenaire, DepositError, DepotPartenaire, Partenaire},
    secrets::new_id,
    service::Service,
};

/// `POST /api/v1/partenaire/justificatifs`. The same document again is read to its end and answered with the receipt of
/// the first time.
pub(crate) async fn deposit_partenaire(
    service: Arc<Service>,
    partenaire: Partenaire,
    headers: &HeaderMap,
    body: Incoming,
) -> Answer {
    use tracing::Instrument as _;
    service.identite.count_deposit(&partenaire).await?;
    let depot = announced(headers)?;
    let now = service.clock.now();
    let (by, asked) = (partenaire.clone(), depot.clone());
    let checked = service.store.read(move |tx| registre::check_partenaire(tx, &by, &asked, now)).await;
    let demande = checked.map_err(refus)?;

    service.mesures.envoi_commence();
    let upload = UploadId(new_id(now));
    let (held, _) = service.holders.acquire(upload).await.ok_or(ProblemCode::EnvoiOccupe)?;
    let document = Document { service: Arc::clone(&service), held, upload, demande, partenaire, depot };
    let task = service.writers.spawn(document.receive(body).in_current_span());
    let depose = task.await.map_err(|error| {
        tracing::error!(%error, "receiving failed");
        Refus::new(ProblemCode::ErreurInterne)
    })??;
    let mut response = json(&depose.recu)?;
    *response.status_mut() = if depose.nouveau { StatusCode::CREATED } else { StatusCode::OK };
    Ok(response)
}

/// What the headers say of the document.
fn announced(headers: &HeaderMap) -> Result<DepotPartenaire, Refus> {
    // What it really is, its first bytes say; this keeps a form out.
    let scanned = [MediaType::Pdf, MediaType::Jpeg];
    let media_type = header(headers, CONTENT_TYPE.as_str())?.and_then(MediaType::from_mime);
    if !media_type.is_some_and(|media_type| scanned.contains(&media_type)) {
        return Err(Refus::new(ProblemCode::TypeDeContenu)
            .detail("Un document vient avec Content-Type: application/pdf ou image/jpeg."));
    }
    let taille = match number(headers, CONTENT_LENGTH.as_str())? {
        None => return Err(absent(CONTENT_LENGTH.as_str())),
        Some(0) => return Err(ProblemCode::FichierVide.into()),
        Some(length) if length > UPLOAD_BYTES_MAX => return Err(ProblemCode::FichierTropVolumineux.into()),
        Some(length) => length,
    };
    let numero = header(headers, "numero-unique")?.ok_or_else(|| absent("Numero-Unique"))?;
    let numero = numero
        .parse::<NumeroUnique>()
        .map_err(|error| Refus::new(ProblemCode::NumeroInvalide).detail(error.to_string()))?;
    let reference = header(headers, "reference")?.ok_or_else(|| absent("Reference"))?;
    let reference = reference.parse().map_err(|error: registre::ReferenceInvalide| {
        Refus::new(ProblemCode::RequeteIllisible).detail(error.to_string())
    })?;
    let concerne = header(headers, "personne")?.map(str::parse).transpose();
    let concerne = concerne.map_err(|error: registre::ConcerneInvalide| {
        Refus::new(ProblemCode::RequeteIllisible).detail(error.to_string())
    })?;
    Ok(DepotPartenaire {
        numero,
        rubrique: parsed(headers, "Rubrique")?,
        type_piece: parsed(headers, "Type")?,
        concerne,
        reference,
        sha256: parsed(headers, "Sha256")?,
        taille,
    })
}

/// A header that must be there, in a form of ours.
fn parsed<T: std::str::FromStr>(headers: &HeaderMap, name: &str) -> Result<T, Refus> {
    let value = header(headers, name)?.ok_or_else(|| absent(name))?;
    value.parse().map_err(|_| {
        Refus::new(ProblemCode::RequeteIllisible).detail(format!("L’en-tête {name} est illisible."))
    })
}

fn absent(name: &str) -> Refus {
    Refus::new(ProblemCode::RequeteIllisible).detail(format!("Il manque l’en-tête {name}."))
}

fn refus(error: BeginError) -> Refus {
    match error {
        BeginError::Introuvable => Refus::new(ProblemCode::Introuvable)
            .detail("Aucune demande du territoire de ce guichet n’a ce numéro unique."),
        BeginError::DepotDifferent => Refus::new(ProblemCode::DepotDifferent)
            .detail("Cette référence a déjà servi pour un autre document, ou avec d’autres renseignements."),
        error => error.into(),
    }
}

/// A document on its way.
struct Document {
    service: Arc<Service>,
    /// Nobody else knows this upload; the server's stop is told through it.
    held: Held,
    upload: UploadId,
    demande: DemandeId,
    partenaire: Partenaire,
    depot: DepotPartenaire,
}

impl Document {
    /// Receives the body and attaches it. A task of its own, like every upload's: what was received to the last byte is
    /// attached even when nobody waits for the answer, and what was not is removed.
    async fn receive(self, body: Incoming) -> Result<DeposePartenaire, Refus> {
        match self.stage(body).await {
            Ok(arrived) => self.finish(arrived).await,
            Err(refus) => {
                self.forget().await;
                Err(refus)
            }
        }
    }

    /// Stages the body; every byte must be there, and be what was announced.
    async fn stage(&self, body: Incoming) -> Result<Arrived, Refus> {
        let parts = pin!(stream::unfold(body, |mut body| async {
            let frame = tokio::select! {
                biased;
                _ = self.held.stopped() => Some(Err(ProblemCode::Indisponible.into())),
                frame = body.frame() => frame.map(|frame| frame.map_err(|_| incomplete())),
            };
            // Trailers say nothing to us.
            let part = frame?.map(|frame| frame.into_data().unwrap_or_default());
            Some((part, body))
        }));
        let arrived = receive(&self.service, self.demande, self.upload, parts).await?;
        if arrived.writing.offset() != self.depot.taille {
            return Err(incomplete());
        }
        if arrived.digest() != self.depot.sha256 {
            return Err(ProblemCode::EmpreinteDifferente.into());
        }
        Ok(arrived)
    }

    /// The order is the promise: bytes durable, name durable, transaction committed, then the answer.
    async fn finish(self, arrived: Arrived) -> Result<DeposePartenaire, Refus> {
        let coffre = self.service.coffre.clone();
        let blob = Service::blocking(move || arrived.writing.seal(&coffre)).await??;
        let upload = self.upload;
        let (partenaire, depot, now) =
            (self.partenaire.clone(), self.depot.clone(), self.service.clock.now());
        let deposited = self
            .service
            .store
            .write(move |tx| registre::deposit_partenaire(tx, &partenaire, &depot, upload, blob, now))
            .await;
        match deposited {
            Ok(depose) => {
                self.service.mesures.envoi_attache();
                if depose.owns_octets() {
                    self.service.a_inspecter.notify_one();
                } else {
                    self.forget().await;
                }
                Ok(depose)
            }
            // Whether it was committed is not known: the collection looks for an owner before it takes the bytes.
            Err(error) if error.leaves_doubt() => Err(error.into()),
            Err(error) => {
                self.forget().await;
                Err(if let DepositError::Begin(error) = error { refus(error) } else { error.into() })
            }
        }
    }

    /// Removes bytes that are no piece's. What cannot be removed now, the collection tries again.
    async fn forget(&self) {
        // What fails is in the log already.
        let _ = remove_upload(&self.service, self.upload, 0).await;
    }
}

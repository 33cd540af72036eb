//! The beginning of an upload: its facts checked, its address given, and its first bytes taken if they came along.

use std::sync::Arc;

use hyper::{
    HeaderMap, StatusCode,
    body::{Body as _, Incoming},
    header::{CONTENT_LENGTH, HeaderValue, LOCATION},
};
use wire::{DepotMetadata, MetadataInvalide, ProblemCode, limites::UPLOAD_BYTES_MAX};

use super::{
    Checksum, OFFSET_OCTET_STREAM, Reception, UPLOAD_LENGTH, UPLOAD_METADATA, carries_bytes, claim,
    describe_progress, receive,
};
use crate::{
    http::{
        problem::Refus,
        request::{header, number},
        respond::{Answer, empty},
    },
    registre::{self, BeginError, Deposant, EtatDepot},
    service::Service,
};

/// `POST /depots`. The same deposit again, with the same facts, is answered with the same upload at its current
/// offset: the first answer was lost.
pub(crate) async fn begin(
    service: Arc<Service>,
    deposant: Deposant,
    headers: &HeaderMap,
    body: Incoming,
) -> Answer {
    let taille = length(headers)?;
    let entete = header(headers, UPLOAD_METADATA.as_str())?.unwrap_or_default().to_owned();
    let facts = DepotMetadata::parse(&entete)?;
    let with_upload = !body.is_end_stream();
    if with_upload && !carries_bytes(headers)? {
        return Err(Refus::new(ProblemCode::TypeDeContenu)
            .detail(format!("Les premiers octets viennent avec Content-Type: {OFFSET_OCTET_STREAM}.")));
    }
    let checksum = header(headers, "upload-checksum")?.map(Checksum::parse).transpose()?;
    let content_length = number(headers, CONTENT_LENGTH.as_str())?;
    if content_length.is_some_and(|length| length > taille) {
        return Err(
            Refus::new(ProblemCode::RequeteTropLongue).detail("L’envoi dépasse la longueur annoncée.")
        );
    }

    let (now, who) = (service.clock.now(), deposant.clone());
    let libre = free_bytes(&service).await?;
    let begun = service.store.write(move |tx| {
        let begun = registre::begin_depot(tx, &who, &facts, &entete, taille, now)?;
        if begun.created && begun.depot.etat == EtatDepot::EnCours {
            // The new one is among those that have been promised room; without it nothing was begun.
            registre::check_place(tx, 0, libre)?;
        }
        Ok::<_, BeginError>(begun)
    });
    let begun = begun.await?;
    let mut depot = begun.depot;
    if begun.created {
        service.mesures.envoi_commence();
        if depot.etat == EtatDepot::Attache {
            // Its content was here already.
            service.mesures.envoi_attache();
        }
        service.holders.remember(depot.upload, depot.generation);
    }
    let fresh = depot.etat == EtatDepot::EnCours && depot.offset == 0;
    if with_upload && fresh {
        // Whoever else writes to it got there first; this client goes on from where it stands.
        if let Some((held, found)) = service.holders.acquire(depot.upload).await
            && let Ok(taken_over) = claim(&service, &deposant, &mut depot, found).await
        {
            let reception = Reception {
                service: Arc::clone(&service),
                held,
                deposant,
                depot,
                taken_over,
                checksum,
                content_length,
            };
            depot = receive(&service, reception, body).await?;
        }
    }
    let mut response = empty(StatusCode::CREATED);
    let location = format!("/depots/{}", depot.upload);
    response.headers_mut().insert(
        LOCATION,
        HeaderValue::try_from(location).map_err(|error| {
            tracing::error!(%error, "an address could not be written");
            Refus::new(ProblemCode::ErreurInterne)
        })?,
    );
    describe_progress(response.headers_mut(), &depot);
    Ok(response)
}

/// Bytes that are free for uploads.
pub(super) async fn free_bytes(service: &Service) -> Result<u64, Refus> {
    let coffre = service.coffre.clone();
    Ok(Service::blocking(move || coffre.free_bytes()).await??)
}

/// The announced length, within its limits.
fn length(headers: &HeaderMap) -> Result<u64, Refus> {
    match number(headers, UPLOAD_LENGTH.as_str())? {
        None => Err(Refus::new(ProblemCode::RequeteIllisible).detail(
            "Il manque l’en-tête Upload-Length ; une longueur annoncée plus tard n’est pas acceptée.",
        )),
        Some(0) => Err(ProblemCode::FichierVide.into()),
        Some(length) if length > UPLOAD_BYTES_MAX => Err(ProblemCode::FichierTropVolumineux.into()),
        Some(length) => Ok(length),
    }
}

impl From<MetadataInvalide> for Refus {
    fn from(error: MetadataInvalide) -> Self {
        Self::new(match error {
            MetadataInvalide::TropLong => ProblemCode::RequeteTropLongue,
            _ => ProblemCode::RequeteIllisible,
        })
        .detail(error.to_string())
    }
}

impl From<BeginError> for Refus {
    fn from(error: BeginError) -> Self {
        match error {
            BeginError::Introuvable => ProblemCode::Introuvable.into(),
            BeginError::DemandeFermee => ProblemCode::DemandeFermee.into(),
            BeginError::FaitsInvalides(detail) => Self::new(ProblemCode::FaitsInvalides).detail(detail),
            BeginError::DisquePlein => ProblemCode::DisquePlein.into(),
            BeginError::QuotaAtteint => ProblemCode::QuotaAtteint.into(),
            BeginError::DepotDifferent => ProblemCode::DepotDifferent.into(),
            BeginError::Store(error) => error.into(),
        }
    }
}

//! The picture of a page: a JPEG that the inspecteur made, so no byte of the depositor's. It is held in memory, being
//! small.

use hyper::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue};
use wire::JustificatifId;

use crate::{
    coffre::CoffreError,
    http::respond::{Answer, Response, full},
    registre::{self, ApercuContenu, SessionCourante},
    service::Service,
};

/// `GET /api/v1/justificatifs/{justificatif}/apercu`: the thumbnail.
pub(crate) async fn read_apercu(
    service: &Service,
    session: &SessionCourante,
    justificatif: JustificatifId,
) -> Answer {
    let session = *session;
    let apercu = service.store.read(move |tx| registre::find_vignette(tx, session, justificatif)).await?;
    send_apercu(service, apercu).await
}

/// Answers with a picture that the asker may see. Though it is ours, it leaves with the policy of a foreign file:
/// whatever took the inspecteur over could have written it.
pub(crate) async fn send_apercu(service: &Service, apercu: ApercuContenu) -> Answer {
    let mut blob = service.open_blob(apercu.blob).await?;
    let jpeg = Service::blocking(move || {
        blob.seek(apercu.debut);
        let mut jpeg = vec![0; usize::try_from(apercu.taille).unwrap_or_default()];
        let mut filled = 0;
        while let Some(rest) = jpeg.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match blob.read(rest)? {
                0 => {
                    let promis = apercu.debut + u64::from(apercu.taille);
                    return Err(CoffreError::TropCourt { presents: blob.length(), promis });
                }
                n => filled += n,
            }
        }
        Ok(jpeg)
    })
    .await??;
    let mut response = Response::new(full(jpeg));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("image/jpeg"));
    headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static("inline; filename=\"apercu.jpg\""));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    Ok(response)
}

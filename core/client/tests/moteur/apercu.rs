//! The thumbnail of a piece.

use client::Erreur;
use uuid::Uuid;
use wire::{DepotId, JustificatifId, ProblemCode, inspection::APERCU_BYTES_MAX};

use crate::support::{Fake, Fault, On};

const JPEG: &[u8] = b"\xFF\xD8\xFF\xE0 the rest of a picture";

#[tokio::test]
async fn a_thumbnail_is_a_jpeg_of_ours_or_none() {
    let fake = Fake::start().await;
    let dir = tempfile::tempdir().unwrap();
    let client = fake.signed_in(dir.path()).await;
    let piece = |bytes: &[u8]| {
        let id = JustificatifId(Uuid::now_v7());
        fake.state().pieces.insert(id, (DepotId(Uuid::now_v7()), bytes.to_vec()));
        id
    };
    assert_eq!(client.apercu(piece(JPEG)).await.unwrap().as_deref(), Some(JPEG));
    assert_eq!(client.apercu(piece(b"")).await.unwrap(), None);

    let mut endless = JPEG.to_vec();
    endless.resize(usize::try_from(APERCU_BYTES_MAX).unwrap() + 1, 0);
    for strange in [&b"<html>portail</html>"[..], b"%PDF-1.7", &endless] {
        assert!(matches!(client.apercu(piece(strange)).await, Err(Erreur::ReponseInattendue)));
    }
    fake.fault(On::Preview, Fault::Stranger(404));
    assert!(matches!(client.apercu(piece(JPEG)).await, Err(Erreur::ReponseInattendue)));
    fake.fault(On::Preview, Fault::Refuse(403, ProblemCode::Interdit));
    let refused = client.apercu(piece(JPEG)).await;
    assert!(matches!(refused, Err(Erreur::Refus { code: ProblemCode::Interdit, .. })));
}

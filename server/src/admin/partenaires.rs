//! The keys of partners: given out, listed, revoked.

use chrono::{DateTime, Utc};
use serde_json::json;
use wire::{CleId, GuichetCode};

use super::{AdminError, Answer};
use crate::{
    registre::{self, ClePartenaire, NouvelleCle},
    secrets::{hash_token, new_partner_key},
    store::Store,
};

/// Makes a key. It is shown here and never again.
pub(super) async fn create(
    store: &Store,
    partenaire: String,
    guichet: GuichetCode,
    now: DateTime<Utc>,
) -> Result<Answer, AdminError> {
    let key = new_partner_key()?;
    let cle = NouvelleCle { partenaire, guichet, hash: hash_token(key.as_bytes()) };
    let id = store.write(move |tx| registre::create_cle(tx, &cle, now)).await?;
    let text = format!("Clé {id}, montrée cette seule fois :\n{key}");
    Ok((text, json!({ "id": id, "cle": key })))
}

/// Every key, working or not; of a key only its id is left.
pub(super) async fn list(store: &Store) -> Result<Answer, AdminError> {
    let cles = store.read(registre::list_cles).await?;
    let lines: Vec<String> = cles.iter().map(line).collect();
    let text = if lines.is_empty() { "Aucune clé.".to_owned() } else { lines.join("\n") };
    Ok((text, json!({ "cles": cles })))
}

fn line(cle: &ClePartenaire) -> String {
    let day = |at: DateTime<Utc>| at.format("%d/%m/%Y");
    let state =
        cle.revoquee_le.map_or_else(|| "en service".to_owned(), |at| format!("révoquée le {}", day(at)));
    format!(
        "{}  {}  guichet {}  créée le {}  {state}",
        cle.id,
        cle.partenaire,
        cle.guichet,
        day(cle.creee_le)
    )
}

/// Ends a key.
pub(super) async fn revoke(store: &Store, id: CleId, now: DateTime<Utc>) -> Result<Answer, AdminError> {
    store.write(move |tx| registre::revoke_cle(tx, id, now)).await?;
    Ok(("Clé révoquée : elle n’ouvre plus rien.".to_owned(), json!({ "id": id })))
}

//! Households for our server: demandes brought in by the operator's command, and for each a session as signing in leaves
//! it in the base. Signing in itself is another matter, and slow on purpose.

use std::{fs, path::Path, time::Duration};

use anyhow::{Context as _, Result};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use harness::Server;
use rusqlite::{Connection, params};
use uuid::Uuid;
use wire::DemandeId;

/// How long the server's own writes are waited for.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// A demande and what opens it.
#[derive(Clone)]
pub(crate) struct Household {
    pub(crate) demande: DemandeId,
    pub(crate) token: String,
}

/// Brings in so many demandes with a demandeur each.
pub(crate) fn import(server: &Server, count: usize) -> Result<Vec<Household>> {
    let guichets = server.scratch().join("guichets.csv");
    fs::write(&guichets, "code,nom,territoire,contact\n10691,Mairie d’Essai,57,guichet@essai.example\n")?;
    server.admin(&["importer-guichets", &guichets.to_string_lossy()], "")?;
    let demandes: Vec<_> = (0..count)
        .map(|n| {
            serde_json::json!({
                "numero": format!("0571215{n:06}10691"),
                "territoire": "57",
                "date_depot": "2015-12-03",
                "renouvelee_le": (chrono::Utc::now() - chrono::TimeDelta::days(60)).date_naive(),
                "guichet": "10691",
                "personnes": [{ "role": "demandeur", "nom": "Quintefeuille", "prenom": "Aldegonde",
                    "date_naissance": "1984-02-29" }],
            })
        })
        .collect();
    let file = server.scratch().join("demandes.json");
    fs::write(&file, serde_json::to_vec(&demandes)?)?;
    server.admin(&["importer-demandes", &file.to_string_lossy()], "")?;
    let base = open(&base_of(server))?;
    let ids = base
        .prepare("SELECT id FROM demande ORDER BY numero")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<Vec<[u8; 16]>, _>>()?;
    sign_in(&base, &ids)
}

/// The base's file.
pub(crate) fn base_of(server: &Server) -> std::path::PathBuf {
    server.data().join("base.sqlite")
}

/// Opens the base beside the server.
pub(crate) fn open(path: &Path) -> Result<Connection> {
    let base = Connection::open(path).with_context(|| format!("{}", path.display()))?;
    base.busy_timeout(BUSY_TIMEOUT)?;
    Ok(base)
}

/// Opens a session for each of these demandes.
pub(crate) fn sign_in(base: &Connection, demandes: &[[u8; 16]]) -> Result<Vec<Household>> {
    let now = chrono::Utc::now().timestamp_millis();
    let later = now + i64::try_from(Duration::from_hours(24).as_millis())?;
    base.execute_batch("BEGIN IMMEDIATE")?;
    let mut households = Vec::with_capacity(demandes.len());
    for demande in demandes {
        // As long as real ones; nobody has to be kept from guessing them.
        let token = harness::sha256(demande).0;
        let family = harness::sha256(&[&token[..], demande].concat()).0;
        base.prepare_cached(
            "INSERT INTO session (id, demande, famille_hash, acces_hash, acces_expire_le, refresh_hash, cree_le, \
             expire_le) VALUES (?1, ?2, ?3, ?4, ?5, ?3, ?6, ?5)",
        )?
        .execute(params![Uuid::now_v7().into_bytes(), demande, family, harness::sha256(&token).0, later, now])?;
        let demande = DemandeId(Uuid::from_bytes(*demande));
        households.push(Household { demande, token: URL_SAFE_NO_PAD.encode(token) });
    }
    base.execute_batch("COMMIT")?;
    Ok(households)
}

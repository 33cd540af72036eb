//! What every room of the server shares, in one value passed by hand: no globals.

use std::{io, path::PathBuf, sync::Arc};

use tokio_util::task::TaskTracker;
use wire::ProblemCode;

use crate::{
    clock::Clock,
    coffre::{Bucket, CleError, Cles, Coffre, CoffreError},
    config::{Config, FichiersCles},
    depot::Holders,
    federation::{Federation, HttpError},
    http::{
        limites::{CONNECTIONS_PER_ADDRESS_MAX, Delais},
        problem::Refus,
    },
    identite::{Identite, IdentiteError},
    inspection::MASKINGS_MAX,
    mesures::{Mesures, Panne},
    registre::SessionCourante,
    store::{Base, OpenError, Store, StoreError},
};

/// The coffre's directory there.
const COFFRE_DIRECTORY: &str = "coffre";

/// The server's parts.
pub struct Service {
    /// What the operator decided.
    pub config: Config,
    /// Where the service is reached from outside, for links in mail; known once it listens.
    pub adresse: String,
    /// Facts.
    pub store: Store,
    /// Bytes.
    pub coffre: Coffre,
    /// The only time.
    pub clock: Clock,
    /// Who is there.
    pub identite: Identite,
    /// The operator's identity provider, where there is one.
    pub federation: Option<Federation>,
    /// What is counted.
    pub(crate) mesures: Arc<Mesures>,
    /// Deadlines of the line.
    pub delais: Delais,
    /// Connections of one address at once. Only tests choose another than [`CONNECTIONS_PER_ADDRESS_MAX`].
    pub connexions_par_adresse: usize,
    /// The uploads being written to.
    pub holders: Holders,
    /// The tasks that write to uploads: they outlive their connection until what they received is durable.
    pub writers: TaskTracker,
    /// Places for maskings at the same time.
    pub masquages: tokio::sync::Semaphore,
    /// Rung at each attachment, for whoever inspects.
    pub a_inspecter: tokio::sync::Notify,
}

/// Why the service cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The folder of data cannot be made.
    #[error("le dossier des données {} ne peut pas être créé : {source}", path.display())]
    Donnees {
        /// The folder.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The base cannot be opened.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The coffre cannot be opened.
    #[error(transparent)]
    Coffre(#[from] CoffreError),
    /// The identity provider cannot be asked.
    #[error(transparent)]
    Federation(#[from] HttpError),
    /// A master key cannot be used.
    #[error(transparent)]
    Cle(#[from] CleError),
}

impl Service {
    /// Opens base and coffre in the folder of data, made if it is not there. Blocks.
    pub fn open(config: Config, clock: Clock) -> Result<Self, ServiceError> {
        let cles = config.cles.as_ref().map(FichiersCles::read).transpose()?;
        let store = open_base(&config.donnees, &config.base)?;
        let coffre = open_coffre(&config.donnees, config.coffre.as_ref(), cles)?;
        let federation = config.fournisseur.clone();
        let federation = federation.map(|fournisseur| Federation::new(fournisseur, clock.clone()));
        Ok(Self {
            federation: federation.transpose()?,
            identite: Identite::new(store.clone(), clock.clone(), config.second_facteur_exige),
            adresse: config.adresse.clone().unwrap_or_default(),
            config,
            store,
            coffre,
            clock,
            mesures: Arc::default(),
            delais: Delais::default(),
            connexions_par_adresse: CONNECTIONS_PER_ADDRESS_MAX,
            holders: Holders::default(),
            writers: TaskTracker::new(),
            masquages: tokio::sync::Semaphore::new(MASKINGS_MAX),
            a_inspecter: tokio::sync::Notify::new(),
        })
    }

    /// Runs work that blocks (the coffre's) on a thread for it. An error is a panic there: a fault of ours.
    pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Refus> {
        tokio::task::spawn_blocking(work).await.map_err(Self::panicked)
    }

    /// What a client is told when a thread of [`Service::blocking`]'s kind has panicked.
    #[expect(clippy::needless_pass_by_value, reason = "it maps an error")]
    pub(crate) fn panicked(error: tokio::task::JoinError) -> Refus {
        tracing::error!(%error, "work on the coffre failed");
        ProblemCode::ErreurInterne.into()
    }

    /// The session of an access token.
    pub(crate) async fn authenticate(&self, token: &str) -> Result<SessionCourante, Refus> {
        Ok(self.identite.authenticate(token).await?)
    }

    /// Whether the base answers.
    pub(crate) async fn check(&self) -> Result<(), Refus> {
        self.store.read(|tx| tx.query_one("SELECT 1", &[], |_| Ok(()))).await.map_err(Refus::from)
    }

    /// Stops the uploads under way and waits until what they received is in coffre and base.
    pub(crate) async fn finish_writers(&self) {
        self.holders.stop_all();
        self.writers.close();
        self.writers.wait().await;
    }
}

/// Opens the base and makes the folder of data, both if they are not there. Blocks.
pub fn open_base(donnees: &std::path::Path, base: &Base) -> Result<Store, ServiceError> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(donnees)
        .map_err(|source| ServiceError::Donnees { path: donnees.to_owned(), source })?;
    Ok(Store::open(base)?)
}

/// Opens the coffre: in a bucket, or in the folder of data, made if it is not there. Blocks.
pub fn open_coffre(
    donnees: &std::path::Path,
    bucket: Option<&Bucket>,
    cles: Option<Cles>,
) -> Result<Coffre, CoffreError> {
    match bucket {
        Some(bucket) => Coffre::open_bucket(bucket, cles),
        None => Coffre::open(&donnees.join(COFFRE_DIRECTORY), cles),
    }
}

/// The coffre in the folder of data as it is there, only to copy from it.
pub fn coffre_at(donnees: &std::path::Path) -> Coffre {
    Coffre::at(&donnees.join(COFFRE_DIRECTORY))
}

impl From<StoreError> for Refus {
    fn from(error: StoreError) -> Self {
        let panne = Panne::from(&error);
        let refus: Self = match error {
            StoreError::DisquePlein => ProblemCode::DisquePlein.into(),
            StoreError::Ferme | StoreError::Occupe | StoreError::Injoignable => {
                ProblemCode::Indisponible.into()
            }
            StoreError::Panique
            | StoreError::Colonne(_)
            | StoreError::SansLigne
            | StoreError::Encodage
            | StoreError::Moteur(_) => {
                tracing::error!(%error, "the base refused an operation");
                ProblemCode::ErreurInterne.into()
            }
        };
        refus.panne(panne)
    }
}

impl From<CoffreError> for Refus {
    fn from(error: CoffreError) -> Self {
        let panne = Panne::from(&error);
        let refus: Self = match error {
            CoffreError::DisquePlein { .. } => ProblemCode::DisquePlein.into(),
            // Its turn comes again: the client keeps its bytes and its offset.
            error @ (CoffreError::Injoignable { .. } | CoffreError::Refuse { .. }) => {
                tracing::error!(%error, "the coffre cannot be reached");
                ProblemCode::Indisponible.into()
            }
            error => {
                tracing::error!(%error, "the coffre failed");
                ProblemCode::ErreurInterne.into()
            }
        };
        refus.panne(panne)
    }
}

impl From<IdentiteError> for Refus {
    fn from(error: IdentiteError) -> Self {
        match error {
            IdentiteError::Numero(error) => Self::new(ProblemCode::NumeroInvalide).detail(error.to_string()),
            IdentiteError::Refusee => ProblemCode::IdentificationRefusee.into(),
            IdentiteError::CleInconnue => ProblemCode::CleInconnue.into(),
            IdentiteError::TropDEssais => ProblemCode::TropDEssais.into(),
            IdentiteError::SessionExpiree => ProblemCode::SessionExpiree.into(),
            IdentiteError::Secret(error) => {
                tracing::error!(%error, "no secret could be made");
                ProblemCode::ErreurInterne.into()
            }
            IdentiteError::Store(error) => error.into(),
        }
    }
}

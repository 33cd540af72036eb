//! What the operator decides: where the data lies, where to listen, how the line is protected, who inspects.
//!
//! A setting given on the command line wins over the environment (`MA_DEMANDE_…`), which wins over the TOML file. A key
//! of the file that is not known here is refused rather than passed over: a misspelt setting must not silently leave
//! its default in force.

mod affichage;

use std::{
    fmt, fs, io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    str::FromStr,
};

use lettre::{
    AsyncSmtpTransport, Tokio1Executor, message::Mailbox, transport::smtp::AsyncSmtpTransportBuilder,
};
use openidconnect::{IssuerUrl, url::Url};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

pub use affichage::show;

use crate::{
    coffre::{Bucket, CleError, Cles},
    federation::is_protected,
    http::cors::Origine,
    store::Base,
};

/// Where the server listens unless told otherwise: this machine only.
const ECOUTE_DEFAULT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8443);

/// From whom mail comes where nothing is said: an address that nobody can answer.
const EXPEDITEUR_DEFAULT: &str = "Ma Demande <ne-pas-repondre@localhost>";

/// What stands for a password where an address is shown.
pub(crate) const MASK: &str = "***";

/// The base's file in the folder of data.
pub(crate) const BASE_FILE: &str = "base.sqlite";

/// Where mail is left without a mail server, in the folder of data.
const COURRIELS_DIRECTORY: &str = "courriels";

/// The settings as given, none of them required: once for the file, once for environment and flags.
#[derive(Debug, Clone, Default, Deserialize, Serialize, clap::Args)]
#[serde(deny_unknown_fields)]
pub struct Reglages {
    /// Dossier des données : base et coffre
    #[arg(long, value_name = "DOSSIER", env = "MA_DEMANDE_DONNEES")]
    pub donnees: Option<PathBuf>,
    /// Clé maîtresse du coffre, faite par « creer-cle-maitresse » ; sans elle, les pièces sont écrites en clair
    #[arg(long, value_name = "FICHIER", env = "MA_DEMANDE_CLE")]
    pub cle: Option<PathBuf>,
    /// Clé maîtresse d’avant, le temps de « changer-cle-maitresse »
    #[arg(long, value_name = "FICHIER", env = "MA_DEMANDE_ANCIENNE_CLE")]
    pub ancienne_cle: Option<PathBuf>,
    /// Base sur un serveur PostgreSQL : postgresql://nom@/base?host=/var/run/postgresql ; sans elle, un fichier du
    /// dossier des données
    #[arg(long, value_name = "URL", env = "MA_DEMANDE_BASE", hide_env_values = true)]
    pub base: Option<Base>,
    /// Coffre dans un bucket S3 : s3://bucket/dossier?endpoint=https://s3.exemple.fr&region=fr-par, ouvert par AWS_ACCESS_KEY_ID
    /// et AWS_SECRET_ACCESS_KEY ou par le fichier AWS_SHARED_CREDENTIALS_FILE ; sans lui, le dossier des données
    #[arg(long, value_name = "URL", env = "MA_DEMANDE_COFFRE")]
    pub coffre: Option<Bucket>,
    /// Adresse d’écoute ; le port 0 en choisit un libre
    #[arg(long, value_name = "ADRESSE:PORT", env = "MA_DEMANDE_ECOUTE")]
    pub ecoute: Option<SocketAddr>,
    /// Adresse où lire les mesures (Prometheus), en clair : celle d’un réseau de l’exploitant ; sans elle, nulle part
    #[arg(long, value_name = "ADRESSE:PORT", env = "MA_DEMANDE_MESURES")]
    pub mesures: Option<SocketAddr>,
    /// Certificat TLS et sa chaîne (PEM)
    #[arg(long, value_name = "FICHIER", env = "MA_DEMANDE_TLS_CERTIFICAT")]
    pub tls_certificat: Option<PathBuf>,
    /// Clé privée du certificat (PEM)
    #[arg(long, value_name = "FICHIER", env = "MA_DEMANDE_TLS_CLE")]
    pub tls_cle: Option<PathBuf>,
    /// Certificat fabriqué au démarrage, pour un essai sur cette machine
    #[arg(long, value_name = "true|false", env = "MA_DEMANDE_TLS_AUTO_SIGNE", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub tls_auto_signe: Option<bool>,
    /// Sans TLS : derrière un proxy qui le fait, ou pour un essai sur cette machine
    #[arg(long, value_name = "true|false", env = "MA_DEMANDE_SANS_TLS", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub sans_tls: Option<bool>,
    /// Adresses des proxys dont on croit l’en-tête X-Forwarded-For
    #[arg(long, value_name = "IP,IP…", env = "MA_DEMANDE_PROXYS", value_delimiter = ',')]
    pub proxys: Option<Vec<IpAddr>>,
    /// Sites dont les pages peuvent déposer depuis un navigateur (CORS) : https://site.fr,… ; aucun par défaut
    #[arg(long, value_name = "ORIGINE,…", env = "MA_DEMANDE_ORIGINES", value_delimiter = ',')]
    pub origines: Option<Vec<Origine>>,
    /// Programme ma-demande-inspecteur ; par défaut, à côté de ce programme
    #[arg(long, value_name = "FICHIER", env = "MA_DEMANDE_INSPECTEUR")]
    pub inspecteur: Option<PathBuf>,
    /// Antivirus clamd : unix:/chemin ou adresse:port
    #[arg(long, value_name = "ADRESSE", env = "MA_DEMANDE_CLAMD")]
    pub clamd: Option<Clamd>,
    /// Adresse publique du service, pour les liens des courriels : https://demande.exemple.fr
    #[arg(long, value_name = "URL", env = "MA_DEMANDE_ADRESSE")]
    pub adresse: Option<String>,
    /// Serveur de courrier : smtps://nom:motdepasse@hôte ; sans lui, les courriels restent dans le dossier des données
    #[arg(long, value_name = "URL", env = "MA_DEMANDE_SMTP", hide_env_values = true)]
    pub smtp: Option<Smtp>,
    /// Expéditeur des courriels
    #[arg(long, value_name = "ADRESSE", env = "MA_DEMANDE_EXPEDITEUR")]
    pub expediteur: Option<String>,
    /// Exige la connexion en deux étapes de l’assistance nationale et des gestionnaires territoriaux
    #[arg(long, value_name = "true|false", env = "MA_DEMANDE_SECOND_FACTEUR_EXIGE", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub second_facteur_exige: Option<bool>,
    /// Fournisseur d’identité des agents (OpenID Connect) : son adresse d’émetteur
    #[arg(long, value_name = "URL", env = "MA_DEMANDE_OIDC_EMETTEUR")]
    pub oidc_emetteur: Option<String>,
    /// Ce service chez ce fournisseur (client_id)
    #[arg(long, value_name = "NOM", env = "MA_DEMANDE_OIDC_CLIENT")]
    pub oidc_client: Option<String>,
    /// Fichier qui contient le secret (client_secret)
    #[arg(long, value_name = "FICHIER", env = "MA_DEMANDE_OIDC_SECRET")]
    pub oidc_secret: Option<PathBuf>,
    /// Nom du fournisseur, sur le bouton « Se connecter avec … »
    #[arg(long, value_name = "NOM", env = "MA_DEMANDE_OIDC_LIBELLE")]
    pub oidc_libelle: Option<String>,
}

/// The settings in force.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the coffre lies, and the base where it is a file.
    pub donnees: PathBuf,
    /// What the coffre's bytes are enciphered with; none means in clear.
    pub cles: Option<FichiersCles>,
    /// Where the base is.
    pub base: Base,
    /// The coffre's bucket; none means the folder of data.
    pub coffre: Option<Bucket>,
    /// Where to listen.
    pub ecoute: SocketAddr,
    /// Where metrics are read, where anybody may.
    pub mesures: Option<SocketAddr>,
    /// How the line is protected.
    pub tls: Tls,
    /// Proxies whose word about the client's address is taken.
    pub proxys: Vec<IpAddr>,
    /// Whose pages may send uploads from a browser.
    pub origines: Vec<Origine>,
    /// The inspecteur's program; none means beside this one.
    pub inspecteur: Option<PathBuf>,
    /// The antivirus, where there is one.
    pub clamd: Option<Clamd>,
    /// Where the service is reached from outside; the address that it listens at where nothing is said.
    pub adresse: Option<String>,
    /// Where mail goes.
    pub courrier: Courrier,
    /// Whether who certifies accounts or reads the journal must have a second factor.
    pub second_facteur_exige: bool,
    /// The identity provider of the agents, where there is one.
    pub fournisseur: Option<Fournisseur>,
}

/// An OpenID Connect provider, and us there.
#[derive(Debug, Clone)]
pub struct Fournisseur {
    /// What it calls itself; what it says of itself lies below.
    pub emetteur: IssuerUrl,
    /// What it calls us.
    pub client: String,
    /// What we prove that by.
    pub secret: Secret,
    /// What agents call it.
    pub libelle: String,
}

/// A secret of the settings: nothing prints it.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// This one.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// The secret, for whom it is made.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Where the master keys lie: apart from the data, or whoever takes the one takes the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FichiersCles {
    /// The one that wraps.
    pub courante: PathBuf,
    /// The one before, while it is being changed.
    pub ancienne: Option<PathBuf>,
}

impl FichiersCles {
    /// Reads the keys.
    pub fn read(&self) -> Result<Cles, CleError> {
        Cles::read(&self.courante, self.ancienne.as_deref())
    }
}

/// Where mail goes, and from whom it comes.
#[derive(Debug, Clone)]
pub struct Courrier {
    /// The mail server; none for a trial.
    pub smtp: Option<Smtp>,
    /// Where mail is left without one.
    pub dossier: PathBuf,
    /// From whom.
    pub expediteur: Mailbox,
}

/// A mail server: `smtps://nom:motdepasse@hôte:465`, `smtp://hôte:587?tls=required`, `smtp://127.0.0.1:25`.
#[derive(Clone)]
pub struct Smtp {
    builder: AsyncSmtpTransportBuilder,
    /// Its address without the password.
    shown: String,
    has_password: bool,
}

impl Smtp {
    /// A connection to it, made when it is needed.
    pub fn transport(&self) -> AsyncSmtpTransport<Tokio1Executor> {
        self.builder.clone().build()
    }
}

/// Without the password.
impl Serialize for Smtp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.shown)
    }
}

/// It holds a password.
impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Smtp(…)")
    }
}

impl FromStr for Smtp {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let unreadable =
            "l’adresse du serveur de courrier n’est pas lisible : attendu smtps://nom:motdepasse@hôte";
        let builder =
            AsyncSmtpTransport::<Tokio1Executor>::from_url(text).map_err(|_| unreadable.to_owned())?;
        let mut url = Url::parse(text).map_err(|_| unreadable.to_owned())?;
        let has_password = url.password().is_some();
        if has_password {
            url.set_password(Some(MASK)).map_err(|()| unreadable.to_owned())?;
        }
        Ok(Self { builder, shown: url.into(), has_password })
    }
}

impl<'de> Deserialize<'de> for Smtp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// How the line to the clients is protected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    /// By a certificate from files.
    Fichiers {
        /// Certificate and its chain, PEM.
        certificat: PathBuf,
        /// Private key, PEM.
        cle: PathBuf,
    },
    /// By a certificate made at the start, which nobody has reason to trust: local trials.
    AutoSigne,
    /// Not by us.
    Sans,
}

/// Where clamd listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Clamd {
    /// A Unix socket.
    Unix(PathBuf),
    /// TCP.
    Tcp(SocketAddr),
}

impl Serialize for Clamd {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Unix(path) => serializer.collect_str(&format_args!("unix:{}", path.display())),
            Self::Tcp(address) => serializer.collect_str(address),
        }
    }
}

impl FromStr for Clamd {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.strip_prefix("unix:") {
            Some(path) => Ok(Self::Unix(path.into())),
            None => text.parse().map(Self::Tcp).map_err(|_| {
                format!("« {text} » n’est pas une adresse de clamd : attendu unix:/chemin ou adresse:port")
            }),
        }
    }
}

impl<'de> Deserialize<'de> for Clamd {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// Why the settings cannot be used; `Display` says what to change.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is not readable.
    #[error("le fichier de réglages {} ne peut pas être lu : {source}", path.display())]
    Lecture {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The file is no TOML of ours.
    #[error("le fichier de réglages {} contient une erreur : {message}", path.display())]
    Contenu {
        /// The file.
        path: PathBuf,
        /// Where and what.
        message: String,
    },
    /// No place for the data.
    #[error(
        "indiquez le dossier des données : --donnees DOSSIER, MA_DEMANDE_DONNEES ou « donnees » dans le fichier de réglages"
    )]
    SansDonnees,
    /// No decision about TLS: clear text must be somebody's decision.
    #[error(
        "indiquez comment protéger la ligne : --tls-certificat et --tls-cle, --tls-auto-signe (essais) ou --sans-tls (derrière un proxy)"
    )]
    TlsIndecis,
    /// More than one decision about TLS.
    #[error("--tls-certificat, --tls-auto-signe et --sans-tls s’excluent : gardez-en un")]
    TlsContradictoire,
    /// From whom mail would come.
    #[error("l’expéditeur des courriels n’est pas une adresse électronique")]
    Expediteur,
    /// A part of the identity provider is missing.
    #[error("--oidc-emetteur, --oidc-client, --oidc-secret et --oidc-libelle vont ensemble : il en manque")]
    OidcIncomplet,
    /// The provider's address.
    #[error("l’émetteur OpenID Connect « {0} » n’est pas une adresse en https://")]
    OidcEmetteur(String),
    /// The provider's secret.
    #[error("le secret OpenID Connect ne peut pas être lu dans {}, ou il est vide", .0.display())]
    OidcSecret(PathBuf),
    /// An old master key without a new one.
    #[error("--ancienne-cle accompagne --cle : indiquez aussi la clé maîtresse en vigueur")]
    CleIncomplete,
    /// A path that no file of settings can hold.
    #[error("un chemin des réglages n’est pas du texte UTF-8")]
    CheminIllisible,
    /// Half a certificate.
    #[error("--tls-certificat et --tls-cle vont ensemble : il en manque un")]
    TlsIncomplet,
}

/// The base in the folder of data, where no server is named.
pub fn base_file(donnees: &Path) -> Base {
    Base::file(&donnees.join(BASE_FILE))
}

impl Reglages {
    /// Reads a TOML file.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = fs::read_to_string(path)
            .map_err(|source| ConfigError::Lecture { path: path.to_owned(), source })?;
        toml::from_str(&text).map_err(|error| {
            // The line itself is not repeated, as the library would: it may hold a password.
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            let message = format!("ligne {line}, {}", error.message());
            ConfigError::Contenu { path: path.to_owned(), message }
        })
    }

    /// These settings, completed by weaker ones. The three ways to protect the line are one decision: taken here, it
    /// is not mixed with a weaker one.
    #[must_use]
    pub fn over(self, weaker: Self) -> Self {
        let decided = self.tls_certificat.is_some()
            || self.tls_cle.is_some()
            || self.tls_auto_signe.is_some()
            || self.sans_tls.is_some();
        let tls = if decided { &self } else { &weaker };
        Self {
            tls_certificat: tls.tls_certificat.clone(),
            tls_cle: tls.tls_cle.clone(),
            tls_auto_signe: tls.tls_auto_signe,
            sans_tls: tls.sans_tls,
            donnees: self.donnees.or(weaker.donnees),
            cle: self.cle.or(weaker.cle),
            ancienne_cle: self.ancienne_cle.or(weaker.ancienne_cle),
            base: self.base.or(weaker.base),
            coffre: self.coffre.or(weaker.coffre),
            ecoute: self.ecoute.or(weaker.ecoute),
            mesures: self.mesures.or(weaker.mesures),
            proxys: self.proxys.or(weaker.proxys),
            origines: self.origines.or(weaker.origines),
            inspecteur: self.inspecteur.or(weaker.inspecteur),
            clamd: self.clamd.or(weaker.clamd),
            adresse: self.adresse.or(weaker.adresse),
            smtp: self.smtp.or(weaker.smtp),
            expediteur: self.expediteur.or(weaker.expediteur),
            second_facteur_exige: self.second_facteur_exige.or(weaker.second_facteur_exige),
            oidc_emetteur: self.oidc_emetteur.or(weaker.oidc_emetteur),
            oidc_client: self.oidc_client.or(weaker.oidc_client),
            oidc_secret: self.oidc_secret.or(weaker.oidc_secret),
            oidc_libelle: self.oidc_libelle.or(weaker.oidc_libelle),
        }
    }

    /// The settings whose value is shown without a password.
    fn masked(&self) -> Vec<&'static str> {
        let smtp = self.smtp.as_ref().is_some_and(|smtp| smtp.has_password).then_some("smtp");
        let base = self.base.as_ref().is_some_and(Base::has_password).then_some("base");
        smtp.into_iter().chain(base).collect()
    }

    /// Where the data lies, and the base: all that an administration command wants to know.
    pub fn donnees(&self) -> Result<(PathBuf, Base), ConfigError> {
        let donnees = self.donnees.clone().ok_or(ConfigError::SansDonnees)?;
        let base = self.base.clone().unwrap_or_else(|| base_file(&donnees));
        Ok((donnees, base))
    }

    /// Where the master keys lie, if there are any.
    pub fn cles(&self) -> Result<Option<FichiersCles>, ConfigError> {
        match (&self.cle, &self.ancienne_cle) {
            (Some(courante), ancienne) => {
                Ok(Some(FichiersCles { courante: courante.clone(), ancienne: ancienne.clone() }))
            }
            (None, None) => Ok(None),
            (None, Some(_)) => Err(ConfigError::CleIncomplete),
        }
    }

    /// The settings in force.
    pub fn resolve(self) -> Result<Config, ConfigError> {
        let auto_signe = self.tls_auto_signe.unwrap_or(false);
        let sans_tls = self.sans_tls.unwrap_or(false);
        let (donnees, base) = self.donnees()?;
        let cles = self.cles()?;
        let tls = match (self.tls_certificat, self.tls_cle, auto_signe, sans_tls) {
            (Some(certificat), Some(cle), false, false) => Tls::Fichiers { certificat, cle },
            (None, None, true, false) => Tls::AutoSigne,
            (None, None, false, true) => Tls::Sans,
            (None, None, false, false) => return Err(ConfigError::TlsIndecis),
            (Some(_), None, ..) | (None, Some(_), ..) => return Err(ConfigError::TlsIncomplet),
            _ => return Err(ConfigError::TlsContradictoire),
        };
        let expediteur = self.expediteur.as_deref().unwrap_or(EXPEDITEUR_DEFAULT);
        let courrier = Courrier {
            smtp: self.smtp,
            dossier: donnees.join(COURRIELS_DIRECTORY),
            expediteur: expediteur.parse().map_err(|_| ConfigError::Expediteur)?,
        };
        let fournisseur = match (self.oidc_emetteur, self.oidc_client, self.oidc_secret, self.oidc_libelle) {
            (None, None, None, None) => None,
            (Some(emetteur), Some(client), Some(secret), Some(libelle)) => Some(Fournisseur {
                emetteur: issuer(emetteur)?,
                client,
                secret: read_secret(secret)?,
                libelle,
            }),
            _ => return Err(ConfigError::OidcIncomplet),
        };
        Ok(Config {
            fournisseur,
            adresse: self.adresse.map(|adresse| adresse.trim_end_matches('/').to_owned()),
            courrier,
            donnees,
            cles,
            base,
            coffre: self.coffre,
            ecoute: self.ecoute.unwrap_or(ECOUTE_DEFAULT),
            mesures: self.mesures,
            tls,
            proxys: self.proxys.unwrap_or_default(),
            origines: self.origines.unwrap_or_default(),
            inspecteur: self.inspecteur,
            clamd: self.clamd,
            second_facteur_exige: self.second_facteur_exige.unwrap_or(false),
        })
    }
}

/// The provider's address: over TLS, but for a trial on this machine.
fn issuer(text: String) -> Result<IssuerUrl, ConfigError> {
    let url = IssuerUrl::new(text.clone()).ok().filter(|url| is_protected(url.url()));
    url.ok_or(ConfigError::OidcEmetteur(text))
}

/// A secret out of its file: the first line, as editors leave it.
fn read_secret(path: PathBuf) -> Result<Secret, ConfigError> {
    let text = fs::read_to_string(&path).unwrap_or_default();
    match text.trim() {
        "" => Err(ConfigError::OidcSecret(path)),
        secret => Ok(Secret::new(secret)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn toml(text: &str) -> Result<Reglages, ConfigError> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("reglages.toml");
        fs::write(&path, text).unwrap();
        Reglages::read(&path)
    }

    #[test]
    fn what_is_nearer_to_the_operator_wins_and_tls_is_one_decision() {
        let file = toml(
            "donnees = '/srv/a'\necoute = '0.0.0.0:443'\ntls_certificat = 'c.pem'\ntls_cle = 'k.pem'\nclamd = 'unix:/run/clamd'\n",
        )
        .unwrap();
        let flags = Reglages { donnees: Some("/srv/b".into()), sans_tls: Some(true), ..Reglages::default() };
        let config = flags.over(file).resolve().unwrap();
        assert_eq!(config.donnees, Path::new("/srv/b"));
        assert_eq!(config.ecoute, "0.0.0.0:443".parse().unwrap());
        assert_eq!(config.tls, Tls::Sans);
        assert_eq!(config.clamd, Some(Clamd::Unix("/run/clamd".into())));
    }

    #[test]
    fn a_misspelt_key_is_named() {
        let error = toml("donnes = '/srv'\n").unwrap_err().to_string();
        assert!(error.contains("donnes") && error.contains("reglages.toml"), "{error}");
        let base = "donnees = '/srv'\nbase = 'postgresql://nom:motdepasse@192.0.2.1/base'\n";
        let error = toml(base).unwrap_err().to_string();
        assert!(error.contains("ligne 2") && error.contains("tunnel") && !error.contains("mot"), "{error}");
        assert!(toml("clamd = 'quelque part'\n").unwrap_err().to_string().contains("unix:/chemin"));
        let error =
            toml("donnees = '/srv'\norigines = ['https://a.example', '*']\n").unwrap_err().to_string();
        assert!(error.contains("« * »") && error.contains("https://hôte"), "{error}");
    }

    #[test]
    fn an_identity_provider_is_whole_protected_and_shows_no_secret() {
        let folder = tempfile::tempdir().unwrap();
        let (secret, empty) = (folder.path().join("secret"), folder.path().join("vide"));
        fs::write(&secret, "canari-du-secret\n").unwrap();
        fs::write(&empty, "\n").unwrap();
        let with = |emetteur: &str, secret: &Path| {
            let secret = secret.display();
            let text = format!(
                "donnees = '/srv'\nsans_tls = true\noidc_client = 'nous'\noidc_libelle = 'SSO'\n\
                 oidc_secret = '{secret}'\n{emetteur}"
            );
            toml(&text).unwrap().resolve()
        };
        let config = with("oidc_emetteur = 'https://sso.example/realms/a'", &secret).unwrap();
        assert_eq!(config.fournisseur.as_ref().unwrap().secret.expose(), "canari-du-secret");
        assert!(!format!("{config:?}").contains("canari"));
        assert!(with("oidc_emetteur = 'http://127.0.0.1:9/'", &secret).is_ok(), "a trial");
        for emetteur in ["http://sso.example", "sso.example", "ftp://sso.example"] {
            let refused = with(&format!("oidc_emetteur = '{emetteur}'"), &secret);
            assert!(matches!(refused, Err(ConfigError::OidcEmetteur(_))), "{emetteur}");
        }
        assert!(matches!(with("", &secret), Err(ConfigError::OidcIncomplet)));
        for path in [&empty, Path::new("/absent")] {
            let refused = with("oidc_emetteur = 'https://sso.example'", path);
            assert!(matches!(refused, Err(ConfigError::OidcSecret(_))), "{}", path.display());
        }
    }

    #[test]
    fn clear_text_is_somebodys_decision() {
        let with = |text: &str| toml(&format!("donnees = '/srv'\n{text}")).unwrap().resolve();
        assert!(matches!(with(""), Err(ConfigError::TlsIndecis)));
        assert!(matches!(with("tls_cle = 'k'"), Err(ConfigError::TlsIncomplet)));
        assert!(matches!(
            with("tls_auto_signe = true\nsans_tls = true"),
            Err(ConfigError::TlsContradictoire)
        ));
        assert!(matches!(toml("sans_tls = true").unwrap().resolve(), Err(ConfigError::SansDonnees)));
        assert_eq!(with("tls_auto_signe = true").unwrap().tls, Tls::AutoSigne);
        assert_eq!(with("sans_tls = true").unwrap().ecoute, ECOUTE_DEFAULT);
    }
}

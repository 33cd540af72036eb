//! Where a bucket of S3 is, and what opens it.
//!
//! The address is a setting like others. What opens the bucket is none: it comes from the environment or from a file, by the
//! names that every tool for S3 knows, never from the command line, and nothing prints it.

use std::{fmt, fs, io, os::unix::fs::PermissionsExt as _, path::PathBuf, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::CoffreError;
use crate::federation::is_protected;

/// The environment's names for what opens a bucket.
const ID: &str = "AWS_ACCESS_KEY_ID";
const SECRET: &str = "AWS_SECRET_ACCESS_KEY";
const JETON: &str = "AWS_SESSION_TOKEN";

/// The file that holds it otherwise, under `[default]`.
const FILE: &str = "AWS_SHARED_CREDENTIALS_FILE";

/// Where there is no other word: what most servers that are not Amazon's go by.
const REGION_DEFAULT: &str = "us-east-1";

/// A bucket: `s3://bucket/dossier?endpoint=https://s3.exemple.fr&region=fr-par`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    pub(super) name: String,
    /// Before every name of ours there; may be empty.
    pub(super) prefix: String,
    /// The server; none is Amazon's.
    pub(super) endpoint: Option<String>,
    pub(super) region: String,
}

/// Why an address is not taken. It is not repeated: somebody may have put a secret there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BucketError {
    /// Not an address of a bucket.
    #[error(
        "l’adresse du coffre n’est pas lisible : attendu s3://bucket/dossier?endpoint=https://s3.exemple.fr&region=fr-par"
    )]
    Illisible,
    /// It would go over a network in clear.
    #[error("le serveur S3 n’est atteint que par https:// ; en http://, seulement sur cette machine")]
    EnClair,
}

impl FromStr for Bucket {
    type Err = BucketError;

    fn from_str(text: &str) -> Result<Self, BucketError> {
        let rest = text.strip_prefix("s3://").ok_or(BucketError::Illisible)?;
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (name, prefix) = path.split_once('/').unwrap_or((path, ""));
        let prefix = prefix.trim_end_matches('/');
        let plain = |text: &str, more: &str| {
            text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || more.contains(c))
        };
        // RFC 3986's unreserved characters, so that a name is written the same in every address.
        let folders = prefix.is_empty() || prefix.split('/').all(|part| !part.is_empty() && part != "..");
        if name.is_empty() || !plain(name, "-.") || !plain(&prefix.to_lowercase(), "-._~/") || !folders {
            return Err(BucketError::Illisible);
        }
        let mut bucket = Self {
            name: name.to_owned(),
            prefix: prefix.to_owned(),
            endpoint: None,
            region: REGION_DEFAULT.to_owned(),
        };
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            match key.as_ref() {
                "endpoint" => bucket.endpoint = Some(endpoint(&value)?),
                "region" if !value.is_empty() && plain(&value, "-") => bucket.region = value.into_owned(),
                _ => return Err(BucketError::Illisible),
            }
        }
        Ok(bucket)
    }
}

fn endpoint(text: &str) -> Result<String, BucketError> {
    let url: reqwest::Url = text.parse().map_err(|_| BucketError::Illisible)?;
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.path() != "/" {
        return Err(BucketError::Illisible);
    }
    if is_protected(&url) { Ok(text.trim_end_matches('/').to_owned()) } else { Err(BucketError::EnClair) }
}

impl<'de> Deserialize<'de> for Bucket {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// As its setting is written.
impl Serialize for Bucket {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let separator = if self.prefix.is_empty() { "" } else { "/" };
        // An origin holds nothing that would have to be written otherwise in a query.
        let endpoint = self.endpoint.as_ref().map(|endpoint| format!("endpoint={endpoint}&"));
        let (name, prefix, region) = (&self.name, &self.prefix, &self.region);
        serializer.collect_str(&format_args!(
            "s3://{name}{separator}{prefix}?{}region={region}",
            endpoint.unwrap_or_default()
        ))
    }
}

/// What opens a bucket.
pub(super) struct Acces {
    pub(super) id: String,
    pub(super) secret: String,
    /// Beside them, where they are for a time.
    pub(super) jeton: Option<String>,
}

impl fmt::Debug for Acces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Acces(…)")
    }
}

/// Why there is nothing to open the bucket with. `Display` is for the operator.
#[derive(Debug, thiserror::Error)]
pub enum AccesError {
    /// Nobody said.
    #[error(
        "indiquez de quoi ouvrir le bucket : {ID} et {SECRET} dans l’environnement, ou {FILE} = un fichier qui les contient"
    )]
    Absent,
    /// The file cannot be read.
    #[error("le fichier {} ne peut pas être lu : {source}", path.display())]
    Lecture {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// Others on the machine may read or change it.
    #[error("le fichier {} est ouvert à d’autres que le compte du service : chmod 600", path.display())]
    Ouvert {
        /// The file.
        path: PathBuf,
    },
    /// It lacks something.
    #[error("{} n’a pas aws_access_key_id et aws_secret_access_key sous [default]", path.display())]
    Contenu {
        /// The file.
        path: PathBuf,
    },
}

impl Acces {
    /// From the environment of this process.
    pub(super) fn read() -> Result<Self, CoffreError> {
        Ok(Self::read_from(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))?)
    }

    fn read_from(variable: impl Fn(&str) -> Option<String>) -> Result<Self, AccesError> {
        if let Some((id, secret)) = variable(ID).zip(variable(SECRET)) {
            return Ok(Self { id, secret, jeton: variable(JETON) });
        }
        let path = PathBuf::from(variable(FILE).ok_or(AccesError::Absent)?);
        let unreadable = |source| AccesError::Lecture { path: path.clone(), source };
        if fs::metadata(&path).map_err(unreadable)?.permissions().mode() & 0o077 != 0 {
            return Err(AccesError::Ouvert { path });
        }
        let text = fs::read_to_string(&path).map_err(unreadable)?;
        Self::parse(&text).ok_or(AccesError::Contenu { path })
    }

    fn parse(text: &str) -> Option<Self> {
        let lines = text.lines().map(str::trim).skip_while(|line| *line != "[default]").skip(1);
        let own: Vec<_> = lines.take_while(|line| !line.starts_with('[')).collect();
        let find = |name: &str| {
            let mut pairs = own.iter().filter_map(|line| line.split_once('='));
            pairs.find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim().to_owned())
        };
        Some(Self {
            id: find("aws_access_key_id")?,
            secret: find("aws_secret_access_key")?,
            jeton: find("aws_session_token"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_bucket_folder_server_and_region() {
        let bucket: Bucket =
            "s3://pieces.fr/prod/a?endpoint=https%3A%2F%2Fs3.example&region=fr-par".parse().unwrap();
        assert_eq!((bucket.name.as_str(), bucket.prefix.as_str()), ("pieces.fr", "prod/a"));
        assert_eq!(bucket.endpoint.as_deref(), Some("https://s3.example"));
        assert_eq!(bucket.region, "fr-par");
        let plain: Bucket = "s3://pieces".parse().unwrap();
        assert_eq!((plain.prefix.as_str(), plain.endpoint, plain.region.as_str()), ("", None, "us-east-1"));
        assert!("s3://pieces?endpoint=http://127.0.0.1:9000/".parse::<Bucket>().is_ok(), "a trial");
        for (wrong, why) in [
            ("pieces", BucketError::Illisible),
            ("s3://", BucketError::Illisible),
            ("s3://Pieces", BucketError::Illisible),
            ("s3://pieces/../autre", BucketError::Illisible),
            ("s3://pieces//a", BucketError::Illisible),
            ("s3://pieces?cle=x", BucketError::Illisible),
            ("s3://pieces?endpoint=https://nom:mot@s3.example", BucketError::Illisible),
            ("s3://pieces?endpoint=https://s3.example/dossier", BucketError::Illisible),
            ("s3://pieces?endpoint=http://s3.example", BucketError::EnClair),
        ] {
            assert_eq!(wrong.parse::<Bucket>(), Err(why), "{wrong}");
        }
    }

    #[test]
    fn what_opens_it_comes_from_the_environment_or_a_file_of_the_services_own() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("acces");
        let text = "[autre]\naws_access_key_id = non\n[default]\n# à nous\naws_access_key_id = nous\n\
                    aws_secret_access_key=canari=du=secret\n[encore]\naws_session_token = non\n";
        fs::write(&path, text).unwrap();
        let named = |name: &str| (name == FILE).then(|| path.to_str().unwrap().to_owned());
        assert!(matches!(Acces::read_from(named), Err(AccesError::Ouvert { .. })));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let acces = Acces::read_from(named).unwrap();
        assert_eq!((acces.id.as_str(), acces.secret.as_str()), ("nous", "canari=du=secret"));
        assert!(acces.jeton.is_none());
        assert!(!format!("{acces:?}").contains("canari"));
        let environment = |name: &str| (name == ID || name == SECRET).then(|| "là".to_owned());
        assert_eq!(Acces::read_from(environment).unwrap().id, "là");
        assert!(matches!(Acces::read_from(|_| None), Err(AccesError::Absent)));
        fs::write(&path, "[default]\naws_access_key_id = nous\n").unwrap();
        assert!(matches!(Acces::read_from(named), Err(AccesError::Contenu { .. })));
        fs::remove_file(&path).unwrap();
        assert!(matches!(Acces::read_from(named), Err(AccesError::Lecture { .. })));
    }
}

//! Where the server is. Tokens and identity papers go there, so the address must be `https`; plain `http` is taken
//! for this machine alone, for trials.

use std::{fmt, net::IpAddr, str::FromStr};

use reqwest::Url;

/// The server's address: a scheme, a host, perhaps a port, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerAddress(Url);

/// Why a text is no server's address. `Display` is for the person who typed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AdresseInvalide {
    /// Not an address at all, or one of something else than a web server.
    #[error("L’adresse du service n’est pas lisible. Exemple : https://pieces.exemple.fr")]
    Illisible,
    /// It carries a user, a path, a query or a fragment.
    #[error(
        "L’adresse du service s’arrête au nom de la machine et à son port, par exemple https://pieces.exemple.fr"
    )]
    TropLongue,
    /// Plain http to another machine.
    #[error("L’adresse du service doit commencer par https:// : vos documents ne voyagent jamais en clair.")]
    EnClair,
}

impl FromStr for ServerAddress {
    type Err = AdresseInvalide;

    fn from_str(text: &str) -> Result<Self, AdresseInvalide> {
        let url = Url::parse(text.trim()).map_err(|_| AdresseInvalide::Illisible)?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(AdresseInvalide::Illisible)?;
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(host) => {}
            "http" => return Err(AdresseInvalide::EnClair),
            _ => return Err(AdresseInvalide::Illisible),
        }
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        if bare && url.username().is_empty() && url.password().is_none() {
            Ok(Self(url))
        } else {
            Err(AdresseInvalide::TropLongue)
        }
    }
}

impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

impl ServerAddress {
    /// The address of something on this server. Ids and fixed words only, so nothing needs escaping.
    pub(crate) fn at(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        url.set_path(path);
        url
    }

    /// Whether the server is this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        self.0.host_str().is_some_and(is_loopback)
    }
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<String, AdresseInvalide> {
        text.parse::<ServerAddress>().map(|address| address.to_string())
    }

    #[test]
    fn only_this_machine_may_be_spoken_to_in_the_clear() {
        assert_eq!(parse("https://pieces.exemple.fr").as_deref(), Ok("https://pieces.exemple.fr"));
        assert_eq!(
            parse(" https://pieces.exemple.fr:8443/ ").as_deref(),
            Ok("https://pieces.exemple.fr:8443")
        );
        for here in ["http://127.0.0.1:8080", "http://127.9.8.7", "http://[::1]:80", "http://localhost:1"] {
            assert!(parse(here).is_ok(), "{here}");
        }
        for elsewhere in [
            "http://pieces.exemple.fr",
            "http://192.168.1.2",
            "http://localhost.exemple.fr",
            "http://127.0.0.1.fr",
        ] {
            assert_eq!(parse(elsewhere), Err(AdresseInvalide::EnClair), "{elsewhere}");
        }
    }

    #[test]
    fn an_address_is_a_machine_and_nothing_more() {
        for long in ["https://a.fr/chemin", "https://a.fr/?q", "https://a.fr/#x", "https://moi:mot@a.fr"] {
            assert_eq!(parse(long), Err(AdresseInvalide::TropLongue), "{long}");
        }
        for other in ["", "a.fr", "ftp://a.fr", "file:///etc/passwd", "https://"] {
            assert_eq!(parse(other), Err(AdresseInvalide::Illisible), "{other}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_and_none_leaves_the_machine_in_the_clear(text in ".{0,40}") {
            if let Ok(address) = format!("http://{text}").parse::<ServerAddress>() {
                prop_assert!(address.is_loopback());
            }
        }
    }
}

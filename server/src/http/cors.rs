//! Uploads from pages of other sites (the Fetch standard's CORS): for the origins that the operator lists, by default none.
//!
//! What a listed page may do is what any client does: send its own bearer token. Cookies are never part of it, for no
//! answer allows credentials, so that no other site can act as an agent who has signed in here. Only the addresses of the
//! upload protocol take part. An origin that is not listed gets the answer of a server that has never heard of CORS, and
//! its browser keeps that answer from the page.

use std::str::FromStr;

use hyper::{
    HeaderMap, Method,
    header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, HeaderValue,
        ORIGIN, VARY,
    },
};
use reqwest::Url;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

use crate::federation::is_protected;

/// What the upload protocol's requests are made with.
const METHODS: HeaderValue = HeaderValue::from_static("POST, HEAD, PATCH, DELETE, OPTIONS");

/// What its requests may carry beyond what every page may send.
const REQUEST_HEADERS: HeaderValue = HeaderValue::from_static(
    "Authorization, Content-Type, Tus-Resumable, Upload-Checksum, Upload-Length, Upload-Metadata, Upload-Offset, \
     X-HTTP-Method-Override",
);

/// What a page may read of an answer beyond what every page may.
const RESPONSE_HEADERS: HeaderValue = HeaderValue::from_static(
    "Location, Retry-After, Tus-Checksum-Algorithm, Tus-Extension, Tus-Max-Size, Tus-Resumable, Tus-Version, \
     Upload-Expires, Upload-Length, Upload-Metadata, Upload-Offset, X-Request-Id",
);

/// How long a browser keeps what a preflight said, in seconds: the most that Chromium keeps. After that a site which is
/// no longer listed is refused.
const MAX_AGE_SECONDS: HeaderValue = HeaderValue::from_static("7200");

/// A site, as browsers name it: scheme, host, and a port that is not the scheme's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origine(HeaderValue);

impl FromStr for Origine {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).ok().filter(is_protected).filter(|_| !text.contains('*'));
        // As a browser writes it, or no request would ever match.
        let origine = url.filter(|url| url.origin().ascii_serialization() == text);
        let value = origine.and_then(|_| HeaderValue::try_from(text).ok());
        value.map(Self).ok_or_else(|| {
            format!(
                "« {text} » n’est pas une origine : attendu https://hôte ou https://hôte:port, sans chemin"
            )
        })
    }
}

impl<'de> Deserialize<'de> for Origine {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl Serialize for Origine {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.to_str().map_err(ser::Error::custom)?)
    }
}

/// What an answer has to say to a browser that runs somebody else's page.
pub(super) struct Cors {
    /// Whether another origin would be told something else.
    varies: bool,
    /// The page's origin, if it is listed.
    origin: Option<HeaderValue>,
    /// The browser asks before the page's own request.
    preflight: bool,
}

impl Cors {
    /// Reads a request's origin against the operator's list.
    pub(super) fn read(origines: &[Origine], method: &Method, headers: &HeaderMap) -> Self {
        let mut sent = headers.get_all(ORIGIN).iter();
        let origin = sent.next().filter(|_| sent.next().is_none());
        let origin = origin.filter(|origin| origines.iter().any(|listed| listed.0 == **origin));
        let preflight = method == Method::OPTIONS && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        Self { varies: !origines.is_empty(), origin: origin.cloned(), preflight }
    }

    /// Says it.
    pub(super) fn add_to(self, headers: &mut HeaderMap) {
        if self.varies {
            headers.append(VARY, HeaderValue::from_static("Origin"));
        }
        let Some(origin) = self.origin else { return };
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, RESPONSE_HEADERS);
        if self.preflight {
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS);
            headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE_SECONDS);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_written_as_browsers_write_them() {
        // The URL standard's serialization of an origin; plain text only on this machine.
        for good in ["https://portail.example", "https://portail.example:8443", "http://127.0.0.1:3000"] {
            assert!(good.parse::<Origine>().is_ok(), "{good}");
        }
        for bad in [
            "*",
            "null",
            "",
            "portail.example",
            "http://portail.example",
            "https://portail.example/",
            "https://portail.example:443",
            "https://PORTAIL.example",
            "https://portail.example/chemin",
            "https://nom@portail.example",
            "https://*.example",
            "file:///",
        ] {
            assert!(bad.parse::<Origine>().is_err(), "{bad}");
        }
    }
}

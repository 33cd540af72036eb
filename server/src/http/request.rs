//! What is read of a request: one header, a JSON body within its limits, the client's address.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use http_body_util::{BodyExt as _, Limited};
use hyper::{HeaderMap, body::Incoming, header::CONTENT_TYPE};
use serde::de::DeserializeOwned;
use tokio::time::timeout;
use wire::{ProblemCode, limites::JSON_BYTES_MAX};

use super::problem::Refus;

/// A header's only value as text. A header that comes twice is refused: two readers might pick different ones.
pub(crate) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Refus> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let text = value.to_str().ok().filter(|_| values.next().is_none());
    text.map(Some).ok_or_else(|| {
        Refus::new(ProblemCode::RequeteIllisible).detail(format!("L’en-tête {name} est illisible."))
    })
}

/// A header's only value as a whole number, as tus writes lengths and offsets: digits and nothing else.
pub(crate) fn number(headers: &HeaderMap, name: &str) -> Result<Option<u64>, Refus> {
    let Some(text) = header(headers, name)? else { return Ok(None) };
    let digits = !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    let value = text.parse().ok().filter(|_| digits);
    value.map(Some).ok_or_else(|| {
        Refus::new(ProblemCode::RequeteIllisible).detail(format!("L’en-tête {name} n’est pas un nombre."))
    })
}

/// Reads a JSON body. What is wrong with it is said by place, never by quoting it: it holds a numéro and a code.
pub(crate) async fn json<T: DeserializeOwned>(
    headers: &HeaderMap,
    body: Incoming,
    allowed: Duration,
) -> Result<T, Refus> {
    let media_type = header(headers, CONTENT_TYPE.as_str())?.unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/json") {
        return Err(
            Refus::new(ProblemCode::TypeDeContenu).detail("Cette adresse attend du JSON (application/json).")
        );
    }
    let bytes = match timeout(allowed, Limited::new(body, JSON_BYTES_MAX).collect()).await {
        Ok(Ok(collected)) => collected.to_bytes(),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
            return Err(ProblemCode::RequeteTropLongue.into());
        }
        Ok(Err(_)) | Err(_) => {
            return Err(Refus::new(ProblemCode::RequeteIllisible).detail("La requête est incomplète."));
        }
    };
    serde_json::from_slice(&bytes).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        Refus::new(ProblemCode::RequeteIllisible)
            .detail(format!("Le JSON ne convient pas (ligne {line}, colonne {column})."))
    })
}

/// Where the client is: the other end of the connection or, when that is one of our proxies, the nearest address in
/// `X-Forwarded-For` that is none of them. Farther ones were written by whoever sent the request.
pub(crate) fn client_address(headers: &HeaderMap, peer: SocketAddr, proxys: &[IpAddr]) -> IpAddr {
    let peer = peer.ip().to_canonical();
    if !proxys.contains(&peer) {
        return peer;
    }
    let listed = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let listed: Vec<&str> = listed.flat_map(|value| value.split(',')).collect();
    listed
        .iter()
        .rev()
        .map_while(|text| text.trim().parse::<IpAddr>().ok())
        .map(|address| address.to_canonical())
        .find(|address| !proxys.contains(address))
        .unwrap_or(peer)
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn with(name: &'static str, values: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn numbers_are_digits_and_come_once() {
        let read = |values| number(&with("upload-offset", values), "upload-offset").ok();
        assert_eq!(read(&["12"]), Some(Some(12)));
        assert_eq!(read(&[]), Some(None));
        for bad in [&["+1"][..], &["-1"], &["1e3"], &[""], &["99999999999999999999"], &["1", "1"]] {
            assert_eq!(read(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn only_our_proxies_are_believed_about_addresses() {
        let peer = "10.0.0.1:4000".parse().unwrap();
        let ours = ["10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap()];
        let seen = |values, proxys: &[IpAddr]| {
            client_address(&with("x-forwarded-for", values), peer, proxys).to_string()
        };
        assert_eq!(seen(&["1.2.3.4"], &[]), "10.0.0.1");
        assert_eq!(seen(&["6.6.6.6, 1.2.3.4, 10.0.0.2"], &ours), "1.2.3.4");
        assert_eq!(seen(&["6.6.6.6", "::ffff:1.2.3.4"], &ours), "1.2.3.4");
        assert_eq!(seen(&["1.2.3.4, pas une adresse"], &ours), "10.0.0.1");
        assert_eq!(seen(&[], &ours), "10.0.0.1");
    }
}

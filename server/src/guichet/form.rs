//! Forms and the session's cookie: what a browser sends, and whether it sends it for our page.

use std::{collections::HashMap, time::Duration};

use http_body_util::{BodyExt as _, Limited};
use hyper::{
    HeaderMap, StatusCode,
    body::Incoming,
    header::{COOKIE, HOST, HeaderValue, LOCATION, ORIGIN, SET_COOKIE},
};
use tokio::time::timeout;
use wire::{ProblemCode, limites::JSON_BYTES_MAX};

use crate::http::{
    problem::Refus,
    respond::{Response, empty},
};

/// Longest a form may take to arrive.
const FORM_ARRIVES_WITHIN: Duration = Duration::from_secs(15);

/// The fields of a form, decoded. Refused when another site's page sent it.
pub(super) async fn read(headers: &HeaderMap, body: Incoming) -> Result<HashMap<String, String>, Refus> {
    if !is_same_origin(headers) {
        return Err(Refus::new(ProblemCode::Interdit)
            .detail("Ce formulaire ne vient pas de cette page. Rechargez la page, puis recommencez."));
    }
    // A form has no reason to be longer than a JSON body.
    let collected = timeout(FORM_ARRIVES_WITHIN, Limited::new(body, JSON_BYTES_MAX).collect()).await;
    let bytes = match collected {
        Ok(Ok(collected)) => collected.to_bytes(),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
            return Err(ProblemCode::RequeteTropLongue.into());
        }
        Ok(Err(_)) | Err(_) => return Err(ProblemCode::RequeteIllisible.into()),
    };
    Ok(form_urlencoded::parse(&bytes).into_owned().collect())
}

/// Whether our own page sent this. Browsers say so in `Sec-Fetch-Site` (Fetch Metadata), older ones in `Origin`.
fn is_same_origin(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return site == "same-origin";
    }
    let origin =
        text(ORIGIN.as_str()).and_then(|origin| origin.split_once("://")).map(|(_, authority)| authority);
    origin.is_some() && origin == text(HOST.as_str())
}

/// `__Host-` binds a cookie to this host, to TLS and to every path; a trial on plain HTTP cannot have it.
fn cookie_name(plain: bool) -> &'static str {
    if plain { "agent" } else { "__Host-agent" }
}

/// The session's token, as the browser gives it back.
pub(super) fn session_cookie(headers: &HeaderMap, plain: bool) -> Option<&str> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == cookie_name(plain)).map(|(_, value)| value)
}

/// Puts the token into the browser, until the browser closes; an empty one takes it out.
pub(super) fn set_session_cookie(response: &mut Response, token: &str, plain: bool) {
    let name = cookie_name(plain);
    let secure = if plain { "" } else { "; Secure" };
    let ends = if token.is_empty() { "; Max-Age=0" } else { "" };
    let cookie = format!("{name}={token}; Path=/; HttpOnly; SameSite=Strict{secure}{ends}");
    // A token is base64url: always a header value.
    if let Ok(value) = HeaderValue::try_from(cookie) {
        response.headers_mut().append(SET_COOKIE, value);
    }
}

/// Sends the browser on, with a GET.
pub(super) fn see_other(path: &str) -> Response {
    let mut response = empty(StatusCode::SEE_OTHER);
    // Paths here are our own, with ids in them: always a header value.
    if let Ok(value) = HeaderValue::try_from(path) {
        response.headers_mut().insert(LOCATION, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn only_our_own_page_may_send_a_form() {
        let ours = |pairs: &[_]| is_same_origin(&headers(pairs));
        assert!(ours(&[("sec-fetch-site", "same-origin")]));
        assert!(ours(&[("host", "guichet.example:8443"), ("origin", "https://guichet.example:8443")]));
        assert!(!ours(&[("sec-fetch-site", "cross-site"), ("host", "a"), ("origin", "https://a")]));
        assert!(!ours(&[("sec-fetch-site", "same-site")]));
        assert!(!ours(&[("host", "guichet.example"), ("origin", "https://guichet.example.evil")]));
        assert!(!ours(&[("host", "guichet.example"), ("origin", "null")]));
        assert!(!ours(&[("host", "guichet.example")]));
    }

    #[test]
    fn the_cookie_is_found_among_others_and_by_its_whole_name() {
        let both = headers(&[("cookie", "a=1; __Host-agent=jeton; agent=autre"), ("cookie", "b=2")]);
        assert_eq!(session_cookie(&both, false), Some("jeton"));
        assert_eq!(session_cookie(&both, true), Some("autre"));
        assert_eq!(session_cookie(&headers(&[("cookie", "x__Host-agent=jeton")]), false), None);
    }
}

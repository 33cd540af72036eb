//! Forms and the session's cookie: what a browser sends, and whether it sends it for our page.

use std::time::Duration;

use http_body_util::{BodyExt as _, Limited};
use hyper::{
    HeaderMap, StatusCode,
    body::Incoming,
    header::{COOKIE, HOST, HeaderValue, LOCATION, ORIGIN, SET_COOKIE},
};
use maud::{Markup, html};
use tokio::time::timeout;
use wire::{ProblemCode, limites::JSON_BYTES_MAX};

use crate::{
    http::{
        problem::Refus,
        respond::{Response, empty},
    },
    registre::AgentConnecte,
    secrets::hash_token,
};

/// The name of the field with the session's token.
const JETON: &str = "jeton";

/// Longest a form may take to arrive.
const FORM_ARRIVES_WITHIN: Duration = Duration::from_secs(15);

/// The field that carries a session's token: every form of a signed-in page begins with it.
pub(super) fn jeton(agent: &AgentConnecte) -> Markup {
    html! { input type="hidden" name=(JETON) value=(agent.jeton); }
}

/// The fields of a form that this agent's own page sent. The origin alone would do for browsers of today; the token
/// also holds where a proxy or an extension takes headers away.
pub(super) async fn read_signed(
    agent: &AgentConnecte,
    headers: &HeaderMap,
    body: Incoming,
) -> Result<Champs, Refus> {
    let fields = read(headers, body).await?;
    if fields.first(JETON).is_some_and(|sent| same_secret(sent, &agent.jeton)) {
        Ok(fields)
    } else {
        Err(foreign())
    }
}

/// The fields of a form, decoded, from a page that needs no session. Refused when another site's page sent it: nothing
/// that is signed in is at stake there, and the cookie that signing in gives is always a new one.
pub(super) async fn read(headers: &HeaderMap, body: Incoming) -> Result<Champs, Refus> {
    if !is_same_origin(headers) {
        return Err(foreign());
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
    Ok(Champs(form_urlencoded::parse(&bytes).into_owned().collect()))
}

/// What a form brings. A name may come several times: boxes that were ticked.
pub(super) struct Champs(Vec<(String, String)>);

impl Champs {
    /// The first value of this name.
    pub(super) fn first(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// The same without spaces around it, and nothing where there is nothing.
    pub(super) fn text(&self, name: &str) -> &str {
        self.first(name).unwrap_or_default().trim()
    }

    /// Every value of this name.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

fn foreign() -> Refus {
    Refus::new(ProblemCode::Interdit)
        .detail("Ce formulaire ne vient pas de cette page, ou votre session a changé. Rechargez la page, puis recommencez.")
}

/// Compared by their digests, so that the time taken tells nothing of where they differ.
fn same_secret(sent: &str, known: &str) -> bool {
    hash_token(sent.as_bytes()) == hash_token(known.as_bytes())
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

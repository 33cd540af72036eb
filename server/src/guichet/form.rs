//! Forms and the session's cookie: what a browser sends, and whether it sends it for our page.

use std::time::Duration;

use http_body_util::{BodyDataStream, BodyExt as _, Limited};
use hyper::{
    HeaderMap, StatusCode,
    body::Incoming,
    header::{CONTENT_TYPE, COOKIE, HOST, HeaderValue, LOCATION, ORIGIN, SET_COOKIE},
};
use maud::{Markup, html};
use multer::{Constraints, Field, Multipart, SizeLimit};
use tokio::time::timeout;
use wire::{
    NomAffiche, ProblemCode,
    limites::{JSON_BYTES_MAX, UPLOAD_BYTES_MAX},
};

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

/// Most files of one form: what fits on a counter. More are sent in several.
pub(super) const FILES_PER_FORM_MAX: usize = 20;

/// Most bytes of one form with files; what a file may have is checked for each.
const FILES_BYTES_MAX: u64 = 4 * UPLOAD_BYTES_MAX;

/// The header in which our script gives the token of its page.
const JETON_HEADER: &str = "x-jeton";

/// Longest a form may take to arrive.
const FORM_ARRIVES_WITHIN: Duration = Duration::from_secs(15);

/// The field that carries a session's token: every form of a signed-in page begins with it.
pub(super) fn jeton(agent: &AgentConnecte) -> Markup {
    html! { input type="hidden" name=(JETON) value=(agent.jeton); }
}

/// The choice of one of the agent's territories, its guichet's own first.
pub(super) fn territoires(agent: &AgentConnecte, chosen: Option<&str>) -> Markup {
    let chosen = agent.territoire_choisi(chosen);
    html! {
        label for="territoire" { "Territoire" }
        select id="territoire" name="territoire" {
            @for territoire in agent.territoires() {
                option value=(territoire) selected[territoire == chosen] { (territoire) }
            }
        }
    }
}

/// The fields of a form that this agent's own page sent. The origin alone would do for browsers of today; the token
/// also holds where a proxy or an extension takes headers away.
pub(super) async fn read_signed(
    agent: &AgentConnecte,
    headers: &HeaderMap,
    body: Incoming,
) -> Result<Champs, Refus> {
    let fields = read(headers, body).await?;
    if fields.is_signed_by(agent) { Ok(fields) } else { Err(foreign()) }
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

/// A form with files, opened: its fields come first, as our page orders them, then its files one after another.
pub(super) struct Fichiers {
    multipart: Multipart<'static>,
    next: Option<Field<'static>>,
}

/// A file of a form.
pub(super) struct Fichier {
    /// Its bytes.
    pub(super) bytes: Field<'static>,
    /// What the agent's computer calls it.
    pub(super) nom: NomAffiche,
}

/// Opens a form with files that this agent's own page sent.
pub(super) async fn open_signed_with_files(
    agent: &AgentConnecte,
    headers: &HeaderMap,
    body: Incoming,
) -> Result<(Champs, Fichiers), Refus> {
    if !is_same_origin(headers) {
        return Err(foreign());
    }
    let boundary = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let boundary = boundary.and_then(|value| multer::parse_boundary(value).ok()).ok_or_else(unreadable)?;
    let limits = SizeLimit::new().whole_stream(FILES_BYTES_MAX);
    let body = BodyDataStream::new(body);
    let mut multipart = Multipart::with_constraints(body, boundary, Constraints::new().size_limit(limits));
    let mut champs = Champs(Vec::new());
    let opened = timeout(FORM_ARRIVES_WITHIN, async {
        let mut left = JSON_BYTES_MAX;
        while let Some(mut field) = multipart.next_field().await? {
            if field.file_name().is_some() {
                return Ok(Some(field));
            }
            let name = field.name().unwrap_or_default().to_owned();
            let mut value = Vec::new();
            while let Some(part) = field.chunk().await? {
                left = left.checked_sub(part.len()).ok_or(ProblemCode::RequeteTropLongue)?;
                value.extend_from_slice(&part);
            }
            champs.0.push((name, String::from_utf8_lossy(&value).into_owned()));
        }
        Ok::<_, Refus>(None)
    });
    let next = opened.await.map_err(|_| unreadable())??;
    if champs.is_signed_by(agent) { Ok((champs, Fichiers { multipart, next })) } else { Err(foreign()) }
}

impl Fichiers {
    /// The next file, once the one before has been read; none after the last. An input left empty sends a file without
    /// a name, which is none.
    pub(super) async fn next(&mut self) -> Result<Option<Fichier>, Refus> {
        loop {
            let field = match self.next.take() {
                Some(field) => Some(field),
                None => timeout(FORM_ARRIVES_WITHIN, self.multipart.next_field())
                    .await
                    .map_err(|_| unreadable())??,
            };
            let Some(field) = field else { return Ok(None) };
            match field.file_name() {
                None | Some("") => {}
                Some(name) => {
                    let nom = NomAffiche::new(name);
                    return Ok(Some(Fichier { bytes: field, nom }));
                }
            }
        }
    }
}

fn unreadable() -> Refus {
    Refus::new(ProblemCode::RequeteIllisible)
        .detail("Le formulaire est arrivé incomplet. Recommencez l’envoi.")
}

impl From<multer::Error> for Refus {
    fn from(error: multer::Error) -> Self {
        match error {
            multer::Error::StreamSizeExceeded { .. } | multer::Error::FieldSizeExceeded { .. } => Self::new(
                ProblemCode::RequeteTropLongue,
            )
            .detail("Les fichiers choisis sont trop volumineux ensemble : déposez-les en plusieurs fois."),
            _ => unreadable(),
        }
    }
}

/// Whether our own page sent this request that is no form: its token stands in a header, which no other site may set. So
/// must the origin say, but where something is only asked: older browsers then do not tell it.
pub(super) fn is_signed(agent: &AgentConnecte, headers: &HeaderMap, only_asks: bool) -> bool {
    let sent = headers.get(JETON_HEADER).and_then(|value| value.to_str().ok());
    sent.is_some_and(|sent| same_secret(sent, &agent.jeton)) && (only_asks || is_same_origin(headers))
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

    /// Whether this agent's page sent it.
    fn is_signed_by(&self, agent: &AgentConnecte) -> bool {
        self.first(JETON).is_some_and(|sent| same_secret(sent, &agent.jeton))
    }

    /// Every value of this name.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

pub(super) fn foreign() -> Refus {
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

/// The session's cookie.
const SESSION: &str = "agent";

/// `__Host-` binds a cookie to this host, to TLS and to every path; a trial on plain HTTP cannot have it.
fn prefix(plain: bool) -> &'static str {
    if plain { "" } else { "__Host-" }
}

/// The session's token, as the browser gives it back.
pub(super) fn session_cookie(headers: &HeaderMap, plain: bool) -> Option<&str> {
    cookie(headers, SESSION, plain)
}

/// A cookie's value, as the browser gives it back.
pub(super) fn cookie<'h>(headers: &'h HeaderMap, name: &str, plain: bool) -> Option<&'h str> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| known.strip_prefix(prefix(plain)) == Some(name)).map(|(_, value)| value)
}

/// Puts the token into the browser, until the browser closes; an empty one takes it out.
pub(super) fn set_session_cookie(response: &mut Response, token: &str, plain: bool) {
    let ends = if token.is_empty() { "; Max-Age=0" } else { "" };
    set_cookie(response, SESSION, token, plain, &format!("SameSite=Strict{ends}"));
}

/// Puts a cookie into the browser that no script reads.
pub(super) fn set_cookie(response: &mut Response, name: &str, value: &str, plain: bool, more: &str) {
    let (prefix, secure) = (prefix(plain), if plain { "" } else { "; Secure" });
    let cookie = format!("{prefix}{name}={value}; Path=/; HttpOnly{secure}; {more}");
    // Values are base64url: always a header value.
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

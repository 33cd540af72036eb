//! The switchboard: what goes wrong, and at which request.

use hyper::{Method, Request, body::Incoming};
use wire::ProblemCode;

/// Which requests a fault waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum On {
    Any,
    SignIn,
    Renew,
    Post,
    Head,
    Patch,
    Delete,
    Receipt,
    Content,
    Preview,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The connection is cut after that many bytes of the body; what came is kept.
    CutAfter(usize),
    /// The request is carried out, and the answer lost.
    LoseReply,
    /// The request is lost before it is carried out.
    LoseRequest,
    /// A refusal with a code.
    Refuse(u16, ProblemCode),
    /// A refusal by something that is not the server: no code, no mark of the protocol.
    Stranger(u16),
    /// A bare refusal of the server, as to HEAD.
    Bare(u16),
    /// Nothing is answered, for ever.
    Hang,
    /// The request is carried out, then nothing is answered, for ever.
    HangAfter,
    /// A byte is changed on the way.
    Corrupt,
    /// The answer to a download ends early.
    Short(usize),
    /// The receipt is of other bytes.
    WrongDigest,
    /// The receipt is of another demande.
    WrongDemande,
}

/// The connection ends without an answer.
#[derive(Debug)]
pub(crate) struct Lost;

impl std::fmt::Display for Lost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("lost")
    }
}

impl std::error::Error for Lost {}

/// Which kind a request is of.
pub(crate) fn kind_of(request: &Request<Incoming>) -> On {
    let path = request.uri().path();
    match (request.method(), path) {
        (&Method::POST, "/api/v1/session") => On::SignIn,
        (&Method::POST, "/api/v1/session/renouvellement") => On::Renew,
        (&Method::POST, "/depots") => On::Post,
        (&Method::HEAD, _) => On::Head,
        (&Method::PATCH, _) => On::Patch,
        (&Method::DELETE, "/api/v1/session") => On::Any,
        (&Method::DELETE, _) => On::Delete,
        (_, path) if path.ends_with("/contenu") => On::Content,
        (_, path) if path.ends_with("/apercu") => On::Preview,
        (_, path) if path.contains("/depots/") => On::Receipt,
        _ => On::Any,
    }
}

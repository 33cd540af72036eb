//! A small HTTP/1.1 client of the tests' own: one request a connection, what was sent and received in plain sight.
//!
//! A library would hide what these tests are about (which bytes left before a cut, which answer was read), and would
//! be shared with the client under test. It refuses answers whose headers are not on its list, so that a header that
//! nobody decided on is noticed.

use std::{
    fmt::Write as _,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use serde::de::DeserializeOwned;
use wire::{Problem, ProblemCode};

/// How long a test waits for bytes before it says that the server hangs, in seconds: far beyond any answer.
const ANSWER_WAIT_S: u64 = 60;

/// Largest answer read, in bytes: a whole upload and its head.
const ANSWER_BYTES_MAX: u64 = wire::limites::UPLOAD_BYTES_MAX + 64 * 1024;

/// Every header that the server may answer with.
const KNOWN_HEADERS: &[&str] = &[
    "accept-ranges",
    "allow",
    "cache-control",
    "connection",
    "content-disposition",
    "content-length",
    "content-range",
    "content-security-policy",
    "content-type",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "date",
    "etag",
    "location",
    "permissions-policy",
    "referrer-policy",
    "retry-after",
    "set-cookie",
    "strict-transport-security",
    "transfer-encoding",
    "tus-checksum-algorithm",
    "tus-extension",
    "tus-max-size",
    "tus-resumable",
    "tus-version",
    "upload-expires",
    "upload-length",
    "upload-metadata",
    "upload-offset",
    "vary",
    "www-authenticate",
    "x-content-type-options",
    "x-frame-options",
    "x-request-id",
];

/// One request.
#[derive(Clone)]
pub struct Request {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// One answer, read whole.
#[derive(Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, decoded from chunks where it came so.
    pub body: Vec<u8>,
}

impl Request {
    /// A request without body.
    pub fn new(method: &str, path: &str) -> Self {
        Self { method: method.to_owned(), path: path.to_owned(), headers: Vec::new(), body: Vec::new() }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Signs the request with a session's access token.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("Authorization", &format!("Bearer {token}"))
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: &[u8]) -> Self {
        self.body = body.to_vec();
        self
    }

    /// Sets a JSON body.
    pub fn json(self, body: &impl serde::Serialize) -> Result<Self> {
        let body = serde_json::to_vec(body)?;
        Ok(self.header("Content-Type", "application/json").body(&body))
    }

    /// Sets the fields of a form as its body.
    #[must_use]
    pub fn form(self, fields: &[(&str, &str)]) -> Self {
        let body: Vec<String> =
            fields.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value))).collect();
        self.header("Content-Type", "application/x-www-form-urlencoded").body(body.join("&").as_bytes())
    }

    /// The request's bytes up to its body.
    fn head(&self, addr: SocketAddr) -> String {
        let mut head =
            format!("{} {} HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            // Writing to a string cannot fail.
            let _ = write!(head, "{name}: {value}\r\n");
        }
        if !self.body.is_empty() || matches!(self.method.as_str(), "POST" | "PATCH") {
            let _ = write!(head, "Content-Length: {}\r\n", self.body.len());
        }
        head.push_str("\r\n");
        head
    }

    /// Sends the head and only the first `count` bytes of the body, and hands the open connection over: to hold it,
    /// to go on, or to drop it.
    pub fn send_part(&self, addr: SocketAddr, count: usize) -> Result<TcpStream> {
        let mut stream = TcpStream::connect(addr).with_context(|| format!("connecting to {addr}"))?;
        stream.set_read_timeout(Some(Duration::from_secs(ANSWER_WAIT_S)))?;
        stream.set_write_timeout(Some(Duration::from_secs(ANSWER_WAIT_S)))?;
        stream.write_all(self.head(addr).as_bytes())?;
        stream.write_all(self.body.get(..count).unwrap_or(&self.body))?;
        Ok(stream)
    }

    /// Sends the whole request and reads the answer.
    pub fn send(&self, addr: SocketAddr) -> Result<Response> {
        let mut stream = self.send_part(addr, 0)?;
        // A server may refuse before it has read the body, and close: the answer is what counts then.
        let sent = stream.write_all(&self.body);
        match Response::read(&mut stream) {
            Ok(response) => Ok(response),
            Err(error) => Err(match sent {
                Ok(()) => error,
                Err(sent) => error.context(sent),
            }),
        }
        .with_context(|| format!("{} {}", self.method, self.path))
    }
}

impl Response {
    /// Reads one answer until the server closes the connection.
    pub fn read(stream: &mut TcpStream) -> Result<Self> {
        let mut bytes = Vec::new();
        let read = stream.take(ANSWER_BYTES_MAX).read_to_end(&mut bytes);
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
            read.context("reading the answer")?;
            bail!("the connection closed before an answer ({} bytes)", bytes.len());
        };
        let (head, rest) = bytes.split_at(end);
        let body = rest.get(4..).unwrap_or_default();
        let head = std::str::from_utf8(head).context("the answer's head is not text")?;
        let mut lines = head.split("\r\n");
        let status =
            lines.next().and_then(|line| line.split(' ').nth(1)).context("no status line")?.parse()?;
        let mut headers = Vec::new();
        for line in lines {
            let (name, value) = line.split_once(':').context("a header without colon")?;
            let name = name.to_ascii_lowercase();
            ensure!(KNOWN_HEADERS.contains(&name.as_str()), "the server sent an unexpected header: {line}");
            headers.push((name, value.trim().to_owned()));
        }
        let mut response = Self { status, headers, body: Vec::new() };
        response.body = match response.header("content-length").map(str::parse::<usize>).transpose()? {
            // HEAD announces a length and sends nothing.
            Some(length) if body.is_empty() || body.len() == length => body.to_vec(),
            Some(length) => bail!("{} bytes came of {length} announced", body.len()),
            None if response.header("transfer-encoding").is_some() => unchunked(body)?,
            None => body.to_vec(),
        };
        Ok(response)
    }

    /// The value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Checks the status; the body is in the error where it differs.
    pub fn expect(self, status: u16) -> Result<Self> {
        ensure!(self.status == status, "expected {status}, got {}: {}", self.status, self.text());
        Ok(self)
    }

    /// The body as JSON.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.body).with_context(|| format!("not the JSON expected: {}", self.text()))
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The code of a refusal, after checking that it is a proper one: media type, status repeated, code in the type.
    pub fn problem(&self) -> Result<ProblemCode> {
        ensure!(
            self.header("content-type") == Some(wire::PROBLEM_MEDIA_TYPE),
            "no problem+json but {:?} ({})",
            self.header("content-type"),
            self.status
        );
        let problem: Problem = self.json()?;
        ensure!(problem.status == self.status, "the problem says {} in a {}", problem.status, self.status);
        ensure!(
            problem == Problem::new(problem.code, self.status, problem.detail.clone()),
            "the problem's type or title is not its code's: {}",
            self.text()
        );
        Ok(problem.code)
    }
}

/// A form's field: everything but ASCII letters and digits in `%XX`.
fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

/// The body in chunks (RFC 9112, 7.1), taken apart.
fn unchunked(mut rest: &[u8]) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end =
            rest.windows(2).position(|window| window == b"\r\n").context("a chunk without its length")?;
        let (length, after) = rest.split_at(end);
        let length = usize::from_str_radix(std::str::from_utf8(length)?.trim(), 16)?;
        let after = after.get(2..).unwrap_or_default();
        if length == 0 {
            return Ok(body);
        }
        body.extend_from_slice(after.get(..length).context("a chunk cut short")?);
        rest = after.get(length + 2..).context("a chunk without its end")?;
    }
}

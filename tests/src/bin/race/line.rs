//! A connection that stays, one request after another: the same for all who take part.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};

/// Longest wait for an answer: a disk in trouble takes seconds, what takes longer never comes.
const ANSWER_WITHIN: Duration = Duration::from_mins(1);

/// Largest head of an answer, in bytes.
const HEAD_BYTES_MAX: usize = 16 * 1024;

/// Read at once, in bytes.
const READ_BYTES: usize = 64 * 1024;

/// An open connection.
pub(crate) struct Line {
    addr: SocketAddr,
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Where a created upload is, without scheme and host.
    pub(crate) location: Option<String>,
    pub(crate) body: Vec<u8>,
}

impl Line {
    pub(crate) fn open(addr: SocketAddr) -> Result<Self> {
        Ok(Self { addr, stream: connect(addr)?, buffer: vec![0; READ_BYTES] })
    }

    /// Sends a request, whose head ends here, and reads its answer.
    pub(crate) fn ask(&mut self, method: &str, path: &str, headers: &str, body: &[u8]) -> Result<Answer> {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n{headers}\r\n",
            self.addr,
            body.len()
        );
        self.stream.write_all(head.as_bytes())?;
        let sent = self.stream.write_all(body);
        let answer = self.read_answer().with_context(|| format!("{method} {path}"));
        match (answer, sent) {
            (Err(error), Err(sent)) => Err(error.context(sent)),
            (answer, _) => answer,
        }
    }

    fn read_answer(&mut self) -> Result<Answer> {
        let mut bytes = Vec::new();
        let end = loop {
            if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
                break end;
            }
            ensure!(bytes.len() < HEAD_BYTES_MAX, "an answer with a giant head");
            self.read_more(&mut bytes)?;
        };
        let mut body = bytes.split_off(end + 4);
        let head = std::str::from_utf8(bytes.get(..end).unwrap_or_default())?;
        let mut lines = head.split("\r\n");
        let status =
            lines.next().and_then(|line| line.split(' ').nth(1)).context("no status line")?.parse()?;
        let headers: Vec<_> = lines.filter_map(|line| line.split_once(':')).collect();
        let header = |name: &str| {
            headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
        };
        let location = header("location").map(path_of).map(str::to_owned);
        let closes = header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        match header("content-length").map(str::parse::<usize>).transpose()? {
            Some(length) => {
                while body.len() < length {
                    self.read_more(&mut body)?;
                }
            }
            None if header("transfer-encoding").is_some() => bail!("an answer in chunks"),
            None => ensure!(status == 204 || body.is_empty(), "an answer of unknown length"),
        }
        if closes {
            self.stream = connect(self.addr)?;
        }
        Ok(Answer { status, location, body })
    }

    fn read_more(&mut self, into: &mut Vec<u8>) -> Result<()> {
        let read = self.stream.read(&mut self.buffer)?;
        ensure!(read > 0, "the connection was closed");
        into.extend_from_slice(self.buffer.get(..read).unwrap_or_default());
        Ok(())
    }
}

impl Answer {
    /// Checks the status.
    pub(crate) fn expect(self, statuses: &[u16]) -> Result<Self> {
        ensure!(
            statuses.contains(&self.status),
            "{} instead of {statuses:?}: {}",
            self.status,
            String::from_utf8_lossy(&self.body)
        );
        Ok(self)
    }
}

fn connect(addr: SocketAddr) -> Result<TcpStream> {
    let stream = TcpStream::connect(addr).with_context(|| format!("connecting to {addr}"))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(ANSWER_WITHIN))?;
    stream.set_write_timeout(Some(ANSWER_WITHIN))?;
    Ok(stream)
}

/// The path of an address that may be absolute.
fn path_of(location: &str) -> &str {
    let Some((_, rest)) = location.split_once("://") else { return location };
    rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/")
}

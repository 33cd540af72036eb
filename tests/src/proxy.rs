//! A TCP proxy that breaks what networks break, between one client and the server, exactly once for each [`Fault`].
//!
//! It knows just enough of HTTP/1.1 to aim: no client here pipelines, so the first bytes after an answer (or at the
//! start) begin a request, and their first word is its method. Everything else passes untouched.
//!
//! What can go wrong: a fault that never strikes would make a test pass for nothing, so a test asserts on
//! [`CuttingProxy::struck`].

use std::{
    collections::VecDeque,
    io::{ErrorKind, Read, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result};

/// Passed at once, in bytes.
const AT_ONCE: usize = 16 * 1024;

/// Between two parts of a slow request: 80 kB/s, a network of the second generation at its best.
const SLOW_PAUSE: Duration = Duration::from_millis(200);

/// One thing that goes wrong, once, with the next request of that method.
#[derive(Debug, Clone)]
pub enum Fault {
    /// The connection breaks when `bytes` of the request, head and body, have passed.
    CutRequest {
        /// Which request.
        method: &'static str,
        /// How far it comes.
        bytes: u64,
    },
    /// As [`Fault::CutRequest`], but both sides are told by a reset: what was under way is lost to the reader too.
    Reset {
        /// Which request.
        method: &'static str,
        /// How far it comes.
        bytes: u64,
    },
    /// The request passes in small parts with pauses between them.
    Slow {
        /// Which request.
        method: &'static str,
    },
    /// The request reaches the server whole; the connection breaks when the answer comes.
    LoseResponse {
        /// Which request.
        method: &'static str,
    },
    /// As [`Fault::CutRequest`], and no new connection passes until [`CuttingProxy::reconnect`].
    Disconnect {
        /// Which request.
        method: &'static str,
        /// How far it comes.
        bytes: u64,
    },
}

/// A running proxy; it stops listening when it is dropped.
pub struct CuttingProxy {
    addr: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    /// Where the server listens now: a restarted one has another port.
    target: Mutex<SocketAddr>,
    faults: Mutex<VecDeque<Fault>>,
    struck: AtomicUsize,
    offline: AtomicBool,
    closed: AtomicBool,
}

/// What both directions of one connection know.
#[derive(Default)]
struct Exchange {
    method: String,
    /// Bytes of the current request that have passed.
    request_bytes: u64,
    answering: bool,
    slow: bool,
}

/// What becomes of some bytes.
enum Passing {
    All,
    /// All, after a pause.
    Later,
    /// So many, then the connection ends.
    Cut(usize),
    /// So many, then it is reset.
    Reset(usize),
}

impl CuttingProxy {
    /// Listens on a free port of the loopback and passes everything on to `target`.
    pub fn start(target: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("a port for the proxy")?;
        let addr = listener.local_addr()?;
        let shared = Arc::new(Shared {
            target: Mutex::new(target),
            faults: Mutex::default(),
            struck: AtomicUsize::new(0),
            offline: AtomicBool::new(false),
            closed: AtomicBool::new(false),
        });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || accepting.accept(&listener));
        Ok(Self { addr, shared })
    }

    /// Where clients connect.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Where clients connect, as an address of the web.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Passes new connections on to another address.
    pub fn retarget(&self, target: SocketAddr) {
        *lock(&self.shared.target) = target;
    }

    /// Adds a fault; faults strike in the order given, each once.
    pub fn arm(&self, fault: Fault) {
        lock(&self.shared.faults).push_back(fault);
    }

    /// How many faults have struck.
    pub fn struck(&self) -> usize {
        self.shared.struck.load(Ordering::SeqCst)
    }

    /// Lets connections pass again after [`Fault::Disconnect`].
    pub fn reconnect(&self) {
        self.shared.offline.store(false, Ordering::SeqCst);
    }
}

impl Drop for CuttingProxy {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::SeqCst);
        // Wakes the listener so that it sees that it is closed.
        let _ = TcpStream::connect(self.addr);
    }
}

impl Shared {
    fn accept(self: &Arc<Self>, listener: &TcpListener) {
        for client in listener.incoming() {
            if self.closed.load(Ordering::SeqCst) {
                return;
            }
            let Ok(client) = client else { continue };
            if self.offline.load(Ordering::SeqCst) {
                continue;
            }
            let target = *lock(&self.target);
            // A server that is down looks to the client like a connection that closes at once.
            let Ok(server) = TcpStream::connect(target) else { continue };
            let shared = Arc::clone(self);
            thread::spawn(move || shared.relay(&client, &server));
        }
    }

    /// Passes bytes both ways until one side closes or a fault strikes.
    fn relay(&self, client: &TcpStream, server: &TcpStream) {
        let exchange = Mutex::new(Exchange::default());
        thread::scope(|scope| {
            scope.spawn(|| {
                pump(client, server, |bytes| self.passing_request(&exchange, bytes));
            });
            pump(server, client, |bytes| self.passing_answer(&exchange, bytes));
        });
    }

    /// What becomes of these bytes from the client.
    fn passing_request(&self, exchange: &Mutex<Exchange>, bytes: &[u8]) -> Passing {
        // A client keeps connections open between requests: offline, these are dead too.
        if self.offline.load(Ordering::SeqCst) {
            return Passing::Cut(0);
        }
        let mut exchange = lock(exchange);
        if exchange.answering || exchange.method.is_empty() {
            let method: Vec<u8> = bytes.iter().copied().take_while(u8::is_ascii_uppercase).collect();
            *exchange =
                Exchange { method: String::from_utf8_lossy(&method).into_owned(), ..Exchange::default() };
        }
        let before = exchange.request_bytes;
        let after = before + bytes.len() as u64;
        exchange.request_bytes = after;
        let untouched = if exchange.slow { Passing::Later } else { Passing::All };
        let mut faults = lock(&self.faults);
        let (method, struck_at) = match faults.front() {
            Some(Fault::Slow { method }) => (*method, 0),
            Some(
                Fault::CutRequest { method, bytes }
                | Fault::Disconnect { method, bytes }
                | Fault::Reset { method, bytes },
            ) => (*method, *bytes),
            Some(Fault::LoseResponse { .. }) | None => return untouched,
        };
        if method != exchange.method || after < struck_at {
            return untouched;
        }
        let fault = faults.pop_front();
        self.struck.fetch_add(1, Ordering::SeqCst);
        let passing = usize::try_from(struck_at.saturating_sub(before))
            .unwrap_or(usize::MAX)
            .min(bytes.len().saturating_sub(1));
        match fault {
            Some(Fault::Slow { .. }) => {
                exchange.slow = true;
                Passing::Later
            }
            Some(Fault::Reset { .. }) => Passing::Reset(passing),
            fault => {
                let offline = matches!(fault, Some(Fault::Disconnect { .. }));
                self.offline.store(offline, Ordering::SeqCst);
                Passing::Cut(passing)
            }
        }
    }

    /// The same for bytes from the server.
    fn passing_answer(&self, exchange: &Mutex<Exchange>, bytes: &[u8]) -> Passing {
        // Told to send the body, the client is still in its request.
        if bytes == b"HTTP/1.1 100 Continue\r\n\r\n" {
            return Passing::All;
        }
        let mut exchange = lock(exchange);
        exchange.answering = true;
        let mut faults = lock(&self.faults);
        match faults.front() {
            Some(Fault::LoseResponse { method }) if *method == exchange.method => {
                faults.pop_front();
                self.struck.fetch_add(1, Ordering::SeqCst);
                Passing::Cut(0)
            }
            _ => Passing::All,
        }
    }
}

/// Passes bytes one way. `passing` says what becomes of those just read.
fn pump(mut from: &TcpStream, mut to: &TcpStream, passing: impl Fn(&[u8]) -> Passing) {
    let mut buffer = [0; AT_ONCE];
    loop {
        let bytes = match from.read(&mut buffer) {
            Ok(0) => {
                // A half-closed connection is passed on as such.
                let _ = to.shutdown(Shutdown::Write);
                return;
            }
            Ok(count) => buffer.get(..count).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(_) => break,
        };
        let passing = passing(bytes);
        let count = match passing {
            Passing::All => bytes.len(),
            Passing::Later => {
                thread::sleep(SLOW_PAUSE);
                bytes.len()
            }
            Passing::Cut(count) | Passing::Reset(count) => count,
        };
        let written = to.write_all(bytes.get(..count).unwrap_or(bytes));
        if let Passing::Reset(_) = passing {
            // Linux ends a connection that is told to have no peer with a reset, whoever is reading from it.
            let _ = rustix::net::connect_unspec(from);
            let _ = rustix::net::connect_unspec(to);
        }
        if written.is_err() || !matches!(passing, Passing::All | Passing::Later) {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}

/// A panic elsewhere leaves nothing half-done in what these locks guard.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reset_reaches_both_sides_as_one() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let proxy = CuttingProxy::start(listener.local_addr().unwrap()).unwrap();
        proxy.arm(Fault::Reset { method: "PATCH", bytes: 20 });
        let mut client = TcpStream::connect(proxy.addr()).unwrap();
        let (mut server, _) = listener.accept().unwrap();
        client.write_all(b"PATCH / HTTP/1.1\r\n\r\n and a body").unwrap();
        for side in [&mut client, &mut server] {
            let error = side.read_to_end(&mut Vec::new()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        }
        assert_eq!(proxy.struck(), 1);
    }
}

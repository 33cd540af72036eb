//! Clients that hold a connection and do nothing with it: silent from the beginning, silent in the middle of a header, and
//! bodies that come a byte at a time. All are closed by their deadline, and meanwhile others are served.
//!
//! The deadlines are the real ones (fifteen seconds each); `server/tests/porte.rs` tries the others, made short.

use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use harness::{Facts, Household, Server, rounds, sample};
use rustix::{
    net::{AddressFamily, SocketType, bind, connect, socket},
    process::{Resource, Rlimit, getrlimit, setrlimit},
};

const PHOTO: Facts<'_> =
    Facts { rubrique: "motif", type_piece: "photos_logement", personne: None, nom: "photo.jpg" };

/// Of each kind, in passing.
const CLIENTS: u32 = 100;

/// Files that a test or a server has open beside its connections.
const OTHER_FILES: u64 = 200;

/// Far beyond any deadline: a connection that is open for so long is for ever.
const FOR_EVER: Duration = Duration::from_mins(1);

/// Between two bytes of a dribbling body.
const DRIBBLE: Duration = Duration::from_millis(500);

#[test]
fn lents_are_closed_while_others_are_served() -> Result<()> {
    let clients = rounds()?.unwrap_or(CLIENTS);
    allow_files(3 * u64::from(clients) + OTHER_FILES)?;
    let server = Server::start()?;
    let addr = server.addr()?;
    let phone = Household::import(&server, 1)?.sign_in(addr)?;
    // Each kind from an address of its own: the server counts them, and has a limit for each.
    let kind = |from: u8, said: &str| -> Result<Vec<TcpStream>> {
        (0..clients).map(|_| begin(Ipv4Addr::new(127, 0, 0, from), addr, said)).collect()
    };
    let began = Instant::now();
    let silent = kind(2, "")?;
    let half = kind(3, "GET /healthz HTTP/1.1\r\nHost: ess")?;
    let body = "POST /api/v1/session HTTP/1.1\r\nHost: e\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n{";
    let dribbling = kind(4, body)?;
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::SeqCst) {
                for mut connection in &dribbling {
                    // The server may have closed it.
                    let _ = connection.write(b" ");
                }
                thread::sleep(DRIBBLE);
            }
        });
        let outcome = (|| {
            phone.deposit(&PHOTO, &std::fs::read(sample("A_12.jpg"))?)?;
            ensure!(phone.list()?.len() == 1, "the others are not served");
            for (what, connections) in [("silent", &silent), ("half", &half), ("dribbling", &dribbling)] {
                for mut connection in connections {
                    let ended = connection.read_to_end(&mut Vec::new());
                    // A reset is an end too.
                    let waited = ended.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock);
                    ensure!(!waited, "a {what} client is still there after {} s", began.elapsed().as_secs());
                }
            }
            Ok(())
        })();
        done.store(true, Ordering::SeqCst);
        outcome
    })?;
    println!("3 × {clients} slow clients, the last closed after {} s", began.elapsed().as_secs());
    phone.get("/healthz")?.expect(200)?;
    Ok(())
}

/// Opens a connection from that address of the loopback, and sends the beginning of something.
fn begin(from: Ipv4Addr, to: SocketAddr, said: &str) -> Result<TcpStream> {
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None)?;
    bind(&socket, &SocketAddr::from((from, 0)))?;
    connect(&socket, &to)?;
    let mut connection = TcpStream::from(socket);
    connection.set_read_timeout(Some(FOR_EVER))?;
    connection.write_all(said.as_bytes())?;
    Ok(connection)
}

/// Lets this process, and the server that it starts, have so many files open.
fn allow_files(count: u64) -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|current| current < count) {
        let more = Rlimit { current: Some(count), maximum: limit.maximum };
        setrlimit(Resource::Nofile, more).with_context(|| format!("{count} open files are not allowed"))?;
    }
    Ok(())
}

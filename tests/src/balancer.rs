//! What stands before several servers: each connection goes to the next of them, and past one that is not there.

use std::{
    io::copy,
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use anyhow::{Context as _, Result};

/// A running balancer; it stops listening when it is dropped.
pub struct Balancer {
    addr: SocketAddr,
    closed: Arc<AtomicBool>,
}

impl Balancer {
    /// Listens on a free port of the loopback.
    pub fn start(targets: Vec<SocketAddr>) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("a port for the balancer")?;
        let (addr, closed) = (listener.local_addr()?, Arc::new(AtomicBool::new(false)));
        let ending = Arc::clone(&closed);
        thread::spawn(move || {
            for (turn, client) in listener.incoming().enumerate() {
                if ending.load(Ordering::SeqCst) {
                    return;
                }
                let count = targets.len();
                let mut next = targets.iter().cycle().skip(turn % count.max(1)).take(count);
                let server = next.find_map(|target| TcpStream::connect(target).ok());
                if let Some((client, server)) = client.ok().zip(server) {
                    thread::spawn(move || relay(&client, &server));
                }
            }
        });
        Ok(Self { addr, closed })
    }

    /// Where clients connect.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::SeqCst);
        // Wakes the listener so that it sees that it is closed.
        let _ = TcpStream::connect(self.addr);
    }
}

/// Passes bytes both ways. When one side is gone, so is the other.
fn relay(client: &TcpStream, server: &TcpStream) {
    let pass = |mut from: &TcpStream, mut to: &TcpStream, how| {
        let _ = copy(&mut from, &mut to);
        let _ = to.shutdown(how);
    };
    thread::scope(|scope| {
        scope.spawn(|| pass(client, server, Shutdown::Write));
        pass(server, client, Shutdown::Both);
    });
}

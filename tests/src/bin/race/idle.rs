//! Connections on which nothing is said.

use std::{
    io::{ErrorKind, Read as _},
    net::{Ipv4Addr, SocketAddr, TcpStream},
};

use anyhow::Result;
use rustix::net::{AddressFamily, SocketType, bind, connect, socket};

/// Where they come from: another address than the active ones, as forgotten telephones would. Ours counts connections by
/// address.
const FROM: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2)), 0);

/// Silent connections, closed when dropped.
pub(crate) struct Idle(Vec<TcpStream>);

impl Idle {
    pub(crate) fn open(addr: SocketAddr, count: usize) -> Result<Self> {
        let mut all = Vec::with_capacity(count);
        for _ in 0..count {
            let socket = socket(AddressFamily::INET, SocketType::STREAM, None)?;
            bind(&socket, &FROM)?;
            connect(&socket, &addr)?;
            let stream = TcpStream::from(socket);
            stream.set_nonblocking(true)?;
            all.push(stream);
        }
        Ok(Self(all))
    }

    /// How many the server has not closed.
    pub(crate) fn alive(&mut self) -> usize {
        let mut byte = [0];
        let open = |stream: &mut TcpStream| {
            stream.read(&mut byte).is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
        };
        self.0.iter_mut().map(open).filter(|open| *open).count()
    }
}

//! The whole of "Ma Demande", tried through its public doors: the server's binary, the command line `ma-demande`, and
//! TCP in between. Nothing here links the server or the client.
//!
//! A test reads in this order: a [`Server`] is started on a folder of its own with an invented [`Household`]; a
//! [`Phone`] (the command line) or [`Tus`] (the bare protocol) deposits through a [`CuttingProxy`], which breaks what
//! networks break; and what the server then says is compared with what was sent. [`inputs`] makes the files that no
//! one should send.
//!
//! What can go wrong in the harness itself: the binaries are missing or older than the sources (`cargo xtask test`
//! builds them first), or a server does not come up; both end with a sentence and the end of the server's log.

mod balancer;
mod binaries;
mod disk;
mod household;
mod http;
pub mod inputs;
mod machine;
mod phone;
mod proxy;
mod random;
mod rounds;
mod server;
mod strace;
mod tus;

pub use balancer::Balancer;
pub use binaries::binary;
pub use disk::{Disk, on_small_disk};
pub use household::{Counter, Household};
pub use http::{Request, Response};
pub use machine::{Machine, Mode};
pub use phone::{Outcome, Phone};
pub use proxy::{CuttingProxy, Fault};
pub use random::Random;
pub use rounds::rounds;
pub use server::{Server, wait_until};
pub use strace::{Call, Strace};
pub use tus::{Facts, Tus, location, offset, sha256};

use std::path::PathBuf;

/// The folder of the sample photos and PDF, made for this project.
pub fn sample(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("samples").join(name)
}

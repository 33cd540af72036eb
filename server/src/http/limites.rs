//! How long and how much a client may take of the line itself. What phone and server must agree on stands in
//! [`wire::limites`].

use std::time::Duration;

/// Connections served at once. Each costs two buffers and a descriptor; beyond it newcomers wait in the kernel's
/// queue until a deadline frees a place.
pub const CONNECTIONS_MAX: usize = 4_096;

/// Connections of one address at once, or of one IPv6 network of 64 bits: a quarter of all. Carriers let up to a thousand
/// telephones share an IPv4 address, and even if every second one of those were sending a document, they would fit.
pub const CONNECTIONS_PER_ADDRESS_MAX: usize = 1_024;

/// Longest request line and headers together, in bytes: four times the longest `Upload-Metadata`.
pub const HEADERS_BYTES_MAX: usize = 16 * 1024;

/// Most headers of one request. A browser behind a proxy sends about thirty.
pub const HEADERS_COUNT_MAX: usize = 64;

/// Largest buffer of one connection, in bytes: what is read of a body at once.
pub const CONNECTION_BUFFER_BYTES_MAX: usize = 64 * 1024;

/// Most bytes read and dropped after an early answer, so that the client reads it instead of a reset connection.
pub const LINGER_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// The deadlines of a connection. Only tests choose others than these.
#[derive(Debug, Clone, Copy)]
pub struct Delais {
    /// From the first moment of a connection, or from the last answer, to the end of the next request's headers.
    pub headers: Duration,
    /// For the TLS handshake.
    pub handshake: Duration,
    /// Between two parts of a body.
    pub frame: Duration,
    /// For a whole JSON body.
    pub json: Duration,
    /// For one PATCH. What has arrived by then is kept and the client goes on with another one.
    pub append: Duration,
    /// Without the client taking a byte of an answer.
    pub write: Duration,
    /// How long bytes are dropped after an early answer.
    pub linger: Duration,
    /// From the order to stop until running requests are cut.
    pub stop: Duration,
}

impl Default for Delais {
    fn default() -> Self {
        Self {
            // A slow phone sends its headers in one packet; a minute of silence is a forgotten connection.
            headers: Duration::from_secs(15),
            handshake: Duration::from_secs(10),
            // Mobile networks pause for some seconds when they change cells.
            frame: Duration::from_secs(30),
            json: Duration::from_secs(15),
            // 50 MB at 400 kbit/s take 17 minutes: two requests.
            append: Duration::from_mins(15),
            write: Duration::from_secs(30),
            linger: Duration::from_secs(2),
            // With what follows (syncing what was received) the whole stop stays under 10 s.
            stop: Duration::from_secs(7),
        }
    }
}

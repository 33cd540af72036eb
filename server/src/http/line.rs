//! A connection's bytes, watched: a client that takes nothing of its answer for too long is let go. hyper has no
//! such deadline of its own, and a reader that stops reading would otherwise keep its place for ever.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf},
    time::{Sleep, sleep, timeout},
};

use super::limites::LINGER_BYTES_MAX;

/// A stream whose writes must go on.
pub(super) struct Line<T> {
    stream: T,
    allowed: Duration,
    /// Runs while a write waits for the client.
    deadline: Option<Pin<Box<Sleep>>>,
}

impl<T: AsyncRead + AsyncWrite + Unpin> Line<T> {
    /// Watches a stream: a write may wait for `allowed`.
    pub(super) fn new(stream: T, allowed: Duration) -> Self {
        Self { stream, allowed, deadline: None }
    }

    /// Ends a connection so that the client gets to read what was answered: says that nothing more will come, then
    /// drops what still arrives. Closing at once would reset the connection under an upload that was refused early,
    /// and the client would see « connection reset » instead of the reason.
    pub(super) async fn close(mut self, linger: Duration) {
        let drain = async {
            self.stream.shutdown().await?;
            let mut buffer = vec![0; 16 * 1024];
            let mut dropped: u64 = 0;
            while dropped < LINGER_BYTES_MAX {
                match self.stream.read(&mut buffer).await? {
                    0 => break,
                    n => dropped += u64::try_from(n).unwrap_or(u64::MAX),
                }
            }
            io::Result::Ok(())
        };
        // The client may be gone already, or never stop: either way the connection ends here.
        let _ = timeout(linger, drain).await;
    }

    /// Passes a write's outcome on, or ends a wait that has lasted too long.
    fn watch<O>(&mut self, cx: &mut Context<'_>, outcome: Poll<io::Result<O>>) -> Poll<io::Result<O>> {
        if outcome.is_ready() {
            self.deadline = None;
            return outcome;
        }
        let allowed = self.allowed;
        let deadline = self.deadline.get_or_insert_with(|| Box::pin(sleep(allowed)));
        if deadline.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Poll::Pending
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Line<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Line<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.watch(cx, outcome)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_flush(cx);
        self.watch(cx, outcome)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.watch(cx, outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(cx, buffers);
        self.watch(cx, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

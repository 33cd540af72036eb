//! From the line to the disk: the task that receives gathers buffers and hashes them, while a thread enciphers and writes those
//! that were gathered before.
//!
//! A thread is taken only while there is something to write, so a slow line holds none; and it takes over all that has been
//! gathered, so on a fast line the waking of a thread, which costs more than writing a buffer, is shared by several.
//!
//! What can go wrong: bytes cannot be written, or are of no type of ours. Then none that came after them are, either, and the
//! failure is told at the end; the sum then counts bytes that the file lacks, and nobody asks for it.

use sha2::{Digest as _, Sha256};
use tokio::task::JoinHandle;
use wire::ProblemCode;

use super::writing::{WriteError, Writing};
use crate::{http::problem::Refus, service::Service};

/// Bytes gathered before they are written, so that small packets do not each cost a system call.
const BUFFER_BYTES: usize = 64 * 1024;

/// Bytes gathered until the line has to wait for those being written. An upload holds twice as many in memory at most.
const GATHERED_BYTES_MAX: usize = 2 * BUFFER_BYTES;

/// An upload at rest: its file, and the sum of all the bytes in it.
pub(super) struct Arrived {
    pub(super) writing: Writing,
    pub(super) sum: Sha256,
}

impl Arrived {
    /// The digest of every byte.
    pub(super) fn digest(&self) -> wire::Sha256 {
        wire::Sha256(self.sum.clone().finalize().into())
    }
}

/// An upload that bytes are being added to.
pub(super) struct Writer {
    state: State,
    sum: Sha256,
    /// Full ones, but for the last.
    gathered: Vec<Vec<u8>>,
    gathered_bytes: usize,
    failure: Option<WriteError>,
}

enum State {
    AtRest(Box<Writing>),
    AtWork(JoinHandle<Written>),
    /// A thread has panicked with it.
    Gone,
}

type Written = (Box<Writing>, Result<(), WriteError>);

impl Writer {
    pub(super) fn new(arrived: Arrived) -> Self {
        Self {
            state: State::AtRest(Box::new(arrived.writing)),
            sum: arrived.sum,
            gathered: Vec::new(),
            gathered_bytes: 0,
            failure: None,
        }
    }

    /// Whether more can be taken in now.
    pub(super) fn has_room(&self) -> bool {
        self.gathered_bytes < GATHERED_BYTES_MAX
    }

    /// Whether there is a buffer to write, and nobody is at work.
    pub(super) fn is_due(&self) -> bool {
        self.gathered_bytes >= BUFFER_BYTES && matches!(self.state, State::AtRest(_))
    }

    /// Why bytes could not be written.
    pub(super) fn failure(&self) -> Option<&WriteError> {
        self.failure.as_ref()
    }

    /// Takes bytes in. After a failure they are dropped.
    pub(super) fn add(&mut self, mut bytes: &[u8]) {
        if self.failure.is_some() {
            return;
        }
        self.sum.update(bytes);
        self.gathered_bytes += bytes.len();
        while !bytes.is_empty() {
            let room = self.gathered.last().map_or(0, |last| BUFFER_BYTES - last.len());
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            match self.gathered.last_mut().filter(|_| room > 0) {
                Some(last) => last.extend_from_slice(now),
                None => self.gathered.push(Vec::with_capacity(BUFFER_BYTES)),
            }
            bytes = later;
        }
        if !self.has_room() {
            self.hand_over();
        }
    }

    /// Gives all that was gathered to a thread, unless one is at work.
    pub(super) fn hand_over(&mut self) {
        self.state = match std::mem::replace(&mut self.state, State::Gone) {
            State::AtRest(mut writing) => {
                let buffers = std::mem::take(&mut self.gathered);
                self.gathered_bytes = 0;
                State::AtWork(tokio::task::spawn_blocking(move || {
                    let written = buffers.into_iter().try_for_each(|buffer| writing.append(&buffer));
                    (writing, written)
                }))
            }
            busy => busy,
        };
    }

    /// Resolves when a thread has written what it was given; never, where none is at work. Asked again, it goes on waiting.
    pub(super) async fn written(&mut self) -> Result<(), Refus> {
        let State::AtWork(thread) = &mut self.state else { return std::future::pending().await };
        let joined = thread.await;
        self.state = State::Gone;
        let (writing, written) = joined.map_err(Service::panicked)?;
        self.state = State::AtRest(writing);
        if let Err(failure) = written {
            self.failure = Some(failure);
            self.gathered.clear();
            self.gathered_bytes = 0;
        }
        if !self.has_room() {
            self.hand_over();
        }
        Ok(())
    }

    /// Writes all that was taken in. With the file comes the failure, if there was one: then not all is in it.
    pub(super) async fn finish(mut self) -> Result<(Arrived, Option<WriteError>), Refus> {
        loop {
            match self.state {
                State::AtRest(writing) if self.gathered.is_empty() => {
                    return Ok((Arrived { writing: *writing, sum: self.sum }, self.failure));
                }
                State::AtRest(_) => self.hand_over(),
                State::AtWork(_) => self.written().await?,
                State::Gone => return Err(ProblemCode::ErreurInterne.into()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use wire::UploadId;

    use super::*;
    use crate::coffre::{BlobId, Coffre, essai::Lieu};

    const UPLOAD: UploadId = UploadId(uuid::Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0200));

    fn opened(length: usize) -> (tempfile::TempDir, Coffre, Writer) {
        let root = tempfile::tempdir().unwrap();
        let coffre = Lieu::new(root.path()).open(None).unwrap();
        let arrived = Writing::open(&coffre, UPLOAD, 0, length as u64, None).unwrap();
        (root, coffre, Writer::new(arrived))
    }

    /// A PDF's mark, and bytes that tell where they belong.
    fn document(length: usize) -> Vec<u8> {
        let numbers = (0_u32..).flat_map(u32::to_be_bytes);
        b"%PDF-1.7 ".iter().copied().chain(numbers).take(length).collect()
    }

    #[tokio::test]
    async fn bytes_of_any_parts_are_in_the_file_in_their_order() {
        let document = document(GATHERED_BYTES_MAX * 3 + BUFFER_BYTES + 17);
        for part in [1_400, BUFFER_BYTES - 1, BUFFER_BYTES, GATHERED_BYTES_MAX, document.len()] {
            let (_root, coffre, mut writer) = opened(document.len());
            for bytes in document.chunks(part) {
                while !writer.has_room() {
                    writer.written().await.unwrap();
                }
                writer.add(bytes);
                if writer.is_due() {
                    writer.hand_over();
                }
            }
            let (arrived, failure) = writer.finish().await.unwrap();
            assert!(failure.is_none());
            assert_eq!(arrived.digest().0, <[u8; 32]>::from(Sha256::digest(&document)));
            let (mut copy, mut read) = (tempfile::tempfile().unwrap(), Vec::new());
            let blob: BlobId = arrived.writing.seal(&coffre).unwrap();
            coffre.copy_blob_to(blob, None, &mut copy).unwrap();
            std::io::Seek::rewind(&mut copy).unwrap();
            std::io::Read::read_to_end(&mut copy, &mut read).unwrap();
            assert!(read == document, "parts of {part}");
        }
    }

    #[tokio::test]
    async fn after_a_failure_nothing_more_is_taken_in() {
        let (_root, _coffre, mut writer) = opened(GATHERED_BYTES_MAX * 8);
        let unknown = vec![0; GATHERED_BYTES_MAX];
        writer.add(&unknown);
        writer.add(&unknown);
        assert!(!writer.has_room(), "the line waits");
        while writer.failure().is_none() {
            writer.written().await.unwrap();
        }
        writer.add(&unknown);
        assert!(writer.has_room(), "it is dropped");
        let (arrived, failure) = writer.finish().await.unwrap();
        assert!(matches!(failure, Some(WriteError::Type(_))));
        assert_eq!(arrived.writing.offset(), 0);
    }
}

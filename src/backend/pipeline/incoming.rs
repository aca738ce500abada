//! The frame of a server's that has not arrived whole.

use tidegate_wire::resp::ReplyScanner;
use tidegate_wire::resp::reply::{ReplyError, ReplyStep};

/// Finds the ends of a server's frames, and collects those that are needed in one piece.
#[derive(Debug, Default)]
pub(super) struct Incoming {
    scanner: ReplyScanner,
    /// The frame that is being collected.
    whole: Vec<u8>,
}

impl Incoming {
    /// Whether a part of a frame has arrived.
    pub(super) fn has_begun(&self) -> bool {
        !self.scanner.at_start() || !self.whole.is_empty()
    }

    /// Whether the next byte begins a frame.
    #[inline]
    pub(super) fn at_start(&self) -> bool {
        self.scanner.at_start()
    }

    /// Goes on to the end of the frame, or of `bytes`.
    #[inline]
    pub(super) fn advance(&mut self, bytes: &[u8]) -> Result<ReplyStep, ReplyError> {
        self.scanner.advance(bytes)
    }

    /// Keeps the bytes of a frame that has not arrived whole.
    pub(super) fn keep(&mut self, bytes: &[u8]) {
        self.whole.extend_from_slice(bytes);
    }

    /// The bytes that were kept, for as long as it takes to look at them.
    pub(super) fn take_kept(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.whole)
    }

    /// Gives the buffer of kept bytes back.
    pub(super) fn give_back(&mut self, mut kept: Vec<u8>) {
        kept.clear();
        self.whole = kept;
    }

    /// Collects the bytes of one frame. Returns how many there were, and the frame if it is whole.
    pub(super) fn collect(&mut self, bytes: &[u8]) -> Result<(usize, Option<Vec<u8>>), ReplyError> {
        let step = self.scanner.advance(bytes)?;
        self.whole.extend_from_slice(&bytes[..step.consumed]);
        let frame = step.complete.then(|| std::mem::take(&mut self.whole));
        Ok((step.consumed, frame))
    }

    /// Drops the bytes of one push, and returns how many there were.
    ///
    /// # Errors
    /// The frame is no push: on a shared connection each other frame answers a request.
    pub(super) fn drop_push(&mut self, bytes: &[u8]) -> Result<usize, ReplyError> {
        if self.scanner.at_start() && bytes[0] != b'>' {
            return Err(ReplyError::Type(bytes[0]));
        }
        Ok(self.scanner.advance(bytes)?.consumed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_collected_from_its_parts() {
        let mut incoming = Incoming::default();
        assert_eq!(incoming.collect(b"$5\r\nab"), Ok((6, None)));
        assert!(incoming.has_begun());
        assert_eq!(incoming.collect(b"cde\r\n+OK\r\n"), Ok((5, Some(b"$5\r\nabcde\r\n".to_vec()))));
        assert!(!incoming.has_begun());
    }

    #[test]
    fn only_a_push_may_come_without_a_request() {
        let mut incoming = Incoming::default();
        assert_eq!(incoming.drop_push(b">1\r\n$1\r\nx"), Ok(9));
        assert!(incoming.has_begun());
        assert_eq!(incoming.drop_push(b"\r\n"), Ok(2), "the rest of it");
        assert!(!incoming.has_begun());
        assert_eq!(incoming.drop_push(b"+OK\r\n"), Err(ReplyError::Type(b'+')));
    }
}

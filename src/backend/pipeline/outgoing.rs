//! The bytes of a connection's requests.

/// The answered bytes at the front, above which the rest is moved to the front.
const COMPACT_ABOVE: usize = 64 * 1024;
/// The capacity above which an empty buffer is freed.
const KEEP: usize = 1024 * 1024;

/// The requests whose replies have not arrived, in the order in which they are sent.
///
/// They are kept until then, so that a request can be handed back if the server refuses it or the
/// connection ends. Places are counted from the first unanswered byte. Invariant:
/// `answered <= sent <= bytes.len()`.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    bytes: Vec<u8>,
    answered: usize,
    sent: usize,
}

impl Outgoing {
    /// Appends requests.
    pub(super) fn push(&mut self, requests: &[u8]) {
        if self.answered > COMPACT_ABOVE && self.answered > self.bytes.len() / 2 {
            self.bytes.drain(..self.answered);
            self.sent -= self.answered;
            self.answered = 0;
        }
        self.bytes.extend_from_slice(requests);
    }

    /// Appends a request; without a copy where no other one waits.
    pub(super) fn push_large(&mut self, request: Vec<u8>) {
        if self.bytes.is_empty() {
            self.bytes = request;
        } else {
            self.push(&request);
        }
    }

    /// The bytes that are not sent.
    pub(super) fn unsent(&self) -> &[u8] {
        &self.bytes[self.sent..]
    }

    /// The next `count` bytes are sent.
    pub(super) fn advance_sent(&mut self, count: usize) {
        self.sent += count;
    }

    /// Whether no byte from the place `at` on is sent.
    pub(super) fn is_unsent(&self, at: usize) -> bool {
        self.answered + at >= self.sent
    }

    /// The number of unanswered bytes.
    pub(super) fn len(&self) -> usize {
        self.bytes.len() - self.answered
    }

    /// The `len` bytes from the place `at` on.
    pub(super) fn get(&self, at: usize, len: usize) -> &[u8] {
        &self.bytes[self.answered + at..][..len]
    }

    /// The first `count` bytes are answered.
    pub(super) fn answer(&mut self, count: usize) {
        self.answered += count;
        if self.answered == self.bytes.len() {
            (self.answered, self.sent) = (0, 0);
            if self.bytes.capacity() > KEEP {
                self.bytes = Vec::new();
            } else {
                self.bytes.clear();
            }
        }
    }

    /// All sent bytes are answered.
    pub(super) fn answer_sent(&mut self) {
        self.answer(self.sent - self.answered);
    }

    /// Drops all bytes.
    pub(super) fn clear(&mut self) {
        self.answer(self.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_unsent_then_unanswered_then_gone() {
        let mut outgoing = Outgoing::default();
        outgoing.push(b"abc");
        outgoing.push(b"defg");
        assert_eq!((outgoing.unsent(), outgoing.len()), (&b"abcdefg"[..], 7));
        outgoing.advance_sent(5);
        assert_eq!((outgoing.unsent(), outgoing.len()), (&b"fg"[..], 7));
        assert!(!outgoing.is_unsent(4) && outgoing.is_unsent(5));
        outgoing.answer(3);
        assert_eq!((outgoing.get(0, 4), outgoing.len()), (&b"defg"[..], 4));
        assert!(!outgoing.is_unsent(1) && outgoing.is_unsent(2));
        outgoing.answer_sent();
        assert_eq!((outgoing.unsent(), outgoing.get(0, 2)), (&b"fg"[..], &b"fg"[..]));
        outgoing.clear();
        assert_eq!((outgoing.unsent(), outgoing.len()), (&b""[..], 0));
    }

    #[test]
    fn a_large_request_is_not_copied_into_an_empty_buffer() {
        let mut outgoing = Outgoing::default();
        let request = vec![b'x'; 100];
        let at = request.as_ptr();
        outgoing.push_large(request);
        assert_eq!(outgoing.unsent().as_ptr(), at);
        outgoing.push_large(vec![b'y'; 3]);
        assert_eq!(outgoing.unsent().len(), 103);
        assert!(outgoing.unsent().ends_with(b"xyyy"));
    }

    #[test]
    fn memory_is_bounded_by_what_is_unanswered() {
        let mut outgoing = Outgoing::default();
        for n in 0..20_000_u32 {
            // Always one more is unanswered, so the buffer is never empty.
            outgoing.push(&[n.to_le_bytes()[0]; 100]);
            outgoing.advance_sent(100);
            if n > 0 {
                outgoing.answer(100);
            }
            assert_eq!(outgoing.get(0, 100), [n.to_le_bytes()[0]; 100]);
        }
        assert!(outgoing.bytes.capacity() < 4 * COMPACT_ABOVE, "{}", outgoing.bytes.capacity());
        outgoing.push(&vec![0; 2 * KEEP]);
        outgoing.clear();
        assert_eq!(outgoing.bytes.capacity(), 0, "freed");
    }
}

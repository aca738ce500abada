//! The requests of a client that wait to be handled.

use super::KEEP;

/// The handled bytes at the front, above which the rest is moved to the front.
const COMPACT_ABOVE: usize = 64 * 1024;

/// A queue of bytes: filled at the back, emptied at the front, without moving the rest each time.
#[derive(Debug, Default)]
pub struct QueryBuffer {
    bytes: Vec<u8>,
    /// The front of the queue: bytes before it are handled.
    at: usize,
}

impl QueryBuffer {
    /// The bytes that wait.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[self.at..]
    }

    /// The number of bytes that wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// Whether no byte waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Appends bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The bytes that wait, as a vector that begins with them.
    pub fn as_vec(&mut self) -> &mut Vec<u8> {
        self.compact();
        &mut self.bytes
    }

    /// Removes `count` bytes from the front. A large buffer is freed when it is empty.
    pub fn advance(&mut self, count: usize) {
        self.at += count;
        if self.at == self.bytes.len() {
            self.at = 0;
            if self.bytes.capacity() > KEEP {
                self.bytes = Vec::new();
            } else {
                self.bytes.clear();
            }
        } else if self.at > COMPACT_ABOVE && self.at > self.bytes.len() / 2 {
            self.compact();
        }
    }

    /// Drops all bytes, and frees their memory.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    fn compact(&mut self) {
        self.bytes.drain(..self.at);
        self.at = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_leave_in_their_order_whatever_the_steps() {
        let mut buffer = QueryBuffer::default();
        let all: Vec<u8> = (0..=250_u8).cycle().take(400_000).collect();
        let (mut pushed, mut taken) = (0, 0);
        while taken < all.len() {
            let more = (pushed + 70_001).min(all.len());
            buffer.push(&all[pushed..more]);
            pushed = more;
            let step = buffer.len().min(30_011);
            assert_eq!(buffer.bytes()[..step], all[taken..taken + step]);
            buffer.advance(step);
            taken += step;
            assert_eq!(buffer.len(), pushed - taken);
        }
        assert!(buffer.is_empty());
        assert!(buffer.bytes.capacity() <= KEEP, "its memory comes back");
    }

    #[test]
    fn its_vector_begins_with_what_waits() {
        let mut buffer = QueryBuffer::default();
        buffer.push(b"abcdef");
        buffer.advance(2);
        assert_eq!(buffer.as_vec(), b"cdef");
        assert_eq!(buffer.bytes(), b"cdef");
    }
}

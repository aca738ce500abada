//! Collects a line that may come in pieces. Never keeps more than its bound.

/// The error for a line that is longer than the bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Endless;

/// The collector: one line at a time, however the reads cut it.
#[derive(Clone, Debug)]
pub(super) struct Lines {
    partial: Vec<u8>,
    max: usize,
}

impl Lines {
    /// Returns a collector of lines of at most `max` bytes, their ends not counted.
    pub(super) const fn new(max: usize) -> Self {
        Self { partial: Vec::new(), max }
    }

    /// Takes the bytes at the front of `input` that belong to the line in progress. Returns how
    /// many those were, and the line without its end (LF or CRLF) if it is complete.
    pub(super) fn take(&mut self, input: &[u8]) -> Result<(usize, Option<Vec<u8>>), Endless> {
        // One more for a CR that may prove to be part of the end.
        let room = (self.max + 1).saturating_sub(self.partial.len());
        let found = memchr::memchr(b'\n', input);
        let len = found.unwrap_or(input.len());
        if len > room {
            return Err(Endless);
        }
        self.partial.extend_from_slice(&input[..len]);
        if found.is_none() {
            return Ok((len, None));
        }
        let mut line = std::mem::take(&mut self.partial);
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        if line.len() > self.max {
            return Err(Endless);
        }
        Ok((len + 1, Some(line)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_in_any_pieces() {
        let mut lines = Lines::new(5);
        assert_eq!(lines.take(b"+O"), Ok((2, None)));
        assert_eq!(lines.take(b"K\r"), Ok((2, None)));
        assert_eq!(lines.take(b"\nrest"), Ok((1, Some(b"+OK".to_vec()))));
        assert_eq!(lines.take(b"\n"), Ok((1, Some(Vec::new()))));
        assert_eq!(lines.take(b"12345\r\n"), Ok((7, Some(b"12345".to_vec()))));
        assert_eq!(lines.clone().take(b"123456\n"), Err(Endless));
        assert_eq!(lines.take(b"123456"), Ok((6, None)), "the sixth may be a CR");
        assert_eq!(lines.take(b"7"), Err(Endless));
    }
}

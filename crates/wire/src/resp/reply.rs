//! Finds where a backend's reply ends, RESP2 and RESP3 alike.
//!
//! Works on the part of a reply that has arrived, so a reply of any size is passed on as it comes
//! and never held whole. There is no stack and no recursion: an aggregate adds its elements to the
//! number of values that are still to come, so nesting costs nothing.

use super::{integer, limits::*};

/// Why bytes are no reply of Redis or Valkey: the connection is out of step and has to be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplyError {
    /// A byte that opens no RESP value.
    #[error("a reply cannot begin with byte 0x{0:02x}")]
    Type(u8),
    /// A length or count that is no number, or beyond every limit.
    #[error("a reply's length or count cannot be read")]
    Length,
    /// A line of text that does not end.
    #[error("a reply's line exceeds {REPLY_LINE_MAX} bytes")]
    Line,
}

/// The result of a look at some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplyStep {
    /// The bytes from the front that belong to this reply and need no second look.
    pub consumed: usize,
    /// Whether the reply ends with the last of them.
    pub complete: bool,
}

/// The scanner of one connection, for one reply at a time.
#[derive(Clone, Copy, Debug)]
pub struct ReplyScanner {
    /// How many values are still to begin, nested ones included; 0 when no more begin.
    values_left: u64,
    /// How many bytes of a bulk string are still to come, its CRLF included.
    bulk_left: u64,
    /// Whether any byte of the reply in progress has been consumed.
    begun: bool,
}

impl Default for ReplyScanner {
    fn default() -> Self {
        Self { values_left: 1, bulk_left: 0, begun: false }
    }
}

impl ReplyScanner {
    /// Whether no byte of the reply in progress has been consumed.
    #[must_use]
    pub const fn at_start(&self) -> bool {
        !self.begun
    }

    /// Consumes from `buf` what belongs to the reply in progress. The bytes that are left (the
    /// start of a header line) have to be at the front of the next call's `buf`.
    ///
    /// # Errors
    /// [`ReplyError`] if the bytes are not RESP.
    #[inline]
    pub fn advance(&mut self, buf: &[u8]) -> Result<ReplyStep, ReplyError> {
        let mut at = 0;
        loop {
            if self.bulk_left > 0 {
                let here = usize::try_from(self.bulk_left).unwrap_or(usize::MAX);
                let here = here.min(buf.len() - at);
                at += here;
                self.bulk_left -= here as u64;
                if self.bulk_left > 0 {
                    return Ok(ReplyStep { consumed: at, complete: false });
                }
            }
            if self.values_left == 0 {
                *self = Self::default();
                return Ok(ReplyStep { consumed: at, complete: true });
            }
            match self.header(&buf[at..])? {
                Some(len) => at += len,
                None => return Ok(ReplyStep { consumed: at, complete: false }),
            }
        }
    }

    /// Reads the line that opens a value; `None` while it is incomplete.
    #[inline]
    fn header(&mut self, buf: &[u8]) -> Result<Option<usize>, ReplyError> {
        let Some(&kind) = buf.first() else { return Ok(None) };
        // The numbers 0 to 99 behind a length are by far the most frequent: no search for them.
        let (number, len) = match (kind, buf) {
            (b'$', [_, d @ b'0'..=b'9', b'\r', b'\n', ..]) => (Some(i64::from(d - b'0')), 4),
            (b'$', [_, t @ b'1'..=b'9', d @ b'0'..=b'9', b'\r', b'\n', ..]) => {
                (Some(i64::from(t - b'0') * 10 + i64::from(d - b'0')), 5)
            }
            (b'+' | b'-' | b':' | b'_' | b'#' | b',' | b'(', _) => match text_line(buf)? {
                Some(len) => (None, len),
                None => return Ok(None),
            },
            (b'$' | b'=' | b'!' | b'*' | b'~' | b'>' | b'%' | b'|', _) => match length_line(buf)? {
                Some(len) => (integer::parse(&buf[1..len - 2]), len),
                None => return Ok(None),
            },
            (other, _) => return Err(ReplyError::Type(other)),
        };
        self.begin(kind, number)?;
        self.begun = true;
        Ok(Some(len))
    }

    /// Adds what the value still needs to what is to come.
    #[inline]
    fn begin(&mut self, kind: u8, number: Option<i64>) -> Result<(), ReplyError> {
        let elements = match kind {
            b'$' | b'=' | b'!' => {
                match number.ok_or(ReplyError::Length)? {
                    -1 => {}
                    len => {
                        let len = u64::try_from(len).map_err(|_| ReplyError::Length)?;
                        self.bulk_left = len.checked_add(2).ok_or(ReplyError::Length)?;
                    }
                }
                0
            }
            // A message among the elements of a reply is none of them: before Redis 8 a client gets
            // one there that it publishes to itself in a transaction.
            b'>' if self.begun => count(number)? + 1,
            b'*' | b'~' | b'>' => count(number)?,
            b'%' => count(number)?.checked_mul(2).ok_or(ReplyError::Length)?,
            // An attribute stands before the value that it describes and is none itself.
            b'|' => count(number)?.checked_mul(2).ok_or(ReplyError::Length)? + 1,
            // A value that is one line has no more to come.
            _ => 0,
        };
        self.values_left = (self.values_left - 1)
            .checked_add(elements)
            .filter(|n| *n <= REPLY_VALUES_MAX)
            .ok_or(ReplyError::Length)?;
        Ok(())
    }
}

fn count(number: Option<i64>) -> Result<u64, ReplyError> {
    match number {
        Some(-1) => Ok(0),
        Some(n) => {
            u64::try_from(n).ok().filter(|n| *n <= REPLY_VALUES_MAX).ok_or(ReplyError::Length)
        }
        None => Err(ReplyError::Length),
    }
}

/// Returns the length of a line of text, its CRLF included. A line feed alone does not end it:
/// modules may write one, and clients look for CRLF too.
#[inline]
fn text_line(buf: &[u8]) -> Result<Option<usize>, ReplyError> {
    let ends = memchr::memchr_iter(b'\n', buf);
    match ends.map(|lf| lf + 1).find(|end| buf[..*end].ends_with(b"\r\n")) {
        Some(len) => Ok(Some(len)),
        None if buf.len() > REPLY_LINE_MAX => Err(ReplyError::Line),
        None => Ok(None),
    }
}

/// Returns the length of a line that holds a length or a count, its CRLF included.
#[inline]
fn length_line(buf: &[u8]) -> Result<Option<usize>, ReplyError> {
    let line = &buf[..buf.len().min(LENGTH_LINE_MAX)];
    match memchr::memchr(b'\n', line) {
        Some(lf) if line[lf - 1] == b'\r' => Ok(Some(lf + 1)),
        None if line.len() < LENGTH_LINE_MAX => Ok(None),
        _ => Err(ReplyError::Length),
    }
}

/// Returns the length of the complete reply at the front of `buf`; `None` while it is incomplete or
/// if it is not RESP.
#[must_use]
pub fn reply_len(buf: &[u8]) -> Option<usize> {
    let step = ReplyScanner::default().advance(buf).ok()?;
    step.complete.then_some(step.consumed)
}

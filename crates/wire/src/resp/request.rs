//! Finds where a client's request ends, and its first two words.
//!
//! Keeps its place between reads, so that every byte is looked at once, however the request was cut
//! up. Never copies and never allocates.

use super::header::Header;
use super::{inline, limits::*};

pub use super::protocol_error::ProtocolError;

/// A complete request: its length, and where its first two words lie, relative to its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// The length of the request, in bytes.
    pub len: usize,
    /// The number of arguments, the command's name included; 0 for an empty request (`*0`, an empty
    /// line), to which Redis gives no reply.
    pub argc: usize,
    /// Whether it is inline (`PING\r\n`). The words of an inline request are not looked at here.
    pub inline: bool,
    /// Where the command's name lies.
    pub name: Span,
    /// Where the word after the name lies; empty where there is none.
    pub second: Span,
    /// Where the word after that lies; empty where there is none.
    pub third: Span,
}

/// A half-open range of bytes within a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    start: usize,
    end: usize,
}

impl Span {
    /// Returns the span from `start` up to `end`, without `end` itself.
    #[must_use]
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// Returns the bytes of the span; `frame` begins with the first byte of the request.
    #[must_use]
    pub fn of<'a>(&self, frame: &'a [u8]) -> &'a [u8] {
        frame.get(self.start..self.end).unwrap_or_default()
    }
}

/// The result of a scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestStep {
    /// A whole request, at the front of the buffer.
    Complete(Request),
    /// The request is incomplete and needs at least this many bytes to go further.
    NeedMore {
        /// The number of bytes, counted from the first of the request.
        at_least: usize,
    },
}

/// The resumable scanner of one client.
#[derive(Clone, Debug, Default)]
pub struct RequestScanner {
    /// The bytes of the request that need no second look.
    at: usize,
    /// How many arguments have not been seen yet, once the header line was read.
    args_left: Option<i64>,
    argc: usize,
    name: Span,
    second: Span,
    third: Span,
}

impl RequestScanner {
    /// Looks at `buf`, which begins with the first byte of the request in progress and only grows
    /// until that request is complete.
    ///
    /// # Errors
    /// [`ProtocolError`], after which the connection can only be closed.
    pub fn scan(&mut self, buf: &[u8], limits: &Limits) -> Result<RequestStep, ProtocolError> {
        if self.args_left.is_none() {
            match buf.first() {
                None => return Ok(RequestStep::NeedMore { at_least: 1 }),
                Some(b'*') => {}
                Some(_) => return self.scan_inline(buf),
            }
            if !self.scan_header(buf, limits)? {
                return Ok(RequestStep::NeedMore { at_least: buf.len() + 1 });
            }
        }
        while let Some(left) = self.args_left.filter(|left| *left > 0) {
            if let Some(at_least) = self.scan_bulk(buf, limits)? {
                return Ok(RequestStep::NeedMore { at_least });
            }
            self.args_left = Some(left - 1);
        }
        Ok(self.finish(false))
    }

    fn finish(&mut self, inline: bool) -> RequestStep {
        let done = std::mem::take(self);
        RequestStep::Complete(Request {
            len: done.at,
            argc: done.argc,
            inline,
            name: done.name,
            second: done.second,
            third: done.third,
        })
    }

    fn scan_inline(&mut self, buf: &[u8]) -> Result<RequestStep, ProtocolError> {
        // Redis searches with `strchr`, which stops at a NUL.
        let found = memchr::memchr2(b'\n', 0, &buf[self.at..]);
        self.at = found.map_or(buf.len(), |at| self.at + at);
        if buf.get(self.at) != Some(&b'\n') {
            if buf.len() > INLINE_MAX {
                return Err(ProtocolError::InlineLength);
            }
            return Ok(RequestStep::NeedMore { at_least: buf.len() + 1 });
        }
        self.at += 1;
        let blank = buf[..self.at].iter().copied().all(inline::is_blank);
        self.argc = usize::from(!blank);
        Ok(self.finish(true))
    }

    /// Reads `*<count>\r\n`. Returns whether the line is complete.
    fn scan_header(&mut self, buf: &[u8], limits: &Limits) -> Result<bool, ProtocolError> {
        let Some(header) = Header::read(buf, 0, ProtocolError::MultibulkHeader)? else {
            return Ok(false);
        };
        let count =
            header.number.filter(|n| *n <= ARGS_MAX).ok_or(ProtocolError::MultibulkLength)?;
        if count > UNAUTHENTICATED_ARGS_MAX && !limits.authenticated {
            return Err(ProtocolError::UnauthenticatedMultibulkLength);
        }
        self.at = header.end(buf)?;
        self.argc = usize::try_from(count).unwrap_or(0);
        self.args_left = Some(count.max(0));
        Ok(true)
    }

    /// Reads one `$<len>\r\n<bytes>\r\n`. Returns the bytes that are needed while it is incomplete.
    fn scan_bulk(&mut self, buf: &[u8], limits: &Limits) -> Result<Option<usize>, ProtocolError> {
        let Some(header) = Header::read(buf, self.at, ProtocolError::BulkHeader)? else {
            return Ok(Some(buf.len() + 1));
        };
        if buf[self.at] != b'$' {
            return Err(ProtocolError::ExpectedBulk(buf[self.at]));
        }
        let allowed = header.number.filter(|n| (0..=limits.bulk_max).contains(n));
        let len = allowed.ok_or(ProtocolError::BulkLength)?;
        if len > UNAUTHENTICATED_BULK_MAX && !limits.authenticated {
            return Err(ProtocolError::UnauthenticatedBulkLength);
        }
        let start = header.end(buf)?;
        let end = start + usize::try_from(len).map_err(|_| ProtocolError::BulkLength)?;
        match buf.get(end..end + 2) {
            Some(b"\r\n") => {}
            Some(_) => return Err(ProtocolError::LineEnd),
            None => return Ok(Some(end + 2)),
        }
        let index = self.argc as i64 - self.args_left.unwrap_or(0);
        match index {
            0 => self.name = Span { start, end },
            1 => self.second = Span { start, end },
            2 => self.third = Span { start, end },
            _ => {}
        }
        self.at = end + 2;
        Ok(None)
    }
}

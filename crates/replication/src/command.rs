//! Finds where a command of the stream ends and where its arguments lie. Keeps its place between
//! reads; never copies, and takes memory only for arguments that came.

use super::stream_error::StreamError;
use tidegate_wire::resp::header::Header;
use tidegate_wire::resp::limits::ARGS_MAX;
use tidegate_wire::resp::request::{ProtocolError, Span};

/// The most bytes of empty requests in a row. Servers take any number; masters send none.
const EMPTY_MAX: usize = 64 * 1024;
/// How many places of arguments are kept for the next command; memory for more is given back.
const KEPT_ARGS: usize = 4096;
/// The longest part of a name that an error shows, in bytes.
const NAME_SHOWN: usize = 64;

/// The parser: finds one command at a time in a buffer that only grows.
#[derive(Clone, Debug, Default)]
pub(super) struct CommandParser {
    /// Where the next look begins.
    at: usize,
    /// How many arguments are still to come, once the header was read.
    left: Option<i64>,
    /// The bytes of empty requests before the command.
    passed: usize,
    args: Vec<Span>,
}

/// The result of a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Parsed {
    /// A whole command, and where it ends.
    Command(usize),
    /// The buffer is too short; it needs at least so many bytes.
    NeedMore(usize),
}

impl CommandParser {
    /// Begins anew at `at`.
    pub(super) fn restart(&mut self, at: usize) {
        self.at = at;
        self.left = None;
        self.passed = 0;
        self.args.clear();
        if self.args.capacity() > KEPT_ARGS {
            self.args.shrink_to(KEPT_ARGS);
        }
    }

    /// Where the arguments of the complete command lie.
    pub(super) fn args(&self) -> &[Span] {
        &self.args
    }

    /// Looks at `buf` from where the last look stopped. No command may end behind `limit`.
    #[inline]
    pub(super) fn parse(&mut self, buf: &[u8], limit: usize) -> Result<Parsed, StreamError> {
        let mut left = match self.left {
            Some(left) => left,
            None => match self.open(buf)? {
                Some(count) => count,
                None => return Ok(Parsed::NeedMore(buf.len() + 1)),
            },
        };
        while left > 0 {
            if let Some(needed) = self.argument(buf, limit)? {
                self.left = Some(left);
                return Ok(Parsed::NeedMore(needed));
            }
            left -= 1;
        }
        self.left = Some(0);
        Ok(Parsed::Command(self.at))
    }

    /// Reads `*<count>` and the empty requests before it; `None` while it is incomplete.
    #[inline]
    fn open(&mut self, buf: &[u8]) -> Result<Option<i64>, StreamError> {
        loop {
            match buf.get(self.at..).unwrap_or_default() {
                [b'*', ..] => {}
                [] | [b'\r'] => return Ok(None),
                // An empty line, which shows that the master is alive.
                [b'\n', ..] => {
                    self.pass(1)?;
                    continue;
                }
                [b'\r', b'\n', ..] => {
                    self.pass(2)?;
                    continue;
                }
                [other, ..] => return Err(StreamError::OutOfStep(char::from(*other))),
            }
            let header = Header::read(buf, self.at, ProtocolError::MultibulkHeader)?;
            let Some(header) = header else { return Ok(None) };
            let count = header.number.filter(|count| *count <= ARGS_MAX);
            let count = count.ok_or(ProtocolError::MultibulkLength)?;
            let next = header.end(buf)?;
            if count > 0 {
                self.at = next;
                return Ok(Some(count));
            }
            self.pass(next - self.at)?;
        }
    }

    /// Passes over an empty request.
    fn pass(&mut self, len: usize) -> Result<(), StreamError> {
        self.at += len;
        self.passed += len;
        if self.passed > EMPTY_MAX { Err(StreamError::Empty) } else { Ok(()) }
    }

    /// Reads `$<len>` and as many bytes. Returns how many bytes are needed while they are not
    /// there.
    #[inline]
    fn argument(&mut self, buf: &[u8], limit: usize) -> Result<Option<usize>, StreamError> {
        let Some(header) = Header::read(buf, self.at, ProtocolError::BulkHeader)? else {
            return Ok(Some(buf.len() + 1));
        };
        match buf.get(self.at) {
            Some(b'$') => {}
            other => {
                return Err(ProtocolError::ExpectedBulk(other.copied().unwrap_or_default()).into());
            }
        }
        let len = header.number.and_then(|len| usize::try_from(len).ok());
        let len = len.ok_or(ProtocolError::BulkLength)?;
        let start = header.end(buf)?;
        let end = start.saturating_add(len);
        let next = end.saturating_add(2);
        if next > limit {
            return Err(StreamError::CommandTooLong { name: self.name(buf), limit });
        }
        match buf.get(end..next) {
            Some(b"\r\n") => {}
            Some(_) => return Err(ProtocolError::LineEnd.into()),
            None => return Ok(Some(next)),
        }
        self.args.push(Span::new(start, end));
        self.at = next;
        Ok(None)
    }

    fn name(&self, buf: &[u8]) -> String {
        let name = self.args.first().map(|span| span.of(buf)).unwrap_or_default();
        String::from_utf8_lossy(&name[..name.len().min(NAME_SHOWN)]).into_owned()
    }
}

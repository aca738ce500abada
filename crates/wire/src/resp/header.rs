//! The lines that open a request and each of its arguments: a type byte, a number, CRLF.

use super::integer;
use super::limits::INLINE_MAX;
use super::protocol_error::ProtocolError;

/// A header line such as `*3` or `$64`.
#[derive(Clone, Copy, Debug)]
pub struct Header {
    /// The number behind the first byte; `None` if that is no number.
    pub number: Option<i64>,
    /// Where the next line begins.
    next: usize,
}

impl Header {
    /// Reads the line at `from`; `None` while it is incomplete, `endless` if it is too long.
    #[inline]
    pub fn read(
        buf: &[u8],
        from: usize,
        endless: ProtocolError,
    ) -> Result<Option<Self>, ProtocolError> {
        let line = buf.get(from..).unwrap_or_default();
        // One or two digits are by far the most frequent.
        match line {
            [_, d @ b'0'..=b'9', b'\r', b'\n', ..] => {
                Ok(Some(Self { number: Some(i64::from(d - b'0')), next: from + 4 }))
            }
            [_, t @ b'1'..=b'9', d @ b'0'..=b'9', b'\r', b'\n', ..] => {
                let number = i64::from(t - b'0') * 10 + i64::from(d - b'0');
                Ok(Some(Self { number: Some(number), next: from + 5 }))
            }
            _ => Self::search(line, from, endless),
        }
    }

    /// Reads any line. Redis looks for `\r` with `strchr`, which stops at a NUL; the byte behind it
    /// has to be there.
    fn search(
        line: &[u8],
        from: usize,
        endless: ProtocolError,
    ) -> Result<Option<Self>, ProtocolError> {
        match memchr::memchr2(b'\r', 0, line) {
            Some(cr) if line[cr] == b'\r' => Ok(line.get(cr + 1).map(|_| Self {
                number: line.get(1..cr).and_then(integer::parse),
                next: from + cr + 2,
            })),
            _ if line.len() > INLINE_MAX => Err(endless),
            _ => Ok(None),
        }
    }

    /// Returns where the next line begins, if this one ends as it should.
    #[inline]
    pub fn end(&self, buf: &[u8]) -> Result<usize, ProtocolError> {
        if buf[self.next - 1] == b'\n' { Ok(self.next) } else { Err(ProtocolError::LineEnd) }
    }
}

//! Walks the arguments of one complete multibulk request.

use super::integer;

/// The arguments of a complete request, the command's name first.
#[derive(Clone, Copy, Debug)]
pub struct Args<'a> {
    rest: &'a [u8],
    left: usize,
}

impl<'a> Args<'a> {
    /// Returns the arguments of `frame`, one complete multibulk request.
    #[must_use]
    #[inline]
    pub fn new(frame: &'a [u8]) -> Self {
        match line(frame) {
            Some((count, rest)) => Self { rest, left: usize::try_from(count).unwrap_or(0) },
            None => Self { rest: &[], left: 0 },
        }
    }

    /// Returns the argument at `index`, walking from the front; `None` past the end.
    #[must_use]
    pub fn at(&self, index: usize) -> Option<&'a [u8]> {
        let mut walk = *self;
        walk.nth(index)
    }

    /// The number of arguments that are left.
    #[must_use]
    pub const fn left(&self) -> usize {
        self.left
    }

    /// The bytes behind the arguments that were walked.
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Returns all arguments, for commands that are off the hot path.
    #[must_use]
    pub fn to_vec(self) -> Vec<&'a [u8]> {
        self.collect()
    }
}

impl<'a> Iterator for Args<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        self.left = self.left.checked_sub(1)?;
        let (len, rest) = line(self.rest)?;
        let len = usize::try_from(len).ok()?;
        let arg = rest.get(..len)?;
        self.rest = rest.get(len + 2..)?;
        Some(arg)
    }
}

/// Parses a header line such as `$3\r\n`. Returns its number and what follows it.
#[inline]
fn line(bytes: &[u8]) -> Option<(i64, &[u8])> {
    // One or two digits are by far the most frequent.
    match bytes {
        [_, d @ b'0'..=b'9', b'\r', b'\n', rest @ ..] => {
            return Some((i64::from(d - b'0'), rest));
        }
        [_, t @ b'1'..=b'9', d @ b'0'..=b'9', b'\r', b'\n', rest @ ..] => {
            return Some((i64::from(t - b'0') * 10 + i64::from(d - b'0'), rest));
        }
        _ => {}
    }
    let cr = memchr::memchr(b'\r', bytes)?;
    Some((integer::parse(bytes.get(1..cr)?)?, bytes.get(cr + 2..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walks_a_request() {
        let args = Args::new(b"*3\r\n$3\r\nSET\r\n$0\r\n\r\n$2\r\n\r\n\r\n");
        assert_eq!(args.to_vec(), [&b"SET"[..], b"", b"\r\n"]);
        assert_eq!(args.at(2), Some(&b"\r\n"[..]));
        assert_eq!(args.at(3), None);
    }

    #[test]
    fn bytes_that_are_no_request_are_survived() {
        for bytes in [&b""[..], b"*2\r\n", b"*2\r\n$9\r\nab\r\n", b"PING\r\n", b"*x\r\n"] {
            assert!(Args::new(bytes).to_vec().len() <= 1);
        }
    }
}

//! Scan cursors that name the server process which made them.
//!
//! A cursor is a position in the hash tables of one process, and of no use to another process. So
//! the proxy puts the process's tag into the cursor that the client sees: tag * 2^33 + cursor.
//! That stays below 2^53, where JavaScript's numbers end. A table of 2^33 buckets would have eight
//! thousand million keys.

use tidegate_wire::resp::{Args, encode, integer};

/// The number of bits for the server's cursor.
const OWN_BITS: u32 = 33;

/// A cursor in a client's request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cursor {
    /// `0`: the iteration begins.
    Begin,
    /// The iteration goes on in the process that made the cursor.
    Resume {
        /// The process's tag.
        tag: u32,
        /// The process's cursor.
        own: u64,
    },
    /// A cursor without a tag: one that the master made in a script or a transaction, or a text that
    /// is no number.
    Plain,
}

impl Cursor {
    /// Reads a cursor argument.
    #[must_use]
    pub fn parse(text: &[u8]) -> Self {
        let Some(number) = integer::parse(text).and_then(|n| u64::try_from(n).ok()) else {
            return Self::Plain;
        };
        let tag = number >> OWN_BITS;
        match (number, u32::try_from(tag)) {
            (0, _) => Self::Begin,
            (_, Ok(0) | Err(_)) => Self::Plain,
            (_, Ok(tag)) => Self::Resume { tag, own: number & ((1 << OWN_BITS) - 1) },
        }
    }
}

/// The request with another cursor in argument `index`.
#[must_use]
pub fn with_cursor(request: &[u8], index: usize, cursor: u64) -> Vec<u8> {
    let cursor = integer::text(cursor);
    let mut args = Args::new(request).to_vec();
    if let Some(arg) = args.get_mut(index) {
        *arg = &cursor;
    }
    encode::request_of(&args)
}

/// A reply to SCAN (`*2`, a cursor, the elements) with `tag` in its cursor. A reply of another form,
/// the end of the iteration, and a cursor too large for a tag stay as they are.
#[must_use]
pub fn tag_reply(reply: Vec<u8>, tag: u32) -> Vec<u8> {
    let Some((own, rest)) = split(&reply) else { return reply };
    if own == 0 || tag == 0 || own >> OWN_BITS != 0 {
        return reply;
    }
    let mut out = Vec::with_capacity(reply.len() + 16);
    encode::array(&mut out, 2);
    encode::bulk(&mut out, &integer::text(own | u64::from(tag) << OWN_BITS));
    out.extend_from_slice(rest);
    out
}

/// The cursor of a SCAN reply, and what follows it.
fn split(reply: &[u8]) -> Option<(u64, &[u8])> {
    let rest = reply.strip_prefix(b"*2\r\n$")?;
    let header = memchr::memchr(b'\r', rest)?;
    let len = usize::try_from(integer::parse(&rest[..header])?).ok()?;
    let (text, rest) = rest.get(header + 2..)?.split_at_checked(len)?;
    Some((u64::try_from(integer::parse(text)?).ok()?, rest.strip_prefix(b"\r\n")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_survive_the_round_trip() {
        let tag = (1 << 20) - 1;
        let tagged = tag_reply(b"*2\r\n$2\r\n17\r\n*1\r\n$1\r\nk\r\n".to_vec(), tag);
        let text = tagged.split(|b| *b == b'\n').nth(2).expect("cursor").trim_ascii_end();
        assert!(integer::parse(text).expect("number") < 1 << 53);
        assert_eq!(Cursor::parse(text), Cursor::Resume { tag, own: 17 });
        assert!(tagged.ends_with(b"\r\n*1\r\n$1\r\nk\r\n"));
    }

    #[test]
    fn other_replies_stay_as_they_are() {
        for reply in [&b"*2\r\n$1\r\n0\r\n*0\r\n"[..], b"-ERR x\r\n", b"+QUEUED\r\n", b""] {
            assert_eq!(tag_reply(reply.to_vec(), 9), reply);
        }
    }

    #[test]
    fn cursors_are_told_apart() {
        assert_eq!(Cursor::parse(b"0"), Cursor::Begin);
        for plain in [&b"17"[..], b"x", b"-1", b"", b"99999999999999999999"] {
            assert_eq!(Cursor::parse(plain), Cursor::Plain);
        }
        let request = with_cursor(b"*3\r\n$5\r\nHSCAN\r\n$1\r\nh\r\n$3\r\n999\r\n", 2, 5);
        assert_eq!(request, b"*3\r\n$5\r\nHSCAN\r\n$1\r\nh\r\n$1\r\n5\r\n");
    }
}

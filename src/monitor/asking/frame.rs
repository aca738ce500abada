//! Decodes replies of the control plane, within limits.
//!
//! `redis-protocol` descends into arrays by recursion, to any depth: a reply of a megabyte of `*1`
//! would end the process. So it gets only replies that are complete, short and shallow.

use bytes::Bytes;
use redis_protocol::resp2::{decode::decode_bytes, types::BytesFrame};

use tidegate_wire::resp::integer;

/// The most levels of arrays; the reply to `COMMAND` has eight.
const DEPTH_MAX: usize = 32;

/// Decodes one whole RESP2 reply; `None` if it is not one, or nested too deeply.
pub(in crate::monitor) fn decode(reply: &Bytes) -> Option<BytesFrame> {
    if !is_shallow(reply) {
        return None;
    }
    let (frame, used) = decode_bytes(reply).ok().flatten()?;
    (used == reply.len()).then_some(frame)
}

/// The text of a status or a bulk string.
pub(crate) fn text(frame: &BytesFrame) -> Option<std::borrow::Cow<'_, str>> {
    match frame {
        BytesFrame::SimpleString(text) | BytesFrame::BulkString(text) => {
            Some(String::from_utf8_lossy(text))
        }
        _ => None,
    }
}

/// The elements of an array.
pub(crate) fn items(frame: &BytesFrame) -> &[BytesFrame] {
    if let BytesFrame::Array(items) = frame { items } else { &[] }
}

/// Whether it is an error reply.
pub(crate) fn is_error(frame: &BytesFrame) -> bool {
    matches!(frame, BytesFrame::Error(_))
}

/// Whether `reply` is RESP2 and no array in it lies deeper than [`DEPTH_MAX`].
fn is_shallow(reply: &[u8]) -> bool {
    // The number of values that are missing in each open array.
    let mut open: Vec<i64> = Vec::new();
    let mut rest = reply;
    loop {
        let Some(end) = memchr::memchr(b'\n', rest).filter(|end| *end >= 2) else { return false };
        let (line, behind) = rest.split_at(end + 1);
        rest = behind;
        let number = || integer::parse(&line[1..end - 1]);
        match line[0] {
            b'+' | b'-' | b':' => {}
            b'$' => match number() {
                Some(-1) => {}
                Some(len) => {
                    let len = usize::try_from(len).ok().and_then(|len| len.checked_add(2));
                    let Some(behind) = len.and_then(|len| rest.get(len..)) else { return false };
                    rest = behind;
                }
                None => return false,
            },
            b'*' => match number() {
                Some(-1 | 0) => {}
                Some(count) if count > 0 && open.len() < DEPTH_MAX => {
                    open.push(count);
                    continue;
                }
                _ => return false,
            },
            _ => return false,
        }
        // A value has ended, and with it the arrays of which it is the last.
        loop {
            let Some(left) = open.last_mut() else { return rest.is_empty() };
            *left -= 1;
            if *left > 0 {
                break;
            }
            open.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decoded(reply: &[u8]) -> Option<BytesFrame> {
        decode(&Bytes::copy_from_slice(reply))
    }

    #[test]
    fn decodes_one_whole_reply() {
        assert_eq!(decoded(b":7\r\n"), Some(BytesFrame::Integer(7)));
        let nested = decoded(b"*3\r\n$1\r\na\r\n*1\r\n*0\r\n$-1\r\n");
        assert_eq!(items(nested.as_ref().unwrap()).len(), 3);
        assert_eq!(text(&items(&nested.unwrap())[0]).as_deref(), Some("a"));
        for bad in [&b""[..], b":7", b":7\r\n:8\r\n", b"*2\r\n:1\r\n", b"$5\r\nab\r\n", b"%0\r\n"] {
            assert_eq!(decoded(bad), None, "{}", String::from_utf8_lossy(bad));
        }
    }

    #[test]
    fn depth_is_limited() {
        let nested = |levels: usize| [&b"*1\r\n".repeat(levels)[..], b":1\r\n"].concat();
        assert!(decoded(&nested(DEPTH_MAX)).is_some());
        assert!(decoded(&nested(DEPTH_MAX + 1)).is_none());
        assert!(decoded(&nested(250_000)).is_none());
    }

    proptest! {
        #[test]
        fn takes_any_bytes(reply in prop::collection::vec(any::<u8>(), 0..200)) {
            decoded(&reply);
        }

        #[test]
        fn takes_what_looks_like_replies(reply in "([*$:+-]-?[0-9]{0,3}\r\n){0,20}") {
            decoded(reply.as_bytes());
        }
    }
}

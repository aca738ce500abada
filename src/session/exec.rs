//! The reply to an EXEC whose queue held commands that only the proxy can answer.

use super::Queued;
use tidegate_wire::resp::{encode, reply};

/// The reply to an EXEC with other elements in the places of `special`: `answer` gets the server's
/// element and returns the one to put there, or `None` to keep it. A message among the elements is
/// none of them, and stays in its place. A reply that is no array (`EXECABORT`, null) stays as it is,
/// because the server ran nothing.
#[must_use]
pub fn rewrite(
    reply: Vec<u8>,
    special: &[(usize, Queued)],
    mut answer: impl FnMut(&Queued, &[u8]) -> Option<Vec<u8>>,
) -> Vec<u8> {
    let Some((count, mut rest)) = elements(&reply) else { return reply };
    let mut out = Vec::with_capacity(reply.len() + 64);
    encode::array(&mut out, count);
    let mut special = special.iter().peekable();
    let mut places = 0..count;
    while !rest.is_empty() {
        let len = reply::reply_len(rest).unwrap_or(rest.len());
        let (element, tail) = rest.split_at(len);
        rest = tail;
        if element.starts_with(b">") {
            out.extend_from_slice(element);
            continue;
        }
        let Some(place) = places.next() else { break };
        let queued = special.next_if(|(at, _)| *at == place);
        match queued.and_then(|(_, queued)| answer(queued, element)) {
            Some(instead) => out.extend_from_slice(&instead),
            None => out.extend_from_slice(element),
        }
    }
    out
}

/// The number of elements of an array reply, and the bytes behind its header.
fn elements(reply: &[u8]) -> Option<(usize, &[u8])> {
    let rest = reply.strip_prefix(b"*")?;
    let end = memchr::memchr(b'\r', rest)?;
    let count = usize::try_from(tidegate_wire::resp::integer::parse(&rest[..end])?).ok()?;
    Some((count, rest.get(end + 2..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_single_elements() {
        let reply = b"*3\r\n*2\r\n:1\r\n:2\r\n+PONG\r\n$2\r\nok\r\n".to_vec();
        let special = [(1, Queued::Local(b"x".to_vec()))];
        let out = rewrite(reply, &special, |_, element| {
            assert_eq!(element, b"+PONG\r\n");
            Some(b":7\r\n".to_vec())
        });
        assert_eq!(out, b"*3\r\n*2\r\n:1\r\n:2\r\n:7\r\n$2\r\nok\r\n");
    }

    #[test]
    fn a_message_among_the_elements_keeps_its_place() {
        let reply = b"*2\r\n>3\r\n+message\r\n+a\r\n+x\r\n:1\r\n+PONG\r\n".to_vec();
        let special = [(1, Queued::Local(b"x".to_vec()))];
        let out = rewrite(reply, &special, |_, element| {
            assert_eq!(element, b"+PONG\r\n");
            Some(b":7\r\n".to_vec())
        });
        assert_eq!(out, b"*2\r\n>3\r\n+message\r\n+a\r\n+x\r\n:1\r\n:7\r\n");
    }

    #[test]
    fn leaves_failures_alone() {
        for reply in [&b"*-1\r\n"[..], b"_\r\n", b"-EXECABORT x\r\n"] {
            let special = [(0, Queued::Select(1))];
            let out = rewrite(reply.to_vec(), &special, |_, _| panic!("nothing was run"));
            assert_eq!(out, reply);
        }
    }
}

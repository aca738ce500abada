//! The arguments of a request, in a frame as the client sent it or as words.

use std::cell::Cell;

use tidegate_wire::resp::Args;
use tidegate_wire::resp::request::Request;

/// The arguments of a request, the command's name first.
pub trait Arguments<'a> {
    /// The number of arguments.
    fn count(&self) -> usize;

    /// Returns the argument at `index`; empty past the end.
    fn at(&self, index: usize) -> &'a [u8];
}

/// A complete multibulk request. Arguments that are asked for in ascending order are found in one
/// walk.
#[derive(Clone, Debug)]
pub struct Frame<'a> {
    all: Args<'a>,
    /// The first two arguments, if a scanner has found them.
    head: [&'a [u8]; 2],
    /// How many of them are known: both or none.
    known: usize,
    walk: Cell<Walk<'a>>,
}

/// A walk over arguments.
#[derive(Clone, Copy, Debug)]
struct Walk<'a> {
    /// The index of the next argument.
    next: usize,
    /// That argument and those behind it.
    rest: Args<'a>,
    /// The argument before it.
    last: &'a [u8],
}

impl<'a> Frame<'a> {
    /// Returns the arguments of `frame`.
    #[must_use]
    pub fn new(frame: &'a [u8]) -> Self {
        let all = Args::new(frame);
        let walk = Walk { next: 0, rest: all, last: &[] };
        Self { all, head: [&[]; 2], known: 0, walk: Cell::new(walk) }
    }

    /// Returns the arguments of `frame`, in which a scanner has found `request`.
    #[must_use]
    pub fn of(frame: &'a [u8], request: &Request) -> Self {
        let head = [request.name.of(frame), request.second.of(frame)];
        Self { head, known: head.len(), ..Self::new(frame) }
    }
}

impl<'a> Arguments<'a> for Frame<'a> {
    #[inline]
    fn count(&self) -> usize {
        self.all.left()
    }

    #[inline]
    fn at(&self, index: usize) -> &'a [u8] {
        if index < self.known {
            return self.head[index];
        }
        let mut walk = self.walk.get();
        if index + 1 < walk.next {
            walk = Walk { next: 0, rest: self.all, last: &[] };
        }
        while walk.next <= index {
            let Some(last) = walk.rest.next() else { return &[] };
            walk = Walk { next: walk.next + 1, last, ..walk };
        }
        self.walk.set(walk);
        walk.last
    }
}

impl<'a, A: AsRef<[u8]>> Arguments<'a> for &'a [A] {
    fn count(&self) -> usize {
        self.len()
    }

    fn at(&self, index: usize) -> &'a [u8] {
        self.get(index).map(AsRef::as_ref).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_wire::resp::{Limits, RequestScanner, RequestStep, encode};

    #[test]
    fn a_frame_is_read_in_any_order() {
        let words: [&[u8]; 4] = [b"MSET", b"a", b"", b"\r\n"];
        let bytes = encode::request_of(&words);
        let Ok(RequestStep::Complete(request)) =
            RequestScanner::default().scan(&bytes, &Limits::default())
        else {
            panic!("a whole request");
        };
        for frame in [Frame::new(&bytes), Frame::of(&bytes, &request)] {
            assert_eq!(frame.count(), 4);
            for index in [0, 1, 3, 3, 2, 0, 9, 1, 4, 3] {
                assert_eq!(frame.at(index), (&words[..]).at(index), "{index}");
            }
        }
    }

    #[test]
    fn bytes_that_are_no_request_have_no_arguments() {
        for bytes in [&b""[..], b"PING\r\n", b"*2\r\n$9\r\nab\r\n"] {
            let frame = Frame::new(bytes);
            assert!((0..3).all(|index| frame.at(index).is_empty()));
        }
    }
}

//! The arguments of a request, in a frame as the client sent it or as words.

use std::cell::Cell;

use tidegate_wire::resp::Args;

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
    /// The arguments that follow those walked over, and the index of the first of them.
    walk: Cell<(usize, Args<'a>)>,
}

impl<'a> Frame<'a> {
    /// Returns the arguments of `frame`.
    #[must_use]
    pub fn new(frame: &'a [u8]) -> Self {
        let all = Args::new(frame);
        Self { all, walk: Cell::new((0, all)) }
    }
}

impl<'a> Arguments<'a> for Frame<'a> {
    fn count(&self) -> usize {
        self.all.left()
    }

    fn at(&self, index: usize) -> &'a [u8] {
        let (mut next, mut rest) = self.walk.get();
        if index < next {
            (next, rest) = (0, self.all);
        }
        while next < index && rest.next().is_some() {
            next += 1;
        }
        self.walk.set((next, rest));
        if next == index { rest.next().unwrap_or_default() } else { &[] }
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
    use tidegate_wire::resp::encode;

    #[test]
    fn a_frame_is_read_in_any_order() {
        let words: [&[u8]; 4] = [b"MSET", b"a", b"", b"\r\n"];
        let bytes = encode::request_of(&words);
        let frame = Frame::new(&bytes);
        assert_eq!(frame.count(), 4);
        for index in [0, 1, 3, 3, 2, 0, 9, 1, 4, 3] {
            assert_eq!(frame.at(index), (&words[..]).at(index), "{index}");
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

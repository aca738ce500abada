//! A request as a client of a master has sent it.

/// The words of a request, and its bytes where they are known.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::engine) struct Sent<'a> {
    pub(super) words: &'a [&'a [u8]],
    /// The request as the client has sent it, in the only form in which a stream has these words;
    /// empty if it is not known, or was inline.
    pub(super) frame: &'a [u8],
}

impl<'a> Sent<'a> {
    /// Returns a request of these words. `frame` is a multibulk request, whose words may be others.
    pub(in crate::engine) fn of(words: &'a [&'a [u8]], frame: &'a [u8]) -> Self {
        let bytes = frame.as_ptr_range();
        let lies_there = |word: &&[u8]| bytes.contains(&word.as_ptr());
        let is_theirs = words.first().is_some_and(lies_there);
        Self { words, frame: if is_theirs { frame } else { &[] } }
    }
}

impl<'a> From<&'a [&'a [u8]]> for Sent<'a> {
    fn from(words: &'a [&'a [u8]]) -> Self {
        Self { words, frame: &[] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_wire::resp::Args;

    #[test]
    fn a_frame_is_used_for_its_own_words_alone() {
        let (one, other) = (b"*1\r\n$1\r\na\r\n".to_vec(), b"*1\r\n$1\r\na\r\n".to_vec());
        let words = Args::new(&one).to_vec();
        assert_eq!(Sent::of(&words, &one).frame, one);
        assert!(Sent::of(&words, &other).frame.is_empty());
        assert!(Sent::of(&[], &one).frame.is_empty());
    }
}

//! Many byte strings in two allocations: the bytes one after the other, and where each string ends.

/// A sequence of byte strings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Strings {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Strings {
    /// Returns an empty sequence with room for the ends of `count` strings.
    #[must_use]
    pub fn with_capacity(count: usize) -> Self {
        Self { bytes: Vec::new(), ends: Vec::with_capacity(count) }
    }

    /// The number of strings.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are no strings.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The number of bytes of all strings.
    #[must_use]
    pub fn byte_len(&self) -> usize {
        self.bytes.len()
    }

    /// Returns the string at `index`.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&[u8]> {
        let start = if index == 0 { 0 } else { *self.ends.get(index - 1)? };
        self.bytes.get(start..*self.ends.get(index)?)
    }

    /// Returns the strings in turn.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[u8]> + Clone {
        let mut start = 0;
        self.ends.iter().map(move |&end| {
            let string = self.bytes.get(start..end).unwrap_or_default();
            start = end;
            string
        })
    }

    /// Returns the strings in pairs: fields and values.
    pub fn pairs(&self) -> impl ExactSizeIterator<Item = (&[u8], &[u8])> + Clone {
        let mut strings = self.iter();
        (0..self.len() / 2).map(move |_| {
            let (first, second) = (strings.next(), strings.next());
            (first.unwrap_or_default(), second.unwrap_or_default())
        })
    }

    /// Adds a string.
    pub fn push(&mut self, string: &[u8]) {
        self.bytes.extend_from_slice(string);
        self.close();
    }

    /// The place for the bytes of the next string; [`Self::close`] ends it.
    pub(super) fn open(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    pub(super) fn close(&mut self) {
        self.ends.push(self.bytes.len());
    }
}

impl<S: AsRef<[u8]>> FromIterator<S> for Strings {
    fn from_iter<I: IntoIterator<Item = S>>(strings: I) -> Self {
        let mut all = Self::default();
        strings.into_iter().for_each(|string| all.push(string.as_ref()));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_them_apart() {
        let strings: Strings = ["a", "", "bcd"].into_iter().collect();
        assert_eq!((strings.len(), strings.byte_len(), strings.is_empty()), (3, 4, false));
        assert_eq!(strings.iter().collect::<Vec<_>>(), [&b"a"[..], b"", b"bcd"]);
        assert_eq!((strings.get(1), strings.get(2)), (Some(&b""[..]), Some(&b"bcd"[..])));
        assert_eq!(strings.get(3), None);
        // The last string of an odd number has no partner.
        assert_eq!(strings.pairs().collect::<Vec<_>>(), [(&b"a"[..], &b""[..])]);
    }
}

//! Compresses as LZF, into the bytes that a Redis server would write for the same input: it takes
//! the first repetition that its table of three-byte groups finds. Time grows with the length of
//! the input only.

/// The longest run of literal bytes.
const MAX_LITERAL: usize = 32;
/// The longest repetition.
const MAX_RUN: usize = 264;
/// How far back a repetition may be.
const MAX_DISTANCE: usize = 1 << 13;
/// The size of the table, in bits.
const TABLE_BITS: u32 = 16;
/// How many bytes are hashed.
const GROUP: usize = 3;
/// A server compares this many bytes of a repetition before it looks at what is left.
const UNCHECKED: usize = 16;

/// Compresses one string after the other with one table (256 KiB, taken when it is first used).
#[derive(Debug, Default)]
pub struct Compressor {
    /// For each hash the place of the last group with that hash, counted from the first string on,
    /// plus one. Places before `base` belong to other strings, and 0 is none.
    table: Vec<u32>,
    base: u32,
}

impl Compressor {
    /// Returns a compressor without a table.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends `input` to `out`, compressed to at most `limit` bytes. Returns whether it could;
    /// otherwise `out` is unchanged.
    pub fn compress(&mut self, input: &[u8], limit: usize, out: &mut Vec<u8>) -> bool {
        let Ok(len) = u32::try_from(input.len()) else { return false };
        if len == u32::MAX || input.is_empty() || limit == 0 {
            return false;
        }
        if self.table.is_empty() {
            self.table = vec![0; 1 << TABLE_BITS];
        }
        // A place is at most one more than that of the last byte.
        if self.base.checked_add(len).is_none_or(|end| end == u32::MAX) {
            self.table.fill(0);
            self.base = 0;
        }
        let start = out.len();
        let mut run = Run { input, table: &mut self.table, base: self.base, out, limit, start };
        let done = run.compress().is_some();
        self.base += len;
        if !done {
            out.truncate(start);
        }
        done
    }
}

/// Returns `input` as a server would compress it for a file or a DUMP payload; `None` if that saves
/// less than four bytes.
#[must_use]
pub fn compress(input: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let limit = input.len().checked_sub(4)?;
    Compressor::new().compress(input, limit, &mut out).then_some(out)
}

/// The compression of one string.
struct Run<'a> {
    input: &'a [u8],
    table: &'a mut [u32],
    base: u32,
    out: &'a mut Vec<u8>,
    limit: usize,
    start: usize,
}

impl Run<'_> {
    /// Compresses the input. Returns `None` when the output becomes too long. It checks the length
    /// at the same points and in the same way as a server, which may also give up a byte or two
    /// early.
    fn compress(&mut self) -> Option<()> {
        let end = self.input.len();
        // Literal bytes that are not written yet start at `literal`.
        let (mut at, mut literal) = (0, 0);
        while at + GROUP <= end {
            let before = self.remember(at);
            let from = before.filter(|from| self.is_repetition(*from, at));
            if let Some(from) = from {
                let pending = if at > literal { at - literal + 1 } else { 0 };
                self.fits(pending + GROUP + 1)?;
                self.literal(literal, at);
                let len = self.run_length(from, at);
                self.reference(len, at - from - 1);
                at += len;
                literal = at;
                if at + GROUP <= end {
                    // Of the groups within a repetition, the last two are remembered.
                    self.remember(at - 2);
                    self.remember(at - 1);
                }
            } else {
                self.fits(at - literal + 1)?;
                at += 1;
                if at - literal == MAX_LITERAL {
                    self.literal(literal, at);
                    literal = at;
                }
            }
        }
        self.fits(at - literal + GROUP)?;
        while literal < end {
            let next = end.min(literal + MAX_LITERAL);
            self.literal(literal, next);
            literal = next;
        }
        Some(())
    }

    /// Whether `more` bytes and another one are within the limit.
    fn fits(&self, more: usize) -> Option<()> {
        (self.out.len() - self.start + more < self.limit).then_some(())
    }

    /// Notes the group at `at`. Returns the place of the previous group with the same hash.
    fn remember(&mut self, at: usize) -> Option<usize> {
        let [a, b, c] = *self.input.get(at..)?.first_chunk::<GROUP>()?;
        let group = u32::from_be_bytes([0, a, b, c]);
        let hash = (group >> (24 - TABLE_BITS)).wrapping_sub(group.wrapping_mul(5));
        let slot = usize::try_from(hash & ((1 << TABLE_BITS) - 1)).ok()?;
        // `compress` makes sure that it fits.
        let place = self.base + u32::try_from(at).ok()? + 1;
        let before = std::mem::replace(self.table.get_mut(slot)?, place);
        usize::try_from(before.checked_sub(self.base + 1)?).ok()
    }

    /// Whether a group repeats another one. Servers never refer to the first byte.
    fn is_repetition(&self, from: usize, at: usize) -> bool {
        from > 0
            && from < at
            && at - from <= MAX_DISTANCE
            && self.input.get(from..from + GROUP) == self.input.get(at..at + GROUP)
    }

    /// How many bytes at `at` equal those at `from`: at least `GROUP`.
    fn run_length(&self, from: usize, at: usize) -> usize {
        let same = |len: usize| self.input.get(from + len) == self.input.get(at + len);
        let most = (self.input.len() - at - 2).min(MAX_RUN);
        let mut len = 2;
        if most > UNCHECKED {
            for _ in 0..UNCHECKED {
                len += 1;
                if !same(len) {
                    return len;
                }
            }
        }
        len += 1;
        while len < most && same(len) {
            len += 1;
        }
        len
    }

    fn literal(&mut self, from: usize, to: usize) {
        let bytes = self.input.get(from..to).unwrap_or_default();
        // No longer than `MAX_LITERAL`.
        if let Some(control) = bytes.len().checked_sub(1).and_then(|len| u8::try_from(len).ok()) {
            self.out.push(control);
            self.out.extend_from_slice(bytes);
        }
    }

    /// Writes a repetition of `len` bytes from `distance` and one more back.
    #[expect(clippy::cast_possible_truncation, reason = "the low bits, and 264 - 9 at most")]
    fn reference(&mut self, len: usize, distance: usize) {
        let high = (distance >> 8) as u8;
        match len - 2 {
            short @ ..7 => self.out.push(high | (short as u8) << 5),
            long => self.out.extend([high | 7 << 5, (long - 7) as u8]),
        }
        self.out.push(distance as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::lzf::decompress;
    use proptest::prelude::*;

    fn is_undone(input: &[u8], compressed: &[u8]) {
        let mut out = Vec::new();
        decompress(compressed, input.len(), &mut out).unwrap();
        assert_eq!(out, input);
    }

    #[test]
    fn the_limit_is_kept() {
        let input = b"x".repeat(1000);
        let whole = compress(&input).unwrap();
        assert!(whole.len() < 20, "{}", whole.len());
        let mut compressor = Compressor::new();
        for limit in 0..30 {
            let mut out = b"before".to_vec();
            let done = compressor.compress(&input, limit, &mut out);
            // A server gives up at most three bytes early.
            assert!(done || limit < whole.len() + 4, "{limit}");
            assert!(!done || limit >= whole.len(), "{limit}");
            assert_eq!(&out[6..], if done { &whole[..] } else { &[] });
        }
        assert_eq!(compress(b""), None);
        assert_eq!(compress(b"abcdefghijklmnopqrstuvwxyz"), None);
    }

    #[test]
    fn a_table_that_is_full_is_taken_anew() {
        let input = b"tidegate ".repeat(20);
        let expected = compress(&input).unwrap();
        let mut compressor = Compressor::new();
        for base in [0, 5, u32::MAX - 400, u32::MAX - 181, u32::MAX - 180, u32::MAX - 1] {
            compressor.table.resize(1 << TABLE_BITS, 0);
            compressor.base = base;
            for _ in 0..3 {
                let mut out = Vec::new();
                assert!(compressor.compress(&input, input.len(), &mut out));
                assert_eq!(out, expected, "{base}");
            }
        }
    }

    fn text() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            prop::collection::vec(prop_oneof![Just(b'a'), Just(b'b'), Just(b'c')], 0..400),
            prop::collection::vec(any::<u8>(), 0..60),
            (any::<u8>(), 0..700_usize).prop_map(|(byte, len)| vec![byte; len]),
        ];
        prop::collection::vec(piece, 0..15).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn is_undone_by_decompressing(inputs in prop::collection::vec(text(), 1..4)) {
            let mut compressor = Compressor::new();
            for input in inputs {
                // With room for the worst case there is always a result.
                let mut out = Vec::new();
                let done = compressor.compress(&input, input.len() * 2 + 10, &mut out);
                prop_assert_eq!(done, !input.is_empty());
                if done {
                    is_undone(&input, &out);
                }
                let limit = input.len().saturating_sub(4);
                let mut small = Vec::new();
                if compressor.compress(&input, limit, &mut small) {
                    prop_assert!(small.len() <= limit);
                    prop_assert_eq!(&small, &out);
                }
                // What the table has of other strings changes nothing.
                prop_assert_eq!(compress(&input).unwrap_or_default(), small);
            }
        }
    }
}

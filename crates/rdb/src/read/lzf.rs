//! Decompresses LZF into exactly as many bytes as were promised.

use crate::error::Corrupt;

/// The most bytes that one compressed byte can stand for: three bytes can stand for 264.
const MAX_RATIO: u64 = 88;

/// The longest run of literal bytes.
const MAX_LITERAL: u8 = 32;

const fn corrupt(what: &'static str) -> Corrupt {
    Corrupt::new("LZF", what)
}

/// Whether `compressed` bytes can become `len` bytes; asked before memory is taken.
pub(super) fn is_plausible(compressed: u64, len: u64) -> bool {
    len <= compressed.saturating_mul(MAX_RATIO)
}

/// Appends the `len` bytes that `input` stands for to `out`.
///
/// # Errors
/// [`Corrupt`] if `input` stands for more or fewer bytes, or is cut off; `out` then has a part of
/// them.
pub fn decompress(input: &[u8], len: usize, out: &mut Vec<u8>) -> Result<(), Corrupt> {
    if !is_plausible(input.len() as u64, len as u64) {
        return Err(corrupt("promises more than it can hold"));
    }
    out.reserve(len);
    let start = out.len();
    let end = start + len;
    let mut rest = input;
    while let Some((&control, after)) = rest.split_first() {
        if control < MAX_LITERAL {
            let run = usize::from(control) + 1;
            let (literal, after) = after.split_at_checked(run).ok_or(corrupt("is cut off"))?;
            if run > end - out.len() {
                return Err(corrupt("is longer than promised"));
            }
            out.extend_from_slice(literal);
            rest = after;
        } else {
            rest = copy_back(control, after, start, end, out)?;
        }
    }
    if out.len() == end { Ok(()) } else { Err(corrupt("is shorter than promised")) }
}

/// Repeats bytes that were written before. Returns what follows the reference.
fn copy_back<'a>(
    control: u8,
    after: &'a [u8],
    start: usize,
    end: usize,
    out: &mut Vec<u8>,
) -> Result<&'a [u8], Corrupt> {
    let cut_off = || corrupt("is cut off");
    let mut run = usize::from(control >> 5) + 2;
    let mut after = after;
    if run == 9 {
        let (&more, rest) = after.split_first().ok_or_else(cut_off)?;
        run += usize::from(more);
        after = rest;
    }
    let (&low, after) = after.split_first().ok_or_else(cut_off)?;
    let distance = (usize::from(control & 0x1f) << 8 | usize::from(low)) + 1;
    if run > end - out.len() {
        return Err(corrupt("is longer than promised"));
    }
    let Some(from) = out.len().checked_sub(distance).filter(|from| *from >= start) else {
        return Err(corrupt("refers to before its start"));
    };
    // A copy that overlaps itself has twice as much to repeat in each round.
    while run > 0 {
        let piece = run.min(out.len() - from);
        out.extend_from_within(from..from + piece);
        run -= piece;
    }
    Ok(after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(input: &[u8], len: usize) -> Result<Vec<u8>, Corrupt> {
        // The former contents of the output are no part of the result.
        let mut out = b"before".to_vec();
        decompress(input, len, &mut out)?;
        Ok(out.split_off(6))
    }

    #[test]
    fn literals_and_references() {
        assert_eq!(read(&[2, b'a', b'b', b'c'], 3).unwrap(), b"abc");
        // Six more bytes from two bytes back: the copy overlaps itself.
        assert_eq!(read(&[1, b'a', b'b', 4 << 5, 1], 8).unwrap(), b"abababab");
        // A long run: 9 and 255 more.
        assert_eq!(read(&[0, b'x', 0xe0, 255, 0], 265).unwrap(), vec![b'x'; 265]);
        assert_eq!(read(&[], 0).unwrap(), b"");
    }

    #[test]
    fn invalid_bytes_are_refused() {
        let what = |input: &[u8], len| read(input, len).unwrap_err().what;
        assert_eq!(what(&[2, b'a'], 3), "is cut off");
        assert_eq!(what(&[0, b'a', 0xe0], 20), "is cut off");
        assert_eq!(what(&[0, b'a', 0x20], 20), "is cut off");
        assert_eq!(what(&[0, b'a'], 2), "is shorter than promised");
        assert_eq!(what(&[1, b'a', b'b'], 1), "is longer than promised");
        assert_eq!(what(&[0, b'a', 0x20, 0], 2), "is longer than promised");
        assert_eq!(what(&[0, b'a', 0x20, 1], 4), "refers to before its start");
        assert_eq!(what(&[0, b'a'], 1 << 40), "promises more than it can hold");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(input: Vec<u8>, len in 0usize..5000) {
            if let Ok(out) = read(&input, len) {
                prop_assert_eq!(out.len(), len);
            }
        }
    }
}

//! Numbers in as few bytes as they need: seven bits a byte, the lowest first.

/// Returns how many bytes [`push_varint`] adds.
#[inline]
pub(crate) fn varint_len(number: usize) -> usize {
    (usize::BITS - (number | 1).leading_zeros()).div_ceil(7) as usize
}

/// Adds a number, seven bits a byte, the lowest first.
#[inline]
pub(crate) fn push_varint(out: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        out.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    out.push(number.to_le_bytes()[0]);
}

/// Returns the number at the start of `bytes`, and what follows it.
#[inline]
pub(crate) fn split_varint(bytes: &[u8]) -> (usize, &[u8]) {
    let mut number = 0;
    for (at, &byte) in bytes.iter().enumerate().take(usize::BITS.div_ceil(7) as usize) {
        number |= usize::from(byte & 0x7f) << (7 * at);
        if byte < 0x80 {
            return (number, bytes.get(at + 1..).unwrap_or_default());
        }
    }
    (0, &[])
}

//! Registers of six bits each, one after the other, the lowest bits first.

use super::layout::{HEADER, REGISTERS};

/// The bits of a register.
const BITS: usize = 6;
const MASK: u8 = 63;
/// The number of bytes of the registers.
pub(super) const LEN: usize = REGISTERS * BITS / 8;

/// Returns the registers of a whole value.
pub(super) fn registers(value: &[u8]) -> impl Iterator<Item = u8> {
    let bytes = value.get(HEADER..).unwrap_or_default();
    bytes.chunks_exact(3).flat_map(|chunk| {
        let [a, b, c] = [chunk[0], chunk[1], chunk[2]];
        [a & MASK, (a >> 6 | b << 2) & MASK, (b >> 4 | c << 4) & MASK, c >> 2]
    })
}

/// Raises a register of a whole value to `count`. Returns whether it was less before.
pub(super) fn raise(value: &mut [u8], register: usize, count: u8) -> bool {
    let (first, shift) = (HEADER + register * BITS / 8, register * BITS % 8);
    let low = value.get(first).copied().unwrap_or(0);
    // The last register ends with the last byte.
    let high = value.get(first + 1).copied().unwrap_or(0);
    let both = u16::from_le_bytes([low, high]);
    if (both >> shift).to_le_bytes()[0] & MASK >= count {
        return false;
    }
    let both = both & !(u16::from(MASK) << shift) | u16::from(count & MASK) << shift;
    for (byte, new) in value.iter_mut().skip(first).zip(both.to_le_bytes()) {
        *byte = new;
    }
    true
}

//! `MurmurHash64A`, which selects the register of an element.

use super::layout::{PRECISION, REGISTERS};

const SEED: u64 = 0xadc8_3b19;
const FACTOR: u64 = 0xc6a4_a793_5bd1_e995;
const SHIFT: u32 = 47;

/// Returns the hash of an element.
fn murmur(bytes: &[u8]) -> u64 {
    let mut hash = SEED ^ (bytes.len() as u64).wrapping_mul(FACTOR);
    let mut chunks = bytes.chunks_exact(8);
    for chunk in &mut chunks {
        let word = chunk.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte));
        let word = word.wrapping_mul(FACTOR);
        let word = (word ^ (word >> SHIFT)).wrapping_mul(FACTOR);
        hash = (hash ^ word).wrapping_mul(FACTOR);
    }
    let rest = chunks.remainder();
    if !rest.is_empty() {
        let word = rest.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte));
        hash = (hash ^ word).wrapping_mul(FACTOR);
    }
    hash = (hash ^ (hash >> SHIFT)).wrapping_mul(FACTOR);
    hash ^ (hash >> SHIFT)
}

/// Returns the register of an element, and the value for it: the number of zeros at the beginning
/// of its hash, plus one (`hllPatLen`).
pub(super) fn place(element: &[u8]) -> (usize, u8) {
    let hash = murmur(element);
    let register = usize::from(hash.to_le_bytes()[0]) | usize::from(hash.to_le_bytes()[1]) << 8;
    // One bit is set, because there may be none.
    let zeros = (hash >> PRECISION | 1 << (64 - PRECISION)).trailing_zeros();
    (register % REGISTERS, u8::try_from(zeros + 1).unwrap_or(u8::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_as_a_server_shows_them() {
        // PFADD h a b c, PFDEBUG DECODE h: Z:8436 v:1,1 Z:4274 v:2,1 Z:3068 v:1,1 Z:603
        let mut places = [&b"a"[..], b"b", b"c"].map(place);
        places.sort_unstable();
        assert_eq!(places, [(8436, 1), (12711, 2), (15780, 1)]);
    }
}

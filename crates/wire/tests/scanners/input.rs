//! Bytes for scanners, and ways to cut them.

use proptest::collection::vec;
use proptest::prelude::*;

/// Cuts `bytes` into pieces of the given sizes, which are used over and over.
pub(crate) fn cut<'a>(mut bytes: &'a [u8], sizes: &'a [usize]) -> impl Iterator<Item = &'a [u8]> {
    let mut sizes = sizes.iter().cycle();
    std::iter::from_fn(move || {
        let size = (*sizes.next()?).min(bytes.len());
        let (piece, rest) = bytes.split_at(size);
        bytes = rest;
        (!piece.is_empty()).then_some(piece)
    })
}

/// Returns a strategy for bytes that look like frames for a while: `weight` times as many of
/// `tokens` as of any bytes.
pub(crate) fn noise(weight: u32, tokens: Vec<&'static [u8]>) -> impl Strategy<Value = Vec<u8>> {
    let token = prop_oneof![
        weight => prop::sample::select(tokens).prop_map(<[u8]>::to_vec),
        1 => vec(any::<u8>(), 1..4),
    ];
    prop_oneof![
        3 => vec(token, 0..24).prop_map(|tokens| tokens.concat()),
        1 => vec(any::<u8>(), 0..64),
    ]
}

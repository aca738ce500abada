//! The scores of packed sorted sets.

use super::listpack_entry::Element;

/// The number that `text` is; `None` where it is none.
pub(crate) fn parse_score(text: &[u8]) -> Option<f64> {
    let score: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    (!score.is_nan()).then_some(score)
}

/// The score that an element of a packed sorted set is.
#[must_use]
pub fn packed_score(element: Element<'_>) -> Option<f64> {
    match element {
        // As a server converts it, rounded where it has to be.
        #[expect(clippy::cast_precision_loss, reason = "no double is exact there")]
        Element::Int(number) => Some(number as f64),
        Element::Bytes(text) => parse_score(text),
    }
}

//! The scores of packed sorted sets.

use super::listpack_entry::Element;

/// Returns the number that `text` spells; `None` if it spells none.
pub(crate) fn parse_score(text: &[u8]) -> Option<f64> {
    let score: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    (!score.is_nan()).then_some(score)
}

/// Returns the score that an element of a packed sorted set spells.
#[must_use]
pub fn packed_score(element: Element<'_>) -> Option<f64> {
    match element {
        // Rounded where it has to be, as a server converts it.
        #[expect(clippy::cast_precision_loss, reason = "no double is exact there")]
        Element::Int(number) => Some(number as f64),
        Element::Bytes(text) => parse_score(text),
    }
}

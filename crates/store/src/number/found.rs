//! What `strtod` reports about a text.

/// A number at the start of a text, as `strtod` finds it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Found {
    pub(super) value: f64,
    /// The number of bytes that spell it; 0 if there is no number.
    pub(super) len: usize,
    /// Whether it is too large or too small to be distinguished from infinity or zero (`ERANGE`).
    pub(super) lost: bool,
}

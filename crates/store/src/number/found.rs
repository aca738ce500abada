//! What `strtod` reports about a text.

/// A number at the start of some text, as `strtod` finds it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Found {
    pub(super) value: f64,
    /// How many bytes spell it; 0 if none do.
    pub(super) len: usize,
    /// It is too large or too small to be told from infinity or zero (`ERANGE`).
    pub(super) lost: bool,
}

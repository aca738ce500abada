//! Why a key of a snapshot is refused.

/// Why a key of a snapshot cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InsertError {
    /// It was there before.
    #[error("comes twice")]
    Duplicate,
    /// Its value contradicts itself.
    #[error("{0}")]
    Value(String),
}

//! Why a key of a snapshot is refused.

/// Why a key of a snapshot is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InsertError {
    /// The key exists already.
    #[error("comes twice")]
    Duplicate,
    /// The value contradicts itself.
    #[error("{0}")]
    Value(String),
}

//! How much memory a payload may ask for. Memory is taken as bytes arrive, never on a promise; the
//! limits bound what arrives.

/// The limits of one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest string, or packed value, in bytes after decompression.
    pub string: u64,
    /// The longest value, all its strings together, in bytes after decompression.
    pub value: u64,
}

impl Default for Limits {
    /// The limit of a server is 512 MiB by default and can be raised, and a replica has to take
    /// what its master has.
    fn default() -> Self {
        Self { string: 4 << 30, value: 64 << 30 }
    }
}

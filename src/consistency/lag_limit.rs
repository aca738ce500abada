//! How old the data may be that a session reads.

/// How old the data of a replica may be that serves a session's reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LagLimit {
    /// `reads.max-lag`, by which the monitor judges every replica.
    #[default]
    Published,
    /// This many milliseconds.
    Within(u64),
    /// Any age.
    Any,
}

//! Where reads may go.

/// The servers that may serve reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadFrom {
    /// The master alone.
    Master,
    /// The replicas; the master when none of them can.
    Replica,
    /// All of them alike.
    Any,
}

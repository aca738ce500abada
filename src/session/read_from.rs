//! The servers to which reads may go.

/// The servers that may serve reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadFrom {
    /// The master only.
    Master,
    /// The replicas, and the master if no replica can serve a read.
    Replica,
    /// The master and the replicas alike.
    Any,
}

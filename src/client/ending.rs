//! How a client's connection ends.

/// How a client's connection ends, from the slowest way to the fastest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::client) enum Ending {
    /// When every request that the client has sent so far is answered.
    AfterRequests,
    /// When every request that the proxy has begun is answered; it begins no other one.
    AfterReplies,
    /// At once.
    Now,
}

//! What a session has said about its reads, and the servers to which they may go.

use crate::consistency::{LagLimit, Level};

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

/// What a session has said about its reads: READONLY, READWRITE, PROXY CONSISTENCY, PROXY NEXT.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadChoice {
    /// The servers for its reads, if it said READONLY or READWRITE.
    pub from: Option<ReadFrom>,
    /// The level that it asked for.
    pub level: Option<Level>,
    /// How old the data may be, if it said so.
    pub max_lag: Option<LagLimit>,
    /// The level that one request has, if it said PROXY NEXT.
    pub next: Option<Next>,
}

/// The request that PROXY NEXT is for, with its level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It has not come yet.
    Said(Level),
    /// It is at hand.
    Begun(Level),
    /// It has left. The next one comes after its reply.
    Sent(Level),
}

impl Next {
    /// The level.
    #[must_use]
    pub const fn level(self) -> Level {
        let (Self::Said(level) | Self::Begun(level) | Self::Sent(level)) = self;
        level
    }
}

impl ReadChoice {
    /// The level that it asked for in any way: READWRITE asks for strong reads.
    #[must_use]
    pub fn asked(&self) -> Option<Level> {
        if self.from == Some(ReadFrom::Master) { Some(Level::Strong) } else { self.level }
    }
}

//! What a request is to the metrics: its class, and why it went where it went.

use crate::routing::Reason;

/// What a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Changes nothing.
    Read,
    /// May change data.
    Write,
    /// Goes over a connection that its session has to itself.
    Pinned,
}

impl Class {
    /// Every class that servers answer.
    pub const ALL: [Self; 3] = [Self::Read, Self::Write, Self::Pinned];

    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Pinned => "pinned",
        }
    }
}

/// Class and reason of a request that goes to a server: the pairs that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// A read, to a replica that is proven to be fresh.
    ReadFresh,
    /// A read, to the master because the policy says so.
    ReadPolicy,
    /// A read, to the master because no replica is fresh.
    ReadFallback,
    /// A read, to a replica because the master is out of reach.
    ReadOrphaned,
    /// No write, and yet only the master may answer it.
    ReadMaster,
    /// A read, asked again.
    ReadRetry,
    /// A write.
    Write,
    /// A write that a server refused, sent to the true master.
    WriteRetry,
    /// Over the session's own connection.
    Pinned,
    /// The same, asked again over another one.
    PinnedRetry,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::ReadFresh,
        Self::ReadPolicy,
        Self::ReadFallback,
        Self::ReadOrphaned,
        Self::ReadMaster,
        Self::ReadRetry,
        Self::Write,
        Self::WriteRetry,
        Self::Pinned,
        Self::PinnedRetry,
    ];

    /// A read that was routed for this reason.
    #[must_use]
    pub const fn read(reason: Reason) -> Self {
        match reason {
            Reason::Master => Self::ReadMaster,
            Reason::Fresh => Self::ReadFresh,
            Reason::Policy => Self::ReadPolicy,
            Reason::Fallback => Self::ReadFallback,
            Reason::Orphaned => Self::ReadOrphaned,
        }
    }

    /// What the request is.
    #[must_use]
    pub const fn class(self) -> Class {
        match self {
            Self::Write | Self::WriteRetry => Class::Write,
            Self::Pinned | Self::PinnedRetry => Class::Pinned,
            _ => Class::Read,
        }
    }

    /// Why it went where it went.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::ReadFresh => Reason::Fresh.as_str(),
            Self::ReadPolicy => Reason::Policy.as_str(),
            Self::ReadFallback => Reason::Fallback.as_str(),
            Self::ReadOrphaned => Reason::Orphaned.as_str(),
            Self::ReadMaster => Reason::Master.as_str(),
            Self::Write => "write",
            Self::Pinned => "session",
            Self::ReadRetry | Self::WriteRetry | Self::PinnedRetry => "retry",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_one_pair_of_words_and_its_own_index() {
        let mut pairs = Vec::new();
        for (at, kind) in Kind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, at);
            pairs.push((kind.class().as_str(), kind.reason()));
        }
        pairs.sort_unstable();
        pairs.dedup();
        assert_eq!(pairs.len(), Kind::ALL.len());
        assert!(Class::ALL.into_iter().enumerate().all(|(at, class)| class as usize == at));
    }
}

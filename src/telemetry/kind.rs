//! The class of a request, and the reason for the backend that it went to, as metrics show them.

use crate::routing::Reason;

/// The class of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// A request that changes no data.
    Read,
    /// A request that may change data.
    Write,
    /// A request over a dedicated connection.
    Pinned,
}

impl Class {
    /// Every class that servers answer.
    pub const ALL: [Self; 3] = [Self::Read, Self::Write, Self::Pinned];

    /// The value of the label `class`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Pinned => "pinned",
        }
    }
}

/// The class of a request that goes to a backend, and the reason for that backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// A read sent to a replica that is proven to be fresh.
    ReadFresh,
    /// A read sent to the master because of `reads.from`.
    ReadPolicy,
    /// A read sent to the master because no replica is fresh.
    ReadFallback,
    /// A read sent to a replica because the master cannot be reached.
    ReadOrphaned,
    /// A request that writes nothing and that only the master may answer.
    ReadMaster,
    /// A read sent again.
    ReadRetry,
    /// A write sent to the master.
    Write,
    /// A write that a server refused, sent again to the master.
    WriteRetry,
    /// A request over a dedicated connection.
    Pinned,
    /// A request sent again over another dedicated connection.
    PinnedRetry,
}

impl Kind {
    /// Every kind, in the order of their numbers.
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

    /// The kind of a read that was routed for this reason.
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

    /// The class of the request.
    #[must_use]
    pub const fn class(self) -> Class {
        match self {
            Self::Write | Self::WriteRetry => Class::Write,
            Self::Pinned | Self::PinnedRetry => Class::Pinned,
            _ => Class::Read,
        }
    }

    /// The value of the label `reason`.
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
    fn every_kind_has_its_own_pair_of_labels_and_its_own_index() {
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

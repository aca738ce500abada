//! What an outside authority says about the master.

use tidegate_wire::units::HostPort;

/// The statement of an outside authority: of a majority of the Sentinels, or of a cluster.
/// Whether there is a majority is the caller's business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    /// The server that it names as master, by the address under which the proxy knows that server.
    pub master: HostPort,
    /// The configuration epoch of the statement: a higher epoch replaces a lower one.
    pub epoch: u64,
}

/// The authority's statement with the highest epoch so far, and what has become of it.
#[derive(Clone, Debug)]
pub(super) struct AcceptedAuthority {
    pub(super) statement: Authority,
    /// When the first statement of this epoch came.
    pub(super) since_ms: u64,
    /// Whether the named server has been master since.
    is_fulfilled: bool,
    /// Whether the operator has named a master since.
    is_overridden: bool,
}

impl AcceptedAuthority {
    pub(super) const fn new(statement: Authority, now_ms: u64) -> Self {
        Self { statement, since_ms: now_ms, is_fulfilled: false, is_overridden: false }
    }

    /// Notes that the named server is master.
    pub(super) const fn fulfil(&mut self) {
        self.is_fulfilled = true;
    }

    /// Whether the named server has been master since.
    pub(super) const fn is_fulfilled(&self) -> bool {
        self.is_fulfilled
    }

    /// Notes that the operator names a master: from now on only a higher epoch counts.
    pub(super) const fn r#override(&mut self) {
        self.is_overridden = true;
    }

    /// Whether `other` has a higher epoch.
    pub(super) const fn is_older_than(&self, other: &Authority) -> bool {
        self.statement.epoch < other.epoch
    }

    /// Whether the statement decides the election while the authority says `now`. When the
    /// authority falls silent, or says something older, nothing changes: the statement decides
    /// until the named server is master. From then on the servers' reports decide, with that one as
    /// the last master.
    pub(super) fn decides(&self, now: Option<&Authority>) -> bool {
        !self.is_overridden && (!self.is_fulfilled || now == Some(&self.statement))
    }
}

//! One replica that is attached to the source.

use super::announcement::{Announcement, Filter};
use super::request::SyncRequest;
use crate::identity::{Ask, Position};
use tidegate_wire::units::ReplOffset;

/// What a snapshot has to be like for a replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// The version of the RDB format that the replica reads.
    pub format: u16,
    /// What the replica does not want.
    pub filter: Filter,
}

/// How far a replica has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplicaState {
    /// It has more of the present history than the source has yet.
    Ahead {
        /// Since when, in milliseconds of the caller's clock.
        since_ms: u64,
    },
    /// It waits for a snapshot to begin.
    Waiting {
        /// Since when, in milliseconds of the caller's clock.
        since_ms: u64,
    },
    /// A snapshot is written for it. Its end is marked, or it is sent when it is complete.
    Saving {
        /// Whether its end is marked. Such a snapshot is sent while it is written.
        is_marked: bool,
    },
    /// A complete snapshot is sent to it.
    Sending,
    /// It has the snapshot; the stream begins with its next ack.
    Opening,
    /// It gets the stream.
    Online,
    /// It is to be closed.
    Gone(CloseReason),
}

/// Why a replica is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CloseReason {
    /// More of the stream waits for it than `client-output-buffer-limit replica` allows.
    #[error("it reads more slowly than client-output-buffer-limit replica allows")]
    Limit,
    /// It has sent no ack for `repl-timeout`.
    #[error("it has sent no ack for repl-timeout")]
    Silence,
    /// The data have another history, or another name of it.
    #[error("the history of the data has changed")]
    History,
    /// The snapshot for it could not be written.
    #[error("its snapshot could not be written")]
    Snapshot,
}

impl ReplicaState {
    /// The word that INFO uses; `None` for a replica that INFO leaves out.
    #[must_use]
    pub const fn as_str(self) -> Option<&'static str> {
        match self {
            Self::Ahead { .. } | Self::Waiting { .. } | Self::Saving { .. } => Some("wait_bgsave"),
            Self::Sending => Some("send_bulk"),
            Self::Opening | Self::Online => Some("online"),
            Self::Gone(_) => None,
        }
    }
}

/// One replica.
#[derive(Clone, Debug)]
pub struct Replica {
    /// Its address, as INFO shows it.
    pub ip: String,
    /// Its port, as it announced it.
    pub port: i64,
    pub(super) state: ReplicaState,
    pub(super) request: SyncRequest,
    pub(super) needs: Needs,
    pub(super) takes_marks: bool,
    pub(super) takes_replids: bool,
    pub(super) is_payload_only: bool,
    /// The number of its snapshot, and where that began.
    pub(super) began: Option<(u64, Position)>,
    /// The next byte of the stream that it needs.
    pub(super) next: Option<ReplOffset>,
    pub(super) acked: ReplOffset,
    /// The offset up to which its append-only file is synced (`repl_aof_off`).
    pub(super) synced: ReplOffset,
    pub(super) acked_ms: u64,
    /// Since when more waits for it than the soft limit.
    pub(super) slow_since_ms: Option<u64>,
}

impl Replica {
    /// Returns a replica at `peer` that has announced and asked for this. `format` is the version of
    /// the RDB format that it reads.
    #[must_use]
    pub fn new(said: &Announcement, request: SyncRequest, peer: String, format: u16) -> Self {
        Self {
            ip: said.ip.clone().unwrap_or(peer),
            port: said.port,
            state: ReplicaState::Waiting { since_ms: 0 },
            request,
            needs: Needs { format, filter: said.filter },
            takes_marks: said.takes_marks,
            takes_replids: said.takes_replids,
            is_payload_only: said.is_payload_only,
            began: None,
            next: None,
            acked: ReplOffset::default(),
            synced: ReplOffset::default(),
            acked_ms: 0,
            slow_since_ms: None,
        }
    }

    /// How far it has come.
    #[must_use]
    pub const fn state(&self) -> ReplicaState {
        self.state
    }

    /// Whether it gets the stream.
    #[must_use]
    pub const fn is_online(&self) -> bool {
        matches!(self.state, ReplicaState::Online | ReplicaState::Opening)
    }

    /// Whether it is to have the whole stream: it is not to be closed, and wants more than a payload.
    #[must_use]
    pub const fn is_followed(&self) -> bool {
        !self.is_payload_only && !matches!(self.state, ReplicaState::Gone(_))
    }

    /// Whether it wants the payload and no stream.
    #[must_use]
    pub const fn is_payload_only(&self) -> bool {
        self.is_payload_only
    }

    /// Whether it asked with `SYNC`.
    #[must_use]
    pub const fn is_legacy(&self) -> bool {
        self.request.is_legacy
    }

    /// Whether it takes a `+CONTINUE` with a replid.
    #[must_use]
    pub const fn takes_replids(&self) -> bool {
        self.takes_replids
    }

    /// The number of its snapshot, and where that began; `None` without one.
    #[must_use]
    pub const fn began(&self) -> Option<(u64, Position)> {
        self.began
    }

    /// The offset of its last ack.
    #[must_use]
    pub const fn acked(&self) -> ReplOffset {
        self.acked
    }

    /// The offset up to which its append-only file is synced, 0 if it has reported none.
    #[must_use]
    pub const fn synced(&self) -> ReplOffset {
        self.synced
    }

    /// The seconds since its last ack, 0 while it does not get the stream (`lag` of INFO).
    #[must_use]
    pub const fn lag_seconds(&self, now_ms: u64) -> u64 {
        if self.is_online() { now_ms.saturating_sub(self.acked_ms) / 1000 } else { 0 }
    }

    pub(super) const fn ask(&self) -> &Ask {
        &self.request.ask
    }

    /// Ends it. The first reason counts.
    pub(super) const fn close(&mut self, why: CloseReason) {
        if !matches!(self.state, ReplicaState::Gone(_)) {
            self.state = ReplicaState::Gone(why);
        }
        self.next = None;
    }

    /// The number of bytes of the stream that it lacks.
    pub(super) fn pending(&self, last: ReplOffset) -> u64 {
        self.next.map_or(0, |next| last.next().since(next))
    }
}

//! What ROLE and INFO show of the link to the master. Decides nothing.

/// How far the link has come, as ROLE shows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum LinkState {
    /// The server is no replica.
    #[default]
    None,
    /// The replica is about to connect.
    Connect,
    /// The connection is being made.
    Connecting,
    /// The handshake, from the first PING to the answer to PSYNC.
    Handshake,
    /// A payload is transferred or loaded.
    Sync,
    /// The stream is applied.
    Connected,
}

impl LinkState {
    /// The word that ROLE uses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Connect => "connect",
            Self::Connecting => "connecting",
            Self::Handshake => "handshake",
            Self::Sync => "sync",
            Self::Connected => "connected",
        }
    }
}

/// The state of the link, and since when. Times are milliseconds of the caller's clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkStatus {
    state: LinkState,
    /// When the link went down last.
    down_ms: Option<u64>,
    /// When the link came up last.
    up_ms: u64,
    heard_ms: u64,
    /// How long the link was down in all, between two times that it was up.
    lost_ms: u64,
    /// The attempts since the link was down last, and in all.
    attempts: (u64, u64),
}

impl LinkStatus {
    /// The state of the link.
    #[must_use]
    pub const fn state(&self) -> LinkState {
        self.state
    }

    /// Whether the link is up (`master_link_status`).
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.state == LinkState::Connected
    }

    /// Whether a payload is transferred or loaded (`master_sync_in_progress`).
    #[must_use]
    pub fn is_syncing(&self) -> bool {
        self.state == LinkState::Sync
    }

    /// Changes the state to `state`.
    pub fn enter(&mut self, state: LinkState, now_ms: u64) {
        if state == LinkState::Connected {
            self.heard_ms = now_ms;
            self.up_ms = now_ms;
            self.lost_ms += self.down_ms.map_or(0, |since| now_ms.saturating_sub(since));
        } else if self.is_up() {
            self.down_ms = Some(now_ms);
            self.attempts.0 = 0;
        }
        if state == LinkState::Connecting {
            self.attempts = (self.attempts.0 + 1, self.attempts.1 + 1);
        }
        self.state = state;
    }

    /// Begins anew with `state`, because the server follows another master or none.
    pub fn reset(&mut self, state: LinkState) {
        *self = Self { state, ..Self::default() };
    }

    /// Notes that something came from the master.
    pub const fn heard(&mut self, now_ms: u64) {
        self.heard_ms = now_ms;
    }

    /// The attempts since the link was down last, and in all: `master_current_sync_attempts` and
    /// `master_total_sync_attempts` (Redis 8.2).
    #[must_use]
    pub const fn attempts(&self) -> (u64, u64) {
        self.attempts
    }

    /// For how long the link has been up: `master_link_up_since_seconds` (Redis 8.2).
    #[must_use]
    pub fn up_seconds(&self, now_ms: u64) -> i64 {
        seconds(self.up_ms, now_ms)
    }

    /// For how long the link was down in all: `total_disconnect_time_sec` (Redis 8.2).
    #[must_use]
    pub fn lost_seconds(&self, now_ms: u64) -> i64 {
        let now = match self.down_ms {
            Some(since) if !self.is_up() => now_ms.saturating_sub(since),
            _ => 0,
        };
        seconds(0, self.lost_ms.saturating_add(now))
    }

    /// The seconds since the master sent something, -1 while the link is not up:
    /// `master_last_io_seconds_ago`.
    #[must_use]
    pub fn last_io_seconds(&self, now_ms: u64) -> i64 {
        if self.is_up() { seconds(self.heard_ms, now_ms) } else { -1 }
    }

    /// For how long the link has been down, -1 if it never was up:
    /// `master_link_down_since_seconds`. `None` while the link is up, where INFO does not show it.
    #[must_use]
    pub fn down_seconds(&self, now_ms: u64) -> Option<i64> {
        if self.is_up() {
            return None;
        }
        Some(self.down_ms.map_or(-1, |since| seconds(since, now_ms)))
    }
}

fn seconds(since_ms: u64, now_ms: u64) -> i64 {
    i64::try_from(now_ms.saturating_sub(since_ms) / 1000).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_since_when_it_is_down() {
        let mut link = LinkStatus::default();
        assert_eq!((link.state().as_str(), link.down_seconds(9)), ("none", Some(-1)));
        for (state, word) in [
            (LinkState::Connect, "connect"),
            (LinkState::Connecting, "connecting"),
            (LinkState::Handshake, "handshake"),
            (LinkState::Sync, "sync"),
        ] {
            link.enter(state, 1000);
            assert_eq!(link.state().as_str(), word);
            assert_eq!((link.down_seconds(2000), link.last_io_seconds(2000)), (Some(-1), -1));
            assert_eq!((link.is_up(), link.is_syncing()), (false, word == "sync"));
        }
        link.enter(LinkState::Connected, 3000);
        assert_eq!((link.state().as_str(), link.down_seconds(3000)), ("connected", None));
        link.heard(5000);
        assert_eq!(link.last_io_seconds(8999), 3);
        link.enter(LinkState::Connect, 10_000);
        link.enter(LinkState::Connecting, 12_000);
        assert_eq!((link.down_seconds(13_000), link.last_io_seconds(13_000)), (Some(3), -1));
        assert_eq!((link.attempts(), link.lost_seconds(13_500)), ((1, 2), 3));
        link.enter(LinkState::Connected, 14_000);
        assert_eq!((link.up_seconds(15_999), link.lost_seconds(99_000)), (1, 4));
        link.reset(LinkState::Connect);
        assert_eq!(link.down_seconds(13_000), Some(-1));
    }
}

//! How long a connection has been silent.

use tokio::time::Instant;

/// Knows when a request or a reply was last on its way. While a part of one has passed and a part
/// has not, bytes that pass are no silence, however long the transfer takes.
#[derive(Debug, Default)]
pub(super) struct Silence {
    /// Whether bytes were sent or received since the last look.
    moved: bool,
    /// When a transfer was last seen under way.
    transferred: Option<Instant>,
}

impl Silence {
    /// Bytes were sent or received.
    #[inline]
    pub(super) fn end(&mut self) {
        self.moved = true;
    }

    /// Looks at `now` whether a transfer is under way: bytes have moved since the last look and it
    /// is unfinished (`in_transfer`), or it waits because the client has no room (`held_back`).
    pub(super) fn look(&mut self, now: Instant, in_transfer: bool, held_back: bool) {
        let moved = std::mem::take(&mut self.moved);
        if held_back || moved && in_transfer {
            self.transferred = Some(now);
        }
    }

    /// Since when a request that was sent at `sent` has waited in silence.
    pub(super) fn since(&self, sent: Instant) -> Instant {
        self.transferred.map_or(sent, |at| at.max(sent))
    }

    /// Whether a transfer was seen under way after `deadline`.
    pub(super) fn is_broken_after(&self, deadline: Instant) -> bool {
        self.transferred.is_some_and(|at| at > deadline)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn only_a_transfer_under_way_ends_the_silence() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut silence = Silence::default();
        silence.end();
        silence.look(at(1), false, false);
        assert_eq!(silence.since(start), start, "what moved was whole");
        silence.look(at(2), true, false);
        assert_eq!(silence.since(start), start, "nothing has moved");
        silence.end();
        silence.look(at(3), true, false);
        assert_eq!((silence.since(start), silence.since(at(4))), (at(3), at(4)));
        silence.look(at(5), false, true);
        assert_eq!(silence.since(start), at(5));
        assert!(silence.is_broken_after(at(4)) && !silence.is_broken_after(at(5)));
    }
}

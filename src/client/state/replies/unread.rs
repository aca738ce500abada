//! When a client with much pending output is closed.
//!
//! While replies wait for a client, the proxy begins no more of its requests, and reads no more
//! from its dedicated connection. So two kinds of clients meet a limit: one whose requests were in
//! flight before their replies proved large, and one that gets messages or other pushes. A client
//! that takes replies, however slowly, is closed only in the second case.

/// A client with more pending replies than it may have is closed when it has taken nothing for this
/// long, in milliseconds.
const PATIENCE_MS: u64 = 3000;

/// How much pending output a client may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::client) enum Limit {
    /// A limit on replies, in bytes; it does not apply while the client takes some.
    Replies(usize),
    /// Messages, or replies that wait for the replicas: so many bytes, whether the client takes
    /// some or not.
    Unasked(usize),
    /// Messages to a subscriber (`client-output-buffer-limit-pubsub`).
    Subscriber {
        /// The hard limit, in bytes.
        hard: usize,
        /// The soft limit, in bytes.
        soft: usize,
        /// How long a subscriber may exceed the soft limit, in milliseconds.
        soft_for_ms: u64,
    },
}

impl Limit {
    /// Bytes that may wait for however long.
    pub(in crate::client) const fn bytes(self) -> usize {
        match self {
            Self::Replies(bytes) | Self::Unasked(bytes) => bytes,
            Self::Subscriber { hard, soft, .. } => {
                if hard < soft {
                    hard
                } else {
                    soft
                }
            }
        }
    }
}

/// The verdict on a client's pending output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::client) enum Verdict {
    /// It has no more pending output than it may.
    Within,
    /// It has more, but not for long yet: it is judged again soon.
    Watched,
    /// It is closed.
    Over,
}

/// The pending output of one client over time. Times are milliseconds of the process's clock.
#[derive(Debug, Default)]
pub(in crate::client) struct Unread {
    /// Bytes that the client has taken so far.
    taken: u64,
    excess: Option<Excess>,
}

/// A time of too much pending output.
#[derive(Clone, Copy, Debug)]
struct Excess {
    /// When it began, or when the client took something last.
    since_ms: u64,
    /// The bytes that the client had taken by then.
    taken: u64,
}

impl Unread {
    /// The client took so many bytes.
    pub(in crate::client) const fn took(&mut self, bytes: u64) {
        self.taken += bytes;
    }

    /// The client has no more pending output than it may.
    pub(in crate::client) const fn is_within(&mut self) {
        self.excess = None;
    }

    /// Judges a client with `bytes` of pending output.
    pub(in crate::client) fn judge(&mut self, bytes: usize, limit: Limit, now_ms: u64) -> Verdict {
        if bytes <= limit.bytes() {
            self.excess = None;
            return Verdict::Within;
        }
        let taken = self.taken;
        let excess = *self.excess.get_or_insert(Excess { since_ms: now_ms, taken });
        let waited_ms = now_ms.saturating_sub(excess.since_ms);
        let is_over = match limit {
            Limit::Unasked(_) => true,
            Limit::Subscriber { hard, soft_for_ms, .. } => bytes > hard || waited_ms >= soft_for_ms,
            Limit::Replies(_) if taken != excess.taken => {
                self.excess = Some(Excess { since_ms: now_ms, taken });
                false
            }
            Limit::Replies(_) => waited_ms >= PATIENCE_MS,
        };
        if is_over { Verdict::Over } else { Verdict::Watched }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_takes_replies_is_not_closed() {
        let (mut unread, limit) = (Unread::default(), Limit::Replies(10));
        assert_eq!(unread.judge(10, limit, 0), Verdict::Within);
        for at in 0..10 {
            assert_eq!(unread.judge(11, limit, at * 2000), Verdict::Watched, "{at}");
            unread.took(1);
        }
        assert_eq!(unread.judge(11, limit, 20_000), Verdict::Watched);
        assert_eq!(unread.judge(11, limit, 20_000 + PATIENCE_MS - 1), Verdict::Watched);
        assert_eq!(unread.judge(11, limit, 20_000 + PATIENCE_MS), Verdict::Over);
        assert_eq!(unread.judge(10, limit, 30_000), Verdict::Within);
        assert_eq!(unread.judge(11, limit, 30_000), Verdict::Watched, "from the start again");
    }

    #[test]
    fn a_subscriber_has_a_hard_limit_and_a_soft_one_for_some_time() {
        let mut unread = Unread::default();
        let limit = Limit::Subscriber { hard: 100, soft: 10, soft_for_ms: 60 };
        assert_eq!(unread.judge(11, limit, 0), Verdict::Watched);
        unread.took(5);
        assert_eq!(unread.judge(100, limit, 59), Verdict::Watched);
        assert_eq!(unread.judge(101, limit, 59), Verdict::Over);
        assert_eq!(unread.judge(11, limit, 60), Verdict::Over);
    }

    #[test]
    fn what_comes_unasked_has_no_grace() {
        assert_eq!(Unread::default().judge(11, Limit::Unasked(10), 0), Verdict::Over);
    }
}

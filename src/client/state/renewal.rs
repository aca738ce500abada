//! How a client gets its subscriptions back after it has lost their connection.
//!
//! The machine knows neither connections nor servers. Times are milliseconds of the process's clock.

use std::collections::VecDeque;

use crate::backend::{Failed, Turn};
use crate::client::state::subscribing::request;
use tidegate_wire::command::Subscription;

/// The most names in one request.
const CHUNK_NAMES: usize = 256;
/// The most bytes of names in one request, unless it has only one name.
const CHUNK_BYTES: usize = 64 * 1024;

const PING: &[u8] = b"*1\r\n$4\r\nPING\r\n";
/// A connection that is lost so soon after the subscriptions were renewed did not serve them.
const SOON_MS: u64 = 1_000;
/// How long the client waits after the second such loss; then twice as long, and so on.
const REST_MS: u64 = 100;
/// The longest time that it waits for that reason.
const REST_MAX_MS: u64 = 2_000;

/// A channel or pattern with its kind.
pub(in crate::client) type Name = (Subscription, Box<[u8]>);

/// How a client gets its subscriptions back after it has lost their connection.
#[derive(Debug, Default)]
pub(in crate::client) struct Renewal {
    phase: Phase,
    /// Requests that are sent when the subscriptions are there again, each with its old number.
    requests: Vec<Failed>,
    /// When the subscriptions were renewed last.
    renewed_ms: Option<u64>,
    /// How many connections were lost soon after that, one after the other.
    soon_lost: u32,
}

/// What the client waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::client) enum Step {
    /// Nothing: its subscriptions are in force.
    Nothing,
    /// Its server is no longer the master, since this time. It leaves when there is another one.
    Leave(u64),
    /// It has no connection.
    Connect,
    /// The server confirms the subscriptions.
    Confirm,
}

#[derive(Debug, Default)]
enum Phase {
    #[default]
    None,
    Leaving {
        since_ms: u64,
        until_ms: u64,
    },
    Waiting(Gap),
    Subscribing {
        gap: Gap,
        names: VecDeque<Name>,
        /// Whether a request has been sent.
        is_begun: bool,
        _turn: Option<Turn>,
    },
}

/// A time without subscriptions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Gap {
    since_ms: u64,
    /// When the client is closed.
    until_ms: u64,
    /// Before this time the client does not try.
    rest_ms: u64,
}

/// A request that renews subscriptions.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::client) struct Chunk {
    pub(in crate::client) frame: Vec<u8>,
    /// The number of confirmations that it gets.
    pub(in crate::client) replies: u32,
}

impl Renewal {
    /// What the client waits for.
    pub(in crate::client) const fn step(&self) -> Step {
        match &self.phase {
            Phase::None => Step::Nothing,
            Phase::Leaving { since_ms, .. } => Step::Leave(*since_ms),
            Phase::Waiting(_) => Step::Connect,
            Phase::Subscribing { .. } => Step::Confirm,
        }
    }

    /// Whether the client's requests wait.
    pub(in crate::client) const fn is_active(&self) -> bool {
        !matches!(self.phase, Phase::None)
    }

    const fn gap(&self) -> Option<Gap> {
        match &self.phase {
            Phase::None | Phase::Leaving { .. } => None,
            Phase::Waiting(gap) | Phase::Subscribing { gap, .. } => Some(*gap),
        }
    }

    /// Whether the client is without its subscriptions.
    pub(in crate::client) const fn is_gap(&self) -> bool {
        self.gap().is_some()
    }

    /// When the client has waited for too long; `None` while it waits for nothing.
    pub(in crate::client) const fn until_ms(&self) -> Option<u64> {
        match &self.phase {
            Phase::None => None,
            Phase::Leaving { until_ms, .. } => Some(*until_ms),
            Phase::Waiting(gap) | Phase::Subscribing { gap, .. } => Some(gap.until_ms),
        }
    }

    /// The server of the connection is no longer the master. The connection goes on until there is
    /// another master, for `patience_ms` at most.
    pub(in crate::client) fn leave(&mut self, now_ms: u64, patience_ms: u64) {
        if matches!(self.phase, Phase::None) {
            let until_ms = now_ms.saturating_add(patience_ms);
            self.phase = Phase::Leaving { since_ms: now_ms, until_ms };
        }
    }

    /// The connection stays in use after all. Returns the requests that are to be sent over it.
    pub(in crate::client) fn stay(&mut self) -> Vec<Failed> {
        self.phase = Phase::None;
        std::mem::take(&mut self.requests)
    }

    /// The connection is lost at `now_ms`. The client waits for `patience_ms` at most, counted from
    /// the first loss. True if a gap begins.
    pub(in crate::client) fn lose(&mut self, now_ms: u64, patience_ms: u64) -> bool {
        let until_ms = now_ms.saturating_add(patience_ms);
        let gap = self.gap();
        let begins = gap.is_none();
        let gap = gap.unwrap_or_else(|| {
            let rest_ms = now_ms + self.rest(now_ms);
            Gap { since_ms: now_ms, until_ms, rest_ms }
        });
        self.phase = Phase::Waiting(gap);
        begins
    }

    /// How long a client waits that has lost its connection at `now_ms`.
    fn rest(&mut self, now_ms: u64) -> u64 {
        let is_soon = self.renewed_ms.is_some_and(|renewed_ms| now_ms < renewed_ms + SOON_MS);
        self.soon_lost = if is_soon { self.soon_lost.saturating_add(1) } else { 0 };
        match self.soon_lost {
            0 | 1 => 0,
            count => (REST_MS << (count - 2).min(16)).min(REST_MAX_MS),
        }
    }

    /// Until when the client makes no try at `now_ms`.
    pub(in crate::client) fn rests_until_ms(&self, now_ms: u64) -> Option<u64> {
        self.gap().map(|gap| gap.rest_ms).filter(|rest_ms| now_ms < *rest_ms)
    }

    /// A request was lost with the connection, and is to be sent again.
    pub(in crate::client) fn adopt(&mut self, failed: Failed) {
        let at = self.requests.partition_point(|known| known.seq < failed.seq);
        self.requests.insert(at, failed);
    }

    /// Whether requests wait to be sent again.
    pub(in crate::client) const fn has_requests(&self) -> bool {
        !self.requests.is_empty()
    }

    /// There is a connection: these names are to be subscribed to. `turn` is given back with the last
    /// confirmation, or with the connection.
    pub(in crate::client) fn begin(&mut self, names: Vec<Name>, turn: Option<Turn>) {
        if let Phase::Waiting(gap) = self.phase {
            let (names, is_begun) = (names.into(), false);
            self.phase = Phase::Subscribing { gap, names, is_begun, _turn: turn };
        }
    }

    /// The next request; `None` if the server has answered the last one. Without names it is a PING,
    /// because the connection has to prove itself all the same.
    pub(in crate::client) fn next_chunk(&mut self) -> Option<Chunk> {
        let Phase::Subscribing { names, is_begun, .. } = &mut self.phase else { return None };
        let is_first = !std::mem::replace(is_begun, true);
        let Some((kind, _)) = names.front() else {
            return is_first.then(|| Chunk { frame: PING.to_vec(), replies: 1 });
        };
        let kind = *kind;
        let (mut bytes, mut count) = (0, 0);
        for (of, name) in names.iter().take(CHUNK_NAMES) {
            bytes += name.len();
            if *of != kind || count > 0 && bytes > CHUNK_BYTES {
                break;
            }
            count += 1;
        }
        let chunk: Vec<Name> = names.drain(..count).collect();
        let frame = request(kind, true, chunk.iter().map(|(_, name)| &**name));
        Some(Chunk { frame, replies: u32::try_from(count).unwrap_or(u32::MAX) })
    }

    /// The server has confirmed everything at `now_ms`. Returns how long the gap was, in
    /// milliseconds, and the requests to be sent now.
    pub(in crate::client) fn finish(&mut self, now_ms: u64) -> (u64, Vec<Failed>) {
        let gap_ms = self.gap().map_or(0, |gap| now_ms.saturating_sub(gap.since_ms));
        self.renewed_ms = Some(now_ms);
        (gap_ms, self.stay())
    }

    /// The client's time is up, or it goes. Returns how long the gap was, in milliseconds, if there
    /// was one, and the requests that were not sent.
    pub(in crate::client) fn end(&mut self, now_ms: u64) -> (Option<u64>, Vec<Failed>) {
        let gap_ms = self.gap().map(|gap| now_ms.saturating_sub(gap.since_ms));
        (gap_ms, self.stay())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::backend::Cause;
    use crate::topology::BackendId;
    use tidegate_wire::resp::Args;

    fn lost(seq: u64) -> Failed {
        let cause = Cause::Lost("reset".to_owned());
        let (request, backend) = (Vec::new(), BackendId(1));
        Failed { seq, request, repeatable: true, leased: true, backend, cause }
    }

    fn channel(name: &[u8]) -> Name {
        (Subscription::Channel, name.into())
    }

    fn words(chunk: &Chunk) -> Vec<Vec<u8>> {
        Args::new(&chunk.frame).map(<[u8]>::to_vec).collect()
    }

    #[test]
    fn a_gap_lasts_from_the_first_loss_to_the_last_confirmation() {
        let mut renewal = Renewal::default();
        assert!(!renewal.is_active() && renewal.until_ms().is_none());
        assert!(renewal.lose(100, 50));
        assert_eq!((renewal.step(), renewal.until_ms()), (Step::Connect, Some(150)));
        renewal.begin(vec![channel(b"a")], None);
        assert_eq!(renewal.step(), Step::Confirm);
        let first = renewal.next_chunk().expect("a request");
        assert_eq!((words(&first), first.replies), (vec![b"SUBSCRIBE".to_vec(), b"a".to_vec()], 1));
        assert!(!renewal.lose(110, 50), "the gap goes on");
        assert_eq!(renewal.until_ms(), Some(150));
        renewal.begin(vec![channel(b"a")], None);
        assert!(renewal.next_chunk().is_some() && renewal.next_chunk().is_none());
        assert_eq!(renewal.finish(130).0, 30);
        assert!(!renewal.is_active() && !renewal.is_gap());
    }

    #[test]
    fn a_client_that_leaves_a_server_has_its_subscriptions_until_then() {
        let mut renewal = Renewal::default();
        renewal.leave(100, 50);
        renewal.leave(120, 50);
        assert_eq!((renewal.step(), renewal.until_ms()), (Step::Leave(100), Some(150)));
        assert!(renewal.is_active() && !renewal.is_gap());
        renewal.adopt(lost(3));
        assert_eq!(renewal.stay().len(), 1);
        renewal.leave(200, 50);
        assert!(renewal.lose(210, 50));
        renewal.leave(220, 50);
        assert_eq!(renewal.step(), Step::Connect, "there is no connection to leave");
        assert_eq!(renewal.end(230).0, Some(20));
    }

    #[test]
    fn a_connection_that_is_lost_again_and_again_is_opened_ever_more_seldom() {
        let mut renewal = Renewal::default();
        let mut now_ms = 5_000;
        let mut rests = Vec::new();
        for _ in 0..9 {
            renewal.lose(now_ms, 60_000);
            let until_ms = renewal.rests_until_ms(now_ms);
            rests.push(until_ms.map_or(0, |until_ms| until_ms - now_ms));
            now_ms = until_ms.unwrap_or(now_ms);
            assert_eq!(renewal.rests_until_ms(now_ms), None);
            renewal.begin(vec![channel(b"a")], None);
            renewal.finish(now_ms);
            now_ms += SOON_MS - 1;
        }
        assert_eq!(rests, [0, 0, 100, 200, 400, 800, 1_600, 2_000, 2_000]);
        now_ms += 1;
        renewal.lose(now_ms, 60_000);
        assert_eq!(renewal.rests_until_ms(now_ms), None, "it held for a while");
    }

    #[test]
    fn requests_keep_their_order() {
        let mut renewal = Renewal::default();
        renewal.lose(0, 10);
        for seq in [5, 3, 4] {
            renewal.adopt(lost(seq));
        }
        assert!(renewal.has_requests());
        renewal.begin(Vec::new(), None);
        assert_eq!(renewal.next_chunk().map(|chunk| chunk.frame), Some(PING.to_vec()));
        assert_eq!(renewal.next_chunk(), None, "there is nothing to renew");
        let seqs: Vec<_> = renewal.finish(0).1.into_iter().map(|failed| failed.seq).collect();
        assert_eq!(seqs, [3, 4, 5]);
        assert_eq!(renewal.stay().len(), 0);
    }

    #[test]
    fn a_long_name_has_a_request_of_its_own() {
        let mut renewal = Renewal::default();
        renewal.lose(0, 10);
        let long = vec![b'x'; CHUNK_BYTES + 1];
        renewal.begin(vec![channel(b"a"), channel(&long), channel(b"b")], None);
        let counts = std::iter::from_fn(|| renewal.next_chunk().map(|chunk| chunk.replies));
        assert_eq!(counts.collect::<Vec<_>>(), [1, 1, 1]);
    }

    proptest! {
        /// The requests have each name once, with its kind, and none is larger than its bounds.
        #[test]
        fn every_name_is_renewed_once(
            sizes in proptest::collection::vec((0..3_usize, 1..2000_usize), 0..700),
        ) {
            let kinds = [Subscription::Channel, Subscription::Pattern, Subscription::Shard];
            let name = |(at, (kind, size)): (usize, &(usize, usize))| -> Name {
                let mut name = at.to_string().into_bytes();
                name.resize(name.len() + size, b'x');
                (kinds[*kind], name.into())
            };
            let names: Vec<Name> = sizes.iter().enumerate().map(name).collect();
            let mut renewal = Renewal::default();
            renewal.lose(0, 10);
            prop_assume!(!names.is_empty());
            renewal.begin(names.clone(), None);
            let mut renewed = Vec::new();
            while let Some(chunk) = renewal.next_chunk() {
                let words = words(&chunk);
                let verb = match words[0].as_slice() {
                    b"SUBSCRIBE" => Subscription::Channel,
                    b"PSUBSCRIBE" => Subscription::Pattern,
                    _ => Subscription::Shard,
                };
                let bytes: usize = words[1..].iter().map(Vec::len).sum();
                prop_assert!(bytes <= CHUNK_BYTES && words.len() <= CHUNK_NAMES + 1);
                prop_assert_eq!(chunk.replies as usize, words.len() - 1);
                renewed.extend(words[1..].iter().map(|name| (verb, name.clone().into())));
            }
            prop_assert_eq!(renewed, names);
        }
    }
}

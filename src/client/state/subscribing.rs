//! Requests that subscribe or unsubscribe, and that the server has not confirmed.

use std::collections::VecDeque;

use crate::session::replies::Sequence;
use crate::session::{Change, Subscriptions};
use tidegate_wire::command::Subscription;
use tidegate_wire::resp::encode;

/// Requests that subscribe or unsubscribe, and that the server has not confirmed, in their order.
#[derive(Debug, Default)]
pub(in crate::client) struct Subscribing {
    requests: VecDeque<Pending>,
}

#[derive(Debug)]
struct Pending {
    request: SubscribeRequest,
    /// The index of the first confirmation that was lost with the connection.
    lost_from: Option<u32>,
}

/// A request that subscribes or unsubscribes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::client) struct SubscribeRequest {
    /// The number of its first confirmation; those that follow have the next numbers.
    pub(in crate::client) seq: Sequence,
    /// What it does to the session's subscriptions.
    pub(in crate::client) change: Change,
    /// Whether the client does not want errors.
    pub(in crate::client) quiet: bool,
}

/// The rest of a request whose confirmations were lost, to be sent again.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::client) struct Again {
    /// The number of its first confirmation.
    pub(in crate::client) seq: Sequence,
    /// The number of its confirmations.
    pub(in crate::client) replies: u32,
    /// The request.
    pub(in crate::client) frame: Vec<u8>,
    /// Whether the client does not want errors.
    pub(in crate::client) quiet: bool,
}

impl Pending {
    fn end(&self) -> Sequence {
        self.request.seq + u64::from(self.request.change.confirmations())
    }

    /// Its names without confirmation; all of them unless the connection was lost.
    fn rest(&self) -> Again {
        let SubscribeRequest { seq, change, quiet } = &self.request;
        let done = self.lost_from.unwrap_or(0);
        let names = change.names[done as usize..].iter().map(|named| &*named.name);
        let frame = request(change.kind, change.adds, names);
        let replies = change.confirmations() - done;
        Again { seq: seq + u64::from(done), replies, frame, quiet: *quiet }
    }
}

impl Subscribing {
    /// A request leaves. Every request below `unanswered` is answered.
    pub(in crate::client) fn begin(&mut self, request: SubscribeRequest, unanswered: Sequence) {
        while self.requests.front().is_some_and(|first| first.end() <= unanswered) {
            self.requests.pop_front();
        }
        self.requests.push_back(Pending { request, lost_from: None });
    }

    /// Whether there are any.
    pub(in crate::client) fn is_any(&self) -> bool {
        !self.requests.is_empty()
    }

    /// The server refused request `seq`: `sent`, the subscriptions that the requests ask for, are as
    /// if it had not been sent. False if it is not one of these requests.
    pub(in crate::client) fn refused(&mut self, seq: Sequence, sent: &mut Subscriptions) -> bool {
        let of = |pending: &Pending| (pending.request.seq..pending.end()).contains(&seq);
        let Some(at) = self.requests.iter().position(of) else { return false };
        for pending in self.requests.range(at..).rev() {
            sent.undo(&pending.request.change, 0);
        }
        self.requests.remove(at);
        for pending in self.requests.range_mut(at..) {
            sent.redo(&mut pending.request.change);
        }
        true
    }

    /// The connection was lost before confirmation `seq` arrived. False if it belongs to none of
    /// these requests.
    pub(in crate::client) fn lose(&mut self, seq: Sequence) -> bool {
        let of = |pending: &&mut Pending| (pending.request.seq..pending.end()).contains(&seq);
        let Some(pending) = self.requests.iter_mut().find(of) else { return false };
        let at = u32::try_from(seq - pending.request.seq).unwrap_or(u32::MAX);
        pending.lost_from = Some(pending.lost_from.map_or(at, |known| known.min(at)));
        true
    }

    /// The subscriptions that the server had confirmed when the connection was lost; `sent` are those
    /// that the requests ask for.
    pub(in crate::client) fn confirmed(&self, sent: &Subscriptions) -> Subscriptions {
        let mut confirmed = sent.clone();
        for pending in self.requests.iter().rev() {
            if let Some(from) = pending.lost_from {
                let from = (from as usize).min(pending.request.change.names.len());
                confirmed.undo(&pending.request.change, from);
            }
        }
        confirmed
    }

    /// The requests whose confirmations were lost, in their order. From now on their confirmations
    /// are expected again.
    pub(in crate::client) fn take_lost(&mut self) -> Vec<Again> {
        let lost = self.requests.iter_mut().filter(|pending| pending.lost_from.is_some());
        let take = |pending: &mut Pending| {
            let again = pending.rest();
            // A second loss counts from the same place.
            pending.lost_from = None;
            again
        };
        lost.map(take).collect()
    }

    /// The server has answered all requests, or the session has ended.
    pub(in crate::client) fn clear(&mut self) {
        self.requests.clear();
    }
}

/// A request that subscribes to these names if `adds`, else unsubscribes.
pub(in crate::client) fn request<'a>(
    kind: Subscription,
    adds: bool,
    names: impl Iterator<Item = &'a [u8]>,
) -> Vec<u8> {
    let verb: &[u8] = match (kind, adds) {
        (Subscription::Channel, true) => b"SUBSCRIBE",
        (Subscription::Channel, false) => b"UNSUBSCRIBE",
        (Subscription::Pattern, true) => b"PSUBSCRIBE",
        (Subscription::Pattern, false) => b"PUNSUBSCRIBE",
        (Subscription::Shard, true) => b"SSUBSCRIBE",
        (Subscription::Shard, false) => b"SUNSUBSCRIBE",
    };
    let words: Vec<&[u8]> = std::iter::once(verb).chain(names).collect();
    encode::request_of(&words)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KINDS: [Subscription; 3] =
        [Subscription::Channel, Subscription::Pattern, Subscription::Shard];

    /// Requests in flight, and the subscriptions that they ask for.
    #[derive(Default)]
    struct Stage {
        sent: Subscriptions,
        subscribing: Subscribing,
        next: Sequence,
    }

    impl Stage {
        fn send(&mut self, kind: Subscription, adds: bool, names: &[&[u8]]) -> SubscribeRequest {
            let names = names.iter().copied();
            let change = match adds {
                true => self.sent.subscribe(kind, names),
                false => self.sent.unsubscribe(kind, names),
            };
            let request = SubscribeRequest { seq: self.next, change, quiet: false };
            self.next += u64::from(request.change.confirmations());
            self.subscribing.begin(request.clone(), 0);
            request
        }

        fn subscribe(&mut self, names: &[&[u8]]) {
            self.send(Subscription::Channel, true, names);
        }

        fn channels(&self) -> Vec<&[u8]> {
            let mut names: Vec<_> = self.sent.of(Subscription::Channel).collect();
            names.sort_unstable();
            names
        }
    }

    #[test]
    fn a_refused_request_changes_nothing() {
        let mut stage = Stage::default();
        stage.subscribe(&[b"a", b"b"]);
        stage.subscribe(&[b"b"]);
        stage.subscribe(&[b"c"]);
        assert!(stage.subscribing.refused(0, &mut stage.sent));
        assert_eq!(stage.channels(), [b"b", b"c"], "the second one subscribes to b now");
        assert!(stage.subscribing.refused(2, &mut stage.sent));
        assert_eq!(stage.channels(), [b"c"]);
        assert!(!stage.subscribing.refused(2, &mut stage.sent));
        stage.subscribing.clear();
        assert!(!stage.subscribing.refused(3, &mut stage.sent));
    }

    #[test]
    fn a_request_that_was_confirmed_in_part_is_sent_again_in_part() {
        let mut stage = Stage::default();
        stage.subscribe(&[b"a", b"b", b"c"]);
        stage.send(Subscription::Channel, false, &[]);
        stage.send(Subscription::Pattern, false, &[]);
        for seq in 1..7 {
            assert!(stage.subscribing.lose(seq));
        }
        assert!(!stage.subscribing.lose(7));
        let confirmed = stage.subscribing.confirmed(&stage.sent);
        assert_eq!(confirmed.all().collect::<Vec<_>>(), [(Subscription::Channel, &b"a"[..])]);
        let again = stage.subscribing.take_lost();
        let seqs: Vec<_> = again.iter().map(|again| (again.seq, again.replies)).collect();
        assert_eq!(seqs, [(1, 2), (3, 3), (6, 1)]);
        assert_eq!(again[0].frame, encode::request_of(&[b"SUBSCRIBE", b"b", b"c"]));
        assert_eq!(again[2].frame, encode::request_of(&[b"PUNSUBSCRIBE"]));
        assert_eq!(stage.subscribing.take_lost(), []);
        // The next connection is lost, too, before it has confirmed anything.
        assert!(stage.subscribing.lose(2) && stage.subscribing.lose(3));
        assert_eq!(stage.subscribing.confirmed(&stage.sent).count(Subscription::Channel), 2);
    }

    #[test]
    fn answered_requests_are_forgotten() {
        let mut stage = Stage::default();
        stage.subscribe(&[b"a"]);
        let change = stage.sent.subscribe(Subscription::Channel, [&b"b"[..]].into_iter());
        let request = SubscribeRequest { seq: 1, change, quiet: false };
        stage.subscribing.begin(request, 1);
        assert!(!stage.subscribing.lose(0) && stage.subscribing.lose(1));
    }

    /// A server: it confirms one name after the other.
    fn confirm(server: &mut Subscriptions, kind: Subscription, adds: bool, name: &[u8]) {
        let one = std::iter::once(name);
        if adds {
            server.subscribe(kind, one)
        } else {
            server.unsubscribe(kind, one)
        };
    }

    proptest! {
        /// Wherever the connection is lost: what counts as confirmed is what the server had, and the
        /// rest of the requests leads to what was asked for.
        #[test]
        fn nothing_is_lost_and_nothing_is_added(
            requests in proptest::collection::vec(
                (0..3_usize, any::<bool>(), proptest::collection::vec(0..4_u8, 0..4)), 1..8),
            cut in 0..24_u64,
        ) {
            let mut stage = Stage::default();
            let mut server = Subscriptions::default();
            for (kind, adds, names) in &requests {
                let names: Vec<Vec<u8>> = names.iter().map(|name| vec![*name]).collect();
                let names: Vec<&[u8]> = names.iter().map(Vec::as_slice).collect();
                if *adds && names.is_empty() {
                    continue;
                }
                let request = stage.send(KINDS[*kind], *adds, &names);
                for (at, named) in request.change.names.iter().enumerate() {
                    if request.seq + (at as u64) < cut {
                        confirm(&mut server, KINDS[*kind], *adds, &named.name);
                    }
                }
            }
            for seq in cut..stage.next {
                prop_assert!(stage.subscribing.lose(seq));
            }
            prop_assert_eq!(&stage.subscribing.confirmed(&stage.sent), &server);
            let mut replies = 0;
            for again in stage.subscribing.take_lost() {
                prop_assert_eq!(again.seq, cut + replies);
                replies += u64::from(again.replies);
                let words = words(&again.frame);
                let is = |(kind, adds): &(Subscription, bool)| {
                    request(*kind, *adds, std::iter::empty())
                        == encode::request_of(&[&words[0]])
                };
                let mut verbs = KINDS.into_iter().flat_map(|kind| [(kind, true), (kind, false)]);
                let (kind, adds) = verbs.find(is).expect("a verb");
                for name in &words[1..] {
                    confirm(&mut server, kind, adds, name);
                }
            }
            prop_assert_eq!(replies, stage.next.saturating_sub(cut));
            prop_assert_eq!(&server, &stage.sent);
        }
    }

    fn words(frame: &[u8]) -> Vec<Vec<u8>> {
        tidegate_wire::resp::Args::new(frame).map(<[u8]>::to_vec).collect()
    }
}

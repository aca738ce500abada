//! The clients of the port that wait in a command, and when they are woken.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use super::awaited::Awaited;
use crate::engine::Engine;
use crate::registry::Entry;

/// The least time from one check of all waiting clients to the next, if there are few.
const PAUSE: Duration = Duration::from_millis(5);
/// With more waiting clients than this, they are checked less often: all checks together take about
/// as long as these.
const FEW: usize = 200;
/// How many clients are woken at once. Other tasks of the port have their turn before the next ones.
const WOKEN_AT_ONCE: usize = 64;

/// The clients that wait in a command, by their ids.
#[derive(Debug, Default)]
pub(in crate::engine::serve) struct BlockedClients {
    /// Those that look again when the data have changed.
    entries: RefCell<BTreeMap<u64, Arc<Entry>>>,
    /// Those that get their reply from elsewhere: a master serves them when their keys are ready.
    for_replies: RefCell<BTreeMap<u64, Arc<Entry>>>,
    /// Those that wait for acks of replicas.
    for_acks: RefCell<BTreeMap<u64, Arc<Entry>>>,
    /// Notified when a client begins to wait.
    begun: Notify,
}

impl BlockedClients {
    /// The client begins to wait for this.
    pub(super) fn add(&self, entry: &Arc<Entry>, awaited: &Awaited) {
        let others = match awaited {
            Awaited::Read { .. } => None,
            Awaited::Keys { .. } | Awaited::Script | Awaited::Shutdown => Some(&self.for_replies),
            Awaited::Acks(_) => Some(&self.for_acks),
        };
        if let Some(others) = others {
            others.borrow_mut().insert(entry.id, Arc::clone(entry));
            return;
        }
        self.entries.borrow_mut().insert(entry.id, Arc::clone(entry));
        self.begun.notify_one();
    }

    /// The client waits no longer.
    pub(in crate::engine::serve) fn remove(&self, id: u64) {
        self.entries.borrow_mut().remove(&id);
        self.for_replies.borrow_mut().remove(&id);
        self.for_acks.borrow_mut().remove(&id);
    }

    /// Wakes the clients that wait for acks when the next one has come.
    pub(in crate::engine::serve) async fn wake_on_ack(&self, engine: &Engine) {
        engine.feeding.acks.notified().await;
        self.for_acks.borrow().values().for_each(|entry| entry.wake());
    }

    /// Wakes a client that waits for a reply from elsewhere; false if there is no such client.
    pub(in crate::engine::serve) fn wake(&self, id: u64) -> bool {
        let entries = self.for_replies.borrow();
        entries.get(&id).inspect(|entry| entry.wake()).is_some()
    }

    /// Wakes all that wait, in whatever: the engine's role has changed.
    pub(in crate::engine::serve) fn wake_everyone(&self) {
        for all in [&self.entries, &self.for_replies, &self.for_acks] {
            all.borrow().values().for_each(|entry| entry.wake());
        }
    }

    /// The time from one check of all waiting clients to the next.
    pub(in crate::engine::serve) fn pause(&self) -> Duration {
        let times = 1 + self.entries.borrow().len() / FEW;
        PAUSE * u32::try_from(times).unwrap_or(u32::MAX)
    }

    /// The first clients whose ids are above `after`.
    fn next(&self, after: Option<u64>) -> Vec<Arc<Entry>> {
        let first = after.map_or(0, |id| id.saturating_add(1));
        let entries = self.entries.borrow();
        entries.range(first..).take(WOKEN_AT_ONCE).map(|(_, entry)| Arc::clone(entry)).collect()
    }

    /// Wakes the waiting clients whenever the link has applied something, for ever.
    pub(in crate::engine::serve) async fn wake_on_progress(&self, engine: &Engine) {
        loop {
            if self.entries.borrow().is_empty() {
                self.begun.notified().await;
            }
            let seen = engine.applied();
            self.wake_all().await;
            tokio::time::sleep(self.pause()).await;
            engine.progress.until(|| engine.applied() != seen).await;
        }
    }

    /// Wakes them all, a few at a time.
    async fn wake_all(&self) {
        let mut after = None;
        loop {
            let entries = self.next(after);
            let Some(last) = entries.last() else { return };
            after = Some(last.id);
            entries.iter().for_each(|entry| entry.wake());
            tokio::task::yield_now().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;
    use tidegate_store::{CallContext, Dialect, Store};
    use tidegate_wire::resp::RespVersion;

    fn read() -> Awaited {
        let store = Store::new(1, Dialect::default(), 0);
        let context = CallContext { db: 0, now_ms: 0, version: RespVersion::V2 };
        let words = [&b"XREAD"[..], b"BLOCK", b"0", b"STREAMS", b"s", b"0"];
        Awaited::Read { read: store.waiting_read(context, &words).unwrap(), seen: None }
    }

    #[test]
    fn all_are_found_a_few_at_a_time() {
        let blocked = BlockedClients::default();
        let addr = SocketAddr::from(([127, 0, 0, 1], 1));
        let count = WOKEN_AT_ONCE as u64 + 3;
        (1..=count).for_each(|id| blocked.add(&Arc::new(Entry::new(id, addr, addr, 0)), &read()));
        blocked.remove(2);
        let first = blocked.next(None);
        assert_eq!((first.len(), first[0].id, first[1].id), (WOKEN_AT_ONCE, 1, 3));
        let second = blocked.next(first.last().map(|entry| entry.id));
        assert_eq!(second.iter().map(|it| it.id).collect::<Vec<_>>(), [count - 1, count]);
        assert!(blocked.next(Some(count)).is_empty());
    }

    #[test]
    fn many_are_checked_less_often() {
        let blocked = BlockedClients::default();
        let addr = SocketAddr::from(([127, 0, 0, 1], 1));
        assert_eq!(blocked.pause(), PAUSE);
        (0..FEW as u64 * 3)
            .for_each(|id| blocked.add(&Arc::new(Entry::new(id, addr, addr, 0)), &read()));
        assert_eq!(blocked.pause(), PAUSE * 4);
    }
}

//! The clients of the port that wait in a command, and when they are woken.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

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
pub(super) struct BlockedClients {
    entries: RefCell<BTreeMap<u64, Arc<Entry>>>,
    /// Notified when a client begins to wait.
    begun: Notify,
}

impl BlockedClients {
    /// The client begins to wait.
    pub(super) fn add(&self, entry: &Arc<Entry>) {
        self.entries.borrow_mut().insert(entry.id, Arc::clone(entry));
        self.begun.notify_one();
    }

    /// The client waits no longer.
    pub(super) fn remove(&self, id: u64) {
        self.entries.borrow_mut().remove(&id);
    }

    /// The time from one check of all waiting clients to the next.
    pub(super) fn pause(&self) -> Duration {
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
    pub(super) async fn wake_on_progress(&self, engine: &Engine) {
        loop {
            if self.entries.borrow().is_empty() {
                self.begun.notified().await;
            }
            let seen = engine.applied();
            self.wake_all().await;
            tokio::time::sleep(self.pause()).await;
            let progress = engine.progress.notified();
            if engine.applied() == seen {
                progress.await;
            }
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

    #[test]
    fn all_are_found_a_few_at_a_time() {
        let blocked = BlockedClients::default();
        let addr = SocketAddr::from(([127, 0, 0, 1], 1));
        let count = WOKEN_AT_ONCE as u64 + 3;
        (1..=count).for_each(|id| blocked.add(&Arc::new(Entry::new(id, addr, addr, 0))));
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
        (0..FEW as u64 * 3).for_each(|id| blocked.add(&Arc::new(Entry::new(id, addr, addr, 0))));
        assert_eq!(blocked.pause(), PAUSE * 4);
    }
}

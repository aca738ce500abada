//! Waiting until the data of the engine have changed.

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use tokio::sync::Notify;

/// Wakes those that wait until the data have changed. While nothing waits, a change costs one look at
/// a number: a master makes one for each request.
#[derive(Debug, Default)]
pub(in crate::engine) struct Progress {
    notify: Notify,
    waiting: AtomicUsize,
}

impl Progress {
    /// Notes that the data have changed. The caller has stored with `SeqCst` what `is_reached` of
    /// [`Self::until`] loads with `SeqCst`: so a waiter sees the change, or this call sees the waiter.
    pub(in crate::engine::state) fn note(&self) {
        if self.waiting.load(SeqCst) > 0 {
            self.notify.notify_waiters();
        }
    }

    /// Waits until `is_reached`, which is asked at each change.
    pub(in crate::engine) async fn until(&self, is_reached: impl Fn() -> bool) {
        self.waiting.fetch_add(1, SeqCst);
        let _waiter = Waiter(&self.waiting);
        loop {
            let mut changed = pin!(self.notify.notified());
            changed.as_mut().enable();
            if is_reached() {
                return;
            }
            changed.await;
        }
    }
}

/// Counts one that waits.
struct Waiter<'a>(&'a AtomicUsize);

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicU64;
    use std::thread;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_waiter_hears_of_each_change() {
        let (progress, applied) = (Arc::new(Progress::default()), Arc::new(AtomicU64::new(0)));
        let seen = Arc::new(AtomicU64::new(0));
        let (others, rounds) = ((Arc::clone(&progress), Arc::clone(&applied)), 2_000);
        let heard = Arc::clone(&seen);
        let waiter = thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                for round in 1..=rounds {
                    let reached = others.0.until(|| others.1.load(SeqCst) >= round);
                    tokio::time::timeout(Duration::from_mins(1), reached).await.expect("woken");
                    heard.store(round, SeqCst);
                }
            });
        });
        for round in 1..=rounds {
            applied.store(round, SeqCst);
            progress.note();
            // Sometimes the waiter waits already, sometimes it is about to.
            while seen.load(SeqCst) < round && !waiter.is_finished() {
                thread::yield_now();
            }
        }
        waiter.join().unwrap();
        assert_eq!(progress.waiting.load(SeqCst), 0);
    }
}

//! `CLIENT PAUSE`: for a while, writes (or everything) of all clients wait.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};

/// The pause in force. Times are milliseconds of the process's clock.
#[derive(Debug, Default)]
pub struct Pause {
    until_ms: AtomicU64,
    all: AtomicBool,
}

impl Pause {
    /// Pauses until `until_ms`; a pause in force is only ever extended, and made stricter
    /// (`pauseClients`).
    pub fn pause(&self, until_ms: u64, all: bool, now_ms: u64) {
        let running = self.until_ms.load(SeqCst) > now_ms;
        self.all.store(all || running && self.all.load(SeqCst), SeqCst);
        self.until_ms.fetch_max(until_ms, SeqCst);
    }

    /// Ends it.
    pub fn unpause(&self) {
        self.until_ms.store(0, SeqCst);
    }

    /// Forgets a pause that is over, so that nobody looks at the time for it any more.
    pub fn tick(&self, now_ms: u64) {
        let until = self.until_ms.load(SeqCst);
        if until != 0 && until <= now_ms {
            // Lost where somebody says a new one at this moment: that one stays.
            let _ = self.until_ms.compare_exchange(until, 0, SeqCst, SeqCst);
        }
    }

    /// Whether a pause was said and not unsaid; it may be over by now.
    pub fn is_set(&self) -> bool {
        self.until_ms.load(SeqCst) != 0
    }

    /// Whether a request has to wait. The time is asked for only where a pause was ever said.
    pub fn holds(&self, may_write: bool, now_ms: impl FnOnce() -> u64) -> bool {
        let until = self.until_ms.load(SeqCst);
        until != 0 && until > now_ms() && (may_write || self.all.load(SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_writes_or_everything_for_a_while() {
        let pause = Pause::default();
        assert!(!pause.holds(true, || 5));
        pause.pause(10, false, 5);
        assert!(pause.holds(true, || 9) && !pause.holds(false, || 9) && !pause.holds(true, || 10));
        pause.pause(8, true, 6);
        assert!(pause.holds(false, || 9), "extended, and stricter");
        pause.tick(9);
        assert!(pause.is_set());
        pause.tick(10);
        assert!(!pause.is_set(), "over");
        pause.pause(20, true, 11);
        pause.unpause();
        assert!(!pause.holds(true, || 12) && !pause.is_set());
    }
}

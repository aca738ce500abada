//! Signs of life: when each worker did its housekeeping last.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One worker's.
#[derive(Debug)]
pub struct Beat {
    /// The worker's thread.
    pub name: String,
    at_ms: AtomicU64,
}

impl Beat {
    /// It lives.
    pub fn strike(&self, now_ms: u64) {
        self.at_ms.store(now_ms, Relaxed);
    }

    /// How long ago that was, in milliseconds.
    #[must_use]
    pub fn age_ms(&self, now_ms: u64) -> u64 {
        now_ms.saturating_sub(self.at_ms.load(Relaxed))
    }
}

/// All workers'.
#[derive(Debug, Default)]
pub struct Beats(Mutex<Vec<Arc<Beat>>>);

impl Beats {
    /// A worker begins, on the calling thread.
    #[must_use]
    pub fn join(&self, now_ms: u64) -> Arc<Beat> {
        let name = std::thread::current().name().unwrap_or("worker").to_owned();
        let beat = Arc::new(Beat { name, at_ms: AtomicU64::new(now_ms) });
        let mut beats = self.beats();
        beats.push(Arc::clone(&beat));
        beats.sort_by(|a, b| a.name.cmp(&b.name));
        beat
    }

    /// Those that have begun, by name.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Beat>> {
        self.beats().clone()
    }

    fn beats(&self) -> MutexGuard<'_, Vec<Arc<Beat>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

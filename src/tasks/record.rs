//! One task on the board.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Kind;
use tidegate_wire::units::millis;

/// A task that beats and has not done so for this long hangs, unless it says otherwise.
const HANGS: Duration = Duration::from_secs(5);
/// What `beat` is for a task that does not beat.
const NEVER: u64 = u64::MAX;

/// What is known of one task.
#[derive(Debug)]
pub struct Record {
    kind: Kind,
    name: String,
    /// When it showed last that it runs.
    beat: AtomicU64,
    /// How long it may take until it does so again.
    patience_ms: AtomicU64,
    story: Mutex<Story>,
}

#[derive(Clone, Debug, Default)]
struct Story {
    /// It fell and has not been started again.
    is_down: bool,
    falls: u64,
    last: Option<(u64, String)>,
}

impl Record {
    pub(super) fn new(kind: Kind, name: String) -> Self {
        Self {
            kind,
            name,
            beat: AtomicU64::new(NEVER),
            patience_ms: AtomicU64::new(millis(HANGS)),
            story: Mutex::default(),
        }
    }

    /// The kind of the task.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The name of the task, for people.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Notes that the task runs. A task that beats once has to go on.
    pub fn strike(&self, now_ms: u64) {
        self.beat.store(now_ms, Relaxed);
    }

    /// The next beat may take this much longer than five seconds.
    pub fn allow(&self, longer: Duration) {
        self.patience_ms.store(millis(HANGS.saturating_add(longer)), Relaxed);
    }

    /// Milliseconds since the last beat; 0 for a task that does not beat.
    #[must_use]
    pub fn age_ms(&self, now_ms: u64) -> u64 {
        // `NEVER` is later than any time.
        now_ms.saturating_sub(self.beat.load(Relaxed))
    }

    /// How often the task has ended, by a panic or otherwise, against its purpose.
    #[must_use]
    pub fn falls(&self) -> u64 {
        self.story().falls
    }

    /// Whether the task ended and has not been started again.
    #[must_use]
    pub fn is_down(&self) -> bool {
        self.story().is_down
    }

    /// Why the task is not well at `now_ms`; `None` when it is.
    #[must_use]
    pub fn fault(&self, now_ms: u64) -> Option<String> {
        let story = self.story();
        if let (true, Some((_, why))) = (story.is_down, &story.last) {
            return Some(format!("{} is down: {why}", self.name));
        }
        let age_ms = self.age_ms(now_ms);
        let hangs = age_ms > self.patience_ms.load(Relaxed);
        hangs.then(|| format!("{} has not been heard of for {age_ms} ms", self.name))
    }

    /// What the task went through before it was started again; `None` when nothing happened.
    #[must_use]
    pub fn history(&self, now_ms: u64) -> Option<String> {
        let story = self.story();
        let (at_ms, why) = story.last.as_ref()?;
        let ago = now_ms.saturating_sub(*at_ms) / 1000;
        let (name, falls) = (&self.name, story.falls);
        Some(format!("{name} {why}; started again {ago} s ago, restarts so far: {falls}"))
    }

    /// Notes that the task is started.
    pub fn begin(&self) {
        self.story().is_down = false;
        self.beat.store(NEVER, Relaxed);
    }

    /// Notes that the task has ended for the reason `why`.
    pub fn fell(&self, now_ms: u64, why: &str) {
        let mut story = self.story();
        story.is_down = true;
        story.falls += 1;
        story.last = Some((now_ms, why.to_owned()));
    }

    fn story(&self) -> MutexGuard<'_, Story> {
        self.story.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Panics in debug builds, half a second after it is first polled, as often as the environment
    /// variable `TIDEGATE_TEST_PANIC` says for tasks of this kind (`monitor=1,acceptor=2`). Waits
    /// for ever otherwise, and in release builds.
    pub async fn injected_panic(&self) {
        #[cfg(debug_assertions)]
        if self.falls() < panics_wanted(self.kind) {
            tokio::time::sleep(Duration::from_millis(500)).await;
            panic!("injected into {}", self.name);
        }
        std::future::pending::<()>().await;
    }
}

/// How many panics the environment variable `TIDEGATE_TEST_PANIC` wants in tasks of this kind.
#[cfg(debug_assertions)]
pub(super) fn panics_wanted(kind: Kind) -> u64 {
    let wanted = std::env::var("TIDEGATE_TEST_PANIC").unwrap_or_default();
    let of_kind = wanted.split(',').filter_map(|it| it.split_once('='));
    let count = of_kind.filter(|(name, _)| *name == kind.as_str());
    count.filter_map(|(_, count)| count.parse::<u64>().ok()).sum()
}

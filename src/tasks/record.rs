//! The state of one task.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Kind;
use tidegate_wire::units::millis;

/// How long a task may be silent between two beats, unless it asks for longer.
const SILENCE_MAX: Duration = Duration::from_secs(5);
/// The value of `beat` before the first beat.
const NEVER: u64 = u64::MAX;

/// The state of one task: its beats and its failures.
#[derive(Debug)]
pub struct Record {
    kind: Kind,
    name: String,
    /// The time of the last beat, by which the task shows that it runs.
    beat: AtomicU64,
    /// How long the task may be silent before it counts as hanging.
    silence_max_ms: AtomicU64,
    failures: Mutex<Failures>,
}

#[derive(Clone, Debug, Default)]
struct Failures {
    /// Whether the task failed and was not restarted.
    is_down: bool,
    count: u64,
    /// When the task failed last, and why.
    last: Option<(u64, String)>,
}

impl Record {
    pub(super) fn new(kind: Kind, name: String) -> Self {
        Self {
            kind,
            name,
            beat: AtomicU64::new(NEVER),
            silence_max_ms: AtomicU64::new(millis(SILENCE_MAX)),
            failures: Mutex::default(),
        }
    }

    /// The kind of the task.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The name of the task, for messages.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Notes that the task runs. After its first beat a task has to beat regularly.
    pub fn beat(&self, now_ms: u64) {
        self.beat.store(now_ms, Relaxed);
    }

    /// Allows the next beat to take `longer` than five seconds.
    pub fn allow(&self, longer: Duration) {
        self.silence_max_ms.store(millis(SILENCE_MAX.saturating_add(longer)), Relaxed);
    }

    /// Milliseconds since the last beat; 0 for a task that does not beat.
    #[must_use]
    pub fn age_ms(&self, now_ms: u64) -> u64 {
        // `NEVER` is later than any time.
        now_ms.saturating_sub(self.beat.load(Relaxed))
    }

    /// How often the task has failed: panicked, or ended although it should run.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.lock().count
    }

    /// Whether the task failed and was not restarted.
    #[must_use]
    pub fn is_down(&self) -> bool {
        self.lock().is_down
    }

    /// What is wrong with the task at `now_ms`: it is down or hangs. `None` if it runs.
    #[must_use]
    pub fn fault(&self, now_ms: u64) -> Option<String> {
        let failures = self.lock();
        if let (true, Some((_, why))) = (failures.is_down, &failures.last) {
            return Some(format!("{} is down: {why}", self.name));
        }
        let age_ms = self.age_ms(now_ms);
        let hangs = age_ms > self.silence_max_ms.load(Relaxed);
        hangs.then(|| format!("{} has not reported for {age_ms} ms", self.name))
    }

    /// The last failure of a task that was restarted; `None` if there was none.
    #[must_use]
    pub fn history(&self, now_ms: u64) -> Option<String> {
        let failures = self.lock();
        let (at_ms, why) = failures.last.as_ref()?;
        let ago = now_ms.saturating_sub(*at_ms) / 1000;
        let (name, count) = (&self.name, failures.count);
        Some(format!("{name} {why}; restarted {ago} s ago, restarts so far: {count}"))
    }

    /// Notes that the task was started.
    pub fn begin(&self) {
        self.lock().is_down = false;
        self.beat.store(NEVER, Relaxed);
    }

    /// Notes that the task failed for the reason `why`.
    pub fn failed(&self, now_ms: u64, why: &str) {
        let mut failures = self.lock();
        failures.is_down = true;
        failures.count += 1;
        failures.last = Some((now_ms, why.to_owned()));
    }

    fn lock(&self) -> MutexGuard<'_, Failures> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Panics in debug builds, half a second after it is first polled, as often as the environment
    /// variable `TIDEGATE_TEST_PANIC` says for tasks of this kind (`monitor=1,acceptor=2`). Waits
    /// for ever otherwise, and in release builds.
    pub async fn injected_panic(&self) {
        #[cfg(debug_assertions)]
        if self.failures() < panics_wanted(self.kind) {
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

//! Reloads of `proxy.toml`: how they went so far, and the clients that ask for one.
//!
//! Clients ask here (`PROXY RELOAD`). The main thread reloads, one at a time, and answers. The
//! metrics read the numbers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use crate::config::{Change, ConfigError};
use crate::registry::{self, Asking, Entry};
use crate::telemetry::since_1970;

/// The outcome of a reload: what it changed, or every mistake in the file.
pub type Outcome = Result<Vec<Change>, ConfigError>;

/// A reload that a client has asked for.
pub(crate) type Asked = registry::Asked<(), Arc<Outcome>>;

/// How reloads went, and the clients that wait for one. Shared by all threads.
#[derive(Debug)]
pub struct Reloads {
    generation: AtomicU64,
    successes: AtomicU64,
    failures: AtomicU64,
    last_failed: AtomicBool,
    /// Seconds since 1970.
    loaded_at: AtomicU64,
    asking: Asking<(), Arc<Outcome>>,
}

/// The state after the start: the first configuration is in force.
impl Default for Reloads {
    fn default() -> Self {
        Self {
            generation: AtomicU64::new(1),
            successes: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            last_failed: AtomicBool::new(false),
            loaded_at: AtomicU64::new(since_1970().as_secs()),
            asking: Asking::default(),
        }
    }
}

impl Reloads {
    /// Which configuration is in force: 1 is the first, each reload that changed something adds
    /// one. `tidegate_config_generation`.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation.load(Relaxed)
    }

    /// Reloads of a file without mistakes, whether it differed or not.
    /// `tidegate_config_reloads_total{result="success"}`.
    #[must_use]
    pub fn successes(&self) -> u64 {
        self.successes.load(Relaxed)
    }

    /// Reloads that changed nothing because the file has mistakes or cannot be read.
    /// `tidegate_config_reloads_total{result="failure"}`.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.failures.load(Relaxed)
    }

    /// Whether the last reload, or the start if there was none, went well.
    /// `tidegate_config_last_reload_successful`.
    #[must_use]
    pub fn last_succeeded(&self) -> bool {
        !self.last_failed.load(Relaxed)
    }

    /// When a file without mistakes was last loaded, the start included, in seconds since 1970.
    /// `tidegate_config_last_reload_success_timestamp_seconds`.
    #[must_use]
    pub fn last_success_unix_seconds(&self) -> u64 {
        self.loaded_at.load(Relaxed)
    }

    /// Counts a reload.
    pub fn count(&self, outcome: &Outcome) {
        self.last_failed.store(outcome.is_err(), Relaxed);
        match outcome {
            Ok(changes) => {
                self.generation.fetch_add(u64::from(!changes.is_empty()), Relaxed);
                self.successes.fetch_add(1, Relaxed);
                self.loaded_at.store(since_1970().as_secs(), Relaxed);
            }
            Err(_) => {
                self.failures.fetch_add(1, Relaxed);
            }
        }
    }

    /// A client asks for a reload, and is woken when there is an outcome.
    pub(crate) fn ask(&self, entry: &Arc<Entry>) -> Arc<Asked> {
        self.asking.ask((), entry)
    }

    /// Waits until a client asks. The future may be dropped and made again.
    pub async fn asked(&self) {
        self.asking.asked().await;
    }

    /// Runs `reload` once for all clients that have asked up to now, and gives them the outcome.
    pub fn answer_with(&self, reload: impl FnOnce() -> Outcome) {
        // A client that asks while it runs may mean a later state of the file, and gets another
        // one.
        let asking = self.asking.take();
        if asking.is_empty() {
            return;
        }
        let outcome = Arc::new(reload());
        for asked in asking {
            asked.answer(Arc::clone(&outcome));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;
    use crate::config::Config;

    fn entry() -> Arc<Entry> {
        let addr = SocketAddr::from(([127, 0, 0, 1], 1));
        Arc::new(Entry::new(1, addr, addr, 0))
    }

    fn mistake() -> ConfigError {
        Config::parse("][", "proxy.toml").unwrap_err()
    }

    fn change() -> Change {
        let live = crate::config::Applies::Live;
        Change { key: "a.b".into(), old: "1".into(), new: "2".into(), applies: live }
    }

    #[test]
    fn only_what_changed_something_is_a_generation() {
        let reloads = Reloads::default();
        assert!(reloads.last_succeeded() && reloads.last_success_unix_seconds() > 0);
        reloads.count(&Ok(Vec::new()));
        assert_eq!((reloads.generation(), reloads.successes(), reloads.failures()), (1, 1, 0));
        reloads.count(&Err(mistake()));
        assert!(!reloads.last_succeeded());
        reloads.count(&Ok(vec![change()]));
        assert_eq!((reloads.generation(), reloads.successes(), reloads.failures()), (2, 2, 1));
        assert!(reloads.last_succeeded());
    }

    #[test]
    fn one_reload_answers_all_clients_that_asked_before_it() {
        let reloads = Reloads::default();
        let (first, second) = (reloads.ask(&entry()), reloads.ask(&entry()));
        let mut late = None;
        let mut runs = 0;
        reloads.answer_with(|| {
            runs += 1;
            late = Some(reloads.ask(&entry()));
            Err(mistake())
        });
        assert_eq!(runs, 1);
        assert!(first.outcome().is_some_and(|it| it.is_err()) && second.outcome().is_some());
        let late = late.expect("asked");
        assert!(late.outcome().is_none(), "the file may have changed since it was read");
        reloads.answer_with(|| Ok(Vec::new()));
        assert!(late.outcome().is_some_and(|it| it.is_ok()));
        reloads.answer_with(|| panic!("no client asks"));
    }
}

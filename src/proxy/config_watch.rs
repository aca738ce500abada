//! Notices when `proxy.toml` changes: when the file is written, when another file is renamed over
//! it, or when a symbolic link of its path changes.
//!
//! Watches directories, because a file that replaces another is a different file, and ignores
//! events about other names in them (see [`LinkPath`]). Never reads the file.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use super::link_path::LinkPath;
use crate::tasks::{Board, Kind};

/// A change is over when nothing has happened for this long.
const QUIET: Duration = Duration::from_millis(200);
/// A change is over after this time even if the file goes on changing.
const CHANGE_MAX: Duration = Duration::from_secs(2);
/// How often the watch is set up again because the path changed meanwhile.
const TRIES: usize = 3;

/// A watch of one path.
#[derive(Debug)]
pub(super) struct ConfigWatch {
    path: PathBuf,
    state: State,
    /// Notified by the watcher's thread.
    happened: Arc<Notify>,
    /// The times of the first and the last event of the change in progress.
    in_progress: Option<(Instant, Instant)>,
    tasks: Board,
}

#[derive(Debug)]
enum State {
    Off,
    On(Watched),
    /// The watch could not be set up, and this was logged.
    Failed,
}

#[derive(Debug)]
struct Watched {
    watcher: RecommendedWatcher,
    links: LinkPath,
    /// The paths whose events matter; the watcher's thread reads them.
    names: Arc<Mutex<BTreeSet<PathBuf>>>,
}

impl ConfigWatch {
    /// A watch of `path` that is still off.
    pub(super) fn new(path: PathBuf, tasks: Board) -> Self {
        Self { path, state: State::Off, happened: Arc::default(), in_progress: None, tasks }
    }

    /// Turns the watch on or off. A failure is logged once.
    pub(super) fn set(&mut self, on: bool) {
        match (&self.state, on) {
            (State::Off, true) => {
                // The file may have changed before the watch began.
                self.look_again();
                let happened = Arc::clone(&self.happened);
                self.state = match Watched::new(&self.path, happened, self.tasks.clone()) {
                    Ok(watched) => State::On(watched),
                    Err(error) => {
                        self.in_progress = None;
                        State::failed(&error)
                    }
                };
            }
            (State::On(_) | State::Failed, false) => {
                *self = Self::new(std::mem::take(&mut self.path), self.tasks.clone());
            }
            _ => {}
        }
    }

    /// Waits until the file has changed and the change is over. No event is lost if the future is
    /// dropped.
    pub(super) async fn changed(&mut self) {
        loop {
            let Some((first, last)) = self.in_progress else {
                self.happened.notified().await;
                self.look_again();
                continue;
            };
            let due = (last + QUIET).min(first + CHANGE_MAX);
            if Instant::now() < due && timeout_at(due, self.happened.notified()).await.is_ok() {
                self.in_progress = Some((first, Instant::now()));
                continue;
            }
            self.in_progress = None;
            self.follow();
            return;
        }
    }

    /// Makes [`ConfigWatch::changed`] return as if the file had changed now.
    pub(super) fn look_again(&mut self) {
        let now = Instant::now();
        self.in_progress = Some((now, now));
    }

    /// Watches the directories of the path as it is now.
    fn follow(&mut self) {
        if let State::On(watched) = &mut self.state
            && let Err(error) = watched.follow(&self.path)
        {
            self.state = State::failed(&error);
        }
    }
}

impl State {
    fn failed(error: &notify::Error) -> Self {
        tracing::warn!("cannot watch the configuration file, send SIGHUP to reload it: {error}");
        Self::Failed
    }
}

impl Watched {
    fn new(path: &std::path::Path, happened: Arc<Notify>, tasks: Board) -> notify::Result<Self> {
        let names: Arc<Mutex<BTreeSet<PathBuf>>> = Arc::default();
        let concerned = Arc::clone(&names);
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            let judged = catch_unwind(AssertUnwindSafe(|| {
                let names = concerned.lock().unwrap_or_else(PoisonError::into_inner);
                event.map_or(true, |event| {
                    let matters = matters(&event, &names);
                    assert!(!matters || !tasks.is_panic_injected(Kind::ConfigWatch), "injected");
                    matters
                })
            }));
            if judged.is_err() {
                tasks.count_panic(Kind::ConfigWatch);
                tracing::error!("the watch of the configuration file panicked; it continues");
            }
            // After an error the file may have changed.
            if judged.unwrap_or(true) {
                happened.notify_one();
            }
        })?;
        let mut watched = Self { watcher, links: LinkPath::default(), names };
        watched.follow(path)?;
        Ok(watched)
    }

    /// Watches the directories of `path` as it is now.
    fn follow(&mut self, path: &std::path::Path) -> notify::Result<()> {
        for _ in 0..TRIES {
            let links = LinkPath::of(path);
            *self.names.lock().unwrap_or_else(PoisonError::into_inner) = links.names();
            for watched in self.links.watched() {
                // The watch of a removed directory has ended. The others are set up again, because
                // another directory may have the same name now.
                let _ = self.watcher.unwatch(watched);
            }
            for watched in links.watched() {
                match self.watcher.watch(watched, RecursiveMode::NonRecursive) {
                    Err(error) if !is_missing(&error) => return Err(error),
                    _ => {}
                }
            }
            self.links = links;
            // A link that changed before it was watched caused no event.
            if LinkPath::of(path) == self.links {
                break;
            }
        }
        Ok(())
    }
}

/// Whether an event may mean that the content changed. Reading the file does not: the proxy does
/// so.
fn matters(event: &Event, names: &BTreeSet<PathBuf>) -> bool {
    let is_read = match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => false,
        EventKind::Access(_) => true,
        _ => false,
    };
    event.need_rescan() || !is_read && event.paths.iter().any(|path| names.contains(path))
}

fn is_missing(error: &notify::Error) -> bool {
    match &error.kind {
        notify::ErrorKind::PathNotFound => true,
        notify::ErrorKind::Io(error) => error.kind() == std::io::ErrorKind::NotFound,
        _ => false,
    }
}

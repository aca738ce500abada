//! Notices when `proxy.toml` changes, however that is done: written in place, another file renamed
//! over it, a link on the way to it pointed elsewhere.
//!
//! Watches directories, because a file that is replaced is another file; and of what happens in
//! them only what concerns the path (see [`Trail`]). Never reads the file.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use super::trail::Trail;
use crate::tasks::{Board, Kind};

/// A change is over when nothing has happened for this long.
const QUIET: Duration = Duration::from_millis(200);
/// Who goes on changing the file is not waited for any longer.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often the way to the file may change while it is being watched anew.
const TRIES: usize = 3;

/// A watch of one path.
#[derive(Debug)]
pub(super) struct ConfigWatch {
    path: PathBuf,
    state: State,
    /// Notified by the watcher's thread.
    happened: Arc<Notify>,
    /// The first and the last event of a change that is going on.
    going_on: Option<(Instant, Instant)>,
    tasks: Board,
}

#[derive(Debug)]
enum State {
    Off,
    On(Watched),
    /// It could not be set up, and that was said.
    Failed,
}

#[derive(Debug)]
struct Watched {
    watcher: RecommendedWatcher,
    trail: Trail,
    /// The paths whose events count; read by the watcher's thread.
    names: Arc<Mutex<BTreeSet<PathBuf>>>,
}

impl ConfigWatch {
    /// Watches nothing yet.
    pub(super) fn new(path: PathBuf, tasks: Board) -> Self {
        Self { path, state: State::Off, happened: Arc::default(), going_on: None, tasks }
    }

    /// Begins to watch, or ends it. Where that is not possible it is said, once.
    pub(super) fn set(&mut self, on: bool) {
        match (&self.state, on) {
            (State::Off, true) => {
                // What happened before is seen by a first look.
                self.look_again();
                let happened = Arc::clone(&self.happened);
                self.state = match Watched::new(&self.path, happened, self.tasks.clone()) {
                    Ok(watched) => State::On(watched),
                    Err(error) => {
                        self.going_on = None;
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

    /// Until something has happened to the file, and is over. Nothing is lost if the future is
    /// dropped.
    pub(super) async fn changed(&mut self) {
        loop {
            let Some((first, last)) = self.going_on else {
                self.happened.notified().await;
                self.look_again();
                continue;
            };
            let due = (last + QUIET).min(first + PATIENCE);
            if Instant::now() < due && timeout_at(due, self.happened.notified()).await.is_ok() {
                self.going_on = Some((first, Instant::now()));
                continue;
            }
            self.going_on = None;
            self.follow();
            return;
        }
    }

    /// As if something had happened now.
    pub(super) fn look_again(&mut self) {
        let now = Instant::now();
        self.going_on = Some((now, now));
    }

    /// The path may lead elsewhere by now.
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
        tracing::warn!("the configuration file is not watched, SIGHUP reloads it: {error}");
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
                tracing::error!("the watch of the configuration file panicked; it goes on");
            }
            // After an error it is not known what happened.
            if judged.unwrap_or(true) {
                happened.notify_one();
            }
        })?;
        let mut watched = Self { watcher, trail: Trail::default(), names };
        watched.follow(path)?;
        Ok(watched)
    }

    /// Watches what `path` leads through now.
    fn follow(&mut self, path: &std::path::Path) -> notify::Result<()> {
        for _ in 0..TRIES {
            let trail = Trail::of(path);
            *self.names.lock().unwrap_or_else(PoisonError::into_inner) = trail.names();
            for watched in self.trail.watched() {
                // One that is gone was let go already. The others are watched anew: another
                // directory may have the same name by now.
                let _ = self.watcher.unwatch(watched);
            }
            for watched in trail.watched() {
                match self.watcher.watch(watched, RecursiveMode::NonRecursive) {
                    Err(error) if !is_missing(&error) => return Err(error),
                    _ => {}
                }
            }
            self.trail = trail;
            // What was pointed elsewhere before it was watched was not seen.
            if Trail::of(path) == self.trail {
                break;
            }
        }
        Ok(())
    }
}

/// Whether an event may mean another content. To be read is none: we do that ourselves.
fn matters(event: &Event, names: &BTreeSet<PathBuf>) -> bool {
    let looks_only = match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => false,
        EventKind::Access(_) => true,
        _ => false,
    };
    event.need_rescan() || !looks_only && event.paths.iter().any(|path| names.contains(path))
}

fn is_missing(error: &notify::Error) -> bool {
    match &error.kind {
        notify::ErrorKind::PathNotFound => true,
        notify::ErrorKind::Io(error) => error.kind() == std::io::ErrorKind::NotFound,
        _ => false,
    }
}

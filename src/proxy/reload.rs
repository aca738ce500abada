//! A new configuration for a running proxy.
//!
//! Whatever asks for a reload - SIGHUP, the file itself, a client - ends up here, on the control
//! thread, one at a time.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::files;
use super::warn::warn;
use crate::config::{Applies, Change, Config, ConfigError, Secret, check_whole, diff};
use crate::engine::check_dir;
use crate::telemetry::LogLevel;
use crate::worker::{ReloadOutcome, Shared};

/// How long a watched file may be missing, unreadable or empty before that is a mistake: whoever
/// replaces it may be about to.
const GRACE: Duration = Duration::from_secs(2);

/// Brings what the file says into force.
#[derive(Debug)]
pub(super) struct Reloader<'l> {
    shared: Arc<Shared>,
    path: PathBuf,
    level: &'l LogLevel,
    /// What the file said when it was read last. What is in force may differ: the engine's own port
    /// changes `[replica]`.
    said: Arc<Config>,
    /// The text that said it, where that is known. There are passwords in it.
    text: Option<Secret>,
    /// The text that was tried last, good or bad, or why there was none; `None` where that is not
    /// known. There are passwords in it.
    tried: Option<Result<Secret, ConfigError>>,
    /// Since when the watched file has nothing to tell.
    void_since: Option<Instant>,
}

/// What a look at a watched file came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// It was loaded if it differed.
    Done,
    /// There is nothing there at the moment.
    Again,
}

impl<'l> Reloader<'l> {
    /// For the file at `path`, which said `said` when it was read.
    pub(super) fn new(
        shared: Arc<Shared>,
        path: PathBuf,
        level: &'l LogLevel,
        said: Arc<Config>,
    ) -> Self {
        let mut new = Self { shared, path, level, said, text: None, tried: None, void_since: None };
        new.tried = match new.read() {
            Ok(text) => {
                // It may have changed since it was read.
                let config = Config::parse(&text, "");
                let same = config.is_ok_and(|config| config == *new.said);
                same.then(|| Ok(Secret::new(text)))
            }
            Err(error) => Some(Err(error)),
        };
        new.text = new.tried.clone().and_then(Result::ok);
        new
    }

    /// What stands in the file. A pipe gave all that it had at the start.
    fn read(&self) -> Result<String, ConfigError> {
        match std::fs::metadata(&self.path) {
            Ok(found) if !found.is_file() => {
                let why = "cannot be read again: it is no file";
                Err(ConfigError::unreadable(&self.path.display().to_string(), why))
            }
            _ => Config::text(&self.path),
        }
    }

    /// Reads the file, whether it has changed or not.
    pub(super) fn reload(&mut self) -> ReloadOutcome {
        let text = self.read();
        self.take(text)
    }

    /// Something happened to the watched file: reads it, and takes what it says if that is not
    /// what was tried last.
    pub(super) fn look(&mut self) -> Look {
        let text = self.read();
        if self.is_tried(&text) {
            self.void_since = None;
            return Look::Done;
        }
        // A file that is being written may be empty for a moment.
        if text.as_ref().map_or(true, |text| text.trim().is_empty()) {
            let since = *self.void_since.get_or_insert_with(Instant::now);
            if since.elapsed() < GRACE {
                return Look::Again;
            }
        }
        // Whoever logs and counts it was told already.
        drop(self.take(text));
        Look::Done
    }

    fn is_tried(&self, text: &Result<String, ConfigError>) -> bool {
        match (&self.tried, text) {
            (Some(Ok(tried)), Ok(text)) => tried.expose() == text,
            (Some(Err(tried)), Err(error)) => tried == error,
            _ => false,
        }
    }

    /// A file with a mistake changes nothing, nor does one that looks cut off.
    fn take(&mut self, text: Result<String, ConfigError>) -> ReloadOutcome {
        self.void_since = None;
        let origin = self.path.display().to_string();
        let parsed = match &text {
            Ok(text) => Config::parse(text, &origin).and_then(|new| {
                let old = (&*self.said, self.text.as_ref().map(Secret::expose));
                let whole = check_whole(old, (&new, text));
                let is_moved = new.replica.enabled && new.replica.dir != self.said.replica.dir;
                let written = if is_moved { check_dir(&new.replica.dir) } else { Ok(()) };
                whole.and(written).map_err(|why| ConfigError::unreadable(&origin, why))?;
                Ok(new)
            }),
            Err(error) => Err(error.clone()),
        };
        let text = text.map(Secret::new);
        if parsed.is_ok() {
            self.text = text.as_ref().ok().cloned();
        }
        self.tried = Some(text);
        let outcome = parsed.map(|new| self.apply(new));
        match &outcome {
            Ok(changes) if changes.is_empty() => tracing::info!("reloaded; nothing has changed"),
            Ok(_) => {}
            Err(error) => tracing::error!("nothing was reloaded: {error}"),
        }
        self.shared.reloads.count(&outcome);
        outcome
    }

    /// From now on `new` is in force; what it changes. What was said to the engine (REPLICAOF,
    /// CONFIG SET) stays, unless the file says something else there than before.
    fn apply(&mut self, mut new: Config) -> Vec<Change> {
        let before = std::mem::replace(&mut self.said, Arc::new(new.clone()));
        let shared = &self.shared;
        let old = shared.config.load_full();
        if new.replica == before.replica {
            new.replica.clone_from(&old.replica);
        }
        let known = old.warnings();
        let mut warnings = new.warnings();
        warnings.retain(|warning| !known.contains(warning));
        warn(&self.path, &warnings);
        let changes = diff(&old, &new);
        for change in &changes {
            match change.applies {
                Applies::Live => tracing::info!("reloaded {change}"),
                Applies::Restart => tracing::warn!("reloaded {change}"),
            }
        }
        if old.log.level != new.log.level && !self.level.set(&new.log) {
            tracing::error!("log.level could not be changed");
        }
        if old.proxy.max_clients != new.proxy.max_clients {
            files::raise_limit(&new);
        }
        shared.config.store(Arc::new(new));
        // Whom it names is asked at once.
        shared.suspect.notify_one();
        changes
    }
}

//! Applies a new configuration to a running proxy.
//!
//! Every reload, whether SIGHUP, a change of the file or a client asks for it, runs here, on the
//! control thread, one at a time.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::warn::warn;
use super::{files, supervisor};
use crate::config::{Accounts, Applies, Change, Config, ConfigError, Secret, check_whole, diff};
use crate::embedded::EmbeddedServers;
use crate::engine::check_dir;
use crate::session::Identity;
use crate::telemetry::LogLevel;
use crate::worker::{ReloadOutcome, Shared};
use tidegate_acl::Acl;

/// How long a watched file may be missing, unreadable or empty before that is a mistake. Another
/// program may be replacing it.
const GRACE: Duration = Duration::from_secs(2);

/// Reads the configuration file again and applies it.
#[derive(Debug)]
pub(super) struct Reloader<'l> {
    shared: Arc<Shared>,
    path: PathBuf,
    level: &'l LogLevel,
    /// The servers in this process.
    embedded: Arc<EmbeddedServers>,
    /// The configuration that the file gave last. The one in force may differ: clients of the
    /// engine's port change `[replica]`.
    loaded: Arc<Config>,
    /// The text of `loaded`, if it is known. It has passwords.
    text: Option<Secret>,
    /// The text that was tried last, valid or not, or why it could not be read; `None` if it is not
    /// known. It has passwords.
    tried: Option<Result<Secret, ConfigError>>,
    /// Since when the watched file is missing, unreadable or empty.
    empty_since: Option<Instant>,
}

/// The result of [`Reloader::look`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// The file was loaded if it differed.
    Done,
    /// The file is missing, unreadable or empty; look again.
    Again,
}

impl<'l> Reloader<'l> {
    /// A reloader for the file at `path`, which gave `loaded` at the start. Reloads set `level`.
    pub(super) fn new(
        shared: &Arc<Shared>,
        (path, loaded): (PathBuf, Arc<Config>),
        level: &'l LogLevel,
        embedded: Arc<EmbeddedServers>,
    ) -> Self {
        let shared = Arc::clone(shared);
        let (text, tried, empty_since) = (None, None, None);
        let mut new = Self { shared, path, level, embedded, loaded, text, tried, empty_since };
        new.tried = match new.read() {
            Ok(text) => {
                // The file may have changed since it was read.
                let config = Config::parse(&text, "");
                let same = config.is_ok_and(|config| config == *new.loaded);
                same.then(|| Ok(Secret::new(text)))
            }
            Err(error) => Some(Err(error)),
        };
        new.text = new.tried.clone().and_then(Result::ok);
        new
    }

    /// The path of the file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The text of the file. A pipe cannot be read a second time.
    fn read(&self) -> Result<String, ConfigError> {
        match std::fs::metadata(&self.path) {
            Ok(found) if !found.is_file() => {
                let why = "cannot be read again: it is not a regular file";
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

    /// Reads the watched file after an event, and loads it if its text differs from the one that
    /// was tried last.
    pub(super) fn look(&mut self) -> Look {
        let text = self.read();
        if self.is_tried(&text) {
            self.empty_since = None;
            return Look::Done;
        }
        // A file that is being written may be empty for a moment.
        if text.as_ref().map_or(true, |text| text.trim().is_empty()) {
            let since = *self.empty_since.get_or_insert_with(Instant::now);
            if since.elapsed() < GRACE {
                return Look::Again;
            }
        }
        // `take` has logged and counted the outcome.
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

    /// Loads `text`. A text with a mistake, or one that may have been cut off, changes nothing.
    fn take(&mut self, text: Result<String, ConfigError>) -> ReloadOutcome {
        self.empty_since = None;
        supervisor::reloading();
        let origin = self.path.display().to_string();
        let parsed = match &text {
            Ok(text) => Config::parse(text, &origin).and_then(|new| {
                let old = (&*self.loaded, self.text.as_ref().map(Secret::expose));
                let whole = check_whole(old, (&new, text));
                let same = check_embedded(&self.loaded, &new);
                let is_moved = new.replica.enabled && new.replica.dir != self.loaded.replica.dir;
                let written = if is_moved { check_dir(&new.replica.dir) } else { Ok(()) };
                whole
                    .and(same)
                    .and(written)
                    .map_err(|why| ConfigError::unreadable(&origin, why))?;
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
            Err(error) => {
                error
                    .lines()
                    .for_each(|mistake| tracing::error!("nothing was reloaded: {mistake}"));
            }
        }
        self.shared.reloads.count(&outcome);
        supervisor::ready();
        outcome
    }

    /// Lets the rules of users mean the commands that the master has named, those of modules included.
    pub(super) fn follow_commands(&self) {
        let shared = &self.shared;
        if with_commands(shared, &shared.config.load().accounts).is_none() {
            return;
        }
        shared.config.rcu(|config| {
            let mut config = Config::clone(config);
            if let Some(accounts) = with_commands(shared, &config.accounts) {
                config.accounts = Arc::new(accounts);
            }
            Arc::new(config)
        });
        for (user, rules) in shared.config.load().accounts.unknown_rules() {
            tracing::warn!("user {user:?} has rules about commands that the master lacks: {rules}");
        }
        shared.registry.wake_all();
    }

    /// Brings `new` into force and returns what it changes. Settings of the engine that clients
    /// made (REPLICAOF, CONFIG SET) stay, unless `[replica]` of the file has changed.
    fn apply(&mut self, mut new: Config) -> Vec<Change> {
        let before = std::mem::replace(&mut self.loaded, Arc::new(new.clone()));
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
        new.topology.keep_embedded(&old.topology);
        self.embedded.reload(&new);
        if let Some(accounts) = with_commands(shared, &new.accounts) {
            new.accounts = Arc::new(accounts);
        }
        let accounts = Arc::clone(&new.accounts);
        shared.config.store(Arc::new(new));
        if old.accounts != accounts {
            let is_user = |acl: &Acl, user: Identity| {
                acl.user(user.name().as_bytes()).is_some_and(|user| user.is_enabled())
            };
            // A client without a login counts as the default user, which may be disabled.
            let stays = |user| user == Identity::DEFAULT || is_user(&accounts.acl, user);
            shared.registry.end_without_user(stays);
            // A client that only listens sees that its user may no longer use a channel.
            shared.registry.wake_all();
            if let Some(engine) = &shared.engine {
                engine.end_without_user(|user| {
                    user == Identity::DEFAULT || is_user(&accounts.engine, user)
                });
            }
        }
        // The monitor probes the servers of the new configuration at once.
        shared.suspect.notify_one();
        // A request that waits may be refused now, or may pass.
        shared.news.notify_waiters();
        changes
    }
}

/// The users with rules about the commands that the master has named, if these are others than their
/// rules are about now.
fn with_commands(shared: &Shared, accounts: &Accounts) -> Option<Accounts> {
    let catalog = shared.topology.load().catalog.clone()?;
    let is_due = accounts.are_named && !Arc::ptr_eq(accounts.acl.catalog(), &catalog);
    is_due.then(|| accounts.with_catalog(&catalog))
}

/// Checks that the servers stay in this process, or stay outside of it.
///
/// # Errors
/// Why the new configuration needs a restart.
fn check_embedded(old: &Config, new: &Config) -> Result<(), String> {
    match (old.topology.is_embedded(), new.topology.is_embedded()) {
        (true, false) => {
            Err("it names servers, and those in this process are in use: restart the \
                              proxy to use the others"
                .to_owned())
        }
        (false, true) => {
            Err("it names no server any more: restart the proxy to use servers in this \
                              process"
                .to_owned())
        }
        _ => Ok(()),
    }
}

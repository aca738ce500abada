//! A new configuration for a running proxy.

use std::path::Path;
use std::sync::Arc;

use crate::client::Shared;
use crate::config::{Applies, Config, diff};
use crate::telemetry::LogLevel;

/// Reads `path` again. A file with a mistake changes nothing.
pub(super) fn reload(shared: &Shared, path: &Path, level: &LogLevel) {
    let new = match Config::load(path) {
        Ok(new) => new,
        Err(error) => {
            tracing::error!("nothing was reloaded: {error}");
            return;
        }
    };
    let changes = diff(&shared.config.load(), &new);
    for change in &changes {
        match change.applies {
            Applies::Live => tracing::info!("reloaded {change}"),
            Applies::Restart => tracing::warn!("{change} needs a restart to take effect"),
        }
    }
    if changes.is_empty() {
        tracing::info!("reloaded; nothing has changed");
    }
    if !level.set(&new.log) {
        tracing::error!("log.level could not be changed");
    }
    shared.config.store(Arc::new(new));
    shared.suspect.notify_one();
}

//! The log's word of what a configuration warns of.

use std::path::Path;

use crate::config::{Config, Lines, Warning};

/// Logs `warnings` of the file at `path`, each with the line that gives its key.
pub(super) fn warn(path: &Path, warnings: &[Warning]) {
    if warnings.is_empty() {
        return;
    }
    // A pipe has given its text already, and reading it again could wait for ever.
    let is_file = std::fs::metadata(path).is_ok_and(|found| found.is_file());
    let text = if is_file { Config::text(path).ok() } else { None };
    let lines = text.map_or_else(Lines::default, |text| Lines::in_text(&text));
    let origin = path.display().to_string();
    for warning in warnings {
        tracing::warn!("{}", warning.placed(&origin, &lines));
    }
}

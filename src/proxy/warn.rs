//! Logs the warnings of a configuration.

use std::path::Path;

use crate::config::{Config, Lines, Warning};

/// Logs the warnings of the file at `path`, each with the line of its key.
pub(super) fn warn(path: &Path, warnings: &[Warning]) {
    if warnings.is_empty() {
        return;
    }
    // A pipe cannot be read a second time: the read could block for ever.
    let is_file = std::fs::metadata(path).is_ok_and(|found| found.is_file());
    let text = if is_file { Config::text(path).ok() } else { None };
    let lines = text.map_or_else(Lines::default, |text| Lines::in_text(&text));
    let origin = path.display().to_string();
    for warning in warnings {
        tracing::warn!("{}", warning.placed(&origin, &lines));
    }
}

//! Why `tidegate top` ended.

use std::io;

use super::source::SourceError;

/// Why `tidegate top` ended.
#[derive(Debug, thiserror::Error)]
pub enum TopError {
    /// The proxy cannot be asked.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The terminal or the output fails.
    #[error("the output fails: {0}")]
    Io(#[from] io::Error),
    /// The output is no terminal.
    #[error("the output is no terminal: --once prints a table, --json prints JSON")]
    NoTerminal,
}

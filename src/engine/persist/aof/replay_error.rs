//! Why an append-only file could not be loaded.

use std::io;

use crate::engine::persist::load::LoadError;
use crate::engine::state::{DirectoryError, memory};
use tidegate_replication::aof::{Contradiction, FileError};

/// Why an append-only file could not be loaded.
#[derive(Debug, thiserror::Error)]
pub(in crate::engine) enum ReplayError {
    /// The directory cannot be used.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// A file could not be read.
    #[error("{file}: {error}")]
    Io {
        /// The file.
        file: String,
        /// The error of the system.
        error: io::Error,
    },
    /// The base is no valid snapshot.
    #[error("{file}: {error}")]
    Base {
        /// The file.
        file: String,
        /// What is wrong.
        error: LoadError,
    },
    /// The file is wrong at one place.
    #[error("{file}: wrong at byte {at}: {what}")]
    Wrong {
        /// The file.
        file: String,
        /// The number of bytes before the wrong place.
        at: u64,
        /// What is wrong there.
        what: Wrong,
    },
    /// A file ends within a command, and is not the last one or `aof-load-truncated` is false.
    #[error("{file}: it ends within a command that begins at byte {at}")]
    Truncated {
        /// The file.
        file: String,
        /// The number of bytes before the command.
        at: u64,
    },
}

/// What is wrong at a place of a file.
#[derive(Debug, thiserror::Error)]
pub(in crate::engine) enum Wrong {
    /// It is no command.
    #[error(transparent)]
    Form(#[from] FileError),
    /// Bytes are missing or were added.
    #[error(transparent)]
    Contradiction(#[from] Contradiction),
    /// It is no whole command, but what follows is the engine's own.
    #[error("a command does not end where it should")]
    Damaged,
    /// The engine does not have the command.
    #[error("the engine does not have the command {0:?}")]
    Unknown(String),
    /// The engine does not have the database.
    #[error("it selects a database {0:?}, and `databases` is less")]
    Database(String),
    /// The command failed.
    #[error("{command:?} failed: {reply}")]
    Refused {
        /// The command, shortened.
        command: String,
        /// Its reply.
        reply: String,
    },
    /// `maxmemory` is reached.
    #[error(transparent)]
    Memory(#[from] memory::Full),
}

/// Returns the error for what is wrong at byte `at` of a file.
pub(super) fn wrong(file: &str, at: u64, what: impl Into<Wrong>) -> ReplayError {
    ReplayError::Wrong { file: file.to_owned(), at, what: what.into() }
}

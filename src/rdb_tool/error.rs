//! Why a file could not be shown.

use std::io;
use std::path::PathBuf;

use tidegate_rdb::RdbError;

/// Why a file is not valid, or could not be read or printed.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// The file does not exist or cannot be read.
    #[error("{}: {error}", path.display())]
    Open {
        /// The path of the file.
        path: PathBuf,
        /// The error of the system.
        error: io::Error,
    },
    /// The file is not valid.
    #[error("{}: {error}", path.display())]
    Invalid {
        /// The path of the file.
        path: PathBuf,
        /// Where the fault is, and what it is.
        error: RdbError,
    },
    /// Keys of the file have problems.
    #[error("{}: {problems} keys with problems", path.display())]
    Problems {
        /// The path of the file.
        path: PathBuf,
        /// The number of these keys.
        problems: u64,
    },
    /// The result could not be printed.
    #[error("cannot write: {0}")]
    Write(#[from] io::Error),
}

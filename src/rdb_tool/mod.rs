//! `tidegate rdb`: looks into RDB files for people. Reads a file once, keeps one key of it, and
//! changes nothing.

mod dump;
mod json;
mod report;
mod source;
mod tally;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::rdb::{Item, Limits, RdbError, Reader};
use source::Source;
use tally::Tally;

/// Why a file did not pass, or could not be shown.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// There is no such file, or it may not be read.
    #[error("{}: {error}", path.display())]
    Open {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It is not valid.
    #[error("{}: {error}", path.display())]
    Invalid {
        /// Which.
        path: PathBuf,
        /// Where, and why.
        error: RdbError,
    },
    /// The result could not be printed.
    #[error("cannot write: {0}")]
    Write(#[from] io::Error),
}

/// Reads the file at `path`, or standard input for `-`, to its end and prints what is in it to
/// `out`; of a file that is not valid, what is before the fault.
///
/// # Errors
/// [`ToolError`] unless all of it is valid.
pub fn check(path: &Path, out: &mut impl Write) -> Result<(), ToolError> {
    let source = Source::open(path, true)?;
    let mut tally = Tally::new(source.len());
    let mut reader = Reader::new(source, Limits::default());
    let outcome = loop {
        let start = reader.offset();
        match reader.next_item() {
            Ok(Some(item)) => tally.add(item, reader.offset() - start),
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    tally.read = reader.offset();
    tally.more = !reader.rest().is_empty();
    drop(reader);
    report::write(&tally, path, out)?;
    outcome.map_err(|error| ToolError::Invalid { path: path.to_owned(), error })
}

/// Prints each key of the file at `path`, or standard input for `-`, to `out` as a line of JSON.
///
/// # Errors
/// [`ToolError`] unless all of it is valid; the keys before the fault are printed.
pub fn dump(path: &Path, out: &mut impl Write) -> Result<(), ToolError> {
    // The lines and the bar would get into each other's way on a terminal.
    let bar = !io::IsTerminal::is_terminal(&io::stdout());
    let mut reader = Reader::new(Source::open(path, bar)?, Limits::default());
    let mut db = 0;
    loop {
        match reader.next_item() {
            Ok(Some(Item::SelectDb(next))) => db = next,
            Ok(Some(Item::Key(entry))) => dump::line(db, &entry, out)?,
            Ok(Some(_)) => {}
            Ok(None) => return Ok(()),
            Err(error) => return Err(ToolError::Invalid { path: path.to_owned(), error }),
        }
    }
}

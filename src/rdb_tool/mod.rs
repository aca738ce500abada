//! `tidegate rdb`: checks and prints RDB files. Reads a file once, keeps at most one key and the
//! hashes of the others in memory, and never changes a file.

mod dump;
mod error;
mod json;
mod report;
mod source;
mod tally;

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Write};
use std::path::Path;

pub use error::ToolError;
use source::Source;
use tally::{Tally, Trailing};
use tidegate_rdb::{Entry, Item, Limits, Reader, Value};
use tidegate_store::{InsertError, judge};

/// The most keys with problems that are listed.
const LISTED_MAX: u64 = 20;

/// Reads the file at `path`, or standard input for `-`, to its end and prints a summary to `out`;
/// for an invalid file, a summary of what precedes the fault. A key that the engine could not hold,
/// or that occurs twice, is a problem.
///
/// # Errors
/// [`ToolError`] unless the whole file is valid.
pub fn check(path: &Path, out: &mut impl Write) -> Result<(), ToolError> {
    let source = Source::open(path, true)?;
    let mut tally = Tally::new(source.len());
    let mut reader = Reader::new(source, Limits::default()).keeping_opaque();
    let mut keys = Keys::default();
    let outcome = loop {
        let start = reader.offset();
        match reader.next_item() {
            Ok(Some(item)) => {
                tally.add(&item, reader.offset() - start);
                if let Item::Key(entry) = item {
                    keys.judge(tally.db(), entry, out)?;
                }
            }
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    tally.read = reader.offset();
    if outcome.is_ok() {
        // After a fault the rest of the file is no trailing data.
        tally.trailing = Trailing::of(&reader.what_follows(Trailing::LOOK).unwrap_or_default());
    }
    drop(reader);
    report::write(&tally, path, out)?;
    outcome.map_err(|error| ToolError::Invalid { path: path.to_owned(), error })?;
    keys.outcome(path)
}

/// Prints each key of the file at `path`, or standard input for `-`, to `out` as a line of JSON.
/// Empty collections are left out, as servers leave them out.
///
/// # Errors
/// [`ToolError`] unless the whole file is valid; the keys before the fault are printed.
pub fn dump(path: &Path, out: &mut impl Write) -> Result<(), ToolError> {
    // On a terminal the lines and the progress bar would mix.
    let bar = !io::IsTerminal::is_terminal(&io::stdout());
    let mut reader = Reader::new(Source::open(path, bar)?, Limits::default()).keeping_opaque();
    let (mut db, mut problems) = (0, 0);
    loop {
        match reader.next_item() {
            Ok(Some(Item::SelectDb(next))) => db = next,
            Ok(Some(Item::Key(entry))) => {
                problems += u64::from(matches!(entry.value, Value::Opaque(_)));
                if !entry.value.is_empty() || matches!(entry.value, Value::Stream(_)) {
                    dump::line(db, &entry, out)?;
                }
            }
            Ok(Some(_)) => {}
            Ok(None) if problems > 0 => {
                return Err(ToolError::Problems { path: path.to_owned(), problems });
            }
            Ok(None) => return Ok(()),
            Err(error) => return Err(ToolError::Invalid { path: path.to_owned(), error }),
        }
    }
}

/// The keys that were read, and the number of those with problems.
#[derive(Default)]
struct Keys {
    /// The hashes of database and key: 128 bits, so that no two keys share one by chance.
    seen: HashSet<(u64, u64)>,
    seeds: [RandomState; 2],
    problems: u64,
}

impl Keys {
    /// Checks whether the engine could hold a key; prints its problems.
    fn judge(&mut self, db: u64, entry: Entry, out: &mut impl Write) -> io::Result<()> {
        let Entry { key, value, .. } = entry;
        let hash = |seed: &RandomState| seed.hash_one((db, &key));
        let is_new = self.seen.insert((hash(&self.seeds[0]), hash(&self.seeds[1])));
        let why = match value {
            Value::Opaque(opaque) => Err(opaque.why),
            value => judge(value).map_err(|error| error.to_string()),
        };
        let twice = if is_new { Ok(()) } else { Err(InsertError::Duplicate.to_string()) };
        for why in [why, twice].into_iter().filter_map(Result::err) {
            self.problems += 1;
            if self.problems <= LISTED_MAX {
                report::problem(db, &key, &why, out)?;
            }
        }
        Ok(())
    }

    fn outcome(self, path: &Path) -> Result<(), ToolError> {
        match self.problems {
            0 => Ok(()),
            problems => Err(ToolError::Problems { path: path.to_owned(), problems }),
        }
    }
}

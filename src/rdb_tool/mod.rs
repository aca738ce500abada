//! `tidegate rdb`: looks into RDB files for people. Reads a file once, keeps one key of it and the
//! hashes of the others, and changes nothing.

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
use tally::{Behind, Tally};
use tidegate_rdb::{Entry, Item, Limits, Reader, Value};
use tidegate_store::{InsertError, judge};

/// How many keys with problems are named.
const TOLD: u64 = 20;

/// Reads the file at `path`, or standard input for `-`, to its end and prints what is in it to
/// `out`; of a file that is not valid, what is before the fault. A key that the engine could not
/// hold, or that comes twice, is a problem.
///
/// # Errors
/// [`ToolError`] unless all of it is valid.
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
        // What is behind a fault is the file's rest.
        tally.behind = Behind::of(&reader.what_follows(Behind::LOOK).unwrap_or_default());
    }
    drop(reader);
    report::write(&tally, path, out)?;
    outcome.map_err(|error| ToolError::Invalid { path: path.to_owned(), error })?;
    keys.outcome(path)
}

/// Prints each key of the file at `path`, or standard input for `-`, to `out` as a line of JSON.
/// Collections without elements are left out, as servers leave them out.
///
/// # Errors
/// [`ToolError`] unless all of it is valid; the keys before the fault are printed.
pub fn dump(path: &Path, out: &mut impl Write) -> Result<(), ToolError> {
    // The lines and the bar would get into each other's way on a terminal.
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

/// The keys that were seen, and how many have something wrong.
#[derive(Default)]
struct Keys {
    /// Their hashes, with their databases': 128 bits, which no two keys share by chance.
    seen: HashSet<(u64, u64)>,
    seeds: [RandomState; 2],
    problems: u64,
}

impl Keys {
    /// Looks whether the engine could hold a key; prints what is wrong with it.
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
            if self.problems <= TOLD {
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

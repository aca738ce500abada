//! A command file of the append-only file is read as the same entries however it is cut up, its
//! entries lie one behind the other, and its place never goes beyond its bytes. A manifest that is
//! read is written and read again as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidegate_replication::aof::{CommandFile, Entry, FileError, Manifest, Note, Tracker};

/// The longest command or transaction, in bytes.
const LIMIT: usize = 1 << 10;

/// An entry and its commands, each by its arguments.
#[derive(Debug, PartialEq)]
struct Found {
    entry: Entry,
    commands: Vec<Vec<Vec<u8>>>,
}

fn entries<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<Found>, Option<FileError>) {
    let mut reader = CommandFile::new(LIMIT);
    let (mut buffer, mut found, mut needed) = (Vec::new(), Vec::new(), 1);
    for piece in pieces {
        buffer.extend_from_slice(piece);
        while buffer.len() >= needed {
            let entry = match reader.next_entry(&buffer) {
                Ok(Entry::NeedMore { at_least }) => {
                    assert!(at_least > buffer.len());
                    needed = at_least;
                    break;
                }
                Ok(entry) => entry,
                Err(error) => return (found, Some(error)),
            };
            let (len, notes) = match entry {
                Entry::Note { len } => (len, 0),
                Entry::Unit { len, notes } => (len, notes),
                Entry::NeedMore { .. } => unreachable!(),
            };
            assert!(len > 0 && len <= buffer.len() && notes < len);
            let mut args = Vec::new();
            let mut commands = Vec::new();
            if matches!(entry, Entry::Unit { .. }) {
                for at in 0..reader.commands() {
                    assert!(reader.command(at, &buffer[..len], &mut args));
                    commands.push(args.iter().map(|arg| arg.to_vec()).collect());
                }
            }
            buffer.drain(..len);
            needed = 1;
            found.push(Found { entry, commands });
        }
    }
    (found, None)
}

/// Follows the notes, as a load does.
fn track(bytes: &[u8], found: &[Found]) {
    let mut tracker = Tracker::default();
    tracker.begin_file();
    let mut at = 0;
    for Found { entry, .. } in found {
        match *entry {
            Entry::Note { len } => {
                let note = Note::parse(&bytes[at..at + len]);
                let mut again = Vec::new();
                note.write(&mut again);
                assert_eq!(Note::parse(&again), note);
                at += len;
                if tracker.note(&note).is_err() {
                    return;
                }
            }
            Entry::Unit { len, notes } => {
                at += len;
                if notes > 0 {
                    tracker.lose();
                }
                tracker.unit(len as u64);
            }
            Entry::NeedMore { .. } => unreachable!(),
        }
        if let Some(place) = tracker.place() {
            assert!(place.proven <= place.position.offset);
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((step, bytes)) = data.split_first() else { return };
    let whole = entries(std::iter::once(bytes));
    let step = usize::from(*step).max(1);
    assert_eq!(entries(bytes.chunks(step)), whole);
    track(bytes, &whole.0);
    if let Ok(manifest) = Manifest::parse(bytes) {
        let written = manifest.write();
        if !manifest.is_empty() || manifest.history().next().is_some() {
            // Names that are no ASCII or very long grow when they are quoted.
            if let Ok(again) = Manifest::parse(&written) {
                assert_eq!(again.write(), written);
                assert!(again.commands().eq(manifest.commands()));
                assert_eq!(again.base(), manifest.base());
            }
        }
    }
});

//! A snapshot on its way to replicas. One thread writes it, and each replica takes it as fast as it
//! can.
//!
//! A snapshot with marks is never on the disk: the writer waits while the slowest replica is a window
//! behind. A replica that keeps others waiting for too long is left behind, and asks again. Any other
//! snapshot is a file, which is sent when it is complete.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tempfile::NamedTempFile;

use crate::engine::persist::{SaveError, payload_file};
use tidegate_replication::{Backlog, Piece, Shared};
use tidegate_wire::units::{ByteSize, ReplOffset};

/// How much of a snapshot waits in memory for the slowest replica.
const WINDOW: usize = 16 << 20;
/// How much of a snapshot stays in memory at least.
const KEPT: ByteSize = ByteSize::mib(1);
/// How long one replica may keep the others waiting, in all.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often a waiting writer looks around.
const LOOK: Duration = Duration::from_millis(100);
/// How much of a file is read at once.
const READ: usize = 64 * 1024;
/// The digits of a mark (`RDB_EOF_MARK_SIZE`).
const MARK: usize = 40;

/// A snapshot.
#[derive(Debug)]
pub(super) struct Payload {
    form: Form,
    state: Mutex<State>,
    /// Notified when a replica has taken some, or has gone.
    room: Condvar,
}

#[derive(Debug)]
enum Form {
    /// In memory, and between marks.
    Marked(String),
    File(NamedTempFile),
}

#[derive(Debug)]
struct State {
    /// The part in memory, of a snapshot with marks.
    log: Backlog,
    written: u64,
    /// Whether all is written, once the writing has ended.
    end: Option<bool>,
    /// How much each replica has taken.
    readers: BTreeMap<u64, u64>,
    /// How long the writer has waited for one replica while another one had all.
    kept_waiting: Duration,
}

/// What a replica takes next.
#[derive(Debug)]
pub(super) enum Next {
    Shared(Shared),
    /// The bytes are in the caller's buffer.
    Copied,
    /// Nothing yet.
    Wait,
    /// It has all.
    End,
    /// The snapshot will not be complete, or not for this replica.
    Broken,
}

impl Payload {
    /// Returns an empty snapshot in memory.
    pub(super) fn marked() -> Self {
        let digits = "0123456789abcdef".as_bytes();
        let mark = (0..MARK).map(|_| char::from(digits[fastrand::usize(..digits.len())]));
        Self::new(Form::Marked(mark.collect()))
    }

    /// Returns an empty snapshot in a file of `dir`.
    pub(super) fn in_file(dir: &Path) -> io::Result<Self> {
        payload_file(dir).map(|file| Self::new(Form::File(file)))
    }

    fn new(form: Form) -> Self {
        let log = Backlog::new(KEPT, ReplOffset::default());
        let (readers, kept_waiting) = (BTreeMap::new(), Duration::ZERO);
        let state = State { log, written: 0, end: None, readers, kept_waiting };
        Self { form, state: Mutex::new(state), room: Condvar::new() }
    }

    /// Returns the mark of its end, if it has one.
    pub(super) fn mark(&self) -> Option<&str> {
        match &self.form {
            Form::Marked(mark) => Some(mark),
            Form::File(_) => None,
        }
    }

    /// Adds replicas, which take it from its first byte on.
    pub(super) fn expect(&self, ids: &[u64]) {
        let mut state = self.state();
        for id in ids {
            state.readers.entry(*id).or_insert(0);
        }
        state.keep();
    }

    /// Appends bytes. Waits while a replica is too far behind. `is_over` ends the waiting.
    ///
    /// # Errors
    /// No replica wants it any more, or the file cannot be written.
    pub(super) fn write(&self, bytes: &[u8], is_over: impl Fn() -> bool) -> Result<(), SaveError> {
        if let Form::File(file) = &self.form {
            file.as_file().write_all(bytes)?;
        }
        let mut state = self.state();
        state.written += bytes.len() as u64;
        if self.mark().is_some() {
            state.log.append(bytes);
        }
        loop {
            if state.readers.is_empty() || is_over() {
                return Err(SaveError::Unwanted);
            }
            if state.log.len() <= WINDOW {
                return Ok(());
            }
            let began = Instant::now();
            let waited = self.room.wait_timeout(state, LOOK);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            state.wait_for_slowest(began.elapsed());
        }
    }

    /// Notes that the writing has ended; `is_whole` says whether all is written.
    pub(super) fn end(&self, is_whole: bool) {
        self.state().end.get_or_insert(is_whole);
    }

    /// The number of bytes that are written.
    pub(super) fn len(&self) -> u64 {
        self.state().written
    }

    /// Returns what a replica takes next, which has taken `at` bytes.
    ///
    /// # Errors
    /// The file cannot be read.
    pub(super) fn next(&self, id: u64, at: u64, buffer: &mut Vec<u8>) -> io::Result<Next> {
        let state = self.state();
        if !state.readers.contains_key(&id) {
            return Ok(Next::Broken);
        }
        if at < state.written {
            match &self.form {
                Form::Marked(_) => return Ok(state.piece(at, buffer)),
                Form::File(file) if state.end == Some(true) => {
                    let len = usize::try_from(state.written - at).unwrap_or(READ).min(READ);
                    drop(state);
                    return read_file(file.as_file(), at, len, buffer);
                }
                Form::File(_) => {}
            }
        }
        Ok(match state.end {
            Some(true) => Next::End,
            Some(false) => Next::Broken,
            None => Next::Wait,
        })
    }

    /// Notes that a replica has taken `at` bytes.
    pub(super) fn taken(&self, id: u64, at: u64) {
        let mut state = self.state();
        if let Some(taken) = state.readers.get_mut(&id) {
            *taken = at;
            state.keep();
            drop(state);
            self.room.notify_all();
        }
    }

    /// Forgets a replica.
    pub(super) fn leave(&self, id: u64) {
        let mut state = self.state();
        state.readers.remove(&id);
        state.keep();
        drop(state);
        self.room.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Keeps what the slowest replica needs.
    fn keep(&mut self) {
        let slowest = self.readers.values().min();
        self.log.keep_from(slowest.map(|taken| ReplOffset::new(*taken).next()));
    }

    fn piece(&self, at: u64, buffer: &mut Vec<u8>) -> Next {
        match self.log.read(ReplOffset::new(at).next()) {
            Some(Piece::Shared(shared)) => Next::Shared(shared),
            Some(Piece::Last(bytes)) => {
                buffer.clear();
                buffer.extend_from_slice(bytes);
                Next::Copied
            }
            None => Next::Broken,
        }
    }

    /// Leaves the slowest replica behind if it has kept another one waiting for too long, which has
    /// all that is written.
    fn wait_for_slowest(&mut self, waited: Duration) {
        let slowest = self.readers.iter().min_by_key(|(_, taken)| **taken).map(|(id, _)| *id);
        let has_all = self.readers.values().any(|taken| *taken == self.written);
        let Some(slowest) = slowest.filter(|_| has_all) else { return };
        self.kept_waiting += waited;
        if self.kept_waiting >= PATIENCE {
            self.readers.remove(&slowest);
            self.kept_waiting = Duration::ZERO;
            self.keep();
        }
    }
}

fn read_file(file: &File, at: u64, len: usize, buffer: &mut Vec<u8>) -> io::Result<Next> {
    buffer.resize(len, 0);
    file.read_exact_at(buffer, at)?;
    Ok(Next::Copied)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;

    use super::*;

    /// Takes all that is there for a replica.
    fn take(payload: &Payload, id: u64, at: &mut u64, out: &mut Vec<u8>) -> bool {
        let mut buffer = Vec::new();
        loop {
            let len = match payload.next(id, *at, &mut buffer).unwrap() {
                Next::Shared(shared) => {
                    out.extend_from_slice(shared.bytes());
                    shared.bytes().len()
                }
                Next::Copied => {
                    out.extend_from_slice(&buffer);
                    buffer.len()
                }
                Next::Wait => return false,
                Next::End => return true,
                Next::Broken => panic!("broken"),
            };
            *at += len as u64;
            payload.taken(id, *at);
        }
    }

    #[test]
    fn each_replica_gets_all_bytes_and_the_writer_waits_for_the_slowest() {
        let payload = Arc::new(Payload::marked());
        assert_eq!(payload.mark().map(str::len), Some(MARK));
        payload.expect(&[1, 2]);
        let writer = Arc::clone(&payload);
        let writing = thread::spawn(move || {
            for round in 0..60_u8 {
                writer.write(&vec![round; 1 << 20], || false).unwrap();
                assert!(writer.state().log.len() <= WINDOW + (2 << 20));
            }
            writer.end(true);
        });
        let reading = [1, 2].map(|id| {
            let payload = Arc::clone(&payload);
            thread::spawn(move || {
                let (mut at, mut got) = (0, Vec::new());
                while !take(&payload, id, &mut at, &mut got) {
                    thread::park_timeout(Duration::from_millis(id));
                }
                got
            })
        });
        let wanted: Vec<u8> = (0..60_u8).flat_map(|round| vec![round; 1 << 20]).collect();
        for replica in reading {
            assert!(replica.join().unwrap() == wanted);
        }
        writing.join().unwrap();
    }

    #[test]
    fn a_replica_that_keeps_others_waiting_is_left_behind() {
        let payload = Payload::marked();
        payload.expect(&[1, 2]);
        let (mut at, mut got) = (0, Vec::new());
        payload.write(&vec![7; WINDOW], || false).unwrap();
        take(&payload, 1, &mut at, &mut got);
        payload.state().written = at;
        payload.state().wait_for_slowest(PATIENCE / 2);
        assert!(payload.state().readers.contains_key(&2));
        payload.state().wait_for_slowest(PATIENCE / 2);
        assert!(matches!(payload.next(2, 0, &mut Vec::new()), Ok(Next::Broken)));
        assert!(payload.state().log.len() < 2 << 20);
        payload.leave(1);
        assert!(matches!(payload.write(b"x", || false), Err(SaveError::Unwanted)));
    }

    #[test]
    fn a_file_is_taken_when_it_is_complete() {
        let dir = tempfile::tempdir().unwrap();
        let payload = Payload::in_file(dir.path()).unwrap();
        payload.expect(&[1]);
        let bytes: Vec<u8> = (0..200_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        payload.write(&bytes, || false).unwrap();
        let (mut at, mut got) = (0, Vec::new());
        assert!(!take(&payload, 1, &mut at, &mut got));
        assert_eq!(got.len(), 0);
        payload.end(true);
        assert!(take(&payload, 1, &mut at, &mut got));
        assert_eq!((got, payload.len()), (bytes, 200_000));
        drop(payload);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}

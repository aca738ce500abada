//! The bytes that wait to be written to the append-only file, and where the stream is at their end.

use tidegate_replication::Position;
use tidegate_replication::aof::{Note, Second};
use tidegate_wire::resp::encode;
use tidegate_wire::units::{ReplId, ReplOffset};

/// The name of the stream's history, and of the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) struct History {
    pub(in crate::engine) replid: ReplId,
    pub(in crate::engine) second: Second,
}

/// The place at which the next command file begins.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine) struct Start {
    pub(in crate::engine) position: Position,
    pub(in crate::engine) second: Second,
    /// The database that the stream has selected there.
    pub(in crate::engine) db: usize,
}

/// The error for a file that would have to begin before the end of what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the append-only file is further than the data")]
pub(in crate::engine) struct Ahead;

/// Bytes to be written.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) bytes: Vec<u8>,
    /// Where in these bytes the next file begins.
    pub(super) cut: Option<usize>,
}

/// The bytes that wait.
#[derive(Debug, Default)]
pub(super) struct Pending {
    batch: Batch,
    /// Where the stream is at the end; `None` while the file does not have the data.
    at: Option<Position>,
    /// Whether there are bytes of the stream without a mark behind them.
    is_unmarked: bool,
    /// Where the next file begins, while the stream is not there yet.
    next: Option<Start>,
}

impl Pending {
    /// Whether the file has all of the data, so that the stream may be appended.
    pub(super) const fn follows(&self) -> bool {
        self.at.is_some()
    }

    /// Where the stream is at the end; `None` while the file does not have the data.
    pub(super) const fn at(&self) -> Option<Position> {
        self.at
    }

    /// The number of bytes that wait.
    pub(super) const fn len(&self) -> usize {
        self.batch.bytes.len()
    }

    /// Appends bytes of the stream, which begin behind the offset `before`. A stream that does not
    /// go on where the last bytes have ended is not appended: the data were replaced.
    pub(super) fn append(&mut self, history: History, mut before: ReplOffset, mut bytes: &[u8]) {
        if let Some(next) = self.next {
            let most = next.position.offset.since(before);
            let most = usize::try_from(most).unwrap_or(usize::MAX);
            let (head, rest) = bytes.split_at(bytes.len().min(most));
            self.extend(history, before, head);
            before = before.plus(head.len() as u64);
            bytes = rest;
            if before >= next.position.offset {
                self.begin(next);
            }
        }
        self.extend(history, before, bytes);
    }

    fn extend(&mut self, history: History, before: ReplOffset, bytes: &[u8]) {
        let Some(at) = self.at.filter(|_| !bytes.is_empty()) else { return };
        let is_renamed = at.replid != history.replid;
        let goes_on = history.second == Some((at.replid, at.offset.next()));
        if before > at.offset || is_renamed && (before < at.offset || !goes_on) {
            return self.lose();
        }
        // The base that was written has the first ones already.
        let known = usize::try_from(at.offset.since(before)).unwrap_or(usize::MAX);
        let bytes = bytes.get(known..).unwrap_or_default();
        if is_renamed {
            self.note_name(history, at.offset);
        }
        if !bytes.is_empty() {
            self.batch.bytes.extend_from_slice(bytes);
            self.is_unmarked = true;
        }
        let offset = at.offset.plus(bytes.len() as u64);
        self.at = Some(Position { replid: history.replid, offset });
    }

    /// Notes at once that the history has another name from here on, whether bytes follow or not.
    /// Returns whether it has.
    pub(super) fn rename(&mut self, history: History) -> bool {
        let goes_on = |at: Position| history.second == Some((at.replid, at.offset.next()));
        let Some(at) = self.at.filter(|at| goes_on(*at)) else { return false };
        self.note_name(history, at.offset);
        self.at = Some(Position { replid: history.replid, offset: at.offset });
        true
    }

    fn note_name(&mut self, history: History, offset: ReplOffset) {
        self.mark();
        let position = Position { replid: history.replid, offset };
        Note::Stream { position, second: history.second }.write(&mut self.batch.bytes);
    }

    /// Notes that the file does not get the data any more, until the next file begins.
    pub(super) fn lose(&mut self) {
        self.mark();
        self.at = None;
    }

    /// Forgets everything: the file is closed.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Begins the next file where the stream is at `start`.
    pub(super) fn arm(&mut self, start: Start) -> Result<(), Ahead> {
        match self.at {
            Some(at) if at.offset > start.position.offset => return Err(Ahead),
            Some(at) if at.offset < start.position.offset => self.next = Some(start),
            _ => self.begin(start),
        }
        Ok(())
    }

    /// Gives the next file up, if it has not begun.
    pub(super) fn disarm(&mut self) {
        self.next = None;
    }

    /// Goes on in a file that exists, with the stream at `position`.
    pub(super) fn resume(&mut self, position: Position, second: Second) {
        Note::Stream { position, second }.write(&mut self.batch.bytes);
        self.at = Some(position);
    }

    fn begin(&mut self, start: Start) {
        self.mark();
        self.next = None;
        self.batch.cut = Some(self.batch.bytes.len());
        let db = start.db.to_string();
        let select: [&[u8]; 2] = [b"SELECT", db.as_bytes()];
        // It is no part of the stream, so it is before the note.
        encode::request(&mut self.batch.bytes, select.into_iter());
        let note = Note::Stream { position: start.position, second: start.second };
        note.write(&mut self.batch.bytes);
        self.at = Some(start.position);
    }

    fn mark(&mut self) {
        if let Some(at) = self.at.filter(|_| self.is_unmarked) {
            Note::Mark(at.offset).write(&mut self.batch.bytes);
        }
        self.is_unmarked = false;
    }

    /// Returns all bytes, with a mark at their end.
    pub(super) fn take(&mut self) -> Batch {
        self.mark();
        std::mem::take(&mut self.batch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PING: &[u8] = b"*1\r\n$4\r\nPING\r\n";

    fn id(digit: char) -> ReplId {
        digit.to_string().repeat(40).parse().unwrap()
    }

    fn at(offset: u64) -> ReplOffset {
        ReplOffset::new(offset)
    }

    fn history(digit: char) -> History {
        History { replid: id(digit), second: None }
    }

    fn start(digit: char, offset: u64) -> Start {
        let position = Position { replid: id(digit), offset: at(offset) };
        Start { position, second: None, db: 3 }
    }

    fn head(digit: char, offset: u64) -> String {
        format!("*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n#STREAM:{}:{offset}\r\n", id(digit))
    }

    fn taken(pending: &mut Pending) -> (String, Option<usize>) {
        let batch = pending.take();
        (String::from_utf8(batch.bytes).unwrap(), batch.cut)
    }

    fn begun() -> Pending {
        let mut pending = Pending::default();
        pending.arm(start('a', 100)).unwrap();
        assert_eq!(taken(&mut pending), (head('a', 100), Some(0)));
        pending
    }

    const PINGED: &str = "*1\r\n$4\r\nPING\r\n";

    #[test]
    fn each_batch_ends_with_a_mark() {
        let mut pending = begun();
        pending.append(history('a'), at(100), PING);
        pending.append(history('a'), at(114), PING);
        assert_eq!(taken(&mut pending), (format!("{PINGED}{PINGED}#@128\r\n"), None));
        assert_eq!(taken(&mut pending), (String::new(), None));
    }

    #[test]
    fn the_next_file_begins_where_the_base_ends() {
        let mut pending = begun();
        pending.arm(start('a', 114)).unwrap();
        assert_eq!(taken(&mut pending), (String::new(), None));
        let both = [PING, PING].concat();
        pending.append(history('a'), at(100), &both);
        let old = format!("{PINGED}#@114\r\n");
        let new = format!("{}{PINGED}#@128\r\n", head('a', 114));
        assert_eq!(taken(&mut pending), (format!("{old}{new}"), Some(old.len())));
        assert_eq!(pending.arm(start('a', 127)), Err(Ahead));
        pending.arm(start('a', 128)).unwrap();
        assert_eq!(taken(&mut pending), (head('a', 128), Some(0)));
    }

    #[test]
    fn a_history_may_get_another_name() {
        let mut pending = begun();
        pending.append(history('a'), at(100), PING);
        let renamed = History { replid: id('b'), second: Some((id('a'), at(115))) };
        pending.append(renamed, at(114), PING);
        let note = format!("#STREAM:{}:114:{}:115\r\n", id('b'), id('a'));
        assert_eq!(taken(&mut pending).0, format!("{PINGED}#@114\r\n{note}{PINGED}#@128\r\n"));
    }

    #[test]
    fn another_name_is_noted_before_any_bytes_follow() {
        let mut pending = begun();
        let renamed = History { replid: id('b'), second: Some((id('a'), at(101))) };
        assert!(pending.rename(renamed));
        let note = format!("#STREAM:{}:100:{}:101\r\n", id('b'), id('a'));
        assert_eq!(taken(&mut pending), (note, None));
        assert!(!pending.rename(renamed));
        pending.append(renamed, at(100), PING);
        assert_eq!(taken(&mut pending).0, format!("{PINGED}#@114\r\n"));
        // It begins behind the end of the file: the next bytes show whether they follow.
        assert!(!pending.rename(History { replid: id('c'), second: Some((id('b'), at(120))) }));
        assert!(pending.follows());
    }

    #[test]
    fn replaced_data_need_a_new_base() {
        for (other, offset) in [('b', 100), ('b', 50), ('a', 101)] {
            let mut pending = begun();
            pending.append(history(other), at(offset), PING);
            assert!(!pending.follows());
            pending.append(history(other), at(offset + 14), PING);
            assert_eq!(taken(&mut pending), (String::new(), None));
            pending.arm(start(other, 200)).unwrap();
            // The base has half of this.
            pending.append(history(other), at(186), &[PING, PING].concat());
            let wanted = format!("{}{PINGED}#@214\r\n", head(other, 200));
            assert_eq!(taken(&mut pending), (wanted, Some(0)));
        }
    }
}

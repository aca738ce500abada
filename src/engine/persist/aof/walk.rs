//! A walk through a command file of the append-only file.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use super::replay_error::{ReplayError, wrong};
use tidegate_replication::aof::{CommandFile, Entry, Note};
use tidegate_wire::units::ReplOffset;

/// How much is read at once.
const CHUNK: usize = 1 << 20;
/// How far a mark is looked for behind what is no whole entry.
const LATER_MAX: u64 = 64 << 20;
/// The longest command or transaction.
const UNIT_MAX: usize = 4 << 30;

/// A walk through a file, entry by entry.
pub(super) struct Walk<'n> {
    name: &'n str,
    file: File,
    reader: CommandFile,
    buffer: Vec<u8>,
    /// Where in the buffer the next entry begins.
    front: usize,
    /// Where in the file the next entry begins.
    pub(super) at: u64,
    /// The size of the file.
    pub(super) len: u64,
    /// How much was read since the last look at the memory.
    unlooked: usize,
}

impl<'n> Walk<'n> {
    pub(super) fn open(name: &'n str, path: &Path, start: u64) -> Result<Self, ReplayError> {
        let io = |error| ReplayError::Io { file: name.to_owned(), error };
        let mut file = File::open(path).map_err(io)?;
        let len = file.metadata().map_err(io)?.len();
        file.seek(SeekFrom::Start(start)).map_err(io)?;
        let reader = CommandFile::new(UNIT_MAX);
        let (buffer, front, unlooked) = (Vec::new(), 0, 0);
        Ok(Self { name, file, reader, buffer, front, at: start, len, unlooked })
    }

    /// Returns the next entry; `None` if the rest of the file is not a whole one.
    pub(super) fn next(&mut self) -> Result<Option<Entry>, ReplayError> {
        loop {
            let bytes = self.buffer.get(self.front..).unwrap_or_default();
            let found = self.reader.next_entry(bytes);
            let at_least = match found.map_err(|what| wrong(self.name, self.at, what))? {
                Entry::NeedMore { at_least } => at_least,
                entry => return Ok(Some(entry)),
            };
            let missing = at_least.saturating_sub(bytes.len());
            let left = self.len.saturating_sub(self.at + bytes.len() as u64);
            if missing as u64 > left {
                return Ok(None);
            }
            self.buffer.drain(..std::mem::take(&mut self.front));
            let most = missing.max(CHUNK) as u64;
            let read = self.file.by_ref().take(most).read_to_end(&mut self.buffer);
            let read =
                read.map_err(|error| ReplayError::Io { file: self.name.to_owned(), error })?;
            if read == 0 {
                return Ok(None);
            }
            self.unlooked += read;
        }
    }

    /// Whether the rest, which is no whole entry, has a mark that fits: the stream is at `offset`
    /// here. Then the rest is damaged, and not only too short.
    pub(super) fn has_later_mark(&mut self, offset: ReplOffset) -> Result<bool, ReplayError> {
        let read = self.file.by_ref().take(LATER_MAX).read_to_end(&mut self.buffer);
        read.map_err(|error| ReplayError::Io { file: self.name.to_owned(), error })?;
        let rest = self.buffer.get(self.front..).unwrap_or_default();
        let fits = |at: usize| {
            let line = rest.get(at + 1..).unwrap_or_default();
            let line = line.split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default();
            Note::parse(line) == Note::Mark(offset.plus(at as u64 + 1))
        };
        Ok(rest.windows(3).enumerate().any(|(at, bytes)| bytes == b"\n#@" && fits(at)))
    }

    /// The next bytes.
    pub(super) fn bytes(&self, len: usize) -> &[u8] {
        self.buffer.get(self.front..self.front + len).unwrap_or_default()
    }

    /// The bytes of the unit that was found, and what finds its commands.
    pub(super) fn unit(&mut self, len: usize) -> (&[u8], &mut CommandFile) {
        let bytes = self.buffer.get(self.front..self.front + len).unwrap_or_default();
        (bytes, &mut self.reader)
    }

    pub(super) fn advance(&mut self, len: usize) {
        self.front += len;
        self.at += len as u64;
    }

    /// Whether enough was read that the memory should be looked at.
    pub(super) fn is_look_due(&mut self) -> bool {
        let is_due = self.unlooked > 0;
        self.unlooked = 0;
        is_due
    }
}

//! The command file that is written, and bytes for it. A write that fails leaves no part of itself
//! behind, and its bytes are written again later (`flushAppendOnlyFile`).

use std::fs::File;
use std::io::{self, Write};
use std::sync::Arc;

use super::pending::Batch;

/// The file, and what could not be written yet.
#[derive(Debug, Default)]
pub(super) struct Writer {
    file: Option<Arc<File>>,
    /// The size of the file, without a part of a failed write.
    size: u64,
    /// The size of the files before it that are loaded as well.
    before: u64,
    /// The file that comes next.
    next: Option<File>,
    /// Bytes that are to be written.
    rest: Batch,
}

impl Writer {
    /// Sets the file to write, which has `size` bytes, `before` bytes lie in those before it.
    pub(super) fn open(&mut self, file: File, size: u64, before: u64) {
        *self = Self { file: Some(Arc::new(file)), size, before, ..Self::default() };
    }

    /// Closes the file and forgets what was not written.
    pub(super) fn close(&mut self) {
        *self = Self::default();
    }

    /// Sets the file that comes next.
    pub(super) fn set_next(&mut self, next: Option<File>) {
        self.next = next;
    }

    /// Whether the next file has begun.
    pub(super) const fn has_next(&self) -> bool {
        self.next.is_some()
    }

    /// The bytes of all files behind the base.
    pub(super) const fn size(&self) -> u64 {
        self.before.saturating_add(self.size)
    }

    /// Notes that a base replaces the files before this one.
    pub(super) const fn forget_before(&mut self) {
        self.before = 0;
    }

    /// The number of bytes that could not be written.
    pub(super) const fn waiting(&self) -> usize {
        self.rest.bytes.len()
    }

    /// Takes bytes to be written.
    pub(super) fn take(&mut self, batch: Batch) {
        let Batch { bytes, cut } = batch;
        if let Some(cut) = cut {
            self.rest.cut = Some(self.rest.bytes.len() + cut);
        }
        if self.rest.bytes.is_empty() {
            self.rest.bytes = bytes;
        } else {
            self.rest.bytes.extend_from_slice(&bytes);
        }
    }

    /// Writes the bytes.
    ///
    /// # Errors
    /// The error of the system. The bytes that are not written wait for the next call.
    pub(super) fn write(&mut self) -> io::Result<()> {
        if let Some(cut) = self.rest.cut {
            self.write_front(cut)?;
            // A crash must not leave a gap between the files.
            self.file.as_ref().map_or(Ok(()), |ended| ended.sync_data())?;
            if let Some(next) = self.next.take() {
                self.file = Some(Arc::new(next));
                self.before = self.before.saturating_add(self.size);
                self.size = 0;
            }
            self.rest.cut = None;
        }
        self.write_front(self.rest.bytes.len())
    }

    /// Writes the first `len` bytes that wait.
    fn write_front(&mut self, len: usize) -> io::Result<()> {
        let Some(file) = self.file.as_ref() else {
            self.rest.bytes.drain(..len);
            return Ok(());
        };
        let front = self.rest.bytes.get(..len).unwrap_or_default();
        let (written, outcome) = write(file, front);
        if outcome.is_err() && file.set_len(self.size).is_ok() {
            return outcome;
        }
        // What could not be cut off is part of the file.
        self.size = self.size.saturating_add(written as u64);
        if written == self.rest.bytes.len() {
            self.rest.bytes.clear();
        } else {
            self.rest.bytes.drain(..written);
        }
        if let Some(cut) = &mut self.rest.cut {
            *cut -= written;
        }
        outcome
    }

    /// Returns the file, for syncing.
    pub(super) fn file(&self) -> Option<Arc<File>> {
        self.file.clone()
    }
}

/// Writes as many bytes as possible, and returns their number.
fn write(mut file: &File, bytes: &[u8]) -> (usize, io::Result<()>) {
    let mut written = 0;
    while written < bytes.len() {
        match file.write(bytes.get(written..).unwrap_or_default()) {
            Ok(0) => return (written, Err(io::ErrorKind::WriteZero.into())),
            Ok(more) => written += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (written, Err(error)),
        }
    }
    (written, Ok(()))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    fn file(path: &Path) -> File {
        File::options().append(true).create(true).open(path).unwrap()
    }

    fn batch(bytes: &[u8], cut: Option<usize>) -> Batch {
        Batch { bytes: bytes.to_vec(), cut }
    }

    #[test]
    fn a_cut_divides_bytes_among_two_files() {
        let dir = tempfile::tempdir().unwrap();
        let (one, two) = (dir.path().join("1"), dir.path().join("2"));
        let mut writer = Writer::default();
        writer.open(file(&one), 0, 10);
        writer.take(batch(b"abc", None));
        writer.take(batch(b"def", Some(1)));
        writer.set_next(Some(file(&two)));
        writer.write().unwrap();
        assert_eq!(
            (fs::read(&one).unwrap(), fs::read(&two).unwrap()),
            (b"abcd".into(), b"ef".into())
        );
        assert_eq!((writer.size(), writer.has_next()), (16, false));
        writer.forget_before();
        assert_eq!(writer.size(), 2);
    }

    #[test]
    fn bytes_of_a_failed_write_wait() {
        let dir = tempfile::tempdir().unwrap();
        let (one, two) = (dir.path().join("1"), dir.path().join("2"));
        fs::write(&one, "x").unwrap();
        let mut writer = Writer::default();
        // A file that cannot be written.
        writer.open(File::open(&one).unwrap(), 1, 0);
        writer.take(batch(b"abc", Some(1)));
        writer.set_next(Some(file(&two)));
        assert!(writer.write().is_err());
        writer.take(batch(b"d", None));
        assert!(writer.write().is_err());
        assert_eq!((writer.waiting(), writer.size()), (4, 1));
        writer.file = Some(Arc::new(file(&one)));
        writer.write().unwrap();
        assert_eq!(
            (fs::read(&one).unwrap(), fs::read(&two).unwrap()),
            (b"xa".into(), b"bcd".into())
        );
        assert_eq!((writer.waiting(), writer.size()), (0, 5));
    }
}

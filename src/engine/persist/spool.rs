//! A file that one thread writes while another thread reads it: the engine takes at once what the
//! master sends, however long its use takes.
//!
//! The file is in `dir`, so memory does not grow with the payload. Dropping the [`Spool`] removes
//! the file, unless the engine keeps it under a name.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use tempfile::NamedTempFile;

use super::temporary::{self, Use};

/// How much is written.
#[derive(Clone, Copy, Debug, Default)]
struct Written {
    bytes: u64,
    end: Option<End>,
}

/// How the writing ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The file is complete.
    Complete,
    /// The writer has stopped before the end.
    Broken,
}

#[derive(Debug, Default)]
struct Shared {
    written: Mutex<Written>,
    more: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The writing end.
#[derive(Debug)]
pub(in crate::engine) struct Spool {
    file: NamedTempFile,
    shared: Arc<Shared>,
}

/// The reading end. It waits for bytes that have not arrived yet.
#[derive(Debug)]
pub(in crate::engine) struct SpoolReader {
    file: File,
    read: u64,
    shared: Arc<Shared>,
}

impl Spool {
    /// Makes a new file in `dir`.
    pub(in crate::engine) fn new(dir: &Path) -> io::Result<Self> {
        let file = temporary::create(dir, Use::Sync)?;
        Ok(Self { file, shared: Arc::default() })
    }

    /// Returns a reader from the first byte on.
    pub(in crate::engine) fn reader(&self) -> io::Result<SpoolReader> {
        let mut file = self.file.reopen()?;
        file.seek(SeekFrom::Start(0))?;
        Ok(SpoolReader { file, read: 0, shared: Arc::clone(&self.shared) })
    }

    /// Appends bytes to the file.
    pub(in crate::engine) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        // The error of a named file would contain its name, which is a different one each time.
        self.file.as_file_mut().write_all(bytes)?;
        self.shared.lock().bytes += bytes.len() as u64;
        self.shared.more.notify_one();
        Ok(())
    }

    /// Notes that the file is complete.
    pub(in crate::engine) fn complete(&self) {
        self.end(End::Complete);
    }

    /// Syncs the file to the disk and renames it to `path`, in the place of what was there.
    pub(super) fn keep_as(self, path: &Path) -> io::Result<()> {
        self.complete();
        self.file.as_file().sync_all()?;
        std::fs::rename(self.file.path(), path)
    }

    fn end(&self, end: End) {
        self.shared.lock().end.get_or_insert(end);
        self.shared.more.notify_one();
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        self.end(End::Broken);
    }
}

impl SpoolReader {
    /// Returns how many bytes are written and not read.
    pub(in crate::engine) fn backlog(&self) -> u64 {
        self.shared.lock().bytes - self.read
    }

    /// Reads bytes that are there, without waiting for more.
    pub(in crate::engine) fn read_ready(
        &mut self,
        out: &mut Vec<u8>,
        max: usize,
    ) -> io::Result<()> {
        let len = self.backlog().min(max as u64);
        self.read += len;
        (&mut self.file).take(len).read_to_end(out)?;
        Ok(())
    }
}

impl Read for SpoolReader {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut written = self.shared.lock();
        while written.bytes == self.read {
            match written.end {
                Some(End::Complete) => return Ok(0),
                Some(End::Broken) => {
                    return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the link was lost"));
                }
                None => {
                    let waited = self.shared.more.wait(written);
                    written = waited.unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
        let there = written.bytes - self.read;
        drop(written);
        let len = usize::try_from(there).unwrap_or(usize::MAX).min(buf.len());
        let len = self.file.read(&mut buf[..len])?;
        self.read += len as u64;
        Ok(len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn a_reader_waits_for_the_writer() {
        let dir = tempfile::tempdir().unwrap();
        let mut spool = Spool::new(dir.path()).unwrap();
        let mut reader = spool.reader().unwrap();
        let reading = thread::spawn(move || {
            let mut all = Vec::new();
            reader.read_to_end(&mut all).map(|_| all)
        });
        let mut sent = Vec::new();
        for piece in 0..200_u8 {
            let bytes = vec![piece; usize::from(piece) * 7];
            spool.write(&bytes).unwrap();
            sent.extend(bytes);
        }
        spool.complete();
        assert_eq!(reading.join().unwrap().unwrap(), sent);
        let kept = dir.path().join("dump.rdb");
        spool.keep_as(&kept).unwrap();
        assert_eq!(std::fs::read(&kept).unwrap(), sent);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_writer_that_goes_is_an_error_and_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let mut spool = Spool::new(dir.path()).unwrap();
        let mut reader = spool.reader().unwrap();
        spool.write(b"ab").unwrap();
        drop(spool);
        let mut all = Vec::new();
        assert!(reader.read_to_end(&mut all).is_err());
        assert_eq!(all, b"ab");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}

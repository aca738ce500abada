//! The file of a Unix socket that listens.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;

/// The file of a Unix socket that listens. It is removed with this value, unless another process has
/// replaced it.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: Arc<str>,
    /// Device, number and time of the file. The next file may get the number of one that is gone.
    id: (u64, u64, i64, i64),
}

impl SocketFile {
    /// Listens at `path`, with these permissions. A file that a former process has left is replaced.
    ///
    /// # Errors
    /// Another process listens there, the path has a file that is no socket, or the directory may not
    /// be written.
    pub(super) fn listen(path: &str, mode: Option<u32>) -> io::Result<(UnixListener, Self)> {
        if is_abandoned(path) {
            fs::remove_file(path)?;
        }
        let listener = UnixListener::bind(path)?;
        if let Some(mode) = mode {
            fs::set_permissions(path, Permissions::from_mode(mode))?;
        }
        let id = id(path)?;
        Ok((listener, Self { path: path.into(), id }))
    }

    pub(super) fn path(&self) -> Arc<str> {
        Arc::clone(&self.path)
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if id(&self.path).is_ok_and(|id| id == self.id) {
            // A file that stays is replaced at the next start.
            drop(fs::remove_file(&*self.path));
        }
    }
}

fn id(path: &str) -> io::Result<(u64, u64, i64, i64)> {
    fs::symlink_metadata(path).map(|it| (it.dev(), it.ino(), it.ctime(), it.ctime_nsec()))
}

/// Whether a former process has left a socket's file at `path`.
fn is_abandoned(path: &str) -> bool {
    let is_socket = fs::symlink_metadata(path).is_ok_and(|it| it.file_type().is_socket());
    let refused = |error: io::Error| error.kind() == io::ErrorKind::ConnectionRefused;
    is_socket && UnixStream::connect(path).is_err_and(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_abandoned_socket_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.sock");
        let path = path.to_str().unwrap();
        let (listener, file) = SocketFile::listen(path, Some(0o600)).unwrap();
        assert_eq!(fs::metadata(path).unwrap().mode() & 0o777, 0o600);
        let in_use = SocketFile::listen(path, None).unwrap_err();
        assert_eq!(in_use.kind(), io::ErrorKind::AddrInUse);
        drop(listener);
        let (_next, next_file) = SocketFile::listen(path, None).unwrap();
        drop(file);
        assert!(fs::metadata(path).is_ok(), "it is the next one's");
        drop(next_file);
        assert!(fs::metadata(path).is_err());
        fs::write(path, "data").unwrap();
        SocketFile::listen(path, None).unwrap_err();
        assert_eq!(fs::read(path).unwrap(), b"data");
    }
}

//! Temporary files in `dir`, of one run of the process. A killed process cannot remove its files,
//! so the next process does. It never removes files of a process that runs.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use tempfile::NamedTempFile;

/// The end of their names.
const SUFFIX: &str = ".rdb";

/// The use of a temporary file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// For the payload or the stream of a master.
    Sync,
    /// For a save.
    Save,
    /// For the full resync of a sub-replica.
    Feed,
    /// For the base of an append-only file.
    Rewrite,
}

impl Use {
    /// Returns the beginning of its name.
    const fn prefix(self) -> &'static str {
        match self {
            Self::Sync => "temp-sync-",
            Self::Save => "temp-save-",
            Self::Feed => "temp-feed-",
            Self::Rewrite => "temp-rewrite-",
        }
    }
}

/// Makes a temporary file in `dir`. Dropping it removes it. It is locked until then, so that other
/// processes see that it is in use.
///
/// # Errors
/// The file could not be made. The error names `dir` and not the file, whose name is a different
/// one each time: a caller that tries again gets the same error.
pub(super) fn create(dir: &Path, what: Use) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    let made = builder.prefix(what.prefix()).suffix(SUFFIX).tempfile_in(dir);
    let file = made.map_err(|error| match error.to_string().rsplit_once(" at path ") {
        Some((why, _)) => io::Error::new(error.kind(), format!("{why} in {}", dir.display())),
        None => error,
    })?;
    if let Err(error) = file.as_file().lock_shared() {
        // Not every file system can lock. Another process in the same directory is rare enough.
        tracing::debug!("a temporary file cannot be locked: {error}");
    }
    Ok(file)
}

/// Makes a temporary file in `dir` for the snapshot that a sub-replica gets.
///
/// # Errors
/// As [`create`].
pub(in crate::engine) fn payload_file(dir: &Path) -> io::Result<NamedTempFile> {
    create(dir, Use::Feed)
}

/// Checks that the engine can write files in `dir`, as full resyncs and saves need.
///
/// # Errors
/// A text for the operator, with the key and the reason.
pub fn check_dir(dir: &str) -> Result<(), String> {
    match create(Path::new(dir), Use::Save) {
        Ok(_) => Ok(()),
        Err(error) => {
            let hint = match error.kind() {
                io::ErrorKind::NotFound => "; create the directory",
                io::ErrorKind::PermissionDenied => "; let tidegate's user write there",
                _ => "",
            };
            Err(format!("replica.dir = {dir:?}: the engine cannot write there: {error}{hint}"))
        }
    }
}

/// Removes the temporary files in `dir` that no process uses.
pub(in crate::engine) fn remove_old(dir: &Path) {
    // The code that needs the directory reports that it is missing.
    let Ok(entries) = fs::read_dir(dir) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_ours = [Use::Sync, Use::Save, Use::Feed, Use::Rewrite]
            .iter()
            .any(|it| name.starts_with(it.prefix()));
        let is_file = entry.file_type().is_ok_and(|it| it.is_file());
        if !is_ours || !is_file || !name.ends_with(SUFFIX) {
            continue;
        }
        match remove(&entry.path()) {
            Ok(true) => {
                tracing::info!(file = %name, "removed a temporary file of a killed process")
            }
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(file = %name, "a temporary file cannot be removed: {error}")
            }
        }
    }
}

/// Removes the file, unless a process uses it.
fn remove(path: &Path) -> io::Result<bool> {
    let file = File::open(path)?;
    if file.try_lock().is_err() {
        return Ok(false);
    }
    fs::remove_file(path)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_no_process_are_removed() {
        let dir = tempfile::tempdir().unwrap();
        let uses = [Use::Sync, Use::Save, Use::Feed, Use::Rewrite];
        let files = uses.map(|what| create(dir.path(), what).unwrap());
        for name in ["temp-sync-x.rdb", "temp-save-y.rdb", "temp-sync-z", "dump.rdb"] {
            fs::write(dir.path().join(name), "part").unwrap();
        }
        fs::create_dir(dir.path().join("temp-sync-dir.rdb")).unwrap();
        remove_old(dir.path());
        let mut left: Vec<_> =
            fs::read_dir(dir.path()).unwrap().map(|it| it.unwrap().path()).collect();
        left.sort();
        let mut wanted: Vec<_> = files.iter().map(|file| file.path().to_owned()).collect();
        wanted
            .extend(["dump.rdb", "temp-sync-dir.rdb", "temp-sync-z"].map(|it| dir.path().join(it)));
        wanted.sort();
        assert_eq!(left, wanted);
    }

    #[test]
    fn the_same_error_has_the_same_text() {
        let dir = tempfile::tempdir().unwrap();
        let gone = dir.path().join("gone");
        let error = || create(&gone, Use::Sync).unwrap_err();
        assert_eq!(error().to_string(), error().to_string());
        assert_eq!(error().kind(), io::ErrorKind::NotFound);
        remove_old(&gone);
    }
}

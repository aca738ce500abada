//! Files in `dir` that are of use to one run of the process only. One that is killed cannot remove
//! them, so the next one does; never those of a process that lives.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use tempfile::NamedTempFile;

/// What their names end with.
const SUFFIX: &str = ".rdb";

/// What one is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// What a master sends.
    Sync,
    /// What is saved.
    Save,
}

impl Use {
    /// What its name begins with.
    const fn prefix(self) -> &'static str {
        match self {
            Self::Sync => "temp-sync-",
            Self::Save => "temp-save-",
        }
    }
}

/// A new one in `dir`, removed when it is dropped, and locked until then: that is how others see
/// that somebody has it.
///
/// # Errors
/// It could not be made. The error names `dir`, and not the file, which is another one each time: who
/// tries again meets the same error again.
pub(super) fn create(dir: &Path, what: Use) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    let made = builder.prefix(what.prefix()).suffix(SUFFIX).tempfile_in(dir);
    let file = made.map_err(|error| match error.to_string().rsplit_once(" at path ") {
        Some((why, _)) => io::Error::new(error.kind(), format!("{why} in {}", dir.display())),
        None => error,
    })?;
    if let Err(error) = file.as_file().lock_shared() {
        // Not every file system can; another process in the same directory is rare enough.
        tracing::debug!("a temporary file cannot be locked: {error}");
    }
    Ok(file)
}

/// Whether a file can be written in `dir`, as full resyncs and saves need: an error for people, with
/// the key and the reason, where it cannot.
///
/// # Errors
/// Why not.
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

/// Removes those in `dir` that nobody has.
pub(in crate::engine) fn remove_old(dir: &Path) {
    // A directory that is not there is told where it is needed.
    let Ok(entries) = fs::read_dir(dir) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_ours = [Use::Sync, Use::Save].iter().any(|it| name.starts_with(it.prefix()));
        let is_file = entry.file_type().is_ok_and(|it| it.is_file());
        if !is_ours || !is_file || !name.ends_with(SUFFIX) {
            continue;
        }
        match remove(&entry.path()) {
            Ok(true) => tracing::info!(file = %name, "removed: a process that was killed left it"),
            Ok(false) => {}
            Err(error) => tracing::warn!(file = %name, "cannot be removed: {error}"),
        }
    }
}

/// Removes the file, unless somebody has it.
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
    fn only_what_nobody_has_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let files = [Use::Sync, Use::Save].map(|what| create(dir.path(), what).unwrap());
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

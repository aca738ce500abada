//! The directory of the append-only file: which files it has, and how its manifest is replaced.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::config::Replica;
use tidegate_replication::aof::{Manifest, ManifestError, Names};

/// Why a directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub(in crate::engine) enum DirectoryError {
    /// The file system refuses.
    #[error("{path}: {error}")]
    Io {
        /// The file or the directory.
        path: String,
        /// The error of the system.
        error: io::Error,
    },
    /// The manifest is wrong.
    #[error("{path}: {error}")]
    Manifest {
        /// The file.
        path: String,
        /// What is wrong.
        error: ManifestError,
    },
}

/// The directory, which need not exist yet.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Directory {
    path: PathBuf,
    names: Names,
}

impl Directory {
    /// Returns the directory that the configuration names.
    pub(in crate::engine) fn of(config: &Replica) -> Self {
        let path = Path::new(&config.dir).join(&config.appenddirname);
        Self { path, names: Names::new(&config.appendfilename) }
    }

    /// Its path.
    pub(in crate::engine) fn path(&self) -> &Path {
        &self.path
    }

    /// The names of its files.
    pub(in crate::engine) const fn names(&self) -> &Names {
        &self.names
    }

    /// The path of one of its files.
    pub(in crate::engine) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Reads the manifest. Without one, the file of a server before Redis 7.0 becomes the base
    /// (`aofUpgradePrepare`). Returns `None` if there is neither.
    ///
    /// # Errors
    /// [`DirectoryError`]
    pub(in crate::engine) fn manifest(&self) -> Result<Option<Manifest>, DirectoryError> {
        let path = self.file(&self.names.manifest());
        let old = self.path.with_file_name(self.names.old());
        let manifest = match fs::read(&path) {
            Ok(text) => Manifest::parse(&text).map_err(|error| {
                let path = path.display().to_string();
                DirectoryError::Manifest { path, error }
            })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if !old.is_file() {
                    return Ok(None);
                }
                let manifest = Manifest::of_old(&self.names);
                self.make().and_then(|()| self.replace(&manifest)).map_err(|it| told(&path, it))?;
                manifest
            }
            Err(error) => return Err(told(&path, error)),
        };
        let moved = self.file(self.names.old());
        if manifest.base() == Some(self.names.old()) && !moved.exists() && old.is_file() {
            fs::rename(&old, &moved).map_err(|error| told(&old, error))?;
        }
        Ok(Some(manifest))
    }

    /// Makes the directory, if it is missing.
    ///
    /// # Errors
    /// The error of the system.
    pub(in crate::engine) fn make(&self) -> io::Result<()> {
        fs::create_dir_all(&self.path)
    }

    /// Replaces the manifest in one step (`persistAofManifest`).
    ///
    /// # Errors
    /// The error of the system.
    pub(in crate::engine) fn replace(&self, manifest: &Manifest) -> io::Result<()> {
        let name = self.names.manifest();
        let temporary = self.file(&format!("temp-{name}"));
        let mut file = File::create(&temporary)?;
        file.write_all(&manifest.write())?;
        file.sync_all()?;
        fs::rename(&temporary, self.file(&name))?;
        self.sync()
    }

    /// Syncs the names of the files.
    ///
    /// # Errors
    /// The error of the system.
    pub(in crate::engine) fn sync(&self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()
    }

    /// Makes an empty file.
    ///
    /// # Errors
    /// The error of the system.
    pub(in crate::engine) fn create(&self, name: &str) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.append(true).create(true).open(self.file(name)).and_then(|file| {
            file.set_len(0)?;
            Ok(file)
        })
    }

    /// Opens a file that exists, to append to it. Returns its size, too.
    ///
    /// # Errors
    /// The error of the system.
    pub(in crate::engine) fn append(&self, name: &str) -> io::Result<(File, u64)> {
        let file = OpenOptions::new().append(true).open(self.file(name))?;
        let size = file.metadata()?.len();
        Ok((file, size))
    }

    /// Removes the files that the manifest keeps only to remove them (`aofDelHistoryFiles`).
    ///
    /// # Errors
    /// The error of the system.
    pub(in crate::engine) fn remove_history(&self, manifest: &mut Manifest) -> io::Result<()> {
        let names: Vec<_> = manifest.history().map(str::to_owned).collect();
        if names.is_empty() {
            return Ok(());
        }
        for name in names {
            match fs::remove_file(self.file(&name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        manifest.forget_history();
        self.replace(manifest)
    }

    /// Moves the directory aside, so that its files stay for an operator. Returns its new path.
    ///
    /// # Errors
    /// The error of the system.
    pub(in crate::engine) fn move_aside(&self, unix_seconds: i64) -> io::Result<PathBuf> {
        let mut name = self.path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".unusable-{unix_seconds}"));
        let aside = self.path.with_file_name(name);
        fs::rename(&self.path, &aside)?;
        Ok(aside)
    }
}

fn told(path: &Path, error: io::Error) -> DirectoryError {
    DirectoryError::Io { path: path.display().to_string(), error }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory(dir: &Path) -> Directory {
        let config = Replica { dir: dir.display().to_string(), ..Replica::default() };
        Directory::of(&config)
    }

    #[test]
    fn the_file_of_an_older_server_becomes_the_base() {
        let dir = tempfile::tempdir().unwrap();
        let files = directory(dir.path());
        assert_eq!(files.manifest().unwrap(), None);
        fs::write(dir.path().join("appendonly.aof"), "commands").unwrap();
        let manifest = files.manifest().unwrap().unwrap();
        assert_eq!(manifest.base(), Some("appendonly.aof"));
        assert_eq!(fs::read(files.file("appendonly.aof")).unwrap(), b"commands");
        // A crash may have come before the file was moved.
        fs::rename(files.file("appendonly.aof"), dir.path().join("appendonly.aof")).unwrap();
        assert_eq!(files.manifest().unwrap(), Some(manifest));
        assert!(files.file("appendonly.aof").exists());
    }

    #[test]
    fn history_is_removed_once_the_manifest_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let files = directory(dir.path());
        files.make().unwrap();
        let mut manifest = Manifest::default();
        let first = manifest.add_commands(files.names());
        files.create(&first).unwrap();
        let second = manifest.add_commands(files.names());
        let base = manifest.add_base(files.names());
        for name in [&second, &base] {
            files.create(name).unwrap();
        }
        files.replace(&manifest).unwrap();
        files.remove_history(&mut manifest).unwrap();
        let mut left: Vec<_> = fs::read_dir(files.path())
            .unwrap()
            .map(|it| it.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(left, [base, second, files.names().manifest()]);
        assert_eq!(files.manifest().unwrap(), Some(manifest));
        let aside = files.move_aside(17).unwrap();
        assert!(aside.ends_with("appendonlydir.unusable-17") && aside.is_dir());
        assert_eq!(files.manifest().unwrap(), None);
    }

    #[test]
    fn a_wrong_manifest_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let files = directory(dir.path());
        files.make().unwrap();
        fs::write(files.file(&files.names().manifest()), "file a\n").unwrap();
        let error = files.manifest().unwrap_err().to_string();
        assert!(error.contains("appendonly.aof.manifest: line 1"), "{error}");
    }
}

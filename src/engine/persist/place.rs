//! Where the data are on the disk.

use std::path::PathBuf;

use crate::engine::Engine;

impl Engine {
    /// Returns the path of `dbfilename` in `dir`.
    pub(in crate::engine) fn snapshot_path(&self) -> PathBuf {
        self.dir().join(&self.config.load().replica.dbfilename)
    }

    /// Returns the absolute path of `dir`.
    pub(in crate::engine) fn full_dir(&self) -> String {
        let dir = self.dir();
        let full = std::path::absolute(&dir).unwrap_or(dir);
        full.display().to_string()
    }

    /// Returns the path of `dir`, as it is configured.
    pub(in crate::engine) fn dir(&self) -> PathBuf {
        PathBuf::from(&self.config.load().replica.dir)
    }
}

//! Host names of one proxy's own, which a test may move.

use std::fs;
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::PathBuf;

use tempfile::TempDir;

/// The length of the file of names, which is rewritten in place, in one piece.
const LEN: usize = 4096;

/// A file like `/etc/hosts`, which only the proxy sees that is started with [`Names::program`].
#[derive(Debug)]
pub struct Names {
    dir: TempDir,
}

impl Names {
    pub fn new(names: &[(&str, &str)]) -> Self {
        let dir = tempfile::Builder::new().prefix("tidegate-names-").tempdir().unwrap();
        let names_of = Self { dir };
        File::create(names_of.file()).unwrap();
        names_of.set(names);
        names_of
    }

    /// From now on these names lead to these addresses, and no others resolve.
    pub fn set(&self, names: &[(&str, &str)]) {
        let mut text = "127.0.0.1 localhost\n".to_owned();
        for (name, addr) in names {
            text += &format!("{addr} {name}\n");
        }
        let text = format!("{text:\n<LEN$}");
        assert_eq!(text.len(), LEN);
        let file = File::options().write(true).open(self.file()).unwrap();
        file.write_all_at(text.as_bytes(), 0).unwrap();
    }

    /// The proxy, to be started as any other program. A mount namespace needs root, or a kernel
    /// that lets users have namespaces of their own.
    pub fn program(&self) -> PathBuf {
        let path = self.dir.path().join("tidegate");
        let text = format!(
            "#!/bin/sh\nexec unshare --map-root-user --mount sh -c \
             'mount --bind \"{}\" /etc/hosts && exec \"{}\" \"$@\"' sh \"$@\"\n",
            self.file().display(),
            env!("CARGO_BIN_EXE_tidegate"),
        );
        let mut script = File::create(&path).unwrap();
        script.write_all(text.as_bytes()).unwrap();
        drop(script);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    fn file(&self) -> PathBuf {
        self.dir.path().join("hosts")
    }
}

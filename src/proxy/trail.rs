//! The way that a path leads, link by link, to its file.

use std::collections::{BTreeSet, VecDeque};
use std::ffi::OsString;
use std::fs;
use std::path::{Component, Path, PathBuf};

/// Links that are followed, as many as Linux does.
const MAX_LINKS: usize = 40;

/// Where a path leads at a moment: every name whose change makes it lead elsewhere, or to another
/// content.
///
/// `proxy.toml -> ..data/proxy.toml`, `..data -> ..2026`, as Kubernetes mounts a ConfigMap, gives
/// both links and `..2026/proxy.toml`. Directories on the way that are no links are not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Trail {
    /// A directory without links in its own path, and a name in it.
    steps: Vec<(PathBuf, OsString)>,
    /// The file, where there is one.
    file: Option<PathBuf>,
}

impl Trail {
    /// The way of `path`, up to where it is missing.
    pub(super) fn of(path: &Path) -> Self {
        let mut trail = Self::default();
        // A process without a directory has absolute paths only.
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
                    trail.steps.push((dir.clone(), name));
                    for part in parts(&target).into_iter().rev() {
                        left.push_front(part);
                    }
                }
                Err(_) if here.is_dir() && !left.is_empty() => dir = here,
                // The file, or the name that is missing or leads in a circle.
                _ => {
                    trail.file = here.is_file().then(|| here.clone());
                    trail.steps.push((dir.clone(), name));
                    break;
                }
            }
        }
        trail
    }

    /// What has to be watched: the directories, and the file itself, which may be mounted from
    /// elsewhere and is then written without its directory's knowing.
    pub(super) fn watched(&self) -> BTreeSet<&Path> {
        let dirs = self.steps.iter().map(|(dir, _)| dir.as_path());
        dirs.chain(self.file.as_deref()).collect()
    }

    /// The paths that events about it bear.
    pub(super) fn names(&self) -> BTreeSet<PathBuf> {
        let names = self.steps.iter().map(|(dir, name)| dir.join(name));
        // A directory that is itself renamed or removed.
        names.chain(self.steps.iter().map(|(dir, _)| dir.clone())).collect()
    }
}

/// A step of a path that is still to be gone.
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
        let trail = Trail::of(&at.join("proxy.toml"));
        let file = at.join("..2026/proxy.toml");
        assert_eq!(trail.file.as_deref(), Some(file.as_path()));
        let names = [at.join("proxy.toml"), at.join("..data"), file.clone()];
        assert!(names.iter().all(|name| trail.names().contains(name)), "{trail:?}");
        let watched = [at.as_path(), &at.join("..2026"), &file];
        assert_eq!(trail.watched(), watched.into_iter().collect());
    }

    #[test]
    fn what_is_missing_or_turns_in_a_circle_ends_the_way() {
        let dir = tempfile::tempdir().unwrap();
        let at = fs::canonicalize(dir.path()).unwrap();
        let trail = Trail::of(&at.join("conf/../conf/proxy.toml"));
        assert_eq!(trail.watched(), [at.as_path()].into_iter().collect(), "conf is to come");
        assert!(trail.names().contains(&at.join("conf")) && trail.file.is_none());
        symlink("b", at.join("a")).unwrap();
        symlink("a", at.join("b")).unwrap();
        let trail = Trail::of(&at.join("a"));
        assert!(trail.file.is_none() && trail.names().contains(&at.join("b")));
    }
}

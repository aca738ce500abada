//! Whether a changed `proxy.toml` lacks its end. Such a text may be valid, because every key has a
//! default.

use std::collections::BTreeSet;

use toml::de::DeTable;

use super::names;
use crate::config::model::{Config, Key, diff};

/// The keys that a reload changes only if the file still gives them: passwords, logins, write
/// guards and addresses. With their defaults the proxy would have no password and no guard.
const GUARDED: [&str; 20] = [
    "proxy.listen",
    "proxy.requirepass",
    "topology.master",
    "topology.sentinels",
    "topology.master-name",
    "topology.sentinel-user",
    "topology.sentinel-password",
    "topology.masteruser",
    "topology.masterauth",
    "writes.min-replicas-to-write",
    "writes.wait-replicas",
    "replica.enabled",
    "replica.listen",
    "replica.replicaof",
    "replica.requirepass",
    "replica.masteruser",
    "replica.masterauth",
    "metrics.listen",
    "listener.listen",
    "rule.reads",
];

/// The paths of the keys that a text gives. An alias counts as its key.
#[derive(Debug)]
struct Given(BTreeSet<String>);

impl Given {
    /// The keys of `text`, which was parsed before and so is not nested too deeply.
    fn of(text: &str) -> Self {
        let keys = Config::keys();
        let (file, _) = DeTable::parse_recoverable(text);
        let mut given = BTreeSet::new();
        names::visit(file.get_ref(), &keys, &mut |key, _, _| {
            given.insert(key.path());
        });
        for (section, value) in file.get_ref() {
            // `rule = []` says that there are none.
            if value.get_ref().as_array().is_some_and(|tables| tables.is_empty()) {
                let own = |key: &&Key| key.repeats && key.section == section.get_ref().as_ref();
                given.extend(keys.iter().filter(own).map(Key::path));
            }
        }
        Self(given)
    }

    /// Whether the text names the servers in the other way, so that it may not give `key`: either
    /// it names the master, or Sentinels do.
    fn replaces(&self, key: &str) -> bool {
        let other = match key {
            "topology.master" => "topology.sentinels",
            "topology.sentinels"
            | "topology.master-name"
            | "topology.sentinel-user"
            | "topology.sentinel-password" => "topology.master",
            _ => return false,
        };
        self.0.contains(other)
    }
}

/// Checks that `text`, which means `new`, does not lack its end. `old` is the configuration of the
/// text before, `old_text` that text if it is known.
///
/// # Errors
/// Why `text` may have been cut off.
pub fn check_whole(
    (old, old_text): (&Config, Option<&str>),
    (new, text): (&Config, &str),
) -> Result<(), String> {
    if old == new {
        return Ok(());
    }
    let given = Given::of(text);
    if given.0.is_empty() {
        return Err(
            "gives no key at all, so it may have been cut off; to use the defaults, write them \
                    into the file"
                .to_owned(),
        );
    }
    if old_text.is_some_and(|old| is_cut_in_a_line(old, text)) {
        return Err("is the previous file, cut off in the middle of a line".to_owned());
    }
    let tables = |config: &Config| config.listeners.len() + config.rules.len();
    if tables(new) < tables(old) && old_text.is_some_and(|old| old.starts_with(text)) {
        return Err(
            "is the previous file without its end, which had further [[...]] sections, so \
                    it may have been cut off; to remove them, write a comment in their place"
                .to_owned(),
        );
    }
    let lost = |key: &String| {
        let is_guarded = GUARDED.contains(&key.as_str()) && !given.0.contains(key);
        is_guarded && !given.replaces(key)
    };
    let keys = diff(old, new).into_iter().map(|it| without_place(&it.key));
    let mut lost: Vec<_> = keys.filter(lost).collect();
    lost.dedup();
    if lost.is_empty() {
        return Ok(());
    }
    Err(format!(
        "no longer gives {}, so it may have been cut off; to use a default, write it into the \
         file",
        lost.join(", ")
    ))
}

/// The path of a key without the place of its section among several: `rule.reads` for
/// `rule[2].reads`.
fn without_place(path: &str) -> String {
    match (path.split_once('['), path.split_once("].")) {
        (Some((section, _)), Some((_, name))) => format!("{section}.{name}"),
        _ => path.to_owned(),
    }
}

/// Whether `text` is the beginning of `old` and ends within a line of it.
fn is_cut_in_a_line(old: &str, text: &str) -> bool {
    let rest = old.strip_prefix(text).unwrap_or_default();
    let ends_line = text.is_empty() || text.ends_with('\n') || rest.starts_with(['\n', '\r', ' ']);
    !rest.is_empty() && !ends_line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> Config {
        Config::parse(text, "").unwrap()
    }

    #[track_caller]
    fn check(old: &str, new: &str) -> Result<(), String> {
        check_whole((&config(old), Some(old)), (&config(new), new))
    }

    const FULL: &str = "[proxy]\nlisten = [\"127.0.0.1:7000\"]\nrequirepass = \"x\"\n\
        [topology]\nprimary = \"10.0.0.1:6379\"\nreplicas = [\"10.0.0.2:6379\"]\n\
        [writes]\nmin-replicas-to-write = 1\n[proxy2]\n\
        [[listener]]\nlisten = [\"127.0.0.1:7001\"]\nreads.consistency = \"strong\"\n\
        [[rule]]\nreads = \"strong\"\nmatch.command = \"get\"\n\
        [[rule]]\nmatch.key = \"a*\"\nreads = \"strong\"\n";

    fn full() -> String {
        FULL.replace("[proxy2]\n", "[log]\nlevel = \"debug\"\n")
    }

    #[test]
    fn every_guarded_key_exists() {
        let keys: Vec<_> = Config::keys().iter().map(Key::path).collect();
        for guarded in GUARDED {
            assert!(keys.iter().any(|key| key == guarded), "{guarded}");
        }
    }

    /// A file that ends at any byte is refused, or keeps every guarded key.
    #[test]
    fn a_file_cut_anywhere_loses_no_guarded_key() {
        let full = full();
        let old = config(&full);
        for end in 0..full.len() {
            let cut = &full[..end];
            let Ok(new) = Config::parse(cut, "") else { continue };
            if check_whole((&old, Some(&full)), (&new, cut)).is_ok() {
                let lost: Vec<_> = diff(&old, &new).into_iter().map(|it| it.key).collect();
                assert!(lost.is_empty() || lost == ["log.level"], "{cut:?} loses {lost:?}");
            }
        }
    }

    #[test]
    fn the_last_tables_are_removed_by_a_change_of_the_file() {
        let full = full();
        let (first, last) = full.rsplit_once("[[rule]]").unwrap();
        let why = check(&full, first).unwrap_err();
        assert!(why.contains("without its end"), "{why}");
        assert_eq!(check(&full, &format!("{first}# one rule is enough\n")), Ok(()));
        assert_eq!(check(&full, &full.replace("[[rule]]\nreads", "[[rule]]\n#\nreads")), Ok(()));
        let one = format!("[[rule]]{last}");
        let why = check(&one, "[log]\nlevel = \"info\"\n").unwrap_err();
        assert!(why.contains("no longer gives rule.reads,"), "{why}");
        assert_eq!(check(&one, "rule = []\n"), Ok(()));
    }

    #[test]
    fn a_guarded_key_changes_to_its_default_only_if_the_file_gives_it() {
        let full = full();
        let without = full.replace("requirepass = \"x\"\n", "");
        let why = check(&full, &without).unwrap_err();
        assert!(why.contains("no longer gives proxy.requirepass,"), "{why}");
        assert_eq!(check(&full, &full.replace("\"x\"", "\"\"")), Ok(()));
        assert_eq!(check(&full, &full.replace("level = \"debug\"\n", "")), Ok(()), "not guarded");
        assert_eq!(check(&full, &full.replace("primary", "master")), Ok(()), "the same key");
        assert_eq!(check(&without, &full), Ok(()));
        // A key that was at its default loses nothing.
        assert_eq!(check("[proxy]\nrequirepass = \"\"\nmax-clients = 9\n", "[reads]\n"), {
            Err("gives no key at all, so it may have been cut off; to use the defaults, write \
                 them into the file"
                .to_owned())
        });
        assert_eq!(check("[proxy]\nrequirepass = \"\"\n", "# nothing\n"), Ok(()), "means the same");
    }

    #[test]
    fn sentinels_may_take_the_place_of_a_named_master() {
        let named = "[topology]\nmaster = \"10.0.0.1:6379\"\n";
        let found = "[topology]\nsentinels = [\"10.0.0.9:26379\"]\nmaster-name = \"m\"\n\
            sentinel-password = \"x\"\n";
        assert_eq!(check(named, found), Ok(()));
        assert_eq!(check(found, named), Ok(()));
        let why = check(found, "[topology]\nmaster-name = \"m\"\n").unwrap_err();
        let lost = "no longer gives topology.sentinels, topology.sentinel-password,";
        assert!(why.contains(lost), "{why}");
        let why = check(named, "[topology]\nmaster-name = \"m\"\n").unwrap_err();
        assert!(why.contains("no longer gives topology.master,"), "{why}");
    }

    #[test]
    fn a_number_that_was_cut_off_is_refused() {
        let old = "[log]\nlevel = \"info\"\n[proxy]\nmax-clients = 10001";
        let why = check(old, &old[..old.len() - 1]).unwrap_err();
        assert!(why.contains("middle of a line"), "{why}");
        assert_eq!(check("[proxy]\nmax-clients = 9 # few\n", "[proxy]\nmax-clients = 8"), Ok(()));
    }
}

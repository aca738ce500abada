//! The reference of all keys, from their declarations: as text for a terminal, and as Markdown.

use std::fmt::Write as _;

use super::model::{Applies, Config, Key};

/// The width of the page.
const COLUMNS: usize = 100;

const INTRODUCTION: &str = "\
# Reference of the configuration

Every key of `proxy.toml`, from the declarations in the program: `tidegate keys --markdown` prints
this page, and `tidegate keys NAME` a part of it in the terminal.
[configuration.md](configuration.md) groups the keys by task, and the shipped
[proxy.toml](../proxy.toml) has them with their defaults.

Times have a unit (`\"300ms\"`, `\"1s\"`). Sizes are redis.conf's: `1kb` is 1024 bytes, `1k` is 1000.
";

/// The keys of the section called `name`, the key of that path or name, or else those with `name` in
/// their names; all without a name. `None` if there is none.
#[must_use]
pub fn named(name: Option<&str>) -> Option<Vec<Key>> {
    let keys = Config::keys();
    let Some(name) = name else { return Some(keys) };
    let name = name.trim_matches(['[', ']']).to_ascii_lowercase();
    let of = |is_meant: &dyn Fn(&Key) -> bool| {
        let found: Vec<_> = keys.iter().filter(|key| is_meant(key)).cloned().collect();
        (!found.is_empty()).then_some(found)
    };
    of(&|key| key.section == name)
        .or_else(|| of(&|key| key.path() == name))
        .or_else(|| of(&|key| key.is_called(&name)))
        .or_else(|| of(&|key| key.path().contains(&name)))
}

/// The reference of `keys` for a terminal.
#[must_use]
pub fn text(keys: &[Key]) -> String {
    let mut text = String::new();
    for key in keys {
        if !text.is_empty() {
            text.push('\n');
        }
        let _ = writeln!(text, "{} = {}", key.path(), key.default);
        for line in key.meaning {
            let _ = writeln!(text, "    {}", line.trim());
        }
        let _ = writeln!(text, "    Accepts {}.", key.accepted);
        for line in [aliases(key), applies(key)].into_iter().flatten() {
            let _ = writeln!(text, "    {line}");
        }
    }
    text
}

/// The reference of `keys` as a page of the documentation.
#[must_use]
pub fn markdown(keys: &[Key]) -> String {
    let mut page = INTRODUCTION.to_owned();
    let mut section = "";
    for key in keys {
        if key.section != section {
            section = key.section;
            let name = if key.repeats { format!("[[{section}]]") } else { format!("[{section}]") };
            let _ = writeln!(page, "\n## {name}\n");
            let prefix = format!("`{name}`: ");
            for line in key.section_meaning {
                let line = line.trim();
                page.extend([line.strip_prefix(&prefix).unwrap_or(line), "\n"]);
            }
        }
        let _ = writeln!(page, "\n### `{}`\n", key.path());
        key.meaning.iter().for_each(|line| page.extend([line.trim(), "\n"]));
        page.push('\n');
        let values = [format!("default: `{}`", key.default), format!("accepts: {}", key.accepted)];
        let more = [aliases(key), applies(key)].into_iter().flatten();
        values.into_iter().chain(more).for_each(|text| item(&mut page, &text));
    }
    page
}

/// Adds an item of a list, in lines of at most [`COLUMNS`].
fn item(page: &mut String, text: &str) {
    let mut line = String::from("-");
    for word in text.split(' ') {
        if line.chars().count() + 1 + word.chars().count() > COLUMNS {
            page.extend([&*line, "\n"]);
            line = String::from(" ");
        }
        line.extend([" ", word]);
    }
    page.extend([&*line, "\n"]);
}

fn aliases(key: &Key) -> Option<String> {
    (!key.aliases.is_empty()).then(|| format!("also called {}", key.aliases.join(", ")))
}

fn applies(key: &Key) -> Option<String> {
    match key.applies {
        Applies::Live => None,
        Applies::Restart => Some("a new value takes effect at the next start".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(name: &str) -> Vec<String> {
        named(Some(name)).unwrap_or_default().iter().map(Key::path).collect()
    }

    #[test]
    fn a_name_is_that_of_a_section_a_key_or_a_part_of_it() {
        assert!(paths("[pubsub]").iter().all(|path| path.starts_with("pubsub.")));
        assert_eq!(paths("pubsub").len(), 2);
        assert_eq!(paths("reads.max-lag"), ["reads.max-lag"]);
        assert_eq!(paths("primary"), ["topology.master"]);
        assert!(paths("max-lag-by").contains(&"reads.max-lag-bytes".to_owned()));
        assert!(named(Some("no-such-key")).is_none());
        assert_eq!(named(None).map(|keys| keys.len()), Some(Config::keys().len()));
    }

    #[test]
    fn every_key_says_what_it_means_in_words_of_the_file() {
        for key in Config::keys() {
            let meaning = key.meaning.concat();
            assert!(!meaning.trim().is_empty(), "{}", key.path());
            assert!(
                !meaning.contains("[`") && !meaning.contains("`None`"),
                "{}: {meaning}",
                key.path()
            );
        }
    }

    #[test]
    fn the_page_is_up_to_date() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/configuration-reference.md");
        let page = std::fs::read_to_string(path).unwrap_or_default();
        let command = "cargo run -- keys --markdown > docs/configuration-reference.md";
        assert!(page == markdown(&Config::keys()), "the page is old; renew it: {command}");
    }
}

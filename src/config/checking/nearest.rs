//! Which key an unknown name probably means.

use strsim::damerau_levenshtein;

use crate::config::model::Key;

/// The longest name that is compared with those of keys; a longer one is no typing mistake.
const MAX_NAME: usize = 64;

/// The key that `name` in `section` probably means: one of the section with a similar name, or one
/// of another section with this name.
pub(crate) fn key<'k>(section: &str, name: &str, keys: &'k [Key]) -> Option<&'k Key> {
    let name = normal(name)?;
    let (own, others): (Vec<_>, Vec<_>) = keys.iter().partition(|key| key.section == section);
    let exact = || others.into_iter().find(|key| key.is_called(&name));
    closest(&name, own.iter().map(|key| (key.name, *key))).or_else(exact)
}

/// The section that `name` probably means.
pub(crate) fn section(name: &str, keys: &[Key]) -> Option<&'static str> {
    closest(&normal(name)?, keys.iter().map(|key| (key.section, key.section)))
}

/// The key that `name`, outside of any section, probably means.
pub(crate) fn orphan<'k>(name: &str, keys: &'k [Key]) -> Option<&'k Key> {
    closest(&normal(name)?, keys.iter().map(|key| (key.name, key)))
}

/// `name` in lower case with hyphens, so that `max_clients` is as close to `max-clients` as it
/// looks; `None` for a name that is too long.
fn normal(name: &str) -> Option<String> {
    (name.len() <= MAX_NAME).then(|| name.to_ascii_lowercase().replace('_', "-"))
}

/// The candidate whose name differs from `name` in the fewest places, if these are few.
fn closest<'n, T>(name: &str, candidates: impl Iterator<Item = (&'n str, T)>) -> Option<T> {
    let few = (name.chars().count() / 3).clamp(1, 4);
    let shape = Shape::of(name);
    // The exact comparison is costly, and a file may have tens of thousands of unknown names.
    candidates
        .filter(|(candidate, _)| shape.min_distance(Shape::of(candidate)) <= few)
        .map(|(candidate, value)| (damerau_levenshtein(name, candidate), value))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, _)| *distance <= few)
        .map(|(_, value)| value)
}

/// A name's length and the set of its characters.
#[derive(Clone, Copy)]
struct Shape {
    length: usize,
    /// A bit for each character, by its code modulo 64.
    characters: u64,
}

impl Shape {
    fn of(name: &str) -> Self {
        let empty = Self { length: 0, characters: 0 };
        name.chars().fold(empty, |shape, c| Self {
            length: shape.length + 1,
            characters: shape.characters | 1 << (u32::from(c) % 64),
        })
    }

    /// The number of places in which two names of these shapes differ at least: one edit changes
    /// the length by at most one, and adds or removes at most one character.
    fn min_distance(self, other: Self) -> usize {
        let missing = (self.characters & !other.characters).count_ones();
        let added = (other.characters & !self.characters).count_ones();
        self.length.abs_diff(other.length).max(missing.max(added) as usize)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use strsim::damerau_levenshtein;

    use super::Shape;
    use crate::config::Config;

    proptest! {
        #[test]
        fn shapes_differ_no_more_than_names(a in "[a-f-]{0,8}", b in "[a-f-]{0,8}|\\PC{0,4}") {
            let least = Shape::of(&a).min_distance(Shape::of(&b));
            prop_assert!(least <= damerau_levenshtein(&a, &b));
        }
    }

    #[test]
    fn similar_names_are_suggested_and_others_are_not() {
        let keys = Config::keys();
        let meant = |section, name| super::key(section, name, &keys).map(|key| key.path());
        assert_eq!(meant("proxy", "max-client").as_deref(), Some("proxy.max-clients"));
        assert_eq!(meant("proxy", "max_clients").as_deref(), Some("proxy.max-clients"));
        assert_eq!(meant("proxy", "masterauth").as_deref(), Some("topology.masterauth"));
        assert_eq!(meant("topology", "primary").as_deref(), None, "it exists");
        assert_eq!(meant("proxy", "banana"), None);
        assert_eq!(meant("proxy", &"max-clients".repeat(100)), None);
        assert_eq!(super::section("toplogy", &keys), Some("topology"));
        assert_eq!(super::section("zebra", &keys), None);
        assert_eq!(
            super::orphan("maxclients", &keys).map(|key| key.path()).as_deref(),
            Some("proxy.max-clients")
        );
    }
}

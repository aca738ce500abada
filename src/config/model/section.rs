//! How a section is declared: from one declaration per key come the section's fields, their
//! defaults, the reader, the list of keys and the diff.

use toml::de::DeTable;

use super::change::{Applies, Change};
use crate::config::kind::Kind;
use crate::config::mistakes::Report;

/// One key of `proxy.toml`, for documentation and tests.
#[derive(Clone, Debug)]
pub struct Key {
    /// The section's name, such as `reads`.
    pub section: &'static str,
    /// The key's name, such as `from`.
    pub name: &'static str,
    /// Other names that the file may use for the key.
    pub aliases: &'static [&'static str],
    /// The values that the key accepts, in words.
    pub accepted: String,
    /// The default, as one would write it in the file.
    pub default: String,
    /// When a new value takes effect.
    pub applies: Applies,
    /// Whether values are secrets, which are never shown.
    pub secret: bool,
    /// Whether the file may have the section any number of times: `[[listener]]`.
    pub repeats: bool,
    /// What it means, in lines as they are declared.
    pub meaning: &'static [&'static str],
    /// What its section is for.
    pub section_meaning: &'static [&'static str],
}

impl Key {
    /// The key's path, such as `reads.from`.
    pub fn path(&self) -> String {
        format!("{}.{}", self.section, self.name)
    }

    /// Whether the key is in the table that its section calls `name`: `reads.from` is in `reads`.
    pub(crate) fn is_under(&self, name: &str) -> bool {
        self.name.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'))
    }

    /// Whether `name` is the key's name or one of its aliases.
    pub fn is_called(&self, name: &str) -> bool {
        self.name == name || self.aliases.contains(&name)
    }
}

/// The new value of a key, as the file has to give it.
#[derive(Clone, Debug)]
pub(crate) struct Edit {
    /// The key's name, then its aliases.
    pub(crate) names: &'static [&'static str],
    /// The new value in TOML; secrets are not masked.
    pub(crate) value: String,
}

/// What `section!` implements for the type of a section.
pub(crate) trait Section: Default {
    /// The section's name, without brackets.
    const NAME: &'static str;

    /// How many tables of this name the file may have, where it may have several.
    const MOST: usize;

    /// The section's keys, in the order of the file.
    fn keys() -> Vec<Key>;

    /// Reads the keys that `table` gives; all others keep their defaults. Mistakes name the section
    /// `path`: its name, with its place if there are several.
    fn read<'a>(path: &str, table: &'a DeTable<'a>, report: &mut Report<'a>) -> Self;

    /// Takes the value of the key called `name` from `other`.
    fn adopt(&mut self, name: &str, other: &Self);

    /// The edits that make the file mean `new`.
    fn edits(&self, new: &Self) -> Vec<Edit>;

    /// Appends every key whose value differs in `new`; see [`Self::read`] for `path`.
    fn diff(&self, path: &str, new: &Self, changes: &mut Vec<Change>);
}

/// The change of one key; `None` if the values are equal.
pub(crate) fn change<K: Kind>(
    key: (&str, &str, Applies),
    kind: &K,
    old: &K::Value,
    new: &K::Value,
) -> Option<Change> {
    let (section, name, applies) = key;
    (old != new).then(|| Change {
        key: format!("{section}.{name}"),
        old: kind.show(old),
        new: kind.show(new),
        applies,
    })
}

/// Declares a section. For each key: its documentation, then
/// `"name" | "alias" => field: Type = default, Kind, Live;` (or `Restart`). A name with a dot is that
/// of a key in a table of the section. `= "listener" [64]` declares a section of which the file may
/// have up to 64.
macro_rules! section {
    (
        $(#[doc = $meta:literal])*
        pub struct $Section:ident = $section:literal $([$most:literal])? {
            $(
                $(#[doc = $doc:literal])*
                $name:literal $(| $alias:literal)* => $field:ident: $Type:ty = $default:expr,
                    $kind:expr, $applies:ident;
            )*
        }
    ) => {
        $(#[doc = $meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $Section {
            $($(#[doc = $doc])* pub $field: $Type,)*
        }

        impl Default for $Section {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }

        impl $crate::config::model::section::Section for $Section {
            const NAME: &'static str = $section;
            const MOST: usize = 0 $(+ $most)?;

            fn keys() -> Vec<$crate::config::Key> {
                const MEANING: &[&str] = &[$($meta),*];
                let default = Self::default();
                vec![$($crate::config::Key {
                    section: $section,
                    name: $name,
                    aliases: &[$($alias),*],
                    accepted: $crate::config::kind::Kind::accepted(&$kind),
                    default: $crate::config::kind::Kind::show(&$kind, &default.$field),
                    applies: $crate::config::Applies::$applies,
                    secret: $crate::config::model::section::is_secret(&$kind),
                    repeats: false,
                    meaning: &[$($doc),*],
                    section_meaning: MEANING,
                },)*]
            }

            fn read<'a>(
                path: &str,
                table: &'a toml::de::DeTable<'a>,
                report: &mut $crate::config::mistakes::Report<'a>,
            ) -> Self {
                let mut section = Self::default();
                $(
                    let names = [$name $(, $alias)*];
                    if let Some(value) = report.read(path, &names, &$kind, table) {
                        section.$field = value;
                    }
                )*
                section
            }

            fn adopt(&mut self, name: &str, other: &Self) {
                match name {
                    $($name => self.$field.clone_from(&other.$field),)*
                    _ => {}
                }
            }

            fn edits(&self, new: &Self) -> Vec<$crate::config::model::section::Edit> {
                let mut edits = Vec::new();
                $(
                    if self.$field != new.$field {
                        edits.push($crate::config::model::section::Edit {
                            names: &[$name $(, $alias)*],
                            value: $crate::config::kind::Kind::write(&$kind, &new.$field),
                        });
                    }
                )*
                edits
            }

            fn diff(&self, path: &str, new: &Self, changes: &mut Vec<$crate::config::Change>) {
                $(
                    let key = (path, $name, $crate::config::Applies::$applies);
                    let change = $crate::config::model::section::change;
                    changes.extend(change(key, &$kind, &self.$field, &new.$field));
                )*
            }
        }
    };
}
pub(crate) use section;

/// Whether values of a kind must not be shown.
pub(crate) fn is_secret<K: Kind>(_: &K) -> bool {
    K::SECRET
}

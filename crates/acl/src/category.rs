//! The categories of commands, and sets of them.

/// A category that every server has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is named as servers name it")]
pub enum Category {
    Keyspace,
    Read,
    Write,
    Set,
    SortedSet,
    List,
    Hash,
    String,
    Bitmap,
    HyperLogLog,
    Geo,
    Stream,
    PubSub,
    Admin,
    Fast,
    Slow,
    Blocking,
    Dangerous,
    Connection,
    Transaction,
    Scripting,
}

impl Category {
    /// The names of all categories, in the order of the servers.
    pub const NAMES: [&'static str; 21] = [
        "keyspace",
        "read",
        "write",
        "set",
        "sortedset",
        "list",
        "hash",
        "string",
        "bitmap",
        "hyperloglog",
        "geo",
        "stream",
        "pubsub",
        "admin",
        "fast",
        "slow",
        "blocking",
        "dangerous",
        "connection",
        "transaction",
        "scripting",
    ];
}

/// The most categories, those of modules included.
pub const CATEGORIES_MAX: usize = 64;

/// A set of categories, by their numbers: a [`Category`], or one that a module adds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Categories(u64);

impl Categories {
    /// Returns the set of these categories.
    #[must_use]
    pub const fn of(categories: &[Category]) -> Self {
        let (mut set, mut at) = (0, 0);
        while at < categories.len() {
            set |= 1 << categories[at] as u64;
            at += 1;
        }
        Self(set)
    }

    /// Returns the set with the category of this number, which is below [`CATEGORIES_MAX`].
    #[must_use]
    pub const fn with(self, number: usize) -> Self {
        Self(self.0 | 1 << (number % CATEGORIES_MAX))
    }

    /// Whether the category of this number is in the set.
    #[must_use]
    pub const fn has(self, number: usize) -> bool {
        number < CATEGORIES_MAX && self.0 & 1 << number != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_what_was_put_in() {
        let set = Categories::of(&[Category::Keyspace, Category::Scripting]).with(40);
        let numbers: Vec<_> = (0..100).filter(|number| set.has(*number)).collect();
        assert_eq!(numbers, [0, 20, 40]);
        assert_eq!(Category::NAMES[Category::Scripting as usize], "scripting");
        assert_eq!(Category::NAMES[Category::PubSub as usize], "pubsub");
    }
}

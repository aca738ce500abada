//! The users as which clients act.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// The name of a user as which clients act. Two of the same name are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Identity(&'static str);

/// All names that were ever in use. There are as many as configurations have named.
static NAMES: Mutex<Option<HashSet<&'static str>>> = Mutex::new(None);

impl Identity {
    /// The user `default`.
    pub const DEFAULT: Self = Self("default");

    /// The user with this name.
    #[must_use]
    pub fn of(name: &str) -> Self {
        if name == Self::DEFAULT.0 {
            return Self::DEFAULT;
        }
        let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
        let names = names.get_or_insert_default();
        if let Some(known) = names.get(name) {
            return Self(known);
        }
        let name: &'static str = Box::leak(name.into());
        names.insert(name);
        Self(name)
    }

    /// The user with this name, which is compared byte by byte; `None` if no configuration has named
    /// it.
    #[must_use]
    pub fn named(name: &[u8]) -> Option<Self> {
        let name = std::str::from_utf8(name).ok()?;
        if name == Self::DEFAULT.0 {
            return Some(Self::DEFAULT);
        }
        let names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
        names.as_ref()?.get(name).map(|known| Self(known))
    }

    /// The user's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.0
    }
}

impl Default for Identity {
    fn default() -> Self {
        Self::DEFAULT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_its_exact_name() {
        assert_eq!(Identity::named(b"default"), Some(Identity::DEFAULT));
        for name in [&b""[..], b"Default", b"default ", b"nosuch", b"\xff"] {
            assert_eq!(Identity::named(name), None, "{name:?}");
        }
        let one = Identity::of("of this test");
        assert_eq!((one.name(), Identity::of("of this test")), ("of this test", one));
        assert_eq!(Identity::named(b"of this test"), Some(one));
    }
}

//! The users as which clients act.

use tidegate_wire::units::Secret;

/// A user that clients can log in as.
///
/// The proxy and the engine's port have one, `default`. Its password is `requirepass`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Identity {
    /// The user `default`.
    #[default]
    Default,
}

impl Identity {
    /// All users.
    pub const ALL: [Self; 1] = [Self::Default];

    /// The user with this name, which is compared byte by byte; `None` if there is none.
    #[must_use]
    pub fn named(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|user| user.name().as_bytes() == name)
    }

    /// The user's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
        }
    }

    /// The user as which a client acts that has not logged in; `None` where `requirepass` asks for
    /// a login.
    #[must_use]
    pub fn without_login(requirepass: &Secret) -> Option<Self> {
        requirepass.is_empty().then_some(Self::Default)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_its_exact_name() {
        assert_eq!(Identity::named(b"default"), Some(Identity::Default));
        for name in [&b""[..], b"Default", b"default ", b"nosuch"] {
            assert_eq!(Identity::named(name), None, "{name:?}");
        }
        for user in Identity::ALL {
            assert_eq!(Identity::named(user.name().as_bytes()), Some(user));
        }
    }

    #[test]
    fn a_client_acts_as_the_default_user_unless_a_password_is_set() {
        assert_eq!(Identity::without_login(&Secret::default()), Some(Identity::Default));
        assert_eq!(Identity::without_login(&Secret::new("x")), None);
    }
}

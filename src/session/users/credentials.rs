//! A login at servers.

use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::Arc;

use tidegate_wire::units::Secret;

/// The user and the password with which a connection logs in.
///
/// A clone shares them. Clones are equal by their address; other values differ by their digest, so
/// that texts are compared only where both logins are the same.
#[derive(Clone)]
pub struct Credentials(Arc<Login>);

struct Login {
    /// The user's name; empty for the default user.
    user: String,
    /// The password; empty for no login.
    password: Secret,
    /// A hash of both.
    digest: u64,
}

impl Credentials {
    /// The login of `user` (empty: the default user) with `password` (empty: no login).
    #[must_use]
    pub fn new(user: impl Into<String>, password: Secret) -> Self {
        let user = user.into();
        let digest = foldhash::fast::FixedState::default().hash_one((&user, password.expose()));
        Self(Arc::new(Login { user, password, digest }))
    }

    /// The user's name; empty for the default user.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.0.user
    }

    /// The password; empty for no login.
    #[must_use]
    pub fn password(&self) -> &Secret {
        &self.0.password
    }
}

impl PartialEq for Credentials {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
            || self.0.digest == other.0.digest
                && self.user() == other.user()
                && self.password() == other.password()
    }
}

impl Eq for Credentials {}

impl Hash for Credentials {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0.digest);
    }
}

/// Shows the user; the digest would help to guess a password.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Login { user, password, .. } = &*self.0;
        f.debug_struct("Credentials").field("user", user).field("password", password).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(user: &str, password: &str) -> Credentials {
        Credentials::new(user, Secret::new(password))
    }

    fn hash(credentials: &Credentials) -> u64 {
        foldhash::fast::FixedState::default().hash_one(credentials)
    }

    #[test]
    fn logins_are_equal_by_what_they_say() {
        let one = login("app", "a password");
        assert_eq!(one, one.clone());
        let same = login("app", "a password");
        assert_eq!((&one, hash(&one)), (&same, hash(&same)));
        for other in [login("app", "another"), login("", "a password"), login("", "")] {
            assert_ne!(one, other);
            assert_ne!(hash(&one), hash(&other));
        }
        // The texts of both together are the same.
        assert_ne!(login("ab", "c"), login("a", "bc"));
    }

    #[test]
    fn logins_with_the_same_digest_are_compared_by_their_texts() {
        let with_digest = |user: &str, password: &str| {
            let (user, password) = (user.to_owned(), Secret::new(password));
            Credentials(Arc::new(Login { user, password, digest: 7 }))
        };
        assert_ne!(with_digest("app", "x"), with_digest("app", "y"));
        assert_ne!(with_digest("app", "x"), with_digest("apq", "x"));
        assert_eq!(with_digest("app", "x"), with_digest("app", "x"));
    }

    #[test]
    fn the_password_is_never_shown() {
        let one = login("app", "open sesame");
        let shown = format!("{one:?} {one:#?}");
        assert!(shown.contains("app") && shown.contains(Secret::MASK), "{shown}");
        assert!(!shown.contains("sesame"), "{shown}");
        assert!(!shown.contains(&one.0.digest.to_string()), "{shown}");
    }
}

//! The set of all users.

use std::collections::BTreeMap;
use std::sync::Arc;

use thiserror::Error;

use crate::catalog::Catalog;
use crate::rules::{self, Digest, RuleError, User};

/// All users. The user `default` is always there. A clone is cheap: it shares the users.
#[derive(Clone, Debug)]
pub struct Acl {
    catalog: Arc<Catalog>,
    users: BTreeMap<Box<[u8]>, Arc<User>>,
}

/// Why a user is not made or changed, in the words of Redis 7.0.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum UserError {
    /// The name has a space or a NUL.
    #[error("Usernames can't contain spaces or null characters")]
    Name,
    /// A selector has no end. The word is the one that opens it.
    #[error("Unmatched parenthesis in acl selector starting at '{0}'.")]
    Unmatched(String),
    /// A rule is refused.
    #[error("Error in ACL SETUSER modifier '{word}': {error}")]
    Rule {
        /// The rule.
        word: String,
        /// Why.
        error: RuleError,
    },
    /// The configuration has the user twice.
    #[error("Duplicate user found. A user can only be defined once in config files")]
    Duplicate,
    /// The user `default` is to be removed.
    #[error("The 'default' user cannot be removed")]
    Default,
}

/// Why a login fails. The client is not told which of these it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("WRONGPASS invalid username-password pair or user is disabled.")]
pub enum AuthError {
    /// No user has this name.
    UnknownUser,
    /// The user may not log in.
    Disabled,
    /// The password is wrong.
    WrongPassword,
}

impl Acl {
    /// Returns a set with the user `default`, which may do everything without a password.
    #[must_use]
    pub fn new(catalog: Arc<Catalog>) -> Self {
        let default = User::new_default(&catalog);
        let mut it = Self { catalog, users: BTreeMap::new() };
        it.insert(default);
        it
    }

    /// Returns a set of these users, each a name and its rules. A user `default` among them begins
    /// without permissions, as all do.
    ///
    /// # Errors
    /// The name of the first user that cannot be made, and why.
    pub fn from_users<N, W, L>(
        catalog: Arc<Catalog>,
        users: impl IntoIterator<Item = (N, L)>,
    ) -> Result<Self, (String, UserError)>
    where
        N: AsRef<[u8]>,
        W: AsRef<[u8]>,
        L: AsRef<[W]>,
    {
        let mut it = Self::new(catalog);
        let mut seen = std::collections::BTreeSet::new();
        for (name, words) in users {
            let name = name.as_ref();
            let refused = |error| (rules::shown(name).into_owned(), error);
            if !seen.insert(name.to_vec()) {
                return Err(refused(UserError::Duplicate));
            }
            it.users.insert(name.into(), Arc::new(User::new(name, &it.catalog)));
            it.set_user(name, words.as_ref()).map_err(refused)?;
        }
        Ok(it)
    }

    /// The commands that the rules are about.
    #[must_use]
    pub const fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    /// Returns the same users for another catalog: with the commands of a master's modules.
    #[must_use]
    pub fn with_catalog(&self, catalog: Arc<Catalog>) -> Self {
        let rebuilt = |user: &Arc<User>| Arc::new(user.rebuilt(&catalog));
        let users = self.users.iter().map(|(name, user)| (name.clone(), rebuilt(user))).collect();
        Self { catalog, users }
    }

    /// Returns the users, sorted by name.
    pub fn users(&self) -> impl Iterator<Item = &Arc<User>> {
        self.users.values()
    }

    /// Returns the user called `name`.
    #[must_use]
    pub fn user(&self, name: &[u8]) -> Option<&Arc<User>> {
        self.users.get(name)
    }

    /// Makes a user or changes it: `ACL SETUSER`.
    ///
    /// # Errors
    /// The first rule that is refused; then nothing has changed.
    pub fn set_user<W: AsRef<[u8]>>(&mut self, name: &[u8], words: &[W]) -> Result<(), UserError> {
        if rules::has_spaces(name) {
            return Err(UserError::Name);
        }
        let own = self.users.get(name).map(|user| User::clone(user));
        let mut user = own.unwrap_or_else(|| User::new(name, &self.catalog));
        let merged = rules::merge(words).map_err(|at| {
            let word = words.get(at).map(|word| rules::shown(word.as_ref()).into_owned());
            UserError::Unmatched(word.unwrap_or_default())
        })?;
        rules::apply_all(&mut user, &self.catalog, merged).map_err(|(word, error)| {
            UserError::Rule { word: rules::shown(&word).into_owned(), error }
        })?;
        self.insert(user);
        Ok(())
    }

    /// Removes users: `ACL DELUSER`. Returns the names of those that were there.
    ///
    /// # Errors
    /// [`UserError::Default`] if the user `default` is among them; then none is removed.
    pub fn remove_users<'n>(&mut self, names: &[&'n [u8]]) -> Result<Vec<&'n [u8]>, UserError> {
        if names.contains(&&b"default"[..]) {
            return Err(UserError::Default);
        }
        Ok(names.iter().copied().filter(|name| self.users.remove(*name).is_some()).collect())
    }

    /// Checks a login. Takes the same time whether the user is unknown, disabled, or has another
    /// password.
    ///
    /// # Errors
    /// [`AuthError`] if the client is not logged in.
    pub fn authenticate(&self, name: &[u8], password: &[u8]) -> Result<&Arc<User>, AuthError> {
        let digest = Digest::of(password);
        let Some(user) = self.users.get(name) else {
            // As long as with a user that has one password.
            std::hint::black_box(digest.is_same(&Digest::of_nothing()));
            return Err(AuthError::UnknownUser);
        };
        let is_right = user.passwords().has(&digest) | user.needs_no_password();
        match (user.is_enabled(), is_right) {
            (true, true) => Ok(user),
            (false, _) => Err(AuthError::Disabled),
            (true, false) => Err(AuthError::WrongPassword),
        }
    }

    pub(crate) fn insert(&mut self, user: User) {
        self.users.insert(user.name().into(), Arc::new(user));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acl() -> Acl {
        Acl::new(Arc::new(Catalog::new()))
    }

    #[test]
    fn users_are_set_and_removed() {
        let mut acl = acl();
        acl.set_user(b"a", &["on", ">x", "+get", "(+set", "~b)"]).expect("rules");
        let error = acl.set_user(b"a", &["off", "+nope"]).expect_err("no command");
        let text = "Error in ACL SETUSER modifier '+nope': \
                    Unknown command or category name in ACL";
        assert_eq!(error.to_string(), text);
        assert!(acl.user(b"a").is_some_and(|user| user.is_enabled()));
        assert_eq!(acl.set_user(b"a b", &["on"]), Err(UserError::Name));
        assert_eq!(acl.set_user(b"a", &["(+get"]), Err(UserError::Unmatched("(+get".into())));
        assert_eq!(acl.remove_users(&[b"a", b"default"]), Err(UserError::Default));
        assert_eq!(acl.remove_users(&[b"a", b"b"]), Ok(vec![&b"a"[..]]));
        assert_eq!(acl.users().count(), 1);
    }

    #[test]
    fn logins_are_checked() {
        let mut acl = acl();
        acl.set_user(b"a", &["on", ">x", ">y"]).expect("rules");
        acl.set_user(b"off", &["nopass"]).expect("rules");
        let login = |name: &[u8], password: &[u8]| {
            acl.authenticate(name, password).map(|user| user.name().to_vec())
        };
        assert_eq!(login(b"a", b"y"), Ok(b"a".to_vec()));
        assert_eq!(login(b"a", b"z"), Err(AuthError::WrongPassword));
        assert_eq!(login(b"off", b""), Err(AuthError::Disabled));
        assert_eq!(login(b"b", b"x"), Err(AuthError::UnknownUser));
        assert_eq!(login(b"default", b"any"), Ok(b"default".to_vec()));
    }

    #[test]
    fn users_of_a_configuration() {
        let catalog = Arc::new(Catalog::new());
        let make = |users: Vec<(&'static str, Vec<&'static str>)>| {
            Acl::from_users(Arc::clone(&catalog), users)
        };
        let made = make(vec![("default", vec!["on"]), ("a", vec![])]).expect("users");
        assert!(!made.user(b"default").is_some_and(|user| user.is_unrestricted()));
        let (name, error) = make(vec![("a", vec![]), ("a", vec![])]).expect_err("twice");
        assert_eq!((&*name, error), ("a", UserError::Duplicate));
        assert!(make(vec![("a", vec!["nope"])]).is_err());
    }
}

//! All users with their rights and limits, made of `[[user]]`, the aclfile and `requirepass`.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use crate::config::model::change::{Applies, Change};
use crate::session::{Credentials, RateLimit};
use tidegate_acl::{Acl, Catalog};

/// What is known of a user beyond its rights.
#[derive(Debug)]
pub struct Account {
    /// The most clients that may be logged in as it; `None` means no limit.
    pub max_clients: Option<usize>,
    /// How many requests and bytes its clients may move; `None` means any number.
    pub rate: Option<Arc<RateLimit>>,
    /// The login with which its requests are made at the servers; `None` is that of `[topology]`.
    pub login: Option<Credentials>,
    /// Whether they are made with its own login, as the client has given it.
    pub is_passed_on: bool,
}

/// All users.
#[derive(Clone, Debug)]
pub struct Accounts {
    /// The users of the proxy's ports.
    pub acl: Acl,
    /// The users of the engine's port, where the user `default` may have another password.
    pub engine: Acl,
    /// What is known of each beyond its rights, by name.
    pub(in crate::config) more: BTreeMap<String, Arc<Account>>,
    /// Whether users without a section are passed on, as [`Account::is_passed_on`].
    pub(in crate::config) others_are_passed_on: bool,
    /// Whether some user is passed on.
    pub are_passed_on: bool,
    /// Whether the configuration names users: then `ACL` is answered from them.
    pub are_named: bool,
    /// The path of the aclfile, if the users come from one.
    pub file: Option<String>,
}

impl Accounts {
    /// What differs between the users of two aclfiles. Sections show their own changes.
    pub(in crate::config::model) fn diff(&self, new: &Self) -> Option<Change> {
        let is_file = self.file.is_some() && self.file == new.file && self != new;
        let shown = |it: &Self| format!("{} users", it.acl.users().count());
        is_file.then(|| Change {
            key: "the file of proxy.aclfile".to_owned(),
            old: shown(self),
            new: shown(new),
            applies: Applies::Live,
        })
    }

    /// What is known of the user `name` beyond its rights.
    #[must_use]
    pub fn account(&self, name: &str) -> Option<&Arc<Account>> {
        self.more.get(name)
    }

    /// The same users, whose rules may name the commands of this catalog: it has those of a master's
    /// modules.
    #[must_use]
    pub fn with_catalog(&self, catalog: &Arc<Catalog>) -> Self {
        let acl = self.acl.with_catalog(Arc::clone(catalog));
        Self { acl, ..self.clone() }
    }

    /// The rules that name what the master does not have: each user's name, and the words.
    pub fn unknown_rules(&self) -> impl Iterator<Item = (String, String)> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        self.acl.users().filter_map(move |user| {
            let words: Vec<_> = user.unknown_words(self.acl.catalog()).map(text).collect();
            (!words.is_empty()).then(|| (text(user.name()), words.join(" ")))
        })
    }

    /// Whether requests of the user `name` are made at the servers with its own login.
    #[must_use]
    pub fn is_passed_on(&self, name: &str) -> bool {
        self.account(name).map_or(self.others_are_passed_on, |account| account.is_passed_on)
    }
}

impl Default for Accounts {
    fn default() -> Self {
        let acl = Acl::new(catalog());
        let (more, are_named, file) = (BTreeMap::new(), false, None);
        let (others_are_passed_on, are_passed_on) = (false, false);
        let engine = acl.clone();
        Self { acl, engine, more, others_are_passed_on, are_passed_on, are_named, file }
    }
}

/// Equal if the users have the same rights; what else there is, the sections say.
impl PartialEq for Accounts {
    fn eq(&self, other: &Self) -> bool {
        self.acl.to_file() == other.acl.to_file() && self.engine.to_file() == other.engine.to_file()
    }
}

impl Eq for Accounts {}

/// The commands that rules may name, until a master has named those of its modules.
pub(in crate::config) fn catalog() -> Arc<Catalog> {
    static CATALOG: LazyLock<Arc<Catalog>> =
        LazyLock::new(|| Arc::new(Catalog::new().awaiting_modules()));
    Arc::clone(&CATALOG)
}

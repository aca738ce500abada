//! What a client's user is known by beyond its rights: its limits, its policy, its login at servers.

use std::sync::Arc;

use crate::client::planning::policies::Policies;
use crate::config::{Account, Config};
use crate::registry::{Entry, Registry};
use crate::session::{Credentials, Identity, Session};
use tidegate_wire::command::Subscription;

/// What is known of a client's user beyond its rights.
#[derive(Debug, Default)]
pub(in crate::client) struct UserAccount(Option<Arc<Account>>);

impl UserAccount {
    /// The session may act as another user now, or the configuration may say something else of it.
    pub(in crate::client) fn follow(
        &mut self,
        config: &Config,
        session: &mut Session,
        policies: &mut Policies,
    ) {
        let name = session.user().name();
        self.0 = config.accounts.account(name).cloned();
        session.login = self.0.as_ref().and_then(|account| account.login.clone());
        if config.accounts.is_passed_on(name) {
            session.login = passed_on(session);
            // Its requests must not be made with the rights of another login.
            if session.login.is_none() {
                (session.identity, session.rights) = (None, None);
            }
        }
        policies.follow_user(config, name);
    }

    /// When the next requests may begin, in milliseconds of the process's clock; `None` at once. Most
    /// users have no rate, and their requests need no look at the clock (`now_ms`).
    pub(in crate::client) fn next_ms(&self, now_ms: impl FnOnce() -> u64) -> Option<u64> {
        let rate = self.0.as_ref()?.rate.as_ref()?;
        rate.next_us(now_ms() * 1000).map(|next_us| next_us.div_ceil(1000))
    }

    /// Notes so many requests and bytes.
    pub(in crate::client) fn moved(&self, requests: u64, bytes: u64, now_ms: impl FnOnce() -> u64) {
        if let Some(rate) = self.0.as_ref().and_then(|account| account.rate.as_ref()) {
            rate.note(requests, bytes, now_ms() * 1000);
        }
    }
}

/// The login at the servers of a user that is passed on: its name, and the password that the client
/// has given. `None` if it has given none: it logged in before users were passed on.
fn passed_on(session: &Session) -> Option<Credentials> {
    let password = session.given.clone().filter(|password| !password.is_empty())?;
    let user = session.identity.filter(|user| *user != Identity::DEFAULT);
    Some(Credentials::new(user.map_or("", Identity::name), password))
}

/// Gives the session the rights that its user has in `config`, which has other users than `former`. False
/// if the user is gone, or may no longer use a channel to which the session subscribes: then the
/// client is closed, as Redis does (`ACL LOAD`).
pub(in crate::client) fn renew_rights(
    former: &Config,
    config: &Config,
    session: &mut Session,
) -> bool {
    let Some(identity) = session.identity else { return true };
    let user = config.accounts.acl.user(identity.name().as_bytes());
    let Some(user) = user.filter(|user| user.is_enabled()) else { return false };
    let were = session.rights.as_ref().map(|it| it.describe(former.accounts.acl.catalog()));
    let are = (!user.is_unrestricted()).then(|| user.describe(config.accounts.acl.catalog()));
    if were != are {
        // What a transaction has queued was judged by other rights.
        session.transaction.refuse();
    }
    session.enter(user);
    let may = |(kind, name): (Subscription, &[u8])| {
        user.is_unrestricted() || user.may_subscribe(name, kind == Subscription::Pattern)
    };
    session.subscriptions.all().all(may)
}

/// The error for a login as `user` beyond its `max-clients`; `None` if there is room for the client
/// of `entry`.
pub(in crate::client) fn too_many(
    config: &Config,
    registry: &Registry,
    user: Identity,
    entry: &Entry,
) -> Option<String> {
    let max = config.accounts.account(user.name())?.max_clients?;
    let others = registry.count_others(user, entry.id);
    (others >= max).then(|| format!("ERR max number of clients of user '{}' reached", user.name()))
}

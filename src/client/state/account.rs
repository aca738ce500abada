//! What a client's user is known by beyond its rights: its limits, its policy, its login at servers.

use std::sync::Arc;

use crate::client::ending::Ending;
use crate::client::state::client::Client;
use crate::config::Account;
use crate::session::{Identity, without_login};
use tidegate_wire::command::Subscription;

impl Client {
    /// The session may act as another user now, or its user may be another one in the configuration.
    pub(in crate::client) fn follow_user(&mut self) {
        let name = self.session.user().name();
        let account = self.config.accounts.account(name).cloned();
        self.session.login = account.as_ref().and_then(|account| account.login.clone());
        self.account = account;
        self.policies.follow_user(&self.config, name);
        self.follow_choice();
    }

    /// The configuration in force has other users. A client whose user is gone, or may no longer use a
    /// channel that the client listens to, is closed, as Redis does (`ACL LOAD`, `ACLKillPubsubClients`).
    pub(in crate::client) fn follow_users(&mut self) {
        if let Some(identity) = self.session.identity {
            let user = self.config.accounts.acl.user(identity.name().as_bytes());
            match user.filter(|user| user.is_enabled()).cloned() {
                Some(user) => self.session.enter(&user),
                None => self.end(Ending::Now),
            }
            let rights = self.session.rights.as_ref();
            let may = |(kind, name): (Subscription, &[u8])| {
                rights.is_none_or(|user| user.may_subscribe(name, kind == Subscription::Pattern))
            };
            if !self.session.subscriptions.all().all(may) {
                self.end(Ending::Now);
            }
        }
        self.follow_user();
    }

    /// Lets the client act as the user that its certificate names (`tls-auth-clients-user`).
    pub(in crate::client) fn enter_by_certificate(&mut self, name: &str) {
        let user = self.config.accounts.acl.user(name.as_bytes()).cloned();
        match user.filter(|user| user.is_enabled()) {
            Some(user) => {
                self.session.enter(&user);
                self.follow_user();
            }
            None => tracing::info!(client = %self.entry.addr, "its certificate names no user: {name:?}"),
        }
    }

    /// The error for a login as `user` beyond its `max-clients`; `None` if there is room.
    pub(in crate::client) fn too_many_of(&self, user: Identity) -> Option<String> {
        let max = self.config.accounts.account(user.name())?.max_clients?;
        let is_one = self.entry.info().user == user && self.session.is_logged_in();
        let count = self.worker.shared.registry.count_of(user) + usize::from(!is_one);
        (count > max).then(|| format!("ERR max number of clients of user '{}' reached", user.name()))
    }

    /// When the client's user may go on, in milliseconds of the process's clock; `None` at once.
    pub(in crate::client) fn rate_until_ms(&self) -> Option<u64> {
        let rate = self.account.as_ref()?.rate.as_ref()?;
        let now_us = self.worker.shared.now_ms() * 1000;
        rate.next_us(now_us).map(|until_us| until_us.div_ceil(1000))
    }

    /// The client has moved so many requests and bytes.
    pub(in crate::client) fn moved(&self, requests: u64, bytes: u64) {
        if let Some(rate) = self.account.as_ref().and_then(|account: &Arc<Account>| account.rate.as_ref())
        {
            rate.note(requests, bytes, self.worker.shared.now_ms() * 1000);
        }
    }

    /// The session is as new, and acts as the user of clients without a login.
    pub(in crate::client) fn reset_session(&mut self) {
        let config = self.config.clone();
        self.session.reset(without_login(&config.accounts.acl));
        self.follow_user();
    }
}

//! What a client's user may do at the port.

use std::sync::Arc;

use super::client::{Client, Ending};
use crate::config::Config;

impl Client {
    /// The configuration may have other users: the client's rights are those of its user now. A client
    /// whose user is gone is closed.
    pub(super) fn follow_users(&mut self, config: &Config) {
        if Arc::ptr_eq(&self.accounts, &config.accounts) {
            return;
        }
        self.accounts = Arc::clone(&config.accounts);
        self.presence.change();
        let Some(identity) = self.session.identity else { return };
        match self.accounts.engine.user(identity.name().as_bytes()).filter(|it| it.is_enabled()) {
            Some(user) => self.session.enter(user),
            None => self.end(Ending::Now),
        }
    }
}

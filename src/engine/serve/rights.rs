//! What a client's user may do at the port.

use std::sync::Arc;

use super::client::{Client, Ending};
use crate::config::Config;
use tidegate_acl::{Context, Denied, Refusal};
use tidegate_store::CommandError;

impl Client {
    /// The configuration may have other users: the client's rights are those of its user now. A client
    /// whose user is gone is closed.
    pub(super) fn follow_users(&mut self, config: &Config) {
        if Arc::ptr_eq(&self.accounts, &config.accounts) {
            return;
        }
        self.accounts = Arc::clone(&config.accounts);
        let Some(identity) = self.session.identity else { return };
        match self.accounts.engine.user(identity.name().as_bytes()).filter(|it| it.is_enabled()) {
            Some(user) => self.session.enter(user),
            None => self.end(Ending::Now),
        }
    }

    /// Notes a refusal in `ACL LOG`, and returns its error.
    pub(super) fn denied(&self, denied: &Denied<'_>) -> CommandError {
        let is_queued = self.transaction.is_open();
        self.context.engine.clients.refusals.note(&Refusal {
            refused: denied.reason.into(),
            context: if is_queued { Context::Multi } else { Context::TopLevel },
            object: denied.object,
            username: self.session.user().name().as_bytes(),
            client_info: &self.entry.line(self.context.now_ms()),
        });
        CommandError::of(denied.error())
    }
}

//! Where the invalidations of one client go (`CLIENT TRACKING ON REDIRECT`), and the connection
//! over which it gets those of others.

use crate::client::state::listener::Listener;
use crate::registry::Redirected;

/// Where the invalidations of one client go, and the connection over which it gets those of others.
#[derive(Default)]
pub(in crate::client) struct Invalidations {
    listener: Option<Listener>,
    /// The client that gets this client's invalidations.
    target: Option<Redirected>,
    /// The client that will get them once the server has accepted CLIENT TRACKING.
    next_target: Option<Redirected>,
}

impl Invalidations {
    /// The connection over which this client gets the invalidations of others.
    pub(in crate::client) const fn listener(&mut self) -> Option<&mut Listener> {
        self.listener.as_mut()
    }

    /// Whether this client has a connection for invalidations of others.
    pub(in crate::client) const fn listens(&self) -> bool {
        self.listener.is_some()
    }

    /// It gets those of others over this connection.
    pub(in crate::client) fn listen(&mut self, listener: Listener) {
        self.listener = Some(listener);
    }

    /// Takes that connection, to close it.
    pub(in crate::client) fn take_listener(&mut self) -> Option<Listener> {
        self.listener.take()
    }

    /// Its own go to this client; `None` for the client itself, or nowhere.
    pub(in crate::client) fn redirect(&mut self, target: Option<Redirected>) {
        self.target = target;
    }

    /// They are about to go to this client.
    pub(in crate::client) fn prepare(&mut self, target: Redirected) {
        self.next_target = Some(target);
    }

    /// Takes the client that they are about to go to.
    pub(in crate::client) fn take_prepared(&mut self) -> Option<Redirected> {
        self.next_target.take()
    }

    /// Notes that this client's invalidations go to no other client.
    pub(in crate::client) fn forget_targets(&mut self) {
        (self.target, self.next_target) = (None, None);
    }
}

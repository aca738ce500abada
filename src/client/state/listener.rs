//! The connection over which a server sends a client the invalidations that others redirect to it
//! (`CLIENT TRACKING ON REDIRECT`).
//!
//! It is open while any client redirects to this one. The session's requests do not use it. It
//! speaks RESP3, in which a server pushes invalidations without a subscription; a RESP2 client gets
//! them in its own form.

use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;

use tokio::time::Instant;

use crate::backend::{Connection, ConnectionKey, Inbox, Pool, Relay};
use crate::topology::{Backend, BackendId};
use tidegate_wire::resp::RespVersion;

const PUSH: &[u8] = b">2\r\n$10\r\ninvalidate\r\n";
const MESSAGE: &[u8] = b"*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n";

/// The connection over which a client gets the invalidations of others.
pub(in crate::client) struct Listener {
    connection: Rc<Connection>,
    /// Where its pushes arrive.
    inbox: Rc<Inbox>,
    /// The clients that wait for it know that it is open.
    is_announced: bool,
}

/// What has come over the connection since it was read last.
#[derive(Debug)]
pub(in crate::client) struct Heard {
    /// The server's id of the connection, once, after it was opened.
    pub(in crate::client) opened: Option<i64>,
    /// The messages that the server pushed.
    pub(in crate::client) pushes: Vec<u8>,
    /// Whether it is closed now.
    pub(in crate::client) is_closed: bool,
    /// Whether it was open before.
    pub(in crate::client) was_open: bool,
}

impl Listener {
    /// Begins to open a connection to `server`, whose pushes wake the owner of `client`.
    pub(in crate::client) fn open(
        pool: &RefCell<Pool>,
        server: &Backend,
        key: ConnectionKey,
        client: &Inbox,
    ) -> Self {
        let inbox = Rc::new(Inbox::woken_with(client));
        let connection = pool.borrow_mut().lease(server, key, &inbox);
        connection.set_relay(Relay::Pushes);
        connection.taint();
        Self { connection, inbox, is_announced: false }
    }

    /// Its server.
    pub(in crate::client) fn backend(&self) -> BackendId {
        self.connection.backend
    }

    /// What has come since it was read last.
    pub(in crate::client) fn read(&mut self) -> Heard {
        self.inbox.looked();
        self.inbox.take_events();
        let is_closed = self.connection.is_closed();
        let opened = self.connection.server_id().filter(|_| !self.is_announced);
        self.is_announced |= opened.is_some();
        let pushes = self.inbox.replies().take_ready();
        Heard { opened, pushes, is_closed, was_open: self.is_announced }
    }

    /// Ends the connection.
    pub(in crate::client) fn close(self, pool: &RefCell<Pool>) {
        self.inbox.close();
        pool.borrow_mut().release(&self.connection, Instant::now());
    }
}

/// An invalidation as a session of this version gets it; `None` if it gets none.
pub(in crate::client) fn invalidation(
    push: &[u8],
    version: RespVersion,
    has_subscriptions: bool,
) -> Option<Cow<'_, [u8]>> {
    let keys = push.strip_prefix(PUSH)?;
    match version {
        RespVersion::V3 => Some(Cow::Borrowed(push)),
        RespVersion::V2 if has_subscriptions => Some(Cow::Owned([MESSAGE, keys].concat())),
        // A RESP2 client would take an invalidation for a reply; a server sends it none either.
        RespVersion::V2 => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invalidation_has_the_form_of_the_session() {
        let push = b">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n";
        assert_eq!(invalidation(push, RespVersion::V3, false).as_deref(), Some(&push[..]));
        let message = b"*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n*1\r\n$1\r\nk\r\n";
        assert_eq!(invalidation(push, RespVersion::V2, true).as_deref(), Some(&message[..]));
        assert_eq!(invalidation(push, RespVersion::V2, false), None);
        assert_eq!(invalidation(b">3\r\n$7\r\nmessage\r\n", RespVersion::V3, true), None);
    }
}

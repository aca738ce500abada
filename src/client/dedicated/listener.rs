//! The connection over which a server sends a client what others have it told (`CLIENT TRACKING ON
//! REDIRECT`).
//!
//! It is open while any client redirects to this one, and the session is not bound to it: its
//! requests go where they went before. It speaks RESP3, in which a server pushes invalidations to
//! clients without a subscription, too; a RESP2 client gets them in its own form.

use std::rc::Rc;

use tokio::time::Instant;

use crate::backend::{Connection, ConnectionKey, Inbox, Relay};
use crate::client::client::{Client, Ending};
use crate::registry::Closing;
use crate::topology::BackendId;
use tidegate_wire::resp::RespVersion;
use tidegate_wire::resp::reply::reply_len;

const PUSH: &[u8] = b">2\r\n$10\r\ninvalidate\r\n";
const MESSAGE: &[u8] = b"*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n";

/// See the module.
pub(in crate::client) struct Listener {
    connection: Rc<Connection>,
    /// Where its pushes arrive.
    inbox: Rc<Inbox>,
    /// The clients that wait for it know that it is open.
    told: bool,
}

impl Client {
    /// Opens, reads or closes the connection, as far as there is something to do.
    pub(in crate::client) fn look_at_listener(&mut self) {
        let is_target = self.entry.redirection.is_used();
        if !is_target && self.listener.is_none() {
            return;
        }
        self.read_listener();
        if !is_target {
            self.close_listener();
        } else if let Some(backend) = self.entry.redirection.take_wanted() {
            self.listen_at(backend);
        }
    }

    /// Passes on what came.
    fn read_listener(&mut self) {
        let Some(listener) = &mut self.listener else { return };
        let Listener { connection, inbox, told } = listener;
        inbox.looked();
        inbox.take_events();
        let (backend, is_closed) = (connection.backend, connection.is_closed());
        if let (false, Some(id)) = (*told, connection.server_id()) {
            *told = true;
            self.entry.redirection.opened(backend, id);
        }
        let was_open = *told;
        let pushes = inbox.replies().take_ready();
        let mut rest = pushes.as_slice();
        while let Some(len) = reply_len(rest) {
            let (push, behind) = rest.split_at(len);
            self.redirected(push);
            rest = behind;
        }
        if !is_closed {
            return;
        }
        self.close_listener();
        if was_open {
            // Invalidations may have been missed; only a lost connection tells the client so.
            let text = "closed with the connection for redirected invalidations";
            self.close(Closing::Invalidations, Ending::Now, text);
        } else {
            self.entry.redirection.failed(backend);
        }
    }

    /// An invalidation of another client's.
    fn redirected(&self, push: &[u8]) {
        let Some(keys) = push.strip_prefix(PUSH) else { return };
        match self.session.version {
            RespVersion::V3 => self.inbox.push(push),
            RespVersion::V2 if self.session.subscriptions.any() => {
                self.inbox.push(&[MESSAGE, keys].concat());
            }
            // It could not tell it from a reply; a server is as silent.
            RespVersion::V2 => {}
        }
    }

    /// Begins to open a connection to `backend`, if there is none.
    fn listen_at(&mut self, backend: BackendId) {
        if let Some(listener) = &self.listener
            && listener.connection.backend == backend
        {
            return;
        }
        self.close_listener();
        let topology = self.worker.topology();
        let Some(server) = topology.backend(backend) else {
            return self.entry.redirection.failed(backend);
        };
        let key =
            ConnectionKey { version: RespVersion::V3, login_only: true, ..self.worker.own_key() };
        let inbox = Rc::new(Inbox::woken_with(&self.inbox));
        let connection = self.worker.pool.borrow_mut().lease(server, key, &inbox);
        connection.set_relay(Relay::Pushes);
        connection.taint();
        self.listener = Some(Listener { connection, inbox, told: false });
        // It may be one that is open already.
        self.read_listener();
    }

    /// Ends the connection, if there is one.
    pub(in crate::client) fn close_listener(&mut self) {
        if let Some(Listener { connection, inbox, .. }) = self.listener.take() {
            inbox.close();
            self.worker.pool.borrow_mut().release(&connection, Instant::now());
            self.entry.redirection.closed();
        }
    }
}

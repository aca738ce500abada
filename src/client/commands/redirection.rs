//! Passes the invalidations of other clients on to the client that they redirect to.

use crate::backend::ConnectionKey;
use crate::client::ending::Ending;
use crate::client::state::client::Client;
use crate::client::state::listener::{Heard, Listener, invalidation};
use crate::registry::Closing;
use crate::topology::BackendId;
use tidegate_wire::resp::RespVersion;
use tidegate_wire::resp::reply::reply_len;

/// Opens, reads or closes the connection for them, as far as there is something to do.
pub(in crate::client) fn look(client: &mut Client) {
    if !client.entry.redirection.is_used() && !client.invalidations.listens() {
        return;
    }
    read(client);
    if client.entry.redirection.close_if_unused() {
        client.close_listener();
    } else if let Some(backend) = client.entry.redirection.take_wanted() {
        listen_at(client, backend);
    }
}

/// Passes on what came.
fn read(client: &mut Client) {
    let Some(listener) = client.invalidations.listener() else { return };
    let backend = listener.backend();
    let Heard { opened, pushes, is_closed, was_open } = listener.read();
    if let Some(id) = opened {
        client.entry.redirection.opened(backend, id);
    }
    let (version, subscribes) = (client.session.version, client.session.subscriptions.any());
    let mut rest = pushes.as_slice();
    while let Some(len) = reply_len(rest) {
        let (push, behind) = rest.split_at(len);
        if let Some(bytes) = invalidation(push, version, subscribes) {
            client.inbox.push(&bytes);
        }
        rest = behind;
    }
    if !is_closed {
        return;
    }
    client.close_listener();
    if was_open {
        // Invalidations may have been missed; the client learns that only from a lost connection.
        let text = "closed with the connection for redirected invalidations";
        client.close(Closing::Invalidations, Ending::Now, text);
    } else {
        client.entry.redirection.failed(backend);
    }
}

/// Begins to open a connection to `backend`, if there is none.
fn listen_at(client: &mut Client, backend: BackendId) {
    let listener = client.invalidations.listener();
    if listener.is_some_and(|listener| listener.backend() == backend) {
        return;
    }
    client.close_listener();
    let topology = client.worker.topology();
    let Some(server) = topology.backend(backend) else {
        return client.entry.redirection.failed(backend);
    };
    let key =
        ConnectionKey { version: RespVersion::V3, login_only: true, ..client.worker.own_key() };
    let listener = Listener::open(&client.worker.pool, server, key, &client.inbox);
    client.invalidations.listen(listener);
    // It may be one that is open already.
    read(client);
}

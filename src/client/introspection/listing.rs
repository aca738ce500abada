//! What CLIENT LIST shows of a client, in its entry of the registry.

use crate::client::state::client::Client;

/// Updates the client's entry, if something has changed; `query_bytes` of requests wait.
pub(in crate::client) fn update(client: &mut Client, query_bytes: usize) {
    if client.presence.take_activity() {
        client.entry.touch(client.worker.now_ms());
    }
    let waiting = (query_bytes, client.output_bytes());
    if client.presence.take_news(waiting) || client.dedicated.exists() {
        publish(client, waiting);
    }
}

/// As [`update`], before replies are written: these count as taken.
pub(in crate::client) fn update_change(client: &mut Client) {
    if let Some(waiting) = client.presence.take_change() {
        publish(client, waiting);
    }
}

/// Writes the client's entry; `waiting` is the bytes of its requests and of its replies that wait.
pub(in crate::client) fn publish(client: &Client, waiting: (usize, usize)) {
    let session = &client.session;
    let mut info = client.entry.info();
    info.command.clone_from(client.presence.command());
    (info.query_bytes, info.output_bytes) = waiting;
    info.follow(session);
    let queued = i64::try_from(session.transaction.queued()).unwrap_or(i64::MAX);
    info.multi = if session.transaction.is_open() { queued } else { -1 };
    info.watching = session.transaction.is_watching();
    info.redirect_broken = session.tracking.is_some() && client.inbox.is_redirect_broken();
    info.blocked = client.dedicated.is_blocked();
    info.lease = client.dedicated.get().and_then(|own| Some((own.backend, own.server_id()?)));
}

//! What the proxy does when a client's dedicated connection ends.

use crate::client::ending::Ending;
use crate::client::retries::renewing;
use crate::client::state::client::Client;
use crate::registry::Closing;
use crate::session::Subscriptions;
use tidegate_wire::resp::encode;

/// Handles a server that became a replica. Subscriptions move to the new master. A session with other
/// state there is closed, because it could never write again; the client connects again, and gets to
/// the new master.
pub(in crate::client) fn demoted(client: &mut Client) {
    if client.renews() {
        renewing::leave(client);
    } else if client.session.is_streaming() {
        let text = "closed: the server of its dedicated connection is no longer master";
        client.close(Closing::Demoted, Ending::AfterReplies, text);
    }
}

/// The session has another login at the servers than its dedicated connection. Subscriptions are renewed
/// with the new one, and what the session watched counts as changed. What cannot be renewed ends the
/// client.
pub(in crate::client) fn leave_former_login(client: &mut Client) {
    let credentials = client.worker.key_of(&client.session).credentials;
    if client.dedicated.get().is_none_or(|own| own.key.credentials == credentials) {
        return;
    }
    if client.renews() {
        client.drop_own();
        client.session.transaction.lose();
        return renewing::lose(client);
    }
    if client.session.is_streaming() {
        let text = "closed: its login changed while it followed a server";
        return client.close(Closing::Lost, Ending::AfterReplies, text);
    }
    client.drop_own();
    client.session.transaction.lose();
}

/// What the server keeps for the session's transaction is gone. A transaction that is recorded is
/// begun anew with the next request.
pub(in crate::client) fn lose_transaction(client: &mut Client) {
    if client.transactions.lose() {
        client.session.transaction.lose_watch();
    } else {
        client.session.transaction.lose();
    }
}

/// The server did not let it be set up, so the server keeps nothing for this session: what the
/// session began with it is not begun.
pub(in crate::client) fn refused(client: &mut Client, refusal: &str) {
    if client.dedicated.is_open() {
        return;
    }
    if client.renewal.is_gap() {
        return renewing::refused(client, refusal);
    }
    client.dedicated.lose();
    client.session.transaction.not_begun();
    client.dedicated.subscribing.clear();
    client.session.subscriptions = Subscriptions::default();
    if std::mem::take(&mut client.session.monitor) {
        let mut reply = Vec::new();
        encode::error(&mut reply, refusal);
        client.inbox.push(&reply);
    }
}

/// Handles a dedicated connection that the server or the network closed.
pub(in crate::client) fn closed(client: &mut Client, reason: &str) {
    if client.dedicated.is_open() {
        // The request that needed it is sent again over another one.
        return;
    }
    renewing::failed(client, client.dedicated.backend());
    client.dedicated.lose();
    lose_transaction(client);
    if client.renews() {
        renewing::lose(client);
    } else if client.session.is_streaming() {
        // Messages may have been missed; the client learns that only from a lost connection.
        let text = format_args!("closed with its dedicated connection: {reason}");
        client.close(Closing::Lost, Ending::Now, text);
    }
}

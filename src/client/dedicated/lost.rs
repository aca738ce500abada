//! What becomes of a client whose own connection ended.

use crate::client::client::Client;
use crate::client::ending::Ending;
use crate::registry::Closing;
use crate::session::Subscriptions;
use tidegate_wire::resp::encode;

/// Its server became a replica: a session that has to stay there could never write again. The client
/// connects again, and gets to the true master.
pub(in crate::client) fn demoted(client: &mut Client) {
    if client.session.is_streaming() {
        let text = "closed: the server of its own connection is no longer master";
        client.close(Closing::Demoted, Ending::AfterReplies, text);
    }
}

/// The server did not let it be set up, so the server keeps nothing for this session: what the
/// session began with it is not begun.
pub(in crate::client) fn refused(client: &mut Client, refusal: &str) {
    if client.own.is_open() {
        return;
    }
    client.own.lose();
    client.session.transaction.not_begun();
    client.own.subscribing.clear();
    client.session.subscriptions = Subscriptions::default();
    if std::mem::take(&mut client.session.monitor) {
        let mut reply = Vec::new();
        encode::error(&mut reply, refusal);
        client.inbox.push(&reply);
    }
}

/// The server, or the network, ended it.
pub(in crate::client) fn closed(client: &mut Client, reason: &str) {
    if client.own.is_open() {
        // The request that needed it is sent again over another one.
        return;
    }
    client.own.lose();
    client.session.transaction.lose();
    if client.session.is_streaming() {
        // Messages may have been missed; the client learns that only from a lost connection.
        let text = format_args!("closed with its own connection: {reason}");
        client.close(Closing::Lost, Ending::Now, text);
    }
}

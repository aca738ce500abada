//! Short replies of the proxy's own.

use crate::client::batch::batch::Batch;
use crate::client::outcome;
use crate::client::request::Next;
use crate::client::state::client::Client;
use crate::routing::NoRoute;
use tidegate_wire::resp::encode;

/// An error reply, behind the replies to the batch's requests.
pub(in crate::client) fn error(
    client: &Client,
    batch: &mut Batch<'_>,
    shown: bool,
    text: &str,
) -> Next {
    batch.flush(&client.inbox);
    client.reply(shown, |out| encode::error(out, text));
    Next::Done
}

/// The error reply to a request that no server may be sent.
pub(in crate::client) fn no_route(
    client: &mut Client,
    batch: &mut Batch<'_>,
    error: NoRoute,
    shown: bool,
) -> Next {
    let text = match client.held.take_full() {
        Some(full) => outcome::no_room(error, batch.shard(), full),
        None => outcome::no_route(error, batch.shard()),
    };
    self::error(client, batch, shown, &text)
}

/// A status reply, behind the replies to the batch's requests.
pub(in crate::client) fn status(
    client: &Client,
    batch: &mut Batch<'_>,
    shown: bool,
    text: &str,
) -> Next {
    batch.flush(&client.inbox);
    client.reply(shown, |out| encode::status(out, text));
    Next::Done
}

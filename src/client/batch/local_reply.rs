//! Short replies of the proxy's own.

use crate::client::batch::batch::Batch;
use crate::client::request::Next;
use crate::client::state::client::Client;
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

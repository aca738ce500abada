//! SUBSCRIBE, PSUBSCRIBE, SSUBSCRIBE and their opposites, over the session's dedicated connection.

use crate::backend::Relay;
use crate::client::batch::batch::Batch;
use crate::client::batch::local_reply;
use crate::client::request::{Next, Request};
use crate::client::sending::lease;
use crate::client::sending::passage::Passage;
use crate::client::state::client::Client;
use crate::client::state::subscribing::SubscribeRequest;
use crate::routing::Target;
use crate::session::replies::Sequence;
use tidegate_wire::command::Subscription;
use tidegate_wire::resp::Args;

/// Subscribes if `adds`, else unsubscribes.
pub(in crate::client) fn send(
    client: &mut Client,
    batch: &mut Batch<'_>,
    request: &Request<'_>,
    kind: Subscription,
    adds: bool,
) -> Next {
    batch.flush(&client.inbox);
    let own = match lease::open(client, batch, Target::Master) {
        Ok(own) => own,
        Err(error) => {
            return local_reply::no_route(client, batch, error, request.shown);
        }
    };
    let names = Args::new(request.frame).skip(1);
    let is_wrong = adds && request.argc < 2;
    let (replies, new) = if is_wrong {
        (1, Vec::new())
    } else if adds {
        client.session.subscriptions.subscribe(kind, names)
    } else {
        (client.session.subscriptions.unsubscribe(kind, names), Vec::new())
    };
    own.set_relay(Relay::of(client.session.version));
    // Confirmations come whatever CLIENT REPLY says, errors do not.
    let comes = !is_wrong && batch.shard().server.confirms_despite_reply_off();
    let quiet = !request.shown;
    let passage = Passage { replies, quiet, ..Passage::plain(comes || request.shown) };
    let seq = lease::send(client, &own, request.frame, passage, batch.now);
    client.dedicated.subscribing.begin(SubscribeRequest { seq, kind, new });
    Next::Done
}

/// Handles a refused subscription (a user without the right, an unknown command): nothing was
/// subscribed to.
pub(in crate::client) fn refused(client: &mut Client, seq: Sequence) {
    if let Some(SubscribeRequest { kind, new, .. }) = client.dedicated.subscribing.refused(seq) {
        client.session.subscriptions.unsubscribe(kind, new.iter().map(|name| &**name));
    }
}

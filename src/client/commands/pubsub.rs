//! SUBSCRIBE, PSUBSCRIBE, SSUBSCRIBE and their opposites, over the session's dedicated connection.

use crate::backend::Relay;
use crate::client::batch::batch::Batch;
use crate::client::batch::local_reply;
use crate::client::request::{Next, Request};
use crate::client::sending::lease;
use crate::client::sending::passage::Passage;
use crate::client::state::client::Client;
use crate::client::state::subscribing::{self, SubscribeRequest};
use crate::routing::Target;
use crate::session::Change;
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
    let change = if is_wrong {
        Change { kind, adds, names: Vec::new() }
    } else if adds {
        client.session.subscriptions.subscribe(kind, names)
    } else {
        client.session.subscriptions.unsubscribe(kind, names)
    };
    // The server would confirm them in an order that the proxy does not know.
    let is_for_all = !adds && request.argc < 2 && !change.names.is_empty();
    let made = is_for_all.then(|| {
        let names = change.names.iter().map(|named| &*named.name);
        subscribing::request(kind, adds, names)
    });
    let frame = made.as_deref().unwrap_or(request.frame);
    let replies = change.confirmations();
    own.set_relay(Relay::of(client.session.version));
    // Confirmations come whatever CLIENT REPLY says, errors do not.
    let comes = !is_wrong && batch.shard().server.confirms_despite_reply_off();
    let quiet = !request.shown;
    let passage = Passage { replies, quiet, ..Passage::plain(comes || request.shown) };
    let seq = lease::send(client, &own, frame, passage, batch.now);
    if !is_wrong {
        let unanswered = client.inbox.replies().unanswered();
        let subscribing = &mut client.dedicated.subscribing;
        subscribing.begin(SubscribeRequest { seq, change, quiet }, unanswered);
    }
    Next::Done
}

/// Handles a refused subscription (a user without the right, an unknown command): nothing was
/// subscribed to.
pub(in crate::client) fn refused(client: &mut Client, seq: Sequence) {
    client.dedicated.subscribing.refused(seq, &mut client.session.subscriptions);
}

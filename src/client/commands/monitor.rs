//! MONITOR: from there on the client gets all that its server sends.

use crate::backend::{Connection, Relay};
use crate::client::batch::batch::Batch;
use crate::client::batch::local_reply;
use crate::client::request::{Next, Request};
use crate::client::sending::lease;
use crate::client::state::client::Client;
use crate::routing::Target;
use crate::session::ReplyMode;
use tidegate_wire::resp::encode;

/// MONITOR, or a request of a session that monitors.
pub(in crate::client) fn send(
    client: &mut Client,
    batch: &mut Batch<'_>,
    request: &Request<'_>,
) -> Next {
    if client.session.monitor {
        return pass(client, batch, request);
    }
    match lease::open(client, batch, Target::Master) {
        Ok(own) => {
            client.session.monitor = true;
            own.set_relay(Relay::Everything);
            set_reply_mode(client, &own, request.shown);
            pass(client, batch, request)
        }
        Err(error) => local_reply::no_route(client, batch, error, true),
    }
}

/// The server does what CLIENT REPLY said before, and what it says from now on.
fn set_reply_mode(client: &Client, own: &Connection, is_shown: bool) {
    if !is_shown {
        let mode: &[u8] = if client.session.reply == ReplyMode::Off { b"OFF" } else { b"SKIP" };
        own.send_raw(&encode::request_of(&[b"CLIENT", b"REPLY", mode]));
    }
}

/// A monitor's request: its reply comes among what the client reads.
fn pass(client: &Client, batch: &mut Batch<'_>, request: &Request<'_>) -> Next {
    batch.flush(&client.inbox);
    if let Some(own) = client.dedicated.get() {
        own.send_raw(request.frame);
    }
    Next::Done
}

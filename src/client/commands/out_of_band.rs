//! SCRIPT KILL and its like, which must not queue behind the script that they end.

use crate::client::batch::batch::Batch;
use crate::client::holding::hold;
use crate::client::request::{Next, Request};
use crate::client::sending::lease;
use crate::client::sending::passage::Passage;
use crate::client::state::client::Client;
use crate::routing::Target;

/// Sends the request over a connection that only logs in, because a busy server refuses SELECT and
/// INFO. A session that has a dedicated connection uses that one, as for every other request.
pub(in crate::client) fn send(
    client: &mut Client,
    batch: &mut Batch<'_>,
    request: &Request<'_>,
) -> Next {
    batch.flush(&client.inbox);
    let key = client.worker.out_of_band_key(&client.session);
    if let Err(error) = lease::open_with(client, batch, Target::Master, key) {
        return hold::barred(client, batch, error, request.shown);
    }
    let passage = Passage::plain(request.shown);
    lease::send_alone(client, batch, request.frame, Target::Master, passage)
}

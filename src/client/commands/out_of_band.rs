//! SCRIPT KILL and its like, which must not queue behind the script that they end, and operators'
//! commands while requests wait for the master.

use crate::client::batch::batch::Batch;
use crate::client::batch::local_reply;
use crate::client::holding::hold;
use crate::client::request::{Next, Request};
use crate::client::sending::lease;
use crate::client::sending::passage::Passage;
use crate::client::state::client::Client;
use crate::engine::ScriptReads;
use crate::routing::{NoRoute, Target};

/// Whether SCRIPT KILL or FUNCTION KILL has ended a script that the engine of this process runs.
fn ends_own_script(client: &Client, request: &Request<'_>) -> bool {
    let is_kill = request.second.is_some_and(|word| word.eq_ignore_ascii_case(b"KILL"));
    is_kill && client.worker.shared.script_reads.as_ref().is_some_and(ScriptReads::kill)
}

/// Sends the request over a connection that only logs in, because a busy server refuses SELECT and
/// INFO. A session that has a dedicated connection uses that one, as for every other request.
pub(in crate::client) fn send(
    client: &mut Client,
    batch: &mut Batch<'_>,
    request: &Request<'_>,
) -> Next {
    batch.flush(&client.inbox);
    if ends_own_script(client, request) {
        return local_reply::status(client, batch, request.shown, "OK");
    }
    let key = client.worker.out_of_band_key(&client.session);
    let Some(master) = batch.topology.sole_shard().master().cloned() else {
        return hold::barred(client, batch, NoRoute::NoMaster, request.frame.len(), request.shown);
    };
    let own = lease::open_at(client, &master, key);
    let passage = Passage::plain(request.shown);
    lease::send_alone_over(client, batch, &own, request.frame, Target::Master, passage)
}

//! Reads of a client whose replies are large go over a dedicated connection: nothing is read from
//! it while the client does not take what it has, and no other client waits behind such replies.

use std::rc::Rc;

use crate::backend::Connection;
use crate::client::batch::batch::Batch;
use crate::client::holding::hold;
use crate::client::request::Next;
use crate::client::sending::lease;
use crate::client::sending::passage::Passage;
use crate::client::state::client::Client;
use crate::consistency::Bound;
use crate::routing::{NoRoute, Route, Target};
use crate::telemetry::Kind;

/// Replies of at least this many bytes come over a dedicated connection.
const LARGE_REPLY: usize = 64 * 1024;

/// Whether the client's replies are so large that its reads go over a dedicated connection.
#[inline]
pub(in crate::client) fn applies(client: &Client) -> bool {
    client.inbox.replies().usual_size() >= LARGE_REPLY
}

/// Whether reads in flight over such a connection have to be answered before another request.
pub(in crate::client) fn must_end(client: &mut Client) -> bool {
    client.reading.need_answers(client.dedicated.large_reads().is_some());
    client.reading.needs_answers() && !client.settle()
}

/// Sends a read over a connection that only this client uses until all is answered.
pub(in crate::client) fn send(
    client: &mut Client,
    batch: &mut Batch<'_>,
    frame: &[u8],
    minimum: Bound,
) -> Next {
    if client.dedicated.large_reads().is_none() {
        batch.flush(&client.inbox);
        if !client.settle() {
            return Next::Wait;
        }
    }
    match connection(client, batch) {
        Ok(Some((connection, kind))) => {
            let (kind, moves) = (Some(kind), batch.is_elsewhere(connection.backend));
            let passage = Passage { retryable: true, moves, kind, minimum, ..Passage::plain(true) };
            lease::send(client, &connection, frame, passage, batch.now);
            Next::Done
        }
        Ok(None) => {
            client.reading.need_answers(true);
            Next::Wait
        }
        Err(error) => hold::barred(client, batch, error, frame.len(), true),
    }
}

/// The connection, and what reads over it are to the metrics; `None` where it is lost, and the
/// requests that went over it are sent again first.
fn connection(
    client: &mut Client,
    batch: &Batch<'_>,
) -> Result<Option<(Rc<Connection>, Kind)>, NoRoute> {
    if let Some(kind) = client.dedicated.large_reads() {
        let open = client.dedicated.get().filter(|own| !own.is_closed());
        return Ok(open.map(|own| (Rc::clone(own), kind)));
    }
    let policy = client.reads;
    let Route { backend, reason } =
        client.worker.route(batch.shard(), policy, Target::Read, None)?;
    let kind = Kind::read(reason);
    let key = client.worker.key_of(&client.session);
    let own = client.worker.pool.borrow_mut().lease(backend, key, &client.inbox);
    client.dedicated.take_up_for_large_reads(&own, kind);
    Ok(Some((own, kind)))
}

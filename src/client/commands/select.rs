//! SELECT and RESET, which change the meaning of later requests.

use crate::backend::ConnectionKey;
use crate::client::batch::batch::Batch;
use crate::client::batch::local_reply;
use crate::client::commands::tracking;
use crate::client::holding::hold;
use crate::client::planning::levels;
use crate::client::request::{Next, Request};
use crate::client::sending::passage::Passage;
use crate::client::sending::{lease, shared};
use crate::client::state::client::Client;
use crate::client::state::replies::transform::Transform;
use crate::routing::Target;
use crate::session::{ReplyMode, local, without_login};
use crate::telemetry::Kind;
use tidegate_wire::command::wrong_arity;

const PING: &[u8] = b"*1\r\n$4\r\nPING\r\n";

/// SELECT: later requests use the shared connections of another database. The first time that a
/// client selects a database, a server says whether there is one.
pub(in crate::client) fn send(
    client: &mut Client,
    batch: &mut Batch<'_>,
    request: &Request<'_>,
) -> Next {
    if request.argc != 2 {
        return local_reply::error(client, batch, request.shown, &wrong_arity("select"));
    }
    let db = match local::select_db(request.second.unwrap_or_default()) {
        Ok(db) => db,
        Err(error) => return local_reply::error(client, batch, request.shown, error),
    };
    if client.session.needs_dedicated_connection() {
        return lease::pass_with(client, batch, request, Transform::Select(db));
    }
    if client.worker.has_db(db) {
        client.session.db = db;
        batch.forget(&client.inbox);
        return local_reply::status(client, batch, request.shown, "OK");
    }
    batch.flush(&client.inbox);
    let topology = batch.topology.clone();
    let policy = client.reads;
    // Where the master is not to be asked now, a replica is: it has as many databases, as a rule.
    let route = |target| client.worker.route(topology.sole_shard(), policy, target, None);
    let asked = match route(Target::Master).or_else(|error| route(Target::Read).map_err(|_| error))
    {
        Ok(route) => route.backend,
        Err(error) => {
            return hold::barred(client, batch, error, request.frame.len(), request.shown);
        }
    };
    let key = ConnectionKey { db, ..client.worker.key_of(&client.session) };
    let connection = client.worker.pool.borrow_mut().shared(asked, key);
    let (kind, transform) = (Some(Kind::ReadMaster), Some(Transform::Probe(db)));
    let passage = Passage { kind, transform, ..Passage::plain(request.shown) };
    shared::send(client, batch, &connection, PING, passage);
    // Later requests depend on the answer, and may not use this batch's connections.
    client.reading.need_answers(true);
    batch.forget(&client.inbox);
    Next::Done
}

/// RESET: the session is as that of a new client.
pub(in crate::client) fn reset(client: &mut Client, batch: &mut Batch<'_>, shown: bool) -> Next {
    batch.flush(&client.inbox);
    // RESET ends CLIENT REPLY OFF, and is answered.
    let shown = shown || client.session.reply == ReplyMode::Off;
    client.drop_own();
    client.transactions.clear();
    tracking::follow(client, None, None);
    let config = client.config.clone();
    client.session.reset(without_login(&config.accounts.acl));
    client.follow_user();
    levels::follow_choice(client, batch);
    local_reply::status(client, batch, shown, "RESET")
}

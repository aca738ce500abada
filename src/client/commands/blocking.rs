//! Commands that may wait for data, however long (BLPOP, XREAD BLOCK, ...).

use std::rc::Rc;

use tokio::time::Instant;

use crate::client::batch::batch::Batch;
use crate::client::batch::need::Need;
use crate::client::batch::server::Server;
use crate::client::request::{Next, Request};
use crate::client::sending::minimum;
use crate::client::sending::order;
use crate::client::sending::passage::Passage;
use crate::client::sending::{lease, shared};
use crate::client::state::blocked_read::BlockedRead;
use crate::client::state::client::Client;
use crate::client::state::replies::transform::Transform;
use crate::routing::Target;
use crate::session::Touches;

/// Sends a command that may wait for data.
pub(in crate::client) fn send(
    client: &mut Client,
    batch: &mut Batch<'_>,
    request: &Request<'_>,
    target: Target,
) -> Next {
    let target = match target {
        Target::Read => {
            let touches = || Touches::of_words(request.frame, request.name, request.second);
            order::read_target(client, batch, target, touches)
        }
        _ => target,
    };
    let touches = || Touches::of_words(request.frame, request.name, request.second);
    let Need { target, minimum } = minimum::need(client, batch, target, touches);
    client.wait_state.sent(target.is_master());
    let until = prepare_read(client, batch, request, target);
    let recallable = target == Target::Write;
    let passage =
        Passage { patient: true, until, recallable, minimum, ..Passage::of(target, request.shown) };
    let (seq, since) = (client.inbox.replies().next(), batch.now);
    let next = lease::send_alone(client, batch, request.frame, target, passage);
    if next == Next::Done {
        if client.dedicated.last_blocked_read().is_none() {
            client.dedicated.set_blocked_pop(seq, since);
        }
        ask_master_too(client, batch);
    }
    next
}

/// Prepares an XREAD that waits: its server is asked what `$` means, just before it. Returns when
/// the XREAD is over.
fn prepare_read(
    client: &mut Client,
    batch: &mut Batch<'_>,
    request: &Request<'_>,
    target: Target,
) -> Option<Instant> {
    batch.flush(&client.inbox);
    let mut read = BlockedRead::of(request.frame, batch.now);
    let ends = read.as_ref().and_then(|read| read.ends(batch.now));
    if let Some(read) = &mut read {
        let questions: Vec<_> = read.questions().collect();
        if !questions.is_empty()
            && let Ok(own) = lease::open(client, batch, target)
        {
            for (at, question) in &questions {
                let transform = Some(Transform::LastId { at: *at, is_exact: true });
                let passage = Passage { transform, ..Passage::silent() };
                lease::send(client, &own, question, passage, batch.now);
            }
        }
        read.seq = client.inbox.replies().next();
    }
    client.dedicated.set_blocked_read(read);
    ends
}

/// Asks the master what `$` means, too, in case the other server does not answer at all.
fn ask_master_too(client: &mut Client, batch: &mut Batch<'_>) {
    let Some(read) = client.dedicated.last_blocked_read() else { return };
    let questions: Vec<_> = read.questions().collect();
    let elsewhere = client.dedicated.backend().is_some_and(|backend| batch.is_elsewhere(backend));
    if questions.is_empty() || !elsewhere {
        return;
    }
    let master =
        batch.open(Target::Master, &client.worker, &client.session, client.reads, &client.inbox);
    let Ok(Server::Remote(master)) = master else { return };
    let master = Rc::clone(master);
    for (at, question) in &questions {
        let transform = Some(Transform::LastId { at: *at, is_exact: false });
        let passage = Passage { transform, ..Passage::silent() };
        shared::send(client, batch, &master, question, passage);
    }
}

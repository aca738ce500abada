//! Renews the subscriptions of a client that has lost their connection, or whose server is no longer
//! the master. The client sees only that messages come again.

use std::rc::Rc;
use std::time::Duration;

use tokio::time::Instant;

use crate::backend::{Cause, Failed, Refusal, Relay, Ticket, Turn};
use crate::client::batch::need;
use crate::client::ending::Ending;
use crate::client::outcome;
use crate::client::retries::resend::class;
use crate::client::state::client::Client;
use crate::client::state::renewal::{Chunk, Name, Step};
use crate::client::state::subscribing::Again;
use crate::config::OnGap;
use crate::registry::Closing;
use crate::routing::Target;
use crate::routing::plan::Repeat;
use crate::telemetry::Kind;
use crate::topology::{Backend, BackendId, Shard};
use tidegate_wire::command::Effect;
use tidegate_wire::resp::encode;
use tidegate_wire::units::millis;

/// How long requests to a server that is no longer master may take, before a client leaves it all
/// the same.
const LEAVE_MAX: Duration = Duration::from_secs(1);

/// Keeps a request that was lost with the connection until the subscriptions are renewed, if it may
/// be sent again then. Returns it otherwise.
pub(in crate::client) fn adopt(client: &mut Client, mut failed: Failed) -> Option<Failed> {
    if !failed.leased || !client.renews() {
        return Some(failed);
    }
    let is_lost = match &failed.cause {
        Cause::Lost(_) => true,
        Cause::Unsent { refusal: None, .. }
        | Cause::Refused(Refusal::ReadOnly, _)
        | Cause::BehindRefused(_) => false,
        _ => return Some(failed),
    };
    if client.dedicated.subscribing.lose(failed.seq) {
        return None;
    }
    // What it depends on is lost, or a second try would take its bound away.
    let is_tried = is_lost && !(is_safe(client, &failed) && client.recovery.try_again(failed.seq));
    if client.session.transaction.is_active() || is_tried {
        failed.repeatable = false;
        return Some(failed);
    }
    if matches!(failed.cause, Cause::Refused(..)) && !client.renewal.is_gap() {
        leave(client);
    }
    client.renewal.adopt(failed);
    None
}

/// Whether a request that was sent may be sent again.
fn is_safe(client: &Client, failed: &Failed) -> bool {
    let class = class(client, &failed.request);
    let is_ping = matches!(class, Some((_, Effect::Ping | Effect::Echo)));
    is_ping || !Repeat::of_class(class).may_write()
}

/// The server of the connection is no longer the master: the client leaves it as soon as there is
/// another one.
pub(in crate::client) fn leave(client: &mut Client) {
    if client.renewal.is_gap() {
        // It became the master, and is none any more.
        client.drop_own();
        return lose(client);
    }
    let patience_ms = patience_ms(client);
    client.renewal.leave(client.worker.shared.now_ms(), patience_ms);
    if let Some(until_ms) = client.renewal.until_ms() {
        client.worker.want_master(until_ms);
    }
}

/// The connection is lost: the client waits for another one.
pub(in crate::client) fn lose(client: &mut Client) {
    let (now_ms, patience_ms) = (client.worker.shared.now_ms(), patience_ms(client));
    if client.renewal.lose(now_ms, patience_ms) {
        client.worker.shared.metrics.gaps.begin();
        client.worker.want_master(now_ms.saturating_add(patience_ms));
    }
}

/// How long the client may wait. One without a confirmed subscription waits for its first reply, as
/// any request does.
fn patience_ms(client: &Client) -> u64 {
    let confirmed = client.dedicated.subscribing.confirmed(&client.session.subscriptions);
    let config = client.worker.config();
    let (gap, hold) = (config.pubsub.gap_timeout, config.writes.failover_hold);
    millis(if confirmed.any() { gap } else { hold.min(gap) })
}

/// Does what can be done now for the client's subscriptions.
pub(in crate::client) fn look(client: &mut Client) {
    let Some(until_ms) = client.renewal.until_ms() else { return };
    let now_ms = client.worker.shared.now_ms();
    if !client.renews() {
        return abandon(client);
    }
    if now_ms >= until_ms {
        return expire(client);
    }
    let topology = client.worker.topology();
    let master = next_master(client, topology.sole_shard());
    let is_ready = match client.renewal.step() {
        Step::Nothing => return,
        Step::Confirm => return client.worker.wake_by(&client.inbox, until_ms),
        Step::Connect => match client.renewal.rests_until_ms(now_ms) {
            Some(rest_ms) => return client.worker.wake_by(&client.inbox, rest_ms.min(until_ms)),
            None => true,
        },
        Step::Leave(since_ms) => match master {
            Some(master) if Some(master.id) == client.dedicated.backend() => {
                return stay(client, master, since_ms);
            }
            _ => may_leave(client, now_ms.saturating_sub(since_ms)),
        },
    };
    let turn = master.filter(|_| is_ready).and_then(|master| {
        let turn = client.worker.renewals.begin(master.id, now_ms)?;
        Some((master, turn))
    });
    match turn {
        Some((master, turn)) => begin(client, master, turn),
        None if is_ready => client.worker.renewals.wait(&client.inbox, until_ms),
        None => client.worker.wake_at_tick(&client.inbox),
    }
}

/// The master to which the client may go. While requests are held it may subscribe there, but what it
/// sends again has to wait.
fn next_master<'t>(client: &Client, shard: &'t Shard) -> Option<&'t Backend> {
    if client.renewal.has_requests() { shard.open_master() } else { shard.master() }
}

/// Whether nothing is under way to a server that is no longer master, or has been for too long.
fn may_leave(client: &Client, left_ms: u64) -> bool {
    let is_idle = client.dedicated.get().is_none_or(|own| own.is_idle());
    is_idle || left_ms >= millis(LEAVE_MAX)
}

/// The server is the master. It may have said so before it refused a write; if it has said so since,
/// the client stays.
fn stay(client: &mut Client, master: &Backend, since_ms: u64) {
    let now_ms = client.worker.shared.now_ms();
    let silence_ms = master.health.progress.silence_ms(now_ms);
    if silence_ms.is_none_or(|silence_ms| now_ms - silence_ms <= since_ms) {
        return client.worker.wake_at_tick(&client.inbox);
    }
    for failed in client.renewal.stay() {
        send_again(client, failed);
    }
}

/// Opens a connection to `master`, and subscribes there.
fn begin(client: &mut Client, master: &Backend, turn: Turn) {
    if client.dedicated.exists() {
        // What may still be under way there is lost.
        if let Some(own) = client.dedicated.get().filter(|own| !own.is_idle()) {
            return own.close("its server is no longer the master");
        }
        client.drop_own();
        client.session.transaction.lose();
        lose(client);
    }
    let key = client.worker.key_of(&client.session);
    let own = client.worker.pool.borrow_mut().lease(master, key, &client.inbox);
    own.set_relay(Relay::of(client.session.version));
    client.dedicated.take_up(&own);
    client.presence.change();
    let confirmed = client.dedicated.subscribing.confirmed(&client.session.subscriptions);
    let names: Vec<Name> = confirmed.all().map(|(kind, name)| (kind, name.into())).collect();
    client.renewal.begin(names, Some(turn));
    go_on(client);
    if let Some(until_ms) = client.renewal.until_ms() {
        client.worker.wake_by(&client.inbox, until_ms);
    }
}

/// The server has confirmed all names so far: subscribes to the next ones, or ends the gap.
pub(in crate::client) fn go_on(client: &mut Client) {
    if client.renewal.step() != Step::Confirm {
        return;
    }
    let Some(own) = client.dedicated.get().cloned() else { return };
    match client.renewal.next_chunk() {
        Some(Chunk { frame, replies }) => {
            let ticket = Ticket::renewal(replies, frame.len(), Instant::now());
            own.send(&frame, ticket);
        }
        None => finish(client),
    }
}

/// The subscriptions are in force: sends what was lost with the former connection.
fn finish(client: &mut Client) {
    let now_ms = client.worker.shared.now_ms();
    let (gap_ms, requests) = client.renewal.finish(now_ms);
    client.worker.shared.metrics.gaps.end(gap_ms, true, now_ms);
    if let Some(backend) = client.dedicated.backend() {
        client.worker.renewals.succeeded(backend);
    }
    let topology = client.worker.topology();
    if topology.sole_shard().hold.is_some() && !requests.is_empty() {
        // They wait as any request does; the master may be about to change once more.
        requests.into_iter().for_each(|failed| client.renewal.adopt(failed));
        for again in client.dedicated.subscribing.take_lost() {
            subscribe_again(client, again);
        }
        return leave(client);
    }
    let mut requests = requests.into_iter().peekable();
    for again in client.dedicated.subscribing.take_lost() {
        while let Some(failed) = requests.next_if(|failed| failed.seq < again.seq) {
            send_again(client, failed);
        }
        subscribe_again(client, again);
    }
    for failed in requests {
        send_again(client, failed);
    }
}

/// Sends a request that the client is owed confirmations of.
fn subscribe_again(client: &Client, again: Again) {
    let Some(own) = client.dedicated.get() else { return };
    let Again { seq, replies, frame, quiet } = again;
    let inbox = Rc::clone(&client.inbox);
    let mut ticket = Ticket::new(inbox, seq, replies, frame.len(), Instant::now());
    (ticket.quiet, ticket.kind) = (quiet, Some(Kind::PinnedRetry));
    own.send(&frame, ticket);
    client.worker.counts.retries.increment();
}

/// Sends any other request again over the client's connection.
fn send_again(client: &Client, failed: Failed) {
    let Some(own) = client.dedicated.get() else { return };
    let Failed { seq, request, .. } = failed;
    let inbox = Rc::clone(&client.inbox);
    let mut ticket = Ticket::new(inbox, seq, 1, request.len(), Instant::now());
    (ticket.retryable, ticket.kind) = (true, Some(Kind::PinnedRetry));
    ticket.patient = client.dedicated.is_blocked();
    let is_write = Target::Write == Repeat::of_class(class(client, &request)).target();
    let is_acknowledged = is_write && client.config.writes.wait_replicas > 0;
    ticket.whole = is_acknowledged || client.rewrites.has(seq);
    ticket.raises = need::raises(client.level(), is_write, client.is_elsewhere(own.backend));
    own.send(&request, ticket);
    client.worker.counts.retries.increment();
}

/// The server refuses the subscriptions, or the connection for them.
pub(in crate::client) fn refused(client: &mut Client, error: &str) {
    let backend = client.dedicated.backend();
    client.drop_own();
    if ["BUSY ", "LOADING ", "MASTERDOWN "].iter().any(|code| error.starts_with(code)) {
        failed(client, backend);
        return lose(client);
    }
    let text = format_args!("closed: the server refuses to renew its subscriptions: {error}");
    client.close(Closing::Lost, Ending::Now, text);
}

/// A connection over which subscriptions were to be renewed has failed.
pub(in crate::client) fn failed(client: &Client, backend: Option<BackendId>) {
    if let (Step::Confirm, Some(backend)) = (client.renewal.step(), backend) {
        let now_ms = client.worker.shared.now_ms();
        client.worker.renewals.failed(backend, now_ms, fastrand::f64());
    }
}

/// There is nothing to renew any more, or the configuration says that the client is closed.
fn abandon(client: &mut Client) {
    let is_gap = client.renewal.is_gap();
    let requests = client.end_renewal();
    if client.worker.config().pubsub.on_gap == OnGap::Close && is_gap {
        let text = "closed: pubsub.on-gap was set to close, and its subscriptions are lost";
        client.close(Closing::Lost, Ending::Now, text);
    } else if client.dedicated.is_open() {
        requests.into_iter().for_each(|failed| send_again(client, failed));
    }
}

/// The client has waited for as long as it may.
fn expire(client: &mut Client) {
    let is_gap = client.renewal.is_gap();
    for failed in client.end_renewal() {
        let mut reply = Vec::new();
        match &failed.cause {
            Cause::Refused(_, line) => reply.extend_from_slice(line),
            cause => encode::error(&mut reply, &outcome::failed(cause, false)),
        }
        client.rewrites.take(failed.seq);
        client.inbox.deliver(failed.seq, 1, &reply);
    }
    if is_gap {
        for Again { seq, replies, .. } in client.dedicated.subscribing.take_lost() {
            let text = outcome::failed(&unsent(), false);
            client.deliver_error(seq, &text);
            if replies > 1 {
                client.inbox.deliver(seq + 1, replies - 1, &[]);
            }
        }
        let text = "closed: no master has renewed its subscriptions in time";
        client.close(Closing::Lost, Ending::AfterReplies, text);
    }
}

fn unsent() -> Cause {
    let reason = "the connection of its subscriptions was lost".to_owned();
    Cause::Unsent { reason, reached: false, refusal: None }
}

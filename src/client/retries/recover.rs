//! Requests that a server did not answer: sent again where that is safe, else an error. A write
//! whose outcome is unknown gets INDOUBT here.

use tokio::time::Instant;

use crate::backend::{Cause, Failed, Refusal};
use crate::client::ending::Ending;
use crate::client::holding::hold;
use crate::client::outcome;
use crate::client::planning::levels;
use crate::client::retries::lost_writes::LostWrites;
use crate::client::retries::renewing;
use crate::client::retries::resend::{class, resend};
use crate::client::retries::verdict::{Verdict, verdict};
use crate::client::sending::minimum;
use crate::client::state::client::Client;
use crate::client::state::recovery::master_view::{Gate, MasterView};
use crate::client::state::recovery::{Step, Waiting};
use crate::consistency::Bound;
use crate::registry::Closing;
use crate::routing::plan::Repeat;
use crate::routing::{Failing, NoRoute, Route, Target, admit_write};
use crate::topology::{Backend, BackendId};
use tidegate_wire::command::Effect;
use tidegate_wire::resp::encode;

/// Handles a request that a server did not answer. `lost`: the writes that failed with it.
pub(in crate::client) fn failed(client: &mut Client, failed: Failed, lost: &LostWrites) {
    if client.inbox.replies().has_begun(failed.seq) {
        // Part of the reply was already sent, so an error cannot follow: the client is closed.
        let reason = match &failed.cause {
            Cause::Lost(reason) => reason.as_str(),
            _ => "its server fell silent in the middle of a reply",
        };
        client.close(Closing::HalfReply, Ending::Now, format_args!("closed: {reason}"));
        return;
    }
    let Some(failed) = client.transactions.fail(failed) else { return };
    let Some(failed) = watched(client, failed) else { return };
    let Some(failed) = renewing::adopt(client, failed) else { return };
    let repeat = Repeat::of_class(class(client, &failed.request));
    let is_replica = client.is_elsewhere(failed.backend);
    let waits = client.dedicated.waits_for_data(failed.seq);
    match verdict(&failed.cause, is_replica, repeat, failed.repeatable, waits) {
        // Without a wait, a read may still find the same master over another connection.
        Verdict::WaitForMaster
            if !repeat.may_write() && client.config.writes.failover_hold.is_zero() =>
        {
            again(client, failed, repeat.target());
        }
        Verdict::WaitForMaster => wait(client, failed),
        Verdict::Again(_) if lost.are_behind(&failed) => give_up(client, &failed, false),
        // It would be answered without the write that waits.
        Verdict::Again(_) if client.recovery.waits_before(failed.seq) => wait(client, failed),
        Verdict::Again(target) => again(client, failed, target),
        Verdict::AgainElsewhere => {
            rest(client, failed.backend);
            again(client, failed, Target::Read);
        }
        // Its server is silent. Another one knows whether there is something to read.
        Verdict::EndBlocked if client.dedicated.blocked_read(failed.seq).is_some() => {
            again(client, failed, Target::Read);
        }
        Verdict::EndBlocked => end_blocked(client, &failed),
        Verdict::GiveUp => give_up(client, &failed, repeat.may_write()),
        Verdict::GiveUpServer => {
            rest(client, failed.backend);
            give_up(client, &failed, repeat.may_write());
        }
    }
}

/// Takes a request of a session that watches keys, if it changed nothing and was lost with its
/// connection; returns any other. The watched keys count as changed, so nothing depends on that
/// connection any more: WATCH has done what it can, and another connection serves a read.
fn watched(client: &mut Client, failed: Failed) -> Option<Failed> {
    let session = &client.session;
    let depends = failed.leased && !failed.repeatable;
    if !depends || !session.transaction.is_watching() || session.is_streaming() {
        return Some(failed);
    }
    let class = class(client, &failed.request);
    let is_unsent = match failed.cause {
        Cause::Lost(_) => false,
        Cause::Unsent { refusal: None, .. } => true,
        _ => return Some(failed),
    };
    match class {
        Some((_, Effect::Watch)) => client.inbox.deliver(failed.seq, 1, b"+OK\r\n"),
        Some((_, Effect::None | Effect::Info | Effect::Publish))
            if is_unsent || !Repeat::of_class(class).may_write() =>
        {
            wait(client, Failed { leased: false, repeatable: true, ..failed });
        }
        _ => return Some(failed),
    }
    None
}

/// The request waits until it may be sent to the master.
fn wait(client: &mut Client, failed: Failed) {
    let ends = client.dedicated.blocked_pop(failed.seq).and_then(|pop| pop.ends(&failed.request));
    let since = Instant::now();
    // It moves as often as its masters leave.
    let counts = !client.dedicated.waits_for_data(failed.seq);
    let refused_ms = client.worker.shared.now_ms();
    let repeat = Repeat::of_class(class(client, &failed.request));
    let target = if repeat.may_write() { Target::Write } else { Target::Master };
    client.recovery.wait(Waiting { failed, target, since, ends, refused_ms, counts });
    want_master(client, since);
    client.worker.wake_at_tick(&client.inbox);
}

/// A request waits for the master from `since` on: the monitor looks for it often meanwhile.
pub(in crate::client) fn want_master(client: &Client, since: Instant) {
    let until = since + client.config.writes.failover_hold;
    client.worker.want_master(client.worker.shared.ms_of(until));
}

/// What is known of the master, for requests that wait for it.
pub(in crate::client) fn master_view(client: &Client) -> MasterView {
    let (topology, now_ms) = (client.worker.topology(), client.worker.shared.now_ms());
    let shard = topology.sole_shard();
    let gate = match admit_write(shard, now_ms) {
        Ok(()) => Gate::Open,
        Err(_) if client.policy().holds_writes => Gate::Holds,
        Err(_) => Gate::Refuses,
    };
    let heard_ms = |master: &Backend| {
        let silence_ms = master.health.progress.silence_ms(now_ms);
        silence_ms.map(|silence_ms| now_ms - silence_ms)
    };
    let master = shard.open_master().map(|master| (master.id, heard_ms(master)));
    let holds_on = shard.hold.map(|hold| now_ms < hold.gives_up_ms());
    let writes = &client.config.writes;
    let patience = match gate {
        Gate::Holds => writes.failover_hold.max(writes.hold_timeout),
        Gate::Open | Gate::Refuses => writes.failover_hold,
    };
    MasterView { master, gate, holds_on, patience }
}

/// Excludes the server from reads for a while.
fn rest(client: &Client, backend: BackendId) {
    let topology = client.worker.topology();
    if let Some(backend) = topology.backend(backend)
        && backend.health.failed(client.worker.shared.now_ms(), fastrand::f64())
    {
        let backend = &backend.addr;
        tracing::warn!(%backend, "a request failed here; other servers get the reads for a while");
        client.worker.shared.suspect.notify_one();
    }
}

/// Sends it to another server than the one that failed.
fn again(client: &mut Client, failed: Failed, target: Target) {
    let topology = client.worker.topology();
    let policy = levels::policy_again(client, &failed.request);
    client.worker.counts.reads_behind.add(u64::from(failed.cause == Cause::Behind));
    // The failure took its time: it is later than when a client looked last.
    client.worker.look_at_clock();
    let unreached = matches!(failed.cause, Cause::Unsent { reached: false, .. });
    let except = Failing { id: failed.backend, unreached };
    let shard = topology.sole_shard();
    let way = if target.is_master() || !policy.level.notes_writes() {
        client.worker.route(shard, policy, target, Some(except)).map(|route| (route, Bound::NONE))
    } else if let Some(way) = minimum::again(client, shard, policy, except, &failed.request) {
        Ok(way)
    } else {
        // Only the master surely has what the session has seen.
        let route = client.worker.route(shard, policy, Target::Master, Some(except));
        route.map(|route| (route, Bound::NONE))
    };
    // A read that waits for data moves as often as its servers leave.
    let leaves = matches!(failed.cause, Cause::Withdrawn | Cause::Refused(Refusal::Unblocked, _));
    let waits = client.dedicated.is_blocked() && leaves;
    let may_try = waits || client.recovery.try_again(failed.seq);
    let (Route { backend, reason }, minimum) = match way {
        Ok(way) if may_try => way,
        Err(NoRoute::NoMaster | NoRoute::NoReader)
            if topology.sole_shard().is_held(client.worker.now_ms()) =>
        {
            return wait(client, failed);
        }
        _ => return give_up(client, &failed, false),
    };
    let Some(mut request) = request_now(client, &failed) else {
        return end_blocked(client, &failed);
    };
    if let Some(from_start) = client.rewrites.restart_scan(failed.seq) {
        request = from_start;
    }
    client.worker.count_fallback(reason);
    resend(client, backend, failed.leased, failed.seq, &request, (Target::Read, minimum));
}

/// The request as it is sent now; `None` if it waits for data and its time is over, which began with
/// the first server that got it.
fn request_now(client: &Client, failed: &Failed) -> Option<Vec<u8>> {
    let now = Instant::now();
    if let Some(read) = client.dedicated.blocked_read(failed.seq) {
        Some(read.request(now))
    } else if let Some(pop) = client.dedicated.blocked_pop(failed.seq) {
        pop.request(&failed.request, now)
    } else {
        Some(failed.request.clone())
    }
}

/// The time of a command that waits for data is over.
fn end_blocked(client: &Client, failed: &Failed) {
    let mut reply = Vec::new();
    encode::null_array(&mut reply, client.session.version);
    client.inbox.deliver(failed.seq, 1, &reply);
}

/// Writes that a server refused go to the master as soon as it is known.
pub(in crate::client) fn retry_writes(client: &mut Client) {
    while !client.recovery.is_empty() {
        let (topology, view) = (client.worker.topology(), master_view(client));
        let master = topology.sole_shard().open_master();
        let unanswered = client.inbox.replies().unanswered();
        let owes = |seq| client.inbox.replies().owes(seq);
        match (client.recovery.step((unanswered, owes), &view, Instant::now()), master) {
            (Step::Send(it), Some(master)) => {
                let failed = &it.failed;
                match request_now(client, failed) {
                    Some(request) => {
                        resend(
                            client,
                            master,
                            failed.leased,
                            failed.seq,
                            &request,
                            (it.target, Bound::NONE),
                        );
                    }
                    None => end_blocked(client, failed),
                }
            }
            (Step::Refuse(it), _) => {
                hold::count_refusal(client, NoRoute::GateClosed);
                client.rewrites.take(it.failed.seq);
                let error = outcome::no_route(NoRoute::GateClosed, topology.sole_shard());
                client.deliver_error(it.failed.seq, &error);
            }
            (Step::GiveUp(it) | Step::Send(it), _) if request_now(client, &it.failed).is_none() => {
                end_blocked(client, &it.failed);
            }
            // The write before it is given up: the read depends on no master any more.
            (Step::GiveUp(it) | Step::Send(it), _) if may_be_read_elsewhere(client, &it.failed) => {
                again(client, it.failed, Target::Read);
            }
            (Step::GiveUp(it) | Step::Send(it), _) => {
                give_up(client, &it.failed, it.target == Target::Write);
            }
            (Step::Wait, _) => return client.worker.wake_at_tick(&client.inbox),
            (Step::Nothing, _) => return,
        }
    }
}

/// Whether another server than the master may answer a request.
fn may_be_read_elsewhere(client: &Client, failed: &Failed) -> bool {
    Repeat::of_class(class(client, &failed.request)).target() == Target::Read
        && !client.dedicated.is_blocked()
}

/// Sends the client the error for its failed request, whose outcome may be unknown.
pub(in crate::client) fn give_up_unknown(client: &mut Client, failed: &Failed) {
    let repeat = Repeat::of_class(class(client, &failed.request));
    give_up(client, failed, repeat.may_write());
}

/// Sends the client the error for its failed request.
fn give_up(client: &mut Client, failed: &Failed, may_write: bool) {
    client.rewrites.take(failed.seq);
    if failed.cause == Cause::Elapsed {
        return end_blocked(client, failed);
    }
    let mut reply = Vec::new();
    match &failed.cause {
        // The proxy has taken it back, and no server became master in time.
        Cause::Refused(Refusal::Unblocked, line) if !line.starts_with(b"-") => {
            encode::error(&mut reply, outcome::UNBLOCKED);
        }
        Cause::Refused(_, line) => reply.extend_from_slice(line),
        // The server has run it.
        Cause::BehindRefused(given) if may_write => reply.extend_from_slice(given),
        Cause::Unsent { refusal: Some(refusal), .. } => encode::error(&mut reply, refusal),
        cause => {
            let is_unknown =
                matches!(cause, Cause::Lost(_) | Cause::TimedOut | Cause::ScriptBehindRefused);
            let in_doubt = may_write && is_unknown;
            client.worker.counts.in_doubt.add(u64::from(in_doubt));
            encode::error(&mut reply, &outcome::failed(cause, may_write));
        }
    }
    client.inbox.deliver(failed.seq, 1, &reply);
}

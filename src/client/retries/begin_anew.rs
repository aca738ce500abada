//! Transactions that a server refused or lost before it ran them: they are begun anew at the master.

use tokio::time::Instant;

use crate::backend::{Cause, Whole};
use crate::client::commands::transaction;
use crate::client::holding::hold;
use crate::client::outcome;
use crate::client::retries::recover;
use crate::client::retries::resend::may_write;
use crate::client::sending::anew;
use crate::client::state::client::Client;
use crate::client::state::recovery::master_view::Access;
use crate::client::state::transaction_log::Part;
use crate::client::state::transaction_log::{Fate, GivenUp, Judgement, Since};
use crate::routing::NoRoute;

/// Whether the client does not get this error yet: it shows that the transaction is not run.
pub(in crate::client) fn keeps(client: &mut Client, whole: &Whole) -> bool {
    let Whole { seq, frame, backend, .. } = whole;
    frame.starts_with(b"-") && client.transactions.keeps(*seq, frame, *backend)
}

/// Judges transactions that were refused or lost, and sends again those that wait for the master.
pub(in crate::client) fn look(client: &mut Client) {
    if client.transactions.is_calm() {
        return;
    }
    if client.transactions.is_waiting() || judge(client) && client.transactions.is_waiting() {
        go_on(client);
    }
}

/// Judges transactions that are not in flight any more; false while some are.
fn judge(client: &mut Client) -> bool {
    let is_quiet = client.dedicated.get().is_none_or(|own| own.is_closed() || own.is_idle());
    if client.inbox.has_events() || !is_quiet && !client.transactions.has_timed_out() {
        return false;
    }
    let topology = client.worker.topology();
    let master = topology.sole_shard().open_master().map(|master| master.id);
    let leads = |id| master == Some(id);
    let owes = |seq| client.inbox.replies().owes(seq);
    let Some(judgement) = client.transactions.judge(owes, leads) else { return false };
    answer(client, judgement);
    if let Some(backend) = client.transactions.refuser() {
        let now_ms = client.worker.shared.now_ms();
        let since = Instant::now();
        client.transactions.wait(backend, now_ms, since);
        recover::want_master(client, since);
    }
    true
}

/// Sends again what waits, once the master is known.
fn go_on(client: &mut Client) {
    let Some(Since { backend, at_ms, since }) = client.transactions.since() else { return };
    let (topology, view, now) =
        (client.worker.topology(), recover::master_view(client), Instant::now());
    let writes = || client.transactions.executes(|frame| may_write(client, frame));
    match (view.access(backend, at_ms, writes), topology.sole_shard().open_master()) {
        (Access::Granted, Some(master)) => {
            client.release();
            let key = client.worker.key_of(&client.session);
            let own = client.worker.pool.borrow_mut().lease(master, key, &client.inbox);
            client.dedicated.take_up(&own);
            anew::send(client, &own, now);
        }
        (Access::Refused, _) => {
            let judgement = client.transactions.give_up();
            client.release();
            refuse_at_gate(client, &judgement);
        }
        _ if view.is_over(since, now) => {
            let judgement = client.transactions.give_up();
            client.release();
            answer(client, judgement);
        }
        _ => client.worker.wake_at_tick(&client.inbox),
    }
}

/// Answers the requests of transactions that the gate of the new master refuses, as if the client
/// had sent them now.
fn refuse_at_gate(client: &mut Client, judgement: &Judgement) {
    hold::count_refusal(client, NoRoute::GateClosed);
    if judgement.open_given_up {
        client.session.transaction.lose();
    }
    let topology = client.worker.topology();
    let refused = outcome::no_route(NoRoute::GateClosed, topology.sole_shard());
    for it in &judgement.given_up {
        client.rewrites.take(it.seq);
        match it.part {
            _ if matches!(it.fate, Fate::Answered) => {}
            Part::Multi { .. } | Part::Discard => client.inbox.deliver(it.seq, 1, b"+OK\r\n"),
            Part::Command => client.deliver_error(it.seq, &refused),
            Part::Exec => client.deliver_error(it.seq, transaction::REFUSED_AT_GATE),
        }
    }
}

/// Answers the requests of the transactions that are not begun anew.
fn answer(client: &mut Client, judgement: Judgement) {
    let failed = |it: &GivenUp| match &it.fate {
        Fate::Failed(failed) => Some(failed.cause.clone()),
        Fate::Refused(..) | Fate::Answered => None,
    };
    let mut causes = judgement.given_up.iter().filter_map(failed);
    if judgement.open_given_up && causes.any(|cause| cause == Cause::TimedOut) {
        // The server may begin it later: the next MULTI would be nested in it.
        client.drop_own();
    }
    if judgement.open_given_up && !client.dedicated.is_open() {
        let is_multi = |it: &&GivenUp| matches!(it.part, Part::Multi { .. });
        match judgement.given_up.iter().rfind(is_multi).and_then(failed) {
            Some(_) => client.session.transaction.lose_multi(),
            None => client.session.transaction.lose(),
        }
    }
    for GivenUp { seq, fate, unrun, part } in judgement.given_up {
        match fate {
            Fate::Answered => {}
            Fate::Refused(_, line) => {
                client.rewrites.take(seq);
                client.inbox.deliver(seq, 1, &line);
            }
            Fate::Failed(failed) => {
                let is_lost =
                    matches!(failed.cause, Cause::Lost(_) | Cause::Unsent { refusal: None, .. });
                if unrun && is_lost {
                    client.rewrites.take(seq);
                    client.deliver_error(seq, transaction::lost(part == Part::Exec));
                } else {
                    recover::give_up_unknown(client, &failed);
                }
            }
        }
    }
}

//! Transactions that a server refused or lost before it ran them: they are begun anew at the master.

use tokio::time::Instant;

use crate::backend::{Cause, Whole};
use crate::client::commands::transaction;
use crate::client::retries::recover;
use crate::client::sending::anew;
use crate::client::state::client::Client;
use crate::client::state::transaction_log::{Fate, GivenUp, Judgement, Since};
use crate::routing::admit_write;
use crate::topology::Backend;

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
        let until = Instant::now() + client.config.writes.failover_hold;
        client.transactions.wait(backend, now_ms, until);
        client.worker.want_master(client.worker.shared.ms_of(until));
    }
    true
}

/// Sends again what waits, once the master is known.
fn go_on(client: &mut Client) {
    let Some(Since { backend, at_ms, until }) = client.transactions.since() else { return };
    let (topology, now_ms) = (client.worker.topology(), client.worker.shared.now_ms());
    let shard = topology.sole_shard();
    // The server that refused it is believed again when it has said that it is master since.
    let is_true = |master: &&Backend| {
        let silence_ms = master.health.progress.silence_ms(now_ms);
        let heard_ms = silence_ms.map(|silence_ms| now_ms - silence_ms);
        master.id != backend || heard_ms > Some(at_ms)
    };
    let is_open = admit_write(shard, now_ms).is_ok();
    let now = Instant::now();
    if let Some(master) = shard.open_master().filter(|_| is_open).filter(is_true) {
        client.release();
        let key = client.worker.key_of(&client.session);
        let own = client.worker.pool.borrow_mut().lease(master, key, &client.inbox);
        client.dedicated.take_up(&own);
        anew::send(client, &own, now);
    } else if now < until {
        client.worker.wake_at_tick(&client.inbox);
    } else {
        let judgement = client.transactions.give_up();
        client.release();
        answer(client, judgement);
    }
}

/// Answers the requests of the transactions that are not begun anew.
fn answer(client: &mut Client, judgement: Judgement) {
    if judgement.open_given_up && !client.dedicated.is_open() {
        client.session.transaction.lose();
    }
    for GivenUp { seq, fate, unrun, is_exec } in judgement.given_up {
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
                    client.deliver_error(seq, transaction::lost(is_exec));
                } else {
                    recover::give_up_unknown(client, &failed);
                }
            }
        }
    }
}

//! Asks the master how many replicas have the writes of a check.

use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::acknowledger::{Check, Demand};
use super::offset_marker::{self, MARKER, TOUCH};
use super::worker::Worker;
use crate::backend::{Cause, Connection, Event, Inbox, Ticket};
use crate::consistency::position;
use crate::tasks::Kind;
use crate::topology::{Standing, WritePlace};
use tidegate_wire::resp::{encode, integer};
use tidegate_wire::units::millis;

/// How much longer than `wait-timeout` a master may take to say that it is over.
const GRACE: Duration = Duration::from_secs(1);
/// The next check leaves after this time at the earliest.
const TURN_MIN: Duration = Duration::from_millis(50);
/// The time between two looks at the topology while the master is being replaced.
const LOOK: Duration = Duration::from_millis(5);

/// The check that a write which was answered just now belongs to; `inbox` is woken when it is over.
pub(crate) fn join(worker: &Rc<Worker>, demand: Demand, inbox: &Rc<Inbox>) -> Rc<Check> {
    let (check, is_new) = worker.acknowledger.join(demand, inbox);
    if is_new {
        tokio::task::spawn_local(keep(Rc::clone(worker), Rc::clone(&check)));
    }
    check
}

/// Runs one check. Its clients would wait for ever for one that panicked.
async fn keep(worker: Rc<Worker>, check: Rc<Check>) {
    let run = tokio::task::spawn_local(run(Rc::clone(&worker), Rc::clone(&check)));
    if run.await.is_err_and(|error| error.is_panic()) {
        tracing::error!("a check of wait-replicas panicked");
        worker.shared.tasks.count_panic(Kind::WaitCheck);
        worker.acknowledger.close(&check);
        let reason = "the check failed in the proxy";
        check.finish(Err(unknown_acknowledgement(check.demand.replicas, reason)));
    }
}

/// One check, from its turn to its end.
async fn run(worker: Rc<Worker>, check: Rc<Check>) {
    let acknowledger = &worker.acknowledger;
    let patience = TURN_MIN.max(check.demand.timeout / 4);
    let turn = timeout(patience, acknowledger.turn.acquire()).await;
    acknowledger.close(&check);
    let acknowledged = ask(&worker, check.demand).await;
    drop(turn);
    let outcome = match acknowledged {
        Ok(place) => stands(&worker, check.demand, place).await,
        Err(text) => Err(text),
    };
    check.finish(outcome);
}

/// Whether writes that enough replicas have acknowledged stand. While the master is being replaced
/// that is not known: another replica may be promoted than those that have acknowledged them.
async fn stands(worker: &Worker, demand: Demand, place: Option<WritePlace>) -> Result<(), String> {
    let until = Instant::now() + worker.config().writes.failover_hold;
    loop {
        let topology = worker.topology();
        match Standing::of(topology.sole_shard(), demand.backend, place.as_ref()) {
            Standing::Kept => return Ok(()),
            Standing::Lost => return Err(LACKS.to_owned()),
            Standing::Open if Instant::now() >= until => {
                let reason = "its master is being replaced";
                return Err(unknown_acknowledgement(demand.replicas, reason));
            }
            Standing::Open => {}
        }
        drop(topology);
        sleep(LOOK).await;
    }
}

/// Asks how many replicas have the writes. Returns how far these go, if that is known.
async fn ask(worker: &Worker, demand: Demand) -> Result<Option<WritePlace>, String> {
    let unknown = |reason: &str| unknown_acknowledgement(demand.replicas, reason);
    if demand.scan_tag == 0 {
        // A restarted process would look like the one that took the write.
        return Err(unknown("the master has no run id"));
    }
    let inbox = Rc::new(Inbox::default());
    let lease = lease(worker, demand, &inbox).map_err(unknown)?;
    worker.counts.wait_checks.increment();
    let replid = worker.topology().sole_shard().history.replid.clone();
    send(&lease, &inbox, demand);
    let mut heard = Heard::default();
    let answer = poll_fn(|cx| listen(cx, &inbox, demand, &mut heard));
    let answer = timeout(demand.timeout + GRACE, answer).await;
    inbox.close();
    // A connection on which WAIT is still in flight is closed, and ends it.
    worker.pool.borrow_mut().release(&lease, Instant::now());
    let count = answer
        .map_err(|_| unknown("the master did not answer in time"))?
        .map_err(|reason| unknown(&reason))?;
    if count >= i64::from(demand.replicas) {
        let offset = heard.offset.filter(|_| !replid.is_empty());
        return Ok(offset.map(|offset| WritePlace { replid, offset }));
    }
    Err(not_acknowledged(count, demand.replicas))
}

/// A connection to the server that the writes went to.
fn lease(
    worker: &Worker,
    demand: Demand,
    inbox: &Rc<Inbox>,
) -> Result<Rc<Connection>, &'static str> {
    let topology = worker.topology();
    if topology.sole_shard().has_other_master(demand.backend) {
        return Err("another server is the master now");
    }
    let backend = topology.backend(demand.backend).ok_or("its server has left the topology")?;
    Ok(worker.pool.borrow_mut().lease(backend, worker.own_key(), inbox))
}

fn send(lease: &Connection, inbox: &Rc<Inbox>, demand: Demand) {
    let replicas = integer::text(demand.replicas);
    let millis = integer::text(millis(demand.timeout));
    let wait = encode::request_of(&[b"WAIT", &replicas, &millis]);
    // In front of the marker, which is no write of a client.
    let requests = [position::ASK_MASTER, TOUCH, MARKER, &wait].concat();
    let first = inbox.replies().open(4, false);
    let mut ticket = Ticket::new(Rc::clone(inbox), first, 4, requests.len(), Instant::now());
    ticket.whole = true;
    // The timer of this module closes the connection in time.
    ticket.patient = true;
    lease.send(&requests, ticket);
}

/// What the master has answered in front of the number of replicas.
#[derive(Debug, Default)]
struct Heard {
    /// The offset behind the writes.
    offset: Option<u64>,
    /// Why the number cannot be believed.
    unmarked: Option<String>,
}

/// How many replicas have all the writes, or why that is unknown.
fn listen(
    cx: &Context<'_>,
    inbox: &Inbox,
    demand: Demand,
    heard: &mut Heard,
) -> Poll<Result<i64, String>> {
    inbox.set_waker(cx.waker());
    inbox.looked();
    for event in inbox.take_events() {
        match event {
            Event::Whole(whole) if whole.scan_tag != demand.scan_tag => {
                return Poll::Ready(Err("the master was restarted".to_owned()));
            }
            Event::Whole(whole) if whole.seq == 0 => {
                heard.offset = position::offset_of_master(&whole.frame);
            }
            Event::Whole(whole) if whole.seq == 2 => {
                heard.unmarked = offset_marker::refusal(&whole.frame);
            }
            Event::Whole(whole) if whole.seq == 3 => {
                let count = heard.unmarked.take().map_or_else(|| waited(&whole.frame), Err);
                return Poll::Ready(count);
            }
            Event::Failed(failed) => return Poll::Ready(Err(reason(failed.cause))),
            Event::Whole(_)
            | Event::Denied(_)
            | Event::Renewed
            | Event::NotRenewed(_)
            | Event::Demoted
            | Event::LeaseLost(_)
            | Event::LeaseRefused(_) => {}
        }
    }
    Poll::Pending
}

/// The number in the reply to WAIT.
fn waited(reply: &[u8]) -> Result<i64, String> {
    let line = reply.trim_ascii_end();
    line.strip_prefix(b":")
        .and_then(integer::parse)
        .ok_or_else(|| format!("the master says {}", String::from_utf8_lossy(line)))
}

fn reason(cause: Cause) -> String {
    match cause {
        Cause::Refused(_, line) => format!("the master says {}", String::from_utf8_lossy(&line)),
        Cause::Unsent { reason, .. } | Cause::Lost(reason) => reason,
        Cause::TimedOut
        | Cause::Withdrawn
        | Cause::Behind
        | Cause::BehindRefused(_)
        | Cause::ScriptBehindRefused
        | Cause::Elapsed => "the master did not answer in time".to_owned(),
    }
}

/// The error for a write that replicas have, and the next master does not.
const LACKS: &str = "NOACK The write was applied on the former master and acknowledged by its \
                     replicas, but the new master is not known to have it";

/// The error for a write that only `count` of `wanted` replicas have.
fn not_acknowledged(count: i64, wanted: u32) -> String {
    format!(
        "NOACK The write was applied on the master, but acknowledged by {count} of {wanted} \
         replicas within wait-timeout"
    )
}

/// The error for a write of which it is unknown how many replicas have it.
fn unknown_acknowledgement(wanted: u32, reason: &str) -> String {
    let have = if wanted == 1 { "replica has" } else { "replicas have" };
    format!(
        "NOACK The write was applied on the master; whether {wanted} {have} it is unknown: {reason}"
    )
}

//! Asks the master how many replicas have what was written: one WAIT for all writes that were
//! answered before it. Never holds a reply itself.
//!
//! One check is under way at a time, and whatever is answered meanwhile shares the next one. A
//! check that takes long, because a replica does, is not waited for beyond a quarter of
//! `wait-timeout`: so no reply waits much longer than `wait-timeout`, none for less, and there are
//! never more than ten checks.

use std::cell::{OnceCell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use super::mark::{self, MARKER, TOUCH};
use super::outcome;
use super::worker::Worker;
use crate::backend::{Cause, Connection, ConnectionKey, Event, Inbox, Ticket};
use crate::tasks::Kind;
use crate::topology::BackendId;
use tidegate_wire::resp::{encode, integer};
use tidegate_wire::units::millis;

/// How much longer than `wait-timeout` a master may take to say that it is over.
const GRACE: Duration = Duration::from_secs(1);
/// The least time after which a check is not waited for.
const TURN_MIN: Duration = Duration::from_millis(50);

/// What is to be found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Demand {
    /// The server that answered the write, ...
    pub(super) backend: BackendId,
    /// ... and its process: another one may have lost the write, and have replicas none the less.
    pub(super) scan_tag: u32,
    /// How many replicas have to have it ...
    pub(super) replicas: u32,
    /// ... within this time.
    pub(super) timeout: Duration,
}

/// One question to the replicas, about all writes that joined it.
#[derive(Debug)]
pub(super) struct Check {
    demand: Demand,
    outcome: OnceCell<Result<(), String>>,
    waiting: RefCell<Vec<Rc<Inbox>>>,
}

/// One worker's checks.
#[derive(Debug)]
pub(super) struct Acknowledger {
    /// The check that has not been sent yet: it covers whatever is answered until then.
    gathering: RefCell<Option<Rc<Check>>>,
    turn: Semaphore,
}

impl Default for Acknowledger {
    fn default() -> Self {
        Self { gathering: RefCell::default(), turn: Semaphore::new(1) }
    }
}

impl Check {
    pub(super) fn is_over(&self) -> bool {
        self.outcome.get().is_some()
    }

    /// What came of it, an error's text where it failed; `None` while it is not over.
    pub(super) fn outcome(&self) -> Option<&Result<(), String>> {
        self.outcome.get()
    }

    fn finish(&self, outcome: Result<(), String>) {
        if self.outcome.set(outcome).is_ok() {
            for inbox in self.waiting.take() {
                inbox.wake();
            }
        }
    }
}

impl Acknowledger {
    /// The check that a write which was answered just now belongs to; `inbox` is woken when it is
    /// over.
    pub(super) fn join(&self, worker: &Rc<Worker>, demand: Demand, inbox: &Rc<Inbox>) -> Rc<Check> {
        let mut gathering = self.gathering.borrow_mut();
        let check = match gathering.take().filter(|check| check.demand == demand) {
            Some(check) => check,
            None => {
                let (outcome, waiting) = (OnceCell::new(), RefCell::default());
                let check = Rc::new(Check { demand, outcome, waiting });
                tokio::task::spawn_local(keep(Rc::clone(worker), Rc::clone(&check)));
                check
            }
        };
        let mut waiting = check.waiting.borrow_mut();
        // A client's replies come in a row.
        if !waiting.last().is_some_and(|last| Rc::ptr_eq(last, inbox)) {
            waiting.push(Rc::clone(inbox));
        }
        drop(waiting);
        *gathering = Some(Rc::clone(&check));
        check
    }

    /// What is answered from now on is not covered by `check`.
    fn close(&self, check: &Rc<Check>) {
        self.gathering.borrow_mut().take_if(|gathering| Rc::ptr_eq(gathering, check));
    }
}

/// Runs one check. Its clients would wait for ever for one that panicked.
async fn keep(worker: Rc<Worker>, check: Rc<Check>) {
    let run = tokio::task::spawn_local(run(Rc::clone(&worker), Rc::clone(&check)));
    if run.await.is_err_and(|error| error.is_panic()) {
        tracing::error!("a check of wait-replicas panicked");
        worker.shared.tasks.count_panic(Kind::WaitCheck);
        worker.acknowledger.close(&check);
        let reason = "the check failed in the proxy";
        check.finish(Err(outcome::unknown_acknowledgement(check.demand.replicas, reason)));
    }
}

/// One check, from its turn to its end.
async fn run(worker: Rc<Worker>, check: Rc<Check>) {
    let acknowledger = &worker.acknowledger;
    let patience = TURN_MIN.max(check.demand.timeout / 4);
    let _turn = timeout(patience, acknowledger.turn.acquire()).await;
    acknowledger.close(&check);
    let outcome = ask(&worker, check.demand).await;
    check.finish(outcome);
}

async fn ask(worker: &Worker, demand: Demand) -> Result<(), String> {
    let unknown = |reason: &str| outcome::unknown_acknowledgement(demand.replicas, reason);
    if demand.scan_tag == 0 {
        // A restarted process could not be told from the one that took the write.
        return Err(unknown("the master tells no run id"));
    }
    let inbox = Rc::new(Inbox::default());
    let lease = lease(worker, demand, &inbox).map_err(unknown)?;
    worker.counts.wait_checks.increment();
    send(&lease, &inbox, demand);
    let mut unmarked = None;
    let answer = poll_fn(|cx| listen(cx, &inbox, demand, &mut unmarked));
    let answer = timeout(demand.timeout + GRACE, answer).await;
    inbox.close();
    // A connection on which WAIT is still under way is closed, and ends it.
    worker.pool.borrow_mut().release(&lease, Instant::now());
    let count = answer
        .map_err(|_| unknown("the master did not answer in time"))?
        .map_err(|reason| unknown(&reason))?;
    if count >= i64::from(demand.replicas) {
        return Ok(());
    }
    Err(outcome::not_acknowledged(count, demand.replicas))
}

/// A connection to the server that the writes went to.
fn lease(
    worker: &Worker,
    demand: Demand,
    inbox: &Rc<Inbox>,
) -> Result<Rc<Connection>, &'static str> {
    let topology = worker.topology();
    if topology.master().is_some_and(|master| master.id != demand.backend) {
        return Err("another server is the master now");
    }
    let backend = topology.backend(demand.backend).ok_or("its server has left the topology")?;
    Ok(worker.pool.borrow_mut().lease(backend, ConnectionKey::default(), inbox))
}

fn send(lease: &Connection, inbox: &Rc<Inbox>, demand: Demand) {
    let replicas = integer::text(demand.replicas);
    let millis = integer::text(millis(demand.timeout));
    let wait = encode::request_of(&[b"WAIT", &replicas, &millis]);
    let requests = [TOUCH, MARKER, &wait].concat();
    let first = inbox.replies().open(3, false);
    let mut ticket = Ticket::new(Rc::clone(inbox), first, 3, requests.len(), Instant::now());
    ticket.whole = true;
    // Its time is this module's to see to.
    ticket.patient = true;
    lease.send(&requests, ticket);
}

/// How many replicas the master knows to have it all, or why that can't be told.
fn listen(
    cx: &Context<'_>,
    inbox: &Inbox,
    demand: Demand,
    unmarked: &mut Option<String>,
) -> Poll<Result<i64, String>> {
    inbox.set_waker(cx.waker());
    inbox.looked();
    for event in inbox.take_events() {
        match event {
            Event::Whole(whole) if whole.scan_tag != demand.scan_tag => {
                return Poll::Ready(Err("the master was restarted".to_owned()));
            }
            Event::Whole(whole) if whole.seq == 1 => *unmarked = mark::refusal(&whole.frame),
            Event::Whole(whole) if whole.seq == 2 => {
                let count = unmarked.take().map_or_else(|| waited(&whole.frame), Err);
                return Poll::Ready(count);
            }
            Event::Failed(failed) => return Poll::Ready(Err(reason(failed.cause))),
            Event::Whole(_)
            | Event::Denied(_)
            | Event::Demoted
            | Event::LeaseLost(_)
            | Event::LeaseRefused(_) => {}
        }
    }
    Poll::Pending
}

/// What WAIT answered.
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
        Cause::TimedOut | Cause::Withdrawn | Cause::Elapsed => {
            "the master did not answer in time".to_owned()
        }
    }
}

//! Takes blocking commands back from a master that is about to be replaced: a server that Sentinel
//! demotes closes its clients' connections, and does not say that a pop took nothing.
//!
//! Redis 6.2 and 7.0 abort when CLIENT UNBLOCK names a command that a pause (CLIENT PAUSE, FAILOVER)
//! has postponed. So the question is a transaction with PFCOUNT, which a pause postpones, too: no
//! CLIENT UNBLOCK is run while one is in force.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use tokio::time::Instant;

use crate::backend::{Connection, ConnectionKey, Inbox, Pool, Ticket};
use crate::topology::{Backend, HoldReason, Topology};
use tidegate_wire::resp::{encode, integer};

/// How long a server may take to answer. After that the question is asked again.
const PATIENCE: Duration = Duration::from_secs(1);
/// The commands of one question, at most.
const AT_ONCE: usize = 1000;

/// Takes one worker's blocking commands back.
#[derive(Debug, Default)]
pub(crate) struct Unblocker {
    question: RefCell<Option<Question>>,
}

/// A question under way.
#[derive(Debug)]
struct Question {
    inbox: Rc<Inbox>,
    lease: Rc<Connection>,
    since: Instant,
}

impl Question {
    /// Whether it is answered, or is not going to be.
    fn is_over(&self, now: Instant) -> bool {
        let is_late = now.saturating_duration_since(self.since) > PATIENCE;
        self.inbox.replies().is_settled() || self.inbox.has_events() || is_late
    }
}

/// Whether the master may be replaced without having told its blocked clients.
const fn is_wanted(reason: HoldReason) -> bool {
    use HoldReason::{Announced, Operator, Promoted, Undecided};
    matches!(reason, Announced | Operator | Promoted | Undecided)
}

impl Unblocker {
    /// Asks for the end of the blocking commands, where the hold on the shard wants it, and at
    /// deposed masters.
    pub(crate) fn look(
        &self,
        pool: &RefCell<Pool>,
        key: impl FnOnce() -> ConnectionKey,
        topology: &Topology,
        now: Instant,
    ) {
        let mut question = self.question.borrow_mut();
        if let Some(over) = question.take_if(|question| question.is_over(now)) {
            over.inbox.close();
            // A connection on which the question is still under way is closed.
            pool.borrow_mut().release(&over.lease, now);
        }
        let is_hold = topology.sole_shard().hold.is_some_and(|hold| is_wanted(hold.reason));
        if question.is_some() {
            return;
        }
        let pool = &mut pool.borrow_mut();
        // All of them wait at one server as a rule: the master. The others follow later.
        let most = pool.recall(is_hold).into_iter().max_by_key(|(_, ids)| ids.len());
        if let Some((server, ids)) = most
            && let Some(server) = topology.backend(server)
        {
            *question = Some(ask(pool, server, key(), &ids[..ids.len().min(AT_ONCE)], now));
        }
    }
}

/// Sends the question.
fn ask(
    pool: &mut Pool,
    server: &Backend,
    key: ConnectionKey,
    ids: &[i64],
    since: Instant,
) -> Question {
    let mut frames = encode::request_of(&[b"MULTI"]);
    frames.extend(encode::request_of(&[b"PFCOUNT", b"tidegate"]));
    for id in ids {
        let id = integer::text(*id);
        frames.extend(encode::request_of(&[b"CLIENT", b"UNBLOCK", &id, b"TIMEOUT"]));
    }
    frames.extend(encode::request_of(&[b"EXEC"]));
    let count = u32::try_from(ids.len() + 3).unwrap_or(u32::MAX);
    let inbox = Rc::new(Inbox::default());
    let lease = pool.lease(server, key, &inbox);
    let seq = inbox.replies().open(count, false);
    let mut ticket = Ticket::new(Rc::clone(&inbox), seq, count, frames.len(), since);
    ticket.patient = true;
    lease.send(&frames, ticket);
    Question { inbox, lease, since }
}

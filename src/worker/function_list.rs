//! Asks the master which functions it has, for a call that comes during a pause.

use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll};

use tokio::time::Instant;

use super::worker::Worker;
use crate::backend::{Event, Inbox, Ticket};
use tidegate_wire::resp::encode;

/// Asks the master for its functions, and wakes the clients whose calls wait for the answer.
pub(crate) async fn ask(worker: Rc<Worker>) {
    let reply = list(&worker).await;
    worker.shared.scripts.learn_functions(reply);
    worker.shared.registry.wake_all();
}

/// The reply to FUNCTION LIST; `None` where there is none.
async fn list(worker: &Worker) -> Option<Vec<u8>> {
    let topology = worker.topology();
    let inbox = Rc::new(Inbox::default());
    let shard = topology.sole_shard();
    let lease = worker.pool.borrow_mut().lease(shard.master()?, worker.own_key(), &inbox);
    let request = encode::request_of(&[b"FUNCTION", b"LIST"]);
    let first = inbox.replies().open(1, false);
    let mut ticket = Ticket::new(Rc::clone(&inbox), first, 1, request.len(), Instant::now());
    ticket.whole = true;
    lease.send(&request, ticket);
    let reply = poll_fn(|cx| listen(cx, &inbox)).await;
    inbox.close();
    worker.pool.borrow_mut().release(&lease, Instant::now());
    reply
}

/// The reply, or nothing where there is none.
fn listen(cx: &Context<'_>, inbox: &Inbox) -> Poll<Option<Vec<u8>>> {
    inbox.set_waker(cx.waker());
    inbox.looked();
    for event in inbox.take_events() {
        match event {
            Event::Whole(whole) => return Poll::Ready(Some(whole.frame.to_vec())),
            Event::Failed(_) => return Poll::Ready(None),
            _ => {}
        }
    }
    Poll::Pending
}

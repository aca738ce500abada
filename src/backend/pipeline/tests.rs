//! The events for a client when replies arrive in pieces.

use std::rc::Rc;

use tokio::time::Instant;

use super::Pipeline;
use crate::backend::{Event, Inbox, Ticket};
use crate::topology::BackendId;

const GET: &[u8] = b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n";

/// A pipeline with two GETs under way.
fn two_gets() -> (Pipeline, Rc<Inbox>) {
    let inbox = Rc::new(Inbox::default());
    let mut pipeline = Pipeline::new(BackendId(0), Rc::default());
    let seq = inbox.replies().open(2, true);
    let requests = [GET, GET].concat();
    pipeline
        .push(&requests, Ticket::new(Rc::clone(&inbox), seq, 2, requests.len(), Instant::now()));
    pipeline.advance_sent(requests.len());
    (pipeline, inbox)
}

#[test]
fn a_reply_of_which_no_byte_was_passed_on_has_not_begun() {
    for (received, begun) in [(&b"+OK\r\n$"[..], false), (b"+OK\r\n$5\r\nv", true)] {
        let (mut pipeline, inbox) = two_gets();
        pipeline.receive(received, Instant::now()).expect("RESP");
        assert_eq!(inbox.replies().has_begun(1), begun, "{}", received.escape_ascii());
        pipeline.fail_all("lost", None);
        let failed = inbox.take_events();
        assert!(matches!(&failed[..], [Event::Failed(failed)] if failed.seq == 1));
        assert_eq!(inbox.replies().has_begun(1), begun, "it can still be answered otherwise");
    }
}

//! The events for a client when replies arrive in pieces.

use std::rc::Rc;

use tokio::time::Instant;

use super::Pipeline;
use crate::backend::{Cause, Event, Inbox, Recall, Refusal, Ticket};
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

/// A command that waits on a leased connection, and what is known of it when `reply` has come.
fn recalled(recall: Recall, reply: &[u8]) -> (bool, Option<Cause>, Vec<u8>) {
    let inbox = Rc::new(Inbox::default());
    let mut pipeline = Pipeline::new(BackendId(0), Rc::default());
    pipeline.set_owner(Some(Rc::clone(&inbox)));
    let seq = inbox.replies().open(1, true);
    let mut ticket = Ticket::new(Rc::clone(&inbox), seq, 1, GET.len(), Instant::now());
    (ticket.retryable, ticket.recall) = (true, recall);
    pipeline.push(GET, ticket);
    pipeline.advance_sent(GET.len());
    let is_recalled = pipeline.recall();
    pipeline.receive(reply, Instant::now()).expect("RESP");
    let (mut cause, mut passed) = (None, inbox.replies().take_ready());
    for event in inbox.take_events() {
        match event {
            Event::Failed(failed) => cause = Some(failed.cause),
            Event::Whole(whole) => passed = whole.frame,
            other => panic!("{other:?}"),
        }
    }
    (is_recalled, cause, passed)
}

/// A null reply to a command that was taken back hands it back; an element is delivered.
#[test]
fn only_a_null_reply_hands_a_recalled_command_back() {
    let element = b"*2\r\n$1\r\nl\r\n$1\r\na\r\n";
    for null in [&b"*-1\r\n"[..], b"$-1\r\n", b"_\r\n"] {
        let refused = Cause::Refused(Refusal::Unblocked, null.to_vec());
        assert_eq!(recalled(Recall::May, null), (true, Some(refused), Vec::new()));
        assert_eq!(recalled(Recall::No, null), (false, None, null.to_vec()));
    }
    assert_eq!(recalled(Recall::May, element), (true, None, element.to_vec()));
}

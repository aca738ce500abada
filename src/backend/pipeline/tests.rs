//! The events for a client when replies arrive in pieces.

use std::rc::Rc;

use tokio::time::Instant;

use super::Pipeline;
use crate::backend::{Cause, Event, Inbox, Recall, Refusal, Relay, Ticket};
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

const INCR: &[u8] = b"*2\r\n$4\r\nINCR\r\n$1\r\nk\r\n";
const SUBSCRIBED: &[u8] = b">3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n";
const MESSAGE: &[u8] = b">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nm\r\n";
const READONLY: &[u8] = b"-READONLY You can't write against a read only replica.\r\n";

/// A pipeline of a connection for subscriptions, and its owner.
fn subscriber() -> (Pipeline, Rc<Inbox>) {
    let inbox = Rc::new(Inbox::default());
    let mut pipeline = Pipeline::new(BackendId(0), Rc::default());
    pipeline.set_owner(Some(Rc::clone(&inbox)));
    pipeline.set_relay(Relay::Pushes);
    (pipeline, inbox)
}

/// Sends a request that may be sent again over another connection.
fn send(pipeline: &mut Pipeline, inbox: &Rc<Inbox>, request: &[u8]) {
    let seq = inbox.replies().open(1, true);
    let mut ticket = Ticket::new(Rc::clone(inbox), seq, 1, request.len(), Instant::now());
    ticket.retryable = true;
    pipeline.push(request, ticket);
    pipeline.advance_sent(request.len());
}

#[test]
fn confirmations_of_a_renewal_are_kept_back_among_messages() {
    let (mut pipeline, inbox) = subscriber();
    pipeline.push(GET, Ticket::renewal(2, GET.len(), Instant::now()));
    pipeline.push(GET, Ticket::renewal(1, GET.len(), Instant::now()));
    pipeline.advance_sent(2 * GET.len());
    let now = Instant::now();
    let first = [MESSAGE, SUBSCRIBED, MESSAGE].concat();
    pipeline.receive(&first, now).expect("RESP");
    assert!(inbox.take_events().is_empty(), "one is still to come");
    pipeline.receive(&[SUBSCRIBED, MESSAGE].concat(), now).expect("RESP");
    assert!(matches!(inbox.take_events()[..], [Event::Renewed]));
    pipeline.receive(b"-NOPERM no\r\n", now).expect("RESP");
    assert!(matches!(&inbox.take_events()[..], [Event::NotRenewed(line)] if line == "NOPERM no"));
    assert_eq!(inbox.replies().take_ready(), MESSAGE.repeat(3));
    assert!(pipeline.is_idle());
}

#[test]
fn a_read_behind_a_refused_write_is_asked_again_with_it() {
    let (mut pipeline, inbox) = subscriber();
    for request in [GET, INCR, GET] {
        send(&mut pipeline, &inbox, request);
    }
    let replies = [b"$1\r\n1\r\n", READONLY, b"$1\r\n1\r\n"].concat();
    pipeline.receive(&replies, Instant::now()).expect("RESP");
    let seqs: Vec<_> = inbox
        .take_events()
        .into_iter()
        .map(|event| match event {
            Event::Failed(failed) => (failed.seq, failed.leased && failed.repeatable),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(seqs, [(1, true), (2, true)]);
    assert!(pipeline.take_refused() && pipeline.is_idle());
    assert_eq!(inbox.replies().take_ready(), b"$1\r\n1\r\n", "the first one was before it");
    // A later request is answered as ever.
    send(&mut pipeline, &inbox, GET);
    pipeline.receive(b"$1\r\n1\r\n", Instant::now()).expect("RESP");
    assert!(inbox.take_events().is_empty());
}

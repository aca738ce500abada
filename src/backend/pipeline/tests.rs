//! The events for a client when replies arrive in pieces.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::time::Instant;

use super::Pipeline;
use crate::backend::{Cause, Event, Inbox, OffsetQuestions, Recall, Refusal, Relay, Ticket};
use crate::consistency::{Bound, History, position};
use crate::topology::{BackendId, Shard, Topology};

const GET: &[u8] = b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n";

/// A pipeline with two GETs under way.
fn two_gets() -> (Pipeline, Rc<Inbox>) {
    let inbox = Rc::new(Inbox::default());
    let mut pipeline = Pipeline::new(BackendId(0), Rc::default(), Rc::default());
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
    let mut pipeline = Pipeline::new(BackendId(0), Rc::default(), Rc::default());
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
    let mut pipeline = Pipeline::new(BackendId(0), Rc::default(), Rc::default());
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

/// What became of a client's requests: the replies that it has, and for each request that was
/// handed back its number and whether it stands behind a refused one.
fn outcome(inbox: &Inbox) -> (Vec<u8>, Vec<(u64, bool)>) {
    let mut handed_back = Vec::new();
    for event in inbox.take_events() {
        match event {
            Event::Failed(failed) => match failed.cause {
                Cause::Refused(Refusal::ReadOnly, _) => handed_back.push((failed.seq, false)),
                Cause::BehindRefused(_) => handed_back.push((failed.seq, true)),
                other => panic!("{other:?}"),
            },
            Event::Whole(whole) => inbox.deliver(whole.seq, 1, &whole.frame),
            other => panic!("{other:?}"),
        }
    }
    (inbox.replies().take_ready(), handed_back)
}

/// On a shared connection, for the client of the refused write alone, however its requests and the
/// replies are cut into pieces.
#[test]
fn a_shared_connection_hands_back_the_reads_behind_a_refused_write() {
    const PING: &[u8] = b"*1\r\n$4\r\nPING\r\n";
    const UNKNOWN: &[u8] = b"*2\r\n$5\r\nm.get\r\n$1\r\nk\r\n";
    let (one, pong) = (&b"$1\r\n1\r\n"[..], &b"+PONG\r\n"[..]);
    for (step, whole) in [(1000, false), (1000, true), (1, false), (1, true), (7, false)] {
        let mut pipeline = Pipeline::new(BackendId(0), Rc::default(), Rc::default());
        let [inbox, other] = [(); 2].map(|()| Rc::new(Inbox::default()));
        let mut push = |inbox: &Rc<Inbox>, requests: &[&[u8]], whole: bool| {
            let count = u32::try_from(requests.len()).expect("few");
            let seq = inbox.replies().open(count, true);
            let bytes = requests.concat();
            let mut ticket = Ticket::new(Rc::clone(inbox), seq, count, bytes.len(), Instant::now());
            ticket.whole = whole;
            pipeline.push(&bytes, ticket);
            pipeline.advance_sent(bytes.len());
        };
        push(&inbox, &[GET, INCR, GET, PING], false);
        push(&other, &[GET], false);
        push(&inbox, &[GET, INCR], whole);
        push(&inbox, &[UNKNOWN], false);
        let replies = [one, READONLY, one, pong, one, one, READONLY, b"-ERR unknown\r\n"].concat();
        let mut waiting = Vec::new();
        for bytes in replies.chunks(step) {
            waiting.extend_from_slice(bytes);
            let used = pipeline.receive(&waiting, Instant::now()).expect("RESP").used;
            waiting.drain(..used);
        }
        assert!(pipeline.is_idle() && waiting.is_empty());
        assert_eq!(outcome(&other), (one.to_vec(), Vec::new()));
        let (ready, handed_back) = outcome(&inbox);
        let expected = [(1, false), (2, true), (4, true), (5, false), (6, true)];
        assert_eq!((ready, handed_back), (one.to_vec(), expected.to_vec()), "{step} {whole}");
        for seq in [1, 2, 4, 5, 6] {
            inbox.deliver(seq, 1, b":0\r\n");
        }
        let rest = [b":0\r\n:0\r\n", pong, b":0\r\n:0\r\n:0\r\n"].concat();
        assert_eq!(inbox.replies().take_ready(), rest);
    }
}

/// A read of `inbox` at a replica, which must include the place `minimum`.
fn read(pipeline: &mut Pipeline, inbox: &Rc<Inbox>, minimum: u64) {
    let seq = inbox.replies().open(1, true);
    let mut ticket = Ticket::new(Rc::clone(inbox), seq, 1, GET.len(), Instant::now());
    ticket.minimum = if minimum > 0 { Bound::new(1, minimum) } else { Bound::NONE };
    pipeline.push(GET, ticket);
}

/// A replica whose data are known to be of no history has reached nothing.
#[test]
fn reads_that_lack_data_are_handed_back_and_so_are_those_behind_them() {
    let [one, other] = [(), ()].map(|()| Rc::new(Inbox::default()));
    let mut pipeline = Pipeline::new(BackendId(0), Rc::default(), Rc::default());
    read(&mut pipeline, &other, 0);
    read(&mut pipeline, &one, 5);
    read(&mut pipeline, &other, 0);
    pipeline.before_send(Instant::now);
    read(&mut pipeline, &one, 0);
    let sent = pipeline.unsent().to_vec();
    let question = position::ASK_REPLICA;
    assert_eq!(sent, [GET, question, GET, GET, GET].concat());
    pipeline.advance_sent(sent.len());
    let answers = b"$1\r\na\r\n$9\r\nrole:none\r\n$1\r\nb\r\n$1\r\nc\r\n$1\r\nd\r\n";
    pipeline.receive(answers, Instant::now()).expect("RESP");
    let handed_back = |inbox: &Inbox| {
        let behind = |event| matches!(event, Event::Failed(it) if it.cause == Cause::Behind);
        inbox.take_events().into_iter().map(behind).collect::<Vec<_>>()
    };
    assert_eq!(handed_back(&one), [true, true], "the second would be older than the first");
    assert_eq!(handed_back(&other), [false; 0]);
    assert_eq!(other.replies().take_ready(), b"$1\r\na\r\n$1\r\nc\r\n");
    assert!(pipeline.is_idle());
}

/// A replica's answer to the question for its offset.
fn place_of_replica(replid: &str, offset: u64) -> Vec<u8> {
    let info = format!(
        "# Replication\r\nrole:slave\r\nmaster_sync_in_progress:0\r\nslave_repl_offset:{offset}\r\n\
         master_replid:{replid}\r\n"
    );
    format!("${}\r\n{info}\r\n", info.len()).into_bytes()
}

/// A replica may have reached data that the new master lacks, and have thrown them away since.
#[test]
fn what_a_replica_had_under_another_replication_id_proves_nothing() {
    let of = |history| Topology::of(Shard { history, ..Shard::default() });
    let first = History::default().follow("a", None, 1);
    let topology = Arc::new(ArcSwap::from_pointee(of(first.clone())));
    let questions = OffsetQuestions::new(Arc::default(), Arc::clone(&topology));
    questions.set_patience(Duration::from_secs(1));
    let mut pipeline = Pipeline::new(BackendId(0), Rc::default(), Rc::new(questions));
    let inbox = Rc::new(Inbox::default());
    let mut ask = |minimum| {
        let seq = inbox.replies().open(1, true);
        let ticket = Ticket::new(Rc::clone(&inbox), seq, 1, GET.len(), Instant::now());
        pipeline.push(GET, Ticket { minimum, ..ticket });
        pipeline.before_send(Instant::now);
        let sent = pipeline.unsent().to_vec();
        pipeline.advance_sent(sent.len());
        let is_asked = sent.starts_with(position::ASK_REPLICA);
        if is_asked {
            pipeline.receive(&place_of_replica("a", 120), Instant::now()).expect("RESP");
        }
        pipeline.receive(b"$-1\r\n", Instant::now()).expect("RESP");
        is_asked
    };
    assert!(ask(first.at(50)));
    assert!(!ask(first.at(115)), "it is proven");
    let second = first.follow("b", Some(("a", 100)), 110);
    topology.store(Arc::new(of(second.clone())));
    assert!(ask(second.at(115)), "the replica may have left those data");
}

/// A read behind a question may wait because of the question before it.
#[test]
fn reads_of_one_client_wait_in_the_order_of_its_requests() {
    const LACKS: &[u8] = b"$9\r\nrole:none\r\n";
    let [one, other] = [(), ()].map(|()| Rc::new(Inbox::default()));
    let questions = Rc::new(OffsetQuestions::default());
    questions.set_patience(Duration::from_secs(60));
    let mut pipeline = Pipeline::new(BackendId(0), Rc::default(), questions);
    let now = Instant::now();
    let send = |pipeline: &mut Pipeline| {
        pipeline.before_send(|| now);
        pipeline.advance_sent(pipeline.unsent().len());
    };
    read(&mut pipeline, &other, 5);
    send(&mut pipeline);
    read(&mut pipeline, &one, 5);
    send(&mut pipeline);
    pipeline.receive(&[LACKS, b"$1\r\na\r\n"].concat(), now).expect("RESP");
    read(&mut pipeline, &one, 5);
    assert_eq!(pipeline.unsent(), [position::ASK_REPLICA, GET].concat());
    pipeline.receive(&[LACKS, b"$1\r\nb\r\n"].concat(), now).expect("RESP");
    assert_eq!(pipeline.give_up_late(&Cause::Behind), 3);
    let number = |event| match event {
        Event::Failed(failed) => failed.seq,
        other => panic!("{other:?}"),
    };
    let numbers: Vec<_> = one.take_events().into_iter().map(number).collect();
    assert_eq!(numbers, [0, 1]);
}

/// A pipeline to a replica of the history "a", and the place `offset` there.
fn with_history() -> (Pipeline, impl Fn(u64) -> Bound) {
    let history = History::default().follow("a", None, 1);
    let shard = Shard { history: history.clone(), ..Shard::default() };
    let topology = Arc::new(ArcSwap::from_pointee(Topology::of(shard)));
    let questions = OffsetQuestions::new(Arc::default(), topology);
    questions.set_patience(Duration::from_millis(10));
    let pipeline = Pipeline::new(BackendId(0), Rc::default(), Rc::new(questions));
    (pipeline, move |offset| history.at(offset))
}

/// What is sent, after it is sent.
fn sent(pipeline: &mut Pipeline, now: Instant) -> Vec<u8> {
    pipeline.before_send(|| now);
    let sent = pipeline.unsent().to_vec();
    pipeline.advance_sent(sent.len());
    sent
}

#[test]
fn a_read_that_waits_goes_with_the_next_question_unless_it_is_costly() {
    const KEYS: &[u8] = b"*2\r\n$4\r\nKEYS\r\n$1\r\n*\r\n";
    let question = position::ASK_REPLICA;
    for (request, again) in [(GET, [question, GET].concat()), (KEYS, question.to_vec())] {
        let is_light = request == GET;
        let (mut pipeline, at) = with_history();
        let inbox = Rc::new(Inbox::default());
        let mut now = Instant::now();
        let seq = inbox.replies().open(1, true);
        let ticket = Ticket::new(Rc::clone(&inbox), seq, 1, request.len(), now);
        pipeline.push(request, Ticket { minimum: at(9), ..ticket });
        assert_eq!(sent(&mut pipeline, now), [question, request].concat());
        let answer = |offset| place_of_replica("a", offset);
        pipeline.receive(&[&answer(7)[..], b"$1\r\na\r\n"].concat(), now).expect("RESP");
        for _ in 0..2 {
            now = pipeline.asks_at().expect("it waits");
            assert_eq!(pipeline.ask_due(now), 0);
            assert_eq!(sent(&mut pipeline, now), again);
            pipeline.receive(&answer(8), now).expect("RESP");
            if is_light {
                pipeline.receive(b"$1\r\nb\r\n", now).expect("RESP");
            }
            assert_eq!(inbox.replies().take_ready(), b"", "it lacks the data");
        }
        now = pipeline.asks_at().expect("it waits");
        assert_eq!(pipeline.ask_due(now), 0);
        assert_eq!(sent(&mut pipeline, now), again);
        pipeline.receive(&answer(9), now).expect("RESP");
        let rest = if is_light { &b""[..] } else { KEYS };
        assert_eq!(sent(&mut pipeline, now), rest);
        pipeline.receive(b"$1\r\nc\r\n", now).expect("RESP");
        assert_eq!(inbox.replies().take_ready(), b"$1\r\nc\r\n");
        assert!(pipeline.is_idle() && inbox.take_events().is_empty());
    }
}

#[test]
fn no_read_waits_for_a_while_after_one_has_waited_in_vain() {
    let (mut pipeline, at) = with_history();
    let inbox = Rc::new(Inbox::default());
    let mut now = Instant::now();
    let start = now;
    let mut lacks = |now| {
        let seq = inbox.replies().open(1, true);
        let ticket = Ticket::new(Rc::clone(&inbox), seq, 1, GET.len(), now);
        pipeline.push(GET, Ticket { minimum: at(9), ..ticket });
        let mut now = now;
        loop {
            sent(&mut pipeline, now);
            let answer = place_of_replica("a", 7);
            pipeline.receive(&[&answer[..], b"$1\r\na\r\n"].concat(), now).expect("RESP");
            match pipeline.asks_at() {
                Some(at) => now = at,
                None => break,
            }
            // The answer comes when the read has waited for its time.
            pipeline.ask_due(now);
            now += Duration::from_millis(10);
        }
        let events = inbox.take_events();
        assert!(matches!(&events[..], [Event::Failed(it)] if it.cause == Cause::Behind));
        now
    };
    now = lacks(now);
    assert!(now > start + Duration::from_millis(10), "it has waited");
    now += Duration::from_millis(1);
    assert_eq!(lacks(now), now, "it is asked elsewhere at once");
}

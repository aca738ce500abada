//! What a client that listens reads around a switch of the master.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::SeqCst};
use std::thread;

use crate::support::*;

/// What the threads of the test tell each other.
#[derive(Default)]
struct Shared {
    /// The last number that a write has returned.
    acknowledged: AtomicI64,
    /// Whether the writer rests, and whether it does so by now.
    rests: AtomicBool,
    is_resting: AtomicBool,
    is_over: AtomicBool,
}

/// Ends the threads, also when the test fails.
struct End<'s>(&'s Shared);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.is_over.store(true, SeqCst);
    }
}

fn write(shared: &Shared, mut wire: Wire) {
    let _end = End(shared);
    while !shared.is_over.load(SeqCst) {
        let rests = shared.rests.load(SeqCst);
        shared.is_resting.store(rests, SeqCst);
        if !rests {
            shared.acknowledged.store(wire.cmd(&["INCR", "n"]).int(), SeqCst);
        }
    }
}

fn listen(shared: &Shared, mut wire: Wire) {
    let _end = End(shared);
    wire.hello3();
    wire.cmd(&["SUBSCRIBE", "a"]);
    while !shared.is_over.load(SeqCst) {
        let known = shared.acknowledged.load(SeqCst);
        let found = wire.cmd(&["GET", "n"]);
        let found = if found.is_null() { 0 } else { found.str().parse().unwrap() };
        assert!(found >= known, "{found}, and {known} was known");
    }
}

#[track_caller]
fn wait(shared: &Shared, what: &str, is_true: impl Fn() -> bool) {
    eventually(PATIENCE, || {
        assert!(!shared.is_over.load(SeqCst), "another thread has failed");
        if is_true() { Ok(()) } else { Err(what.to_owned()) }
    });
}

/// With RESP3 a client reads over the connection of its messages. That connection is to the last master
/// for a moment, while others already write at the next one.
#[test]
fn a_client_that_listens_reads_what_others_have_written_at_the_next_master() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).start();
    let shared = Shared::default();
    thread::scope(|threads| {
        let _end = End(&shared);
        threads.spawn(|| write(&shared, proxy.wire()));
        for _ in 0..4 {
            threads.spawn(|| listen(&shared, proxy.wire()));
        }
        let count = || shared.acknowledged.load(SeqCst);
        let mut servers = [&trio.master, &trio.replicas[0]];
        for _ in 0..8 {
            let [last, next] = servers;
            let before = count();
            wait(&shared, "writes", || count() > before + 100);
            shared.rests.store(true, SeqCst);
            wait(&shared, "rest", || shared.is_resting.load(SeqCst));
            last.wait_synced(next);
            next.promote();
            // The last master keeps what it has: it is the replica of a server that does not exist.
            last.replicate_from(([127, 0, 0, 1], 1).into());
            trio.replicas[1].replicate_from(next.addr());
            shared.rests.store(false, SeqCst);
            let before = count();
            wait(&shared, "writes at the next master", || count() > before + 100);
            last.replicate_from(next.addr());
            next.wait_attached(last);
            servers = [next, last];
        }
    });
}

//! What `/metrics` counts of requests is what happened, as clients and servers know it.

pub mod meter;

use std::thread;
use std::time::Duration;

use self::meter::*;
use crate::support::*;

/// Reads of replicas, writes, and requests that only the master answers, over one worker or
/// several.
#[test]
fn requests_are_counted_where_they_went_and_why() {
    let trio = Trio::spawn(Flavor::Redis70);
    // A read of a key whose last write another worker has not asked the bound of goes to the master.
    let proxy = Tidegate::for_trio(&trio).set("proxy", "workers", "1").start();
    // A server sends its stream to a new replica only when that has acknowledged the snapshot.
    trio.master.cmd(&["SET", "k", "0"]).ok();
    trio.wait_synced();
    let meter = Meter::start(&proxy);
    let calls = |server: &RedisServer| server.calls("get");
    let before: Vec<_> = trio.replicas.iter().map(calls).collect();
    let mut clients: Vec<_> = (0..5).map(|_| proxy.wire()).collect();
    for client in &mut clients {
        client.cmd(&["SET", "k", "v"]).ok();
        for _ in 0..10 {
            client.cmd(&["GET", "k"]);
        }
        // One run, two classes: it stays one run, and is counted apart.
        client.pipeline(&[&["SET", "k", "1"], &["TIME"], &["SET", "k", "2"], &["TIME"], &["TIME"]]);
        // The second GET goes where the SET goes.
        client.pipeline(&[&["GET", "k"], &["SET", "k", "3"], &["GET", "k"], &["PING"]]);
        client.cmd(&["NONSENSE"]);
        client.cmd(&["SET", "k"]);
    }
    let served: Vec<_> =
        trio.replicas.iter().zip(before).map(|(it, before)| calls(it) - before).collect();
    let master = backend(trio.master.addr());
    let [one, two] = trio.replica_addrs().map(backend);
    assert_eq!(served.iter().sum::<u64>(), 55);
    let [first, second] = [served[0], served[1]].map(|n| u32::try_from(n).unwrap());
    meter.expect(&[
        (REQUESTS, &[("class", "read"), ("backend", &one), ("reason", "fresh")], first),
        (REQUESTS, &[("class", "read"), ("backend", &two), ("reason", "fresh")], second),
        (REQUESTS, &[("backend", &one)], first),
        (REQUESTS, &[("backend", &two)], second),
        (REQUESTS, &[("class", "write"), ("backend", &master), ("reason", "write")], 5 * 6),
        (REQUESTS, &[("class", "read"), ("backend", &master), ("reason", "master")], 5 * 4),
        (REQUESTS, &[("backend", &master)], 5 * 10),
        (REQUESTS, &[("class", "local"), ("backend", ""), ("reason", "proxy")], 5),
        // All that was sent, each once.
        (REQUESTS, &[], 5 * 22),
        (COUNT, &[("class", "read")], 5 * 15),
        (COUNT, &[("class", "write")], 5 * 6),
        (COUNT, &[("class", "pinned")], 0),
    ]);
}

#[test]
fn sessions_with_their_own_connection_are_pinned() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).start();
    let meter = Meter::start(&proxy);
    let mut wire = proxy.wire();
    wire.pipeline(&[&["MULTI"], &["SET", "k", "v"], &["GET", "k"], &["EXEC"]]);
    wire.cmd(&["SET", "large", &"x".repeat(300 * 1024)]).ok();
    wire.cmd(&["BLPOP", "nothing", "0.01"]);
    // A command that the proxy sends to the master for itself is no client's request.
    wire.cmd(&["WAIT", "2", "1000"]);
    wire.send(&["SUBSCRIBE", "a", "b", "c"]);
    (0..3).for_each(|_| drop(wire.read_reply()));
    let master = backend(trio.master.addr());
    meter.expect(&[
        (REQUESTS, &[("class", "pinned"), ("backend", &master), ("reason", "session")], 8),
        (REQUESTS, &[], 8),
        // Neither BLPOP nor WAIT: those take as long as they like.
        (COUNT, &[("class", "pinned")], 6),
        (COUNT, &[], 6),
    ]);
}

#[test]
fn reads_of_the_master_say_why() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let config = Tidegate::for_trio(&trio);
    let proxy = config.clone().reads_from("master").start();
    let master = backend(trio.master.addr());
    let meter = Meter::start(&proxy);
    let mut wire = proxy.wire();
    (0..7).for_each(|_| drop(wire.cmd(&["GET", "k"])));
    let policy = [("class", "read"), ("backend", &*master), ("reason", "policy")];
    meter.expect(&[(REQUESTS, &policy, 7), (REQUESTS, &[], 7)]);

    let proxy = config.start();
    trio.replicas.iter_mut().for_each(RedisServer::kill);
    eventually(PATIENCE, || {
        let fresh = Scrape::of(&proxy).sum("tidegate_backend_state", &[("state", "fresh")]);
        if fresh == 0.0 { Ok(()) } else { Err(format!("{fresh} are fresh")) }
    });
    let meter = Meter::start(&proxy);
    let mut wire = proxy.wire();
    (0..9).for_each(|_| drop(wire.cmd(&["GET", "k"])));
    let fallback = [("class", "read"), ("backend", &*master), ("reason", "fallback")];
    meter.expect(&[
        (REQUESTS, &fallback, 9),
        (REQUESTS, &[], 9),
        ("tidegate_read_fallbacks_total", &[("outcome", "master")], 9),
        ("tidegate_read_fallbacks_total", &[], 9),
    ]);
}

#[test]
fn a_request_that_is_sent_again_counts_as_a_retry() {
    let trio = Trio::spawn(Flavor::Redis70);
    let faults = trio.replica_addrs().map(FaultProxy::start);
    let addrs = [faults[0].addr(), faults[1].addr()];
    let proxy = ConfigBuilder::new(trio.master.addr(), &addrs)
        .set("reads", "consistency", "\"bounded\"")
        .start();
    faults.iter().for_each(|fault| fault.set_delay_of(Direction::ToClient, SECOND / 20));
    let mut wire = proxy.wire();
    wire.cmd(&["GET", "k"]);
    let meter = Meter::start(&proxy);
    let mut reads = 0.0;
    // A replica that is cut off while it owes a reply. The monitor's connections are cut, too:
    // until it has found the replica again the master is read, and nothing is asked again.
    let now = eventually(PATIENCE, || {
        thread::sleep(SECOND / 4);
        wire.send(&["GET", "k"]);
        thread::sleep(SECOND / 100);
        faults.iter().for_each(FaultProxy::reset_all);
        assert!(wire.read_reply().is_null());
        reads += 1.0;
        settle(&proxy);
        let now = Scrape::of(&proxy);
        let retries = meter.grown(&now, "tidegate_retries_total", &[]);
        let shown = meter.grown(&now, REQUESTS, &[("reason", "retry")]);
        let all = meter.grown(&now, REQUESTS, &[]);
        let reconnects = meter.grown(&now, "tidegate_backend_reconnects_total", &[]);
        let state = format!("{retries} {shown} {all} {reconnects}");
        if retries == shown && all == reads + retries && retries > 0.0 && reconnects > 0.0 {
            Ok(now)
        } else {
            Err(state)
        }
    });
    let master = backend(trio.master.addr());
    let own = now.value("tidegate_backend_reconnects_total", &[("backend", &*master)]);
    assert_eq!(own, Some(0.0), "nobody cut the master off");
}

/// The sum and the buckets have each request once: one that waits for a stopped server is in the
/// bucket of its own duration.
#[test]
fn durations_are_those_that_clients_see() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).start();
    let mut wire = proxy.wire();
    wire.cmd(&["SET", "k", "v"]).ok();
    let meter = Meter::start(&proxy);
    trio.master.pause();
    (0..4).for_each(|n| wire.send(&["SET", "k", &n.to_string()]));
    eventually(PATIENCE, || {
        let page = Scrape::of(&proxy);
        let shown = page.sum("tidegate_backend_requests_in_flight", &[]);
        if shown == 4.0 { Ok(()) } else { Err(shown.to_string()) }
    });
    thread::sleep(Duration::from_millis(1200));
    trio.master.resume();
    (0..4).for_each(|_| wire.read_reply().ok());
    meter.expect(&[(COUNT, &[("class", "write")], 4)]);
    let now = Scrape::of(&proxy);
    let write = ("class", "write");
    let bucket =
        |le| meter.grown(&now, "tidegate_request_duration_seconds_bucket", &[write, ("le", le)]);
    assert_eq!((bucket("1"), bucket("+Inf")), (0.0, 4.0));
    let sum = meter.grown(&now, "tidegate_request_duration_seconds_sum", &[write]);
    assert!((4.0 * 1.1..4.0 * 15.0).contains(&sum), "{sum}");
}

/// Replies to writes wait for the replicas; the proxy's own WAIT commands are no client's requests.
#[test]
fn semi_synchronous_writes_are_counted_as_they_were_sent() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).set("writes", "wait-replicas", "1").start();
    let meter = Meter::start(&proxy);
    let mut wire = proxy.wire();
    for reply in
        wire.pipeline(&[&["SET", "k", "1"], &["TIME"], &["SET", "k", "2"], &["SET", "k", "3"]])
    {
        assert!(!reply.is_err(), "{reply:?}");
    }
    let master = backend(trio.master.addr());
    meter.expect(&[
        (REQUESTS, &[("class", "write"), ("backend", &master)], 3),
        (REQUESTS, &[("reason", "master"), ("backend", &master)], 1),
        (REQUESTS, &[], 4),
        (COUNT, &[("class", "write")], 3),
        (COUNT, &[], 4),
        ("tidegate_writes_acknowledged_total", &[], 3),
        ("tidegate_writes_unacknowledged_total", &[], 0),
    ]);
    let checks = Scrape::of(&proxy).sum("tidegate_wait_checks_total", &[]);
    assert!((1.0..=3.0).contains(&checks), "{checks}");
}

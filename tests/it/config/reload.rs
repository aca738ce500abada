//! What a reload changes in the running process, and what it leaves alone.

use std::time::Duration;

use crate::support::*;

#[test]
fn the_level_of_the_log_follows_a_reload() {
    let trio = Trio::spawn(Flavor::Redis70);
    let config = Tidegate::for_trio(&trio).set("log", "level", "\"warn\"");
    let mut proxy = config.start();
    assert!(!proxy.log().contains("ready"), "information at level warn");
    proxy.reload(&config.clone().set("log", "level", "\"info\"").toml());
    // The reload that brings the level is told at the old one; the next one is told.
    let again = config.set("log", "level", "\"info\"").set("reads", "from", "\"any\"");
    eventually(PATIENCE, || match topology(&mut proxy.wire())["config"]["generation"].as_i64() {
        Some(2) => Ok(()),
        other => Err(format!("generation {other:?}")),
    });
    proxy.reload(&again.toml());
    eventually(PATIENCE, || {
        let log = proxy.log();
        if log.contains("reloaded reads.from") { Ok(()) } else { Err(log) }
    });
}

/// The client that sends PROXY RELOAD gets the outcome.
#[test]
fn a_client_reloads_and_gets_the_changes() {
    let trio = Trio::spawn(Flavor::Redis70);
    let config = Tidegate::for_trio(&trio).set("proxy", "watch-config", "false").set(
        "admin",
        "commands",
        "\"master\"",
    );
    let proxy = config.start();
    let (mut wire, mut other) = (proxy.wire(), proxy.wire());
    let ids = (wire.cmd(&["CLIENT", "ID"]).int(), other.cmd(&["CLIENT", "ID"]).int());
    assert_eq!(wire.cmd(&["PROXY", "RELOAD"]).str(), "OK", "nothing to change");
    let new = config.clone().reads_from("any").set("proxy", "workers", "3");
    proxy.write_config(&new.toml());
    // In the midst of a pipeline: what follows waits, and its replies follow.
    let replies = wire.pipeline(&[&["SET", "k", "v"], &["proxy", "reload"], &["ECHO", "after"]]);
    replies[0].ok();
    assert_eq!(
        replies[1].strings(),
        ["proxy.workers: 2 -> 3 (with the next start)", "reads.from: \"replica\" -> \"any\""]
    );
    assert_eq!(replies[2].str(), "after");
    let log = proxy.log();
    assert_eq!(log.matches("reloaded reads.from").count(), 1, "{log}");

    proxy.write_config(&new.toml().replace("\"any\"", "\"nobody\"\nnonsense = 1"));
    let error = wire.cmd(&["PROXY", "RELOAD"]);
    let error = error.err();
    assert!(error.starts_with("ERR nothing was reloaded: "), "{error}");
    assert!(
        error.contains("reads.from = \"nobody\"") && error.contains("reads.nonsense"),
        "{error}"
    );
    // Each mistake is an event of its own.
    let log = proxy.log();
    let is_event = |line: &&str| line.contains("ERROR nothing was reloaded: ");
    let mistakes: Vec<_> = log.lines().filter(|line| line.contains(": reads.")).collect();
    assert!(mistakes.len() == 2 && mistakes.iter().all(is_event), "{mistakes:#?}");

    // The reload that takes the right away is answered; the next one is refused.
    proxy.write_config(&config.set("admin", "commands", "\"deny\"").toml());
    assert_eq!(wire.cmd(&["PROXY", "RELOAD"]).array().len(), 3);
    assert!(wire.cmd(&["PROXY", "RELOAD"]).err().starts_with("NOPERM"));
    assert_eq!((wire.cmd(&["CLIENT", "ID"]).int(), other.cmd(&["CLIENT", "ID"]).int()), ids);
}

#[test]
fn many_clients_that_reload_at_once_all_get_the_changes() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let config = ConfigBuilder::new(server.addr(), &[]).set("admin", "commands", "\"master\"");
    let proxy = config.start();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut wire = proxy.wire();
                (0..10).for_each(|_| wire.cmd(&["PROXY", "RELOAD"]).ok());
            });
        }
        // A client that has disconnected gets no reply.
        for _ in 0..10 {
            proxy.wire().send(&["PROXY", "RELOAD"]);
        }
    });
}

#[test]
fn another_list_of_replicas_moves_the_reads() {
    let trio = Trio::spawn(Flavor::Redis70);
    let [first, second] = trio.replica_addrs();
    trio.master.cmd(&["SET", "k", "v"]).ok();
    trio.wait_synced();
    // A session takes turns over its servers at this level alone.
    let config =
        Tidegate::for_trio(&trio).replicas(&[first]).set("reads", "consistency", "\"bounded\"");
    let mut proxy = config.start();
    let mut wire = proxy.wire();
    let id = wire.cmd(&["CLIENT", "ID"]);
    let mut served = || {
        let calls = || [0, 1].map(|at: usize| trio.replicas[at].calls("get"));
        let before = calls();
        (0..20).for_each(|_| assert_eq!(wire.cmd(&["GET", "k"]).str(), "v"));
        [0, 1].map(|at: usize| calls()[at] - before[at])
    };
    assert_eq!(served(), [20, 0]);
    proxy.reload(&config.clone().replicas(&[second]).toml());
    eventually(PATIENCE, || match served() {
        [0, 20] => Ok(()),
        other => Err(format!("{other:?}")),
    });
    proxy.reload(&config.replicas(&[first, second]).toml());
    eventually(PATIENCE, || match served() {
        [10, 10] => Ok(()),
        other => Err(format!("{other:?}")),
    });
    assert_eq!(wire.cmd(&["CLIENT", "ID"]), id);
}

/// A reply in flight from a removed server still arrives whole.
#[test]
fn a_read_under_way_outlives_its_server_in_the_file() {
    const LEN: usize = 4 << 20;
    let trio = Trio::spawn(Flavor::Redis70);
    trio.master.cmd(&["SET", "big", &"x".repeat(LEN)]).ok();
    trio.wait_synced();
    let [first, second] = trio.replica_addrs();
    let slow = FaultProxy::start(first);
    // Only this replica may answer, however late its proof of being fresh comes.
    let config = Tidegate::for_trio(&trio)
        .replicas(&[slow.addr()])
        .set("reads", "on-stale", "\"wait\"")
        .set("reads", "wait-timeout", "\"30s\"")
        .set("topology", "request-timeout", "\"60s\"");
    let mut proxy = config.start();
    let mut wire = proxy.wire();
    assert_eq!(wire.cmd(&["STRLEN", "big"]).int(), i64::try_from(LEN).unwrap());
    slow.set_rate_of(Direction::ToClient, 100 << 10);
    let before = slow.forwarded(Direction::ToClient);
    wire.send(&["GET", "big"]);
    eventually(PATIENCE, || match slow.forwarded(Direction::ToClient) - before {
        bytes if bytes > 50_000 => Ok(()),
        bytes => Err(format!("{bytes} bytes so far")),
    });
    assert!(slow.open() > 1, "the monitor has a connection of its own");
    proxy.reload(&config.replicas(&[second]).toml());
    // All connections to the server go but the one with the read, of which most is to come.
    eventually(PATIENCE, || match slow.open() {
        1 => Ok(()),
        n => Err(format!("{n} open")),
    });
    assert!(slow.forwarded(Direction::ToClient) - before < LEN as u64 / 2);
    slow.set_rate_of(Direction::ToClient, 0);
    assert_eq!(wire.read_reply().bytes().len(), LEN);
    // And then that one goes, too.
    eventually(PATIENCE, || match slow.open() {
        0 => Ok(()),
        n => Err(format!("{n} open")),
    });
    assert_eq!(wire.cmd(&["STRLEN", "big"]).int(), i64::try_from(LEN).unwrap());
}

/// The same server under another name: requests in flight on the old connections are answered.
#[test]
fn another_name_for_the_master_loses_no_write() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let config = ConfigBuilder::new(server.addr(), &[]).set("admin", "commands", "\"master\"");
    let renamed =
        config.clone().set("topology", "master", &format!("\"localhost:{}\"", server.port()));
    let proxy = config.start();
    let (mut operator, mut wire) = (proxy.wire(), proxy.wire());
    let requests = [&["INCR", "c"][..]; 200];
    let mut count = 0;
    for n in 0..20 {
        let (config, name) = if n % 2 == 0 { (&renamed, "localhost:") } else { (&config, "127.") };
        proxy.replace_config(&config.toml());
        // The watch may be quicker.
        assert!(!operator.cmd(&["PROXY", "RELOAD"]).is_err());
        // As long as the old connection is in use, and a while longer.
        let mut left = None;
        while left != Some(0) {
            for reply in wire.pipeline(&requests) {
                count += 1;
                assert_eq!(reply, Reply::Int(count));
            }
            let there = topology(&mut operator)["master"].as_str().unwrap().starts_with(name);
            left = left.map(|left: u32| left - 1).or_else(|| there.then_some(50));
        }
    }
    assert_eq!(server.cmd(&["GET", "c"]).str(), count.to_string(), "each once");
}

/// A request that was sent to the master over the old connection gets its reply over it.
#[test]
fn a_write_under_way_is_answered_by_the_server_that_left() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let slow = FaultProxy::start(server.addr());
    let config = ConfigBuilder::new(slow.addr(), &[]);
    let mut proxy = config.start();
    let mut wire = proxy.wire();
    assert_eq!(wire.cmd(&["INCR", "c"]).int(), 1);
    slow.set_delay_of(Direction::ToClient, Duration::from_secs(2));
    wire.send(&["INCR", "c"]);
    eventually(PATIENCE, || match server.cmd(&["GET", "c"]) {
        reply if reply.str() == "2" => Ok(()),
        reply => Err(format!("{reply:?}")),
    });
    proxy.reload(&config.master(server.addr()).toml());
    assert_eq!(wire.read_reply(), Reply::Int(2));
    assert_eq!(wire.cmd(&["INCR", "c"]).int(), 3);
}

/// Writes stay with the old master until the newly named one answers; the log says so, once.
#[test]
fn a_newly_named_master_that_does_not_answer_is_logged() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let config = ConfigBuilder::new(server.addr(), &[]);
    let mut proxy = config.start();
    let away = std::net::SocketAddr::from(([127, 0, 0, 1], ports::free_port()));
    proxy.reload(&config.master(away).toml());
    let line = format!("writes go to {}", server.addr());
    eventually(PATIENCE, || match proxy.log() {
        log if log.contains(&line) => Ok(()),
        log => Err(log),
    });
    assert!(proxy.log().contains("topology.master names this server, which does not answer"));
    proxy.wire().cmd(&["SET", "k", "v"]).ok();
    assert_eq!(server.cmd(&["GET", "k"]).str(), "v");
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(proxy.log().matches(&line).count(), 1, "{}", proxy.log());
}

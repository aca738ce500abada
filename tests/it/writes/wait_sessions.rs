//! Clients whose replies wait for the replicas: what else may happen to them meanwhile.

use crate::support::*;

fn waiting(trio: &Trio, replicas: u32, timeout: &str) -> ConfigBuilder {
    Tidegate::for_trio(trio)
        .set("proxy", "watch-config", "false")
        .set("writes", "wait-replicas", &replicas.to_string())
        .set("writes", "wait-timeout", &format!("\"{timeout}\""))
}

fn both(trio: &mut Trio, change: fn(&mut RedisServer)) {
    trio.replicas.iter_mut().for_each(change);
}

fn until_blocked(master: &RedisServer, blocked: bool) {
    eventually(PATIENCE, || match master.info("clients").get("blocked_clients") {
        Some(count) if (count != "0") == blocked => Ok(()),
        other => Err(format!("{other:?} blocked")),
    });
}

fn until(proxy: &Tidegate, key: &str, value: &str) {
    eventually(PATIENCE, || {
        let log = proxy.log();
        let line = log.lines().rfind(|line| line.contains(&format!("reloaded {key}")));
        if line.is_some_and(|line| line.contains(&format!("-> {value}"))) {
            Ok(())
        } else {
            Err(log)
        }
    });
}

/// Replies stay in order while reloads switch the waiting off and on again.
#[test]
fn reloads_on_the_way_leave_the_order() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let config = |replicas| waiting(&trio, replicas, "3s").reads_from("master");
    let (two, none) = (config(2).toml(), config(0).toml());
    let mut proxy = config(2).start();
    let mut wire = proxy.wire();
    both(&mut trio, RedisServer::pause);
    wire.send(&["SET", "a", "1"]);
    until_blocked(&trio.master, true);
    proxy.reload(&none);
    until(&proxy, "writes.wait-replicas", "0");
    for request in [&["SET", "b", "2"][..], &["GET", "b"], &["INCR", "a"]] {
        wire.send(request);
    }
    eventually(PATIENCE, || match trio.master.cmd(&["GET", "a"]).str() {
        "2" => Ok(()),
        other => Err(other.to_owned()),
    });
    proxy.reload(&two);
    until(&proxy, "writes.wait-replicas", "2");
    for request in [&["INCR", "a"][..], &["GET", "a"]] {
        wire.send(request);
    }
    assert!(wire.read_reply().err().starts_with("NOACK "));
    wire.read_reply().ok();
    assert_eq!((wire.read_reply().str(), wire.read_reply()), ("2", Reply::Int(2)));
    assert!(wire.read_reply().err().starts_with("NOACK "));
    assert_eq!(wire.read_reply().str(), "3");
}

/// A client that is killed, disconnects or exceeds a limit affects no other client, and leaves
/// nothing behind.
#[test]
fn a_client_that_disconnects_while_waiting_leaves_nothing_behind() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let config = waiting(&trio, 1, "2s").set("proxy", "client-output-buffer-limit", "\"1mb\"");
    let proxy = config.start();
    let mut stays = proxy.wire();
    stays.cmd(&["SET", "large", &"x".repeat(400_000)]).ok();
    both(&mut trio, RedisServer::pause);
    let (mut killed, gone, mut greedy) = (proxy.wire(), proxy.wire(), proxy.wire());
    let id = killed.cmd(&["CLIENT", "ID"]).int().to_string();
    killed.send(&["SET", "k", "v"]);
    let mut gone = gone;
    gone.send(&["SET", "k", "v"]);
    for _ in 0..4 {
        greedy.send(&["GETEX", "large", "PERSIST"]);
    }
    stays.send(&["INCR", "n"]);
    until_blocked(&trio.master, true);
    drop(gone);
    assert_eq!(proxy.wire().cmd(&["CLIENT", "KILL", "ID", &id]).int(), 1);
    killed.expect_closed();
    assert!(greedy.expect_closed().is_empty(), "1.6 MB wait at a limit of 1 MB");
    both(&mut trio, RedisServer::resume);
    let reply = stays.read_reply();
    assert!(reply == Reply::Int(1) || reply.err().starts_with("NOACK "), "{reply:?}");
    until_blocked(&trio.master, false);
    eventually(PATIENCE, || {
        match Scrape::of(&proxy).sum("tidegate_backend_requests_in_flight", &[]) {
            0.0 => Ok(()),
            n => Err(format!("{n} in flight")),
        }
    });
    let clients = eventually(PATIENCE, || match Scrape::of(&proxy).sum("tidegate_clients", &[]) {
        n if n <= 1.0 => Ok(n),
        n => Err(format!("{n} clients")),
    });
    assert_eq!(clients, 1.0);
}

/// The master becomes a replica while the WAIT is under way.
#[test]
fn a_master_that_is_demoted_meanwhile_proves_nothing() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let proxy = waiting(&trio, 2, "20s").start();
    let mut wire = proxy.wire();
    wire.cmd(&["SET", "k", "v"]).ok();
    trio.replicas[1].pause();
    wire.send(&["SET", "k", "w"]);
    until_blocked(&trio.master, true);
    trio.replicas[0].promote();
    trio.master.replicate_from(trio.replicas[0].addr());
    let reply = wire.read_reply();
    assert!(reply.err().starts_with("NOACK "), "{reply:?}");
    trio.replicas[1].resume();
    trio.replicas[1].replicate_from(trio.replicas[0].addr());
    eventually(PATIENCE, || match wire.cmd(&["SET", "k", "x"]) {
        Reply::Simple(_) => Ok(()),
        other => Err(format!("{other:?}")),
    });
    assert_eq!(trio.replicas[0].cmd(&["GET", "k"]).str(), "x");
}

#[test]
fn five_hundred_wait_and_are_all_answered() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let proxy = waiting(&trio, 2, "60s").start();
    let mut wires: Vec<Wire> = (0..500).map(|_| proxy.wire()).collect();
    both(&mut trio, RedisServer::pause);
    for (n, wire) in wires.iter_mut().enumerate() {
        let key = format!("k{n}");
        wire.send_raw(&[encode(&["INCR", &key]), encode(&["INCR", &key])].concat());
    }
    eventually(PATIENCE, || match trio.master.cmd(&["DBSIZE"]).int() {
        500 => Ok(()),
        n => Err(format!("{n} keys")),
    });
    both(&mut trio, RedisServer::resume);
    for wire in &mut wires {
        assert_eq!((wire.read_reply(), wire.read_reply()), (Reply::Int(1), Reply::Int(2)));
    }
    let checks = Scrape::of(&proxy).sum("tidegate_wait_checks_total", &[]);
    assert!(checks <= 40.0, "{checks} checks for 1000 writes that came together");
}

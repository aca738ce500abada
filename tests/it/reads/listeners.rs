//! `[[listener]]`: a port as a policy for the reads of its clients.

use std::net::SocketAddr;

use super::{masters, text_of};
use crate::support::ports::free_port;
use crate::support::*;

fn listener(port: u16, keys: &str) -> String {
    format!("[[listener]]\nlisten = [\"127.0.0.1:{port}\"]\n{keys}\n")
}

fn at(port: u16) -> Wire {
    Wire::connect(SocketAddr::from(([127, 0, 0, 1], port)))
}

#[test]
fn a_port_has_a_policy_of_its_own_and_a_reload_changes_it() {
    let trio = Trio::spawn(Flavor::Redis70);
    let (strong, bounded) = (free_port(), free_port());
    // No replica becomes stale here, however slow the machine is.
    let config = Tidegate::for_trio(&trio).set("reads", "max-lag", "\"60s\"");
    let config = config.set("topology", "probe-timeout", "\"60s\"");
    let with = |level: &str| {
        let first = listener(strong, &format!("reads.consistency = \"{level}\""));
        let second = listener(bounded, "reads.from = \"replica\"");
        config
            .clone()
            .set("reads", "from", "\"any\"")
            .set("reads", "consistency", "\"bounded\"")
            .extra(&(first + &second))
            .toml()
    };
    let mut proxy = Tidegate::spawn(&with("strong"));
    wait_serving(&proxy, 2);
    let (mut wire, mut one, mut two) = (proxy.wire(), at(strong), at(bounded));
    let both = [masters(&trio, &mut one), masters(&trio, &mut two)];
    assert_eq!(both, [20, 0], "the master answers all, or none");
    // Without a listener, `reads.from = "any"` spreads the reads, one batch to one server.
    eventually(PATIENCE, || match masters(&trio, &mut wire) {
        0 => Err("no read at the master".to_owned()),
        _ => Ok(()),
    });
    let log = proxy.log();
    assert!(log.contains(&format!("listening on 127.0.0.1:{strong}")), "{log}");
    // The client's line has the address of its port.
    let line = one.cmd(&["CLIENT", "INFO"]).str().to_owned();
    assert!(line.contains(&format!(" laddr=127.0.0.1:{strong} ")), "{line}");
    let told = one.cmd(&["PROXY", "CONSISTENCY"]);
    assert_eq!(text_of(&told, "level"), "strong");

    proxy.reload(&with("bounded"));
    eventually(PATIENCE, || match text_of(&one.cmd(&["PROXY", "CONSISTENCY"]), "level") {
        level if level == "bounded" => Ok(()),
        level => Err(level),
    });
    eventually(PATIENCE, || {
        let count = masters(&trio, &mut one);
        if count == 0 { Ok(()) } else { Err(format!("the master answered {count} reads")) }
    });
    assert!(proxy.log().contains("reloaded listener[0].reads.consistency"), "{}", proxy.log());
}

#[test]
fn a_removed_listener_serves_by_the_section_reads_until_the_next_start() {
    let trio = Trio::spawn(Flavor::Redis70);
    let port = free_port();
    let config = Tidegate::for_trio(&trio).set("reads", "max-lag", "\"60s\"");
    let config = config.set("topology", "probe-timeout", "\"60s\"");
    let config = config.set("reads", "consistency", "\"bounded\"");
    let with = config.clone().extra(&listener(port, "reads.consistency = \"strong\""));
    let mut proxy = Tidegate::spawn(&with.toml());
    let mut wire = at(port);
    assert_eq!(masters(&trio, &mut wire), 20);
    proxy.reload(&format!("listener = []\n{}", config.toml()));
    eventually(PATIENCE, || match masters(&trio, &mut wire) {
        0 => Ok(()),
        count => Err(format!("the master answered {count} reads")),
    });
    assert_eq!(at(port).cmd(&["PING"]).str(), "PONG", "the port is open");
    let log = proxy.log();
    assert!(log.contains("reloaded listener[0].listen") && log.contains("(with the next start)"));
}

/// The replicas' links are silent, so that their lag grows and is proven.
#[test]
fn a_longer_max_lag_lets_replicas_serve_that_are_stale_for_others() {
    let trio = TamperedTrio::spawn(Flavor::Redis70);
    let port = free_port();
    let config = trio.config().set("reads", "max-lag", "\"300ms\"");
    let config = config.set("reads", "consistency", "\"bounded\"");
    let config = config.extra(&listener(port, "reads.max-lag = \"1h\""));
    let proxy = Tidegate::spawn(&config.toml());
    for link in &trio.links {
        link.blackhole();
    }
    trio.master.cmd(&["SET", "later", "v"]).ok();
    let mut wire = proxy.wire();
    eventually(PATIENCE, || {
        let lines = trio.replica_addrs().map(|addr| ReplicaLine::find(&mut wire, addr));
        let stale = |line: &Result<ReplicaLine, String>| {
            line.as_ref().is_ok_and(|line| line.get("state") == "stale")
        };
        if lines.iter().all(stale) { Ok(()) } else { Err(format!("{lines:?}")) }
    });
    let replicas = || trio.replicas.iter().map(|it| it.calls("strlen")).sum::<u64>();
    let read = |wire: &mut Wire| {
        let before = replicas();
        let asked: Vec<&[&str]> = vec![&["STRLEN", "k"]; 20];
        assert!(wire.pipeline(&asked).iter().all(|reply| !reply.is_err()));
        replicas() - before
    };
    assert_eq!(read(&mut wire), 0, "for this port they are stale");
    assert_eq!(read(&mut at(port)), 20);
    let mut other = at(port);
    let told = other.cmd(&["PROXY", "EXPLAIN", "STRLEN", "k"]);
    assert_ne!(text_of(&told, "route"), trio.master.addr().to_string(), "{told:?}");
    // A session has the same choice.
    assert_eq!(wire.cmd(&["PROXY", "CONSISTENCY", "bounded", "1h"]).str(), "OK");
    assert_eq!(read(&mut wire), 20);
    assert_eq!(wire.cmd(&["PROXY", "CONSISTENCY", "bounded"]).str(), "OK");
    assert_eq!(read(&mut wire), 0);
}

#[test]
fn an_address_that_is_taken_ends_the_start() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let port = server.addr().port();
    let config = ConfigBuilder::new(SocketAddr::from(([127, 0, 0, 1], free_port())), &[]);
    let config = config.extra(&listener(port, ""));
    let (status, log) = Tidegate::run_to_exit(&config.toml(), PATIENCE);
    assert!(!status.success());
    assert!(
        log.contains(&format!("cannot listen on 127.0.0.1:{port} (listener[0].listen)")),
        "{log}"
    );
}

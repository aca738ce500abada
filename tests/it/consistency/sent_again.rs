//! Writes that reach the master only with their second try are seen by later reads as well.

use super::{Lagging, Text};
use crate::support::*;

/// The connection for the transaction cannot be set up at first.
#[test]
fn a_read_sees_the_transaction_before_it_that_was_begun_anew() {
    let servers = Lagging::spawn(Flavor::Redis70);
    let way = FaultProxy::start(servers.trio.master.addr());
    for level in ["session", "global"] {
        let config = servers.trio.config().master(way.addr());
        let config = config.set("reads", "consistency", &format!("\"{level}\""));
        let config = config.set("reads", "max-lag", "\"60s\"");
        let config = config.set("topology", "connect-timeout", "\"300ms\"");
        let proxy = config.set("topology", "probe-timeout", "\"120s\"").start();
        wait_serving(&proxy, 2);
        let (mut wire, mut other) = (proxy.wire(), proxy.wire());
        // From here on the replicas hear nothing more.
        servers.trio.links.iter().for_each(|link| link.blackhole_of(Direction::ToClient));
        // A read at a replica, at which the session stays.
        wire.cmd(&["GET", "k"]);
        way.blackhole_of(Direction::ToClient);
        let requests: [&[&str]; 3] = [&["MULTI"], &["SET", "k", level], &["EXEC"]];
        wire.send_raw(&requests.iter().flat_map(|it| encode(it)).collect::<Vec<_>>());
        eventually(PATIENCE, || match proxy.log() {
            log if log.contains("no answer within 300ms") => Ok(()),
            log => Err(log),
        });
        way.heal();
        let replies = requests.map(|_| wire.read_reply());
        assert!(!replies[2].is_err() && !replies[2].is_null(), "{replies:?}");
        assert_eq!(wire.cmd(&["GET", "k"]).text().as_deref(), Some(level));
        if level == "global" {
            let seen = other.cmd(&["GET", "k"]).text();
            assert_eq!(seen.as_deref(), Some(level), "another client");
        }
        servers.trio.links.iter().for_each(FaultProxy::heal);
    }
}

/// The old master holds a write while it is paused, and refuses it when it is a replica.
#[test]
fn a_write_that_a_demoted_master_has_refused_bounds_later_reads() {
    let before: [&[&[&str]]; 3] = [&[], &[&["SUBSCRIBE", "c"]], &[&["MULTI"]]];
    let ends: [&[&[&str]]; 3] = [&[], &[], &[&["EXEC"]]];
    for (before, end) in before.into_iter().zip(ends) {
        let trio = Trio::spawn(Flavor::Redis70);
        let proxy = Tidegate::for_trio(&trio).set("reads", "consistency", "\"global\"").start();
        wait_serving(&proxy, 2);
        let mut wire = proxy.wire();
        wire.hello3();
        for request in before {
            assert!(!wire.cmd(request).is_err());
        }
        trio.wait_synced();
        let (old, [new, other]) = (&trio.master, &trio.replicas);
        old.cmd(&["CLIENT", "PAUSE", "60000", "WRITE"]).ok();
        wire.send(&["SET", "k", "v"]);
        end.iter().for_each(|request| wire.send(request));
        eventually(PATIENCE, || match old.cmd(&["CLIENT", "LIST"]).str() {
            list if list.contains("cmd=set") => Ok(()),
            list => Err(list.to_owned()),
        });
        new.promote();
        other.replicate_from(new.addr());
        old.replicate_from(new.addr());
        old.cmd(&["CLIENT", "UNPAUSE"]).ok();
        assert!(!wire.read_reply().is_err(), "{before:?}");
        end.iter().for_each(|_| assert_eq!(wire.read_reply().array().len(), 1));
        let mut reader = proxy.wire();
        eventually(PATIENCE, || {
            let pairs = reader.cmd(&["PROXY", "EXPLAIN", "GET", "k"]).pairs();
            let minimum = pairs.iter().find(|(name, _)| name.str() == "minimum_offset");
            match minimum {
                Some((_, offset)) if !offset.is_null() && offset.int() > 0 => Ok(()),
                _ => Err(format!("{before:?}: {pairs:?}")),
            }
        });
    }
}

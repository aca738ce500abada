//! Masters that refuse, and masters of other ages.

use std::time::{Duration, Instant};

use ::tidegate::topology::LinkState;
use tidegate_store::CallContext;
use tidegate_wire::resp::RespVersion;

use crate::support::fake_master::snapshot;
use crate::support::local::{each_flavor, errors, resyncs, stat};
use crate::support::*;

/// Waits until the engine has met with `code`, and says so.
#[track_caller]
fn wait_refused(local: &Local, master: &RedisServer, code: &str) {
    eventually(PATIENCE, || match local.engine.trouble() {
        Some(why) if why.contains(code) => Ok(()),
        other => Err(format!("{other:?}")),
    });
    assert!(errors(master, code) > 0);
    assert_eq!(local.link(), Ok(LinkState::Down), "replication is not halted: the cause may pass");
    assert_eq!(resyncs(master), (0, 0));
}

#[test]
fn wrong_logins() {
    each_flavor(|flavor| {
        let master = RedisServer::builder(flavor).requirepass("secret").start();
        let mut wire = master.wire();
        wire.cmd(&["SET", "k", "1"]).ok();
        let rules = ["ACL", "SETUSER", "lim", "on", ">pw", "+ping", "+replconf"];
        wire.cmd(&rules).ok();
        let local = Local::of(master.addr());
        wait_refused(&local, &master, "NOAUTH");
        local.set("masterauth", "\"wrong\"");
        wait_refused(&local, &master, "WRONGPASS");
        let connected = stat(&master, "total_connections_received");
        let began = Instant::now();
        local.set("masterauth", "\"pw\"");
        local.set("masteruser", "\"lim\"");
        wait_refused(&local, &master, "NOPERM");
        // Tried again, but not all the time.
        let tried = stat(&master, "total_connections_received") - connected;
        let most = 30 + 3 * began.elapsed().as_secs().saturating_sub(10);
        assert!(tried < most, "{tried} in {:?}", began.elapsed());
        wire.cmd(&["ACL", "SETUSER", "lim", "+psync"]).ok();
        local.engine.nudge();
        local.wait_value("k", "1");
        assert_eq!(resyncs(&master), (1, 0), "{flavor:?}");
    });
}

#[test]
fn a_refusal_is_retried_by_itself() {
    let master = RedisServer::builder(Flavor::Redis82).requirepass("old").start();
    let local = Local::with(master.addr(), &[("masterauth", "\"new\"")]);
    wait_refused(&local, &master, "WRONGPASS");
    master.cmd(&["CONFIG", "SET", "requirepass", "new"]).ok();
    local.wait_link(LinkState::Up);
}

#[test]
fn a_master_that_is_loading() {
    each_flavor(|flavor| {
        let mut master = RedisServer::builder(flavor)
            // Connections are served every 2 MB of a load.
            .args(&["--key-load-delay", "10000", "--rdbcompression", "no"])
            .start();
        master.cmd(&["DEBUG", "POPULATE", "300", "key", "30000"]).ok();
        master.cmd(&["SAVE"]).ok();
        let local = Local::of(master.addr());
        local.wait_equal(&master);
        master.restart();
        local.wait_equal(&master);
        assert!(errors(&master, "LOADING") > 0, "{flavor:?}: it was not loading long enough");
        assert!(stat(&master, "sync_full") <= 1);
    });
}

#[test]
fn a_replica_whose_own_link_is_down() {
    each_flavor(|flavor| {
        let nobody = ports::free_port();
        let middle =
            RedisServer::builder(flavor).replica_of(([127, 0, 0, 1], nobody).into()).start();
        let local = Local::of(middle.addr());
        wait_refused(&local, &middle, "NOMASTERLINK");
        let master = RedisServer::spawn(flavor);
        master.cmd(&["SET", "k", "1"]).ok();
        middle.replicate_from(master.addr());
        local.wait_value("k", "1");
        local.wait_equal(&master);
        assert_eq!(resyncs(&middle), (1, 0));
    });
}

#[test]
fn a_master_too_old_for_psync() {
    let master = FakeMaster::start(|call| {
        call.greet()?;
        call.send("-ERR unknown command 'PSYNC'\r\n")?;
        call.greet()?;
        let payload = snapshot(&[("k", "1")]);
        call.send(format!("\n${}\r\n", payload.len()))?;
        call.send(payload)?;
        call.command(&["SET", "k", "2"])?;
        match call.number {
            // Its own end, and no acks before.
            0 => assert!(!call.closes_within(Duration::from_millis(1500))),
            _ => call.hold()?,
        }
        Ok(())
    });
    let local = Local::of(master.addr());
    local.wait_value("k", "2");
    assert!(local.observed().unwrap().replid.bytes().all(|byte| byte == b'0'));
    eventually(PATIENCE, || match master.calls() {
        2.. => Ok(()),
        calls => Err(format!("{calls} calls")),
    });
    local.wait_link(LinkState::Up);
    local.wait_value("k", "2");
    assert_eq!(master.asked(), ["PSYNC ? -1", "SYNC", "PSYNC ? -1", "SYNC"]);
}

#[test]
fn a_continuation_that_was_not_asked_for() {
    let master = FakeMaster::start(|call| {
        if call.number == 0 {
            call.greet()?;
            call.send("+CONTINUE\r\n")?;
            return call.hold();
        }
        call.full(&snapshot(&[("k", "1")]))?;
        call.hold()
    });
    let local = Local::of(master.addr());
    local.wait_value("k", "1");
}

#[test]
fn a_host_that_does_not_answer_blocks_nothing() {
    // A listener whose queue is full: SYNs are dropped.
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    socket.listen(0).unwrap();
    let gone = socket.local_addr().unwrap().as_socket().unwrap();
    let wait = Duration::from_millis(200);
    let mut held = Vec::new();
    while let Ok(stream) = std::net::TcpStream::connect_timeout(&gone, wait) {
        held.push(stream);
    }
    let master = RedisServer::spawn(Flavor::Redis70);
    master.cmd(&["SET", "k", "1"]).ok();
    // An attempt to connect may take as long as this.
    let local = Local::with(gone, &[("repl-timeout", "\"1h\"")]);
    std::thread::sleep(wait);
    local.retarget(master.addr());
    local.wait_value("k", "1");
}

/// The master's own limits of packed values decide how the engine packs: in a snapshot, in the
/// stream, after a partial resync, after a restart from its own file, and where it may not ask.
#[test]
fn values_are_packed_by_the_masters_limits() {
    each_flavor(|flavor| {
        let older = flavor == Flavor::Redis62;
        let name =
            |name: &str| if older { name.replace("listpack", "ziplist") } else { name.into() };
        let master = RedisServer::spawn(flavor);
        let mut wire = master.wire();
        let mut set = |key: &str, value: &str| {
            wire.cmd(&["CONFIG", "SET", &name(key), value]).ok();
        };
        set("hash-max-listpack-entries", "3");
        set("zset-max-listpack-value", "5");
        set("set-max-intset-entries", "2");
        set("list-max-listpack-size", "4");
        let fill = |at: &str| {
            let mut wire = master.wire();
            let key = |kind: &str| format!("{kind}:{at}");
            wire.cmd(&["HSET", &key("h4"), "a", "1", "b", "2", "c", "3", "d", "4"]);
            wire.cmd(&["HSET", &key("h3"), "a", "1", "b", "2", "c", "3"]);
            wire.cmd(&["ZADD", &key("z6"), "1", "sixsix"]);
            wire.cmd(&["ZADD", &key("z5"), "1", "fives"]);
            wire.cmd(&["SADD", &key("s3"), "1", "2", "3"]);
            wire.cmd(&["SADD", &key("s2"), "1", "2"]);
            wire.cmd(&["RPUSH", &key("l5"), "1", "2", "3", "4", "5"]);
        };
        let compare = |local: &Local, at: &str| {
            for kind in ["h4", "h3", "z6", "z5", "s3", "s2", "l5"] {
                let key = format!("{kind}:{at}");
                let theirs = master.cmd(&["OBJECT", "ENCODING", &key]).str().to_owned();
                let ours = local.ask(0, &["OBJECT", "ENCODING", &key]);
                assert!(ours.contains(&format!("\r\n{theirs}\r\n")), "{flavor:?} {key}: {ours}");
            }
        };
        fill("snapshot");
        let local = Local::of(master.addr());
        local.wait_link(LinkState::Up);
        fill("stream");
        local.wait_equal(&master);
        compare(&local, "snapshot");
        compare(&local, "stream");
        set("hash-max-listpack-entries", "4");
        set("zset-max-listpack-value", "6");
        master.cmd(&["CLIENT", "KILL", "TYPE", "replica"]);
        eventually(PATIENCE, || match resyncs(&master) {
            (1, 1) => Ok(()),
            other => Err(format!("{other:?}")),
        });
        fill("partial");
        local.wait_equal(&master);
        compare(&local, "partial");
    });
}

/// A master that was built from a branch without a release says 255.255.255. The version of its
/// snapshot tells what it can load.
#[test]
fn a_build_without_a_release_is_known_by_its_snapshot() {
    for (header, wanted) in [("REDIS0009", 9), ("REDIS0010", 10), ("REDIS0011", 11)] {
        let plain = snapshot(&[("k", "v")]);
        let aux = b"\xfa\x09redis-ver\x0b255.255.255";
        let payload = [header.as_bytes(), aux, &plain[9..]].concat();
        let master = FakeMaster::start(move |call| {
            call.full(&payload)?;
            call.command(&["SET", "k", "w"])?;
            call.hold()
        });
        let local = Local::of(master.addr());
        local.wait_value("k", "w");
        let context = CallContext { db: 0, now_ms: 1, version: RespVersion::V2 };
        let mut dumped = Vec::new();
        local.engine.store().read(context, &[b"DUMP", b"k"], &mut dumped);
        // Eight bytes of checksum and a line's end are behind the version.
        let version = u16::from_le_bytes(*dumped[..dumped.len() - 10].last_chunk().unwrap());
        assert_eq!(version, wanted, "{header}");
    }
}

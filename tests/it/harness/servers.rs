//! The support does what it says: without this, a fault test could pass for want of a fault.

use std::io::{self, Read};
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::wire::READ_TIMEOUT;
use crate::support::*;

#[test]
fn every_flavor_starts_and_reports_its_version() {
    for flavor in Flavor::ALL {
        let server = RedisServer::spawn(flavor);
        let (key, prefix) = flavor.version();
        let info = server.info("server");
        let version = info.get(key).unwrap_or_else(|| panic!("{flavor:?} has no {key}"));
        assert!(version.starts_with(prefix), "{flavor:?} is {version}");
        assert_eq!(info.get("process_id"), Some(server.pid().to_string().as_str()));
        assert_eq!(server.digest(), "0".repeat(40), "{flavor:?}: DEBUG works and it is empty");
    }
}

#[test]
fn a_trio_replicates_on_every_flavor() {
    for flavor in Flavor::ALL {
        let trio = Trio::spawn(flavor);
        trio.master.cmd(&["SET", "k", "v"]).ok();
        trio.wait_synced();
        for replica in &trio.replicas {
            assert_eq!(replica.cmd(&["GET", "k"]).str(), "v", "{flavor:?}");
            assert_eq!(replica.digest(), trio.master.digest());
            assert_eq!(replica.calls("set"), 1);
        }
    }
}

#[test]
fn passwords_reach_from_replica_to_master() {
    let trio = Trio::spawn_with(Flavor::Redis70, |b| b.requirepass("s3").masterauth("s3"));
    let mut stranger = Wire::connect(trio.master.addr());
    assert!(stranger.cmd(&["GET", "k"]).err().starts_with("NOAUTH"));
    trio.master.cmd(&["SET", "k", "v"]).ok();
    trio.wait_synced();
    assert_eq!(trio.replicas[1].cmd(&["GET", "k"]).str(), "v");
}

#[test]
fn a_server_pauses_resumes_restarts_and_ends() {
    let mut server = RedisServer::spawn(Flavor::Redis70);
    let mut wire = server.wire();
    wire.set_timeout(Duration::from_millis(100));
    server.pause();
    let error = wire.try_cmd(&["PING"]).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    server.resume();
    wire.set_timeout(READ_TIMEOUT);
    assert_eq!(wire.read_reply().str(), "PONG");

    wire.cmd(&["SET", "k", "saved"]).ok();
    wire.cmd(&["SAVE"]).ok();
    let (port, pid) = (server.port(), server.pid());
    server.restart();
    assert!((server.port(), server.pid()) != (port, pid) && server.port() == port);
    assert_eq!(server.cmd(&["GET", "k"]).str(), "saved");
    wire.expect_closed();

    let (addr, dir) = (server.addr(), server.dir().to_owned());
    drop(server);
    assert!(Wire::try_connect(addr).is_err(), "dropped, but it still listens");
    assert!(!dir.exists(), "dropped, but its directory is there");
}

#[test]
fn a_taken_port_is_refused_or_replaced() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let port = server.port();
    let second = thread::spawn(move || RedisServer::builder(Flavor::Redis70).port(port).start());
    assert!(second.join().is_err(), "two servers on one port");
}

#[test]
fn wire_reads_every_resp3_type() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let mut wire = Wire::connect3(server.addr());
    // First, because a push announces the reply proper, which follows it.
    let push = wire.cmd(&["DEBUG", "PROTOCOL", "push"]);
    assert!(matches!(push, Reply::Push(items) if items.len() == 2));
    assert!(wire.read_reply().str().contains("following the push"));
    let mut debug = |kind: &str| wire.cmd(&["DEBUG", "PROTOCOL", kind]);
    assert_eq!(debug("string").str(), "Hello World");
    assert_eq!(debug("integer").int(), 12345);
    assert!(matches!(debug("double"), Reply::Double(value) if value.to_string() == "3.141"));
    assert!(debug("null").is_null());
    assert_eq!(debug("array").array().len(), 3);
    assert_eq!(debug("set"), Reply::Set(vec![Reply::Int(0), Reply::Int(1), Reply::Int(2)]));
    assert_eq!(debug("map").pairs()[1], (Reply::Int(1), Reply::Bool(true)));
    assert!(matches!(debug("attrib"), Reply::Attribute(pairs, _) if pairs.len() == 1));
    assert_eq!(debug("true"), Reply::Bool(true));
    assert!(matches!(debug("bignum"), Reply::BigNumber(text) if text.starts_with("123456")));
    assert!(matches!(debug("verbatim"), Reply::Verbatim(format, _) if format == "txt"));
    assert!(wire.cmd(&["NONSENSE"]).err().starts_with("ERR unknown command"));
}

#[test]
fn wire_hands_out_exact_bytes_and_survives_a_timeout_in_mid_frame() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut wire = Wire::connect(listener.local_addr().unwrap());
    let (mut peer, _) = listener.accept().unwrap();
    let raw = b"|1\r\n+ttl\r\n:3\r\n%1\r\n$1\r\na\r\n*2\r\n_\r\n,1.5\r\n";
    io::Write::write_all(&mut peer, &raw[..25]).unwrap();
    wire.set_timeout(Duration::from_millis(20));
    assert_eq!(wire.try_read_raw_reply().unwrap_err().kind(), io::ErrorKind::TimedOut);
    io::Write::write_all(&mut peer, &raw[25..]).unwrap();
    io::Write::write_all(&mut peer, b"*-1\r\n$-1\r\n").unwrap();
    wire.set_timeout(READ_TIMEOUT);
    assert_eq!(wire.read_raw_reply(), raw);
    assert_eq!(wire.read_raw_reply(), b"*-1\r\n");
    assert_eq!(wire.read_raw_reply(), b"$-1\r\n");
    wire.expect_silence(Duration::from_millis(20));

    wire.send(&["SET", "k", "v"]);
    let mut request = [0; 27];
    peer.read_exact(&mut request).unwrap();
    assert_eq!(&request, b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n");
    drop(peer);
    assert!(wire.expect_closed().is_empty());
}

#[test]
fn the_fault_proxy_delays_silences_cuts_and_heals() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let fault = FaultProxy::start_seeded(server.addr(), 1);
    let mut wire = Wire::connect(fault.addr());
    let ping = |wire: &mut Wire| {
        let started = Instant::now();
        assert_eq!(wire.cmd(&["PING"]).str(), "PONG");
        started.elapsed()
    };
    ping(&mut wire);
    fault.set_delay(Duration::from_millis(50));
    assert!(ping(&mut wire) >= Duration::from_millis(100));
    fault.heal();

    fault.blackhole();
    wire.send(&["PING"]);
    wire.expect_silence(Duration::from_millis(60));
    fault.heal();
    assert_eq!(wire.read_reply().str(), "PONG", "held back, not lost");

    fault.cut();
    wire.expect_closed();
    assert!(Wire::try_connect(fault.addr()).is_err(), "cut, but connecting works");
    assert_eq!(fault.open(), 0);
    fault.heal();
    let mut wire = Wire::connect(fault.addr());
    ping(&mut wire);
    assert_eq!((fault.accepted(), fault.open()), (2, 1));

    fault.reset_all();
    let error = wire.try_read_reply().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset, "{error}");
    ping(&mut Wire::connect(fault.addr()));
}

#[test]
fn the_fault_proxy_splits_slows_and_cuts_in_mid_reply() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let value = "x".repeat(20_000);
    server.cmd(&["SET", "k", &value]).ok();
    let fault = FaultProxy::start_seeded(server.addr(), 1);

    fault.split(100);
    let mut wire = Wire::connect(fault.addr());
    wire.send(&["GET", "k"]);
    let mut buffer = vec![0; 20_000];
    let len = wire.stream().read(&mut buffer).unwrap();
    assert!(len < 10_000, "{len} bytes at once are no crumbs");
    drop(wire);
    assert_eq!(Wire::connect(fault.addr()).cmd(&["GET", "k"]).str(), value);
    fault.heal();

    fault.set_rate(100_000);
    let started = Instant::now();
    assert_eq!(Wire::connect(fault.addr()).cmd(&["GET", "k"]).str(), value);
    let elapsed = started.elapsed();
    assert!(elapsed >= Duration::from_millis(180), "20 kB at 100 kB/s took {elapsed:?}");
    fault.heal();

    fault.cut_after(Direction::ToClient, 500);
    let mut wire = Wire::connect(fault.addr());
    wire.send(&["GET", "k"]);
    let mut received = Vec::new();
    let _ = wire.stream().read_to_end(&mut received);
    assert_eq!(received.len(), 500);
    assert_eq!(Wire::connect(fault.addr()).cmd(&["PING"]).str(), "PONG");
}

#[test]
fn a_replica_behind_a_fault_proxy_loses_its_link_and_catches_up() {
    let master = RedisServer::spawn(Flavor::Redis70);
    let fault = FaultProxy::start(master.addr());
    let replica = RedisServer::builder(Flavor::Redis70).replica_of(fault.addr()).start();
    master.wait_synced(&replica);
    fault.cut();
    eventually(PATIENCE, || match replica.info("replication").get("master_link_status") {
        Some("down") => Ok(()),
        other => Err(format!("{other:?}")),
    });
    master.cmd(&["SET", "k", "v"]).ok();
    fault.heal();
    master.wait_synced(&replica);
    assert_eq!(replica.cmd(&["GET", "k"]).str(), "v");
}

#[test]
fn eventually_waits_and_gives_up() {
    let started = Instant::now();
    let mut tries = 0;
    let value = eventually(PATIENCE, || {
        tries += 1;
        if tries == 3 { Ok(7) } else { Err("not yet".into()) }
    });
    assert_eq!((value, tries), (7, 3));
    assert!(started.elapsed() >= Duration::from_millis(20));
    let gave_up = thread::spawn(|| {
        eventually(Duration::from_millis(30), || Err::<(), _>("never".into()));
    });
    let message = gave_up.join().unwrap_err();
    let message = message.downcast_ref::<String>().unwrap();
    assert!(message.contains("never"), "{message}");
}

#[test]
fn a_program_that_ends_at_once_is_reported_with_its_log() {
    let dir = tempfile::tempdir().unwrap();
    let script = dir.path().join("proxy");
    std::fs::write(&script, "#!/bin/sh\necho \"reason: $1\"; exit 64\n").unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&script, mode).unwrap();
    let ended = thread::spawn(move || Tidegate::spawn_program(&script, ""));
    let message = *ended.join().unwrap_err().downcast::<String>().unwrap();
    assert!(message.contains("exit status: 64"), "{message}");
    assert!(message.contains("reason: --config"), "{message}");
}

/// A plain server in the proxy's place, started by a shell that reads the port from the file.
#[test]
fn a_program_in_the_proxys_place_is_started_signalled_and_ended() {
    let dir = tempfile::tempdir().unwrap();
    let script = dir.path().join("proxy");
    let server = Flavor::Redis70.binary();
    let text = format!(
        "#!/bin/sh\nport=$(sed -n 's/^listen = \\[\"127.0.0.1:\\(.*\\)\"\\]$/\\1/p' \"$2\")\n\
         exec '{}' --port \"$port\" --save ''\n",
        server.display()
    );
    std::fs::write(&script, text).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&script, mode).unwrap();

    let config = ConfigBuilder::new("127.0.0.1:1".parse().unwrap(), &[]).reads_from("master");
    let mut proxy = Tidegate::spawn_program(&script, &config.toml());
    assert_eq!(proxy.wire().cmd(&["ECHO", "hi"]).str(), "hi");
    let text = std::fs::read_to_string(proxy.config_path()).unwrap();
    assert!(text.contains("from = \"master\"") && !text.contains('@'), "{text}");
    proxy.assert_alive();
    proxy.sigterm();
    assert!(proxy.wait_exit(PATIENCE).success());
    assert!(proxy.log().contains("SIGTERM"));
}

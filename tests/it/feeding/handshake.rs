//! What the engine answers before it feeds, beside a real replica of the same master: the same bytes.

use std::io::Read;
use std::net::{SocketAddr, TcpStream};

use super::*;
use crate::support::*;

/// What a side answers to the same requests, up to the end of the connection or the answer to the
/// last request.
fn talk(addr: SocketAddr, parts: &[(&[u8], bool)]) -> Vec<u8> {
    let mut wire = Wire::connect(addr);
    let mut all = Vec::new();
    for (bytes, is_answered) in parts {
        if wire.try_send_raw(bytes).is_err() {
            break;
        }
        if *is_answered {
            match wire.try_read_raw_reply() {
                Ok(reply) => all.extend(reply),
                Err(_) => break,
            }
        }
    }
    // A client that is still one gets this answer. A replica is closed, because it may ask nothing.
    drop(wire.try_send_raw(&encode(&["ECHO", "the end"])));
    match wire.try_read_raw_reply() {
        Ok(reply) => all.extend(reply),
        Err(error) => {
            assert!(!wire::is_timeout(&error), "still open");
            all.extend(b"closed");
        }
    }
    all
}

/// A master that sends nothing by itself, the engine and a real replica that follow it.
fn both() -> (RedisServer, ReplicaPort, RedisServer) {
    let master =
        RedisServer::builder(Flavor::Redis70).args(&["--repl-ping-replica-period", "3600"]).start();
    let port = ReplicaPort::synced(&engine(&master), &master);
    let replica = RedisServer::builder(Flavor::Redis70)
        .replica_of(master.addr())
        .arg("--repl-diskless-sync-delay", "0")
        .start();
    master.wait_synced(&replica);
    // Both keep a part of the stream.
    for n in 0..20 {
        master.cmd(&["SET", "k", &n.to_string()]).ok();
    }
    master.wait_synced(&replica);
    port.wait_for(&master);
    (master, port, replica)
}

#[test]
fn the_same_requests_get_the_same_answers_as_at_a_real_replica() {
    let (master, port, replica) = both();
    let replid = master.info("replication").get("master_replid").unwrap().to_owned();
    let upper = replid.to_uppercase();
    let next = (master.offset() + 1).to_string();
    let other = "a".repeat(40);
    let long = "x".repeat(300);
    // What is sent, line by line; a line that gets no answer begins with a dash.
    let cases: Vec<Vec<String>> = [
        "PSYNC ? abc".to_owned(),
        "REPLCONF".to_owned(),
        "REPLCONF listening-port x".to_owned(),
        "REPLCONF listening-port".to_owned(),
        "REPLCONF listening-port 70000".to_owned(),
        format!("REPLCONF ip-address {long}"),
        "REPLCONF rdb-filter-only foo".to_owned(),
        "REPLCONF rdb-filter-only functions;PSYNC ? -1".to_owned(),
        "REPLCONF rdb-only 2".to_owned(),
        "REPLCONF rdb-only x".to_owned(),
        "REPLCONF nosuch 1".to_owned(),
        "REPLCONF capa nosuch".to_owned(),
        "-REPLCONF ack 1".to_owned(),
        "-REPLCONF ack x".to_owned(),
        "-REPLCONF getack *".to_owned(),
        "MULTI;PSYNC ? -1".to_owned(),
        "MULTI;REPLCONF capa eof;EXEC".to_owned(),
        format!("SUBSCRIBE a;PSYNC {replid} {next}"),
        format!("PSYNC {replid} {next}"),
        format!("PSYNC {upper} {next}"),
        format!("REPLCONF capa psync2;PSYNC {replid} {next}"),
        format!("PSYNC {replid} {next};-REPLCONF ack 3"),
        format!("PSYNC {replid} {next};-SYNC;-PSYNC ? -1"),
        format!("PSYNC {replid} {next};-REPLCONF listening-port 1"),
        format!("PSYNC {replid} {next};-REPLCONF getack *"),
        format!("PSYNC {replid} {next};-QUIT"),
        format!("PSYNC {replid} {next};-GET a"),
        format!("PSYNC {replid} {next} x"),
        format!("PSYNC {other} {next} FAILOVER"),
        "PSYNC".to_owned(),
        "SYNC 1".to_owned(),
    ]
    .iter()
    .map(|case| case.split(';').map(str::to_owned).collect())
    .collect();
    for case in &cases {
        let parts: Vec<(Vec<u8>, bool)> = case
            .iter()
            .map(|line| match line.strip_prefix('-') {
                Some(line) => (encode(&line.split(' ').collect::<Vec<_>>()), false),
                None => (encode(&line.split(' ').collect::<Vec<_>>()), true),
            })
            .collect();
        let parts: Vec<_> = parts.iter().map(|(bytes, is)| (bytes.as_slice(), *is)).collect();
        let (ours, theirs) = (talk(port.addr(), &parts), talk(replica.addr(), &parts));
        assert_eq!(
            String::from_utf8_lossy(&ours),
            String::from_utf8_lossy(&theirs),
            "{case:?}\n{}",
            port.proxy.log()
        );
    }
    // Replies that still wait forbid it.
    let burst = [encode(&["PING"]), encode(&["PSYNC", "?", "-1"])].concat();
    let burst = [(burst.as_slice(), true), (&b""[..], true)];
    assert_eq!(talk(port.addr(), &burst), talk(replica.addr(), &burst));
}

#[test]
fn what_cannot_be_fed_is_told_as_servers_tell_it() {
    let (mut master, port, replica) = both();
    master.kill();
    eventually(PATIENCE, || {
        let is_down = |info: &server::Info| info.get("master_link_status") == Some("down");
        match is_down(&port.info("replication")) && is_down(&replica.info("replication")) {
            true => Ok(()),
            false => Err("a link is up".to_owned()),
        }
    });
    let ask = |addr| Wire::connect(addr).cmd(&["PSYNC", "?", "-1"]);
    let answer = ask(port.addr());
    assert_eq!(format!("{answer:?}"), format!("{:?}", ask(replica.addr())));
    assert!(format!("{answer:?}").contains("NOMASTERLINK"), "{answer:?}");
    for at in [port.addr(), replica.addr()] {
        let wait = Wire::connect(at).cmd(&["WAIT", "0", "0"]);
        assert!(format!("{wait:?}").contains("WAIT cannot be used with replica instances"));
    }
}

/// Garbage ends its own connection and nothing else.
#[test]
fn garbage_and_half_handshakes_harm_no_other_replica() {
    let (master, port, _replica) = both();
    let sub = RedisServer::builder(Flavor::Redis70).replica_of(port.addr()).start();
    wait_following(&sub, port.addr().port(), &master);
    let replid = master.info("replication").get("master_replid").unwrap().to_owned();
    let psync = encode(&["PSYNC", &replid, &(master.offset() + 1).to_string()]);
    let mut random = fastrand::Rng::with_seed(11);
    let mut open = Vec::new();
    for round in 0..60 {
        let mut stream = TcpStream::connect(port.addr()).unwrap();
        let mut bytes = Vec::new();
        if round % 2 == 0 {
            bytes.extend(encode(&["REPLCONF", "listening-port", "1", "capa", "eof"]));
        }
        if round % 3 == 0 {
            bytes = psync.clone();
        }
        bytes.extend((0..random.usize(..2000)).map(|_| random.u8(..)));
        // An end in the midst of a request.
        bytes.truncate(random.usize(..bytes.len().max(1)));
        drop(std::io::Write::write_all(&mut stream, &bytes));
        match round % 4 {
            0 => open.push(stream),
            1 => drop(stream.shutdown(std::net::Shutdown::Write)),
            _ => drop(stream),
        }
    }
    // A replica that sends no acks, but bytes that are no request.
    let mut stream = TcpStream::connect(port.addr()).unwrap();
    std::io::Write::write_all(&mut stream, &psync).unwrap();
    std::io::Write::write_all(&mut stream, b"*1\r\n$x\r\n").unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer));
    assert!(answer.starts_with(b"+CONTINUE"), "{}", answer.escape_ascii());
    Writer::new(&master, 3).write(200);
    wait_following(&sub, port.addr().port(), &master);
    assert_eq!(sub.digest(), master.digest());
    assert_eq!(
        number(&port, "stats", "sync_full"),
        1 + full_of_garbage(&port),
        "it never came back"
    );
}

/// How many full resyncs the garbage has begun.
fn full_of_garbage(port: &ReplicaPort) -> i64 {
    number(port, "stats", "sync_full") - 1
}

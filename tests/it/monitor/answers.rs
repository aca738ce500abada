//! The monitor before servers that do not answer as a healthy one does.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::watch::{Watch, at, config, look, show};
use crate::support::{Flavor, PATIENCE, RedisServer, Trio, eventually};

#[test]
fn a_server_that_loads_its_data_serves_nothing() {
    let trio = Trio::spawn(Flavor::Redis70);
    let mut replica = RedisServer::builder(Flavor::Redis70)
        .replica_of(trio.master.addr())
        // A callback, and thereby answers, every 1 kB; 1 ms for each key.
        .arg("--loading-process-events-interval-bytes", "1024")
        .arg("--key-load-delay", "2000")
        .start();
    for keys in 0..1000 {
        trio.master.cmd(&["SET", &format!("key:{keys}"), &"v".repeat(100)]).ok();
    }
    trio.master.wait_synced(&replica);
    let (master, addr) = (trio.master.addr(), replica.addr());
    let watch = Watch::start(config(master, Some(&[addr]), ""));
    watch.until_whole(master, &[addr]);
    replica.cmd(&["SAVE"]).ok();
    let health = Arc::clone(&at(&watch.now(), addr).unwrap().health);
    assert!(health.failed(1_000_000, 0.5));
    thread::scope(|scope| {
        let restarted = scope.spawn(|| replica.restart());
        watch.until(|now| at(now, addr).is_some_and(|b| b.excluded.as_deref() == Some("loading")));
        assert!(health.is_resting(1_000_010), "loading is no reason to come back");
        restarted.join().unwrap();
    });
    watch.until_whole(master, &[addr]);
}

/// Answers the n-th thing that it reads with the n-th of `answers`, whatever it is.
fn fake_server(answers: Vec<Vec<u8>>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, answers) = (stream.unwrap(), answers.clone());
            thread::spawn(move || {
                let mut question = [0; 4096];
                for answer in answers {
                    let _ = stream.read(&mut question);
                    let _ = stream.write_all(&answer);
                }
                let _ = stream.read_to_end(&mut Vec::new());
            });
        }
    });
    addr
}

#[test]
fn invalid_and_endless_answers_affect_no_client() {
    let server = RedisServer::spawn(Flavor::Redis70);
    // HELLO, CLIENT SETINFO; then all questions at once.
    let with = |rest: &[u8]| {
        let greeting = [&b"*2\r\n$2\r\nid\r\n:1\r\n"[..], b"+OK\r\n"];
        fake_server([&greeting[..], &[rest]].concat().iter().map(|a| a.to_vec()).collect())
    };
    let deep = [&b"*1\r\n".repeat(200_000)[..], b":1\r\n"].concat();
    let long = [&b"$2000000\r\n"[..], &vec![b'x'; 2_000_002]].concat();
    let bad = [
        (fake_server(vec![b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()]), "no answer within"),
        (with(b"@@@\r\n"), "does not speak the Redis protocol"),
        (with(&deep), "does not speak the Redis protocol"),
        (with(&long), "an answer exceeds 1048576 bytes"),
        (with(&b"*0\r\n".repeat(7)), "its answer to ROLE makes no sense"),
        (with(b"*1\r\n$5\r\nfunny\r\n*0\r\n*0\r\n*0\r\n*0\r\n*0\r\n*0\r\n"), "its role is funny"),
        (with(b"+half"), "no answer within"),
    ];
    let replicas: Vec<_> = bad.iter().map(|(addr, _)| *addr).collect();
    let more = "connect-timeout = \"2s\"\n";
    let found = look(config(server.addr(), Some(&replicas), more));
    assert_eq!(found.sole_shard().master().unwrap().addr.port, server.port());
    for (addr, why) in bad {
        let excluded = at(&found, addr).unwrap().excluded.clone().unwrap();
        assert!(excluded.starts_with(why), "{excluded}, not {why}");
    }
}

#[test]
fn a_server_that_is_busy_with_a_script_keeps_its_role() {
    for flavor in [Flavor::Redis62, Flavor::Redis70, Flavor::Valkey91] {
        let server = RedisServer::builder(flavor).arg("--lua-time-limit", "100").start();
        let watch = Watch::start(config(server.addr(), None, ""));
        watch.until_whole(server.addr(), &[]);
        let before = watch.now();
        let mut script = server.wire();
        script.send(&["EVAL", "while true do end", "0"]);
        eventually(PATIENCE, || match server.cmd(&["ROLE"]) {
            reply if reply.is_err() && reply.err().starts_with("BUSY") => Ok(()),
            reply => Err(format!("{reply:?}")),
        });
        thread::sleep(Duration::from_millis(2500));
        let during = watch.now();
        server.cmd(&["SCRIPT", "KILL"]).ok();
        assert!(script.read_reply().is_err());
        assert_eq!(show(&during), show(&before));
        assert!(during.sole_shard().master().is_some());
    }
}

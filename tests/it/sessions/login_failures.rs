//! Failed logins are counted, told and slowed down; the topology's login goes to its servers only.

use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use crate::support::*;

fn spawn(config: impl FnOnce(ConfigBuilder) -> ConfigBuilder) -> (RedisServer, ReplicaPort) {
    let master = RedisServer::builder(Flavor::Redis70).requirepass("backend").start();
    let base = ReplicaPort::of(&master).set("topology", "masterauth", "\"backend\"").set(
        "proxy",
        "requirepass",
        "\"front\"",
    );
    let own = ReplicaPort::start(&config(base));
    (master, own)
}

fn ports(own: &ReplicaPort) -> [(&'static str, SocketAddr); 2] {
    [("proxy", own.proxy.addr()), ("replica", own.addr())]
}

#[test]
fn the_engines_port_has_the_proxys_password() {
    let (_master, own) = spawn(|config| config);
    let mut wire = own.wire();
    for words in [&["GET", "k"][..], &["CONFIG", "GET", "*"], &["SHUTDOWN"], &["INFO"]] {
        assert!(wire.cmd(words).err().starts_with("NOAUTH"), "{words:?}");
    }
    wire.cmd(&["AUTH", "front"]).ok();
    let told = wire.cmd(&["CONFIG", "GET", "*"]).strings();
    assert!(!told.iter().any(|text| ["front", "backend"].contains(&text.as_str())), "{told:?}");
    let value = |name: &str| told[told.iter().position(|it| it == name).unwrap() + 1].clone();
    assert_eq!((value("requirepass"), value("masterauth")), ("***".into(), String::new()));
    let info = wire.cmd(&["INFO", "everything"]);
    assert!(!info.str().contains("front") && !info.str().contains("backend"), "{info:?}");
    // One of its own comes first.
    wire.cmd(&["CONFIG", "SET", "requirepass", "own"]).ok();
    assert!(own.cmd(&["AUTH", "front"]).err().starts_with("WRONGPASS"));
    own.cmd(&["AUTH", "own"]).ok();
}

#[test]
fn a_port_that_is_open_to_others_needs_a_password() {
    let master = RedisServer::spawn(Flavor::Redis70);
    let open = ReplicaPort::of(&master).set("replica", "listen", "\"0.0.0.0:0\"");
    let (status, log) = Tidegate::run_to_exit(&open.toml(), PATIENCE);
    assert!(!status.success() && log.contains("is open to other machines"), "{log}");
    drop(open.set("replica", "requirepass", "\"own\"").start());
    // Nor may the password be taken away.
    let open = ReplicaPort::of(&master).set("replica", "listen", "\"0.0.0.0:0\"");
    let own = ReplicaPort::start(&open.set("replica", "requirepass", "\"own\""));
    let mut wire = Wire::connect(([127, 0, 0, 1], own.addr().port()).into());
    wire.cmd(&["AUTH", "own"]).ok();
    let refused = wire.cmd(&["CONFIG", "SET", "requirepass", ""]);
    assert!(refused.err().contains("is open to other machines"), "{refused:?}");
}

#[test]
fn wrong_passwords_are_counted_logged_and_delayed() {
    let (_master, own) = spawn(|config| config);
    for (name, addr) in ports(&own) {
        let mut other = Wire::connect(addr);
        other.cmd(&["AUTH", "front"]).ok();
        let began = Instant::now();
        // On as many connections as there are guesses: the address is what counts.
        for guess in 0..30 {
            let mut wire = Wire::connect(addr);
            let guess = format!("guess{guess}");
            let words = [&["AUTH", &guess][..], &["HELLO", "3", "AUTH", "default", &guess]];
            assert!(wire.cmd(words[guess.len() % 2]).err().starts_with("WRONGPASS"));
        }
        // Twenty at once, one per 0.1 s from then on, and the next one waits too.
        let mut late = Wire::connect(addr);
        late.send(&["AUTH", "front"]);
        late.send(&["PING"]);
        assert!(other.cmd(&["PING"]).str() == "PONG", "others do not wait");
        late.read_reply().ok();
        assert_eq!(late.read_reply().str(), "PONG");
        assert!(began.elapsed() >= Duration::from_millis(1000), "{name}: {:?}", began.elapsed());
        let page = Scrape::of(&own.proxy);
        let told = page.value("tidegate_login_failures_total", &[("port", name)]);
        assert_eq!(told, Some(30.0), "{name}");
    }
    let log = own.proxy.log();
    let told = |text: &str| log.lines().filter(|line| line.contains(text)).count();
    assert_eq!((told("a login failed"), told("replica's port failed")), (5, 5), "{log}");
    assert!(!log.contains("guess"), "{log}");
}

/// Takes one connection and tells what came on it.
fn eavesdrop() -> (SocketAddr, std::thread::JoinHandle<String>) {
    use std::io::{Read, Write};
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let heard = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
        let mut all = Vec::new();
        let mut buffer = [0; 4096];
        while let Ok(read @ 1..) = stream.read(&mut buffer) {
            all.extend_from_slice(&buffer[..read]);
            // Whatever it asks: go on.
            let words = all.iter().filter(|byte| **byte == b'*').count();
            let _ = stream.write_all(&b"+OK\r\n".repeat(words));
        }
        String::from_utf8_lossy(&all).into_owned()
    });
    (addr, heard)
}

#[test]
fn the_topologys_login_goes_to_its_servers_only() {
    let (master, own) = spawn(|config| config);
    let mut wire = own.wire();
    wire.cmd(&["AUTH", "front"]).ok();
    let up = |wire: &mut Wire| {
        eventually(PATIENCE, || {
            let info = wire.cmd(&["INFO", "replication"]).str().to_owned();
            if info.contains("master_link_status:up") { Ok(()) } else { Err(info) }
        });
    };
    up(&mut wire);
    let (addr, heard) = eavesdrop();
    wire.cmd(&["REPLICAOF", "127.0.0.1", &addr.port().to_string()]).ok();
    let heard = heard.join().unwrap();
    assert!(heard.contains("PING") && !heard.contains("backend"), "{heard}");
    assert!(own.proxy.log().contains("is not sent the login of [topology]"), "{}", own.proxy.log());
    // A server of the topology is given it, under another name too.
    wire.cmd(&["REPLICAOF", "localhost", &master.port().to_string()]).ok();
    up(&mut wire);
}

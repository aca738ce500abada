//! What is said to the engine at run time, and reloads of the file.

use std::time::Duration;

use crate::support::*;

#[test]
fn a_reload_keeps_what_was_said_unless_the_file_says_something_new() {
    let (first, second) =
        (RedisServer::spawn(Flavor::Redis70), RedisServer::spawn(Flavor::Redis70));
    let dir = tempfile::tempdir().unwrap();
    let config = |clients: &str, follows: &RedisServer| {
        ConfigBuilder::new(first.addr(), &[])
            .unset("topology", "replicas")
            .set("proxy", "max-clients", clients)
            .set("replica", "enabled", "true")
            .set("replica", "listen", "\"127.0.0.1:0\"")
            .set("replica", "replicaof", &format!("\"{}\"", follows.addr()))
            .set("replica", "dir", &format!("{:?}", dir.path()))
            .toml()
    };
    let mut proxy = Tidegate::spawn(&config("1000", &first));
    let mut wire = engine_wire(&proxy);
    let mut follows = |server: &RedisServer| {
        let port = server.port().to_string();
        eventually(PATIENCE, || match wire.cmd(&["INFO", "replication"]).str() {
            info if info.contains(&format!("master_port:{port}\r\n")) => Ok(()),
            info => Err(info.to_owned()),
        });
    };
    follows(&first);
    let mut other = engine_wire(&proxy);
    other.cmd(&["REPLICAOF", "127.0.0.1", &second.port().to_string()]).ok();
    follows(&second);
    proxy.reload(&config("100", &first));
    eventually(PATIENCE, || match proxy.log().contains("max-clients") {
        true => Ok(()),
        false => Err(proxy.log()),
    });
    follows(&second);
    // The file says another thing than before: that counts.
    let third = RedisServer::spawn(Flavor::Redis70);
    proxy.reload(&config("100", &third));
    follows(&third);
}

/// A connection to the engine's own port, which the log tells.
fn engine_wire(proxy: &Tidegate) -> Wire {
    let log = proxy.log();
    let at = log.split("the engine listens on ").nth(1).unwrap();
    Wire::connect(at.split_whitespace().next().unwrap().parse().unwrap())
}

/// While the proxy knows no master, the engine keeps following its last one, as a replica does.
#[test]
fn a_master_that_is_lost_is_still_the_one_to_follow() {
    let mut master = RedisServer::spawn(Flavor::Redis70);
    master.cmd(&["SET", "k", "1"]).ok();
    let port = ReplicaPort::synced(&ReplicaPort::of(&master), &master);
    master.kill();
    eventually(PATIENCE, || match port.proxy.log() {
        log if log.contains("master lost") => Ok(()),
        log => Err(log),
    });
    std::thread::sleep(Duration::from_millis(500));
    let info = port.info("replication");
    assert_eq!(info.get("master_link_status"), Some("down"));
    assert_eq!(info.get("master_host"), Some("127.0.0.1"), "{}", port.proxy.log());
    assert!(info.get("master_link_down_since_seconds").unwrap().parse::<u64>().is_ok());
    assert_eq!(port.cmd(&["GET", "k"]).str(), "1");
    master.restart();
    master.cmd(&["SET", "k", "2"]).ok();
    eventually(PATIENCE, || match port.cmd(&["GET", "k"]) {
        Reply::Bulk(value) if value == b"2".as_slice() => Ok(()),
        other => Err(format!("{other:?}\n{}", port.proxy.log())),
    });
}

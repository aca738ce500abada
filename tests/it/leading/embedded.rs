//! A configuration that names no server runs a master and its replicas in the process: a first run
//! needs no other program, and everything works as with real servers.

use std::net::SocketAddr;

use crate::support::ports::free_port;
use crate::support::server::Info;
use crate::support::*;

/// A process with embedded servers, and their addresses, the master first.
pub struct Embedded {
    pub proxy: Tidegate,
    pub servers: Vec<SocketAddr>,
}

/// A configuration that names no server.
pub fn embedded(dir: &std::path::Path) -> ConfigBuilder {
    // The replicas have the ports that follow.
    let mut ports = vec![free_port()];
    while ports.len() < 3 {
        let next = free_port();
        if next != ports[ports.len() - 1] + 1 {
            ports.clear();
        }
        ports.push(next);
    }
    ConfigBuilder::new(SocketAddr::from(([127, 0, 0, 1], 1)), &[])
        .unset("topology", "master")
        .unset("topology", "replicas")
        .set("topology", "embedded-port", &ports[0].to_string())
        .set("replica", "dir", &format!("{dir:?}"))
}

pub fn start(config: &ConfigBuilder) -> Embedded {
    let proxy = config.start();
    let servers = proxy
        .log()
        .lines()
        .filter_map(|line| line.split_once("the engine listens on "))
        .map(|(_, addr)| addr.trim().parse().unwrap())
        .collect();
    Embedded { proxy, servers }
}

impl Embedded {
    pub fn server(&self, at: usize) -> Wire {
        Wire::connect(self.servers[at])
    }

    /// Waits until the replicas have all of the master's stream.
    #[track_caller]
    pub fn wait_synced(&self) {
        eventually(PATIENCE, || {
            let end = self.server(0).cmd(&["ROLE"]).array()[1].int();
            for at in 1..self.servers.len() {
                let role = self.server(at).cmd(&["ROLE"]);
                if role.array()[3].str() != "connected" || role.array()[4].int() < end {
                    return Err(format!("{role:?} of {end}\n{}", self.proxy.log()));
                }
            }
            Ok(())
        });
    }

    #[track_caller]
    pub fn assert_same_data(&self) {
        self.wait_synced();
        let digests: Vec<_> =
            (0..self.servers.len()).map(|at| self.server(at).cmd(&["DEBUG", "DIGEST"])).collect();
        assert!(digests.windows(2).all(|pair| pair[0] == pair[1]), "{digests:?}");
    }
}

#[test]
fn a_first_run_needs_no_server() {
    let dir = tempfile::tempdir().unwrap();
    let process = start(&embedded(dir.path()));
    assert_eq!(process.servers.len(), 3);
    let mut wire = process.proxy.wire();
    wire.cmd(&["SET", "greeting", "hello"]).ok();
    assert_eq!(wire.cmd(&["GET", "greeting"]).str(), "hello");
    process.wait_synced();
    let topology = wire.cmd(&["PROXY", "TOPOLOGY"]).strings().join("\n");
    for server in &process.servers {
        assert!(topology.contains(&server.to_string()), "{topology}");
    }
    assert!(!wire.cmd(&["PROXY", "EXPLAIN", "GET", "greeting"]).is_err());
    // Replicas serve the reads. A session stays at one of them for a while.
    eventually(PATIENCE, || {
        process.proxy.wire().cmd(&["GET", "greeting"]);
        let calls = |at| {
            let info = Info(process.server(at).cmd(&["INFO", "commandstats"]).str().to_owned());
            info.get("cmdstat_get").is_some()
        };
        if calls(1) && calls(2) {
            return Ok(());
        }
        let why = wire.cmd(&["PROXY", "EXPLAIN", "GET", "greeting"]);
        let topology = process.proxy.wire().cmd(&["PROXY", "TOPOLOGY"]).strings().join("\n");
        Err(format!("{}\n{topology}\n{why:?}", process.proxy.log()))
    });
    let log = process.proxy.log();
    let master = process.servers[0].to_string();
    for part in ["no server is configured", "the data are kept in", "[topology] master =", &master]
    {
        assert!(log.contains(part), "{part}: {log}");
    }
    assert!(wire.cmd(&["CONFIG", "SET", "maxmemory", "1gb"]).is_err(), "operators' commands");
}

#[test]
fn it_serves_what_servers_serve() {
    let dir = tempfile::tempdir().unwrap();
    let process = start(&embedded(dir.path()));
    let (mut wire, mut other) = (process.proxy.wire(), process.proxy.wire());
    let replies = wire.pipeline(&[&["MULTI"], &["INCR", "n"], &["INCR", "n"], &["EXEC"]]);
    assert_eq!(replies[3].array()[1].int(), 2);
    wire.cmd(&["WATCH", "n"]).ok();
    other.cmd(&["INCR", "n"]);
    assert!(wire.pipeline(&[&["MULTI"], &["INCR", "n"], &["EXEC"]])[2].is_null());
    wire.send(&["BLPOP", "q", "0"]);
    let push = "return redis.call('rpush', KEYS[1], ARGV[1])";
    assert_eq!(other.cmd(&["EVAL", push, "1", "q", "job"]).int(), 1);
    assert_eq!(wire.read_reply().strings(), ["q", "job"]);
    wire.cmd(&["SUBSCRIBE", "c"]);
    other.cmd(&["PUBLISH", "c", "m"]);
    assert_eq!(wire.read_reply().strings(), ["message", "c", "m"]);
    assert_eq!(other.cmd(&["XADD", "s", "1-1", "f", "v"]).str(), "1-1");
    assert_eq!(other.cmd(&["WAIT", "2", "0"]).int(), 2);
    process.assert_same_data();
}

#[test]
fn data_outlive_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let config = embedded(dir.path());
    let mut first = start(&config);
    first.proxy.wire().cmd(&["SET", "k", "v"]).ok();
    first.proxy.sigterm();
    first.proxy.wait_exit(PATIENCE);
    let second = start(&config);
    assert_eq!(second.proxy.wire().cmd(&["GET", "k"]).str(), "v");
    second.assert_same_data();
}

#[test]
fn their_ports_ask_for_the_password_of_the_proxy() {
    let dir = tempfile::tempdir().unwrap();
    let process = start(&embedded(dir.path()).set("proxy", "requirepass", "\"secret\""));
    for at in 0..3 {
        let mut wire = process.server(at);
        assert!(wire.cmd(&["PING"]).err().starts_with("NOAUTH"));
        wire.cmd(&["AUTH", "secret"]).ok();
    }
    let mut wire = process.proxy.wire();
    wire.cmd(&["AUTH", "secret"]).ok();
    wire.cmd(&["SET", "k", "v"]).ok();
    eventually(PATIENCE, || match wire.cmd(&["PROXY", "TOPOLOGY"]).strings().join("\n") {
        text if text.matches("fresh").count() == 2 => Ok(()),
        text => Err(text),
    });
}

#[test]
fn a_reload_changes_its_limits_and_not_where_the_servers_are() {
    let dir = tempfile::tempdir().unwrap();
    let config = embedded(dir.path());
    let mut process = start(&config);
    process.proxy.reload(&config.set("replica", "maxmemory", "\"100mb\"").toml());
    eventually(PATIENCE, || {
        match process.server(0).cmd(&["CONFIG", "GET", "maxmemory"]).strings()[1].as_str() {
            "104857600" => Ok(()),
            other => Err(other.to_owned()),
        }
    });
    let server = RedisServer::spawn(Flavor::Redis70);
    process.proxy.reload(&ConfigBuilder::new(server.addr(), &[]).toml());
    eventually(PATIENCE, || match process.proxy.log() {
        log if log.contains("restart the proxy to use the others") => Ok(()),
        log => Err(log),
    });
    process.proxy.wire().cmd(&["SET", "k", "v"]).ok();
    assert_eq!(process.server(0).cmd(&["GET", "k"]).str(), "v");
}

#[test]
fn a_port_that_is_taken_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let config = embedded(dir.path());
    let first = start(&config);
    let port = first.servers[0].port();
    let file = dir.path().join("second.toml");
    std::fs::write(&file, format!("[topology]\nembedded-port = {port}\n[proxy]\nlisten = [\"127.0.0.1:0\"]\n[metrics]\nlisten = \"off\"\n[replica]\ndir = {:?}\n", dir.path())).unwrap();
    let run = std::process::Command::new(env!("CARGO_BIN_EXE_tidegate"))
        .arg("--config")
        .arg(&file)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(!run.status.success() && said.contains("topology.embedded-port"), "{said}");
}

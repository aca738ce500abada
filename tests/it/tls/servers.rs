//! Servers and Sentinels that are reached with TLS, and the engine's port.

use std::net::SocketAddr;

use super::{HOSTS, quoted, wait_log};
use crate::support::server::ServerBuilder;
use crate::support::*;

/// A master and a replica, each with a plain port and one with TLS.
struct Servers {
    authority: Authority,
    master: RedisServer,
    replica: RedisServer,
    tls: [SocketAddr; 2],
}

fn with_tls_port(
    authority: &Authority,
    issued: &Issued,
    auth: &str,
) -> (ServerBuilder, SocketAddr) {
    let port = ports::free_port();
    let text = |path: &std::path::Path| path.display().to_string();
    let builder = RedisServer::builder(Flavor::Redis70)
        .arg("--tls-port", &port.to_string())
        .arg("--tls-cert-file", &text(&issued.cert))
        .arg("--tls-key-file", &text(&issued.key))
        .arg("--tls-ca-cert-file", &text(&authority.file()))
        .arg("--tls-auth-clients", auth)
        .arg("--tls-replication", "yes");
    (builder, ([127, 0, 0, 1], port).into())
}

impl Servers {
    fn start(hosts: &[&str], auth: &str) -> Self {
        let authority = Authority::new("authority");
        let issued = authority.issue("server", hosts);
        let (builder, first) = with_tls_port(&authority, &issued, auth);
        let master = builder.start();
        let (builder, second) = with_tls_port(&authority, &issued, auth);
        let replica = builder.replica_of(first).start();
        let mut wire = Wire::connect(replica.addr());
        eventually(PATIENCE, || {
            let info = wire.cmd(&["INFO", "replication"]).str().to_owned();
            if info.contains("master_link_status:up") { Ok(()) } else { Err(info) }
        });
        Self { authority, master, replica, tls: [first, second] }
    }

    fn config(&self) -> ConfigBuilder {
        ConfigBuilder::new(self.tls[0], &self.tls[1..]).set("topology", "tls", "true").set(
            "topology",
            "tls-ca-cert-file",
            &quoted(&self.authority.file()),
        )
    }
}

#[test]
fn reads_and_writes_go_to_servers_with_tls() {
    let servers = Servers::start(&HOSTS, "no");
    // The replicas come from the master, which knows their ports with TLS.
    let proxy = servers.config().unset("topology", "replicas").start();
    wait_serving(&proxy, 1);
    let mut wire = proxy.wire();
    let value = "x".repeat(2_000_000);
    for n in 0..20 {
        let key = format!("k{n}");
        assert_eq!(wire.cmd(&["SET", &key, &value]).str(), "OK");
        assert_eq!(wire.cmd(&["GET", &key]).str(), value);
    }
    let _ = &servers.replica;
    let secure = Wire::connect(servers.master.addr()).cmd(&["CLIENT", "LIST"]).str().to_owned();
    assert!(secure.lines().count() > 1, "{secure}");
    assert!(!proxy.log().contains("cannot be reached"), "{}", proxy.log());
}

#[test]
fn a_server_that_wants_a_certificate_gets_one() {
    let servers = Servers::start(&HOSTS, "yes");
    let own = servers.authority.issue("proxy", &[]);
    let proxy = servers
        .config()
        .set("topology", "tls-client-cert-file", &quoted(&own.cert))
        .set("topology", "tls-client-key-file", &quoted(&own.key))
        .start();
    let mut wire = proxy.wire();
    eventually(PATIENCE, || match wire.cmd(&["SET", "k", "v"]) {
        reply if reply.is_err() => Err(format!("{reply:?}")),
        _ => Ok(()),
    });
    assert_eq!(wire.cmd(&["GET", "k"]).str(), "v");
}

#[test]
fn a_certificate_for_another_name_or_of_a_stranger_is_refused_and_said() {
    let servers = Servers::start(&["redis.example"], "no");
    let config = servers.config();
    let proxy = config.start();
    wait_log(&proxy, "its certificate is for another name");
    assert!(proxy.wire().cmd(&["SET", "k", "v"]).is_err());
    // The name that all certificates are for, or no name at all.
    for (key, value) in [("tls-server-name", "\"redis.example\""), ("tls-check-host-name", "false")]
    {
        let proxy = config.clone().set("topology", key, value).start();
        let mut wire = proxy.wire();
        eventually(PATIENCE, || match wire.cmd(&["SET", "k", "v"]) {
            reply if reply.is_err() => Err(format!("{key}: {reply:?}")),
            _ => Ok(()),
        });
    }
    let stranger = Authority::new("stranger");
    let proxy = config
        .set("topology", "tls-check-host-name", "false")
        .set("topology", "tls-ca-cert-file", &quoted(&stranger.file()))
        .start();
    wait_log(&proxy, "its certificate is not accepted");
    assert!(proxy.wire().cmd(&["SET", "k", "v"]).is_err());
}

#[test]
fn a_server_without_tls_is_said_to_be_one() {
    let authority = Authority::new("authority");
    let server = RedisServer::spawn(Flavor::Redis70);
    let proxy = ConfigBuilder::new(server.addr(), &[])
        .set("topology", "tls", "true")
        .set("topology", "tls-ca-cert-file", &quoted(&authority.file()))
        .set("topology", "connect-timeout", "\"500ms\"")
        .start();
    assert!(proxy.wire().cmd(&["SET", "k", "v"]).is_err());
    wait_log(&proxy, "no answer to TLS within 500ms");
}

/// A Sentinel with a plain port and one with TLS, which watches the server at `master` over TLS.
struct TlsSentinel {
    _process: process::Process,
    _dir: tempfile::TempDir,
    plain: SocketAddr,
    tls: SocketAddr,
}

impl TlsSentinel {
    fn start(authority: &Authority, master: SocketAddr) -> Self {
        let issued = authority.issue("sentinel", &HOSTS);
        let dir = tempfile::tempdir().unwrap();
        let (plain, tls) = (ports::free_port(), ports::free_port());
        let text = format!(
            "port {plain}\ntls-port {tls}\nbind 127.0.0.1\ndir {}\ntls-cert-file {}\n\
             tls-key-file {}\ntls-ca-cert-file {}\ntls-auth-clients no\ntls-replication yes\n\
             sentinel monitor m 127.0.0.1 {} 1\nsentinel down-after-milliseconds m 60000\n",
            dir.path().display(),
            issued.cert.display(),
            issued.key.display(),
            authority.file().display(),
            master.port()
        );
        let file = dir.path().join("sentinel.conf");
        std::fs::write(&file, text).unwrap();
        let mut command = std::process::Command::new(Flavor::Redis70.binary());
        command.arg(&file).arg("--sentinel").current_dir(dir.path());
        let process = process::Process::start(&mut command, &dir.path().join("sentinel.log"));
        let addr = |port: u16| SocketAddr::from(([127, 0, 0, 1], port));
        Self { _process: process, _dir: dir, plain: addr(plain), tls: addr(tls) }
    }

    fn ask(&self, args: &[&str]) -> Result<Reply, String> {
        let mut wire = Wire::try_connect(self.plain).map_err(|error| error.to_string())?;
        wire.try_cmd(args).map_err(|error| error.to_string())
    }
}

#[test]
fn sentinels_with_tls_name_the_servers_and_their_failovers() {
    let servers = Servers::start(&HOSTS, "no");
    let sentinel = TlsSentinel::start(&servers.authority, servers.tls[0]);
    let replica = servers.tls[1].port().to_string();
    eventually(PATIENCE, || {
        let seen = format!("{:?}", sentinel.ask(&["SENTINEL", "REPLICAS", "m"])?);
        let is_well = seen.contains(&format!("\"{replica}\"")) || seen.len() > 500;
        if is_well { Ok(()) } else { Err(seen) }
    });
    let proxy =
        servers.config().sentinels(&[sentinel.tls]).set("topology", "master-name", "\"m\"").start();
    let mut wire = proxy.wire();
    assert_eq!(wire.cmd(&["SET", "k", "before"]).str(), "OK");
    eventually(PATIENCE, || match sentinel.ask(&["SENTINEL", "FAILOVER", "m"])? {
        reply if reply.is_err() => Err(format!("{reply:?}")),
        _ => Ok(()),
    });
    let new = servers.tls[1].to_string();
    eventually(PATIENCE, || {
        let topology = format!("{:?}", proxy.wire().cmd(&["PROXY", "TOPOLOGY"]));
        let is_master = topology.contains(&format!("{new}  master"));
        if is_master { Ok(()) } else { Err(topology) }
    });
    eventually(PATIENCE, || match wire.cmd(&["SET", "k", "after"]) {
        reply if reply.is_err() => Err(format!("{reply:?}")),
        _ => Ok(()),
    });
    assert_eq!(Wire::connect(servers.replica.addr()).cmd(&["GET", "k"]).str(), "after");
}

#[test]
fn the_engine_follows_and_feeds_with_tls() {
    let servers = Servers::start(&HOSTS, "no");
    let issued = servers.authority.issue("engine", &HOSTS);
    let engine = SocketAddr::from(([127, 0, 0, 1], ports::free_port()));
    let plain = SocketAddr::from(([127, 0, 0, 1], ports::free_port()));
    let dir = tempfile::tempdir().unwrap();
    let _proxy = servers
        .config()
        .set("proxy", "tls-cert-file", &quoted(&issued.cert))
        .set("proxy", "tls-key-file", &quoted(&issued.key))
        .set("replica", "enabled", "true")
        .set("replica", "listen", &format!("\"{plain}\""))
        .set("replica", "tls-listen", &format!("\"{engine}\""))
        .set("replica", "dir", &quoted(dir.path()))
        .start();
    // A real server follows the engine, over TLS too.
    let (builder, _) =
        with_tls_port(&servers.authority, &servers.authority.issue("sub", &HOSTS), "no");
    let sub = builder.replica_of(engine).start();
    let mut master = Wire::connect(servers.master.addr());
    for n in 0..200 {
        master.cmd(&["SET", &format!("k{n}"), &"v".repeat(50_000)]);
    }
    let digest = master.cmd(&["DEBUG", "DIGEST"]).str().to_owned();
    for addr in [plain, sub.addr()] {
        eventually(PATIENCE, || {
            let Ok(mut wire) = Wire::try_connect(addr) else {
                return Err("no port yet".to_owned());
            };
            let own = wire.cmd(&["DEBUG", "DIGEST"]).str().to_owned();
            if own == digest { Ok(()) } else { Err(format!("{addr} has {own}")) }
        });
    }
    let replicas = master.cmd(&["INFO", "replication"]).str().to_owned();
    assert!(replicas.contains(&format!("port={}", engine.port())), "{replicas}");
}

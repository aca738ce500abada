//! Real servers in temporary directories, one kind per version that matters.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::eventually::{PATIENCE, eventually};
use crate::flavor::Flavor;
use crate::ports::free_port;
use crate::process::Process;
use crate::reply::Reply;
use crate::wire::Wire;

/// How many ports are tried when other processes are quicker to bind them.
const PORT_TRIES: usize = 5;

/// Options of a server to be.
#[derive(Clone, Debug)]
pub struct ServerBuilder {
    flavor: Flavor,
    host: Ipv4Addr,
    args: Vec<String>,
    master: Option<SocketAddr>,
    port: Option<u16>,
    password: Option<String>,
}

impl ServerBuilder {
    /// One option as on redis-server's command line: `.arg("--maxclients", "100")`.
    /// Comes after the defaults, so it wins. `loglevel` must stay at `notice` or more talkative.
    #[must_use]
    pub fn arg(mut self, name: &str, value: &str) -> Self {
        if name == "--requirepass" {
            self.password = Some(value.to_owned());
        }
        self.args.extend([name.to_owned(), value.to_owned()]);
        self
    }

    /// An option of several values, or several options, word by word.
    #[must_use]
    pub fn args(mut self, words: &[&str]) -> Self {
        self.args.extend(words.iter().map(|&word| word.to_owned()));
        self
    }

    #[must_use]
    pub fn requirepass(self, password: &str) -> Self {
        self.arg("--requirepass", password)
    }

    #[must_use]
    pub fn masterauth(self, password: &str) -> Self {
        self.arg("--masterauth", password)
    }

    /// Any address: a server's, or a [`crate::FaultProxy`]'s before it.
    #[must_use]
    pub fn replica_of(mut self, master: SocketAddr) -> Self {
        self.master = Some(master);
        self
    }

    /// Another address of this machine than 127.0.0.1.
    #[must_use]
    pub fn host(mut self, host: [u8; 4]) -> Self {
        self.host = host.into();
        self
    }

    /// A port of the test's choice instead of a free one.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// Starts it and waits until it answers PING.
    #[track_caller]
    pub fn start(self) -> RedisServer {
        let dir = tempfile::Builder::new().prefix("tidegate-server-").tempdir().unwrap();
        for _ in 0..PORT_TRIES {
            let port = self.port.unwrap_or_else(free_port);
            let mut process = self.launch(dir.path(), port);
            if self.wait_ready(&mut process, port) {
                return RedisServer { builder: self, dir, port, process };
            }
        }
        panic!("every port tried was taken meanwhile");
    }

    fn launch(&self, dir: &Path, port: u16) -> Process {
        let port = port.to_string();
        let mut command = Command::new(self.flavor.binary());
        command.current_dir(dir).args(["--port", &port, "--dir"]).arg(dir);
        command.args(["--bind", &self.host.to_string()]);
        command.args(["--daemonize", "no", "--save", "", "--appendonly", "no"]);
        command.args(["--repl-diskless-sync", "yes", "--repl-diskless-sync-delay", "0"]);
        if self.flavor.has_debug_switch() {
            command.args(["--enable-debug-command", "yes"]);
        }
        if let Some(master) = self.master {
            command.args(["--replicaof", &master.ip().to_string(), &master.port().to_string()]);
        }
        command.args(&self.args);
        Process::start(&mut command, &dir.join("server.log"))
    }

    /// True once it serves, false when its port was taken; panics on any other failure.
    #[track_caller]
    fn wait_ready(&self, process: &mut Process, port: u16) -> bool {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = process.exit_status() {
                if self.port.is_none() && process.log().contains("Address already in use") {
                    return false;
                }
                panic!("{:?} ended with {status}\n{}", self.flavor, process.log_tail());
            }
            // Its own log first: on a clash another process may answer on the port.
            if process.log().contains("eady to accept connections")
                && answers_ping((self.host, port).into())
            {
                return true;
            }
            assert!(
                Instant::now() < deadline,
                "{:?} does not answer on {port}\n{}",
                self.flavor,
                process.log_tail()
            );
            thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Any answer but -LOADING will do: -NOAUTH and -MASTERDOWN come from a server that serves.
fn answers_ping(addr: SocketAddr) -> bool {
    let Ok(mut wire) = Wire::try_connect(addr) else { return false };
    match wire.try_cmd(&["PING"]) {
        Ok(Reply::Error(text)) => !text.starts_with("LOADING"),
        Ok(_) => true,
        Err(_) => false,
    }
}

/// A running server. Dropping it kills it and removes its directory.
#[derive(Debug)]
pub struct RedisServer {
    // Before `dir`, so that the process is gone when its directory goes.
    process: Process,
    builder: ServerBuilder,
    port: u16,
    dir: TempDir,
}

impl RedisServer {
    #[track_caller]
    pub fn spawn(flavor: Flavor) -> Self {
        Self::builder(flavor).start()
    }

    pub fn builder(flavor: Flavor) -> ServerBuilder {
        let host = Ipv4Addr::LOCALHOST;
        ServerBuilder { flavor, host, args: Vec::new(), master: None, port: None, password: None }
    }

    pub fn flavor(&self) -> Flavor {
        self.builder.flavor
    }

    pub fn addr(&self) -> SocketAddr {
        (self.builder.host, self.port).into()
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Its working directory, where `dump.rdb` would be.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub fn log(&self) -> String {
        self.process.log()
    }

    /// SIGSTOP: keeps its connections, answers nothing.
    pub fn pause(&mut self) {
        self.process.signal("STOP");
    }

    /// SIGCONT.
    pub fn resume(&mut self) {
        self.process.signal("CONT");
    }

    /// SIGKILL, and waits until it is gone. Its data is lost unless `SAVE` was sent before.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Kills it if it runs, and starts it again: same port, same options, same directory. What
    /// `CONFIG SET` or `REPLICAOF` changed meanwhile is forgotten; a saved `dump.rdb` is loaded.
    #[track_caller]
    pub fn restart(&mut self) {
        self.kill();
        self.process = self.builder.launch(self.dir.path(), self.port);
        let fixed = ServerBuilder { port: Some(self.port), ..self.builder.clone() };
        fixed.wait_ready(&mut self.process, self.port);
    }

    /// A new connection, authenticated where a password was set on the command line.
    #[track_caller]
    pub fn wire(&self) -> Wire {
        let mut wire = Wire::try_connect(self.addr()).unwrap_or_else(|error| {
            panic!("connect to {:?}: {error}\n{}", self.flavor(), self.process.log_tail())
        });
        if let Some(password) = &self.builder.password {
            wire.cmd(&["AUTH", password]).ok();
        }
        wire
    }

    /// One command on a connection of its own.
    #[track_caller]
    pub fn cmd<A: AsRef<[u8]>>(&self, args: &[A]) -> Reply {
        self.wire().cmd(args)
    }

    /// The whole of `INFO`, or one section.
    #[track_caller]
    pub fn info(&self, section: &str) -> Info {
        Info(self.cmd(&["INFO", section]).str().to_owned())
    }

    /// `DEBUG DIGEST`: equal for equal datasets.
    #[track_caller]
    pub fn digest(&self) -> String {
        self.cmd(&["DEBUG", "DIGEST"]).str().to_owned()
    }

    /// How often `command` was executed here (`INFO commandstats`), replicated ones included.
    #[track_caller]
    pub fn calls(&self, command: &str) -> u64 {
        let stats = self.info("commandstats");
        let Some(line) = stats.get(&format!("cmdstat_{}", command.to_lowercase())) else {
            return 0;
        };
        let calls = line.split(',').find_map(|field| field.strip_prefix("calls="));
        calls.unwrap().parse().unwrap()
    }

    /// The replication offset: a master's own, a replica's applied one.
    #[track_caller]
    pub fn offset(&self) -> i64 {
        let info = self.info("replication");
        let role = info.get("role").unwrap();
        let key = if role == "master" { "master_repl_offset" } else { "slave_repl_offset" };
        info.get(key).unwrap().parse().unwrap()
    }

    /// Waits until `replica` is attached to this master, online and as far as it is.
    #[track_caller]
    pub fn wait_synced(&self, replica: &Self) {
        self.wait_attached(replica);
        let target = self.offset();
        eventually(PATIENCE, || match replica.offset() {
            offset if offset >= target => Ok(()),
            offset => Err(format!("replica at {offset}, master at {target}")),
        });
    }

    /// Waits until the link is up on both sides. The replica may come through another address.
    #[track_caller]
    pub fn wait_attached(&self, replica: &Self) {
        let announced = format!("port={},state=online", replica.port);
        eventually(PATIENCE, || {
            let there = replica.info("replication");
            if there.get("master_link_status") != Some("up") {
                return Err(format!("link not up:\n{}\n{}", there.0, replica.process.log_tail()));
            }
            let here = self.info("replication");
            let online = here.0.lines().any(|l| l.starts_with("slave") && l.contains(&announced));
            if online { Ok(()) } else { Err(format!("not online:\n{}", here.0)) }
        });
    }

    /// Waits until so many clients are blocked.
    #[track_caller]
    pub fn wait_blocked(&self, count: usize) {
        eventually(PATIENCE, || {
            let info = self.info("clients");
            match info.get("blocked_clients").unwrap() {
                blocked if blocked == count.to_string() => Ok(()),
                blocked => Err(format!("{blocked} blocked, not {count}")),
            }
        });
    }

    /// `REPLICAOF addr`; waits for nothing.
    #[track_caller]
    pub fn replicate_from(&self, master: SocketAddr) {
        let port = master.port().to_string();
        self.cmd(&["REPLICAOF", &master.ip().to_string(), &port]).ok();
    }

    /// `REPLICAOF NO ONE`.
    #[track_caller]
    pub fn promote(&self) {
        self.cmd(&["REPLICAOF", "NO", "ONE"]).ok();
    }
}

/// What `INFO` said.
#[derive(Clone, Debug)]
pub struct Info(pub String);

impl Info {
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))
    }
}

/// A master and two replicas, attached and in sync.
#[derive(Debug)]
pub struct Trio {
    pub master: RedisServer,
    pub replicas: [RedisServer; 2],
}

impl Trio {
    #[track_caller]
    pub fn spawn(flavor: Flavor) -> Self {
        Self::spawn_with(flavor, |builder| builder)
    }

    /// The same options on all three, as in `Trio::spawn_with(flavor, |b| b.masterauth("x"))`.
    #[track_caller]
    pub fn spawn_with(flavor: Flavor, options: impl Fn(ServerBuilder) -> ServerBuilder) -> Self {
        let master = options(RedisServer::builder(flavor)).start();
        let replica = || {
            let replica = options(RedisServer::builder(flavor)).replica_of(master.addr()).start();
            // One after the other: a second that asks in the midst of the first's snapshot
            // waits for the master's once-a-second cron.
            master.wait_attached(&replica);
            replica
        };
        let replicas = [replica(), replica()];
        let trio = Self { master, replicas };
        trio.wait_synced();
        trio
    }

    pub fn replica_addrs(&self) -> [SocketAddr; 2] {
        [self.replicas[0].addr(), self.replicas[1].addr()]
    }

    /// Waits until both replicas have all that the master has now.
    #[track_caller]
    pub fn wait_synced(&self) {
        for replica in &self.replicas {
            self.master.wait_synced(replica);
        }
    }
}

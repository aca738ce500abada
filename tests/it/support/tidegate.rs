//! The built binary, run as a user runs it: `tidegate --config proxy.toml`.
//!
//! The names of `proxy.toml`'s sections and keys stand in [`ConfigBuilder`], nowhere else.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::eventually::PATIENCE;
use super::ports::free_port;
use super::process::Process;
use super::reply::Reply;
use super::server::Trio;
use super::wire::Wire;

const PORT_TRIES: usize = 5;

/// Stand for the free ports chosen at the start, in a raw text for [`Tidegate::spawn`].
pub const PORT: &str = "@port@";
/// See [`PORT`].
pub const METRICS_PORT: &str = "@metrics-port@";

/// A `proxy.toml` to be: sections of keys with their values in TOML's own spelling.
#[derive(Clone, Debug)]
pub struct ConfigBuilder {
    sections: BTreeMap<String, BTreeMap<String, String>>,
    extra: String,
    env: Vec<(&'static str, String)>,
}

impl ConfigBuilder {
    /// Listens on free ports, for clients and for Prometheus, in front of these servers.
    pub fn new(master: SocketAddr, replicas: &[SocketAddr]) -> Self {
        let empty = Self { sections: BTreeMap::new(), extra: String::new(), env: Vec::new() };
        empty
            .set("proxy", "listen", &format!("[\"127.0.0.1:{PORT}\"]"))
            .set("proxy", "workers", "2")
            .set("metrics", "listen", &format!("\"127.0.0.1:{METRICS_PORT}\""))
            .set("log", "level", "\"debug\"")
            .master(master)
            .replicas(replicas)
    }

    /// Sets one key; `value` is TOML: `.set("reads", "from", "\"master\"")`.
    #[must_use]
    pub fn set(mut self, section: &str, key: &str, value: &str) -> Self {
        let keys = self.sections.entry(section.to_owned()).or_default();
        keys.insert(key.to_owned(), value.to_owned());
        self
    }

    /// Leaves a key to its default.
    #[must_use]
    pub fn unset(mut self, section: &str, key: &str) -> Self {
        if let Some(keys) = self.sections.get_mut(section) {
            keys.remove(key);
        }
        self
    }

    #[must_use]
    pub fn master(self, addr: SocketAddr) -> Self {
        self.set("topology", "master", &format!("\"{addr}\""))
    }

    #[must_use]
    pub fn replicas(self, addrs: &[SocketAddr]) -> Self {
        let list: Vec<_> = addrs.iter().map(|addr| format!("\"{addr}\"")).collect();
        self.set("topology", "replicas", &format!("[{}]", list.join(", ")))
    }

    /// Asks these Sentinels for the servers, instead of naming them.
    #[must_use]
    pub fn sentinels(self, addrs: &[SocketAddr]) -> Self {
        let list: Vec<_> = addrs.iter().map(|addr| format!("\"{addr}\"")).collect();
        let list = format!("[{}]", list.join(", "));
        self.unset("topology", "master").unset("topology", "replicas").set(
            "topology",
            "sentinels",
            &list,
        )
    }

    /// `"replica"`, `"master"` or `"any"`.
    #[must_use]
    pub fn reads_from(self, servers: &str) -> Self {
        self.set("reads", "from", &format!("\"{servers}\""))
    }

    /// Whole further sections, as text, after all others.
    #[must_use]
    pub fn extra(mut self, toml: &str) -> Self {
        self.extra.push_str(toml);
        self.extra.push('\n');
        self
    }

    /// Starts the proxy with this variable in its environment.
    #[must_use]
    pub fn env(mut self, name: &'static str, value: &str) -> Self {
        self.env.push((name, value.to_owned()));
        self
    }

    /// For changes inside a chain that depend on something else.
    #[must_use]
    pub fn with(self, change: impl FnOnce(Self) -> Self) -> Self {
        change(self)
    }

    /// The text, its ports still [`PORT`] and [`METRICS_PORT`].
    pub fn toml(&self) -> String {
        let mut text = String::new();
        for (section, keys) in &self.sections {
            writeln!(text, "[{section}]").unwrap();
            for (key, value) in keys {
                writeln!(text, "{key} = {value}").unwrap();
            }
        }
        text + &self.extra
    }

    /// Starts the proxy and waits until it answers PING.
    #[track_caller]
    pub fn start(&self) -> Tidegate {
        let program = Path::new(env!("CARGO_BIN_EXE_tidegate"));
        Tidegate::spawn_with(program, &self.toml(), &self.env)
    }
}

/// A running proxy. Dropping it kills it and removes its directory.
#[derive(Debug)]
pub struct Tidegate {
    process: Process,
    port: u16,
    metrics_port: u16,
    dir: TempDir,
}

impl Tidegate {
    /// A configuration for this master and its replicas; `.start()` it.
    pub fn for_trio(trio: &Trio) -> ConfigBuilder {
        ConfigBuilder::new(trio.master.addr(), &trio.replica_addrs())
    }

    /// Starts the proxy with this text, in which `@port@` and `@metrics-port@` become free ports,
    /// and waits until it answers PING.
    #[track_caller]
    pub fn spawn(toml: &str) -> Self {
        Self::spawn_program(Path::new(env!("CARGO_BIN_EXE_tidegate")), toml)
    }

    /// As `spawn`, with another program in the proxy's place: for the support's own tests.
    #[track_caller]
    pub fn spawn_program(program: &Path, toml: &str) -> Self {
        Self::spawn_with(program, toml, &[])
    }

    #[track_caller]
    fn spawn_with(program: &Path, toml: &str, env: &[(&str, String)]) -> Self {
        for _ in 0..PORT_TRIES {
            let mut proxy = Self::launch(program, toml, env);
            if proxy.wait_ready() {
                proxy.wait_found(toml);
                return proxy;
            }
        }
        panic!("every port tried was taken meanwhile");
    }

    /// As `spawn`, and returns as soon as the metrics port accepts connections: the proxy still
    /// waits for its servers then.
    #[track_caller]
    pub fn spawn_early(toml: &str) -> Self {
        let mut proxy = Self::launch(Path::new(env!("CARGO_BIN_EXE_tidegate")), toml, &[]);
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(proxy.metrics_addr()).is_err() {
            proxy.assert_alive();
            assert!(Instant::now() < deadline, "no metrics port\n{}", proxy.process.log_tail());
            thread::sleep(Duration::from_millis(2));
        }
        proxy
    }

    /// Starts the program with this text and waits for nothing.
    fn launch(program: &Path, toml: &str, env: &[(&str, String)]) -> Self {
        let dir = tempfile::Builder::new().prefix("tidegate-proxy-").tempdir().unwrap();
        let (port, metrics_port) = (free_port(), free_port());
        let config = dir.path().join("proxy.toml");
        fs::write(&config, fill_in(toml, port, metrics_port)).unwrap();
        let mut command = Command::new(program);
        command.arg("--config").arg(&config).current_dir(dir.path());
        command.envs(env.iter().map(|(name, value)| (name, value)));
        let process = Process::start(&mut command, &dir.path().join("tidegate.log"));
        Self { process, port, metrics_port, dir }
    }

    /// Runs the proxy with a text it should refuse: its exit status and all that it printed.
    #[track_caller]
    pub fn run_to_exit(toml: &str, timeout: Duration) -> (ExitStatus, String) {
        let dir = tempfile::Builder::new().prefix("tidegate-proxy-").tempdir().unwrap();
        let config = dir.path().join("proxy.toml");
        fs::write(&config, fill_in(toml, free_port(), free_port())).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_tidegate"));
        command.arg("--config").arg(&config).current_dir(dir.path());
        let mut process = Process::start(&mut command, &dir.path().join("tidegate.log"));
        let status = process.wait_exit(timeout);
        let log = process.log();
        (status.unwrap_or_else(|| panic!("still running after {timeout:?}\n{log}")), log)
    }

    #[track_caller]
    fn wait_ready(&mut self) -> bool {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.process.exit_status() {
                let log = self.process.log().to_lowercase();
                if log.contains("address already in use") || log.contains("address in use") {
                    return false;
                }
                panic!("the proxy ended with {status}\n{}", self.process.log_tail());
            }
            let reply = Wire::try_connect(self.addr()).and_then(|mut wire| {
                wire.set_timeout(Duration::from_secs(1));
                wire.try_cmd(&["PING"])
            });
            match reply {
                Ok(Reply::Simple(text)) if text == "PONG" => return true,
                Ok(Reply::Error(text)) if text.starts_with("NOAUTH") => return true,
                other => assert!(
                    Instant::now() < deadline,
                    "the proxy does not answer PING: {other:?}\n{}",
                    self.process.log_tail()
                ),
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// On a busy machine a master may not answer the first question in time, and the proxy starts
    /// without one. Where that master is well, waits until the proxy has found it.
    fn wait_found(&self, toml: &str) {
        let is_missing = || {
            let log = self.log();
            log.contains("asking the servers which one is the master")
                && !log.contains("master found")
        };
        let master =
            toml.lines().find_map(|line| line.strip_prefix("master = \"")?.strip_suffix('"'));
        let Some(master) = master.and_then(|addr| addr.parse().ok()) else { return };
        let is_well = || {
            let mut wire = Wire::try_connect(master).ok()?;
            wire.set_timeout(Duration::from_secs(1));
            match wire.try_cmd(&["ROLE"]).ok()? {
                Reply::Array(role) => Some(role[0].str() == "master"),
                _ => None,
            }
        };
        // Below the level of information the proxy does not log that it has found it.
        let deadline = Instant::now() + Duration::from_secs(10);
        while is_missing() && is_well() == Some(true) && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Where clients connect.
    pub fn addr(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }

    /// Where Prometheus scrapes.
    pub fn metrics_addr(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.metrics_port))
    }

    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// A field of its `/proc/<pid>/status`, such as `VmRSS`, in KiB.
    #[track_caller]
    pub fn status_kib(&self, field: &str) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
        line.trim_matches([':', ' ', '\t']).trim_end_matches(" kB").parse().unwrap()
    }

    /// The whole log so far.
    pub fn log(&self) -> String {
        self.process.log()
    }

    pub fn config_path(&self) -> PathBuf {
        self.dir.path().join("proxy.toml")
    }

    /// A new client connection.
    #[track_caller]
    pub fn wire(&self) -> Wire {
        Wire::try_connect(self.addr()).unwrap_or_else(|error| {
            panic!("connect to the proxy: {error}\n{}", self.process.log_tail())
        })
    }

    /// Writes a new `proxy.toml` (ports filled in as before) and sends SIGHUP. Waits for nothing.
    #[track_caller]
    pub fn reload(&mut self, toml: &str) {
        self.write_config(toml);
        self.sighup();
    }

    /// Writes a new `proxy.toml` over the old one, in place, without a signal.
    pub fn write_config(&self, toml: &str) {
        fs::write(self.config_path(), self.fill_in(toml)).unwrap();
    }

    /// Renames a new `proxy.toml` over the old one, as many editors do.
    pub fn replace_config(&self, toml: &str) {
        let new = self.dir.path().join("proxy.toml.new");
        fs::write(&new, self.fill_in(toml)).unwrap();
        fs::rename(new, self.config_path()).unwrap();
    }

    /// A text with this proxy's ports.
    pub fn fill_in(&self, toml: &str) -> String {
        fill_in(toml, self.port, self.metrics_port)
    }

    #[track_caller]
    pub fn sigterm(&mut self) {
        self.process.signal("TERM");
    }

    #[track_caller]
    pub fn sighup(&mut self) {
        self.process.signal("HUP");
    }

    pub fn pause(&mut self) {
        self.process.signal("STOP");
    }

    pub fn resume(&mut self) {
        self.process.signal("CONT");
    }

    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Waits for it to end by itself, and panics when it has not within `timeout`.
    #[track_caller]
    pub fn wait_exit(&mut self, timeout: Duration) -> ExitStatus {
        self.process.wait_exit(timeout).unwrap_or_else(|| {
            panic!("the proxy still runs after {timeout:?}\n{}", self.process.log_tail())
        })
    }

    /// Panics, with the log, when it has ended: for the end of tests that attack it.
    #[track_caller]
    pub fn assert_alive(&mut self) {
        if let Some(status) = self.process.exit_status() {
            panic!("the proxy ended with {status}\n{}", self.process.log_tail());
        }
    }
}

impl Drop for Tidegate {
    fn drop(&mut self) {
        // A failing test's report is of little use without what the proxy said.
        if thread::panicking() {
            eprintln!("{}", self.process.log_tail());
        }
    }
}

fn fill_in(toml: &str, port: u16, metrics_port: u16) -> String {
    toml.replace(PORT, &port.to_string()).replace(METRICS_PORT, &metrics_port.to_string())
}

//! The proxy's process.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tidegate_test_support::ports::free_port;
use tidegate_test_support::process::Process;
use tidegate_test_support::scrape::Scraped;
use tidegate_test_support::{PATIENCE, Reply, Wire};

use super::sentinel::Sentinel;
use super::server::Server;
use crate::plan::Plan;

#[derive(Debug)]
pub struct Proxy {
    pub process: Process,
    port: u16,
    metrics_port: u16,
    dir: TempDir,
    /// Whether it follows the Sentinels.
    pub knows_sentinels: bool,
    /// The subcommands of PROXY, in upper case.
    commands: Vec<String>,
}

impl Proxy {
    /// A proxy that does not know `discovery = "sentinel"` yet gets the servers' addresses. With
    /// `engine` it has an engine that follows the server at this address.
    #[track_caller]
    pub(super) fn start(
        plan: &Plan,
        servers: &[Server],
        sentinels: &[Sentinel],
        engine: Option<SocketAddr>,
    ) -> Self {
        let ways = [plan.discovery && !sentinels.is_empty(), false];
        for by in ways {
            let topology = topology(servers, sentinels, by);
            if let Some(it) = Self::launch(plan, &topology, engine, by) {
                return it;
            }
        }
        panic!("the proxy does not start");
    }

    fn launch(plan: &Plan, topology: &str, engine: Option<SocketAddr>, by: bool) -> Option<Self> {
        let dir = tempfile::Builder::new().prefix("tidegate-proxy-").tempdir().unwrap();
        let port = free_port();
        let metrics_port = free_port();
        let file = dir.path().join("proxy.toml");
        fs::write(&file, text(plan, (port, metrics_port), topology, engine)).unwrap();
        let mut command = Command::new(&plan.program);
        command.arg("--config").arg(&file).current_dir(dir.path());
        let process = Process::start(&mut command, &dir.path().join("tidegate.log"));
        let commands = Vec::new();
        let mut it = Self { process, port, metrics_port, dir, knows_sentinels: by, commands };
        it.wait_ready().then(|| {
            it.commands = it.subcommands();
            it
        })
    }

    /// True once it runs a write, false if it refuses its configuration.
    #[track_caller]
    fn wait_ready(&mut self) -> bool {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if self.process.exit_status().is_some() {
                let log = self.process.log();
                assert!(
                    self.knows_sentinels && (log.contains("discovery") || log.contains("sentinel")),
                    "the proxy ended\n{log}"
                );
                return false;
            }
            let reply = Wire::try_connect(self.addr()).and_then(|mut wire| {
                wire.set_timeout(Duration::from_secs(5));
                wire.try_cmd(&["SET", "ready", "1"])
            });
            if matches!(reply, Ok(Reply::Simple(_))) {
                return true;
            }
            let log = self.process.log_tail();
            assert!(Instant::now() < deadline, "the proxy serves no write: {reply:?}\n{log}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn subcommands(&self) -> Vec<String> {
        let help = Wire::try_connect(self.addr()).and_then(|mut wire| {
            wire.set_timeout(Duration::from_secs(5));
            wire.try_cmd(&["PROXY", "HELP"])
        });
        let Ok(Reply::Array(lines)) = help else { return Vec::new() };
        let word = |line: &Reply| match line {
            Reply::Simple(text) => text.split_whitespace().next().map(str::to_uppercase),
            Reply::Bulk(text) => {
                String::from_utf8_lossy(text).split_whitespace().next().map(str::to_uppercase)
            }
            _ => None,
        };
        lines.iter().filter_map(word).collect()
    }

    /// Whether it has this subcommand of PROXY.
    pub fn has(&self, command: &str) -> bool {
        self.commands.iter().any(|it| it == command)
    }

    pub fn addr(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }

    /// Where its log is while it runs.
    pub fn dir(&self) -> &std::path::Path {
        self.dir.path()
    }
}

impl Scraped for Proxy {
    fn metrics_addr(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.metrics_port))
    }
}

/// The section `[topology]`.
fn topology(servers: &[Server], sentinels: &[Sentinel], by_sentinels: bool) -> String {
    let quoted = |addr: SocketAddr| format!("\"{addr}\"");
    if by_sentinels {
        let sentinels: Vec<_> = sentinels.iter().map(|it| quoted(it.addr())).collect();
        format!(
            "discovery = \"sentinel\"\nsentinels = [{}]\nmaster-name = \"m\"",
            sentinels.join(", ")
        )
    } else {
        let replicas: Vec<_> = servers[1..].iter().map(|it| quoted(it.addr())).collect();
        let master = servers[0].addr();
        format!("master = \"{master}\"\nreplicas = [{}]", replicas.join(", "))
    }
}

fn text(
    plan: &Plan,
    (port, metrics_port): (u16, u16),
    topology: &str,
    engine: Option<SocketAddr>,
) -> String {
    let mut sections = BTreeMap::<&str, String>::new();
    let mut add = |section, line: &str| {
        writeln!(sections.entry(section).or_default(), "{line}").unwrap();
    };
    add("proxy", &format!("listen = [\"127.0.0.1:{port}\"]\nworkers = 2"));
    add("topology", topology);
    add("metrics", &format!("listen = \"127.0.0.1:{metrics_port}\""));
    // Operations for trials and faults: FAILOVER, PROXY FAILOVER, PROXY HOLD.
    add("admin", "commands = \"master\"");
    if plan.strict {
        add("writes", "min-replicas-to-write = 1\nwait-replicas = 1");
    }
    if let Some(link) = engine {
        add("replica", "enabled = true\nlisten = \"127.0.0.1:0\"\ndir = \".\"");
        add("replica", &format!("replicaof = \"{link}\""));
        add("reads", "local = true");
    }
    for (section, line) in &plan.settings {
        add(section, line);
    }
    sections.iter().map(|(name, lines)| format!("[{name}]\n{lines}\n")).collect()
}

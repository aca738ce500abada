//! Several real Sentinels that watch the same masters.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::eventually::{PATIENCE, eventually};
use crate::flavor::Flavor;
use crate::ports::free_port;
use crate::process::Process;
use crate::reply::Reply;
use crate::wire::Wire;

/// The name under which [`SentinelGroup::of`] watches its master.
pub const MASTER: &str = "mymaster";

/// Options of Sentinels to be.
#[derive(Clone, Debug)]
pub struct GroupBuilder {
    flavor: Flavor,
    count: usize,
    masters: Vec<(String, SocketAddr)>,
    password: Option<String>,
    down_after: Duration,
    extra: String,
    /// Lines of single Sentinels.
    extra_of: Vec<(usize, String)>,
    /// The masters' host, if they are watched by a name.
    host: Option<String>,
}

impl GroupBuilder {
    /// Watches a further master.
    #[must_use]
    pub fn watch(mut self, name: &str, master: SocketAddr) -> Self {
        self.masters.push((name.to_owned(), master));
        self
    }

    #[must_use]
    pub fn count(mut self, count: usize) -> Self {
        self.count = count;
        self
    }

    /// The password of the Sentinels, which they use among each other, too.
    #[must_use]
    pub fn password(mut self, password: &str) -> Self {
        self.password = Some(password.to_owned());
        self
    }

    /// How long a server has to be silent until it counts as down.
    #[must_use]
    pub fn down_after(mut self, down_after: Duration) -> Self {
        self.down_after = down_after;
        self
    }

    /// The version of the Sentinels.
    #[must_use]
    pub fn flavor(mut self, flavor: Flavor) -> Self {
        self.flavor = flavor;
        self
    }

    /// Further lines of sentinel.conf, before the masters.
    #[must_use]
    pub fn extra(mut self, lines: &str) -> Self {
        self.extra.push_str(lines);
        self.extra.push('\n');
        self
    }

    /// A further line of one of them.
    #[must_use]
    pub fn extra_of(mut self, number: usize, line: &str) -> Self {
        self.extra_of.push((number, line.to_owned()));
        self
    }

    /// Watches the masters by this name of their host.
    #[must_use]
    pub fn host(mut self, host: &str) -> Self {
        self.host = Some(host.to_owned());
        self
    }

    /// Starts them.
    #[track_caller]
    pub fn start(self) -> SentinelGroup {
        let members = (0..self.count).map(|number| Member::start(&self, number)).collect();
        SentinelGroup { builder: self, members }
    }

    fn text(&self, number: usize, port: u16, dir: &Path) -> String {
        let quorum = self.count / 2 + 1;
        let mut text = format!("port {port}\nbind 127.0.0.1\ndir {}\n", dir.display());
        if let Some(password) = &self.password {
            text += &format!("requirepass {password}\nsentinel sentinel-pass {password}\n");
        }
        text += &self.extra;
        for (_, line) in self.extra_of.iter().filter(|(of, _)| *of == number) {
            text += &format!("{line}\n");
        }
        let down_after = self.down_after.as_millis();
        for (name, master) in &self.masters {
            let (ip, port) = (master.ip().to_string(), master.port());
            let host = self.host.as_ref().unwrap_or(&ip);
            text += &format!(
                "sentinel monitor {name} {host} {port} {quorum}\n\
                 sentinel down-after-milliseconds {name} {down_after}\n\
                 sentinel failover-timeout {name} 20000\n"
            );
        }
        text
    }
}

/// One Sentinel; its file stays when it is killed.
#[derive(Debug)]
struct Member {
    process: Process,
    flavor: Flavor,
    port: u16,
    dir: TempDir,
}

impl Member {
    fn start(builder: &GroupBuilder, number: usize) -> Self {
        let dir = tempfile::Builder::new().prefix("tidegate-sentinel-").tempdir().unwrap();
        let port = free_port();
        std::fs::write(dir.path().join("sentinel.conf"), builder.text(number, port, dir.path()))
            .unwrap();
        let process = Self::launch(builder.flavor, dir.path());
        Self { process, flavor: builder.flavor, port, dir }
    }

    fn launch(flavor: Flavor, dir: &Path) -> Process {
        let mut command = Command::new(flavor.binary());
        command.arg(dir.join("sentinel.conf")).arg("--sentinel").current_dir(dir);
        Process::start(&mut command, &dir.join("sentinel.log"))
    }

    fn addr(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }
}

/// Running Sentinels. Dropping it kills them.
#[derive(Debug)]
pub struct SentinelGroup {
    builder: GroupBuilder,
    members: Vec<Member>,
}

impl SentinelGroup {
    /// Three Sentinels that watch this master as [`MASTER`], and start a failover after a second.
    #[track_caller]
    pub fn of(master: SocketAddr) -> Self {
        Self::builder().watch(MASTER, master).start()
    }

    pub fn builder() -> GroupBuilder {
        GroupBuilder {
            flavor: Flavor::Redis70,
            count: 3,
            masters: Vec::new(),
            password: None,
            down_after: Duration::from_secs(1),
            extra: String::new(),
            extra_of: Vec::new(),
            host: None,
        }
    }

    pub fn addr(&self, number: usize) -> SocketAddr {
        self.members[number].addr()
    }

    pub fn addrs(&self) -> Vec<SocketAddr> {
        self.members.iter().map(Member::addr).collect()
    }

    pub fn log(&self, number: usize) -> String {
        self.members[number].process.log()
    }

    /// SIGKILL to one of them.
    pub fn kill(&mut self, number: usize) {
        self.members[number].process.kill();
    }

    /// Kills it if it runs, and starts it again with what it knew.
    pub fn restart(&mut self, number: usize) {
        self.kill(number);
        let member = &mut self.members[number];
        member.process = Member::launch(member.flavor, member.dir.path());
    }

    /// SIGSTOP to one of them.
    pub fn pause(&mut self, number: usize) {
        self.members[number].process.signal("STOP");
    }

    /// SIGCONT.
    pub fn resume(&mut self, number: usize) {
        self.members[number].process.signal("CONT");
    }

    /// A connection to one of them, logged in.
    pub fn wire(&self, number: usize) -> io::Result<Wire> {
        let mut wire = Wire::try_connect(self.addr(number))?;
        if let Some(password) = &self.builder.password {
            wire.try_cmd(&["AUTH", password])?;
        }
        Ok(wire)
    }

    /// Sends one command to one of them, on a connection of its own.
    pub fn ask(&self, number: usize, args: &[&str]) -> io::Result<Reply> {
        self.wire(number)?.try_cmd(args)
    }

    /// Waits until each of them knows the others, and these replicas of the master `name`.
    #[track_caller]
    pub fn wait_whole(&self, name: &str, replicas: &[u16]) {
        let others = (self.members.len() - 1).to_string();
        eventually(PATIENCE, || {
            for number in 0..self.members.len() {
                let error = |error: io::Error| format!("sentinel {number}: {error}");
                let master = self.ask(number, &["SENTINEL", "MASTER", name]).map_err(error)?;
                let known = field(&master, "num-other-sentinels");
                let seen = self.ask(number, &["SENTINEL", "REPLICAS", name]).map_err(error)?;
                let Reply::Array(seen) = &seen else { return Err(format!("{seen:?}")) };
                let is_well = |port: &u16| {
                    seen.iter().any(|it| {
                        let is_it = field(it, "port") == port.to_string();
                        is_it && field(it, "master-link-status") == "ok"
                    })
                };
                if known != others || !replicas.iter().all(is_well) {
                    return Err(format!("sentinel {number} knows {known} others and {seen:?}"));
                }
            }
            Ok(())
        });
    }

    /// `SENTINEL FAILOVER`, repeated until it is accepted.
    #[track_caller]
    pub fn fail_over(&self, number: usize, name: &str) {
        eventually(PATIENCE, || match self.ask(number, &["SENTINEL", "FAILOVER", name]) {
            Ok(Reply::Simple(_)) => Ok(()),
            other => Err(format!("{other:?}")),
        });
    }

    /// The port of the server that one of them names as the master `name`.
    pub fn master_port(&self, number: usize, name: &str) -> Option<u16> {
        let question = ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", name];
        self.ask(number, &question).ok()?.strings().get(1)?.parse().ok()
    }

    /// Waits until more than half of them name another master than the server at `port`, and
    /// returns its port.
    #[track_caller]
    pub fn wait_switch(&self, name: &str, port: u16) -> u16 {
        let mut new = 0;
        eventually(PATIENCE, || {
            let named: Vec<_> =
                (0..self.members.len()).map(|number| self.master_port(number, name)).collect();
            let others: Vec<u16> =
                named.iter().flatten().copied().filter(|it| *it != port).collect();
            new = others.first().copied().unwrap_or_default();
            let is_majority = others.len() * 2 > named.len() && others.iter().all(|it| *it == new);
            if is_majority { Ok(()) } else { Err(format!("they name {named:?}")) }
        });
        new
    }
}

/// The value of a field in an array of names and values; empty if there is none.
fn field(reply: &Reply, name: &str) -> String {
    let Reply::Array(_) = reply else { return String::new() };
    let pairs = reply.pairs();
    let found = pairs.into_iter().find(|(own, _)| own.str() == name);
    found.map(|(_, value)| value.str().to_owned()).unwrap_or_default()
}

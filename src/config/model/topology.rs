//! `[topology]`: the servers behind the proxy.

use std::time::Duration;

use super::section::section;
use crate::config::kind::{
    Address, Choice, IfGiven, ListOf, MasterName, OneOf, OrOff, Password, Text, Time,
};
use tidegate_wire::units::{HostPort, Secret};

/// The most replicas that the file may list.
const MAX_REPLICAS: usize = 1024;
/// The most Sentinels that the file may list.
const MAX_SENTINELS: usize = 64;
/// The master's name in the sentinel.conf that Redis and Valkey ship.
const MASTER_NAME: &str = "mymaster";

const MILLISECOND: Duration = Duration::from_millis(1);
const HOUR: Duration = Duration::from_secs(3600);

section! {
    /// `[topology]`: which servers there are, and how the proxy connects to them.
    pub struct TopologyConfig = "topology" {
        /// How the proxy finds the servers; `None` is Sentinel if `sentinels` lists any, else the
        /// file. See [`TopologyConfig::uses_sentinel`].
        "discovery" => discovery: Option<Discovery> = None,
            IfGiven(OneOf::<Discovery>::new()), Live;

        /// The master's address, which counts only without Sentinel: see
        /// [`TopologyConfig::named_master`]. redis.conf: what a replica's `replicaof` names.
        "master" | "primary" => master: HostPort = HostPort::local(6379), Address::Server, Live;

        /// The replicas' addresses, at most 1024. `None` takes them from the master's ROLE; an
        /// empty list means that there are no replicas.
        "replicas" => replicas: Option<Vec<HostPort>> = None,
            IfGiven(ListOf { kind: Address::Server, min: 0, max: MAX_REPLICAS }), Live;

        /// The Sentinels' addresses, at most 64. One that answers names the others.
        "sentinels" => sentinels: Vec<HostPort> = Vec::new(),
            ListOf { kind: Address::Server, min: 0, max: MAX_SENTINELS }, Live;

        /// The name under which the Sentinels watch the master.
        /// sentinel.conf: `sentinel monitor`.
        "master-name" => master_name: String = MASTER_NAME.to_owned(), MasterName, Live;

        /// The user as which the proxy logs in at the Sentinels; empty means the default user.
        "sentinel-user" => sentinel_user: String = String::new(), Text, Live;

        /// The password with which the proxy logs in at the Sentinels; empty means that it does
        /// not log in there. sentinel.conf: `requirepass`.
        "sentinel-password" => sentinel_password: Secret = Secret::default(), Password, Live;

        /// The user as which the proxy logs in; empty means the default user.
        /// redis.conf: `masteruser`.
        "masteruser" => masteruser: String = String::new(), Text, Live;

        /// The password with which the proxy logs in; empty means that it does not log in.
        /// redis.conf: `masterauth`.
        "masterauth" => masterauth: Secret = Secret::default(), Password, Live;

        /// How long the proxy may take to connect to a server and log in, 1 ms to 1 h.
        "connect-timeout" => connect_timeout: Duration = Duration::from_secs(1),
            Time(MILLISECOND, HOUR), Live;

        /// How long a server may take to answer before the proxy closes the connection, 1 ms to 1
        /// h; `None` means no limit. Blocking commands have their own timeouts.
        "request-timeout" => request_timeout: Option<Duration> = Some(Duration::from_secs(5)),
            OrOff(Time(MILLISECOND, HOUR)), Live;

        /// The time between two probes of a replica, 10 ms to 1 min. The master is probed four
        /// times as often.
        "probe-period" => probe_period: Duration = Duration::from_millis(100),
            Time(Duration::from_millis(10), Duration::from_secs(60)), Live;

        /// How long a replica may take to answer a probe before its state is unknown, 10 ms to 1 h.
        "probe-timeout" => probe_timeout: Duration = Duration::from_secs(1),
            Time(Duration::from_millis(10), HOUR), Live;
    }
}

impl TopologyConfig {
    /// Whether Sentinels name the servers.
    #[must_use]
    pub fn uses_sentinel(&self) -> bool {
        self.discovery.map_or(!self.sentinels.is_empty(), |it| it == Discovery::Sentinel)
    }

    /// The master that the file names; `None` if Sentinels name it.
    #[must_use]
    pub fn named_master(&self) -> Option<&HostPort> {
        (!self.uses_sentinel()).then_some(&self.master)
    }

    /// The servers that the file names, the master first.
    pub fn named_servers(&self) -> impl Iterator<Item = &HostPort> + Clone {
        self.named_master().into_iter().chain(self.replicas.iter().flatten())
    }
}

/// How the proxy finds the servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discovery {
    /// The file names them.
    Static,
    /// Sentinels name them.
    Sentinel,
}

impl Choice for Discovery {
    const ALL: &'static [Self] = &[Self::Static, Self::Sentinel];

    fn as_str(self) -> &'static str {
        match self {
            Self::Static => "static",
            Self::Sentinel => "sentinel",
        }
    }
}

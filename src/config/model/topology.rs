//! `[topology]`: the servers behind the proxy.

use std::time::Duration;

use super::section::section;
use crate::config::kind::{Address, Choice, IfGiven, ListOf, OneOf, OrOff, Password, Text, Time};
use tidegate_wire::units::{HostPort, Secret};

/// The most replicas that the file may list.
const MAX_REPLICAS: usize = 1024;

const MILLISECOND: Duration = Duration::from_millis(1);
const HOUR: Duration = Duration::from_secs(3600);

section! {
    /// `[topology]`: which servers there are, and how the proxy connects to them.
    pub struct TopologyConfig = "topology" {
        /// How the proxy finds the servers.
        "discovery" => discovery: Discovery = Discovery::Static, OneOf::<Discovery>::new(), Live;

        /// The master's address. redis.conf: what a replica's `replicaof` names.
        "master" | "primary" => master: HostPort = HostPort::local(6379), Address::Server, Live;

        /// The replicas' addresses, at most 1024. `None` takes them from the master's ROLE; an
        /// empty list means that there are no replicas.
        "replicas" => replicas: Option<Vec<HostPort>> = None,
            IfGiven(ListOf { kind: Address::Server, min: 0, max: MAX_REPLICAS }), Live;

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

/// How the proxy finds the servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discovery {
    /// The file names them.
    Static,
}

impl Choice for Discovery {
    const ALL: &'static [Self] = &[Self::Static];

    fn as_str(self) -> &'static str {
        match self {
            Self::Static => "static",
        }
    }
}

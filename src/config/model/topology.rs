//! `[topology]`: the servers behind the proxy.

use std::time::Duration;

use super::section::section;
use crate::config::kind::{Address, Choice, IfGiven, ListOf, OneOf, OrOff, Password, Text, Time};
use tidegate_wire::units::{HostPort, Secret};

/// How many replicas may be listed.
const MAX_REPLICAS: usize = 1024;

const MILLISECOND: Duration = Duration::from_millis(1);
const HOUR: Duration = Duration::from_secs(3600);

section! {
    /// `[topology]`: who the servers are and how they are reached.
    pub struct TopologyConfig = "topology" {
        /// How the servers are found.
        "discovery" => discovery: Discovery = Discovery::Static, OneOf::<Discovery>::new(), Live;

        /// The master's address. redis.conf: what a replica's `replicaof` names.
        "master" | "primary" => master: HostPort = HostPort::local(6379), Address::Server, Live;

        /// The replicas' addresses, at most 1024; `None` takes them from the master's ROLE, an
        /// empty list is "there are none".
        "replicas" => replicas: Option<Vec<HostPort>> = None,
            IfGiven(ListOf { kind: Address::Server, min: 0, max: MAX_REPLICAS }), Live;

        /// The user the proxy itself logs in as; empty is the default user.
        /// redis.conf: `masteruser`.
        "masteruser" => masteruser: String = String::new(), Text, Live;

        /// The password the proxy itself logs in with; empty is no login.
        /// redis.conf: `masterauth`.
        "masterauth" => masterauth: Secret = Secret::default(), Password, Live;

        /// How long connecting to a server may take, login included; 1 ms to 1 h.
        "connect-timeout" => connect_timeout: Duration = Duration::from_secs(1),
            Time(MILLISECOND, HOUR), Live;

        /// How long a server may take to answer before its connection is given up; 1 ms to 1 h,
        /// `None` is for ever. Blocking commands have their own time.
        "request-timeout" => request_timeout: Option<Duration> = Some(Duration::from_secs(5)),
            OrOff(Time(MILLISECOND, HOUR)), Live;

        /// From one question about a replica's progress to the next, 10 ms to 1 min; the master
        /// is asked four times as often.
        "probe-period" => probe_period: Duration = Duration::from_millis(100),
            Time(Duration::from_millis(10), Duration::from_secs(60)), Live;

        /// A replica that does not answer for this long is unknown, 10 ms to 1 h.
        "probe-timeout" => probe_timeout: Duration = Duration::from_secs(1),
            Time(Duration::from_millis(10), HOUR), Live;
    }
}

/// How the servers are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discovery {
    /// They are those that the file names.
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

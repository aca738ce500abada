//! `[topology]`: the servers behind the proxy.

use std::time::Duration;

use super::section::section;
use crate::config::kind::{
    Address, Choice, FilePath, Flag, HostName, IfGiven, Integer, ListOf, MasterName, OneOf, OrOff,
    Password, Text, Time,
};
use crate::session::Credentials;
use tidegate_wire::units::{HostPort, Secret};

/// The most replicas that the file may list.
const MAX_REPLICAS: usize = 1024;
/// The most replicas of an embedded master.
const MAX_EMBEDDED: u16 = 8;
/// The port of a master that has no other one.
const DEFAULT_PORT: u16 = 6379;
/// The most Sentinels that the file may list.
const MAX_SENTINELS: usize = 64;
/// The master's name in the sentinel.conf that Redis and Valkey ship.
const MASTER_NAME: &str = "mymaster";

const MILLISECOND: Duration = Duration::from_millis(1);
const HOUR: Duration = Duration::from_secs(3600);

section! {
    /// `[topology]`: which servers there are, and how the proxy connects to them.
    pub struct TopologyConfig = "topology" {
        /// How the proxy finds the servers; left out, it is what the other
        /// keys say: Sentinels, then servers that are named, then embedded ones.
        "discovery" => discovery: Option<Discovery> = None,
            IfGiven(OneOf::<Discovery>::new()), Live;

        /// The master's address, which counts only without Sentinel.
        /// redis.conf: what a replica's `replicaof` names.
        "master" | "primary" => master: Option<HostPort> = None,
            IfGiven(Address::Server), Live;

        /// The replicas' addresses, at most 1024. Left out, they come from the master's ROLE; an
        /// empty list means that there are no replicas.
        "replicas" => replicas: Option<Vec<HostPort>> = None,
            IfGiven(ListOf { kind: Address::Server, min: 0, max: MAX_REPLICAS }), Live;

        /// How many replicas the embedded master has, 0 to 8.
        "embedded-replicas" => embedded_replicas: u16 = 2, Integer(0, MAX_EMBEDDED), Restart;

        /// The port of the embedded master, 1 to 65527, on loopback. Its replicas have the ports
        /// that follow.
        "embedded-port" => embedded_port: u16 = 6391, Integer(1, u16::MAX - MAX_EMBEDDED), Restart;

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

        /// The file that has this password; empty means none.
        "sentinel-password-file" => sentinel_password_file: String = String::new(), FilePath, Live;

        /// The user as which the proxy logs in; empty means the default user.
        /// redis.conf: `masteruser`.
        "masteruser" => masteruser: String = String::new(), Text, Live;

        /// The password with which the proxy logs in; empty means that it does not log in.
        /// redis.conf: `masterauth`.
        "masterauth" => masterauth: Secret = Secret::default(), Password, Live;

        /// The file that has this password; empty means none.
        "masterauth-file" => masterauth_file: String = String::new(), FilePath, Live;

        /// Whether the proxy connects to the servers with TLS.
        /// redis.conf: `tls-replication`, `tls-port`.
        "tls" => tls: bool = false, Flag, Live;

        /// The same for Sentinels; left out, as `tls` says.
        "sentinel-tls" => sentinel_tls: Option<bool> = None, IfGiven(Flag), Live;

        /// The file of the authorities that servers' certificates are checked with, in PEM; empty
        /// means those that the system trusts. redis.conf: `tls-ca-cert-file`.
        "tls-ca-cert-file" => tls_ca_cert_file: String = String::new(), FilePath, Live;

        /// The file of the certificate that the proxy shows to servers, in PEM; empty means none.
        /// redis.conf: `tls-client-cert-file`.
        "tls-client-cert-file" => tls_client_cert_file: String = String::new(), FilePath, Live;

        /// The file of that certificate's private key, in PEM; empty means none.
        /// redis.conf: `tls-client-key-file`.
        "tls-client-key-file" => tls_client_key_file: String = String::new(), FilePath, Live;

        /// The name that the servers' certificates are for, and that the servers are told (SNI);
        /// empty means the host of each server's address.
        "tls-server-name" => tls_server_name: String = String::new(), HostName, Live;

        /// Whether a server's certificate has to be for its name; `false` accepts each one that a
        /// trusted authority has signed, as Redis's replicas do.
        "tls-check-host-name" => tls_check_host_name: bool = true, Flag, Live;

        /// How long the proxy may take to connect to a server and log in, 1 ms to 1 h.
        "connect-timeout" => connect_timeout: Duration = Duration::from_secs(1),
            Time(MILLISECOND, HOUR), Live;

        /// How long a server may take to answer before the proxy closes the connection, 1 ms to 1
        /// h; 0 means no limit. Blocking commands have their own timeouts.
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
    /// How the proxy finds the servers: as `discovery` says, else by the Sentinels if any are
    /// listed, else as the file names them; a file that names no server has embedded ones.
    #[must_use]
    pub fn discovery(&self) -> Discovery {
        let names_servers = self.master.is_some() || self.replicas.is_some();
        self.discovery.unwrap_or(match (self.sentinels.is_empty(), names_servers) {
            (false, _) => Discovery::Sentinel,
            (true, true) => Discovery::Static,
            (true, false) => Discovery::Embedded,
        })
    }

    /// Whether Sentinels name the servers.
    #[must_use]
    pub fn uses_sentinel(&self) -> bool {
        self.discovery() == Discovery::Sentinel
    }

    /// Whether the servers are engines in this process.
    #[must_use]
    pub fn is_embedded(&self) -> bool {
        self.discovery() == Discovery::Embedded
    }

    /// The addresses of the embedded servers, the master first; none if there are no such servers.
    #[must_use]
    pub fn embedded_servers(&self) -> Vec<HostPort> {
        if !self.is_embedded() {
            return Vec::new();
        }
        let ports = (0..=self.embedded_replicas).map(|at| self.embedded_port.saturating_add(at));
        ports.map(HostPort::local).collect()
    }

    /// Keeps the embedded servers that `running` has.
    pub fn keep_embedded(&mut self, running: &Self) {
        self.embedded_replicas = running.embedded_replicas;
        self.embedded_port = running.embedded_port;
    }

    /// The master that the file names, or the embedded one; `None` if Sentinels name it.
    #[must_use]
    pub fn named_master(&self) -> Option<HostPort> {
        match self.discovery() {
            Discovery::Sentinel => None,
            Discovery::Embedded => Some(HostPort::local(self.embedded_port)),
            Discovery::Static => {
                Some(self.master.clone().unwrap_or_else(|| HostPort::local(DEFAULT_PORT)))
            }
        }
    }

    /// The replicas that the file names, or the embedded ones; `None` if they are found elsewhere.
    #[must_use]
    pub fn named_replicas(&self) -> Option<Vec<HostPort>> {
        match self.discovery() {
            Discovery::Embedded => Some(self.embedded_servers().split_off(1)),
            Discovery::Static | Discovery::Sentinel => self.replicas.clone(),
        }
    }

    /// The servers that the file names, or the embedded ones, the master first.
    #[must_use]
    pub fn named_servers(&self) -> Vec<HostPort> {
        let replicas = self.named_replicas().into_iter().flatten();
        self.named_master().into_iter().chain(replicas).collect()
    }
}

impl Credentials {
    /// The login of the proxy itself.
    #[must_use]
    pub fn of(config: &TopologyConfig) -> Self {
        Self::new(config.masteruser.clone(), config.masterauth.clone())
    }

    /// Whether it is the login of the proxy itself, as `config` says.
    #[must_use]
    pub fn is_of(&self, config: &TopologyConfig) -> bool {
        self.user() == config.masteruser && *self.password() == config.masterauth
    }
}

/// How the proxy finds the servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discovery {
    /// The file names them.
    Static,
    /// Sentinels name them.
    Sentinel,
    /// They are engines in this process.
    Embedded,
}

impl Choice for Discovery {
    const ALL: &'static [Self] = &[Self::Static, Self::Sentinel, Self::Embedded];

    fn as_str(self) -> &'static str {
        match self {
            Self::Static => "static",
            Self::Sentinel => "sentinel",
            Self::Embedded => "embedded",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_that_of_the_configuration_until_that_says_otherwise() {
        let mut config =
            TopologyConfig { masteruser: "app".to_owned(), ..TopologyConfig::default() };
        let own = Credentials::of(&config);
        assert!(own.is_of(&config));
        config.masterauth = Secret::new("x");
        assert!(!own.is_of(&config));
    }
}

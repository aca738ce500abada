//! `[proxy]`: the side that faces the clients.

use std::time::Duration;

use super::section::section;
use super::tls::CertUser;
use crate::config::kind::{
    Address, FileMode, FilePath, Flag, IfGiven, Integer, Kind, ListOf, Network, OneOf, OrOff,
    OutputClass, OutputClassKind, Password, Raw, Read, Size, Time, quoted,
};
use crate::tls::{AuthClients, Protocol};
use ipnet::IpNet;
use tidegate_wire::units::ByteSize;
use tidegate_wire::units::{HostPort, Secret};

/// The most addresses that the proxy listens on.
const MAX_LISTEN: usize = 64;

/// The longest `timeout`.
const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);
/// The longest `tcp-keepalive`: Linux takes at most 32767 s for TCP_KEEPIDLE.
const MAX_KEEPALIVE: Duration = Duration::from_secs(9 * 3600);
const SECOND: Duration = Duration::from_secs(1);
/// The default limits of redis.conf for clients with subscriptions.
const PUBSUB: OutputClass = OutputClass {
    hard: Some(ByteSize::mib(32)),
    soft: Some(ByteSize::mib(8)),
    soft_for: Duration::from_secs(60),
};

section! {
    /// `[proxy]`: addresses, threads and limits of the side that faces the clients.
    pub struct Proxy = "proxy" {
        /// The addresses that clients connect to, 1 to 64; port 0 means any free port.
        /// redis.conf: `bind` and `port`.
        "listen" => listen: Vec<HostPort> = vec![HostPort::local(6400)],
            ListOf { kind: Address::Listen, min: 1, max: MAX_LISTEN }, Restart;

        /// The addresses that clients connect to with TLS, at most 64; port 0 means any free port.
        /// redis.conf: `tls-port`.
        "tls-listen" => tls_listen: Vec<HostPort> = Vec::new(),
            ListOf { kind: Address::Listen, min: 0, max: MAX_LISTEN }, Restart;

        /// The file of the certificate that clients with TLS see, in PEM, followed by those of the
        /// authorities between it and a trusted one; empty means none. Files are read again when
        /// they change. redis.conf: `tls-cert-file`.
        "tls-cert-file" => tls_cert_file: String = String::new(), FilePath, Live;

        /// The file of the certificate's private key, in PEM; empty means none.
        /// redis.conf: `tls-key-file`.
        "tls-key-file" => tls_key_file: String = String::new(), FilePath, Live;

        /// The file of the authorities that clients' certificates are checked with, in PEM; empty
        /// means none. redis.conf: `tls-ca-cert-file`.
        "tls-ca-cert-file" => tls_ca_cert_file: String = String::new(), FilePath, Live;

        /// Whether clients with TLS have to show a certificate. Left out, they have to if there is
        /// a `tls-ca-cert-file`, as Redis has it. redis.conf: `tls-auth-clients`.
        "tls-auth-clients" => tls_auth_clients: Option<AuthClients> = None,
            IfGiven(OneOf::<AuthClients>::new()), Live;

        /// Whether the name in a client's certificate logs the client in as that user.
        /// valkey.conf: `tls-auth-clients-user`.
        "tls-auth-clients-user" => tls_auth_clients_user: CertUser = CertUser::Off,
            OneOf::<CertUser>::new(), Live;

        /// The permitted versions of TLS, for clients and for servers.
        /// redis.conf: `tls-protocols`.
        "tls-protocols" => tls_protocols: Vec<Protocol> = Protocol::ALL.to_vec(),
            ListOf { kind: OneOf::<Protocol>::new(), min: 1, max: 2 }, Live;

        /// The permissions of the files of Unix sockets, such as "770"; left out, those of the
        /// process. redis.conf: `unixsocketperm`.
        "unixsocketperm" => unixsocketperm: Option<u32> = None, IfGiven(FileMode), Restart;

        /// Whether each connection begins with a header of the PROXY protocol, version 1 or 2, in
        /// which a load balancer names its client. HAProxy: `accept-proxy`.
        "proxy-protocol" => proxy_protocol: bool = false, Flag, Live;

        /// The addresses of the load balancers whose headers are believed, up to 256 networks such
        /// as "10.0.0.0/8". Others may not connect while `proxy-protocol` is on.
        "proxy-protocol-trusted" => proxy_protocol_trusted: Vec<IpNet> = Vec::new(),
            ListOf { kind: Network, min: 0, max: 256 }, Live;

        /// The number of threads that serve clients. Similar to redis.conf's `io-threads`.
        "workers" => workers: Workers = Workers::Auto, WorkersKind, Restart;

        /// The most clients that may be connected, 1 to 1 000 000. redis.conf: `maxclients`.
        "max-clients" => max_clients: usize = 10_000, Integer(1, 1_000_000), Live;

        /// How long a client may be idle before the proxy closes it, 1 s to a year; 0 means no
        /// limit.
        /// redis.conf: `timeout`.
        "timeout" => timeout: Option<Duration> = None, OrOff(Time(SECOND, YEAR)), Live;

        /// How long a client's connection may be silent before the kernel probes it, 1 s to 9 h;
        /// 0 means that it never does. redis.conf: `tcp-keepalive`.
        "tcp-keepalive" => tcp_keepalive: Option<Duration> = Some(Duration::from_secs(300)),
            OrOff(Time(SECOND, MAX_KEEPALIVE)), Live;

        /// The most bytes of requests that may wait of one client, 1mb to 64gb.
        /// redis.conf: `client-query-buffer-limit`.
        "query-buffer-limit" => query_buffer_limit: ByteSize = ByteSize::gib(1),
            Size(ByteSize::mib(1), ByteSize::gib(64)), Live;

        /// The most bytes of replies that may wait for one client, 64kb to 64gb; a client with more
        /// is closed. 0 means no limit. redis.conf: the hard limit of
        /// `client-output-buffer-limit`.
        "client-output-buffer-limit" => client_output_buffer_limit: Option<ByteSize> =
            Some(ByteSize::mib(256)), OrOff(Size(ByteSize::kib(64), ByteSize::gib(64))), Live;

        /// The same for clients with subscriptions: a hard limit, a soft limit, and for how long a
        /// client may exceed the soft one. redis.conf: `client-output-buffer-limit pubsub`.
        "client-output-buffer-limit-pubsub" => client_output_buffer_limit_pubsub: OutputClass =
            PUBSUB, OutputClassKind, Live;

        /// The most bytes of requests and replies that may wait of all clients together, 16mb to
        /// 16384gb; beyond it the client with the most is closed. 0 means no limit.
        /// redis.conf: `maxmemory-clients`.
        "maxmemory-clients" => maxmemory_clients: Option<ByteSize> = Some(ByteSize::gib(4)),
            OrOff(Size(ByteSize::mib(16), ByteSize::gib(16_384))), Live;

        /// The longest argument of a request, 1mb to 4gb.
        /// redis.conf: `proto-max-bulk-len`.
        "proto-max-bulk-len" => proto_max_bulk_len: ByteSize = ByteSize::mib(512),
            Size(ByteSize::mib(1), ByteSize::gib(4)), Live;

        /// The password that clients must give with AUTH; empty means that they need none.
        /// redis.conf: `requirepass`.
        "requirepass" => requirepass: Secret = Secret::default(), Password, Live;

        /// The file that has this password; empty means none.
        "requirepass-file" => requirepass_file: String = String::new(), FilePath, Live;

        /// The file of users, in Redis's format; empty means that `[[user]]` names them.
        /// redis.conf: `aclfile`.
        "aclfile" => aclfile: String = String::new(), FilePath, Live;

        /// Whether the requests of users are made at the servers with their own names and passwords,
        /// as clients give them with AUTH or HELLO. A `[[user]]` may say otherwise.
        "pass-through" => pass_through: bool = false, Flag, Live;

        /// Whether the proxy reloads the file when it changes, as it does on SIGHUP.
        "watch-config" => watch_config: bool = true, Flag, Live;
    }
}

impl Proxy {
    /// The most bytes of replies that may wait for one client; `usize::MAX` means no limit.
    #[must_use]
    pub fn output_limit(&self) -> usize {
        self.client_output_buffer_limit.map_or(usize::MAX, ByteSize::as_usize)
    }
}

/// The number of threads that serve clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workers {
    /// One for each core that the process may use.
    Auto,
    /// This number, 1 to 1024.
    Count(usize),
}

/// The kind of `workers`: `"auto"` or a number.
#[derive(Debug)]
struct WorkersKind;

impl WorkersKind {
    const COUNT: Integer<usize> = Integer(1, 1024);
}

impl Kind for WorkersKind {
    type Value = Workers;

    fn accepted(&self) -> String {
        format!("\"auto\" or {}", Self::COUNT.accepted())
    }

    fn read<'a>(&self, raw: &'a Raw<'a>) -> Read<'a, Workers> {
        match raw.get_ref().as_str() {
            Some("auto") => Ok(Workers::Auto),
            _ => Self::COUNT.read(raw).map(Workers::Count),
        }
    }

    fn show(&self, value: &Workers) -> String {
        match value {
            Workers::Auto => quoted("auto"),
            Workers::Count(count) => count.to_string(),
        }
    }
}

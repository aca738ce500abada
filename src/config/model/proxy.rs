//! `[proxy]`: the side that faces the clients.

use std::time::Duration;

use super::section::section;
use crate::config::kind::{
    Address, Flag, Integer, Kind, ListOf, OrOff, OutputClass, OutputClassKind, Password, Raw, Read,
    Size, Time, quoted,
};
use tidegate_wire::units::ByteSize;
use tidegate_wire::units::{HostPort, Secret};

/// How many addresses may be listened on.
const MAX_LISTEN: usize = 64;

/// The longest times that make sense to a socket or a timer.
const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);
/// Linux takes at most 32767 s for TCP_KEEPIDLE.
const MAX_KEEPALIVE: Duration = Duration::from_secs(9 * 3600);
const SECOND: Duration = Duration::from_secs(1);
/// Redis's own limits.
const PUBSUB: OutputClass = OutputClass {
    hard: Some(ByteSize::mib(32)),
    soft: Some(ByteSize::mib(8)),
    soft_for: Duration::from_secs(60),
};

section! {
    /// `[proxy]`: addresses, threads and limits of the side that faces the clients.
    pub struct Proxy = "proxy" {
        /// Addresses clients connect to; 1 to 64, port 0 is any free one.
        /// redis.conf: `bind` and `port`.
        "listen" => listen: Vec<HostPort> = vec![HostPort::local(6400)],
            ListOf { kind: Address::Listen, min: 1, max: MAX_LISTEN }, Restart;

        /// Threads that serve clients. redis.conf: `io-threads`, roughly.
        "workers" => workers: Workers = Workers::Auto, WorkersKind, Restart;

        /// How many clients may be connected; 1 to 1 000 000. redis.conf: `maxclients`.
        "max-clients" => max_clients: usize = 10_000, Integer(1, 1_000_000), Live;

        /// A client idle for this long is disconnected; 1 s to a year, `None` is never.
        /// redis.conf: `timeout`.
        "timeout" => timeout: Option<Duration> = None, OrOff(Time(SECOND, YEAR)), Live;

        /// Silence after which a client's connection is probed; 1 s to 9 h, `None` is never.
        /// redis.conf: `tcp-keepalive`.
        "tcp-keepalive" => tcp_keepalive: Option<Duration> = Some(Duration::from_secs(300)),
            OrOff(Time(SECOND, MAX_KEEPALIVE)), Live;

        /// How many bytes of requests one client may have waiting; 1mb to 64gb.
        /// redis.conf: `client-query-buffer-limit`.
        "query-buffer-limit" => query_buffer_limit: ByteSize = ByteSize::gib(1),
            Size(ByteSize::mib(1), ByteSize::gib(64)), Live;

        /// How many bytes of replies may wait for one client before it is disconnected; 64kb to
        /// 64gb, `None` is no limit. redis.conf: the hard limit of `client-output-buffer-limit`.
        "client-output-buffer-limit" => client_output_buffer_limit: Option<ByteSize> =
            Some(ByteSize::mib(256)), OrOff(Size(ByteSize::kib(64), ByteSize::gib(64))), Live;

        /// The same for clients with subscriptions: a hard limit, a soft one, and for how long the
        /// soft one may be passed. redis.conf: `client-output-buffer-limit pubsub`.
        "client-output-buffer-limit-pubsub" => client_output_buffer_limit_pubsub: OutputClass =
            PUBSUB, OutputClassKind, Live;

        /// How many bytes of requests and replies may wait for all clients together before the
        /// client with the most is disconnected; 16mb to 16384gb, `None` is no limit.
        /// redis.conf: `maxmemory-clients`.
        "maxmemory-clients" => maxmemory_clients: Option<ByteSize> = Some(ByteSize::gib(4)),
            OrOff(Size(ByteSize::mib(16), ByteSize::gib(16_384))), Live;

        /// The longest single argument of a request; 1mb to 4gb.
        /// redis.conf: `proto-max-bulk-len`.
        "proto-max-bulk-len" => proto_max_bulk_len: ByteSize = ByteSize::mib(512),
            Size(ByteSize::mib(1), ByteSize::gib(4)), Live;

        /// The password clients must give with AUTH; empty is none. redis.conf: `requirepass`.
        "requirepass" => requirepass: Secret = Secret::default(), Password, Live;

        /// Whether a change of the file is a reload, as SIGHUP is.
        "watch-config" => watch_config: bool = true, Flag, Live;
    }
}

impl Proxy {
    /// How many bytes of replies may wait for one client; without a limit, as many as there are.
    #[must_use]
    pub fn output_limit(&self) -> usize {
        self.client_output_buffer_limit.map_or(usize::MAX, ByteSize::as_usize)
    }
}

/// Threads that serve clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workers {
    /// One per core that the process may use.
    Auto,
    /// So many; 1 to 1024.
    Count(usize),
}

/// `"auto"` or a count.
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

//! `replica.replicaof`: whom the engine follows.

use crate::config::kind::{Address, Kind, Raw, Read, quoted};
use tidegate_wire::units::HostPort;

/// The master that the engine follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplicaOf {
    /// None: the engine is a master itself.
    NoOne,
    /// The proxy's master, also after a failover.
    Topology,
    /// This server, whichever server is the proxy's master.
    Server(HostPort),
}

/// The kind of `replicaof`: `"topology"`, `"no one"`, `"host:port"`, or redis.conf's `"host port"`.
#[derive(Debug)]
pub(super) struct ReplicaOfKind;

const TOPOLOGY: &str = "topology";
const NO_ONE: &str = "no one";

/// The server that a value of redis.conf names: host and port, separated by blanks. An IPv6
/// address needs no brackets.
fn host_and_port(text: &str) -> Option<HostPort> {
    let mut words = text.split_ascii_whitespace();
    let (host, port) = (words.next()?, words.next()?);
    words.next().is_none().then(|| HostPort::of(host, port).ok())?
}

impl Kind for ReplicaOfKind {
    type Value = ReplicaOf;

    fn accepted(&self) -> String {
        let (topology, no_one) = (quoted(TOPOLOGY), quoted(NO_ONE));
        format!("{topology}, {no_one}, \"host port\" or {}", Address::Server.accepted())
    }

    fn read<'a>(&self, raw: &'a Raw<'a>) -> Read<'a, ReplicaOf> {
        let text = raw.get_ref().as_str().unwrap_or_default();
        if text == TOPOLOGY {
            return Ok(ReplicaOf::Topology);
        }
        if text.split_ascii_whitespace().map(str::to_ascii_lowercase).eq(["no", "one"]) {
            return Ok(ReplicaOf::NoOne);
        }
        let named = host_and_port(text).filter(|server| server.port > 0);
        named.map_or_else(|| Address::Server.read(raw), Ok).map(ReplicaOf::Server)
    }

    fn show(&self, value: &ReplicaOf) -> String {
        match value {
            ReplicaOf::NoOne => quoted(NO_ONE),
            ReplicaOf::Topology => quoted(TOPOLOGY),
            ReplicaOf::Server(server) => Address::Server.show(server),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_master_may_be_written_as_in_redis_conf() {
        for (text, shown) in [
            ("10.0.0.1 6379", "10.0.0.1:6379"),
            ("redis-0.example\t 6379", "redis-0.example:6379"),
            ("::1 6379", "[::1]:6379"),
            ("[::1] 6379", "[::1]:6379"),
        ] {
            assert_eq!(host_and_port(text).unwrap().to_string(), shown, "{text}");
        }
        for text in ["", "no one", "host", "host 6379 6380", "host:1 6379", "::1", "host 65536"] {
            assert_eq!(host_and_port(text), None, "{text}");
        }
    }
}

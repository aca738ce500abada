//! A server in the reply to PROXY EXPLAIN: its [`Report`], and why the request does not go there.

use crate::client::introspection::record::Record;
use crate::config::ReadFrom;
use crate::topology::{Freshness, Report, Role, StaleReason};

/// The fields of a server. `from` says which servers the session reads from; `None` for a request
/// that only the master may get. `suits`: it is a replica that is fresh enough for the session.
pub(in crate::client) fn describe(report: &Report, from: Option<ReadFrom>, suits: bool) -> Record {
    vec![
        ("id", u64::from(report.id).into()),
        ("addr", report.addr.to_string().into()),
        ("role", report.role.to_string().into()),
        ("state", report.state.map(Freshness::as_str).into()),
        ("reason", report.reason.map(StaleReason::as_str).into()),
        ("excluded", report.excluded.clone().into()),
        ("reads", report.reads.into()),
        ("offset", report.offset.into()),
        ("lag_ms", report.lag_ms.into()),
        ("lag_bytes", report.lag_bytes.into()),
        ("weight", u64::from(report.weight).into()),
        ("in_flight", report.in_flight.into()),
        ("latency_us", report.latency_us.into()),
        ("why_not", why_not(report, from, suits).into()),
    ]
}

/// Why the request goes elsewhere; `None` where it may go there.
fn why_not(report: &Report, from: Option<ReadFrom>, suits: bool) -> Option<String> {
    let of_policy = || {
        let reason = match (report.role, from) {
            (Role::Master, None) => return None,
            (_, None) => "only the master is asked",
            (Role::Master, Some(ReadFrom::Replica)) => "serves reads only when no replica can",
            (Role::Replica, Some(ReadFrom::Master)) => "reads go to the master",
            _ if report.weight == 0 => "its weight is 0: serves only when no other server can",
            _ => return None,
        };
        Some(reason.to_owned())
    };
    report.why_not().filter(|_| !suits).or_else(of_policy)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::topology::{Backend, BackendId, FallbackRank, Finding, Health};
    use tidegate_wire::units::HostPort;

    #[test]
    fn a_server_that_this_session_does_not_read_from_says_why() {
        let mut backend = Backend {
            id: BackendId(1),
            addr: HostPort::local(1),
            endpoint: None,
            role: Role::Master,
            weight: 1,
            scan_tag: 0,
            data_epoch: 0,
            excluded: None,
            is_local: false,
            pass: 0,
            health: Arc::new(Health::default()),
        };
        let of_write = |backend: &Backend| why_not(&Report::of(backend, 10), None, false);
        let why = |backend: &Backend, from| why_not(&Report::of(backend, 10), Some(from), false);
        assert_eq!((why(&backend, ReadFrom::Any), of_write(&backend)), (None, None));
        assert!(why(&backend, ReadFrom::Replica).is_some_and(|why| why.contains("no replica")));
        backend.weight = 0;
        assert!(why(&backend, ReadFrom::Any).is_some_and(|why| why.contains("weight")));
        backend.role = Role::Replica;
        assert_eq!(why(&backend, ReadFrom::Master).as_deref(), Some("unmeasured"));
        backend.health.progress.set(Finding {
            offset: None,
            lag_bytes: None,
            proven_ms: None,
            fresh_until_ms: 20,
            stale_reason: None,
            fallback_rank: FallbackRank::None,
            fallback_until_ms: 0,
            heard_ms: None,
            took_us: 0,
        });
        assert!(why(&backend, ReadFrom::Master).is_some_and(|why| why.contains("the master")));
        assert_eq!(of_write(&backend).as_deref(), Some("only the master is asked"));
    }
}

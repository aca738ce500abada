//! A server as PROXY EXPLAIN tells of it: as everywhere ([`Report`]), and whether this session's
//! reads go there.

use super::record::Record;
use crate::config::ReadFrom;
use crate::topology::{Doubt, Freshness, Report, Role};

/// What there is to tell of a server to a session that reads from `from`.
pub(super) fn describe(report: &Report, from: ReadFrom) -> Record {
    vec![
        ("id", u64::from(report.id).into()),
        ("addr", report.addr.to_string().into()),
        ("role", report.role.to_string().into()),
        ("state", report.state.map(Freshness::word).into()),
        ("reason", report.reason.map(Doubt::word).into()),
        ("excluded", report.excluded.clone().into()),
        ("reads", report.reads.into()),
        ("offset", report.offset.into()),
        ("lag_ms", report.lag_ms.into()),
        ("lag_bytes", report.lag_bytes.into()),
        ("weight", u64::from(report.weight).into()),
        ("in_flight", report.in_flight.into()),
        ("latency_us", report.latency_us.into()),
        ("why_not", why_not(report, from).into()),
    ]
}

/// Why this session's reads go elsewhere; `None` where they do not.
fn why_not(report: &Report, from: ReadFrom) -> Option<String> {
    let of_policy = || {
        let reason = match (report.role, from) {
            (Role::Master, ReadFrom::Replica) => "serves reads only when no replica can",
            (Role::Replica, ReadFrom::Master) => "reads go to the master",
            _ if report.weight == 0 => "its weight is 0: serves only when no other server can",
            _ => return None,
        };
        Some(reason.to_owned())
    };
    report.why_not().or_else(of_policy)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::topology::{Backend, BackendId, Finding, Health, Standing};
    use tidegate_wire::units::HostPort;

    #[test]
    fn a_server_that_this_session_does_not_read_from_says_why() {
        let mut backend = Backend {
            id: BackendId(1),
            addr: HostPort::local(1),
            role: Role::Master,
            weight: 1,
            scan_tag: 0,
            excluded: None,
            is_local: false,
            pass: 0,
            health: Arc::new(Health::default()),
        };
        let why = |backend: &Backend, from| why_not(&Report::of(backend, 10), from);
        assert_eq!(why(&backend, ReadFrom::Any), None);
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
            doubt: None,
            standing: Standing::None,
            standing_until_ms: 0,
            heard_ms: None,
            took_us: 0,
        });
        assert!(why(&backend, ReadFrom::Master).is_some_and(|why| why.contains("the master")));
    }
}

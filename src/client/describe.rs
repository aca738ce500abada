//! A server as PROXY TOPOLOGY and PROXY EXPLAIN tell of it.

use super::record::Record;
use crate::config::ReadFrom;
use crate::topology::{Backend, Role};

/// From where a server is looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct View {
    /// Where reads may go.
    pub(super) from: ReadFrom,
    /// The time, in milliseconds of the process's clock.
    pub(super) now_ms: u64,
}

/// What there is to tell of `backend`; `in_flight` requests of this worker are under way to it.
pub(super) fn describe(backend: &Backend, view: View, in_flight: u64) -> Record {
    let reason = why_no_reads(backend, view);
    let progress = &backend.health.progress;
    vec![
        ("addr", backend.addr.to_string().into()),
        ("id", u64::from(backend.id.0).into()),
        ("role", backend.role.to_string().into()),
        ("state", state(backend, view.now_ms).into()),
        ("offset", progress.offset().into()),
        ("lag-ms", progress.lag_ms(view.now_ms).into()),
        ("lag-bytes", progress.lag_bytes().into()),
        ("probe-age-ms", progress.silence_ms(view.now_ms).into()),
        ("weight", u64::from(backend.weight).into()),
        ("reads", reason.is_empty().into()),
        ("reason", reason.into()),
        ("latency-us", backend.health.latency_us().into()),
        ("in-flight", in_flight.into()),
    ]
}

/// Freshness, where it has any.
fn state(backend: &Backend, now_ms: u64) -> &'static str {
    match backend.role {
        Role::Master => "master",
        Role::Replica => backend.health.progress.freshness(now_ms).word(),
        Role::Unknown => "unknown",
    }
}

/// Why reads go elsewhere; empty where they do not.
fn why_no_reads(backend: &Backend, view: View) -> String {
    if let Some(reason) = backend.why_not(view.now_ms) {
        return reason;
    }
    let reason = match (backend.role, view.from) {
        (Role::Unknown, _) => "its role is not known",
        (Role::Master, ReadFrom::Replica) => "serves reads only when no replica can",
        (Role::Replica, ReadFrom::Master) => "reads go to the master",
        _ if backend.weight == 0 => "its weight is 0: serves only when nobody else can",
        _ => "",
    };
    reason.to_owned()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::topology::{BackendId, Health};
    use crate::units::HostPort;

    #[test]
    fn who_serves_no_reads_says_why() {
        let view = |from| View { from, now_ms: 10 };
        let mut backend = Backend {
            id: BackendId(1),
            addr: HostPort::local(1),
            role: Role::Master,
            weight: 1,
            scan_tag: 0,
            excluded: None,
            is_local: false,
            health: Arc::new(Health::default()),
        };
        assert_eq!(why_no_reads(&backend, view(ReadFrom::Any)), "");
        assert!(why_no_reads(&backend, view(ReadFrom::Replica)).contains("no replica"));
        backend.weight = 0;
        assert!(why_no_reads(&backend, view(ReadFrom::Any)).contains("weight"));
        backend.role = Role::Replica;
        assert_eq!(state(&backend, 10), "unknown", "nothing was measured");
        assert!(why_no_reads(&backend, view(ReadFrom::Any)).starts_with("unknown: "));
        backend.excluded = Some("loading".to_owned());
        assert_eq!(why_no_reads(&backend, view(ReadFrom::Any)), "loading");
    }
}

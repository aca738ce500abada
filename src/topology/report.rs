//! What the proxy reports about a server: the same names with the same meaning in `INFO proxy`,
//! PROXY TOPOLOGY, PROXY EXPLAIN, `/status` and the metrics. `docs/metrics.md` has the table.

use std::fmt::Display;

use serde::{Serialize, Serializer};

use super::{Backend, Freshness, Role, StaleReason};
use tidegate_wire::units::HostPort;

/// A server at one moment. In JSON, a value that is not known is null.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Its number, which stays the same as long as the process runs.
    pub id: u32,
    /// Its address.
    #[serde(serialize_with = "text")]
    pub addr: HostPort,
    /// Its role.
    #[serde(serialize_with = "text")]
    pub role: Role,
    /// The state of its data; `None` for the master.
    #[serde(serialize_with = "optional_text")]
    pub state: Option<Freshness>,
    /// Why its data is not fresh; `None` if it is, and for the master.
    #[serde(serialize_with = "optional_text")]
    pub reason: Option<StaleReason>,
    /// Another reason why it serves no reads, in words.
    pub excluded: Option<String>,
    /// Whether it could serve reads now, apart from `reads.from`.
    pub reads: bool,
    /// Whether it rests after a failure.
    pub resting: bool,
    /// Its replication offset in its last answer.
    pub offset: Option<u64>,
    /// How old its data may be now, at most; `None` for the master.
    pub lag_ms: Option<u64>,
    /// How far it is behind the master; `None` for the master.
    pub lag_bytes: Option<u64>,
    /// Its share of reads.
    pub weight: u32,
    /// Requests under way, over all workers.
    pub in_flight: u64,
    /// Connections, over all workers.
    pub connections: u64,
    /// How long ago the last question that it answered was sent.
    pub probe_age_ms: Option<u64>,
    /// How long that answer took, in milliseconds, to the microsecond.
    pub probe_ms: Option<f64>,
    /// The moving average of its reply times in microseconds; 0 before the first.
    pub latency_us: u64,
    /// Whether it is the engine of this process.
    pub local: bool,
}

impl Report {
    /// The report about `backend` at `now_ms`.
    #[must_use]
    pub fn of(backend: &Backend, now_ms: u64) -> Self {
        let (health, progress) = (&backend.health, &backend.health.progress);
        let is_other = backend.role != Role::Master;
        let probe_age_ms = progress.silence_ms(now_ms);
        Self {
            id: backend.id.0,
            addr: backend.addr.clone(),
            role: backend.role,
            state: is_other.then(|| progress.freshness(now_ms)),
            reason: progress.stale_reason(now_ms).filter(|_| is_other),
            excluded: backend.excluded.clone(),
            reads: backend.can_read(now_ms),
            resting: health.is_resting(now_ms),
            offset: progress.offset(),
            lag_ms: progress.lag_ms(now_ms).filter(|_| is_other),
            lag_bytes: progress.lag_bytes().filter(|_| is_other),
            weight: backend.weight,
            in_flight: u64::try_from(health.load.in_flight()).unwrap_or_default(),
            connections: u64::try_from(health.load.connections()).unwrap_or_default(),
            probe_age_ms,
            probe_ms: probe_age_ms
                .map(|_| f64::from(u32::try_from(progress.took_us()).unwrap_or(u32::MAX)) / 1e3),
            latency_us: health.latency_us(),
            local: backend.is_local,
        }
    }

    /// Why it serves no reads, in words; `None` if it could.
    #[must_use]
    pub fn why_not(&self) -> Option<String> {
        if self.reads {
            return None;
        }
        let stale_reason = || self.reason.filter(|_| self.role == Role::Replica);
        let why = self
            .excluded
            .clone()
            .or_else(|| stale_reason().map(|stale_reason| stale_reason.to_string()));
        Some(why.unwrap_or_else(|| {
            if self.resting { "resting after a failure" } else { "its role is not known" }
                .to_owned()
        }))
    }
}

fn text<S: Serializer>(value: &impl Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

fn optional_text<S: Serializer>(
    value: &Option<impl Display>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => serializer.collect_str(value),
        None => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::topology::{BackendId, Health};

    fn backend(role: Role) -> Backend {
        Backend {
            id: BackendId(1),
            addr: HostPort::local(1),
            endpoint: None,
            role,
            weight: 1,
            scan_tag: 0,
            data_epoch: 0,
            excluded: None,
            is_local: false,
            pass: 0,
            health: Arc::new(Health::default()),
        }
    }

    #[test]
    fn a_server_that_serves_no_reads_says_why() {
        let why = |backend: &Backend| Report::of(backend, 10).why_not();
        let mut backend = backend(Role::Master);
        assert_eq!(why(&backend), None);
        backend.role = Role::Replica;
        assert_eq!(why(&backend).as_deref(), Some("unmeasured"));
        backend.excluded = Some("loading".to_owned());
        assert_eq!(why(&backend).as_deref(), Some("loading"));
        backend.role = Role::Unknown;
        assert_eq!(why(&backend).as_deref(), Some("loading"));
        backend.excluded = None;
        assert_eq!(why(&backend).as_deref(), Some("its role is not known"));
        backend.role = Role::Master;
        backend.health.failed(10, 0.5);
        assert_eq!(why(&backend).as_deref(), Some("resting after a failure"));
    }

    /// The others are compared with the master, which therefore has no state, reason or lag.
    #[test]
    fn a_master_has_an_offset_and_no_lag() {
        let backend = backend(Role::Master);
        let finding = crate::topology::Finding {
            offset: Some(7),
            lag_bytes: Some(0),
            proven_ms: Some(5),
            fresh_until_ms: 0,
            stale_reason: None,
            fallback_rank: crate::topology::FallbackRank::None,
            fallback_until_ms: 0,
            heard_ms: Some(5),
            took_us: 130,
        };
        backend.health.progress.set(finding);
        let report = serde_json::to_value(Report::of(&backend, 10)).unwrap();
        assert_eq!((&report["offset"], &report["probe_ms"]), (&7.into(), &0.13.into()));
        assert_eq!(report["probe_ms"].to_string(), "0.13");
        for absent in ["state", "reason", "excluded", "lag_ms", "lag_bytes"] {
            assert!(report[absent].is_null(), "{report}");
        }
    }
}

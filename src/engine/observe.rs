//! The engine as the monitor sees it. The monitor reads here what a replica would answer to `INFO`
//! and `ROLE`.

use super::Engine;
use crate::config::{Config, HostPort};
use crate::topology::{Attached, LinkState, Observation, Sample, ServerRole, ServerVersion};

/// The field of an engine's `INFO replication` that says whether its copy counts as a replica's.
pub const COUNTS_FIELD: &str = "tidegate_counts_as_replica";

impl Engine {
    /// Returns the address at which others find the engine: the one it announces, or the one it
    /// listens on.
    #[must_use]
    pub fn addr(&self) -> HostPort {
        let config = self.config.load();
        let replica = &config.replica;
        let host = match replica.replica_announce_ip.as_str() {
            "" => replica.listen.first().map_or("127.0.0.1", |addr| match addr.host.as_str() {
                "0.0.0.0" | "*" | "" => "127.0.0.1",
                "::" => "::1",
                host => host,
            }),
            announced => announced,
        };
        HostPort { host: host.to_owned(), port: self.announced_port(&config) }
    }

    /// Returns the port at which others find the engine; 0 where it has none.
    pub(super) fn announced_port(&self, config: &Config) -> u16 {
        let listens = || config.replica.listen.first().map(|addr| addr.port);
        match config.replica.replica_announce_port {
            0 => self.port().or_else(listens).unwrap_or_default(),
            announced => announced,
        }
    }

    /// Returns the role and the state of the engine.
    ///
    /// # Errors
    /// The reason why the engine can serve nothing, for the operator.
    pub fn observe(&self) -> Result<Observation, String> {
        let info = self.link_info();
        if let Some(halted) = &info.halted {
            return Err(format!("replication halted: {halted}"));
        }
        if self.leads() {
            return Err("is a master itself; it is read at its port".to_owned());
        }
        let master = info.master.clone().ok_or("has no master to follow")?;
        let link = match (info.status.is_up(), info.status.is_syncing()) {
            (true, _) => LinkState::Up,
            (_, true) => LinkState::Syncing,
            _ => LinkState::Down,
        };
        Ok(Observation {
            role: ServerRole::Replica { master, link },
            run_id: self.run_id().to_string(),
            replid: info.identity.replid().to_string(),
            // The engine supports no server's claim to be master, so its second history does not
            // count.
            replid2: String::new(),
            second_offset: None,
            version: ServerVersion::default(),
            // Data that may differ from the master's do not count as data.
            loading: !info.has_data || !info.identity.is_resumable(),
            eviction: None,
            commands: 0,
            data_epoch: self.data_epoch(),
        })
    }

    /// Returns why the last link ended. `None` while the link is up, and before the first link.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        let info = self.link_info();
        info.last_fault.clone().filter(|_| !info.status.is_up())
    }

    /// Returns the replicas that get the stream from the engine.
    fn attached(&self) -> Vec<Attached> {
        let now_ms = self.now_ms();
        let info = self.link_info();
        let online = info.source.replicas().filter(|(_, it)| it.is_online());
        let attached = online.filter_map(|(_, it)| {
            let addr = HostPort::of(&it.ip, &it.port.to_string()).ok().filter(|it| it.port > 0)?;
            let age_ms = it.lag_seconds(now_ms).saturating_add(1).saturating_mul(1000);
            Some(Attached { addr, offset: it.acked().get(), age_ms })
        });
        attached.collect()
    }

    /// Returns the exact offset at `now_ms` of the process's clock, as a sample.
    #[must_use]
    pub fn sample(&self, said: &Observation, addr: &HostPort, now_ms: u64) -> Sample {
        Sample {
            is_failing_over: false,
            role: said.role.clone(),
            replid: said.replid.clone(),
            offset: Some(self.applied().get()),
            end: None,
            replid2: String::new(),
            second_offset: None,
            attached: self.attached(),
            loading: said.loading,
            counts: self.config.load().replica.counts_as_replica,
            addrs: vec![addr.clone()],
            sent_ms: now_ms,
            received_ms: now_ms,
            took_us: 0,
        }
    }
}

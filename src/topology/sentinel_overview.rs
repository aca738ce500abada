//! What the Sentinels say, for operators. `docs/metrics.md` documents the names.

use serde::Serialize;

/// What the Sentinels say. In JSON, a value that is not known is null.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SentinelOverview {
    /// The name under which they watch the master.
    pub master_name: String,
    /// The server that the majority names as the master; `None` while there is no majority.
    pub master: Option<String>,
    /// The configuration epoch of the majority's statement.
    pub epoch: Option<u64>,
    /// How often the majority has named another master since the start.
    pub switches: u64,
    /// Whether the Sentinels carry out a failover now.
    pub failover: bool,
    /// Every known Sentinel.
    pub sentinels: Vec<SentinelStatus>,
}

/// One Sentinel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SentinelStatus {
    /// Its address.
    pub addr: String,
    /// Whether it gives reports.
    pub reachable: bool,
    /// Whether it says what the majority says.
    pub agrees: bool,
    /// The server that it names as the master.
    pub master: Option<String>,
    /// The configuration epoch of its statement.
    pub epoch: Option<u64>,
    /// Why it gives no reports.
    pub reason: Option<String>,
}

impl SentinelOverview {
    /// How many Sentinels give reports.
    #[must_use]
    pub fn reachable(&self) -> usize {
        self.sentinels.iter().filter(|it| it.reachable).count()
    }

    /// How many Sentinels say what the majority says.
    #[must_use]
    pub fn agreeing(&self) -> usize {
        self.sentinels.iter().filter(|it| it.agrees).count()
    }
}

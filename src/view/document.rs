//! The fields of `/status` that are shown. `docs/metrics.md` says what each means. A field that an
//! older proxy lacks has its default, so that `tidegate top` can show that proxy, too.

use serde::Deserialize;

/// The document at `/status`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "docs/metrics.md has the fields")]
pub struct Document {
    pub version: String,
    pub uptime_ms: u64,
    pub unix_ms: u64,
    pub ready: bool,
    pub reason: Option<String>,
    pub draining: bool,
    pub config: Config,
    pub undecided: Option<String>,
    pub hold: Option<Hold>,
    pub backends: Vec<Server>,
    pub gate: Gate,
    pub failovers: Failovers,
    pub clients: Clients,
    pub limits: Limits,
    pub traffic: Traffic,
    pub events: Vec<Event>,
    pub tasks: Vec<Task>,
    pub replica: Option<Replica>,
}

/// The configuration in force.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "docs/metrics.md has the fields")]
pub struct Config {
    pub generation: u64,
    pub last_reload_successful: bool,
    pub file: String,
}

/// Why requests wait for the master.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "docs/metrics.md has the fields")]
pub struct Hold {
    pub reason: String,
    pub text: String,
    pub age_ms: u64,
    pub left_ms: u64,
}

/// A server.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "docs/metrics.md has the fields")]
pub struct Server {
    pub id: u32,
    pub addr: String,
    pub role: String,
    pub state: Option<String>,
    pub reason: Option<String>,
    pub excluded: Option<String>,
    pub reads: bool,
    pub resting: bool,
    pub offset: Option<u64>,
    pub lag_ms: Option<u64>,
    pub lag_bytes: Option<u64>,
    pub weight: u32,
    pub in_flight: u64,
    pub connections: u64,
    pub probe_age_ms: Option<u64>,
    pub probe_ms: Option<f64>,
    pub latency_us: u64,
    pub local: bool,
}

/// The write gate.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "docs/metrics.md has the fields")]
pub struct Gate {
    pub open: bool,
    pub good: u32,
    pub wanted: u32,
    pub held: u64,
}

/// The failovers since the start.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "docs/metrics.md has the fields")]
pub struct Failovers {
    pub count: u64,
    pub with_loss: u64,
    pub unverified: u64,
    pub lost_bytes: u64,
}

/// The clients.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "docs/metrics.md has the fields")]
pub struct Clients {
    pub connected: u64,
    pub max: u64,
}

/// The limits of a fresh replica.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "docs/metrics.md has the fields")]
pub struct Limits {
    pub max_lag_ms: Option<u64>,
    pub max_lag_bytes: Option<u64>,
}

/// Rates and percentiles over the last seconds.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "docs/metrics.md has the fields")]
pub struct Traffic {
    pub tick: u64,
    pub window_ms: u64,
    pub per_s: f64,
    pub classes: Vec<Class>,
    pub reads: Vec<Reason>,
    pub servers: Vec<ServerTraffic>,
}

/// The requests of one class.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "docs/metrics.md has the fields")]
pub struct Class {
    pub class: String,
    pub per_s: f64,
    pub p50_ms: Option<f64>,
    pub p99_ms: Option<f64>,
}

/// The reads with one reason.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "docs/metrics.md has the fields")]
pub struct Reason {
    pub reason: String,
    pub per_s: f64,
}

/// The requests to one server.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "docs/metrics.md has the fields")]
pub struct ServerTraffic {
    pub id: u32,
    pub addr: String,
    pub reads_per_s: f64,
    pub writes_per_s: f64,
    pub pinned_per_s: f64,
    pub read_percent: Option<f64>,
    pub replication_bytes_per_s: Option<f64>,
}

/// An event.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "docs/metrics.md has the fields")]
pub struct Event {
    pub number: u64,
    pub at_unix_ms: u64,
    pub age_ms: u64,
    pub kind: String,
    pub level: String,
    pub server: Option<String>,
    pub text: String,
}

/// A long-running task.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "docs/metrics.md has the fields")]
pub struct Task {
    pub name: String,
    pub running: bool,
    pub restarts: u64,
    pub reason: Option<String>,
}

/// The engine.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "docs/metrics.md has the fields")]
pub struct Replica {
    pub link: String,
    pub reason: Option<String>,
    pub applied_offset: u64,
    pub received_offset: u64,
    pub clients: u64,
}

impl Document {
    /// The master, if one is known.
    #[must_use]
    pub fn master(&self) -> Option<&Server> {
        self.backends.iter().find(|it| it.role == "master")
    }

    /// Every server that is not the master.
    pub fn others(&self) -> impl Iterator<Item = &Server> {
        self.backends.iter().filter(|it| it.role != "master")
    }

    /// The requests to a server.
    #[must_use]
    pub fn traffic_of(&self, id: u32) -> ServerTraffic {
        self.traffic.servers.iter().find(|it| it.id == id).cloned().unwrap_or_default()
    }
}

//! Who is master, who replicates from it, and who can serve now.
//!
//! ClientInfo go in ([`Observation`]), an immutable [`Topology`] comes out ([`elect()`], [`place()`]). Its structure
//! changes seldom and is replaced whole; the numbers that change all the time live in each
//! backend's [`Health`], shared by every snapshot. Never asks anybody anything itself.

mod backend;
mod election;
mod fence;
mod health;
mod module;
pub mod observation;
mod progress;
mod rejoin;
mod report;
mod sample;
mod timeline;
mod touch_budget;
mod tracker;
mod write_gate;

pub use backend::{Backend, BackendId, Role};
pub use election::{
    Candidate, Evidence, Lineage, Promotion, Reign, Verdict, Witness, elect, place,
};
pub use fence::{Fence, Pass};
pub use health::{Health, SharedLoad};
pub use module::Module;
pub use observation::{LinkState, Observation, ServerRole};
pub use progress::{FallbackRank, Finding, Freshness, Progress, StaleReason};
pub use rejoin::{Limits, Membership, Proof};
pub use report::Report;
pub use sample::{Attached, Sample};
pub use timeline::Timeline;
pub use touch_budget::{Executed, TouchBudget};
pub use tracker::{Tracker, Turn};
pub use write_gate::WriteGate;

use std::sync::Arc;
use tidegate_store::{Dialect, Vendor};

use tidegate_wire::command::Learned;

/// One immutable picture of the servers behind the proxy.
#[derive(Clone, Debug, Default)]
pub struct Topology {
    /// Counts the pictures; a later one has a higher number.
    pub generation: u64,
    /// Everybody who is known, the master first where there is one.
    pub backends: Vec<Backend>,
    /// What the master calls itself.
    pub server: ServerVersion,
    /// The master's `maxmemory-policy`, if it evicts the keys that are used least (`*-lru`,
    /// `*-lfu`) and its memory is limited.
    pub eviction: Option<String>,
    /// Commands that the master has and the built-in table lacks.
    pub learned: Arc<Learned>,
    /// Whether writes are let through; shared by all pictures.
    pub gate: Arc<WriteGate>,
    /// What is known of the reason, where no server is master.
    pub vacancy: Vacancy,
}

/// Why no server is master, as far as that is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vacancy {
    /// Why it is not decided which server is, for people.
    pub undecided: Option<String>,
    /// Until when another master is expected, because the last one has just been demoted;
    /// milliseconds of the process's clock.
    pub handover_until_ms: Option<u64>,
}

/// What a server calls itself in `HELLO` and `INFO`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerVersion {
    /// `redis` or `valkey`.
    pub name: String,
    /// Such as `7.0.15`.
    pub version: String,
    /// The modules that it has loaded.
    pub modules: Vec<Module>,
}

impl ServerVersion {
    /// How it speaks: its vendor and its version, as the store knows them.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        let vendor = if self.name == "valkey" { Vendor::Valkey } else { Vendor::Redis };
        Dialect::new(vendor, &self.version)
    }

    /// What a server tells in `INFO server`, whose fields `field` finds; without a version where
    /// it has none.
    #[must_use]
    pub fn of_info(field: impl Fn(&str) -> String) -> Self {
        let (name, version) = match field("valkey_version") {
            version if version.is_empty() => ("redis", field("redis_version")),
            version => ("valkey", version),
        };
        Self { name: name.to_owned(), version, modules: Vec::new() }
    }

    /// Whether it has `CLIENT NO-TOUCH` (Redis 7.2, every Valkey).
    #[must_use]
    pub fn has_no_touch(&self) -> bool {
        self.is_at_least_7_2()
    }

    /// Whether it is of Redis 7.2 or later, or a Valkey.
    #[must_use]
    pub fn is_at_least_7_2(&self) -> bool {
        self.is_at_least((7, 2))
    }

    /// Whether confirmations of subscriptions come whatever CLIENT REPLY said (Redis 7.0, every
    /// Valkey).
    #[must_use]
    pub fn confirms_despite_reply_off(&self) -> bool {
        self.is_at_least((7, 0))
    }

    fn is_at_least(&self, least: (u32, u32)) -> bool {
        let mut numbers = self.version.split('.').map(|number| number.parse().unwrap_or(0));
        let version: (u32, u32) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        self.name != "redis" || version >= least
    }
}

impl Default for ServerVersion {
    fn default() -> Self {
        Self { name: "redis".to_owned(), version: "7.0.0".to_owned(), modules: Vec::new() }
    }
}

impl Topology {
    /// Whether another master is expected at `now_ms`, because the last one was just demoted.
    #[must_use]
    pub fn expects_master(&self, now_ms: u64) -> bool {
        self.vacancy.handover_until_ms.is_some_and(|until| now_ms < until)
    }

    /// The master, where one is known.
    #[must_use]
    pub fn master(&self) -> Option<&Backend> {
        self.backends.first().filter(|backend| backend.role == Role::Master)
    }

    /// All replicas, usable or not.
    pub fn replicas(&self) -> impl Iterator<Item = &Backend> {
        self.backends.iter().filter(|backend| backend.role == Role::Replica)
    }

    /// The backend with this id, if it still belongs to the picture.
    #[must_use]
    pub fn backend(&self, id: BackendId) -> Option<&Backend> {
        self.backends.iter().find(|backend| backend.id == id)
    }

    /// Whether `tag` tells its backend from all others: a server without a run id has none, and two
    /// servers' tags may be the same by chance.
    #[must_use]
    pub fn is_unambiguous(&self, tag: u32) -> bool {
        tag != 0 && self.backends.iter().filter(|backend| backend.scan_tag == tag).nth(1).is_none()
    }

    /// The backend whose scan cursors carry `tag`; `None` too where two happen to share it.
    #[must_use]
    pub fn by_scan_tag(&self, tag: u32) -> Option<&Backend> {
        let mut owners = self.backends.iter().filter(|backend| backend.scan_tag == tag);
        let owner = owners.next();
        if owners.next().is_some() { None } else { owner }
    }
}

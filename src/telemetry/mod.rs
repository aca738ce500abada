//! Every metric, declared once, and the set-up of the log.
//!
//! Workers count in plain cells, and add them to the totals at each tick. Counters go through the
//! `metrics` crate. Metrics with a backend's label, and gauges of the present state, are computed
//! at each scrape, so that a backend that has left the topology leaves no series behind.
//!
//! | file | what it is |
//! |---|---|
//! | `metrics` | the counters without a backend's label; the whole page |
//! | `kind`, `requests`, `request_counts` | requests by class, backend and reason |
//! | `histogram`, `buckets` | how long requests take; percentiles |
//! | `families` | the present state of backends, write gate, configuration and tasks |
//! | `replica` | the engine |
//! | `gaps` | the times that clients were without their subscriptions |
//! | `process` | the CPU time, memory and files of the process |
//! | `counts` | the counters of a worker between two ticks |
//! | `exposition` | Prometheus's text format |
//! | `logging` | the log's set-up |

mod buckets;
mod counts;
mod exposition;
mod families;
mod gaps;
mod histogram;
mod kind;
mod logging;
mod metrics;
mod process;
mod replica;
mod request_counts;
mod requests;
mod time_of_day;
mod tls;

pub use buckets::Buckets;
pub use counts::{Count, Counts};
pub use families::{ConfigState, Scene};
pub use gaps::Gaps;
pub use histogram::{DurationCounts, Durations};
pub use kind::{Class, Kind};
pub use logging::{LogLevel, init as init_logging};
pub use metrics::{Exporter, Metrics};
pub use replica::{Figures, LinkFigure};
pub use request_counts::RequestCounts;
pub use requests::{BackendRequests, Requests};
pub use time_of_day::{since_1970, unix_ms};

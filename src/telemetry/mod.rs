//! Every metric declared once, and how the hot path counts: plain cells per worker, flushed a few
//! times a second.
//!
//! What is only ever added to goes through the `metrics` crate. What has a backend's name, or is
//! read off the state of things, is written here at each scrape: so that a server that has left
//! leaves no series behind.
//!
//! | file | what it is |
//! |---|---|
//! | `metrics` | the counters that have no backend's name; the whole page |
//! | `requests`, `kind` | requests by class, backend and reason |
//! | `histogram` | how long they take |
//! | `families` | backends, gate, configuration as they are now |
//! | `replica` | the engine |
//! | `process` | what the process uses |
//! | `counts` | what a worker counts between two ticks |
//! | `exposition` | Prometheus's text format |
//! | `logging` | the log's set-up |

mod counts;
mod exposition;
mod families;
mod histogram;
mod kind;
mod logging;
mod metrics;
mod process;
mod replica;
mod request_counts;
mod requests;

pub use counts::{Count, Counts};
pub use families::{ConfigState, Scene};
pub use histogram::{DurationCounts, Durations};
pub use kind::{Class, Kind};
pub use logging::{LogLevel, init as init_logging};
pub use metrics::{Exporter, Metrics};
pub use replica::{Figures, LinkFigure};
pub use request_counts::RequestCounts;
pub use requests::{BackendRequests, Requests};

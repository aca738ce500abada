//! Every metric declared once, and how the hot path counts: plain cells per worker, flushed a few
//! times a second.

mod counts;
mod logging;
mod metrics;

pub use counts::{Count, Counts};
pub use logging::{LogLevel, init as init_logging};
pub use metrics::{Exporter, Metrics};

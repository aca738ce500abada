//! HTTP for Prometheus, orchestrators and operators: `/metrics`, `/healthz`, `/readyz`, `/status`.
//!
//! Anybody may connect here, so everything has a bound: connections, headers, time. A connection
//! serves one request, as a scrape every few seconds needs no more, and none waits for another.
//! Changes nothing, and touches nothing that a worker waits for.

mod accept;
mod answer;
mod guests;
mod page;
mod pages;
mod readiness;
mod status;

pub use accept::serve;
pub use page::Page;
pub use pages::Pages;
pub use readiness::{Readiness, STARTING};

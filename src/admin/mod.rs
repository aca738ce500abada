//! HTTP for Prometheus: `/metrics`, and nothing else.
//!
//! Anybody may connect here, so everything has a bound: connections, headers, time. A connection
//! serves one request, as a scrape every few seconds needs no more, and none waits for another.

mod accept;
mod answer;

pub use accept::serve;

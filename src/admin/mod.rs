//! HTTP for Prometheus, orchestrators and operators: `/metrics`, `/healthz`, `/readyz`, `/status`.
//!
//! The endpoint needs no login, so everything is bounded: connections, headers, time. A connection
//! serves one request, which is enough for scrapes. The pages change nothing, and never make a
//! worker wait.

mod accept;
mod answer;
mod connections;
mod page;
mod pages;
mod readiness;
mod status;

pub use accept::serve;
pub use page::Page;
pub use pages::Pages;
pub use readiness::{Readiness, STARTING};

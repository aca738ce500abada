//! What operators see of a running proxy and ask of it: the metrics, the health and status pages,
//! PROXY and `INFO proxy`.

mod endpoint;
mod metrics;
mod metrics_contract;
mod metrics_state;
mod page;
mod prometheus;
mod proxy_command;
pub mod readiness;
mod surfaces;
mod top;
mod watchers;

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

/// The door of a configuration that asks for nothing.
pub fn door() -> ::tidegate::admin::Door {
    let config = ::tidegate::config::Config::default();
    ::tidegate::admin::Door::new(std::sync::Arc::new(arc_swap::ArcSwap::from_pointee(config)))
}

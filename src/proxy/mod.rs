//! Assembly: threads, start, reload, shutdown. The top floor; it knows everybody and does nothing.

mod announce;
mod config_watch;
mod control;
mod files;
mod idle;
mod reload;
mod signals;
mod start;
mod trail;
mod warn;
mod workers;

pub use start::{StartError, run};

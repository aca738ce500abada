//! Starts and connects all parts of the proxy: threads, start, reload, shutdown. The top layer: it
//! uses all other modules and decides nothing about requests.

mod announce;
mod config_watch;
mod control;
mod file_watch;
mod files;
mod idle;
mod link_path;
mod reload;
mod signals;
mod start;
mod start_error;
mod supervisor;
mod warn;
mod workers;

pub use start::run;
pub use start_error::StartError;

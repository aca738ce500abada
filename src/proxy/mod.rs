//! Assembly: threads, start, reload, shutdown. The top floor; it knows everybody and does nothing.

mod announce;
mod config_watch;
mod control;
mod files;
mod idle;
mod reload;
mod signals;
mod start;
mod start_error;
mod trail;
mod warn;
mod workers;

pub use start::run;
pub use start_error::StartError;

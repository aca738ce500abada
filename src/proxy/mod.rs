//! Assembly: threads, start, reload, shutdown. The top floor; it knows everybody and does nothing.

mod files;
mod reload;
mod start;
mod watch;
mod workers;

pub use start::{StartError, run};

//! The set-up of the log: text or JSON, to standard error.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::config::{Log, LogFormat};

/// Changes the level of the log while the process runs.
pub struct LogLevel(Box<dyn Fn(EnvFilter) -> bool + Send + Sync>);

impl std::fmt::Debug for LogLevel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LogLevel")
    }
}

impl LogLevel {
    /// Applies `log.level`; false if the subscriber did not accept it.
    #[must_use]
    pub fn set(&self, log: &Log) -> bool {
        self.0(filter(log))
    }
}

fn filter(log: &Log) -> EnvFilter {
    let filter = EnvFilter::try_new(&log.level).unwrap_or_else(|_| EnvFilter::new("info"));
    if log.level.contains("notify") {
        return filter;
    }
    // At every change of the file the library warns that a watch has ended.
    match "notify=error".parse() {
        Ok(directive) => filter.add_directive(directive),
        Err(_) => filter,
    }
}

/// Sets up the log of the process. Later calls change nothing.
pub fn init(log: &Log) -> LogLevel {
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter(log))
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    // A second call, in tests, keeps the subscriber of the first.
    match log.format {
        LogFormat::Text => {
            let builder = builder.with_target(false).with_filter_reloading();
            let handle = builder.reload_handle();
            drop(builder.try_init());
            LogLevel(Box::new(move |filter| handle.reload(filter).is_ok()))
        }
        LogFormat::Json => {
            let builder = builder.json().flatten_event(true).with_filter_reloading();
            let handle = builder.reload_handle();
            drop(builder.try_init());
            LogLevel(Box::new(move |filter| handle.reload(filter).is_ok()))
        }
    }
}

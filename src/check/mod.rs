//! `tidegate check`: reads a configuration, asks its servers, and tells what is wrong.

mod findings;
mod table;

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::time::Instant;

use crate::config::{Config, ConfigError};
use crate::monitor::Monitor;
use crate::topology::Topology;
use findings::{Finding, findings};

/// Why a configuration did not pass.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// Its own mistakes, all of them.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The servers are not what it says; what is wrong was printed.
    #[error("{0} {noun} found", noun = if *.0 == 1 { "problem" } else { "problems" })]
    Problems(usize),
    /// The check itself could not be done, or its result not be printed.
    #[error("the check failed: {0}")]
    Io(#[from] io::Error),
}

/// Checks the configuration at `path` and prints the servers found to `out`.
///
/// # Errors
/// [`CheckError`], unless there is a master and every server that the file names belongs to it.
pub fn check(path: &Path, out: &mut impl Write) -> Result<(), CheckError> {
    let config = Arc::new(ArcSwap::from_pointee(Config::load(path)?));
    let topology = Arc::new(ArcSwap::from_pointee(Topology::default()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let monitor = runtime.block_on(async {
        let (config, topology) = (Arc::clone(&config), Arc::clone(&topology));
        let mut monitor = Monitor::new(config, topology, Arc::default(), Instant::now());
        monitor.whole_round().await;
        monitor
    });
    // A look-up of a name may still be under way; nobody waits for it.
    runtime.shutdown_background();

    let (config, topology) = (config.load_full(), topology.load_full());
    let said: Vec<_> = monitor.observations().collect();
    for line in table::servers(&topology, &said) {
        writeln!(out, "{line}")?;
    }
    let mut findings = findings(&config, &topology, &said);
    findings.extend(config.warnings().into_iter().map(Finding::Note));
    for finding in &findings {
        writeln!(out, "{finding}")?;
    }
    match findings.iter().filter(|finding| matches!(finding, Finding::Problem(_))).count() {
        0 => Ok(()),
        problems => Err(CheckError::Problems(problems)),
    }
}

/// A server and its own word, or why there is none.
type Said<'a> = (&'a crate::config::HostPort, Result<&'a crate::topology::Observation, &'a str>);

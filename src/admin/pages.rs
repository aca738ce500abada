//! The pages of a running proxy.

use std::path::PathBuf;
use std::sync::Arc;

use super::readiness::Readiness;
use super::{Page, status};
use crate::client::{Beats, Shared};
use crate::telemetry::{ConfigState, Exporter, Scene};
use crate::units::millis;

/// A worker that has not done its housekeeping for so long hangs.
const HANGS_MS: u64 = 5_000;

/// See the module.
#[derive(Debug)]
pub struct Pages {
    shared: Arc<Shared>,
    exporter: Exporter,
    file: PathBuf,
    readiness: Readiness,
}

impl Pages {
    /// The pages of the proxy that `file` configures.
    #[must_use]
    pub fn new(shared: Arc<Shared>, exporter: Exporter, file: PathBuf) -> Self {
        Self { shared, exporter, file, readiness: Readiness::default() }
    }

    /// What is answered at `path`.
    #[must_use]
    pub fn page(&self, path: &str) -> Option<Page> {
        match path {
            "/metrics" => Some(Page::metrics(self.metrics())),
            "/healthz" => Some(Page::verdict(health(&self.shared.beats, self.shared.now_ms()))),
            "/readyz" => Some(Page::verdict(self.readiness.judge(&self.shared))),
            "/status" => {
                let ready = self.readiness.judge(&self.shared);
                let config = (self.config_state(), self.file.as_path());
                Some(Page::json(&status::of(&self.shared, config, ready)))
            }
            _ => None,
        }
    }

    fn metrics(&self) -> String {
        let shared = &self.shared;
        let timeout = shared.config.load().topology.probe_timeout;
        let scene = Scene {
            topology: &shared.topology.load_full(),
            now_ms: shared.now_ms(),
            probe_timeout_ms: millis(timeout),
            clients: shared.registry.len(),
            max_clients: shared.config.load().proxy.max_clients,
            writes_held: shared.held_writes.clients(),
            config: self.config_state(),
            replica: shared.engine.as_ref().map(|engine| engine.figures()),
        };
        self.exporter.render(&shared.metrics, &scene)
    }

    fn config_state(&self) -> ConfigState {
        let reloads = &self.shared.reloads;
        ConfigState {
            generation: reloads.generation(),
            successes: reloads.successes(),
            failures: reloads.failures(),
            last_succeeded: reloads.last_succeeded(),
            last_success_unix_seconds: reloads.last_success_unix_seconds(),
        }
    }
}

/// Whether every worker does its housekeeping. That the question is answered at all shows that
/// the control thread lives.
fn health(beats: &Beats, now_ms: u64) -> Result<(), String> {
    for beat in beats.all() {
        let age_ms = beat.age_ms(now_ms);
        if age_ms > HANGS_MS {
            return Err(format!("{} has not been heard of for {age_ms} ms", beat.name));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_that_hangs_is_named() {
        let beats = Beats::default();
        let _well = beats.join(5_900);
        let join = || beats.join(1_000);
        let hung = std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().name("worker-7".to_owned());
            thread.spawn_scoped(scope, join).map(|thread| thread.join().ok()).ok().flatten()
        });
        assert_eq!(health(&beats, 6_000), Ok(()));
        assert!(health(&beats, 6_001).is_err_and(|why| why.starts_with("worker-7 ")));
        hung.expect("a thread").strike(2_000);
        assert_eq!(health(&beats, 6_001), Ok(()));
    }
}

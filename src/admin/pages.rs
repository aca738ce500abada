//! The pages `/metrics`, `/healthz`, `/readyz` and `/status`.

use std::path::PathBuf;
use std::sync::Arc;

use hyper::StatusCode;

use super::readiness::Readiness;
use super::{Page, status};
use crate::tasks::{Board, Health};
use crate::telemetry::{ConfigState, Exporter, Scene};
use crate::worker::Shared;
use tidegate_wire::units::millis;

/// The pages of a running proxy.
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

    /// The board with the tasks of the process.
    #[must_use]
    pub fn board(&self) -> Board {
        self.shared.tasks.clone()
    }

    /// The page at `path`; `None` if there is no such page.
    #[must_use]
    pub fn page(&self, path: &str) -> Option<Page> {
        match path {
            "/metrics" => Some(Page::metrics(self.metrics())),
            "/healthz" => Some(health(&self.shared.tasks.health())),
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
        let config = shared.config.load_full();
        let scene = Scene {
            topology: &shared.topology.load_full(),
            now_ms: shared.now_ms(),
            probe_timeout_ms: millis(config.topology.probe_timeout),
            clients: shared.registry.len(),
            max_clients: config.proxy.max_clients,
            login_failures: [
                shared.registry.logins.failures(),
                shared.engine.as_ref().map_or(0, |engine| engine.login_failures()),
            ],
            writes_held: shared.held_writes.clients(),
            config: self.config_state(),
            certificates: &config.certificates,
            tasks: &shared.tasks,
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

/// The page that says whether every long-running task runs. The response itself shows that the
/// control thread runs. Below `ok` it lists the tasks that were restarted.
fn health(health: &Health) -> Page {
    if health.faults.is_empty() {
        let notes = health.notes.iter().map(|note| format!("{note}\n"));
        return Page::text(StatusCode::OK, format!("ok\n{}", notes.collect::<String>()));
    }
    Page::verdict(Err(health.faults.join("\n")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_restarted_task_is_a_note_and_one_that_is_down_is_a_fault() {
        let page = health(&Health::default());
        assert_eq!((page.status, &*page.body), (StatusCode::OK, "ok\n"));
        let (faults, notes) = (vec!["a is down".to_owned()], vec!["b was".to_owned()]);
        let page = health(&Health { faults: Vec::new(), notes: notes.clone() });
        assert_eq!((page.status, &*page.body), (StatusCode::OK, "ok\nb was\n"));
        let page = health(&Health { faults, notes });
        assert_eq!((page.status, &*page.body), (StatusCode::SERVICE_UNAVAILABLE, "a is down\n"));
    }
}

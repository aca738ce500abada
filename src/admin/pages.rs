//! The pages of a running proxy, and the task that records what they show.

use std::cell::RefCell;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hyper::StatusCode;
use serde::Serialize;
use tokio::time::MissedTickBehavior;

use super::door::Door;
use super::feed::{Feed, Seats};
use super::readiness::Readiness;
use super::sampling::sample;
use super::status::{self, Status};
use super::{Page, html};
use crate::recorder::{Event, History, Recorder};
use crate::tasks::{Board, Health, Record};
use crate::telemetry::{ConfigState, Exporter, Scene};
use crate::worker::Shared;
use tidegate_wire::units::millis;

/// The time between two looks at the counters and states. Events are noticed within it; a point is
/// recorded, and clients that watch are told, once a second and at each event.
const LOOK: Duration = Duration::from_millis(250);

/// The document at `/history`.
#[derive(Debug, Serialize)]
struct Past {
    #[serde(flatten)]
    history: History,
    /// All events that are kept, the newest first.
    events: Vec<Event>,
}

/// The pages of a running proxy.
#[derive(Debug)]
pub struct Pages {
    shared: Arc<Shared>,
    exporter: Exporter,
    file: PathBuf,
    readiness: Readiness,
    recorder: RefCell<Recorder>,
    /// `/status`, for programs.
    documents: Feed,
    /// The changing part of the page, for browsers.
    fragments: Feed,
}

impl Pages {
    /// The pages of the proxy that `file` configures.
    #[must_use]
    pub fn new(shared: Arc<Shared>, exporter: Exporter, file: PathBuf) -> Self {
        let seats = Seats::default();
        let (documents, fragments) = (Feed::new(seats.clone()), Feed::new(seats));
        let (readiness, recorder) = (Readiness::default(), RefCell::default());
        Self { shared, exporter, file, readiness, recorder, documents, fragments }
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
            "/status" => Some(Page::json(&self.status())),
            "/history" => Some(Page::json(&self.past())),
            "/" => Some(self.html().unwrap_or_else(|error| Page::failure(&error))),
            "/events" => Some(match serde_json::to_string(&self.status()) {
                Ok(first) => Page::events(self.documents.watch(&first)),
                Err(error) => Page::failure(&error),
            }),
            "/events/page" => Some(match self.fragment() {
                Ok(first) => Page::events(self.fragments.watch(&first)),
                Err(error) => Page::failure(&error),
            }),
            _ => None,
        }
    }

    /// Records counters and states until the process ends, and tells the clients that watch.
    pub async fn record(&self, record: &Record) {
        let mut looks = tokio::time::interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            record.beat(self.shared.now_ms());
            let is_new = self.recorder.borrow_mut().take(sample(&self.shared));
            if is_new && let Err(error) = self.tell() {
                tracing::error!("cannot write the status: {error}");
            }
        }
    }

    fn tell(&self) -> serde_json::Result<()> {
        if self.documents.is_watched() {
            self.documents.send(&serde_json::to_string(&self.status())?);
        }
        if self.fragments.is_watched() {
            self.fragments.send(&self.fragment()?);
        }
        Ok(())
    }

    fn status(&self) -> Status {
        let ready = self.readiness.judge(&self.shared);
        let config = (self.config_state(), self.file.as_path());
        status::of(&self.shared, config, ready, &self.recorder.borrow())
    }

    fn past(&self) -> Past {
        let recorder = self.recorder.borrow();
        Past { history: recorder.history(), events: recorder.events(self.shared.now_ms()) }
    }

    /// The page for browsers, which shows the documents at `/status` and `/history`.
    fn html(&self) -> serde_json::Result<Page> {
        let (document, series) = html::read(&self.status(), &self.past())?;
        Ok(Page::html(html::page(&document, &series), html::policy()))
    }

    /// The changing part of the page, as a JSON string.
    fn fragment(&self) -> serde_json::Result<String> {
        let (document, series) = html::read(&self.status(), &self.past())?;
        serde_json::to_string(&html::fragment(&document, &series))
    }

    /// To whom the pages are shown.
    #[must_use]
    pub fn door(&self) -> Door {
        Door::new(Arc::clone(&self.shared.config))
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
    use crate::admin::page::Body;

    fn seen(page: &Page) -> (StatusCode, &str) {
        match &page.body {
            Body::Text(text) => (page.status, text),
            Body::Events(_) => panic!("events"),
        }
    }

    #[test]
    fn a_restarted_task_is_a_note_and_one_that_is_down_is_a_fault() {
        let page = health(&Health::default());
        assert_eq!(seen(&page), (StatusCode::OK, "ok\n"));
        let (faults, notes) = (vec!["a is down".to_owned()], vec!["b was".to_owned()]);
        let page = health(&Health { faults: Vec::new(), notes: notes.clone() });
        assert_eq!(seen(&page), (StatusCode::OK, "ok\nb was\n"));
        let page = health(&Health { faults, notes });
        assert_eq!(seen(&page), (StatusCode::SERVICE_UNAVAILABLE, "a is down\n"));
    }
}

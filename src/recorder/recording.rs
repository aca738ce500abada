//! Takes samples, and keeps one point per second and the events between the samples.

use std::collections::VecDeque;

use super::differ::{differ, started};
use super::event::{Event, EventLog, News};
use super::sample::{Sample, ServerSample};
use super::series::{ClassPoint, ClassSeries, ServerPoint, ServerSeries, kept};
use super::{History, Traffic};
use crate::telemetry::Class;

/// The window of rates and percentiles, in seconds.
const WINDOW: usize = 5;
/// The most servers whose series are kept.
const SERVERS_MAX: usize = 128;

/// The last ten minutes, and the last events. Its memory is bounded.
#[derive(Clone, Debug, Default)]
pub struct Recorder {
    /// The last sample.
    last: Option<Sample>,
    /// One sample for each of the last seconds, the oldest first.
    window: VecDeque<Sample>,
    classes: [ClassSeries; Class::ALL.len()],
    servers: Vec<ServerSeries>,
    events: EventLog,
    /// The number of seconds that were recorded.
    seconds: u64,
}

impl Recorder {
    /// Takes a sample, which is later than the last one. Returns whether there was an event, or a
    /// new second began.
    pub fn take(&mut self, sample: Sample) -> bool {
        let news = match &self.last {
            Some(last) => differ(last, &sample),
            None => vec![started()],
        };
        let has_news = !news.is_empty();
        self.note(news, &sample);
        let second = sample.now_ms / 1_000;
        let passed = match self.window.back() {
            Some(point) => second.saturating_sub(point.now_ms / 1_000),
            None => 1,
        };
        if passed > 0 {
            self.point(&sample, passed - 1);
        }
        self.last = Some(sample);
        has_news || passed > 0
    }

    /// Rates and percentiles over the last seconds.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        Traffic::of(self.seconds, &self.window)
    }

    /// The series, up to the last second.
    #[must_use]
    pub fn history(&self) -> History {
        let end = self.window.back().map_or(0, |it| it.unix_ms);
        History::of(end, &self.classes, &self.servers)
    }

    /// The last events with their age at `now_ms`, the newest first.
    #[must_use]
    pub fn events(&self, now_ms: u64) -> Vec<Event> {
        self.events.newest_first(now_ms)
    }

    fn note(&mut self, news: Vec<News>, sample: &Sample) {
        for it in news {
            self.events.add(it, sample.now_ms, sample.unix_ms);
        }
    }

    /// Adds a point to every series, after `missed` seconds without one.
    fn point(&mut self, sample: &Sample, missed: u64) {
        let before = self.window.back();
        for (at, class) in Class::ALL.into_iter().enumerate() {
            let point = before.map_or_else(ClassPoint::default, |before| {
                let took = sample.durations[at].since(&before.durations[at]);
                let requests = requests(class, before, sample) / (missed + 1);
                ClassPoint {
                    requests: kept(Some(requests)),
                    p50_us: kept(took.percentile_us(50).map(u64::from)),
                    p99_us: kept(took.percentile_us(99).map(u64::from)),
                }
            });
            self.classes[at].push_after(missed, point);
        }
        self.servers.retain(|series| sample.server(series.id).is_some());
        for server in &sample.servers {
            let earlier = before.and_then(|it| it.server(server.report.id));
            let point = server_point(earlier, server, missed);
            if let Some(series) = self.servers.iter_mut().find(|it| it.id == server.report.id) {
                series.points.push_after(missed, point);
            } else if self.servers.len() < SERVERS_MAX {
                let (id, addr) = (server.report.id, server.report.addr.to_string());
                let mut series = ServerSeries { id, addr, points: Default::default() };
                series.points.push(point);
                self.servers.push(series);
            }
        }
        while self.window.len() > WINDOW {
            self.window.pop_front();
        }
        self.window.push_back(sample.clone());
        self.seconds += 1;
    }
}

/// The requests of a class that all servers got between two samples. A server that joined between
/// them counts from its first sample on.
fn requests(class: Class, before: &Sample, now: &Sample) -> u64 {
    let sent = |server: &ServerSample| {
        let earlier = before.server(server.report.id)?;
        Some(server.sent_of(class).saturating_sub(earlier.sent_of(class)))
    };
    now.servers.iter().filter_map(sent).sum()
}

fn server_point(before: Option<&ServerSample>, now: &ServerSample, missed: u64) -> ServerPoint {
    let of = |it: &ServerSample| it.sent_of(Class::Read);
    let reads = before.map(|before| of(now).saturating_sub(of(before)) / (missed + 1));
    ServerPoint { lag_ms: kept(now.report.lag_ms), reads: kept(reads), state: now.report.state }
}

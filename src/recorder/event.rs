//! Events, and the list of the last ones.

use std::collections::VecDeque;

use serde::Serialize;

/// The most events that are kept.
const EVENTS_MAX: usize = 200;
/// The longest text of an event, in characters.
const TEXT_MAX: usize = 300;

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EventKind {
    /// Another master took the place of the last one.
    Failover,
    /// A master is known, or none is any more.
    Master,
    /// A server's state, role or reachability changed.
    Server,
    /// A server joined or left the topology.
    Topology,
    /// The write gate opened or closed.
    Gate,
    /// Requests wait for the master, or go on.
    Hold,
    /// A reload of `proxy.toml`.
    Reload,
    /// The engine's link to its master.
    Engine,
    /// The process itself.
    Proxy,
}

/// Whether an event is good news.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Something works again.
    Good,
    /// Something is worse than it was.
    Bad,
    /// Neither.
    Note,
}

/// What a comparison of two samples finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct News {
    pub(super) kind: EventKind,
    pub(super) level: Level,
    /// The address of the server that it is about.
    pub(super) server: Option<String>,
    pub(super) text: String,
}

/// An event with its time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Event {
    /// Its number; a later event has a higher one.
    pub number: u64,
    /// When it was noticed, in milliseconds since 1970.
    pub at_unix_ms: u64,
    /// How long ago that is, in milliseconds.
    pub age_ms: u64,
    /// What it is about.
    pub kind: EventKind,
    /// Whether it is good news.
    pub level: Level,
    /// The server that it is about.
    pub server: Option<String>,
    /// What happened, in words.
    pub text: String,
}

/// The last events.
#[derive(Clone, Debug, Default)]
pub(super) struct EventLog {
    /// The oldest first. `age_ms` holds when it was noticed, by the process's clock.
    events: VecDeque<Event>,
    count: u64,
}

impl EventLog {
    /// Adds an event; the oldest goes if there are too many.
    pub(super) fn add(&mut self, news: News, now_ms: u64, unix_ms: u64) {
        if self.events.len() >= EVENTS_MAX {
            self.events.pop_front();
        }
        self.count += 1;
        let News { kind, level, server, mut text } = news;
        if let Some((end, _)) = text.char_indices().nth(TEXT_MAX) {
            text.truncate(end);
            text.push_str("...");
        }
        let (number, age_ms) = (self.count, now_ms);
        self.events.push_back(Event {
            number,
            at_unix_ms: unix_ms,
            age_ms,
            kind,
            level,
            server,
            text,
        });
    }

    /// The events with their age at `now_ms`, the newest first.
    pub(super) fn newest_first(&self, now_ms: u64) -> Vec<Event> {
        let aged =
            |event: &Event| Event { age_ms: now_ms.saturating_sub(event.age_ms), ..event.clone() };
        self.events.iter().rev().map(aged).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_events_are_kept_and_texts_are_cut() {
        let mut log = EventLog::default();
        for at in 0..1_000_u64 {
            let text = "ä".repeat(TEXT_MAX + usize::from(at % 2 == 0));
            let news = News { kind: EventKind::Gate, level: Level::Note, server: None, text };
            log.add(news, at, 5_000 + at);
        }
        let events = log.newest_first(1_000);
        assert_eq!(events.len(), EVENTS_MAX);
        assert_eq!((events[0].number, events[0].age_ms, events[0].at_unix_ms), (1_000, 1, 5_999));
        assert_eq!(events[0].text.chars().count(), TEXT_MAX);
        assert!(events[1].text.ends_with("ä..."));
    }
}

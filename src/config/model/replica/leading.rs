//! Values of `[replica]` that concern the engine as a master.

use crate::config::kind::{Choice, Kind, Raw, Read, Wrong, quoted};
use tidegate_store::EvictionPolicy;

impl Choice for EvictionPolicy {
    const ALL: &'static [Self] = &Self::ALL;

    fn as_str(self) -> &'static str {
        self.name()
    }
}

/// The letters of `notify-keyspace-events`.
const EVENTS: &str = "KEg$lshzxetdmnAoc";

/// The kind of `notify-keyspace-events`: a text of these letters.
#[derive(Debug)]
pub(super) struct EventsKind;

impl Kind for EventsKind {
    type Value = String;

    fn accepted(&self) -> String {
        format!("a text of the letters {EVENTS}")
    }

    fn read<'a>(&self, raw: &'a Raw<'a>) -> Read<'a, String> {
        match raw.get_ref().as_str() {
            Some(text) if text.chars().all(|letter| EVENTS.contains(letter)) => Ok(text.to_owned()),
            _ => Wrong::all(raw),
        }
    }

    fn show(&self, value: &String) -> String {
        quoted(value)
    }
}
